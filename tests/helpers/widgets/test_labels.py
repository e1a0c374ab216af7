"""The figure shows the accuracies that were recorded, and says who leads."""

import pytest

from helpers import widgets
from helpers.transfer import Point, load_record, recorded_points
from helpers.widgets import labels


@pytest.fixture(scope="module")
def record():
    return load_record()


@pytest.fixture
def explorer():
    return widgets.labels_explorer()


def test_the_figure_draws_the_points_and_their_spread(explorer, record):
    explorer.controls["pixels"].value = 96
    points = recorded_points(record, "frozen", 96)
    curve = explorer._curves["frozen"]
    assert list(curve.get_xdata()) == [point.labels for point in points]
    assert list(curve.get_ydata()) == [point.mean for point in points]
    for bar, point in zip(explorer._bars["frozen"].get_segments(), points, strict=True):
        assert bar[:, 1] == pytest.approx([point.mean - point.spread, point.mean + point.spread])
    others = recorded_points(record, "frozen", 32)
    assert list(explorer._others["frozen"][0].get_ydata()) == [point.mean for point in others]


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


def test_a_point_of_one_seed_is_called_so():
    points = {"scratch": Point(500, 40.0, 0.0, 1), "frozen": Point(500, 50.0, 1.0, 3)}
    told = labels._in_words(500, points, labels._leaders(points))
    assert told.endswith(": frozen 50.0 %, from scratch 40.0 % (one seed).")


def test_a_size_that_was_not_recorded_is_refused():
    with pytest.raises(ValueError, match=r"pixels is 64\. Recorded were \[32, 96, 224\]"):
        widgets.labels_explorer(64)
