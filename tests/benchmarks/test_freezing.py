"""What is counted for the freeze explorer is what training does."""

import numpy as np
import pytest

from helpers import densenet
from tests.benchmarks import freezing


@pytest.fixture(scope="module")
def backbone():
    return freezing.build_backbone("CompactDenseNet")


def count(backbone, first):
    """Return the trained parameters and the kept activations."""
    freezing.freeze_below(backbone, first)
    head = densenet.build_head_alone(backbone.output_shape[1:])
    return freezing.count_trained(backbone, head), freezing.count_kept(backbone, head, first)


def test_the_head_alone_keeps_what_its_layers_need(backbone):
    channels = backbone.output_shape[-1]
    trained, kept = count(backbone, None)
    dense = channels * 256 + 256 + 256 * 10 + 10
    assert trained == 2 * channels + dense + 2 * 256
    # Inputs of both batch normalizations and both dense layers; ReLU gives the second one's input.
    assert kept == channels + channels + 256 + 256


def test_a_dense_layer_keeps_the_inputs_of_its_convolutions(backbone):
    """A stage more costs its layers: what comes in and the bottleneck, 64 wide, for each."""
    (_, all_of_it), (_, without) = count(backbone, "conv5"), count(backbone, None)
    inputs = [100, 116, 132, 148]
    relu_behind_the_block = backbone.output_shape[-1]
    assert all_of_it - without == sum(inputs) + 4 * 64 + relu_behind_the_block


def test_freezing_more_never_costs_more(backbone):
    counts = [count(backbone, first) for first in freezing.boundaries_of(backbone)]
    assert counts == sorted(counts, reverse=True)
    assert len({*counts}) == len(counts) == 9


@pytest.mark.slow
def test_measuring_a_boundary_trains_what_it_says(backbone, monkeypatch):
    monkeypatch.setattr(freezing, "REPETITIONS", 1)
    images = np.random.default_rng(0).random((64, 32, 32, 3), dtype=np.float32)
    before = backbone.get_weights()
    row = freezing.measure_boundary(backbone, "conv5", images, np.zeros(64, int))
    moved = {
        weight.path.split("_")[0]
        for weight, then in zip(backbone.weights, before, strict=True)
        if not np.array_equal(weight.numpy(), then)
    }
    assert moved == {"conv5"}
    assert row["first_trained"] == "conv5"
    assert row["epoch"] > 0 < row["epoch_from_stored"]
