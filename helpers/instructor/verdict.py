"""The verdict on what a notebook's checks handed over: points and findings.

`judge` asks for it, and a clean, isolated process decides: `helpers.instructor.judge`. No code of
the submission is imported anywhere here.
"""

import json
import os
import socket
import tempfile
import time
from pathlib import Path
from typing import BinaryIO

import nbformat
from nbformat import NotebookNode
from nbgrader import utils

from helpers.checks import Report, judges
from helpers.instructor import isolation, submission, warm

LIMITS = isolation.Limits()  # a small file can ask for a huge layer
LONGEST_ANSWER = 10_000_000  # bytes of a verdict
NOTHING = "No points, because nothing came to be checked. "


def judge(handover: Path, timeout: float, *, is_warm: bool = True) -> dict[str, dict[str, str]]:
    """Return for each check `{"report": ...}`, as JSON, or `{"problem": ...}`, in words.

    Args:
        handover: the folder with what was handed over, from `isolation.make_folder`; if it is
            empty, so is the result.
        timeout: seconds for all of it.
        is_warm: whether to fork a process that has imported TensorFlow, where that is possible.
    """
    if not any(handover.iterdir()):
        return {}
    ours, theirs = socket.socketpair()
    with ours, tempfile.TemporaryFile() as log:
        with theirs:
            process = warm.start(
                "helpers.instructor.judge",
                [str(handover)],
                log=log,
                passed=[theirs],
                readable=[handover],
                environment=isolation.environment(),
                limits=LIMITS,
                is_warm=is_warm,
            )
        try:
            return json.loads(_receive(ours, timeout))
        except TimeoutError:
            problem = f"Judging took longer than {timeout} seconds and was stopped."
        except (OSError, ValueError):  # there is no verdict, or a part of one
            problem = f"Judging stopped: {_last_words(log)}"
        finally:
            process.kill()
            process.wait()
    return {check: {"problem": problem} for check in judges()}


def _receive(connection: socket.socket, timeout: float) -> bytes:
    """Return all that the other side sends until it closes; raises OSError if it takes too long."""
    end = time.monotonic() + timeout
    received = bytearray()
    while len(received) < LONGEST_ANSWER:
        connection.settimeout(max(end - time.monotonic(), 0.001))
        if not (part := connection.recv(2**16)):
            break
        received += part
    return bytes(received)


def _last_words(log: BinaryIO) -> str:
    log.seek(max(log.seek(0, os.SEEK_END) - 2000, 0))
    return log.read().decode(errors="replace").strip()[-500:]


def write_into(notebook: NotebookNode, verdicts: dict[str, dict[str, str]]) -> None:
    """Replace the outputs of a run notebook's test cells by their findings and points.

    The verdicts themselves are noted in the notebook's metadata, for `report`.
    """
    submission.note(notebook, verdicts=verdicts)
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
        shown = {"text/plain": f"{NOTHING}{reason}"}
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


def reason_in(cell: NotebookNode) -> str:
    """Return from a graded test cell why nothing came to be checked; empty if something did."""
    texts = [output.get("data", {}).get("text/plain", "") for output in cell.outputs]
    return next((text[len(NOTHING) :] for text in texts if text.startswith(NOTHING)), "")


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
