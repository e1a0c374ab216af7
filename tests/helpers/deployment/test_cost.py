"""Costs: measured in fresh processes, and shown as a table and a figure that say the same."""

import numpy as np
import pytest

from helpers import deployment
from helpers.deployment import (
    Cost,
    CostTable,
    Latency,
    measure_costs,
    predict,
    show_costs,
    stopwatch,
)


def row(format, size, median, accuracy, memory=50_000_000):
    latency = {1: Latency(median, 2 * median, 30), 32: Latency(10 * median, 12 * median, 25)}
    return Cost(format, size, 0.5, 0.01, latency, memory, accuracy)


@pytest.fixture
def table():
    return CostTable(
        (row("keras", 800_000, 50.0, 0.9), row("litert_int8", 190_000, 0.08, 0.88, None)), 500, 1
    )


def test_real_costs_are_measured_for_each_artifact(artifacts, images, labels):
    chosen = {name: artifacts[name] for name in ("litert_float32", "litert_int8")}
    table = measure_costs(chosen, images, labels, repetitions=7, progress=False)
    assert [each.format for each in table.rows] == list(chosen)
    for each in table.rows:
        answers = predict.load_model(artifacts[each.format].folder)(images)
        assert each.accuracy == pytest.approx((answers.argmax(axis=1) == labels).mean())
        assert each.size == artifacts[each.format].size
        assert each.latency[1].calls == each.latency[32].calls == 7
        assert 0 < each.latency[1].median <= each.latency[1].p95
        assert each.latency[1].median < each.latency[32].median
        assert 20e6 < each.memory < 200e6
        assert 0 < each.load_seconds < 5
    assert "7 calls" in table.note


def test_what_is_called_is_a_fresh_process_of_the_artifact_alone(litert, images, labels):
    """A list of folders will do, and nothing is written into them."""
    measure_costs([litert.folder], images[:1], labels[:1], repetitions=1, progress=False)
    assert deployment.open_artifact(litert.folder) == litert


@pytest.mark.parametrize(
    ("given", "their_labels", "any_artifact", "repetitions", "told"),
    [
        (np.zeros((4, 32, 32, 3)), np.zeros(3), True, 5, "do not belong together"),
        (np.zeros((0, 32, 32, 3)), np.zeros(0), True, 5, "do not belong together"),
        (np.zeros((32, 32, 3)), np.zeros(32), True, 5, "do not belong together"),
        (np.zeros((4, 32, 32, 3)), np.zeros(4), False, 5, "no artifact to measure"),
        (np.zeros((4, 32, 32, 3)), np.zeros(4), True, 0, "at least one call"),
    ],
)
def test_what_cannot_be_measured_is_told(
    litert, given, their_labels, any_artifact, repetitions, told
):
    artifacts = [litert] if any_artifact else []
    with pytest.raises(ValueError, match=told):
        measure_costs(artifacts, given, their_labels, repetitions=repetitions)


def test_the_clock_starts_after_the_warm_up_and_counts_every_call():
    called = []
    taken = stopwatch.time_calls(called.append, "batch", repetitions=5, warm_up=3)
    assert (len(called), len(taken)) == (8, 5)


def test_a_slow_model_is_called_less_often_but_often_enough(monkeypatch):
    now = iter(range(0, 10_000, 7))
    monkeypatch.setattr(stopwatch.time, "perf_counter", lambda: next(now))
    assert len(stopwatch.time_calls(lambda _: None, None, repetitions=100, warm_up=0)) == 5


def test_the_table_has_a_row_for_each_artifact_and_says_how_it_was_measured(table):
    heading, keras, int8 = table.cells()
    assert heading[1:] == ["Size (MB)", "Runtime (s)", "Load (s)", "Batch 1 (ms)", "Batch 32 (ms)",
                           "Memory (MB)", "Accuracy"]  # fmt: skip
    assert keras == ["Keras file", "0.80", "0.5", "0.01", "50.0 / 100", "500 / 600", "50", "90.0%"]
    assert int8[-2:] == ["unknown", "88.0%"]
    for words in ("1 thread", "25 to 30 calls after 10 for warming up", "500 images",
                  "95th percentile"):  # fmt: skip
        assert words in table.note
        assert words in str(table)
        assert words in table._repr_html_()
    assert table._repr_html_().count("<tr>") == 3


def test_the_figure_names_the_winners_and_all_numbers(table):
    figure = show_costs(table, caption="toy data")
    for words in ("Fastest and smallest: LiteRT int8", "Keras file 50.0 ms, 90.0%, 0.80 MB",
                  "batch 1"):  # fmt: skip
        assert words in figure.alt
    areas = [disc.get_sizes()[0] for disc in figure.axes[0].collections]
    assert areas[0] / areas[1] == pytest.approx(800 / 190)
    assert figure.get_supxlabel() == "toy data, 500 images"
    assert "batch 32" in show_costs(table, batch=32).alt


def test_small_differences_of_accuracy_are_not_blown_up(table):
    low, high = show_costs(table).axes[0].get_ylim()
    assert high - low >= 10
