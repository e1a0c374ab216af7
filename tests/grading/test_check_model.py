"""What the check of a model says in words, what it counts as regularization, and whatever comes.

The bank says which models are right and which finding a wrong one gets.
"""

import pytest

from helpers import checks, profiles
from helpers.checks import probes
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


class Penalized(Subclassed):
    def call(self, images, training=None):
        self.add_loss(1e-3 * keras.ops.mean(keras.ops.square(images)))
        return super().call(images, training=training)


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


def small(*inside, **options):
    """The smallest model that a regularizer can be put into."""
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            *inside,
            layers.AveragePooling2D(8),
            layers.Flatten(),
            layers.Dense(10, activation="softmax", **options),
        ]
    )


def judge(model, folder):
    write_artifact(folder / "check_model", model, endpoints=("infer", "train", "call"))
    return checks.judges()["check_model"](Artifact(folder / "check_model"), GRADE)


def test_of_an_error_inside_the_model_the_line_is_told_that_says_what_is_wrong(tmp_path):
    class Broken(Subclassed):
        def call(self, images, training=None):
            return self.answer(keras.ops.reshape(images, (7, 7)))

    (finding,) = judge(Broken(), tmp_path).findings
    assert "Exception encountered" not in finding.seen
    assert "reshape" in finding.seen.lower()
    assert "\x1b" not in finding.seen


def told(model, folder, finding):
    return next(found for found in judge(model, folder).findings if found.id == finding).seen


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (lambda: sequential(last=None), "ends in `Dense(10)` without softmax: the ten numbers"),
        (lambda: sequential(last="sigmoid"), "ends in `Dense(10)` with sigmoid instead of softmax"),
        (lambda: keras.Sequential([sequential(last=None)]), "ends in `Dense(10)` without softmax"),
    ],
)
def test_a_last_layer_that_can_be_told_is_named(model, words, tmp_path):
    assert words in told(model(), tmp_path, "no-softmax")


def test_without_a_last_layer_that_can_be_told_there_are_words(tmp_path):
    class Logits(Subclassed):
        def call(self, images, training=None):
            return self.answer(keras.ops.mean(self.convolution(images), axis=(1, 2)))

    words = told(Logits(), tmp_path, "no-softmax")
    assert words.startswith("Your model does not end in probabilities: the ten numbers for one")


@pytest.mark.parametrize(
    ("last", "ending"),
    [
        (lambda: layers.Dropout(0.5), "Your model ends in `Dropout`: the ten numbers for one"),
        (lambda: layers.BatchNormalization(), "Your model ends in `BatchNormalization`: the ten"),
        (lambda: layers.GaussianNoise(0.1), "Your model ends in `GaussianNoise`: the ten numbers"),
    ],
)
def test_what_is_no_probability_in_training_only_is_told_with_its_mode(last, ending, tmp_path):
    words = told(keras.Sequential([small(), last()]), tmp_path, "no-softmax")
    assert words.startswith(ending)
    assert words.endswith(" in training.")


def test_what_is_no_number_in_training_is_not_said_to_lack_softmax(tmp_path):
    class Overflow(Subclassed):
        def call(self, images, training=None):
            return super().call(images) * (float("nan") if training else 1.0)

    assert [found.id for found in judge(Overflow(), tmp_path).findings] == ["does-not-learn"]


def test_the_sum_that_is_told_is_the_sum_that_is_given(tmp_path):
    images, _ = probes.easy_batch()
    model = small()
    model.layers[-1].activation = keras.activations.linear
    model.layers[-1].kernel.assign(keras.ops.zeros_like(model.layers[-1].kernel))
    model.layers[-1].bias.assign([0.37] * 10)
    assert model(images[:1]).numpy().sum() == pytest.approx(3.7)
    assert "add up to 3.70" in told(model, tmp_path, "no-softmax")


REGULARIZED = {
    "dropout": lambda: small(layers.Dropout(0.2)),
    "spatial dropout": lambda: small(layers.SpatialDropout2D(0.5)),
    "gaussian noise": lambda: small(layers.GaussianNoise(0.1)),
    "gaussian dropout": lambda: small(layers.GaussianDropout(0.2)),
    "alpha dropout": lambda: small(layers.AlphaDropout(0.2)),
    "flip": lambda: small(layers.RandomFlip("horizontal")),
    "translation": lambda: small(layers.RandomTranslation(0.2, 0.2)),
    "rotation": lambda: small(layers.RandomRotation(0.1)),
    "contrast": lambda: small(layers.RandomContrast(0.3)),
    "batch normalization": lambda: small(layers.BatchNormalization()),
    "weight penalty": lambda: small(kernel_regularizer="l2"),
    "penalty of a bias that starts at zero": lambda: small(bias_regularizer="l1"),
    "penalty of activities": lambda: small(layers.ActivityRegularization(l2=0.01)),
    "add_loss": Penalized,
}
NOT_REGULARIZED = {
    "nothing": small,
    "dropout of nothing": lambda: small(layers.Dropout(0.0)),
    "noise of no size": lambda: small(layers.GaussianNoise(0.0)),
    "penalty of nothing": lambda: small(kernel_regularizer=keras.regularizers.L2(0.0)),
    "frozen batch normalization": lambda: small(layers.BatchNormalization(trainable=False)),
    "layer normalization": lambda: small(layers.LayerNormalization()),
}


def branches(units, function=lambda x: x):
    """Return a model with a branch that ReLU makes dead, with the weights that it starts with."""
    images = keras.Input((32, 32, 3))
    x = layers.GlobalAveragePooling2D()(images)
    dead = layers.Dense(
        units, activation="relu", kernel_initializer=keras.initializers.Constant(-1)
    )
    added = layers.Dense(3, activation="sigmoid")(function(dead(x)))
    return keras.Model(images, layers.Dense(10, activation="softmax")(x * added))


def artifact_of(model, folder):
    write_artifact(folder / "model", model)
    return Artifact(folder / "model")


@pytest.mark.parametrize("name", REGULARIZED)
def test_what_counts_as_regularization_is_recognized(name, tmp_path):
    assert probes.is_regularized(artifact_of(REGULARIZED[name](), tmp_path))


def test_a_unit_that_is_dead_by_chance_is_not_cut_off_but_what_has_no_derivative_is(tmp_path):
    assert probes.weights_without_gradient(artifact_of(branches(2), tmp_path / "by chance")) == []
    always = artifact_of(branches(2, keras.ops.stop_gradient), tmp_path / "always")
    (cut_off,) = probes.weights_without_gradient(always)
    assert always.weights[cut_off].shape == (3, 2)


@pytest.mark.parametrize("name", NOT_REGULARIZED)
def test_what_does_nothing_is_not_counted_as_regularization(name, tmp_path):
    assert not probes.is_regularized(artifact_of(NOT_REGULARIZED[name](), tmp_path))


def test_a_deep_model_is_announced_before_the_work(capsys, monkeypatch):
    monkeypatch.setattr(checks, "MANY_WEIGHTS", 3)
    checks.check_model(small(), GRADE)
    assert capsys.readouterr().out == ""
    checks.check_model(sequential(), GRADE)
    assert "Your model is deep (4 arrays of weights)" in capsys.readouterr().out


@pytest.mark.parametrize("model", [Subclassed, None, "text", layers.Dense])
def test_whatever_comes_gets_a_report(model):
    assert checks.check_model(model, GRADE).points == 0


def test_validating_raises_with_the_report_and_grading_without_a_judge_refuses(monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    with pytest.raises(checks.CheckFailed, match="not a Keras model"):
        checks.check_model("text", GRADE)
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    monkeypatch.delenv(checks.HANDOVER_VARIABLE, raising=False)
    with pytest.raises(RuntimeError, match=r"nbgrader_config\.py"):
        checks.check_model(None, GRADE)
