"""What the checks make of movements and learning rates that hardly a training brings about.

On a backbone of two blocks. What is right and what is wrong in an answer, the bank says.
"""

from dataclasses import replace

import numpy as np
import pytest

from helpers import checks, data, densenet, profiles
from helpers.checks import probes
from helpers.checks.handover import Artifact, write_artifact
from helpers.history import join_histories
from helpers.quiet import import_tensorflow

import_tensorflow()
import keras  # noqa: E402
from keras import layers  # noqa: E402

SMALL = replace(
    profiles.PROFILES["grade"],
    train_images=320,
    head_epochs=1,
    fine_tune_epochs=1,
)


def build_backbone(profile=None):
    """Return a backbone with the layers' names of a DenseNet, its weights the same each time."""
    keras.utils.set_random_seed(7)
    images = keras.Input((32, 32, 3))
    x = layers.Conv2D(16, 5, strides=2, use_bias=False, name="conv1_conv")(images)
    x = layers.BatchNormalization(name="conv1_bn")(x)
    x = layers.Activation("relu", name="conv1_relu")(x)
    x = layers.MaxPooling2D(name="pool1")(x)
    x = layers.Activation("relu", name="conv2_relu")(x)
    x = layers.Conv2D(16, 3, strides=2, use_bias=False, name="conv2_conv")(x)
    x = layers.BatchNormalization(name="bn")(x)
    return keras.Model(images, layers.Activation("relu", name="relu")(x), name="backbone")


@pytest.fixture(autouse=True)
def _small_backbone(monkeypatch):
    monkeypatch.setattr(densenet, "build_backbone", build_backbone)


@pytest.fixture(scope="module")
def splits():
    return data.load_splits(SMALL)


@pytest.fixture(autouse=True)
def _images_loaded_once(monkeypatch, splits):
    monkeypatch.setattr(data, "load_splits", lambda profile: splits)


def frozen_backbone():
    backbone = build_backbone()
    backbone.trainable = False
    return backbone


def preprocessing():
    return densenet.build_preprocessing(SMALL)


def head():
    return [layers.Flatten(), layers.Dense(10, activation="softmax")]


def model_of(*parts):
    return keras.Sequential([keras.Input((32, 32, 3)), *parts])


def judge(check, artifact):
    return checks.judges()[check](artifact, SMALL)


def ids(report):
    return [finding.id for finding in report.findings]


@pytest.fixture(scope="module")
def trained_head(splits):
    """The weights of a model with a trained head, and the last epoch of its history."""
    model = model_of(preprocessing(), frozen_backbone(), *head())  # sets the seed as well
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(splits.train, validation_data=splits.validation, epochs=8, verbose=0)
    return model.get_weights(), {name: curve[-1:] for name, curve in history.history.items()}


def adam(rate):
    return keras.optimizers.Adam(rate)


def cosine(highest):
    return keras.optimizers.schedules.CosineDecay(highest, decay_steps=10)


def from_zero(highest):
    return keras.optimizers.schedules.CosineDecay(
        0.0, decay_steps=5, warmup_target=highest, warmup_steps=5
    )


class Halving(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step):
        return 1e-4 / 2.0 ** keras.ops.cast(step, "float32")

    def get_config(self):
        raise NotImplementedError


@pytest.mark.parametrize(
    ("optimizer", "highest", "last"),
    [
        (lambda: adam(1e-4), 1e-4, 1e-4),
        (lambda: keras.optimizers.LossScaleOptimizer(adam(2e-4)), 2e-4, 2e-4),
        (lambda: adam(cosine(1e-3)), 1e-3, 0),
        (lambda: adam(from_zero(1e-4)), 1e-4, 0),
        (lambda: adam(Halving()), 1e-4, 1e-4 / 2**10),
    ],
)
def test_the_learning_rates_of_all_steps_are_handed_over(optimizer, highest, last, tmp_path):
    model = model_of(*head())
    model.compile(optimizer(), "categorical_crossentropy")
    model.optimizer.build(model.trainable_variables)
    inner = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    inner.iterations.assign(10)
    write_artifact(tmp_path / "compiled", model)
    facts = Artifact(tmp_path / "compiled").facts
    assert facts["optimizer"] == "Adam"
    assert max(facts["learning_rates"]) == pytest.approx(highest)
    assert facts["learning_rates"][-1] == pytest.approx(last)


@pytest.fixture(scope="module")
def tuned(trained_head, splits, tmp_path_factory):
    """The model with its trained head and a backbone that moved a little, as an artifact."""
    weights, history = trained_head
    model = model_of(preprocessing(), build_backbone(), *head())
    model.set_weights(weights)
    kernel = model.layers[1].get_layer("conv1_conv").kernel
    kernel.assign_add(5e-6 * keras.ops.ones_like(kernel))
    model.compile(adam(1e-4), "categorical_crossentropy", metrics=["accuracy"])
    now = model.evaluate(splits.validation, return_dict=True, verbose=0)
    tuning = {"loss": [1.0], "accuracy": [0.5]} | {f"val_{name}": [now[name]] for name in now}
    joined = join_histories(history, tuning)
    folder = tmp_path_factory.mktemp("tuned") / "tuned"
    write_artifact(folder, model, history=joined, expects_history=True)
    return folder


def test_weights_that_moved_far_are_found_whatever_rate_is_stated(tuned):
    artifact = Artifact(tuned)
    assert judge("check_fine_tuning", artifact).passed
    kernel = next(weight for path, weight in artifact.weights.items() if "conv2_conv" in path)
    one_weight = np.zeros(kernel.shape, np.float32)
    one_weight[0, 0, 0, 0] = 0.02
    kernel.assign_add(one_weight)
    artifact.facts["learning_rates"] = [1e-4]
    report = judge("check_fine_tuning", artifact)
    assert ids(report)[0] == "learning-rate-too-high"
    assert "moved by up to 0.02 in about 10 steps at a learning rate of 0.0001" in str(report)


def test_weights_that_are_no_numbers_any_more_moved_too_far(tuned):
    """Pooling and ReLU make numbers of what comes after them, so the output does not tell."""
    artifact = Artifact(tuned)
    kernel = next(weight for path, weight in artifact.weights.items() if "conv1_conv" in path)
    kernel.assign(np.full(kernel.shape, np.nan, np.float32))
    report = judge("check_fine_tuning", artifact)
    assert ids(report)[:2] == ["not-trained", "learning-rate-too-high"]
    assert "moved until they were no numbers in about 10 steps" in str(report)


@pytest.mark.parametrize(
    ("facts", "finding"),
    [
        ({"learning_rates": [0.0, 1e-7]}, "learning-rate-too-low"),
        ({"learning_rates": [0.0, 3.1e-4, 1e-5]}, "learning-rate-too-high"),
        ({"no_history": "`history` is `None`, not what `fit` returned."}, "history-not-kept"),
        ({"curves": {"loss": [1.0]}}, "history-incomplete"),
    ],
)
def test_what_the_notebook_states_counts_as_well(tuned, facts, finding):
    artifact = Artifact(tuned)
    artifact.facts |= facts
    report = judge("check_fine_tuning", artifact)
    assert ids(report) == [finding]
    assert report.points == 6
    assert "right are learning rates from 1e-06" in str(report) or not finding.endswith("too-low")
    assert "right are learning rates up to 0.0003" in str(report) or not finding.endswith("high")


def test_a_rate_that_a_callback_lowered_is_judged_by_how_far_the_weights_moved(tuned):
    artifact = Artifact(tuned)
    kernel = next(weight for path, weight in artifact.weights.items() if "conv2_conv" in path)
    kernel.assign_add(np.full(kernel.shape, 1e-4, np.float32))
    artifact.facts["learning_rates"] = [0.0]
    assert "learning-rate-too-low" not in ids(judge("check_fine_tuning", artifact))


@pytest.mark.parametrize(
    "facts",
    [
        {"learning_rates": [], "optimizer": None},  # the weights alone decide
        {"learning_rates": [np.float32(3e-4).item()]},
        {"learning_rates": [np.float32(1e-6).item()]},
        {"learning_rates": [1e-2], "optimizer": "SGD"},
    ],
)
def test_what_the_notebook_states_may_be_all_right(tuned, facts):
    artifact = Artifact(tuned)
    artifact.facts |= facts
    assert judge("check_fine_tuning", artifact).passed


@pytest.mark.parametrize(
    ("model", "finding"),
    [
        (lambda: None, "not-a-model"),
        (lambda: model_of(layers.Flatten(), layers.Dense(11)), "wrong-output-shape"),
        (lambda: model_of(*head()), "no-backbone"),
    ],
)
def test_what_cannot_be_fine_tuned_gets_nothing(model, finding, tmp_path):
    write_artifact(tmp_path / "x", model(), history=None, expects_history=True)
    report = judge("check_fine_tuning", Artifact(tmp_path / "x"))
    assert ids(report) == [finding]
    assert report.points == 0


def test_looking_at_an_artifact_leaves_it_as_it_was(tuned):
    artifact = Artifact(tuned)
    before = {path: weight.numpy() for path, weight in artifact.weights.items()}
    judge("check_head", artifact)
    judge("check_fine_tuning", artifact)
    probes.is_regularized(artifact)
    for path, weight in artifact.weights.items():
        np.testing.assert_array_equal(before[path], weight.numpy())
