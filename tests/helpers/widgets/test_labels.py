"""The recorded accuracies of transfer, and what the figure makes of them."""

import statistics

import pytest

from helpers import widgets
from helpers.widgets import labels
from helpers.widgets.labels import Point, load_record, recorded_points

FEW, SOME, ALL = 500, 5_000, 45_000


@pytest.fixture(scope="module")
def record():
    return load_record()


@pytest.fixture
def explorer():
    return widgets.labels_explorer()


def mean_at(record, way, pixels, count):
    (point,) = (one for one in recorded_points(record, way, pixels) if one.labels == count)
    return point.mean


def test_the_record_says_where_it_comes_from(record):
    assert record["origin"]["command"].startswith("python -m tests.benchmarks.transfer ")
    assert {"versions", "date"} <= set(record["origin"])
    assert record["settings"]["data_set"] == "CIFAR-10"
    assert record["settings"]["backbone"] == "MobileNetV2 0.35"


def test_every_point_has_three_seeds_or_more(record):
    assert all(len(result["accuracy"]) >= 3 for result in record["results"])
    for way, pixels in (("scratch", 32), ("frozen", 32), ("frozen", 96), ("fine_tuned", 96)):
        counts = [point.labels for point in recorded_points(record, way, pixels)]
        assert counts[:2] == [FEW, SOME]


def test_at_32_pixels_frozen_loses_with_every_number_of_labels(record):
    for count in (FEW, SOME, ALL):
        scratch, frozen = (mean_at(record, way, 32, count) for way in ("scratch", "frozen"))
        assert scratch > frozen + 10


def test_at_96_pixels_frozen_wins_when_labels_are_few(record):
    scratch = mean_at(record, "scratch", 32, FEW)
    assert mean_at(record, "frozen", 96, FEW) > scratch + 15
    assert mean_at(record, "fine_tuned", 96, FEW) > scratch + 15


def test_a_rate_that_is_too_high_destroys_what_was_learned(record):
    assert mean_at(record, "rate_too_high", 96, FEW) < mean_at(record, "frozen", 96, FEW) - 10


def test_points_are_means_and_standard_deviations_in_per_cent():
    results = [
        {"way": "frozen", "pixels": 32, "labels": 5, "accuracy": {"0": 0.5, "1": 0.6}},
        {"way": "frozen", "pixels": 32, "labels": 2, "accuracy": {"0": 0.25}},
        {"way": "frozen", "pixels": 96, "labels": 2, "accuracy": {"0": 0.75}},
    ]
    few, more = recorded_points({"results": results}, "frozen", 32)
    assert few == Point(2, 25.0, 0.0, 1)
    assert more == pytest.approx((5, 55.0, statistics.stdev([50, 60]), 2))


def test_the_figure_draws_the_points_and_their_spread(explorer, record):
    explorer.controls["pixels"].value = 96
    points = recorded_points(record, "frozen", 96)
    curve = explorer._curves["frozen"]
    assert list(curve.get_xdata()) == [point.labels for point in points]
    assert list(curve.get_ydata()) == [point.mean for point in points]
    for bar, point in zip(explorer._bars["frozen"].get_segments(), points, strict=True):
        assert bar[:, 1] == pytest.approx([point.mean - point.spread, point.mean + point.spread])
    others = recorded_points(record, "frozen", 32)
    assert list(explorer._others["frozen"].get_ydata()) == [point.mean for point in others]


def test_from_scratch_is_the_same_for_every_input_size(explorer):
    before = list(explorer._curves["scratch"].get_ydata())
    explorer.controls["pixels"].value = 96
    assert list(explorer._curves["scratch"].get_ydata()) == before


def test_a_way_that_is_not_chosen_is_neither_drawn_nor_told(explorer):
    explorer.controls["fine_tuned"].value = False
    assert len(explorer._curves["fine_tuned"].get_xdata()) == 0
    assert "fine-tuned" not in explorer.figure.alt
    for way in ("scratch", "frozen"):
        explorer.controls[way].value = False
    assert explorer.figure.alt == "No way is shown. Choose at least one."


def test_backbone_data_set_and_seeds_are_named(explorer):
    for words in (explorer.figure.alt, explorer.figure.get_supxlabel()):
        assert "CIFAR-10, MobileNetV2 0.35 with ImageNet weights, recorded, 3 to 5 seeds" in words
    (legend,) = explorer.figure.legends
    named = [text.get_text() for text in legend.get_texts()]
    assert "frozen MobileNetV2 0.35 with ImageNet weights" in named


@pytest.mark.parametrize(
    ("frozen", "told"),
    [
        (50.0, "With 500 labels frozen leads by 10.0 points: frozen 50.0 %, from scratch 40.0 %."),
        (41.0, "With 500 labels frozen and from scratch are level: frozen 41.0 %, from scratch"),
        (30.0, "With 500 labels from scratch leads by 10.0 points: from scratch 40.0 %, frozen"),
    ],
)
def test_a_lead_counts_from_the_spread_of_the_seeds_on(frozen, told):
    points = {"scratch": Point(500, 40.0, 2.0, 3), "frozen": Point(500, frozen, 1.0, 3)}
    leaders = labels._leaders(points)
    assert labels._in_words(500, points, leaders).startswith(told)


def test_a_size_that_was_not_recorded_is_refused():
    with pytest.raises(ValueError, match=r"pixels is 64\. Recorded were \[32, 96\]"):
        widgets.labels_explorer(64)
