"""The page that lists all that the checks can say, for instructors: made from the code.

`course build` writes it beside this file, where no bundle for students takes it from, and
`course build --check` tells when it is stale.
"""

import re
from pathlib import Path

import nbformat

from helpers.checks import Finding, criteria, messages
from helpers.checks.report import EVERYTHING
from helpers.paths import ASSIGNMENTS

PAGE = Path("helpers", "instructor", "FINDINGS.md")  # in the course's folder
PLACE = re.compile(r"\{(\w+)[^}]*\}")  # for a number, in the words of a message
INTRODUCTION = """# What the checks say

Made by `course build` from `helpers/checks`, which is the place to change it: the words in
`messages.py`, the points in `regularization.py`, `transfer.py` and `deployment.py`.

A finding costs the points of its criterion, and of those that nobody can look at because of it. A
criterion is lost once, however many findings it has; one that is worth 0 points gives advice. An
export of which nothing can be opened loses everything. Words in square brackets stand for what was
seen. An answer that stops with an error before there is anything to check gets no points, and is
told the error.

[Answers that get each finding](../../tests/grading/answers/README.md) are kept, and graded
whenever the tests run.
"""


def page(course: Path) -> str:
    """Return the page in Markdown.

    Args:
        course: a folder with the solutions, which tell the points of each check's cell.
    """
    parts = [INTRODUCTION]
    known = criteria()
    for assignment in ASSIGNMENTS:
        path = course / "solutions" / assignment / f"{assignment}.ipynb"
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.id in known:
                parts.append(_section(assignment, cell.id, cell.metadata.nbgrader.points))
    return "\n".join(parts)


def _section(assignment: str, check: str, points: float) -> str:
    """Return what one check looks at and says; `points` are those of its cell."""
    looks_at = criteria()[check]
    worth = points / sum(criterion.points for criterion in looks_at)
    lines = [f"## `{check}`, of {assignment}: {points:g} points", ""]
    lines += ["| criterion | points | what has to be true |", "| --- | ---: | --- |"]
    lines += [f"| {one.name} | {one.points * worth:g} | {one.text} |" for one in looks_at]
    for name, message in messages.MESSAGES[check].items():
        words = (message.seen, message.why, message.read)
        finding = Finding(name, message.criterion, *words, message.hides)
        cost = worth * sum(one.points for one in looks_at if finding.spoils(one))
        said = PLACE.sub(r"[\1]", str(finding))
        lines += ["", f"**`{name}`**, {_price(finding, cost)}", "", f"> {said}"]
    return "\n".join([*lines, ""])


def _price(finding: Finding, cost: float) -> str:
    """Say what a finding costs, and for what."""
    if not cost:
        return f"advice ({finding.criterion})"
    hidden = "everything" if EVERYTHING in finding.hides else ", ".join(finding.hides)
    with_it = f", and with it {hidden}" if hidden else ""
    return f"{cost:g} {'point' if cost == 1 else 'points'} ({finding.criterion}{with_it})"
