"""The backbone, its preprocessing, the head, and freezing and unfreezing."""

import numpy as np
import pytest

from helpers import densenet, profiles
from helpers.quiet import import_tensorflow
from tests.imagenet_weights import write_as_keras_downloads

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


def test_the_head_can_pool_and_drop(backbone):
    head = densenet.build_head_alone((7, 7, 164), classes=3, pooling="average", dropout=0.4)
    kinds = [type(layer).__name__ for layer in head.layers]
    assert kinds[0] == "GlobalAveragePooling2D"
    assert kinds[-2:] == ["Dropout", "Dense"]
    assert head.output_shape == (None, 3)
    with pytest.raises(ValueError, match="'flatten' or 'average'"):
        densenet.build_head(backbone, pooling="max")


def test_joined_parts_share_their_weights(backbone):
    preprocessing = densenet.build_preprocessing("grade")
    head = densenet.build_head_alone(backbone.output_shape[1:])
    model = densenet.join(preprocessing, backbone, head)
    assert model.input_shape == (None, *densenet.IMAGE_SHAPE)
    assert model.layers[:2] == [preprocessing, backbone]
    assert [id(w) for w in model.weights[-len(head.weights) :]] == [id(w) for w in head.weights]
    resized = densenet.join(keras.layers.Resizing(64, 64), preprocessing, input_shape=(9, 9, 3))
    assert resized(np.zeros((1, 9, 9, 3))).shape == (1, 64, 64, 3)


@pytest.mark.parametrize("block", ["conv5", "conv2"])
def test_a_backbone_is_cut_before_a_block_and_both_parts_are_it(backbone, block):
    lower, upper = densenet.split_backbone(backbone, block)
    images = np.random.default_rng(0).normal(size=(2, 32, 32, 3)).astype(np.float32)
    np.testing.assert_array_equal(upper(lower(images)), backbone(images))
    assert not any(layer.name.startswith(block) for layer in lower.layers)
    ids = {id(weight) for weight in (*lower.weights, *upper.weights)}
    assert ids == {id(weight) for weight in backbone.weights}
    assert len(lower.weights) + len(upper.weights) == len(backbone.weights)


def test_a_cut_that_leaves_nothing_is_refused(backbone):
    with pytest.raises(ValueError, match="no layer with weights"):
        densenet.split_backbone(backbone, "conv1")
    with pytest.raises(ValueError, match=r"'conv9'.*conv1, conv2"):
        densenet.split_backbone(backbone, "conv9")


def test_a_cut_backbone_is_saved_and_loaded_as_before(tmp_path):
    backbone = densenet.build_backbone("grade")
    densenet.split_backbone(backbone, "conv5")
    model = densenet.build_head(backbone)
    model.save(tmp_path / "model.keras")
    images = np.random.default_rng(0).random((2, 32, 32, 3), dtype=np.float32)
    np.testing.assert_allclose(
        keras.models.load_model(tmp_path / "model.keras")(images), model(images), atol=1e-6
    )


def test_the_first_step_is_announced(capsys):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    note = densenet.note_first_step()
    model.fit(np.ones((8, 4)), np.ones((8, 1)), 2, epochs=2, verbose=0, callbacks=[note])
    first, second = capsys.readouterr().out.splitlines()
    assert "Building the training step" in first
    assert "First step done after" in second


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


def test_training_false_does_not_hold_a_real_backbone_still_either():
    """With `trainable = True` and nothing else, as both official guides have it."""
    backbone = densenet.build_backbone("grade")
    backbone.trainable = True
    inputs = keras.Input(densenet.IMAGE_SHAPE)
    features = keras.layers.Flatten()(backbone(inputs, training=False))
    model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(features))
    model.compile("sgd", "categorical_crossentropy", run_eagerly=True)
    before = statistics(backbone)
    one_step(model)
    after = statistics(backbone)
    assert len(before) == 2 * sum(
        isinstance(x, keras.layers.BatchNormalization) for x in backbone.layers
    )
    still = [path for path in before if np.array_equal(before[path], after[path])]
    assert still == []


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


# ---- DenseNet201, with files of the format that Keras downloads ----------------------------------


@pytest.fixture(scope="module")
def densenet201(tmp_path_factory):
    """A folder that could be KERAS_HOME, with the weights that belong there, and these weights."""
    home = tmp_path_factory.mktemp("keras")
    keras.utils.set_random_seed(0)
    network = densenet.build_backbone("full", weights="random")
    (home / "models").mkdir()
    write_as_keras_downloads(network, home / "models" / densenet.IMAGENET_WEIGHTS_FILE)
    return home, network


@pytest.mark.slow
def test_densenet201_reads_its_weights_from_a_path_and_from_the_cache_of_keras(
    densenet201, monkeypatch
):
    home, network = densenet201
    path = home / "models" / densenet.IMAGENET_WEIGHTS_FILE
    monkeypatch.setenv("KERAS_HOME", str(home))
    for weights in (path, None):
        found = densenet.build_backbone("full", weights=weights)
        assert found.count_params() == 18_321_984
        for one, other in zip(found.weights, network.weights, strict=True):
            np.testing.assert_array_equal(one.numpy(), other.numpy(), err_msg=one.path)


@pytest.mark.slow
def test_densenet201_works_as_the_embedded_backbone_does(densenet201, tmp_path):
    """Frozen with a head, cut, unfrozen from a block, trained, saved and loaded."""
    backbone = densenet.build_backbone(
        "full", weights=densenet201[0] / "models" / densenet.IMAGENET_WEIGHTS_FILE
    )
    densenet.unfreeze_backbone(backbone, from_block="conv5")
    preprocessing = densenet.build_preprocessing("full")
    lower, upper = densenet.split_backbone(backbone, "conv5")
    head = densenet.build_head_alone(backbone.output_shape[1:])
    model = densenet.join(preprocessing, backbone, head)
    images = np.random.default_rng(0).random((8, 32, 32, 3), dtype=np.float32)
    before = {weight.path: weight.numpy() for weight in backbone.weights}
    top = densenet.join(upper, head)
    top.compile(keras.optimizers.Adam(1e-4), "categorical_crossentropy")
    below = lower(preprocessing(images))
    top.train_on_batch(below, np.eye(10, dtype=np.float32)[np.arange(8)])
    moved = {
        weight.path
        for weight in backbone.weights
        if not np.array_equal(weight.numpy(), before[weight.path])
    }
    assert {path.split("_")[0] for path in moved} == {"conv5"}
    assert not any("bn" in path for path in moved)
    np.testing.assert_allclose(model(images), top(below), atol=1e-5)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again(images), model(images), atol=1e-5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda whole: whole[: len(whole) // 2], "truncated"),
        (lambda whole: b"<!DOCTYPE html><html>log in</html>", "web page"),
        (lambda whole: None, "another network"),
    ],
    ids=["truncated", "web page", "DenseNet121"],
)
def test_a_wrong_file_in_the_cache_of_keras_says_what_is_wrong(
    densenet201, monkeypatch, tmp_path, make, message
):
    path = tmp_path / "models" / densenet.IMAGENET_WEIGHTS_FILE
    path.parent.mkdir()
    content = make((densenet201[0] / "models" / path.name).read_bytes())
    if content is None:
        other = keras.applications.DenseNet121(include_top=False, weights=None)
        write_as_keras_downloads(other, path)
    else:
        path.write_bytes(content)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(densenet.WeightsError, match=message) as raised:
        densenet.build_backbone("full")
    assert str(path) in str(raised.value)
