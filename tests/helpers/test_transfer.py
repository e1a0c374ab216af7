"""The recorded accuracies of transfer hold what the notebook says of them."""

import statistics

import pytest

from helpers import figures, transfer
from helpers.transfer import Point, load_record, recorded_points

FEW, SOME, ALL = 500, 5_000, 45_000


@pytest.fixture(scope="module")
def record():
    return load_record()


def mean_at(record, way, pixels, count):
    (point,) = (one for one in recorded_points(record, way, pixels) if one.labels == count)
    return point.mean


def test_the_record_says_where_it_comes_from(record):
    assert record["origin"]["command"].startswith("python -m tests.benchmarks.transfer ")
    assert {"versions", "date"} <= set(record["origin"])
    assert record["settings"]["data_set"] == "CIFAR-10"
    assert record["settings"]["backbone"] == "MobileNetV2 0.35"


def test_every_point_has_three_seeds_or_more(record):
    for result in record["results"]:
        assert len(result["accuracy"]) >= 3, result
    ways = {"scratch": (32,), "frozen": (32, 96, 224), "fine_tuned": (32, 96)}
    for way, sizes in ways.items():
        for pixels in sizes:
            counts = [point.labels for point in recorded_points(record, way, pixels)]
            assert counts == [FEW, SOME, ALL]


def test_at_32_pixels_frozen_loses_with_every_number_of_labels(record):
    for count in (FEW, SOME, ALL):
        scratch, frozen = (mean_at(record, way, 32, count) for way in ("scratch", "frozen"))
        assert scratch > frozen + 10


def test_at_96_pixels_frozen_wins_when_labels_are_few(record):
    scratch = mean_at(record, "scratch", 32, FEW)
    assert mean_at(record, "frozen", 96, FEW) > scratch + 15
    assert mean_at(record, "fine_tuned", 96, FEW) > scratch + 15


def test_each_step_to_larger_images_brings_less(record):
    for count in (FEW, SOME, ALL):
        by_size = [mean_at(record, "frozen", pixels, count) for pixels in (32, 96, 224)]
        first, second = by_size[1] - by_size[0], by_size[2] - by_size[1]
        assert 0 < second < first


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


def test_the_six_ways_are_drawn_with_their_numbers(record):
    figure = transfer.show_ways()
    (axes,) = figure.axes
    names = [text.get_text() for text in axes.get_yticklabels()]
    ways = ("scratch", "frozen", "top_block", "fine_tuned", "moving", "rate_too_high")
    expected = [mean_at(record, way, 32 if way == "scratch" else 96, FEW) for way in ways]
    assert [bar.get_width() for bar in axes.patches] == expected
    for name, mean in zip(names, expected, strict=True):
        assert f"{name} {mean:.1f} ± " in figure.alt
    assert f"Best: {names[expected.index(max(expected))]}." in axes.get_title()
    assert figure.get_supxlabel().endswith("recorded, 5 seeds")
    assert figures.to_png(figure)
