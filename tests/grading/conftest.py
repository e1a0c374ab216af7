import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from types import ModuleType

import pytest

from tests.grading import bank, bank_table, stand_ins

HOURS = (pytest.mark.slow, pytest.mark.exhaustive)
SEEDS = [0, *(pytest.param(seed, marks=HOURS) for seed in range(1, 10))]


def pytest_generate_tests(metafunc):
    """A module of the bank names its exercises in CELLS; `answer` becomes each of their answers.

    Where they take long, a module takes only the right or the wrong ones, as RIGHT says: modules
    run side by side.
    """
    if "answer" in metafunc.fixturenames and hasattr(metafunc.module, "CELLS"):
        answers = [one for cell in metafunc.module.CELLS for one in bank.read_answers(cell)]
        half = getattr(metafunc.module, "RIGHT", None)
        answers = [one for one in answers if half in (None, one.right)]
        ids = [f"{one.exercise.cell}-{one}" for one in answers]
        metafunc.parametrize("answer", answers, ids=ids)
        metafunc.parametrize("seed", SEEDS, scope="module")


@pytest.fixture(scope="module")
def run_answer(tmp_path_factory):
    """Run an answer and its check in this process, with a seed, and return what came of it."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        stand_ins.put_in(monkeypatch, tmp_path_factory.mktemp("stand-ins"))
        yield stand_ins.run


@pytest.fixture(scope="module")
def run_answer_with_its_seed(seed, request, tmp_path_factory):
    """Run an answer and its check: with the first seed here, with another in its own process.

    TensorFlow keeps something of every function that it traced. One process for all seeds had
    filled 17 GB before it came to their end.
    """
    if seed == 0:
        yield request.getfixturevalue("run_answer")
        return
    folder = tmp_path_factory.mktemp("stand-ins")
    spawn = multiprocessing.get_context("spawn")
    begin = (stand_ins.put_in, (pytest.MonkeyPatch(), folder))
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        ProcessPoolExecutor(1, spawn, *begin) as process,
    ):
        # IPython's main module, which examining answers here leaves, is none that can be spawned.
        monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
        yield lambda answer, seed: process.submit(stand_ins.run, answer, seed).result()


@pytest.fixture
def grade_in_process(run_answer_with_its_seed, record_property):
    """Run an answer of the bank and its check, and complain unless it gets what it should."""

    def grade(answer, seed):
        outcome = run_answer_with_its_seed(answer, seed)
        mistake = bank.wrongly_graded(answer, outcome)
        record_property(
            bank_table.PROPERTY,
            (answer.exercise.cell, "right" if answer.right else "wrong", mistake),
        )
        assert not mistake, f"{mistake}: expected {answer}, got {outcome}"

    return grade
