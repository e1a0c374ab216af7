"""The recorded costs, proofs and requests: whole, and what the notebook says of them."""

import json
import re
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from helpers.deployment import FORMATS
from helpers.paths import course_root

from . import service

RESULTS = Path(__file__).parent / "results"
COSTS = json.loads((RESULTS / "deployment.json").read_text(encoding="utf-8"))
REQUESTS = json.loads((RESULTS / "service.json").read_text(encoding="utf-8"))
PAIRS = ("embedded", "real")


@pytest.mark.parametrize("pair", PAIRS)
def test_all_formats_were_measured_and_the_exact_ones_are_equal(pair):
    record = COSTS[pair]
    assert set(record["costs"]) == set(record["equality"]) == set(FORMATS)
    exact = {name for name, found in record["equality"].items() if found["equal"]}
    assert exact == {"keras", "saved_model", "litert_float32"}
    for row in record["costs"].values():
        assert row["batch_1"]["calls"] == row["batch_32"]["calls"] == 100
        assert row["batch_1"]["times_as_fast_as_predict"] > 0
    assert {"command", "model", "data", "versions", "runtimes"} <= set(record["origin"])


@pytest.mark.parametrize("pair", PAIRS)
def test_of_a_thousand_requests_none_was_lost_or_wrong(pair):
    record = REQUESTS[pair]
    assert (record["requests"], record["clients"]) == (1_000, 16)
    for row in record["formats"].values():
        assert (row["answered"], row["wrong"]) == (1_000, 0)
        assert 0 < row["median_ms"] < row["p95_ms"] <= row["longest_ms"]


def test_the_notebook_tells_the_recorded_numbers():
    text = (course_root() / "solutions/deployment/deployment.py").read_text(encoding="utf-8")
    told = " ".join(re.sub(r"^# ?", "", text, flags=re.MULTILINE).split())
    plain = COSTS["real"]["saved_model_of_plain_keras_export"]
    before, after = plain["accuracy"]
    assert f"{before:.1%} before, {after:.1%} after" in told
    assert f"for {1 - plain['same_top_class']:.1%} of them it named another class" in told
    assert f"Accuracy on {COSTS['real']['images']:,} images" in told
    latency = {name: row["batch_1"]["median_ms"] for name, row in COSTS["real"]["costs"].items()}
    assert "took longer with the dynamic range than with 32 bits" in told
    assert latency["litert_dynamic"] > 1.2 * latency["litert_float32"]


def test_requests_are_summarized_by_what_they_took_and_who_was_lost():
    answers = [
        SimpleNamespace(status_code=200, elapsed=timedelta(milliseconds=number))
        for number in range(1, 100)
    ] + [SimpleNamespace(status_code=503, elapsed=timedelta(milliseconds=100))]
    found = service.summarize(answers, seconds=2.0)
    assert (found["answered"], found["requests_a_second"]) == (99, 50)
    assert (found["median_ms"], found["longest_ms"]) == (50.5, 100.0)
    assert 95 <= found["p95_ms"] <= 97


def test_an_answer_that_is_not_the_models_is_counted():
    expected = np.array([[0.9, 0.1], [0.3, 0.7]])

    def answer(first, second):
        classes = [{"name": "b", "probability": second}, {"name": "a", "probability": first}]
        return SimpleNamespace(json=lambda: {"classes": classes})

    answers = [answer(0.9, 0.1), answer(0.3, 0.7), answer(0.9, 0.1), answer(0.7, 0.3)]
    assert service.count_wrong(answers, expected, ("a", "b")) == 1
    assert service.count_wrong(answers[::-1], expected, ("a", "b")) == 4
