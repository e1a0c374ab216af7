"""The record of what features that are computed once save: every bar of the course holds."""

import json
from pathlib import Path

import pytest

from tests.benchmarks import features

RECORD = json.loads(
    (Path(features.__file__).parent / "results" / "features.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", features.BARS)
def test_every_bar_was_measured_and_holds(name):
    (ratio,) = [row["ratios"][name] for row in RECORD["rows"].values() if name in row["ratios"]]
    _, holds = features.BARS[name]
    assert holds(ratio)


def test_a_bar_that_does_not_hold_is_called_so():
    name = "head, 10 epochs: times as fast as through the frozen backbone"
    table = features.table({"rows": {"head": {"ratios": {name: 9.9}}}})
    assert "**does not hold**" in table


def test_features_give_the_loss_of_the_usual_loop():
    for row in ("head", "block"):
        losses = RECORD["rows"][row]["loss after an epoch in the same order"]
        assert abs(losses["difference"]) <= features.SAME_LOSS
