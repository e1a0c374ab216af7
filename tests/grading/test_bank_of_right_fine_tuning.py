"""Every answer gets the points and the findings that the bank says."""

import pytest

from tests.grading import bank, stand_ins

CELLS = ("fine_tuning_cell",)
RIGHT = True


def test_an_answer_is_graded_as_it_should(answer, seed, grade_in_process):
    grade_in_process(answer, seed)


@pytest.mark.slow
def test_a_remembered_head_changes_nothing_of_what_comes_after(run_answer):
    (asked,) = (one for one in bank.read_answers(*CELLS) if one.name == "as_asked")
    stand_ins.HEADS.clear()
    after = []
    for _ in range(2):
        run_answer(asked, 0)
        names = bank.names_of_the_notebook()
        after.append((names["history"].curves, names["head"].get_weights()[0].tolist()))
    assert after[0] == after[1]
    assert len(stand_ins.HEADS) == 1
