import gc
import itertools
import random

import pytest

from helpers.checks.state import unoptimized_graphs
from tests.grading import bank, bank_table, stand_ins

ANSWERS_RUN = itertools.count()
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
        metafunc.parametrize("seed", SEEDS)


@pytest.fixture(scope="module")
def _stand_ins(tmp_path_factory):
    with pytest.MonkeyPatch.context() as monkeypatch:
        stand_ins.put_in(monkeypatch, tmp_path_factory.mktemp("stand-ins"))
        # Of small graphs that run a few times, optimizing takes longer than it saves.
        with unoptimized_graphs():
            yield


@pytest.fixture
def run_answer(_stand_ins, tmp_path, monkeypatch):
    """Run an answer and its check with a seed, and return what came of it."""
    import keras

    monkeypatch.chdir(tmp_path)

    def run(answer, seed):
        random.seed(seed)
        keras.utils.set_random_seed(seed)
        try:
            return bank.examine(answer, stand_ins.earlier())
        finally:  # an answer may have changed what holds for all of Keras
            keras.config.set_dtype_policy("float32")
            keras.backend.clear_session()

    yield run
    # TensorFlow keeps something of every function it traced. Python need not look through all that
    # after each answer for what can be thrown away, which took longer than the answers: now and
    # then is enough.
    bank.names_of_the_notebook().clear()
    if next(ANSWERS_RUN) % 10 == 9:
        gc.unfreeze()
    gc.collect()
    gc.freeze()


@pytest.fixture
def grade_in_process(run_answer, record_property):
    """Run an answer of the bank and its check, and complain unless it gets what it should."""

    def grade(answer, seed):
        outcome = run_answer(answer, seed)
        mistake = bank.wrongly_graded(answer, outcome)
        record_property(
            bank_table.PROPERTY,
            (answer.exercise.cell, "right" if answer.right else "wrong", mistake),
        )
        assert not mistake, f"{mistake}: expected {answer}, got {outcome}"

    return grade
