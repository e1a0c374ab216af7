"""Mutants of the solutions lose points, or there is a reason why they need not."""

import tomllib

import pytest

from tests.grading import bank, mutants

SURVIVORS = bank.ANSWERS / "survivors.toml"


def test_every_kind_of_slip_is_made_once_at_each_place():
    made = mutants.mutants("model.fit(splits.train, epochs=3)\nright = a <= b and fast")
    assert made["model.fit: .train -> .validation"].startswith("model.fit(splits.validation,")
    assert made["model.fit: without `epochs=3`"].startswith("model.fit(splits.train)")
    assert made["epochs=: 3 -> 4"].startswith("model.fit(splits.train, epochs=4)")
    assert made["`a <= b`: LtE -> GtE"].endswith("a >= b and fast")
    assert made["`a <= b and fast`: And -> Or"].endswith("a <= b or fast")
    assert made["without `right = a <= b and fast`"] == "model.fit(splits.train, epochs=3)"
    assert len(set(made.values())) == len(made)


@pytest.fixture(scope="module")
def explained():
    """By cell and mutant, the group that says why it is right that it loses no point."""
    told = tomllib.loads(SURVIVORS.read_text(encoding="utf-8"))
    return {
        (cell, mutant): group
        for cell, groups in told.items()
        for group in groups
        for mutant in group["mutants"]
    }


def test_each_explanation_is_of_a_mutant_that_there_is(explained):
    for (cell, mutant), group in explained.items():
        assert mutant in mutants.mutants(bank.solved_source(cell)), (cell, mutant)
        assert group["why"]


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("cell", bank.EXERCISES)
def test_every_mutant_that_loses_no_point_is_explained_and_no_other(cell, explained, run_answer):
    survived = {
        name
        for name, source in mutants.mutants(bank.solved_source(cell)).items()
        if not run_answer(bank.Answer(bank.EXERCISES[cell], name, False, source, ""), 0).loses
    }
    here = {mutant: group for (where, mutant), group in explained.items() if where == cell}
    certain = {mutant for mutant, group in here.items() if not group.get("sometimes")}
    assert survived <= set(here)
    assert certain <= survived
