"""The bank: answers as students write them, and what a grader has to say to each of them.

An answer is the source of one cell, in a file of its own: `answers/<cell>/right/<name>.py` or
`answers/<cell>/wrong/<name>.py`. The comment at its top, up to the first blank line, belongs to the
bank; see `answers/README.md`. The rest is what the student wrote. `examine` runs it here, between
the cells of the notebook that it needs; `tests.grading.bank_class` hands it in to nbgrader.
"""

import ast
import functools
import re
import symtable
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from IPython.core.interactiveshell import InteractiveShell
from nbgrader import utils

from helpers.checks import Report
from helpers.paths import course_root

ANSWERS = Path(__file__).with_name("answers")
STOPPED = "stopped"  # the finding of an answer that leaves nothing to be checked
FIELD = re.compile(r"# (Misconception|Findings|Perhaps|Loses|Advice|One token from): (.*)")


@dataclass(frozen=True)
class Exercise:
    """A cell that students fill in: its `grade_id`, that of its check, and its notebook."""

    cell: str
    check: str
    notebook: str


EXERCISES = {
    exercise.cell: exercise
    for exercise in (
        Exercise("model_cell", "check_model", "regularization"),
        Exercise("training_cell", "check_training", "regularization"),
        Exercise("head_cell", "check_head", "transfer_learning"),
        Exercise("fine_tuning_cell", "check_fine_tuning", "transfer_learning"),
        Exercise("export_cell", "check_export", "deployment"),
        Exercise("equality_cell", "check_equality", "deployment"),
        Exercise("choice_cell", "check_choice", "deployment"),
    )
}


@dataclass(frozen=True)
class Answer:
    """An answer of the bank, and what it has to get.

    Attributes:
        exercise: whose answer it is.
        name: what it is called.
        right: whether it is a right one.
        source: what the student wrote.
        about: what is particular about a right one, the misconception behind a wrong one.
        findings: ids of the findings that cost points, in their order; `stopped` where nothing came
            to be checked.
        perhaps: ids of findings that may come on top of them, with their points, by chance.
        loses: points, for `findings` alone.
        advice: ids of the findings that cost nothing, for a right one.
        near: the right answer that it differs from by one token; may be empty.
    """

    exercise: Exercise
    name: str
    right: bool
    source: str
    about: str
    findings: tuple[str, ...] = ()
    loses: float = 0
    advice: tuple[str, ...] = ()
    near: str = ""
    perhaps: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{'right' if self.right else 'wrong'}-{self.name}"


@dataclass(frozen=True)
class Outcome:
    """What a grader said to an answer: findings that cost points, points lost, advice, the text."""

    findings: tuple[str, ...]
    loses: float
    advice: tuple[str, ...]
    text: str


def read_answers(cell: str) -> list[Answer]:
    """Return all answers to an exercise, the right ones first."""
    return [
        read_answer(path)
        for kind in ("right", "wrong")
        for path in sorted((ANSWERS / cell / kind).glob("*.py"))
    ]


def read_answer(path: Path) -> Answer:
    """Return the answer in a file."""
    header, _, source = path.read_text(encoding="utf-8").partition("\n\n")
    fields: dict[str, list[str]] = {"about": []}
    key = "about"
    for line in header.splitlines():
        if match := FIELD.fullmatch(line):
            key = match[1]
            fields[key] = [match[2]]
        else:
            fields[key].append(line.removeprefix("#").strip())
    told = {key: " ".join(lines) for key, lines in fields.items()}
    return Answer(
        EXERCISES[path.parents[1].name],
        path.stem,
        path.parent.name == "right",
        source,
        told["about"] or told.get("Misconception", ""),
        _listed(told.get("Findings", "")),
        float(told.get("Loses", 0)),
        _listed(told.get("Advice", "")),
        told.get("One token from", ""),
        _listed(told.get("Perhaps", "")),
    )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def wrongly_graded(answer: Answer, outcome: Outcome) -> str:
    """Return what is wrong about an outcome, in the words of the bank's table; empty if nothing."""
    if answer.right and outcome.loses:
        return "false reject"
    if not answer.right and not outcome.loses:
        return "false accept"
    certain = tuple(found for found in outcome.findings if found not in answer.perhaps)
    right_points = (
        outcome.loses == answer.loses
        if certain == outcome.findings
        else outcome.loses > answer.loses
    )
    if certain != answer.findings or not right_points:
        return "wrong finding"
    if answer.right and set(outcome.advice) != set(answer.advice):
        return "wrong finding"
    return ""


def examine(answer: Answer, earlier: dict[str, str]) -> Outcome:
    """Run an answer in this process, as a person would who opens the notebook, and its check.

    Args:
        answer: the answer.
        earlier: by cell, what was answered to earlier exercises; otherwise it is the solution.
    """
    shell = InteractiveShell.instance()
    shell.user_ns.clear()
    shell.init_user_ns()
    for source in context(answer.exercise, (answer.source,), earlier):
        shell.run_cell(source).raise_error()
    shell.run_cell(answer.source)
    check = check_cell(answer.exercise)
    result = shell.run_cell(check.source)
    points = check.metadata.nbgrader.points
    if isinstance(result.result, Report):
        return outcome_of(result.result, points)
    return Outcome((STOPPED,), points, (), str(result.error_in_exec))


def names_of_the_notebook() -> dict[str, object]:
    """Return the names, with their values, that `examine` left behind."""
    return InteractiveShell.instance().user_ns


def outcome_of(report: Report, points: float) -> Outcome:
    """Return what a report says, with its points as shares of the cell's."""
    advice = tuple(found.id for found in report.findings if report.is_advice(found))
    costly = tuple(found.id for found in report.findings if not report.is_advice(found))
    lost = points * (1 - report.points / report.out_of)
    return Outcome(costly, round(lost, 6), advice, str(report))


@functools.cache
def solution(notebook: str) -> nbformat.NotebookNode:
    """Return a notebook of the course with its solutions."""
    return nbformat.read(course_root() / "solutions" / notebook / f"{notebook}.ipynb", as_version=4)


def solved_source(cell: str) -> str:
    """Return the course's own answer to an exercise."""
    cells = solution(EXERCISES[cell].notebook).cells
    return next(each.source for each in cells if each.id == cell)


def check_cell(exercise: Exercise) -> nbformat.NotebookNode:
    """Return the cell that checks an exercise."""
    return next(cell for cell in solution(exercise.notebook).cells if cell.id == exercise.check)


def context(exercise: Exercise, answers: Iterable[str], earlier: dict[str, str]) -> list[str]:
    """Return what of the notebook has to run before some answers to an exercise.

    That is every import above the exercise, and each cell that defines a name which the answers,
    the solution, the check, or such a cell use.

    Args:
        exercise: the exercise.
        answers: their sources.
        earlier: by cell, what was answered to earlier exercises; otherwise it is the solution.
    """
    cells = solution(exercise.notebook).cells
    above = cells[: [cell.id for cell in cells].index(exercise.cell)]
    imports, others = [], []
    for cell in above:
        if cell.cell_type == "code" and not cell.metadata.get("tags"):
            source = earlier.get(cell.id, cell.source)
            body = ast.parse(source).body
            imports += [ast.unparse(node) for node in body if _is_import(node)]
            rest = [ast.get_source_segment(source, node) for node in body if not _is_import(node)]
            others += [] if utils.is_grade(cell) else ["\n".join(rest)]
    own = [cell.source for cell in cells if cell.id in (exercise.cell, exercise.check)]
    needed = set().union(*map(free_names, (*own, *answers)))
    kept: list[str] = []
    for source in reversed(others):
        if needed & bound_names(source):
            kept.insert(0, source)
            needed = (needed - bound_names(source)) | free_names(source)
    return ["\n".join(dict.fromkeys(imports)), *kept]


def _is_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def free_names(source: str) -> set[str]:
    """Return the names that a cell takes from cells above; none for one that is no Python."""
    used = {
        symbol.get_name()
        for table in _tables(source)
        for symbol in table.get_symbols()
        if symbol.is_referenced() and (table.get_type() == "module" or symbol.is_global())
    }
    return used - bound_names(source)


def bound_names(source: str) -> set[str]:
    """Return the names that a cell defines for cells below; none for one that is no Python."""
    return {
        symbol.get_name()
        for table in _tables(source)[:1]
        for symbol in table.get_symbols()
        if symbol.is_assigned() or symbol.is_imported()
    }


def _tables(source: str) -> list[symtable.SymbolTable]:
    """Return the symbol tables of a cell: its own, then those of all functions and classes."""
    lines = [line for line in source.splitlines() if not line.startswith(("%", "!"))]
    try:
        tables = [symtable.symtable("\n".join(lines), "cell", "exec")]
    except SyntaxError:
        return []
    for table in tables:
        tables += table.get_children()
    return tables
