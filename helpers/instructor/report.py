"""What a class made of an assignment: one page for the instructor, and tables as CSV.

    report/ASSIGNMENT.html           points, exercises, misconceptions, time and memory
    report/ASSIGNMENT.csv            a row for each student
    report/ASSIGNMENT-findings.csv   a row for each finding

Points come from nbgrader's gradebook, everything else from the notebooks in `autograded/`, whoever
graded them: `course grade` or plain `nbgrader autograde`.
"""

import csv
import io
import re
import statistics
import textwrap
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
import nbformat
from markupsafe import Markup, escape
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.coursedir import CourseDirectory
from rich.console import Console
from rich.progress import track

from helpers import figures, paths
from helpers.checks import Criterion, Report
from helpers.instructor import submission, verdict
from helpers.instructor.grading import configuration

FOLDER = "report"
TEMPLATES = Path(__file__).with_name("templates")
EXAMPLES = 3  # of each finding
LONGEST_EXAMPLE = 60  # lines of code
WIDEST_LABEL = 44  # characters of a line beside a bar


@dataclass
class Result:
    """What one student reached.

    Attributes:
        student: the student's id.
        points: by exercise, as nbgrader has it; None where a person still has to grade.
        late: points taken off because it was handed in late.
        reports: by exercise, what its check said.
        reasons: by exercise, why there was nothing to check.
        answers: by exercise, the source of all answers down to its check.
        seconds: how long the cells ran.
        memory: the most bytes that the notebook used.
        trouble: why it could not be read, or was stopped; empty if all went well.
    """

    student: str
    points: dict[str, float | None]
    late: float
    reports: dict[str, Report] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    seconds: float | None = None
    memory: int | None = None
    trouble: str = ""

    @property
    def total(self) -> float:
        """The sum of the points, less what was taken off."""
        return sum(points or 0 for points in self.points.values()) - self.late


@dataclass
class Misconception:
    """A finding of a check, or a reason why there was nothing to check, and who has it.

    Attributes:
        exercise: the name of the check.
        name: the finding's id, or the reason's first words.
        why: why it matters; empty for a reason.
        read: where the student was sent to; empty for a reason.
        is_advice: whether it costs nothing.
        seen: what was seen, by student.
    """

    exercise: str
    name: str
    why: str = ""
    read: str = ""
    is_advice: bool = False
    seen: dict[str, str] = field(default_factory=dict)

    @property
    def is_reason(self) -> bool:
        """Whether it is a reason why there was nothing to check."""
        return not self.why


def run(assignment: str, course: Path | None = None) -> int:
    """Write the report on an assignment; the command `course report`.

    Args:
        assignment: its name.
        course: the folder with `autograded/`; the course's own if None.

    Returns:
        0, or 1 if nothing has been graded.
    """
    console = Console(highlight=False)
    config = configuration((course or paths.course_root()).resolve())
    coursedir = CourseDirectory(config=config)
    out_of, results = read_results(coursedir, assignment)
    if not results:
        console.print(
            f"Nothing of {assignment} has been graded. Run `course grade {assignment}` first."
        )
        return 1
    folder = Path(coursedir.root, FOLDER)
    folder.mkdir(exist_ok=True)
    misconceptions = find_misconceptions(results)
    page = folder / f"{assignment}.html"
    page.write_text(
        render(assignment, out_of, results, misconceptions, datetime.now()), encoding="utf-8"
    )
    students, findings = page.with_suffix(".csv"), folder / f"{assignment}-findings.csv"
    _write_table(students, student_rows(out_of, results))
    _write_table(findings, finding_rows(results, misconceptions))
    for path in (page, students, findings):
        console.print(f"wrote {path}", soft_wrap=True)
    return 0


def read_results(
    coursedir: CourseDirectory, assignment: str
) -> tuple[dict[str, float], list[Result]]:
    """Read what nbgrader has of an assignment.

    Returns:
        The points that each exercise is worth, in the notebook's order; and the results of all
        whose submission was graded.
    """
    out_of: dict[str, float] = {}
    results = []
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        try:
            submissions = gradebook.assignment_submissions(assignment)
        except MissingEntry:
            return {}, []
        autograded = Path(coursedir.root, coursedir.autograded_directory)
        for each in track(submissions, "reading the notebooks", transient=True):
            path = autograded / each.student.id / assignment / f"{assignment}.ipynb"
            if not path.is_file():
                continue
            notebook = nbformat.read(path, as_version=4)
            grades = {grade.name: grade for one in each.notebooks for grade in one.grades}
            names = [cell.metadata.nbgrader.grade_id for cell in notebook.cells if _counts(cell)]
            out_of |= {name: grades[name].max_score for name in names if name in grades}
            points = {
                name: None if grades[name].needs_manual_grade else grades[name].score
                for name in names
                if name in grades
            }
            result = Result(each.student.id, points, each.late_submission_penalty or 0)
            _read_notebook(notebook, result)
            results.append(result)
    return out_of, sorted(results, key=lambda result: result.student)


def _counts(cell: NotebookNode) -> bool:
    return utils.is_grade(cell) and cell.metadata.nbgrader.points > 0


def _read_notebook(notebook: NotebookNode, result: Result) -> None:
    """Take from a graded notebook what the gradebook does not know."""
    notes = submission.notes_of(notebook)
    result.seconds, result.memory = notes.get("seconds"), notes.get("memory")
    result.trouble = notes.get("problem") or notes.get("stopped") or ""
    answers = []
    for cell in notebook.cells:
        if utils.is_solution(cell) and cell.cell_type == "code":
            answers.append(cell.source)
        elif utils.is_grade(cell) and cell.cell_type == "code":
            name = cell.metadata.nbgrader.grade_id
            result.answers[name] = "\n".join(answers)
            if "report" in (said := notes.get("verdicts", {}).get(name, {})):
                result.reports[name] = Report.from_json(said["report"])
            else:
                result.reasons[name] = verdict.reason_in(cell)


def find_misconceptions(results: Iterable[Result]) -> list[Misconception]:
    """Return what the checks found in the class; what most have first, and advice last."""
    found: dict[tuple[str, str], Misconception] = {}
    for result in results:
        for exercise, report in result.reports.items():
            for finding in report.findings:
                is_advice = report.is_advice(finding)
                new = Misconception(exercise, finding.id, finding.why, finding.read, is_advice)
                one = found.setdefault((exercise, finding.id), new)
                one.seen.setdefault(result.student, finding.seen)
        for exercise, reason in result.reasons.items():
            kind = _kind_of(reason)
            one = found.setdefault((exercise, kind), Misconception(exercise, kind))
            one.seen[result.student] = reason
    return sorted(found.values(), key=lambda one: (one.is_advice, -len(one.seen), one.name))


def _kind_of(reason: str) -> str:
    """Return the part of a reason that others share."""
    if match := re.match(r"(.* stopped with \w+)", reason):
        return match[1]
    return re.sub(r"\d[\d,.]*", "...", reason.split(". ")[0]).rstrip(".")[:100]


@dataclass
class Share:
    """How many of those whose work was checked meet a criterion."""

    exercise: str
    criterion: Criterion
    met: int
    of: int


def shares(results: Iterable[Result]) -> list[Share]:
    """Return for every criterion that is worth points, how many meet it.

    Whoever meets none handed over nothing that could be tried out, and is not counted.
    """
    found: dict[tuple[str, str], Share] = {}
    for result in results:
        for exercise, report in result.reports.items():
            for criterion in report.criteria if report.met else ():
                if not criterion.is_advice:
                    new = Share(exercise, criterion, 0, 0)
                    one = found.setdefault((exercise, criterion.name), new)
                    one.of += 1
                    one.met += criterion.name in report.met
    return list(found.values())


def render(
    assignment: str,
    out_of: dict[str, float],
    results: list[Result],
    misconceptions: list[Misconception],
    when: datetime,
) -> str:
    """Return the page."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True
    )
    environment.filters["number"] = lambda value: f"{value:g}"
    environment.filters["code"] = _with_code
    by_student = {result.student: result for result in results}
    criteria, costs = shares(results), points_lost(results)
    totals = [result.total for result in results]
    return environment.get_template("report.html.j2").render(
        assignment=assignment,
        when=when,
        results=results,
        out_of=out_of,
        total_out_of=sum(out_of.values()),
        mean=statistics.mean(totals),
        median=statistics.median(totals),
        exercises=[_exercise(name, out_of[name], results) for name in out_of],
        waiting=sum(None in result.points.values() for result in results),
        findings={
            exercise: [
                {
                    "what": one,
                    "costs": costs.get((exercise, one.name)),
                    "examples": _examples([one], by_student),
                }
                for one in misconceptions
                if one.exercise == exercise and not one.is_reason
            ]
            for exercise in out_of
        },
        reasons=[
            {
                "name": name,
                "students": {student for one in same for student in one.seen},
                "exercises": [one.exercise for one in same],
                "examples": _examples(same, by_student),
            }
            for name, same in _by_reason(misconceptions, out_of)
        ],
        all_met=[one for one in criteria if one.met == one.of],
        none_met=[one for one in criteria if one.met == 0],
        troubled=[result for result in results if result.trouble],
        measured=[result for result in results if result.seconds],
        points_figure=_image(draw_points(totals, sum(out_of.values()))),
        criteria_figure=_image(draw_criteria(criteria)) if criteria else "",
        cost_figure=_image(draw_costs(results)) if any(r.seconds for r in results) else "",
    )


def _with_code(text: str) -> Markup:
    """Return a text as HTML, with what stands between backticks set as code."""
    parts = enumerate(str(escape(text)).split("`"))
    return Markup("".join(f"<code>{part}</code>" if odd % 2 else part for odd, part in parts))


def _exercise(name: str, out_of: float, results: list[Result]) -> dict[str, Any]:
    """Return a row on an exercise: how many points there were, and how often all and none."""
    points = [r.points[name] for r in results if r.points.get(name) is not None]
    count = len(points)
    return {
        "name": name,
        "out_of": out_of,
        "graded": count,
        "mean": statistics.mean(points) if points else 0,
        "full": sum(each >= out_of for each in points) / count if points else 0,
        "none": sum(each <= 0 for each in points) / count if points else 0,
    }


def _by_reason(
    misconceptions: list[Misconception], exercises: Iterable[str]
) -> list[tuple[str, list[Misconception]]]:
    """Return the reasons why there was nothing to check, each for the exercises that it spoiled."""
    order = list(exercises)
    found: dict[str, list[Misconception]] = {}
    for one in misconceptions:
        if one.is_reason:
            found.setdefault(one.name, []).append(one)
    for same in found.values():
        same.sort(key=lambda one: order.index(one.exercise))
    return list(found.items())


def _examples(same: list[Misconception], by_student: dict[str, Result]) -> list[dict[str, str]]:
    """Return what was seen at some students, and their code, without a name or a comment in it."""
    examples: dict[str, dict[str, str]] = {}
    shown: set[str] = set()
    for one in same:
        for student, seen in sorted(one.seen.items(), key=lambda pair: len(pair[1])):
            if student not in shown:
                code = without_comments(by_student[student].answers.get(one.exercise, ""))
                examples.setdefault(code, {"seen": seen, "code": code})
                shown.add(student)
    return list(examples.values())[:EXAMPLES]


def without_comments(source: str) -> str:
    """Return Python code without its comments, in which people write their names."""
    lines = source.splitlines()
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                row, column = token.start
                lines[row - 1] = lines[row - 1][:column].rstrip()
    except (tokenize.TokenError, SyntaxError):  # it is no Python: cut off what looks like one
        lines = [line.partition("#")[0].rstrip() for line in lines]
    kept = [line for line in lines if line.strip()]
    more = ["..."] if len(kept) > LONGEST_EXAMPLE else []
    return "\n".join(kept[:LONGEST_EXAMPLE] + more)


def _image(figure: figures.DescribedFigure) -> str:
    return figures.image_tag(figures.to_png(figure), figure.alt)


def draw_points(totals: list[float], out_of: float) -> figures.DescribedFigure:
    """Draw how many students have how many points."""
    figure, axes = figures.new_figure(7, 3)
    step = max(1, round(out_of / 20))
    edges = [step * number - step / 2 for number in range(int(out_of / step) + 3)]
    axes.hist(totals, bins=edges, color=figures.COLOURS[0], edgecolor="white")
    axes.set(title="Points of the class", xlabel=f"points, of {out_of:g}", ylabel="students")
    axes.set_xlim(min(edges[0], min(totals)), max(out_of, *totals) + step)
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.set_axisbelow(True)
    figure.alt = (
        f"{len(totals)} students; half of them have {statistics.median(totals):g} of {out_of:g} "
        f"points or more, the lowest {min(totals):g}, the highest {max(totals):g}."
    )
    return figure


def draw_criteria(criteria: list[Share]) -> figures.DescribedFigure:
    """Draw which share of the class meets each criterion, the hardest of each exercise first."""
    rows = sorted(criteria, key=lambda one: (one.exercise, one.met / one.of))
    texts = [textwrap.fill(one.criterion.text, WIDEST_LABEL) for one in rows]
    lines = sum(1 + text.count("\n") for text in texts)
    figure, axes = figures.new_figure(8, 0.9 + 0.2 * (len(rows) + lines))
    exercises = list(dict.fromkeys(one.exercise for one in rows))
    for exercise in exercises:
        places = [place for place, one in enumerate(rows) if one.exercise == exercise]
        values = [100 * rows[place].met / rows[place].of for place in places]
        colour = figures.COLOURS[exercises.index(exercise) % len(figures.COLOURS)]
        axes.barh(places, values, color=colour, label=exercise)
    axes.set_yticks(range(len(rows)), texts)
    axes.invert_yaxis()
    axes.set_axisbelow(True)
    axes.set(title="What the class can do", xlabel="students who meet it, %", xlim=(0, 100))
    figure.legend(loc="outside lower center", ncols=len(exercises), frameon=False)
    hardest = min(rows, key=lambda one: one.met / one.of)
    figure.alt = (
        f"Of {len(rows)} criteria the hardest is that a solution {hardest.criterion.text}: "
        f"{hardest.met} of {hardest.of} students meet it."
    )
    return figure


def draw_costs(results: list[Result]) -> figures.DescribedFigure:
    """Draw how long the notebooks ran, and how much memory they took."""
    seconds = [result.seconds for result in results if result.seconds]
    memory = [result.memory / 2**30 for result in results if result.memory]
    figure, (left, right) = figures.new_figure(8, 3, columns=2)
    top = (1.05 * max(seconds), 1.05 * max(memory, default=1))
    left.hist(seconds, bins=20, range=(0, top[0]), color=figures.COLOURS[0], edgecolor="white")
    left.set(title="How long the notebooks ran", xlabel="seconds", ylabel="students")
    right.hist(memory, bins=20, range=(0, top[1]), color=figures.COLOURS[1], edgecolor="white")
    right.set(title="What they took at most", xlabel="memory, GiB", ylabel="students")
    for axes in (left, right):
        axes.set_axisbelow(True)
        axes.yaxis.get_major_locator().set_params(integer=True)
    most = f", {max(memory):.1f} GiB" if memory else ""
    figure.alt = (
        f"Half of the notebooks ran for {statistics.median(seconds):.0f} seconds or less; at most "
        f"{max(seconds):.0f} seconds{most}."
    )
    return figure


def student_rows(out_of: dict[str, float], results: list[Result]) -> list[dict[str, Any]]:
    """Return a row for each student: points, what was found, time and memory."""
    return [
        {
            "student": result.student,
            **{name: result.points.get(name) for name in out_of},
            "late": -result.late,
            "total": result.total,
            "out_of": sum(out_of.values()),
            "seconds": result.seconds,
            "memory_bytes": result.memory,
            "trouble": result.trouble,
            "findings": " ".join(
                f"{exercise}:{finding.id}"
                for exercise, report in result.reports.items()
                for finding in report.findings
                if not report.is_advice(finding)
            ),
        }
        for result in results
    ]


def points_lost(results: Iterable[Result]) -> dict[tuple[str, str], float]:
    """Return by exercise and finding how many points it costs, as far as that is known."""
    lost: dict[tuple[str, str], float] = {}
    for result in results:
        for exercise, report in result.reports.items():
            worth = {criterion.name: criterion.points for criterion in report.criteria}
            costly = [finding for finding in report.findings if not report.is_advice(finding)]
            for finding in costly:
                alone = report.out_of - report.points  # a single one may cost several criteria
                lost[exercise, finding.id] = (
                    alone if len(costly) == 1 else worth.get(finding.criterion, 0)
                )
    return lost


def finding_rows(
    results: list[Result], misconceptions: list[Misconception]
) -> list[dict[str, Any]]:
    """Return a row for each finding: how many have it."""
    lost = points_lost(results)
    return [
        {
            "exercise": one.exercise,
            "finding": one.name,
            "students": len(one.seen),
            "share": round(len(one.seen) / len(results), 4),
            "points": lost.get((one.exercise, one.name), 0 if one.is_advice else ""),
            "advice": one.is_advice,
            "read": one.read,
        }
        for one in misconceptions
    ]


def _write_table(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]) if rows else [])
        writer.writeheader()
        writer.writerows({name: _as_text(value) for name, value in row.items()} for row in rows)


def _as_text(value: Any) -> Any:
    """Return a value that no spreadsheet takes for a formula."""
    is_formula = isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{value}" if is_formula else value
