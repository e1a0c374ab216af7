"""A course with one exercise, and a class that answers it: for tests of grading itself."""

import shutil
import subprocess
import sys

import nbformat
from nbgrader.api import Gradebook
from nbgrader.utils import compute_checksum

from helpers.instructor import verdict
from helpers.paths import course_root

SOLVED = """
import keras
model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Conv2D(8, 3, strides=2, activation="relu"),
    keras.layers.GlobalAveragePooling2D(),
    keras.layers.Dense(10, activation="softmax"),
])
"""
CONFIGURATION = """
c.Run.notebook_timeout = 40
c.Execute.timeout = 30
c.Run.output_limit = 1_000_000
c.Run.handover_limit = 50_000_000
c.Run.memory_limit = 3 * 2**30
c.Judge.timeout = 60
"""


# For answers that need no TensorFlow: nothing has to be warm then.
COLD = """
c.Run.kernel_name = "course-isolated"
c.Judge.warm = False
"""


def configure(course, text):
    """Add to the course's configuration."""
    with (course / "nbgrader_config.py").open("a", encoding="utf-8") as file:
        file.write(text)


def make_course(folder, more=""):
    """Release the course: a setup cell, a cell to answer, and its check.

    Args:
        folder: where to.
        more: to be added to the configuration.
    """
    own = (course_root() / "nbgrader_config.py").read_text(encoding="utf-8")
    (folder / "nbgrader_config.py").write_text(own, encoding="utf-8")
    configure(folder, CONFIGURATION + more)
    release = folder / "notebooks" / "small"
    release.mkdir(parents=True)
    solution = folder / "solutions" / "small"
    solution.mkdir(parents=True)
    nbformat.write(notebook("raise NotImplementedError()"), release / "small.ipynb")
    nbformat.write(notebook(SOLVED), solution / "small.ipynb")
    return folder


def notebook(answer):
    """The exercise with an answer in it."""
    setup = nbformat.v4.new_code_cell(
        "from helpers import checks, profiles\nprofile = profiles.current()", id="setup"
    )
    cell = nbformat.v4.new_code_cell(answer, id="model_cell")
    check = nbformat.v4.new_code_cell("checks.check_model(model, profile)", id="check_model")
    plain = {"schema_version": 3, "task": False, "locked": False, "solution": False}
    cell.metadata.nbgrader = plain | {"grade": False, "solution": True, "grade_id": cell.id}
    check.metadata.nbgrader = plain | {
        "grade": True,
        "locked": True,
        "grade_id": check.id,
        "points": 5,
    }
    for one in (cell, check):
        one.metadata.nbgrader.checksum = compute_checksum(one)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return nbformat.v4.new_notebook(cells=[setup, cell, check], metadata=metadata)


def hand_in(course, student, answer):
    """Hand in an answer: a source, a notebook, or the bytes of what is called a notebook."""
    folder = course / "submitted" / student / "small"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "small.ipynb"
    if isinstance(answer, bytes):
        path.write_bytes(answer)
    else:
        nbformat.write(notebook(answer) if isinstance(answer, str) else answer, path)
    return path


def command(course, *options):
    """The command of `course grade` on this course; options are arguments of `grade.run`."""
    program = (
        "import sys; from pathlib import Path; from helpers.instructor import grade;"
        f"sys.exit(grade.run('small', course=Path({str(course)!r}), {', '.join(options)}))"
    )
    return [sys.executable, "-c", program]


def grade(course, *options, environment=None):
    """Run `course grade` in a process, and return what it ended with."""
    return subprocess.run(
        command(course, *options),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def points(course):
    """The points of every student for the model, from nbgrader's gradebook."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        return {
            submission.student.id: grade.auto_score
            for submission in gradebook.assignment_submissions("small")
            for notebook in submission.notebooks
            for grade in notebook.grades
        }


def told(course, student):
    """What a student is told about the model."""
    path = course / "autograded" / student / "small" / "small.ipynb"
    return "\n".join(verdict.findings_of(path)["check_model"])


def printed(course, student):
    """What the answer printed when it was graded."""
    path = course / "autograded" / student / "small" / "small.ipynb"
    cells = {cell.id: cell for cell in nbformat.read(path, as_version=4).cells}
    outputs = cells["model_cell"].outputs
    return "".join(output.get("text", "") or output.get("evalue", "") for output in outputs)


def remove(course):
    """Forget all results."""
    for name in (".grading", "autograded"):
        shutil.rmtree(course / name, ignore_errors=True)
