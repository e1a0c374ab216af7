"""Plain `nbgrader autograde` and `course grade` say the same of the same class."""

import json
import re
import subprocess
import sys

import nbformat
import pytest

from helpers.instructor import isolation
from tests.grading import resaved
from tests.grading.small_class import (
    SOLVED,
    grade,
    hand_in,
    make_course,
    notebook,
    points,
    remove,
    told,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(isolation.why_not()), reason=f"needs isolation: {isolation.why_not()}"),
]

WRONG = SOLVED.replace('"softmax"', '"sigmoid"')
EXPECTED = {"copied": 5, "saved": 4, "stub": 0}


def results(course):
    numbers = re.compile(r"\d+\.\d+")  # of random weights
    return points(course), {name: numbers.sub("#", told(course, name)) for name in EXPECTED}


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """What each way says of a class: points, and what students are told."""
    course = make_course(tmp_path_factory.mktemp("both"))
    saved, copied = (json.loads(nbformat.writes(notebook(each))) for each in (WRONG, SOLVED))
    resaved.colab(saved)
    copied["cells"].append(copied["cells"][2])  # with its grade_id
    copied["cells"][1]["metadata"]["nbgrader"]["schema_version"] = 1
    hand_in(course, "saved", json.dumps(saved).encode())
    hand_in(course, "copied", json.dumps(copied).encode())
    hand_in(course, "stub", "raise NotImplementedError()")
    hand_in(course, "empty", b"")
    finished = grade(course, "count=2")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    ours = results(course)
    remove(course)
    (course / "gradebook.db").unlink()
    program = [sys.executable, "-m", "nbgrader", "autograde", "small"]
    subprocess.run(program, cwd=course, capture_output=True)  # it fails because of one of them
    return ours, results(course)


def test_the_points_are_the_same(both):
    (ours, _), (nbgraders, _) = both
    assert ours == EXPECTED | {"empty": 0}
    assert nbgraders == EXPECTED | {"empty": None}  # what it cannot read, nbgrader does not grade


def test_the_students_are_told_the_same(both):
    (_, ours), (_, nbgraders) = both
    assert ours == nbgraders
    assert "sigmoid instead of softmax" in ours["saved"]
