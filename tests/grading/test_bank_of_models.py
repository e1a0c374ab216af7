"""Every answer gets the points and the findings that the bank says."""

from tests.grading import bank

CELLS = (
    "model_cell",
    "training_cell",
)


def test_an_answer_is_graded_as_it_should(answer, seed, grade_in_process):
    grade_in_process(answer, seed)


def test_dropout_that_was_lucky_at_first_is_no_reason_to_lose_a_point(run_answer):
    """Twelve steps, lowering it for other draws than it was measured with, had taken it up."""
    (asked,) = (one for one in bank.read_answers("model_cell") if str(one) == "right-subclassed")
    assert run_answer(asked, 5).loses == 0
