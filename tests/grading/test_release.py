"""The bundle for students: what is in it, what is not, and that it works where it is unpacked."""

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile

import nbformat
import pytest

from helpers.instructor import release
from helpers.paths import ASSIGNMENTS, course_root

RUN_NOTEBOOK = """
import nbformat
from pathlib import Path
from nbclient import NotebookClient

path = Path("{path}")
notebook = nbformat.read(path, as_version=4)
NotebookClient(
    notebook,
    kernel_name="python3",
    timeout=200,
    extra_arguments=["--log-level=40"],
    resources={{"metadata": {{"path": str(path.parent)}}}},
).execute()
nbformat.write(notebook, path.with_name("done.ipynb"))
"""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """The bundle, unpacked."""
    folder = tmp_path_factory.mktemp("bundle")
    assert release.run(folder / "course.zip") == 0
    with zipfile.ZipFile(folder / "course.zip") as archive:
        archive.extractall(folder)
    return folder / "course"


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_it_says_what_is_in_it(tmp_path, capsys):
    release.run(tmp_path / "course.zip")
    printed = capsys.readouterr().out
    assert "notebooks/" in printed
    assert "Left out: helpers/instructor" in printed


def test_the_same_course_gives_the_same_bytes(tmp_path):
    release.run(tmp_path / "one.zip")
    release.run(tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_the_notebooks_are_in_it_and_the_folders_are_no_others(bundle):
    assert {f"notebooks/{name}/{name}.ipynb" for name in ASSIGNMENTS} <= files(bundle)
    assert {path.name for path in bundle.iterdir() if path.is_dir()} == {"notebooks", "helpers"}
    assert not (bundle / "helpers" / "instructor").exists()
    assert not [name for name in files(bundle) if "__pycache__" in name or name.endswith(".db")]


def test_no_line_of_a_solution_is_in_it(bundle):
    """Lines of answers that a student's notebook does not show anyway."""
    texts = {
        name: (bundle / name).read_text(encoding="utf-8", errors="ignore")
        for name in files(bundle)
        if not name.endswith((".h5", ".npz", ".lock"))
    }
    everything = "\n".join(texts.values())
    for assignment in ASSIGNMENTS:
        source = (course_root() / "solutions" / assignment / f"{assignment}.py").read_text()
        for answer in re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", source, re.S):
            prose = [line for line in answer.splitlines() if line.startswith("# ")]
            for line in prose:
                if len(line) > 60:
                    assert line.removeprefix("# ") not in everything, assignment
            code = "\n".join(line for line in answer.splitlines() if not line.startswith("#"))
            assert not code.strip() or code.strip() not in everything, assignment
    for secret in ("BEGIN SOLUTION", "HIDDEN TESTS", "Rubric"):
        assert secret not in everything


def test_nothing_in_it_speaks_of_the_graders_parts(bundle):
    project = tomllib.loads((bundle / "pyproject.toml").read_text())
    assert "entry-points" not in project["project"]
    assert set(project["tool"]) == {"setuptools"}
    assert "helpers.instructor" not in (bundle / "nbgrader_config.py").read_text()
    makefile = (bundle / "Makefile").read_text()
    assert set(re.findall(r"\.PHONY: ([a-z-]+)", makefile)) == {"help", "lab", "clean"}


def run(bundle, code, **environment):
    """Run code with the bundle's package and nothing else of the course."""
    finished = subprocess.run(
        [sys.executable, "-c", code],
        cwd=bundle,
        env={**os.environ, "PYTHONPATH": str(bundle), **environment},
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def test_its_commands_are_a_students(bundle):
    shown = run(
        bundle,
        "import sys, helpers.cli; sys.argv = ['course', '--help']\n"
        "try: helpers.cli.main()\nexcept SystemExit: pass",
    )
    assert "lab" in shown
    assert not re.search(r"│ (grade|report|release|build|demo)\b", shown)


def test_its_lab_has_no_formgrader_even_beside_a_class(bundle):
    (bundle / "submitted").mkdir()
    try:
        shown = run(
            bundle, "from helpers import lab, paths; print(lab.has_class(paths.course_root()))"
        )
    finally:
        (bundle / "submitted").rmdir()
    assert shown.strip() == "False"


def test_make_lists_what_it_does(bundle):
    shown = subprocess.run(["make"], cwd=bundle, capture_output=True, text=True, check=True).stdout
    assert "make lab" in shown
    assert "make test" not in shown


@pytest.mark.slow
def test_checks_and_handing_in_work_where_it_is_unpacked(bundle):
    name = "regularization"
    path = bundle / "work" / name / f"{name}.ipynb"
    run(bundle, "from helpers import lab, paths; lab.update_working_copy(paths.course_root())")
    solution = nbformat.read(course_root() / "solutions" / name / f"{name}.ipynb", as_version=4)
    answers = {cell.id: cell.source for cell in solution.cells}
    mine = nbformat.read(path, as_version=4)
    for cell in mine.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = answers[cell.id]
    nbformat.write(mine, path)
    run(bundle, RUN_NOTEBOOK.format(path=path), COURSE_PROFILE="grade")
    done = nbformat.read(path.with_name("done.ipynb"), as_version=4)
    outputs = {cell.id: json.dumps(cell.get("outputs", [])) for cell in done.cells}
    assert "5 of 5 points" in outputs["check_model"]
    assert "5 of 5 points" in outputs["check_training"]
    assert (path.parent / "hand_in" / path.name).is_file()
