"""Measure what it takes to grade a class: plain nbgrader with cold kernels, and `course grade`.

    python -m tests.benchmarks.grading --out grading.json [--students 40] [--only NAME ...]

A class hands in answers of the bank, right and wrong ones in turn, each in an otherwise solved
notebook. nbgrader grades a part of it, one after another, in kernels and judges that import
TensorFlow anew; `course grade` grades all, with one worker and with two. Each worker has one core.

How the cost grows is measured with cells that do next to nothing. Each row is written as soon as it
is measured, and one that is there is not measured again.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import psutil
from nbgrader.api import Gradebook

from helpers.instructor import build, submission
from helpers.paths import course_root
from tests.benchmarks import record
from tests.grading import bank, small_class

COMMAND = "python -m tests.benchmarks.grading"
EXERCISES = {
    "regularization": ("model_cell", "training_cell"),
    "transfer_learning": ("head_cell", "fine_tuning_cell"),
}
WAYS = ("cold", "one_worker", "two_workers")
COLD = 4  # students of each assignment that nbgrader grades
COLD_CONFIGURATION = "\nc.Run.kernel_name = 'course-isolated'\nc.Judge.warm = False\n"
SIZES = (10, 30, 100, 300, 1000)
OVERHEAD, SPEED_UP = 1.5, 1.7  # the bars: seconds a submission, two workers against one


def answers(assignment: str, count: int) -> list[bank.Answer]:
    """Return answers of the bank to the exercises of an assignment, right and wrong in turn."""
    rows = []
    for right in (True, False):
        known = [bank.read_answers(cell) for cell in EXERCISES[assignment]]
        chosen = [[answer for answer in each if answer.right == right] for each in known]
        rows += chosen
    picked = []
    while len(picked) < count:
        for row in rows:
            picked.append(row[len(picked) // len(rows) % len(row)])
    return picked[:count]


def make_class(course: Path, students: int) -> None:
    """Make a course with its released notebooks, and let a class hand in answers of the bank."""
    course.mkdir()
    build.derive(course_root(), course)
    for assignment in EXERCISES:
        for number, answer in enumerate(answers(assignment, students)):
            solved = nbformat.read(
                course / "solutions" / assignment / f"{assignment}.ipynb", as_version=4
            )
            cell = next(cell for cell in solved.cells if cell.id == answer.exercise.cell)
            cell.source = answer.source
            place = course / "submitted" / f"student-{number:02}" / assignment
            place.mkdir(parents=True)
            nbformat.write(solved, place / f"{assignment}.ipynb")


def make_small_class(folder: Path, students: int) -> Path:
    """Make a class whose notebooks do next to nothing."""
    course = folder / f"small-{students}"
    course.mkdir()
    small_class.make_course(course)
    for number in range(students):
        small_class.hand_in(course, f"student-{number:04}", f"model = {number}")
    return course


def forget(course: Path) -> None:
    """Forget all results of a class."""
    small_class.remove(course)
    (course / "gradebook.db").unlink(missing_ok=True)


def grade(course: Path, assignment: str, workers: int) -> dict:
    """Grade an assignment with `course grade`; return seconds, memory and scores."""
    program = (
        "import sys; from pathlib import Path; from helpers.instructor import grade;"
        f"sys.exit(grade.run({assignment!r}, course=Path({str(course)!r}), count={workers}))"
    )
    with watched_memory() as memory:
        began = time.monotonic()
        subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.DEVNULL)
        seconds = time.monotonic() - began
    return {"seconds": seconds, **memory, "scores": scores(course, assignment)}


def autograde(course: Path, assignment: str, students: int) -> dict:
    """Grade the first students with plain nbgrader, cold; return seconds and scores."""
    configuration = course / "nbgrader_config.py"
    warm = configuration.read_text(encoding="utf-8")
    configuration.write_text(warm + COLD_CONFIGURATION, encoding="utf-8")
    names = "student-0[0-9]" if students > 9 else f"student-0[0-{students - 1}]"
    program = [sys.executable, "-m", "nbgrader", "autograde", assignment, f"--student={names}"]
    try:
        began = time.monotonic()
        subprocess.run(program, cwd=course, check=True, capture_output=True)
        seconds = time.monotonic() - began
    finally:
        configuration.write_text(warm, encoding="utf-8")
    return {"seconds": seconds, "scores": scores(course, assignment)}


def scores(course: Path, assignment: str) -> dict[str, float]:
    """Return the points of every student who has any, from nbgrader's gradebook."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        return {
            each.student.id: each.score for each in gradebook.assignment_submissions(assignment)
        }


@contextlib.contextmanager
def watched_memory() -> Iterator[dict[str, int]]:
    """Watch the workers below this process; the result holds the most that one of them took.

    Memory that several processes share is divided among them (PSS), so that it counts once.
    """
    most = {"worker_bytes": 0}
    over = threading.Event()

    def watch() -> None:
        while not over.wait(2):
            for process in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    if "helpers.instructor.workers" in process.cmdline():
                        most["worker_bytes"] = max(most["worker_bytes"], _shared_out(process))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield most
    finally:
        over.set()
        thread.join()


def _shared_out(process: psutil.Process) -> int:
    total = 0
    for each in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            total += each.memory_full_info().pss
    return total


def took(course: Path, assignment: str) -> dict[str, float]:
    """Return means over the class: seconds in the notebooks' cells, and seconds of judging."""
    cells, judged = [], []
    for folder in sorted((course / ".grading" / assignment).iterdir()):
        if (folder / "executed.ipynb").exists():
            notes = submission.notes_of(nbformat.read(folder / "executed.ipynb", as_version=4))
            cells.append(notes.get("seconds", 0))
            judged.append(json.loads((folder / "state.json").read_text())["seconds_judged"])
    return {"cells": statistics.mean(cells), "judging": statistics.mean(judged)}


def measure_way(course: Path, assignment: str, way: str, students: int) -> dict:
    """Grade a class in one way; return seconds a submission and what they are made of, scores."""
    forget(course)
    if way == "cold":
        graded = autograde(course, assignment, min(COLD, students))
        return graded | {"each": graded["seconds"] / len(graded["scores"])}
    graded = grade(course, assignment, {"one_worker": 1, "two_workers": 2}[way])
    return graded | {"each": graded["seconds"] / students, **took(course, assignment)}


def summary(ways: dict[str, dict]) -> dict:
    """Return a row about an assignment: seconds a submission, each way, and what they mean."""
    cold, one, two = (ways[way] for way in WAYS)
    beyond = one["each"] - one["cells"]
    same = one["scores"] == two["scores"] and cold["scores"].items() <= one["scores"].items()
    speed_up = one["each"] / two["each"]
    return {
        "students": len(one["scores"]),
        "students_cold": len(cold["scores"]),
        "seconds": {way: round(ways[way]["each"], 2) for way in WAYS},
        "seconds_in_cells": round(one["cells"], 2),
        "seconds_of_judging": round(one["judging"], 2),
        "overhead": round(beyond - one["judging"], 2),
        "overhead_with_judging": round(beyond, 2),
        "overhead_holds": beyond - one["judging"] < OVERHEAD,
        "overhead_with_judging_holds": beyond < OVERHEAD,
        "one_worker_against_cold": round(cold["each"] / one["each"], 2),
        "two_workers_against_one": round(speed_up, 2),
        "two_workers_hold": speed_up >= SPEED_UP,
        "worker_megabytes": round(two["worker_bytes"] / 1e6),
        "same_scores": same,
    }


def measure_growth(folder: Path, students: int) -> dict:
    """Return a row: what a small notebook costs in a class of a size, and once all is done."""
    course = make_small_class(folder, students)
    first = grade(course, "small", 2)
    again = grade(course, "small", 2)
    return {
        "students": students,
        "seconds": round(first["seconds"], 1),
        "seconds_each": round(first["seconds"] / students, 3),
        "seconds_again": round(again["seconds"], 1),
        "everybody_has_a_result": len(first["scores"]) == students,
    }


def main() -> None:
    """Measure what is not in the record yet, and print it."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="the record, JSON")
    parser.add_argument("--students", type=int, default=40, help="of each assignment")
    names = [f"{assignment}-{way}" for assignment in EXERCISES for way in WAYS]
    names += [f"small-{size}" for size in SIZES]
    parser.add_argument("--only", nargs="*", default=names, choices=names, metavar="NAME")
    options = parser.parse_args()
    os.environ["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # for alembic
    result = record.read(options.out)
    measured = result.get("measured", {})
    with tempfile.TemporaryDirectory(prefix="course-bench-") as folder:
        course = Path(folder, "class")
        for name in [name for name in options.only if name not in measured]:
            subject, _, how = name.rpartition("-")
            if subject == "small":
                measured[name] = measure_growth(Path(folder), int(how))
            else:
                if not course.exists():
                    make_class(course, options.students)
                assignment, _, way = name.partition("-")
                measured[name] = measure_way(course, assignment, way, options.students)
            origin = record.origin(
                f"{COMMAND} --out {options.out.name} --students {options.students}",
                profile="grade",
                data="rendered_things",
                seed="none: the notebooks set none",
            )
            record.write(options.out, {**origin, "measured": measured, "rows": rows_of(measured)})
    for name, row in rows_of(measured).items():
        print(f"{name}:")
        for what, value in row.items():
            print(f"  {what:28} {value}")


def rows_of(measured: dict[str, dict]) -> dict[str, dict]:
    """Return the rows for which everything has been measured."""
    rows = {}
    for assignment in EXERCISES:
        ways = {way: measured.get(f"{assignment}-{way}") for way in WAYS}
        if all(ways.values()):
            rows[assignment] = summary(ways)
    return rows | {name: row for name, row in measured.items() if name.startswith("small-")}


if __name__ == "__main__":
    main()
