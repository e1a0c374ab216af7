"""What a check says: the criteria that are met, and for the others what was seen and why."""

import html
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

EVERYTHING = "*"


@dataclass(frozen=True)
class Finding:
    """One thing that a check found.

    Attributes:
        id: stable name, such as `no-softmax`.
        criterion: name of the criterion that is not met because of it.
        seen: what was seen, with the number, and what was expected.
        why: why it matters.
        read: the section of the notebook to read again.
        hides: names of other criteria that nobody can look at because of it, and which are not met
            either; `EVERYTHING` stands for all.
    """

    id: str
    criterion: str
    seen: str
    why: str
    read: str
    hides: tuple[str, ...] = ()

    def spoils(self, criterion: "Criterion") -> bool:
        """Tell whether a criterion is not met because of it."""
        return criterion.name in (self.criterion, *self.hides) or EVERYTHING in self.hides

    def __str__(self) -> str:
        """Return the finding as one paragraph."""
        return f"{self.seen} {self.why} See '{self.read}'."


@dataclass(frozen=True)
class Criterion:
    """One thing that a check looks at.

    Attributes:
        name: short name, referred to by findings.
        text: what has to be true, in words.
        points: what it is worth; 0 makes it advice, which costs nothing.
    """

    name: str
    text: str
    points: float

    @property
    def is_advice(self) -> bool:
        """Whether the criterion costs nothing."""
        return self.points == 0

    def __str__(self) -> str:
        """Return text and worth."""
        return f"{self.text} ({'advice' if self.is_advice else f'{self.points:g}'})"


@dataclass(frozen=True)
class Report:
    """The result of a check.

    Attributes:
        check: name of the check, which is also the `grade_id` of its cell.
        criteria: everything that was looked at.
        met: names of the criteria that are met.
        findings: what was found, in the order in which it is best mended.
    """

    check: str
    criteria: tuple[Criterion, ...]
    met: frozenset[str]
    findings: tuple[Finding, ...] = ()

    @classmethod
    def of(cls, check: str, criteria: tuple[Criterion, ...], findings: list[Finding]) -> "Report":
        """Return the report in which every criterion without a finding is met; advice comes last.

        Args:
            check: name of the check.
            criteria: everything that was looked at.
            findings: what was found.
        """
        met = frozenset(
            criterion.name
            for criterion in criteria
            if not any(finding.spoils(criterion) for finding in findings)
        )
        report = cls(check, criteria, met)
        return cls(check, criteria, met, tuple(sorted(findings, key=report.is_advice)))

    @property
    def points(self) -> float:
        """Points earned."""
        return sum(criterion.points for criterion in self.criteria if criterion.name in self.met)

    @property
    def out_of(self) -> float:
        """Points that can be earned."""
        return sum(criterion.points for criterion in self.criteria)

    @property
    def passed(self) -> bool:
        """Whether every criterion that is worth points is met; advice may have been given."""
        return all(criterion.name in self.met or criterion.is_advice for criterion in self.criteria)

    def is_advice(self, finding: Finding) -> bool:
        """Tell whether a finding costs nothing, because its criterion is worth nothing."""
        return any(
            criterion.is_advice
            for criterion in self.criteria
            if criterion.name == finding.criterion
        )

    def to_json(self) -> str:
        """Return the report as JSON."""
        return json.dumps(
            {
                "check": self.check,
                "criteria": [asdict(criterion) for criterion in self.criteria],
                "met": sorted(self.met),
                "findings": [asdict(finding) for finding in self.findings],
            },
            indent=1,
        )

    @classmethod
    def from_json(cls, text: str) -> "Report":
        """Read a report that `to_json` wrote."""
        fields = json.loads(text)
        return cls(
            fields["check"],
            tuple(Criterion(**criterion) for criterion in fields["criteria"]),
            frozenset(fields["met"]),
            tuple(_finding(**finding) for finding in fields["findings"]),
        )

    def __str__(self) -> str:
        """Return the report as plain text."""
        lines = [self._summary()]
        for criterion in self._listed():
            mark = "ok" if criterion.name in self.met else "not yet"
            lines.append(f"  [{mark:7}] {criterion}")
        for finding in self.findings:
            lines += ["", f"{self._kind(finding)}: {finding}"]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the report for a notebook; everything that came from outside is escaped."""
        rows = ""
        for criterion in self._listed():
            mark = "&#10003;" if criterion.name in self.met else "&#10007;"
            rows += f"<li>{mark} {_as_html(str(criterion))}</li>"
        notes = "".join(
            f"<p><b>{self._kind(finding)}.</b> {_as_html(str(finding))}</p>"
            for finding in self.findings
        )
        colour = "#009E73" if self.passed else "#D55E00"
        return (
            f'<div style="border-left: 4px solid {colour}; padding: 0.2em 1em">'
            f"<p><b>{_as_html(self._summary())}</b></p>"
            f'<ul style="list-style: none; padding-left: 0">{rows}</ul>{notes}</div>'
        )

    def _listed(self) -> list[Criterion]:
        """Return the criteria to show: those worth points, and what there is advice on."""
        found = {finding.criterion for finding in self.findings}
        return [
            criterion
            for criterion in self.criteria
            if not criterion.is_advice or criterion.name in found
        ]

    def _kind(self, finding: Finding) -> str:
        return "Advice" if self.is_advice(finding) else "To mend"

    def _summary(self) -> str:
        verdict = "all there" if self.passed else "not there yet"
        return f"{self.check}: {self.points:g} of {self.out_of:g} points, {verdict}."


def _finding(hides: Iterable[str] = (), **fields: str) -> Finding:
    """Return a finding from what JSON knows of it."""
    return Finding(**fields, hides=tuple(hides))


class CheckFailed(AssertionError):
    """A check lost points while nbgrader validates the notebook; carries the report as its text."""

    def __init__(self, report: Report):
        super().__init__(f"\n{report}")
        self.report = report

    def _render_traceback_(self) -> list[str]:
        """Show the report alone: the lines of this package help no learner."""
        return str(self.report).splitlines()


def _as_html(text: str) -> str:
    """Escape `text`, and set what stands between backticks as code."""
    parts = html.escape(text).split("`")
    return "".join(
        f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts)
    )
