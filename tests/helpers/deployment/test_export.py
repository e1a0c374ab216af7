"""Export: whole artifacts, reasons for what cannot be exported, and nothing of a user's lost."""

import os

import numpy as np
import pytest

from helpers import deployment
from helpers.deployment import FORMATS, ArtifactError, export_formats, export_model, predict
from helpers.quiet import import_tensorflow

import_tensorflow()
import keras  # noqa: E402
from keras import layers  # noqa: E402

NAMES = tuple("abcdefghij")


def build(*parts, shape=(32, 32, 3), classes=10):
    return keras.Sequential(
        [keras.Input(shape), *parts, layers.Flatten(), layers.Dense(classes, activation="softmax")]
    )


def make(model, folder, format="keras", **options):
    return export_model(model, folder, format, **{"class_names": NAMES, **options})


def test_all_six_formats_are_made_in_their_order_in_folders_of_their_names(artifacts):
    assert tuple(artifacts) == tuple(FORMATS)
    for name, artifact in artifacts.items():
        assert (artifact.format, artifact.folder.name) == (name, name)
        assert artifact.model_path.exists()


def test_fewer_bits_take_less_space(artifacts, model):
    weights = sum(int(np.prod(weight.shape)) for weight in model.weights)
    size = {name: artifact.size for name, artifact in artifacts.items()}
    assert size["litert_float32"] > 4 * weights
    assert size["litert_float16"] < 3 * weights
    assert max(size["litert_dynamic"], size["litert_int8"]) < 2 * weights


def test_full_int8_reads_and_writes_whole_numbers(artifacts):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(artifacts["litert_int8"].model_path))
    for tensor in (interpreter.get_input_details()[0], interpreter.get_output_details()[0]):
        assert tensor["dtype"] == np.int8
        assert tensor["quantization"][0] > 0


def test_representative_images_decide_the_ranges(model, splits, images, labels, tmp_path):
    dark = make(
        model,
        tmp_path / "dark",
        "litert_int8",
        class_names=splits.class_names,
        representative_images=images[:32] / 255,
    )
    assert predict.load_model(dark.folder)(images[:8]).shape == (8, 10)
    said = predict.load_model(dark.folder)(images)
    assert deployment.compare_predictions(said, said, labels).accuracy[0] < 0.25


@pytest.mark.parametrize("format", ["saved_model", "litert_float32"])
def test_what_was_exported_never_trains_whatever_layers_are_in_it(format, tmp_path):
    """Keras's own export of this SavedModel drops units and normalizes by the batch."""
    model = build(
        layers.Resizing(16, 16),
        layers.BatchNormalization(),
        layers.Dropout(0.5),
    )
    model.layers[1].set_weights([np.full(3, value, np.float32) for value in (2, 1, 0.3, 0.1)])
    images = np.random.default_rng(0).random((8, 32, 32, 3), dtype=np.float32)
    expected = model.predict(images, verbose=0)
    answers = predict.load_model(make(model, tmp_path / "artifact", format).folder)
    assert np.abs(answers(images) - expected).max() <= 1e-4
    assert np.abs(answers(images[:1]) - expected[:1]).max() <= 1e-4
    assert np.abs(model(images, training=True) - expected).max() > 0.01  # it would show


def test_an_artifact_that_was_there_is_replaced_and_no_workshop_is_left(tmp_path):
    first = make(build(), tmp_path / "artifact")
    second = make(build(), tmp_path / "artifact")
    assert first.version != second.version
    assert [path.name for path in tmp_path.iterdir()] == ["artifact"]


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ArtifactError, match="holds other files, and is left alone"):
        make(build(), tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "mine"
    with pytest.raises(ArtifactError, match="is a file, and is left alone"):
        make(build(), tmp_path / "thesis.txt")


def test_an_export_that_breaks_off_leaves_the_old_artifact(tmp_path, monkeypatch):
    old = make(build(), tmp_path / "artifact")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(deployment.export, "_write_the_rest", full)
    with pytest.raises(ArtifactError, match="cannot be written: No space left on device"):
        make(build(), tmp_path / "artifact")
    assert deployment.open_artifact(tmp_path / "artifact") == old
    assert [path.name for path in tmp_path.iterdir()] == ["artifact"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_not_ones_own_is_told(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ArtifactError, match="cannot be written: Permission denied"):
        make(build(), tmp_path / "artifact")


def test_a_lambda_layer_is_found_when_it_is_exported_not_when_it_is_needed(tmp_path):
    model = build(layers.Lambda(lambda x: x / 2, output_shape=(32, 32, 3)))
    with pytest.raises(ArtifactError, match="A Lambda layer is the usual reason"):
        make(model, tmp_path / "artifact")
    assert list(tmp_path.iterdir()) == []


class WithTensorFlow(layers.Layer):
    """A layer that does what a function of TensorFlow does."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def call(self, x):
        return self.function(x)


def test_what_litert_does_not_know_is_told(tmp_path):
    import tensorflow as tf

    layer = WithTensorFlow(lambda x: tf.strings.to_number(tf.strings.as_string(x)))
    with pytest.raises(ArtifactError, match=r"cannot be exported as LiteRT float32: .*Usually one"):
        make(build(layer), tmp_path / "artifact", "litert_float32")
    assert list(tmp_path.iterdir()) == []


def test_what_is_converted_without_a_word_and_does_not_run_is_no_artifact(tmp_path):
    """Seen with TensorFlow 2.21: the converter fixes a number of images in this function."""
    import tensorflow as tf

    layer = WithTensorFlow(lambda x: tf.math.lgamma(tf.abs(x) + 1.0))
    with pytest.raises(ArtifactError, match="does not work when it is loaded again"):
        make(build(layer), tmp_path / "artifact", "litert_float32")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (None, "got None"),
        ("model.keras", "got a str"),
        (lambda: keras.Sequential([layers.Dense(10)]), "no single input whose shape is known"),
        (lambda: build(shape=(32, 48, 3)), "square images in three colours"),
        (lambda: build(shape=(32, 32, 1)), "square images in three colours"),
        (lambda: build(classes=7), "there are 10 names of classes"),
        (
            lambda: keras.Sequential(
                [keras.Input((32, 32, 3)), layers.Flatten(), layers.Dense(10)]
            ),
            "Let it end in a softmax",
        ),
    ],
)  # fmt: skip
def test_what_is_no_classifier_of_images_is_told(model, told, tmp_path):
    with pytest.raises(ArtifactError) as caught:
        make(model() if callable(model) else model, tmp_path / "artifact")
    assert told in str(caught.value)


def test_a_format_that_there_is_not_is_told_with_all_that_there_are(tmp_path):
    with pytest.raises(
        ArtifactError, match=r"no format 'onnx'.*keras, saved_model, litert_float32"
    ):
        make(build(), tmp_path / "artifact", "onnx")


@pytest.mark.parametrize(
    ("images", "told"),
    [
        (None, "needs representative images"),
        (np.zeros((4, 28, 28, 3), np.float32), r"\(n, 32, 32, 3\)"),
        (np.zeros((0, 32, 32, 3), np.float32), r"\(n, 32, 32, 3\)"),
        (np.full((4, 32, 32, 3), 255, np.float32), "Divide by 255"),
        (np.full((4, 32, 32, 3), -1, np.float32), r"the model reads \[0, 1\]"),
    ],
)
def test_representative_images_that_do_not_fit_are_told(images, told, tmp_path):
    with pytest.raises(ArtifactError, match=told):
        make(build(), tmp_path / "artifact", "litert_int8", representative_images=images)


def test_formats_can_be_chosen(tmp_path):
    made = export_formats(build(), tmp_path, ["keras"], class_names=NAMES, progress=False)
    assert list(made) == ["keras"]


def test_a_model_of_other_pixels_keeps_them(tmp_path):
    model = build(layers.AveragePooling2D(8), shape=(96, 96, 3))
    artifact = make(model, tmp_path / "artifact", "litert_float32")
    assert artifact.pixels == 96
    picture = tmp_path / "picture.png"
    deployment.write_images(np.zeros((1, 40, 40, 3)), tmp_path)[0].rename(picture)
    assert deployment.predict_in_fresh_process(artifact, [picture]).errors == {}
