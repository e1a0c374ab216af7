"""The last cell of each notebook: make the one file that a student hands in."""

import html
import os
import re
import time
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path

from helpers.lab import (
    DamagedNotebookError,
    fingerprint,
    free_name,
    parse_notebook,
    read_notebook,
    write_file,
)
from helpers.paths import course_root
from helpers.profiles import nbgrader_run

# What nbgrader leaves in place of an answer, in code and in text.
STUB = re.compile(r"^\s*raise NotImplementedError|^YOUR ANSWER HERE", re.MULTILINE)

# Two sources that share at least this much of their text are taken for versions of one cell.
SIMILAR = 0.6

# Seconds for JupyterLab to save: it writes in place, so for a moment the file is not whole.
SAVING = 3.0


class HandInError(RuntimeError):
    """No file was made; the message says why and what to do."""

    def _render_traceback_(self):
        """Show the message alone in a notebook: the lines of this module help nobody there."""
        return [f"Nothing was handed in. {self}"]


@dataclass
class HandIn:
    """What `hand_in` did, shown as a box in a notebook and as text elsewhere.

    Attributes:
        path: the file to hand in; None when nbgrader runs the notebook.
        message: what happened, or what to do with the file.
        warnings: what the student should look at before handing in.
    """

    path: Path | None
    message: str
    warnings: list[str] = field(default_factory=list)

    def __repr__(self):
        """Return the file, the message and the warnings as lines of text."""
        lines = [f"The file to hand in: {self.path}"] if self.path else []
        return "\n".join([*lines, self.message, *(f"Warning: {text}" for text in self.warnings)])

    def _repr_html_(self):
        colour = "#d55e00" if self.warnings else "#009e73"
        parts = [f'<div style="border-left: 6px solid {colour}; padding: 0.3em 1em">']
        if self.path:
            parts.append(f"<p><b>The file to hand in:</b><br>{html.escape(str(self.path))}</p>")
        if self.warnings:
            items = "".join(f"<li>{html.escape(text)}</li>" for text in self.warnings)
            parts.append(f"<p><b>Before you hand it in:</b></p><ul>{items}</ul>")
        parts.append(f"<p>{html.escape(self.message)}</p></div>")
        return "".join(parts)


def hand_in(assignment: str) -> HandIn:
    """Copy this notebook, as it was saved, to `hand_in/<assignment>.ipynb` beside it.

    The file is made even when something looks unfinished; the result says what. An earlier file
    with other answers is kept under a name that ends in `-earlier`.

    Args:
        assignment: the assignment's name, for instance `regularization`.

    Returns:
        A `HandIn`. While nbgrader runs the notebook its path is None, and nothing is written.

    Raises:
        HandInError: the notebook's file was not found, or does not read as a notebook.
    """
    if run := nbgrader_run():
        return HandIn(None, f"nbgrader runs this notebook ({run}): there is nothing to hand in.")

    source = _find_notebook(assignment)
    try:
        content, cells = _read_saved(source)
    except DamagedNotebookError as error:
        raise HandInError(f"{error}. Save the notebook (Ctrl+S) and run this cell again.") from None

    warnings = _missing_cells(cells, assignment) + _doubtful_answers(cells, _history())
    target = source.parent / "hand_in" / f"{assignment}.ipynb"
    message = (
        "Give this one file to your instructor, under this name. "
        "If you change an answer, save the notebook (Ctrl+S) and run this cell again."
    )
    if (kept := _keep_earlier(target, source)) is not None:
        message += f" The file you made before, with other answers, is now {kept.name}."
    write_file(target, content)
    return HandIn(target, message, warnings)


def _read_saved(path):
    """Return a notebook's bytes and its cells, once it is saved whole."""
    end = time.monotonic() + SAVING
    while True:
        content = path.read_bytes()
        try:
            return content, parse_notebook(content, path)
        except DamagedNotebookError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def _find_notebook(assignment):
    """Return the path of the notebook that this kernel runs."""
    session = os.environ.get("JPY_SESSION_NAME", "")
    here = Path.cwd()
    # Jupyter names the file that the kernel was started for; it may have been renamed since.
    for candidate in (here / session, here / f"{assignment}.ipynb"):
        if candidate.suffix == ".ipynb" and candidate.is_file():
            return candidate.resolve()
    raise HandInError(
        f"There is no {assignment}.ipynb in {here}. If you renamed the notebook, restart its "
        "kernel (Kernel > Restart) and run this cell again. If it runs elsewhere, as on Colab, "
        f"download it (File > Download), name it {assignment}.ipynb, and hand that file in."
    )


def _answers(cells):
    """Return the cells that hold an answer, in code or in text."""
    return [cell for cell in cells if cell["nbgrader"] and cell["nbgrader"].get("solution")]


def _label(cell):
    """Return a cell's name, with its first line, since JupyterLab does not show the name."""
    first = cell["source"].strip().partition("\n")[0]
    return f'{cell["nbgrader"].get("grade_id")}, the cell that begins with "{first}",'


def _missing_cells(cells, assignment):
    """Warn about marked cells that the course's own version has and this notebook has not."""
    try:
        shipped = course_root() / "notebooks" / assignment / f"{assignment}.ipynb"
        wanted = _marked(read_notebook(shipped))
    except (FileNotFoundError, DamagedNotebookError):
        return []  # the helpers alone are installed, as on Colab: nothing to compare with
    missing = [name for name in wanted if name not in _marked(cells)]
    return [
        f"{name} is gone: your notebook lacks this cell, so it cannot be graded. Undo its removal, "
        "or rename the notebook, run `course lab` for a new one, and copy your answers there."
        for name in missing
    ]


def _marked(cells):
    """Return the names of the cells that nbgrader knows."""
    return [cell["nbgrader"].get("grade_id") for cell in cells if cell["nbgrader"]]


def _history():
    """Return the sources that this kernel has run, oldest first; none outside IPython."""
    from IPython import get_ipython

    shell = get_ipython()
    return [source.strip() for source in shell.history_manager.input_hist_raw] if shell else []


def _doubtful_answers(cells, history):
    """Warn about answers that are saved otherwise than they were run, or still hold the stub."""
    sources = {cell["source"].strip() for cell in cells}
    warnings = []
    for cell in _answers(cells):
        saved = cell["source"].strip()
        # What matches another cell exactly is no version of this one.
        versions = [
            run for run in history if run == saved or (run not in sources and _similar(run, saved))
        ]
        if versions and versions[-1] != saved:
            warnings.append(
                f"{_label(cell)} is saved with another text than you ran last. "
                "Save the notebook (Ctrl+S), run that cell, then run this cell again."
            )
        elif STUB.search(saved):
            warnings.append(
                f"{_label(cell)} has no answer yet: it still holds what the course put there. "
                "If you have answered it, save the notebook (Ctrl+S) and run this cell again."
            )
    return warnings


def _similar(one, other):
    """Tell whether two sources look like versions of one cell."""
    if one.partition("\n")[0] == other.partition("\n")[0]:
        return True
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= SIMILAR


def _keep_earlier(target, source):
    """Put an earlier file with other answers aside; return its new path, or None."""
    if not target.exists():
        return None
    try:
        if fingerprint(target) == fingerprint(source):
            return None
    except DamagedNotebookError:
        pass  # something else lies there: keep that too
    return target.rename(free_name(target, "earlier"))
