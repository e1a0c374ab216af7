"""A small class, graded by plain nbgrader with the course's configuration."""

import csv
import shutil
import subprocess
import sys

import nbformat
import pytest
from nbgrader.api import Gradebook

from helpers.instructor import build, demo, verdict
from helpers.paths import course_root

# The sample of the bank goes through the same in every run.
pytestmark = pytest.mark.slow


def nbgrader(course, *arguments):
    """Run nbgrader the way an instructor does, without the environment on PATH."""
    finished = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course,
        env={"PATH": "/usr/bin:/bin", "HOME": str(course)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stderr


def answers(course, assignment, student="correct"):
    path = course / "submitted" / student / assignment / f"{assignment}.ipynb"
    return nbformat.read(path, as_version=4)


def hand_in(course, student, assignment, notebook):
    folder = course / "submitted" / student / assignment
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{assignment}.ipynb")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A fresh course with its released notebooks, no gradebook, and submissions; graded."""
    folder = tmp_path_factory.mktemp("class")
    build.derive(course_root(), folder)
    (folder / "gradebook.db").unlink()
    demo.hand_in_samples(folder)

    damaged = answers(folder, "regularization")
    cells = {cell.id: cell for cell in damaged.cells}
    cells["model_cell"].source = 'model = "convolution"'
    damaged.cells = [
        cell for cell in damaged.cells if cell.id not in ("check_model", "training_cell")
    ]
    hand_in(folder, "damaged", "regularization", damaged)

    # The other samples of these assignments are graded in the test of the demonstration.
    for student in ("correct", "untouched"):
        shutil.rmtree(folder / "submitted" / student / "transfer_learning")
    for student in ("correct", "untouched", "mistaken"):
        shutil.rmtree(folder / "submitted" / student / "deployment")
    for assignment in ("regularization", "transfer_learning"):
        nbgrader(folder, "autograde", assignment)
    return folder


def points(course, student, assignment):
    """Points by cell, as nbgrader recorded them."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        submission = gradebook.find_submission(assignment, student)
        return {
            grade.name: grade.auto_score
            for notebook in submission.notebooks
            for grade in notebook.grades
            if grade.max_score  # what a person may read is worth nothing unless somebody says so
        }


def findings(course, student, assignment):
    path = course / "autograded" / student / assignment / f"{assignment}.ipynb"
    return {check: "\n".join(lines) for check, lines in verdict.findings_of(path).items()}


def test_the_solution_gets_all_points_from_a_clone_whose_gradebook_is_empty(course):
    assert points(course, "correct", "regularization") == {"check_model": 5, "check_training": 5}


def test_a_stub_gets_nothing_and_is_told_why(course):
    scores = points(course, "untouched", "regularization")
    assert (scores["check_model"], scores["check_training"]) == (0, 0)
    told = findings(course, "untouched", "regularization")
    assert "`model_cell` is still the stub" in told["check_model"]


def test_a_typical_mistake_costs_its_points_and_no_more(course):
    assert points(course, "mistaken", "regularization") == {"check_model": 4, "check_training": 4}
    told = findings(course, "mistaken", "regularization")
    assert "with sigmoid instead of softmax" in told["check_model"]
    assert "`history` is `None`, not what `fit` returned" in told["check_training"]


def test_a_mistake_in_fine_tuning_is_found_by_what_it_did(course):
    assert points(course, "mistaken", "transfer_learning") == {
        "check_head": 4,
        "check_fine_tuning": 5,
    }
    told = findings(course, "mistaken", "transfer_learning")
    assert "A white pixel reaches the backbone as (1.00, 1.00, 1.00)" in told["check_head"]
    assert "In the backbone's batch normalization" in told["check_fine_tuning"]


def test_a_model_that_is_a_text_is_named_as_such_although_the_check_was_deleted(course):
    assert points(course, "damaged", "regularization") == {"check_model": 0, "check_training": 0}
    told = findings(course, "damaged", "regularization")
    assert "`model` is the text 'convolution'" in told["check_model"]


def test_a_deleted_answer_stays_a_stub_and_the_class_goes_on(course):
    told = findings(course, "damaged", "regularization")
    assert "`training_cell` is missing" in told["check_training"]
    path = course / "autograded" / "damaged" / "regularization" / "regularization.ipynb"
    assert "raise NotImplementedError" in path.read_text(encoding="utf-8")


def test_what_was_handed_in_is_kept_as_it_was(course):
    kept = answers(course, "regularization", "damaged")
    assert "check_model" not in [cell.id for cell in kept.cells]


def test_nothing_is_left_of_what_was_handed_over(course):
    files = {path.name for path in (course / "autograded").rglob("*") if path.is_file()}
    assert files == {"regularization.ipynb", "transfer_learning.ipynb"}


def test_the_kernel_was_told_that_it_is_graded(course):
    path = course / "autograded" / "correct" / "regularization" / "regularization.ipynb"
    text = path.read_text(encoding="utf-8")
    assert "Profile 'grade' (nbgrader runs this notebook: autograde)" in text


def test_feedback_shows_the_findings_and_no_hidden_source(course):
    nbgrader(course, "generate_feedback", "regularization")
    page = course / "feedback" / "mistaken" / "regularization" / "regularization.html"
    text = page.read_text(encoding="utf-8")
    assert "with sigmoid instead of softmax" in text
    for secret in ("BEGIN SOLUTION", "BEGIN HIDDEN", "GlobalAveragePooling2D(), "):
        own = secret in "".join(
            c.source for c in answers(course, "regularization", "mistaken").cells
        )
        assert own or secret not in text


def test_export_lists_every_student(course):
    nbgrader(course, "export")
    with (course / "grades.csv").open(encoding="utf-8", newline="") as file:
        scores = {
            (row["student_id"], row["assignment"]): row["score"] for row in csv.DictReader(file)
        }
    assert scores["correct", "regularization"] == "10.0"
    assert scores["mistaken", "transfer_learning"] == "9.0"
    assert scores["damaged", "regularization"] == "0.0"


def test_grading_again_changes_nothing(course):
    before = points(course, "correct", "regularization")
    nbgrader(course, "autograde", "regularization")
    assert points(course, "correct", "regularization") == before
