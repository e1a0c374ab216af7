"""What may be called a history, and what it is worth. Whose history it is, the bank asks."""

from types import SimpleNamespace

import pytest

from helpers import checks
from helpers.checks import histories
from helpers.checks.handover import describe_history

CURVES = {"loss": [2.0, 1.0], "accuracy": [0.2, 0.5], "val_loss": [2.1, 1.2]}


def findings(history, phases):
    artifact = SimpleNamespace(facts=describe_history(history))
    return [
        each.id for each in histories.history_findings(artifact, None, phases, "check_training")
    ]


@pytest.mark.parametrize("history", [None, "history", 3, [0.5], {"loss": "low"}])
def test_what_is_no_history_is_not_kept(history):
    assert findings(history, (2,)) == ["history-not-kept"]


@pytest.mark.parametrize("history", [{}, {1: [2.0]}, CURVES, CURVES | {"val_accuracy": []}])
def test_a_curve_that_is_missing_or_empty_makes_it_incomplete(history):
    assert findings(history, (2,)) == ["history-incomplete"]


@pytest.mark.parametrize("phases", [(1,), (3,), (2, 2)])
def test_its_epochs_are_those_of_all_phases(phases):
    assert findings(CURVES | {"val_accuracy": [0.2, 0.4]}, phases) == ["history-epochs"]


def test_it_is_worth_a_fifth_of_its_exercise_at_most():
    """It is words, and anybody can write them."""
    shares = {
        check: criterion.points / sum(each.points for each in looked_at)
        for check, looked_at in checks.criteria().items()
        for criterion in looked_at
        if criterion.name == "history"
    }
    assert set(shares) == {"check_training", "check_fine_tuning"}
    assert all(share <= 1 / 5 for share in shares.values())
