"""The table of the bank: for each exercise, how many answers were graded, and how many wrongly."""

from collections import Counter

PROPERTY = "bank"
COLUMNS = (
    *("right answers", "wrong answers"),
    *("false rejects", "false accepts", "wrong findings"),
)
MISTAKES = {"false reject": 2, "false accept": 3, "wrong finding": 4}  # in which column


def lines_of(reports) -> list[str]:
    """Return the table's lines from pytest's reports; none if no answer was graded."""
    rows: dict[str, Counter] = {}
    for report in reports:
        for name, value in getattr(report, "user_properties", ()):
            if name == PROPERTY and report.when == "call":
                exercise, kind, mistake = value
                row = rows.setdefault(exercise, Counter())
                row[COLUMNS[0 if kind == "right" else 1]] += 1
                if mistake:
                    row[COLUMNS[MISTAKES[mistake]]] += 1
    if not rows:
        return []
    lines = [["exercise", *COLUMNS]]
    lines += [[name, *(str(rows[name][column]) for column in COLUMNS)] for name in sorted(rows)]
    total = sum(rows.values(), Counter())
    lines.append(["all", *(str(total[column]) for column in COLUMNS)])
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    return [
        line[0].ljust(widths[0])
        + "".join(text.rjust(width + 2) for text, width in zip(line[1:], widths[1:], strict=True))
        for line in lines
    ]
