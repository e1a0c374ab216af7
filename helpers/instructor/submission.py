"""Read what a student handed in, whatever it is, and rebuild from it a notebook to be graded.

A submission is data that nobody trusts. Nothing here runs it, follows a link out of its folder, or
raises anything but `Unreadable`.
"""

import base64
import binascii
import copy
import html
import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.filters import strip_ansi
from nbformat import NotebookNode
from nbgrader import utils

LARGEST_FILE = 50_000_000  # bytes
LARGEST_ANSWER = 1_000_000  # characters of all cells' sources together
LARGEST_OUTPUT = 300_000  # characters kept of what one cell showed
LARGEST_PICTURES = 1_000_000  # characters of the pictures in an answer's text, in base64
MOST_CELLS = 2_000
NOTES = "course"  # the key of a rebuilt notebook's metadata for what was noticed
SHOWN = "shown-"  # how the name of a cell begins that tells what a cell showed when handed in
IMAGES = ("image/png", "image/jpeg")
ATTACHMENT = re.compile(r"attachment:([^\s)\"'>]+)")


class Unreadable(Exception):
    """What was handed in cannot be read as a notebook; says why, to the student."""

    def __init__(self, reason: str):
        super().__init__(_storable(reason))


@dataclass(frozen=True)
class Answers:
    """What is taken from a submission.

    Attributes:
        sources: the source of each cell that has a `grade_id`, or else an id, by that.
        outputs: what those cells showed, as nbformat's outputs, by the same names.
        pictures: the pictures in those cells' texts, as nbformat's attachments, by the same names.
        added: code cells that are not in the released notebook, by the name of the cell above
            (empty for those at the top).
    """

    sources: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, list] = field(default_factory=dict)
    pictures: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    added: dict[str, list[str]] = field(default_factory=dict)


def find_notebook(folder: Path, assignment: str) -> Path:
    """Return the notebook in a student's folder, also if it was renamed.

    Raises:
        Unreadable: there is none, or several and none has the assignment's name.
    """
    expected = folder / f"{assignment}.ipynb"
    if folder.is_symlink() or not folder.is_dir():
        raise Unreadable(f"`{folder.name}` is no folder with a notebook in it.")
    if os.path.lexists(expected):
        return expected
    others = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".ipynb")
    if len(others) == 1:
        return others[0]
    found = f"several ({', '.join(path.name for path in others)[:200]})" if others else "none"
    raise Unreadable(f"There is no `{expected.name}`; of other notebooks there are {found}.")


def read_notebook(path: Path) -> dict[str, Any]:
    """Return a notebook's content in nbformat 4, unchecked but for its outermost shape.

    Raises:
        Unreadable: it is a link or no file, too large, empty, damaged, or no notebook.
    """
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            kind = "a link" if stat.S_ISLNK(status.st_mode) else "no plain file"
            raise Unreadable(f"`{path.name}` is {kind}. Hand in the notebook itself.")
        if status.st_size > LARGEST_FILE:
            raise Unreadable(
                f"`{path.name}` has {status.st_size / 1e6:.0f} MB; at most "
                f"{LARGEST_FILE / 1e6:.0f} are read. Clear the outputs of the cells that print "
                "most."
            )
        text = path.read_text(encoding="utf-8-sig")
        if not text.strip():
            raise Unreadable(f"`{path.name}` is empty.")
        content = json.loads(text)
        if isinstance(content, dict) and "worksheets" in content:
            content = nbformat.reads(text, as_version=4)
    except Unreadable:
        raise
    except (OSError, UnicodeError) as error:
        raise Unreadable(f"`{path.name}` cannot be read: {error}") from error
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"`{path.name}` is damaged, so it is no notebook: {error}") from error
    except Exception as error:  # nbformat's converter, on what only looks like an old notebook
        raise Unreadable(f"`{path.name}` is no notebook of a known format.") from error
    if not isinstance(content, dict) or not isinstance(content.get("cells"), list):
        raise Unreadable(f"`{path.name}` is no notebook: it has no list of cells.")
    return content


def read_timestamp(folder: Path) -> str | None:
    """Return when something was handed in, in ISO 8601, from nbgrader's `timestamp.txt`.

    Returns:
        The time; None if there is none, or what is written there is none.
    """
    path = folder / "timestamp.txt"
    try:
        if stat.S_ISREG(path.lstat().st_mode) and path.stat().st_size < 100:
            text = path.read_text(encoding="utf-8").strip()
            return utils.parse_utc(text).isoformat() if text else None
    except Exception:  # dateutil raises many kinds of errors
        return None
    return None


def take_answers(content: dict[str, Any], released: NotebookNode) -> Answers:
    """Return what a notebook answers, by the names of the released notebook's cells.

    Args:
        content: from `read_notebook`.
        released: the notebook that the students got.

    Raises:
        Unreadable: there is too much of it.
    """
    if (count := len(content["cells"])) > MOST_CELLS:
        raise Unreadable(f"The notebook has {count:,} cells; at most {MOST_CELLS:,} are read.")
    names = {_name(cell) for cell in released.cells}
    texts = {cell.source: _name(cell) for cell in released.cells}
    answers = Answers()
    above = ""
    length = 0
    for cell in _cells(content):
        source = _text(cell.get("source"))
        length += len(source)
        name = _name(cell)
        if name not in names and source in texts:
            name = texts[source]
        if name in names:
            above = name
            if name not in answers.sources:  # a copy further down does not count
                answers.sources[name] = source
                answers.outputs[name] = _list(cell.get("outputs"))
                answers.pictures[name] = _pictures(cell.get("attachments"))
        elif cell.get("cell_type") == "code" and source.strip() and not _is_graded(cell):
            answers.added.setdefault(above, []).append(source)
    if length > LARGEST_ANSWER:
        raise Unreadable(
            f"The cells hold {length:,} characters of text; at most {LARGEST_ANSWER:,} are read."
        )
    return answers


def rebuild(released: NotebookNode, answers: Answers, *, added_cells: bool = True) -> NotebookNode:
    """Put answers into a copy of the released notebook.

    Only the sources of solution cells are taken. Cells that were deleted, copied, edited, moved or
    tagged otherwise make no difference, and an answer that is not there stays the stub.

    Args:
        released: the notebook that the students got.
        answers: from `take_answers`.
        added_cells: also take code cells of the learner's own, below the cell they stood below.
            They can spoil only what the learner hands over.

    Returns:
        The notebook to run. What the submission showed stands below each solution cell.
    """
    rebuilt = copy.deepcopy(released)
    cells: list[NotebookNode] = []
    _add(cells, answers, "", added_cells)
    missing = []
    for cell in rebuilt.cells:
        cells.append(cell)
        name = _name(cell)
        if utils.is_solution(cell):
            if name in answers.sources:
                _put_in(cell, answers.sources[name], answers.pictures[name])
            else:
                missing.append(name)
            if shown := _as_shown(answers.outputs.get(name, [])):
                cells.append(own_cell("markdown", f"{SHOWN}{name}", shown))
        _add(cells, answers, name, added_cells)
    rebuilt.cells = cells
    note(rebuilt, missing=missing)
    return rebuilt


def unreadable(released: NotebookNode, problem: str) -> NotebookNode:
    """Return the released notebook with the reason why nothing was taken from a submission."""
    rebuilt = copy.deepcopy(released)
    note(rebuilt, problem=problem)
    return rebuilt


def notes_of(notebook: NotebookNode) -> dict[str, Any]:
    """Return what was noted about a notebook: `missing`, `problem`, `stopped`, where they apply."""
    notes = notebook.metadata.get(NOTES)
    return notes if isinstance(notes, dict) else {}


def note(notebook: NotebookNode, **notes: Any) -> None:
    """Add to what is noted about a notebook."""
    notebook.metadata[NOTES] = notes_of(notebook) | notes


def own_cell(kind: str, name: str, source: str, origin: str = "submission") -> NotebookNode:
    """Return a cell that is not in the released notebook.

    Args:
        kind: `code` or `markdown`.
        name: its id.
        source: its source.
        origin: where it comes from: `submission` or `solution`.
    """
    make = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
    return make(source, id=name[:64], metadata={NOTES: {"from": origin}})


def _put_in(cell: NotebookNode, source: str, pictures: dict[str, dict[str, str]]) -> None:
    """Put an answer into a cell; of its pictures, text only names those that are not there."""
    if cell.cell_type == "markdown":
        cell.attachments = nbformat.from_dict(pictures)
        source = ATTACHMENT.sub(
            lambda found: found[0] if found[1] in pictures else f"missing:{found[1]}", source
        )
    cell.source = source


def _add(cells: list[NotebookNode], answers: Answers, above: str, wanted: bool) -> None:
    for number, source in enumerate(answers.added.get(above, []) if wanted else []):
        cells.append(own_cell("code", f"added-{above}-{number}", source))


def _cells(content: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (cell for cell in content["cells"] if isinstance(cell, dict))


def _metadata(cell: dict[str, Any]) -> dict[str, Any]:
    """Return nbgrader's metadata of a cell; empty if there is none of the right shape."""
    metadata = cell.get("metadata")
    ours = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return ours if isinstance(ours, dict) else {}


def _name(cell: dict[str, Any]) -> str:
    """Return a cell's `grade_id`, or else its id; the course's notebooks have both the same."""
    for name in (_metadata(cell).get("grade_id"), cell.get("id")):
        if isinstance(name, str) and name:
            return name
    return ""


def _is_graded(cell: dict[str, Any]) -> bool:
    return bool(_metadata(cell).get("grade"))


def _list(value: Any) -> list:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    """Return a text that nbformat stores whole or in lines; empty for anything else."""
    if isinstance(value, list):
        value = "".join(line for line in value if isinstance(line, str))
    return _storable(value) if isinstance(value, str) else ""


def _storable(text: str) -> str:
    """Return a text without half characters, which JSON may hold and no file."""
    return text.encode("utf-8", "replace").decode()


def _pictures(attachments: Any) -> dict[str, dict[str, str]]:
    """Return those attachments of a cell that are pictures, as far as there is room for them."""
    kept: dict[str, dict[str, str]] = {}
    room = LARGEST_PICTURES
    for name, data in attachments.items() if isinstance(attachments, dict) else ():
        for kind in IMAGES:
            encoded = _base64(_text(data.get(kind))) if isinstance(data, dict) else ""
            if encoded and len(encoded) <= room and name not in kept:
                kept[_storable(name)] = {kind: encoded}
                room -= len(encoded)
    return kept


def _as_shown(outputs: list) -> str:
    """Return outputs as Markdown that holds escaped text and pictures, and nothing active."""
    parts = []
    for output in outputs:
        if not isinstance(output, dict):
            continue
        data = output.get("data") if isinstance(output.get("data"), dict) else {}
        pictures = [(kind, _text(data[kind])) for kind in IMAGES if kind in data]
        text = _text(output.get("text")) or _text(data.get("text/plain"))
        if output.get("output_type") == "error":
            text = f"{_text(output.get('ename'))}: {_text(output.get('evalue'))}"
        if pictures and (encoded := _base64(pictures[0][1])):
            parts.append(f'<img alt="" src="data:{pictures[0][0]};base64,{encoded}">')
        elif text.strip():
            shown = html.escape(strip_ansi(text)[:LARGEST_OUTPUT])
            # A blank line would end the HTML.
            lines = (line if line.strip() else "&#8203;" for line in shown.split("\n"))
            parts.append("<pre>{}</pre>".format("\n".join(lines).removesuffix("\n&#8203;")))
    kept, length = [], 0
    for part in parts:
        length += len(part)
        if length > LARGEST_OUTPUT:
            kept.append("<p>There was more; it is left out here.</p>")
            break
        kept.append(part)
    if not kept:
        return ""
    title = "What this cell showed when it was handed in"
    return f"<details><summary>{title}</summary>{''.join(kept)}</details>"


def _base64(text: str) -> str:
    """Return base64 without blanks; empty if the text is none."""
    joined = "".join(text.split())
    try:
        base64.b64decode(joined, validate=True)
    except (binascii.Error, ValueError):
        return ""
    return joined
