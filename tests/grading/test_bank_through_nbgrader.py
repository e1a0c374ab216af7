"""Answers of the bank, handed in to nbgrader with nothing replaced, get what the bank says.

A sample goes through plain `nbgrader autograde` in every run; the slow run hands in all of them, to
`course grade`.
"""

import pytest
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory

from helpers.instructor import grade, grading, isolation
from tests.grading import bank, bank_class, bank_table

pytestmark = pytest.mark.skipif(
    bool(isolation.why_not()), reason=f"needs isolation: {isolation.why_not()}"
)

ANSWERS = {
    f"{cell}-{answer}": answer for cell in bank.EXERCISES for answer in bank.read_answers(cell)
}
# Fine-tuning goes the same way in the test of autograding.
SAMPLE = (
    *("model_cell-right-subclassed", "model_cell-wrong-softmax_twice"),
    *("training_cell-wrong-validated_on_test", "head_cell-right-preprocessing_by_hand"),
    "export_cell-wrong-classes_backwards",
)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    folder = bank_class.make_course(tmp_path_factory.mktemp("bank"))
    for cell in bank.EXERCISES:
        bank_class.release(folder, cell)
    return folder


def judge(answer, outcome, record_property, how):
    mistake = bank.wrongly_graded(answer, outcome)
    kind = "right" if answer.right else "wrong"
    record_property(bank_table.PROPERTY, (f"{answer.exercise.cell}, {how}", kind, mistake))
    assert not mistake, f"{mistake}: expected {answer}, got {outcome}"


@pytest.mark.parametrize("name", SAMPLE)
def test_a_sample_is_graded_as_it_should_by_plain_nbgrader(
    name, course, record_property, monkeypatch
):
    answer = ANSWERS[name]
    monkeypatch.chdir(course)
    student = bank_class.hand_in(course, answer)
    config = grading.configuration(course)
    nbgrader = NbGraderAPI(CourseDirectory(config=config), config=config)
    result = nbgrader.autograde(answer.exercise.cell, student)
    assert result["success"], result["log"]
    judge(answer, bank_class.outcome(course, answer), record_property, "plain nbgrader")


@pytest.fixture(scope="module")
def whole_class(tmp_path_factory):
    """A course, and for each exercise whether all its answers have been graded in it."""
    return bank_class.make_course(tmp_path_factory.mktemp("whole-bank")), set()


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_is_graded_as_it_should(
    name, whole_class, record_property, monkeypatch, request
):
    answer = ANSWERS[name]
    course, graded = whole_class
    cell = answer.exercise.cell
    monkeypatch.chdir(course)
    if cell not in graded:
        graded.add(cell)
        bank_class.release(course, cell)
        wanted = {
            item.callspec.params.get("name")
            for item in request.session.items
            if item.function is request.function
        }
        for other in bank.read_answers(cell):
            if f"{cell}-{other}" in wanted:
                bank_class.hand_in(course, other)
        assert grade.run(cell, course=course, count=2, require_isolation=True) == 0
    judge(answer, bank_class.outcome(course, answer), record_property, "nbgrader")
