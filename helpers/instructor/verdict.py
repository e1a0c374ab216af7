"""The verdict on what a notebook's checks handed over: points and findings.

`judge` asks for it, and a clean, isolated process decides: `python -I -m helpers.instructor.verdict
HANDOVER RESULT`. HANDOVER is the folder with what was handed over, a folder for each check. RESULT
is the JSON file for the reports, by check. No code of the submission is imported anywhere here.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader import utils

from helpers import profiles
from helpers.checks import Report, judges
from helpers.checks.handover import Artifact
from helpers.instructor import isolation, submission

LIMITS = isolation.Limits()  # a small file can ask for a huge layer


def judge(handover: Path, timeout: float) -> dict[str, dict[str, str]]:
    """Return for each check `{"report": ...}`, as JSON, or `{"problem": ...}`, in words.

    Args:
        handover: the folder with what was handed over; if it is empty, so is the result.
        timeout: seconds for all of it.
    """
    if not any(handover.iterdir()):
        return {}
    result = Path(tempfile.mkdtemp(prefix="course-verdict-")) / "verdicts.json"
    program = [sys.executable, "-I", "-m", "helpers.instructor.verdict", handover, result]
    command = isolation.command(
        program, limits=LIMITS, readable=[handover], writable=[result.parent]
    )
    try:
        subprocess.run(
            command,
            env=isolation.environment(),
            cwd=result.parent,
            timeout=timeout,
            check=True,
            capture_output=True,
            text=True,
        )
        return json.loads(result.read_text(encoding="utf-8"))
    except subprocess.TimeoutExpired:
        problem = f"Judging took longer than {timeout} seconds and was stopped."
    except subprocess.CalledProcessError as error:
        problem = f"Judging stopped: {error.stderr.strip()[-500:]}"
    finally:
        shutil.rmtree(result.parent)
    return {check: {"problem": problem} for check in judges()}


def write_into(notebook: NotebookNode, verdicts: dict[str, dict[str, str]]) -> None:
    """Replace the outputs of a run notebook's test cells by their findings and points."""
    notes = submission.notes_of(notebook)
    stopped, ended = notes.get("problem", ""), notes.get("stopped", "")
    for cell in notebook.cells:
        if utils.is_solution(cell):
            name = cell.metadata.nbgrader.grade_id
            if name in notes.get("missing", ()):
                stopped = stopped or f"The cell `{name}` is missing from what was handed in."
            stopped = stopped or _error_in(cell)
        elif utils.is_grade(cell) and cell.cell_type == "code":
            _write(cell, verdicts.get(cell.metadata.nbgrader.grade_id, {}), stopped or ended)


def _write(cell: NotebookNode, verdict: dict[str, str], stopped: str) -> None:
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


def main(handover: Path, result: Path) -> None:
    """Judge everything in `handover`; write `{check: {"report": ...} or {"problem": ...}}`."""
    profile = profiles.current("grade")
    verdicts: dict[str, dict[str, str]] = {}
    for check, decide in judges().items():
        if (handover / check).is_dir():
            try:
                report = decide(Artifact(handover / check), profile)
            except Exception as error:  # what was handed over may make anything fail
                verdicts[check] = {"problem": f"{type(error).__name__}: {error}"}
            else:
                verdicts[check] = {"report": report.to_json()}
    result.write_text(json.dumps(verdicts), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
