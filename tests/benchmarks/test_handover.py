"""The record of how models come back, and what the code says of it."""

import json
from pathlib import Path

from helpers.checks import handover

WAYS = json.loads(
    (Path(__file__).parent / "results" / "handover.json").read_text(encoding="utf-8")
)["ways"]


def test_every_right_model_comes_back_from_what_is_handed_over():
    assert WAYS["saved_model"]["came back right"] == WAYS["saved_model"]["models"]
    assert WAYS["saved_model"]["models"] == WAYS["keras"]["models"] >= 60


def test_the_numbers_that_are_told_are_those_that_were_measured():
    told = " ".join(handover.__doc__.split())
    keras, saved_model = WAYS["keras"], WAYS["saved_model"]
    assert f"Of the {keras['models']} right models of the bank, {keras['came back right']}" in told
    assert f"safe mode, and {saved_model['came back right']} from a SavedModel" in told
    assert keras["seconds to save"] < saved_model["seconds to save"]
    assert keras["seconds to open"] > saved_model["seconds to open"]
