"""The pace of `style.md`: short texts, short cells, and a sentence between two experiments."""

import re
from statistics import median

import nbformat
import pytest

from helpers.paths import ASSIGNMENTS, course_root

TYPICAL_WORDS = (25, 60)  # what half of the text cells have
MOST_WORDS = 75  # in any text cell
MOST_LINES = 12  # in any code cell, without blank lines
CODE_AFTER_CODE = 0.1  # share of the code cells that may follow another one without a sentence


@pytest.fixture(scope="module", params=ASSIGNMENTS)
def cells(request):
    name = request.param
    notebook = nbformat.read(course_root() / "notebooks" / name / f"{name}.ipynb", as_version=4)
    return notebook.cells


def words(cell):
    """Number of words that are read: no tables, no addresses of links, no headings."""
    lines = [line for line in cell.source.splitlines() if not re.match(r"\s*[|#]", line)]
    text = re.sub(r"\]\([^)]*\)", "]", "\n".join(lines))
    return len(re.findall(r"[^\W_][\w'-]*", text))


def is_answer(cell):
    return cell.metadata.get("nbgrader", {}).get("solution", False)


def test_texts_are_short(cells):
    counts = {c.source: words(c) for c in cells if c.cell_type == "markdown" and not is_answer(c)}
    too_long = {source: count for source, count in counts.items() if count > MOST_WORDS}
    assert too_long == {}
    assert TYPICAL_WORDS[0] <= median(counts.values()) <= TYPICAL_WORDS[1]


def test_code_is_short(cells):
    sources = [cell.source for cell in cells if cell.cell_type == "code"]
    too_long = [
        s for s in sources if sum(bool(line.strip()) for line in s.splitlines()) > MOST_LINES
    ]
    assert too_long == []


def test_there_is_a_sentence_between_two_experiments(cells):
    kinds = [cell.cell_type for cell in cells]
    in_a_row = [
        cells[index].source
        for index in range(1, len(cells))
        if kinds[index] == kinds[index - 1] == "code"
    ]
    assert len(in_a_row) <= CODE_AFTER_CODE * kinds.count("code"), in_a_row
    three = [i for i in range(2, len(cells)) if kinds[i - 2 : i + 1] == ["code"] * 3]
    assert three == []


def test_every_section_says_how_long_it_takes(cells):
    sections = [
        cell.source
        for cell in cells
        if cell.cell_type == "markdown" and cell.source.startswith("## ")
    ]
    without_time = {"## What you will be able to do", "## Start", "## Hand in"}
    untimed = [
        source.partition("\n")[0]
        for source in sections
        if source.partition("\n")[0] not in without_time and "minutes" not in source
    ]
    assert untimed == []
