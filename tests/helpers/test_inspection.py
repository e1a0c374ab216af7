"""What the figures say of a backbone is what is in it."""

import re

import keras
import numpy as np
import pytest

from helpers import data, densenet, figures, inspection


@pytest.fixture(scope="module")
def splits():
    return data.load_splits("grade")


@pytest.fixture(scope="module")
def pretrained():
    return densenet.build_backbone("grade")


@pytest.fixture
def backbone(pretrained):
    """The pretrained backbone, which a test may change."""
    before = pretrained.get_weights()
    yield pretrained
    pretrained.set_weights(before)
    pretrained.trainable = True


@pytest.fixture(scope="module")
def preprocessing():
    return densenet.build_preprocessing("grade")


@pytest.fixture(scope="module")
def neighbours(pretrained, preprocessing, splits):
    """The figure of the neighbours: three images with two neighbours in each space."""
    before = pretrained.get_weights()
    figure = inspection.show_neighbours(
        pretrained, preprocessing, splits, rows=3, neighbours=2, queries=60, candidates=400
    )
    for now, then in zip(pretrained.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
    return figure


def titles(figure):
    return [axes.get_title() for axes in figure.axes if axes.get_title()]


def test_blocks_hold_every_layer_once_in_order(backbone):
    blocks = inspection.blocks_of(backbone)
    assert [layer for block in blocks for layer in block.layers] == backbone.layers
    assert [block.name for block in blocks][:3] == ["stem", "dense block 1", "transition 1"]
    assert [block.prefix for block in blocks] == (
        ["conv1", "conv2", "pool2", "conv3", "pool3", "conv4", "pool4", "conv5"]
    )
    assert blocks[-1].layers[-1].name == "relu"


def test_a_block_is_what_unfreezing_from_it_begins_with(backbone):
    for block in inspection.blocks_of(backbone)[1:]:
        densenet.unfreeze_backbone(backbone, from_block=block.prefix)
        first = next(layer for layer in backbone.layers if layer.trainable)
        assert first in block.layers


def test_the_model_around_a_backbone_is_refused(backbone, preprocessing):
    model = densenet.join(preprocessing, backbone)
    with pytest.raises(ValueError, match="not the model around it"):
        inspection.blocks_of(model)


def test_the_drawing_of_the_blocks_has_the_channels_of_the_layers(backbone):
    figure = inspection.show_dense_block(backbone, caption="a caption")
    _, axes = figure.axes
    drawn = np.concatenate([line.get_ydata() for line in axes.lines if line.get_marker() == "o"])
    counted = [
        layer.output.shape[-1]
        for layer in backbone.layers
        if layer.name == "pool1" or layer.name.endswith(("_concat", "_pool"))
    ]
    assert list(drawn) == counted
    assert "dense block 1 takes 32 channels to 96; transition 1 halves them to 48" in figure.alt
    assert "adds 16 channels" in figure.alt
    assert figures.to_png(figure)


def test_neighbours_are_the_nearest_by_angle():
    features = np.array([[1.0, 0.0], [10.0, 1.0], [0.0, 1.0], [-1.0, 0.0]])
    labels = np.array([3, 3, 5, 3])
    found = inspection._find_neighbours(features, np.array([[2.0, 0.0]]), labels, np.array([3]), 3)
    np.testing.assert_array_equal(found.rows, [[0, 1, 2]])
    assert found.share == pytest.approx(2 / 3)


def test_pretrained_features_find_the_class_and_random_ones_hardly(neighbours, splits):
    title = neighbours.get_suptitle()
    random, pretrained = map(int, re.findall(r"(\d+) %", title))
    assert pretrained > random + 25
    assert f"{random} % with random weights and {pretrained} % pretrained" in neighbours.alt
    assert splits.caption in neighbours.alt


def test_a_row_begins_with_a_validation_image_and_frames_mark_its_class(neighbours, splits):
    rows = np.array([axes for axes in neighbours.axes if axes.images]).reshape(3, 1 + 2 * 2)
    images, labels = next(iter(splits.validation))
    assert len({row[0].get_title() for row in rows}) == 3
    np.testing.assert_array_equal(rows[0, 0].images[0].get_array(), images[0])
    assert rows[0, 0].get_title() == splits.class_names[int(np.argmax(labels[0]))]
    for first, *others in rows:
        for axes in others:
            same = axes.get_title() == first.get_title()
            assert axes.spines["left"].get_visible() is same


def test_a_twin_has_random_weights_and_batch_normalization_that_fits_the_images(
    backbone, preprocessing, splits
):
    images = preprocessing(inspection._first_train_images(splits, 64)[0])
    backbone.trainable = False
    twin = inspection.untrained_twin(backbone, images)
    last = keras.Model(twin.input, twin.get_layer("bn").output)
    features = np.asarray(last(images, training=False)).reshape(64, -1)
    np.testing.assert_allclose(features.mean(axis=0), 0.0, atol=1e-3)
    np.testing.assert_allclose(features.std(axis=0), 1.0, atol=1e-2)
    (kernel, pretrained) = (network.get_layer("conv1_conv").kernel for network in (twin, backbone))
    assert np.abs(kernel.numpy() - pretrained.numpy()).mean() > 0.05
    again = inspection.untrained_twin(backbone, images)
    np.testing.assert_array_equal(again.get_layer("conv1_conv").kernel, kernel)


def test_moved_weights_are_told_by_block(backbone):
    before = backbone.get_weights()
    convolution = backbone.get_layer("conv5_block2_1_conv")
    convolution.kernel.assign(1.5 * convolution.kernel.numpy())
    changes = inspection.relative_changes(backbone, before)
    sizes = [
        np.sum(layer.kernel.numpy() ** 2)
        for layer in backbone.layers
        if layer.name.startswith("conv5") and layer.name.endswith("conv") and layer != convolution
    ]
    old = np.sum((convolution.kernel.numpy() / 1.5) ** 2)
    assert changes.pop("dense block 4 (conv5)") == pytest.approx(
        0.5 * np.sqrt(old / (old + sum(sizes))), rel=1e-4
    )
    assert {*changes.values()} == {0.0}
    figure = inspection.show_moved_weights(backbone, before, caption="a caption")
    assert titles(figure)[0].startswith("Moved most: dense block 4 (conv5), by ")
    assert "Batch normalization: held still" in figure.alt
    assert figure.alt.endswith("a caption")


def test_weights_that_stayed_are_called_so_and_statistics_that_moved_too(backbone):
    before = backbone.get_weights()
    normalization = backbone.get_layer("conv3_block1_0_bn")
    normalization.moving_mean.assign(normalization.moving_mean.numpy() + 0.1)
    figure = inspection.show_moved_weights(backbone, before)
    assert titles(figure) == [
        "No filter moved: frozen, or not compiled again\nBatch normalization: changed in 1 layer"
    ]


def test_weights_of_another_network_are_refused(backbone):
    with pytest.raises(ValueError, match=r"before = backbone\.get_weights\(\)"):
        inspection.show_moved_weights(backbone, backbone.get_weights()[1:])
