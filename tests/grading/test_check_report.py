"""What a report says, what advice costs, and the words of every finding."""

import string
from dataclasses import replace

import nbformat
import pytest
from nbgrader import utils

from helpers import checks
from helpers.checks import messages, regularization
from helpers.checks.report import Criterion, Finding, Report
from helpers.instructor import verdict
from helpers.paths import course_root

NOTEBOOKS = {
    "check_model": "regularization",
    "check_training": "regularization",
    "check_head": "transfer_learning",
    "check_fine_tuning": "transfer_learning",
    "check_export": "deployment",
    "check_equality": "deployment",
    "check_choice": "deployment",
}
EVERY_MESSAGE = [
    (check, name) for check, some in messages.MESSAGES.items() for name in sorted(some)
]


def headings(assignment):
    source = course_root() / "solutions" / assignment / f"{assignment}.py"
    lines = source.read_text(encoding="utf-8").splitlines()
    return {line.lstrip("# ") for line in lines if line.startswith(("# # ", "# ## ", "# ### "))}


@pytest.mark.parametrize(("check", "name"), EVERY_MESSAGE)
def test_a_message_names_a_section_of_its_notebook_and_a_criterion_of_its_check(check, name):
    message = messages.MESSAGES[check][name]
    assert message.read in headings(NOTEBOOKS[check])
    assert message.criterion in {criterion.name for criterion in checks.criteria()[check]}


@pytest.mark.parametrize(("check", "name"), EVERY_MESSAGE)
def test_a_message_is_short_and_says_what_was_seen(check, name):
    message = messages.MESSAGES[check][name]
    assert len(f"{message.seen} {message.why}".split()) <= 60
    places = [place for _, place, _, _ in string.Formatter().parse(message.seen) if place]
    assert places or "0" in message.seen  # a number, or none of something
    assert message.seen[-1] in ".}"
    assert message.why.endswith(".")


def test_there_is_a_table_of_messages_for_every_check():
    checked = set(checks.judges())
    assert set(messages.MESSAGES) == set(checks.criteria()) == set(NOTEBOOKS) == checked


MUST = Criterion("must", "must be there", 2)
MAY = Criterion("may", "may be there", 0)
LACKS_MUST = Finding("no-must", "must", "Nothing was seen.", "It matters.", "Start")
LACKS_MAY = Finding("no-may", "may", "Little was seen.", "It may matter.", "Start")


def test_a_criterion_of_no_points_is_advice():
    report = Report.of("check", (MUST, MAY), [LACKS_MAY])
    assert report.passed
    assert (report.points, report.out_of) == (2, 2)
    assert str(report) == (
        "check: 2 of 2 points, all there.\n"
        "  [ok     ] must be there (2)\n"
        "  [not yet] may be there (advice)\n"
        "\n"
        "Advice: Little was seen. It may matter. See 'Start'."
    )
    assert "&#10007; may be there (advice)" in report._repr_html_()
    assert "(0)" not in report._repr_html_()


def test_an_instructor_who_gives_it_points_makes_it_count():
    report = Report.of("check", (MUST, replace(MAY, points=1)), [LACKS_MAY])
    assert not report.passed
    assert (report.points, report.out_of) == (2, 3)
    assert "[not yet] may be there (1)" in str(report)
    assert "To mend: Little was seen." in str(report)
    assert "&#10007; may be there (1)" in report._repr_html_()


def test_advice_comes_last_and_is_not_listed_where_there_is_none():
    report = Report.of("check", (MAY, MUST), [LACKS_MAY, LACKS_MUST])
    assert report.findings == (LACKS_MUST, LACKS_MAY)
    assert "may be there" not in str(Report.of("check", (MAY, MUST), []))


@pytest.mark.parametrize(("worth", "points"), [(0, 5), (1, 4)])
def test_points_for_a_convolution_are_changed_in_one_place(worth, points, tmp_path, monkeypatch):
    """The whole way: the number in MODEL, the check, the cell's points for nbgrader."""
    from helpers.checks.handover import Artifact, write_artifact
    from helpers.quiet import import_tensorflow

    import_tensorflow()
    import keras

    criteria = tuple(
        replace(criterion, points=worth * 5 / 4) if criterion.name == "convolution" else criterion
        for criterion in regularization.MODEL
    )
    monkeypatch.setattr(regularization, "MODEL", criteria)
    dense = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    write_artifact(tmp_path / "model", dense, endpoints=("infer", "train", "call"))
    report = regularization.check_model(Artifact(tmp_path / "model"))
    assert ("To mend: An image passes through 0 convolutions" in str(report)) is bool(worth)
    marks = {"grade": True, "solution": False, "points": 5, "grade_id": "check_model"}
    cell = nbformat.v4.new_code_cell(metadata={"nbgrader": marks | {"schema_version": 3}})
    notebook = nbformat.v4.new_notebook(cells=[cell])
    verdict.write_into(notebook, {"check_model": {"report": report.to_json()}})
    assert utils.determine_grade(cell) == (points, 5)


def test_a_report_survives_the_way_through_json_and_escapes_what_came_from_outside():
    finding = messages.finding("check_model", "not-a-model", reason="`model` is <script>.")
    report = Report.of("check_model", regularization.MODEL, [finding])
    assert Report.from_json(report.to_json()) == report
    assert "<script>" not in report._repr_html_()
    assert "<code>model</code> is &lt;script&gt;." in report._repr_html_()
