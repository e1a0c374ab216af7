"""The parts of the course that plug into `nbgrader autograde`. `nbgrader_config.py` names them.

    Rebuild    take the released notebook, and only the answers from the submission
    Prepare    make a folder for what the notebook's checks hand over
    (nbgrader's Execute runs the notebook)
    Judge      let a clean process decide on what was handed over; write points and findings

nbgrader then records each check's points, as it does for any other test cell.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGrader
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor, SaveCells
from traitlets import Integer

from helpers.checks import HANDOVER_VARIABLE, Report


def released_notebook(coursedir: CourseDirectory, assignment: str, notebook: str) -> NotebookNode:
    """Return the notebook that the students got.

    Raises:
        FileNotFoundError: it was not released; says how to.
    """
    folder = coursedir.format_path(coursedir.release_directory, ".", assignment)
    path = Path(coursedir.root) / folder / f"{notebook}.ipynb"
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing: the notebook that was given to the students. "
            "Run `make notebooks` in the course's folder."
        )
    return nbformat.read(path, as_version=4)


def register_assignment(assignment: str, **_: Any) -> None:
    """Enter a released assignment into the gradebook, if it is not there yet.

    nbgrader does so in `generate_assignment`, which a fresh clone with its finished notebooks has
    no need to run. Called by nbgrader as `Autograde.pre_convert_hook`.
    """
    app = NbGrader()
    app.load_config_file()
    coursedir = CourseDirectory(config=app.config)
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        try:
            gradebook.find_assignment(assignment)
        except MissingEntry:
            gradebook.add_assignment(assignment)
        else:
            return
    notebook = released_notebook(coursedir, assignment, assignment)
    resources = {
        "nbgrader": {
            "notebook": assignment,
            "assignment": assignment,
            "db_url": coursedir.db_url,
        }
    }
    SaveCells(config=app.config).preprocess(notebook, resources)


class Rebuild(NbGraderPreprocessor):
    """Put the submission's answers into the released notebook, and grade that.

    Only the source of the solution cells is taken, by `grade_id`. Cells that were deleted, copied,
    edited or tagged otherwise make no difference. An answer that is not there stays the stub.
    """

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Return the released notebook with the submission's answers."""
        names = resources["nbgrader"]
        rebuilt = released_notebook(
            CourseDirectory(parent=self), names["assignment"], names["notebook"]
        )
        answers: dict[str, str] = {}
        for cell in nb.cells:
            grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
            answers.setdefault(grade_id, cell.source)  # a copy further down does not count
        for cell in rebuilt.cells:
            if utils.is_solution(cell):
                grade_id = cell.metadata.nbgrader.grade_id
                if grade_id not in answers:
                    self.log.warning("The submission has no cell %r: it stays empty", grade_id)
                cell.source = answers.get(grade_id, cell.source)
        return rebuilt, resources


class Prepare(NbGraderPreprocessor):
    """Make the folder into which the notebook's checks hand over, and tell the kernel about it."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Return the notebook unchanged."""
        # Judge finds it through the same variable. nbgrader grades one notebook after another.
        os.environ[HANDOVER_VARIABLE] = tempfile.mkdtemp(prefix="course-handover-")
        return nb, resources


class Judge(NbGraderPreprocessor):
    """Replace what the test cells printed by the verdict of a clean process."""

    timeout = Integer(300, help="Seconds for judging one notebook.").tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Return the notebook with points and findings in the outputs of its test cells."""
        handover = Path(os.environ.pop(HANDOVER_VARIABLE))
        try:
            verdicts = self._judge(handover)
            stopped = ""
            for cell in nb.cells:
                if utils.is_solution(cell):
                    stopped = stopped or _error_in(cell)
                elif utils.is_grade(cell) and cell.cell_type == "code":
                    check = cell.metadata.nbgrader.grade_id
                    _write_verdict(cell, verdicts.get(check, {}), stopped)
                    points, out_of = utils.determine_grade(cell, self.log)
                    self.log.info("%s: %s of %s", check, points, out_of)
        finally:
            shutil.rmtree(handover, ignore_errors=True)
        return nb, resources

    def _judge(self, handover: Path) -> dict[str, dict[str, str]]:
        """Return, for each check that handed something over, its report or what went wrong."""
        result = Path(tempfile.mkdtemp(prefix="course-verdict-")) / "verdicts.json"
        command = [sys.executable, "-I", "-m", "helpers.instructor.verdict", handover, result]
        environment = {
            name: os.environ[name]
            for name in ("HOME", "PATH", "LANG", "SYSTEMROOT", "TEMP", "TMPDIR", "COURSE_CACHE")
            if name in os.environ
        }
        try:
            subprocess.run(
                command,
                env=environment,
                cwd=result.parent,
                timeout=self.timeout,
                check=True,
                capture_output=True,
                text=True,
            )
            return json.loads(result.read_text(encoding="utf-8"))
        except subprocess.TimeoutExpired:
            problem = f"Judging took longer than {self.timeout} seconds and was stopped."
        except subprocess.CalledProcessError as error:
            problem = f"Judging stopped: {error.stderr.strip()[-500:]}"
        finally:
            shutil.rmtree(result.parent)
        self.log.error(problem)
        return {check.name: {"problem": problem} for check in handover.iterdir()}


def _write_verdict(cell: NotebookNode, verdict: dict[str, str], stopped: str) -> None:
    """Replace the outputs of a test cell by its findings and, last, its points.

    Args:
        cell: the test cell.
        verdict: the report of its check, or what went wrong with judging; may be empty.
        stopped: the first error in a solution cell above; may be empty.
    """
    if "report" in verdict:
        report = Report.from_json(verdict["report"])
        points = cell.metadata.nbgrader.points * report.points / report.out_of
        shown = {"text/plain": str(report), "text/html": report._repr_html_()}
    else:
        points = 0.0
        reason = verdict.get("problem") or stopped or _error_in(cell)
        reason = reason or "The check's cell did not run to its end."
        shown = {"text/plain": f"No points, because nothing came to be checked. {reason}"}
    cell.outputs = [
        nbformat.v4.new_output("display_data", data=shown),
        nbformat.v4.new_output(
            "execute_result",
            data={"text/plain": repr(float(points))},
            execution_count=cell.execution_count,
        ),
    ]


def _error_in(cell: NotebookNode) -> str:
    """Return in a sentence the error that stopped a cell; empty if none did."""
    for output in cell.get("outputs", ()):
        if output.output_type == "error":
            name = cell.metadata.nbgrader.grade_id
            if output.ename == "NotImplementedError":
                return f"The cell `{name}` is still the stub, or a part of it."
            return f"The cell `{name}` stopped with {output.ename}: {output.evalue}"
    return ""


def findings_of(notebook: Path) -> dict[str, list[str]]:
    """Return what a graded notebook says about each of its checks, as plain text lines.

    Args:
        notebook: an autograded notebook.
    """
    graded = nbformat.read(notebook, as_version=4)
    return {
        cell.metadata.nbgrader.grade_id: [
            line
            for output in cell.outputs
            if output.output_type == "display_data"
            for line in output.data["text/plain"].splitlines()
        ]
        for cell in graded.cells
        if utils.is_grade(cell) and cell.cell_type == "code"
    }
