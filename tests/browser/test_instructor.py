"""An instructor and a class: grade, read answers in the formgrader, hand back, and report."""

import os
import re
import shutil
import subprocess

import nbformat
import pytest
from nbgrader.api import Gradebook

from ..running_course import COURSE, ROOT, copy_course, running_lab
from . import chromium

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NAME = "regularization"
ANSWER = (
    "My first guess was no regularization. **Both** curves told me otherwise: training rose to the "
    "top and validation stood still, so I added dropout, and next I would train longer."
)


def course_command(root, *arguments):
    """Run a command of the course in a copy of it."""
    finished = subprocess.run(
        [*COURSE, *arguments],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


@pytest.fixture(scope="module")
def classroom(browser, tmp_path_factory):
    """A course whose last question is graded by a person; of two submissions one is graded."""
    root = copy_course(tmp_path_factory.mktemp("instructor") / "course")
    shutil.copytree(ROOT / "solutions", root / "solutions")
    shutil.copy(ROOT / "jupytext.toml", root)
    source = root / "solutions" / NAME / f"{NAME}.py"
    text = source.read_text()
    worth = re.sub(r'("grade_id": "design_question", .*?"points": )0', r"\g<1>2", text)
    assert worth != text
    source.write_text(worth)
    course_command(root, "build")
    solution = nbformat.read(root / "solutions" / NAME / f"{NAME}.ipynb", as_version=4)
    for student, worse in (("ada", None), ("bob", ('"softmax"', '"sigmoid"'))):
        for cell in solution.cells:
            if cell.id == "design_question":
                cell.source = ANSWER
            elif worse and cell.id == "model_cell":
                cell.source = cell.source.replace(*worse)
        folder = root / "submitted" / student / NAME
        folder.mkdir(parents=True)
        nbformat.write(solution, folder / f"{NAME}.ipynb")
    course_command(root, "grade", NAME, "--student", "ada")
    return root


@pytest.fixture(scope="module")
def lab_of_class(classroom):
    with running_lab(classroom) as server:
        yield server


@pytest.fixture
def page(lab_of_class):
    with chromium.browse(lab_of_class.address, width=1280, height=900) as page:
        page.locator("#jupyterlab-splash").wait_for(state="detached")
        yield page


def formgrader(lab, place=""):
    """The address of a page of the formgrader."""
    return f"{lab.address.partition('/lab')[0]}/formgrader/{place}"


def scores(classroom):
    """The points of each student, from nbgrader's gradebook."""
    with Gradebook(f"sqlite:///{classroom / 'gradebook.db'}") as gradebook:
        return {s.student.id: s.score for s in gradebook.assignment_submissions(NAME)}


def test_lab_offers_the_formgrader(page, screenshots):
    chromium.choose(page, "Nbgrader", "Formgrader")
    frame = page.frame_locator("iframe").first
    frame.get_by_text("Manage Assignments").first.wait_for()
    frame.locator("tr", has_text=NAME).first.wait_for()
    frame.locator("tr", has_text=NAME).first.scroll_into_view_if_needed()
    page.wait_for_timeout(1000)
    page.screenshot(path=screenshots / "10-formgrader.png")
    row = frame.locator("tr", has_text=NAME).first.inner_text()
    assert "2" in row.split()


def test_the_formgrader_grades_a_submission_itself(page, classroom, lab_of_class, screenshots):
    page.goto(formgrader(lab_of_class, f"manage_submissions/{NAME}"))
    row = page.locator("tr", has_text="bob")
    row.locator(".autograde a").click()
    page.get_by_text("Successfully autograded").first.wait_for(timeout=240_000)
    page.screenshot(path=screenshots / "11-autograded.png")
    with Gradebook(f"sqlite:///{classroom / 'gradebook.db'}") as gradebook:
        assert gradebook.find_grade("check_model", NAME, NAME, "bob").score == 4


def test_an_answer_is_graded_by_its_rubric_and_handed_back(
    page, classroom, lab_of_class, screenshots
):
    before = scores(classroom)
    page.goto(formgrader(lab_of_class, f"gradebook/{NAME}/{NAME}"))
    page.locator("td a", has_text="Submission #1").first.wait_for()
    page.wait_for_timeout(500)
    page.screenshot(path=screenshots / "12-who-waits.png")
    page.locator("td a", has_text="Submission #1").first.click()
    answer = page.locator(".nbgrader_cell", has_text="Both curves told me otherwise")
    answer.wait_for()
    answer.scroll_into_view_if_needed()
    points = answer.locator("input.score")
    points.fill("1.5")
    points.press("Tab")
    comment = answer.locator("textarea.comment")
    comment.fill("A guess and both curves: good. What would you try after that?")
    comment.press("Tab")
    page.wait_for_timeout(1500)  # it is saved with the request that leaving the field sends
    rubric = page.get_by_text("Full marks: two questions")
    rubric.scroll_into_view_if_needed()
    page.screenshot(path=screenshots / "13-answer-and-rubric.png")
    assert rubric.is_visible()
    more = {student: score - before[student] for student, score in scores(classroom).items()}
    assert sorted(more.values()) == [0, 1.5]
    with Gradebook(f"sqlite:///{classroom / 'gradebook.db'}") as gradebook:
        waiting = [s.needs_manual_grade for s in gradebook.assignment_submissions(NAME)]
    assert sorted(waiting) == [False, True]  # the other one still waits, and only for that answer

    page.goto(formgrader(lab_of_class, "manage_assignments"))
    page.locator("tr", has_text=NAME).locator(".generate-feedback a").first.click()
    page.get_by_text("Successfully generated feedback").first.wait_for(timeout=120_000)
    page.screenshot(path=screenshots / "14-feedback-made.png")
    graded = max(more, key=lambda student: more[student])
    feedback = classroom / "feedback" / graded / NAME / f"{NAME}.html"
    page.goto(feedback.as_uri())
    page.screenshot(path=screenshots / "15-feedback.png")
    text = page.locator("body").inner_text()
    assert "What would you try after that?" in text
    assert "1.5 of 2 points" in text
    for secret in ("Rubric", "Full marks", "A full answer"):
        assert secret not in feedback.read_text()


def test_the_report_shows_the_class(page, classroom, screenshots):
    course_command(classroom, "report", NAME)
    page.goto((classroom / "report" / f"{NAME}.html").as_uri())
    page.screenshot(path=screenshots / "16-report.png", full_page=True)
    assert page.locator("h2").count() == 6
    drawn = page.evaluate("[...document.images].every(image => image.naturalWidth > 0)")
    assert drawn
    page.locator("summary").first.click()
    page.screenshot(path=screenshots / "17-report-example.png")
    assert page.locator("pre").first.is_visible()
