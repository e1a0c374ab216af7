"""Right models lose no point, whatever they look like; wrong ones get the finding they need."""

import numpy as np
import pytest

from helpers import checks, profiles
from helpers.checks.handover import Artifact, write_artifact
from helpers.quiet import import_tensorflow

import_tensorflow()
import keras  # noqa: E402
import tensorflow as tf  # noqa: E402
from keras import layers  # noqa: E402

GRADE = profiles.PROFILES["grade"]


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.convolution = layers.Conv2D(8, 3, strides=4, activation="relu")
        self.dropout = layers.Dropout(0.2)
        self.answer = layers.Dense(10)

    def call(self, images, training=None):
        features = keras.ops.mean(self.convolution(images), axis=(1, 2))
        return tf.nn.softmax(self.answer(self.dropout(features, training=training)))


def sequential(*middle, last="softmax", shape=(32, 32, 3)):
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Conv2D(8, 3, strides=4, activation="relu"),
            *middle,
            layers.Flatten(),
            layers.Dense(10, activation=last),
        ]
    )


def residual():
    images = keras.Input((32, 32, 3))
    x = layers.Conv2D(8, 3, strides=4, padding="same", use_bias=False)(images)
    y = layers.BatchNormalization()(x)
    x = layers.add([x, layers.Conv2D(8, 3, padding="same", activation="relu")(y)])
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(images, layers.Softmax()(layers.Dense(10)(x)))


def unbuilt():
    return keras.Sequential(
        [layers.Conv2D(8, 5, strides=4), layers.Flatten(), layers.Dense(10, "softmax")]
    )


RIGHT = {
    "sequential": sequential,
    "dropout": lambda: sequential(layers.Dropout(0.5)),
    "augmented": lambda: sequential(layers.GaussianNoise(0.1), layers.BatchNormalization()),
    "residual": residual,
    "subclassed": Subclassed,
    "unbuilt": unbuilt,
    "lambda": lambda: sequential(layers.Lambda(lambda x: x * 2)),
    "dense": lambda: keras.Sequential(
        [keras.Input((32, 32, 3)), layers.Flatten(), layers.Dense(10, "softmax")]
    ),
}


def zeros():
    return layers.Lambda(lambda x: x * 0)


def cut_off():
    images = keras.Input((32, 32, 3))
    x = layers.Conv2D(8, 3, strides=4)(images)
    y = layers.Lambda(tf.stop_gradient)(layers.Conv2D(8, 3)(x))
    return keras.Model(images, layers.Dense(10, "softmax")(layers.Flatten()(y)))


def frozen():
    model = sequential()
    model.trainable = False
    return model


class AlwaysDropping(Subclassed):
    def call(self, images, training=None):
        return super().call(images, training=True)


WRONG = {
    "text": (lambda: "convolution", "not-a-model", 5),
    "none": (lambda: None, "not-a-model", 5),
    "class": (lambda: Subclassed, "not-a-model", 5),
    "layer": (lambda: layers.Dense(10), "not-a-model", 5),
    "wrong input": (lambda: sequential(shape=(28, 28, 1)), "not-a-model", 5),
    "eleven": (
        lambda: keras.Sequential(
            [keras.Input((32, 32, 3)), layers.Flatten(), layers.Dense(11, "softmax")]
        ),
        "wrong-output-shape",
        5,
    ),
    "map": (
        lambda: keras.Sequential(
            [keras.Input((32, 32, 3)), layers.Conv2D(10, 3, activation="softmax")]
        ),
        "wrong-output-shape",
        5,
    ),
    "logits": (lambda: sequential(last=None), "no-softmax", 1),
    "sigmoid": (lambda: sequential(last="sigmoid"), "no-softmax", 1),
    "always dropping": (AlwaysDropping, "random-in-inference", 1),
    "ignores the image": (lambda: sequential(zeros()), "ignores-image", None),
    "cut off": (cut_off, "no-gradient", None),
    "frozen": (frozen, "nothing-to-train", None),
}


def judge(model, folder):
    write_artifact(folder / "check_model", model, endpoints=("infer", "train", "call"))
    return checks.judges()["check_model"](Artifact(folder / "check_model"), GRADE)


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_model_loses_no_point(name, tmp_path):
    report = judge(RIGHT[name](), tmp_path)
    assert report.passed, report


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_model_gets_the_finding_it_needs(name, tmp_path):
    build, finding, lost = WRONG[name]
    report = judge(build(), tmp_path)
    assert finding in [found.id for found in report.findings if found.criterion], report
    if lost is not None:
        assert report.out_of - report.points == lost, report


def test_advice_costs_nothing(tmp_path):
    advice = {found.id for found in judge(RIGHT["dense"](), tmp_path).findings}
    assert advice == {"no-convolution", "no-regularization"}


def test_the_check_leaves_the_model_as_it_was():
    model = sequential(layers.BatchNormalization(), layers.Dropout(0.5))
    model.compile("adam", "categorical_crossentropy")
    images = np.random.default_rng(0).random((8, 32, 32, 3), dtype=np.float32)
    model.train_on_batch(images, np.eye(10)[:8])
    state = [v.numpy() for v in (*model.variables, *model.optimizer.variables)]
    numpy_state = np.random.get_state()[1].tolist()
    report = checks.check_model(model, GRADE)
    assert report.passed
    after = [v.numpy() for v in (*model.variables, *model.optimizer.variables)]
    for old, new in zip(state, after, strict=True):
        np.testing.assert_array_equal(old, new)
    assert numpy_state == np.random.get_state()[1].tolist()
    model.train_on_batch(images, np.eye(10)[:8])  # still compiled


def test_a_report_survives_the_way_through_json_and_escapes_what_came_from_outside(tmp_path):
    report = judge("<script>", tmp_path)
    assert checks.Report.from_json(report.to_json()) == report
    assert "<script>" not in report._repr_html_()
    assert "&lt;script&gt;" in report._repr_html_()


def test_validating_raises_with_the_report_and_grading_without_a_judge_refuses(monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    with pytest.raises(checks.CheckFailed, match="not a Keras model"):
        checks.check_model("text", GRADE)
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    monkeypatch.delenv(checks.HANDOVER_VARIABLE, raising=False)
    with pytest.raises(RuntimeError, match=r"nbgrader_config\.py"):
        checks.check_model(None, GRADE)
