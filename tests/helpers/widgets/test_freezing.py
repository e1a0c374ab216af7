"""The freeze explorer shows the real backbone, and what was recorded for each boundary."""

from dataclasses import replace

import pytest

from helpers import densenet, profiles, widgets
from helpers.widgets.freezing import BARS, FROZEN, TRAINED, load_record
from tests.benchmarks import freezing as benchmark


@pytest.fixture(scope="module")
def record():
    return load_record()


@pytest.fixture
def explorer():
    return widgets.freezing_explorer("grade")


def colours(explorer):
    from matplotlib.colors import to_hex

    return [to_hex(part.get_facecolor()).upper() for part in explorer._parts]


def compare_with_the_real_one(record, name):
    """Compare the recorded counts with those of the backbone."""
    backbone = benchmark.build_backbone(name)
    recorded = record["backbones"][name]
    assert recorded["blocks"] == benchmark.describe(backbone)
    firsts = benchmark.boundaries_of(backbone)
    assert [row["first_trained"] for row in recorded["boundaries"]] == firsts
    for first, row in zip(firsts, recorded["boundaries"], strict=True):
        benchmark.freeze_below(backbone, first)
        head = densenet.build_head_alone(backbone.output_shape[1:])
        assert row["trained_parameters"] == benchmark.count_trained(backbone, head)
        assert row["kept_activations"] == benchmark.count_kept(backbone, head, first)
    assert recorded["parameters"] == backbone.count_params() + head.count_params()


def test_the_record_says_where_it_comes_from_and_how_it_was_measured(record):
    assert record["origin"]["command"] == "python -m tests.benchmarks.freezing --out FILE.json"
    assert {"versions", "date", "data", "time", "activations"} <= set(record["origin"])


@pytest.mark.parametrize(
    "name", ["CompactDenseNet", pytest.param("DenseNet201", marks=pytest.mark.slow)]
)
def test_the_record_is_that_of_the_real_backbone(record, name):
    compare_with_the_real_one(record, name)


def test_the_backbone_of_the_profile_is_shown():
    explorer = widgets.freezing_explorer(profiles.PROFILES["full"])
    assert explorer.figure.alt.startswith("DenseNet201, ")
    assert "of 18,825,034 parameters" in explorer.figure.alt


def test_a_backbone_that_nobody_measured_is_shown_by_one_that_was():
    other = replace(profiles.PROFILES["full"], backbone="Other")
    explorer = widgets.freezing_explorer(other)
    assert "CompactDenseNet" in explorer.figure.alt
    assert "Other" not in explorer.figure.alt


@pytest.mark.parametrize("name", ["CompactDenseNet", "DenseNet201"])
def test_freezing_saves_and_storing_saves_more(record, name):
    rows = record["backbones"][name]["boundaries"]
    assert rows[0]["epoch"] == rows[0]["epoch_from_stored"] == 1.0
    head_alone, last_block = rows[-1], rows[-2]
    assert 0.2 < head_alone["epoch"] < 0.6
    assert head_alone["epoch_from_stored"] < head_alone["epoch"] / 3
    assert last_block["epoch_from_stored"] < last_block["epoch"]


def test_the_slider_moves_the_boundary_between_frozen_and_trained(explorer, record):
    slider = explorer.controls["frozen"]
    slider.label = "up to dense block 2"
    assert colours(explorer) == [FROZEN] * 4 + [TRAINED] * 5
    row = record["backbones"]["CompactDenseNet"]["boundaries"][4]
    assert [bar.get_width() for bar in explorer._bars] == pytest.approx(
        [
            100 * row[key] / whole
            for key, whole in zip(BARS, (431_186, 1.0, 1.0, 75_772), strict=True)
        ]
    )
    assert f"{row['trained_parameters']:,} of 449,290 parameters" in explorer.figure.alt
    assert "up to dense block 2 frozen (trained from pool3 on)" in explorer.figure.alt
    slider.label = "nothing"
    assert {*colours(explorer)} == {TRAINED}
    slider.label = "whole backbone"
    assert colours(explorer) == [FROZEN] * 8 + [TRAINED]


def test_a_boundary_can_be_chosen_at_the_start():
    whole = widgets.freezing_explorer("grade", frozen=8)
    assert whole.figure.alt.startswith("CompactDenseNet, whole backbone frozen: ")
    assert whole.controls["frozen"].value == 8


def test_more_parts_than_there_are_are_refused():
    with pytest.raises(ValueError, match="frozen is 9, but there are 8 parts"):
        widgets.freezing_explorer("grade", frozen=9)
