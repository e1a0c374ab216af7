"""Every answer gets the points and the findings that the bank says."""

CELLS = ("fine_tuning_cell",)
RIGHT = True


def test_an_answer_is_graded_as_it_should(answer, seed, grade_in_process):
    grade_in_process(answer, seed)
