"""Play the course whole, in a temporary folder: release, hand in, grade, and say why."""

import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from helpers import profiles
from helpers.instructor import build, verdict
from helpers.paths import ASSIGNMENTS, course_root

STUDENTS = ("correct", "mistaken", "untouched")
# One typical mistake in each notebook, as an edit of the solution: cell, right, wrong.
MISTAKES = {
    "regularization": [
        ("model_cell", 'activation="softmax"', 'activation="sigmoid"'),
        ("training_cell", "history = model.fit(", "history = None\nmodel.fit("),
    ],
    "transfer_learning": [
        ("head_cell", "        densenet.build_preprocessing(profile),\n", ""),
        ("fine_tuning_cell", "layer.trainable = False", "layer.trainable = True"),
    ],
    "deployment": [
        ("export_cell", "class_names=splits.class_names", "class_names=splits.class_names[::-1]"),
        (
            "equality_cell",
            "np.abs(fresh[name] - expected).max()",
            "np.abs(fresh[name] - expected).mean()",
        ),
        ("choice_cell", "chosen = artifact\n", 'chosen = artifacts["litert_float16"]\n'),
    ],
}


def run() -> int:
    """Play the demonstration; the command `course demo`.

    Returns:
        0, or 1 if nbgrader did not grade every sample.
    """
    console = Console()
    with tempfile.TemporaryDirectory(prefix="course-demo-") as folder:
        course = Path(folder)
        with Progress(console=console, transient=True) as progress:
            task = progress.add_task("releasing the assignments", total=1 + len(ASSIGNMENTS))
            build.derive(course_root(), course)
            hand_in_samples(course)
            register_students(course)
            progress.update(task, advance=1, description="nbgrader autograde")
            problems = {}
            # nbgrader grades one notebook after another; the assignments need not wait.
            with ThreadPoolExecutor(max_workers=profiles.usable_cores()) as pool:
                graded = pool.map(lambda assignment: autograde(course, assignment), ASSIGNMENTS)
                for assignment, problem in zip(ASSIGNMENTS, graded, strict=True):
                    problems[assignment] = problem
                    progress.advance(task)
        if failed := {name: problem for name, problem in problems.items() if problem}:
            for assignment, problem in failed.items():
                console.print(f"[red]nbgrader could not grade {assignment}:[/red]\n{problem}")
            return 1
        console.print(points_table(course))
        for assignment in ASSIGNMENTS:
            for student in ("mistaken", "untouched"):
                _explain(console, course, student, assignment)
    return 0


def hand_in_samples(course: Path) -> None:
    """Hand in three samples of each assignment: the solution, the stub, a typical mistake."""
    for assignment in ASSIGNMENTS:
        solution = nbformat.read(
            course / "solutions" / assignment / f"{assignment}.ipynb", as_version=4
        )
        released = nbformat.read(
            course / "notebooks" / assignment / f"{assignment}.ipynb", as_version=4
        )
        _hand_in(course, "correct", assignment, solution)
        _hand_in(course, "untouched", assignment, released)
        cells = {cell.id: cell for cell in solution.cells}
        for cell, right, wrong in MISTAKES[assignment]:
            if right not in cells[cell].source:
                raise ValueError(f"The solution of {cell} has changed: it lacks {right!r}.")
            cells[cell].source = cells[cell].source.replace(right, wrong)
        _hand_in(course, "mistaken", assignment, solution)


def register_students(course: Path) -> None:
    """Enter the students: two nbgraders that meet a new one together would both try to."""
    with Gradebook(_gradebook(course)) as gradebook:
        for student in STUDENTS:
            gradebook.update_or_create_student(student)


def autograde(course: Path, assignment: str) -> str:
    """Run plain `nbgrader autograde` in the folder `course`; return its log if it failed."""
    finished = subprocess.run(
        [sys.executable, "-m", "nbgrader", "autograde", assignment],
        cwd=course,
        capture_output=True,
        text=True,
        check=False,
    )
    return finished.stderr if finished.returncode else ""


def points_table(course: Path) -> Table:
    """Return the points of every sample, from nbgrader's gradebook."""
    table = Table(title="Points, from nbgrader's gradebook")
    table.add_column("student")
    for assignment in ASSIGNMENTS:
        table.add_column(assignment, justify="right")
    with Gradebook(_gradebook(course)) as gradebook:
        for student in STUDENTS:
            row = [student]
            for assignment in ASSIGNMENTS:
                submission = gradebook.find_submission(assignment, student)
                row.append(f"{submission.score:g} of {submission.max_score:g}")
            table.add_row(*row)
    return table


def _gradebook(course: Path) -> str:
    return f"sqlite:///{course / 'gradebook.db'}"


def _hand_in(course: Path, student: str, assignment: str, notebook: nbformat.NotebookNode) -> None:
    folder = course / "submitted" / student / assignment
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{assignment}.ipynb")


def _explain(console: Console, course: Path, student: str, assignment: str) -> None:
    path = course / "autograded" / student / assignment / f"{assignment}.ipynb"
    console.rule(f"{student}, {assignment}")
    for check, lines in verdict.findings_of(path).items():
        text = "\n".join(lines)
        console.print(text if text.startswith(check) else f"{check}: {text}", markup=False)
