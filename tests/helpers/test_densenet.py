"""The backbone, its preprocessing, the head, and freezing and unfreezing."""

import numpy as np
import pytest

from helpers import densenet, profiles
from helpers.quiet import import_tensorflow

import_tensorflow()
import keras  # noqa: E402


@pytest.fixture(scope="module")
def backbone():
    return densenet.build_backbone("grade")


def statistics(model):
    return {w.path: w.numpy() for w in model.weights if "moving" in w.path}


def one_step(model):
    rng = np.random.default_rng(0)
    images = rng.random((8, 32, 32, 3), dtype=np.float32)
    model.train_on_batch(images, np.eye(10, dtype=np.float32)[np.arange(8)])


def test_the_backbone_is_the_same_whenever_it_is_built(backbone):
    keras.utils.set_random_seed(5)
    again = densenet.build_backbone("grade")
    for first, second in zip(backbone.weights, again.weights, strict=True):
        np.testing.assert_array_equal(first.numpy(), second.numpy())


def test_random_weights_come_only_when_asked_for(backbone):
    random = densenet.build_backbone("grade", weights="random")
    assert not np.array_equal(
        random.get_layer("conv1_conv").kernel, backbone.get_layer("conv1_conv").kernel
    )


def test_preprocessing_does_what_keras_does_for_densenet():
    pixels = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype("float32")
    expected = keras.applications.densenet.preprocess_input(pixels.copy())
    full = densenet.build_preprocessing("full")
    np.testing.assert_allclose(full(pixels / 255), expected, atol=1e-5)


def test_the_head_has_the_layers_of_the_course(backbone):
    head = densenet.build_head(backbone)
    kinds = [type(layer).__name__ for layer in head.layers[1:]]
    assert kinds == ["Flatten", "BatchNormalization", "Dense", "BatchNormalization", "Dense"]
    assert head.output_shape == (None, 10)


def test_a_frozen_backbone_stays_as_it_is_in_a_training_step():
    backbone = densenet.build_backbone("grade")
    backbone.trainable = False
    model = densenet.build_head(backbone)
    model.compile("adam", "categorical_crossentropy")
    before = [w.numpy() for w in backbone.weights]
    one_step(model)
    for old, new in zip(before, backbone.weights, strict=True):
        np.testing.assert_array_equal(old, new.numpy())


def test_unfreezing_moves_the_kernels_and_holds_batch_normalization_still():
    backbone = densenet.build_backbone("grade")
    densenet.unfreeze_backbone(backbone)
    model = densenet.build_head(backbone)
    model.compile(keras.optimizers.Adam(1e-4), "categorical_crossentropy")
    before, kernel = statistics(backbone), backbone.get_layer("conv1_conv").kernel.numpy()
    one_step(model)
    for path, old in before.items():
        np.testing.assert_array_equal(old, statistics(backbone)[path], err_msg=path)
    assert not np.array_equal(kernel, backbone.get_layer("conv1_conv").kernel.numpy())


def test_unfreezing_from_a_block_leaves_the_blocks_below_frozen():
    backbone = densenet.build_backbone("grade")
    densenet.unfreeze_backbone(backbone, from_block="conv5")
    blocks = {weight.path.split("_")[0] for weight in backbone.trainable_weights}
    assert blocks == {"conv5"}
    with pytest.raises(ValueError, match=r"'conv9'.*conv1, conv2"):
        densenet.unfreeze_backbone(backbone, from_block="conv9")


def test_whether_training_false_holds_an_unfrozen_backbone_still():
    """The notebook prints what it sees; its words were written for the answer asserted here."""
    inner = keras.Sequential([keras.Input((4,)), keras.layers.BatchNormalization()])
    inputs = keras.Input((4,))
    outer = keras.Model(inputs, keras.layers.Dense(1)(inner(inputs, training=False)))
    inner.trainable = True
    outer.compile("sgd", "mse")
    before = inner.layers[0].moving_mean.numpy()
    outer.train_on_batch(np.ones((8, 4)), np.ones((8, 1)))
    assert not np.array_equal(before, inner.layers[0].moving_mean.numpy())


def test_missing_imagenet_weights_say_which_file_where_and_what_works_without(
    monkeypatch, tmp_path
):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    offline = profiles.Profile("quick", "rendered_things", "DenseNet201", 1, 1, 1, 1, 1, 1)
    with pytest.raises(densenet.WeightsError) as raised:
        densenet.build_backbone(offline)
    message = str(raised.value)
    for part in (
        densenet.IMAGENET_WEIGHTS_FILE,
        str(tmp_path),
        "https://",
        "COURSE_PROFILE=grade",
        "'random'",
    ):
        assert part in message


def small_file(path, content):
    path.write_bytes(content)
    return path


def test_a_wrong_weights_file_says_what_is_wrong_with_it(tmp_path, backbone):
    saved = tmp_path / "good.weights.h5"
    backbone.save_weights(saved)
    whole = saved.read_bytes()
    other = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    other.save_weights(tmp_path / "other.weights.h5")
    wrong = {
        small_file(tmp_path / "page.weights.h5", b"<!DOCTYPE html><html>log in</html>"): "web page",
        small_file(tmp_path / "text.weights.h5", b"hello"): "not an HDF5 file",
        small_file(tmp_path / "cut.weights.h5", whole[: len(whole) // 2]): "truncated",
        tmp_path / "other.weights.h5": "another network",
        tmp_path / "nowhere.weights.h5": "no weights file",
    }
    for path, message in wrong.items():
        with pytest.raises(densenet.WeightsError, match=message):
            densenet.build_backbone("grade", weights=path)
    np.testing.assert_array_equal(
        densenet.build_backbone("grade", weights=saved).weights[0], backbone.weights[0]
    )


def test_an_unknown_backbone_names_those_that_exist():
    unknown = profiles.Profile("mine", "rendered_things", "ResNet", 1, 1, 1, 1, 1, 1)
    with pytest.raises(ValueError, match=r"'ResNet'.*DenseNet201"):
        densenet.build_backbone(unknown)
