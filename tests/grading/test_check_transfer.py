"""Heads and fine-tuning on a backbone of two blocks: right ones lose nothing, wrong ones are told.

The real backbones go the same way in the tests of autograding and of the notebooks.
"""

from dataclasses import replace

import numpy as np
import pytest

from helpers import checks, data, densenet, profiles
from helpers.checks import probes
from helpers.checks.handover import Artifact, write_artifact
from helpers.embedded import densenet as compact
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


def build_backbone(profile=None, *, weights=None):
    """Return a backbone with the layers' names of a DenseNet, its weights the same each time."""
    keras.utils.set_random_seed(7 if weights is None else 8)
    images = keras.Input((32, 32, 3))
    x = layers.Conv2D(16, 5, strides=2, use_bias=False, name="conv1_conv")(images)
    x = layers.BatchNormalization(name="conv1_bn")(x)
    x = layers.Activation("relu", name="conv1_relu")(x)
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


def frozen_backbone(**options):
    backbone = build_backbone(**options)
    backbone.trainable = False
    return backbone


def preprocessing():
    return densenet.build_preprocessing(SMALL)


def head(last="softmax", **options):
    return [layers.Flatten(), layers.Dense(10, activation=last, **options)]


def model_of(*parts):
    return keras.Sequential([keras.Input((32, 32, 3)), *parts])


def functional():
    images = keras.Input((32, 32, 3))
    x = frozen_backbone()(preprocessing()(images), training=False)
    x = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(images, layers.Softmax()(layers.Dense(10)(x)))


def grown_out_of_the_backbone():
    backbone = frozen_backbone()
    x = layers.Dense(10, "softmax")(layers.Flatten()(backbone.output))
    return model_of(preprocessing(), keras.Model(backbone.input, x))


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.preprocessing = preprocessing_by_hand()
        self.backbone = frozen_backbone()
        self.answer = model_of_features(head())

    def call(self, images, training=None):
        features = self.backbone(self.preprocessing(images), training=training)
        return self.answer(features, training=training)


def model_of_features(parts):
    return keras.Sequential([keras.Input((6, 6, 16)), *parts])


def preprocessing_by_hand():
    mean, deviation = np.array(compact.MEAN), np.sqrt(compact.VARIANCE)
    return layers.Rescaling(scale=list(1 / deviation), offset=list(-mean / deviation))


def with_the_backbones_names():
    return [layers.BatchNormalization(name="bn"), *head()]


def layer_by_layer():
    backbone = build_backbone()
    for layer in backbone.layers:
        layer.trainable = False
    return model_of(preprocessing(), backbone, *head())


RIGHT_HEADS = {
    "functional": functional,
    "grown out of the backbone": grown_out_of_the_backbone,
    "nested": lambda: model_of(model_of(preprocessing(), model_of(frozen_backbone())), *head()),
    "subclassed": Subclassed,
    "preprocessing by hand": lambda: model_of(preprocessing_by_hand(), frozen_backbone(), *head()),
    "names of the backbone": lambda: model_of(
        preprocessing(), frozen_backbone(), *with_the_backbones_names()
    ),
    "layer by layer": layer_by_layer,
    "augmented and resized": lambda: model_of(
        layers.RandomFlip(), layers.Resizing(32, 32), preprocessing(), frozen_backbone(), *head()
    ),
}


def moving_statistics():
    model = model_of(preprocessing(), build_backbone(), *head())
    model.layers[1].trainable = False
    normalization = model.layers[1].get_layer("bn")
    normalization.trainable = True
    normalization.gamma.trainable = normalization.beta.trainable = False
    return model


def all_frozen():
    model = RIGHT_HEADS["layer by layer"]()
    model.trainable = False
    return model


WRONG_HEADS = {
    "eleven": (
        lambda: model_of(preprocessing(), frozen_backbone(), layers.Flatten(), layers.Dense(11)),
        "wrong-output-shape",
        6,
    ),
    "logits": (
        lambda: model_of(preprocessing(), frozen_backbone(), *head(None)),
        "no-softmax",
        1,
    ),
    "softmax twice": (
        lambda: model_of(preprocessing(), frozen_backbone(), *head(), layers.Softmax()),
        "softmax-twice",
        1,
    ),
    "another network": (lambda: model_of(layers.Conv2D(8, 3), *head()), "no-backbone", 5),
    "untrained backbone": (
        lambda: model_of(preprocessing(), frozen_backbone(weights="random"), *head()),
        "no-backbone",
        5,
    ),
    "not frozen": (
        lambda: model_of(preprocessing(), build_backbone(), *head()),
        "backbone-trainable",
        2,
    ),
    "moving statistics": (moving_statistics, "statistics-move", 2),
    "all frozen": (all_frozen, "nothing-to-train", 2),
    "nothing in the head": (
        lambda: model_of(
            preprocessing(),
            frozen_backbone(),
            layers.GlobalAveragePooling2D(),
            layers.Lambda(lambda x: x[:, :10]),
            layers.Softmax(),
        ),
        "nothing-to-train",
        2,
    ),
    "half of the head frozen": (
        lambda: model_of(
            preprocessing(),
            frozen_backbone(),
            layers.Flatten(),
            layers.Dense(8, trainable=False),
            layers.Dense(10, "softmax"),
        ),
        "head-frozen",
        2,
    ),
    "no preprocessing": (
        lambda: model_of(frozen_backbone(), *head()),
        "wrong-preprocessing",
        2,
    ),
    "preprocessing twice": (
        lambda: model_of(
            model_of(preprocessing()), model_of(preprocessing()), frozen_backbone(), *head()
        ),
        "wrong-preprocessing",
        2,
    ),
    "divided twice": (
        lambda: model_of(layers.Rescaling(1 / 255), preprocessing(), frozen_backbone(), *head()),
        "wrong-preprocessing",
        2,
    ),
}


def judge(check, artifact):
    return checks.judges()[check](artifact, SMALL)


def judge_head(model, folder):
    write_artifact(folder / "head", model)
    return judge("check_head", Artifact(folder / "head"))


def ids(report):
    return [finding.id for finding in report.findings]


@pytest.mark.parametrize("name", RIGHT_HEADS)
def test_a_right_head_loses_no_point(name, tmp_path):
    report = judge_head(RIGHT_HEADS[name](), tmp_path)
    assert not report.findings, report
    assert report.points == 6


@pytest.mark.parametrize("name", WRONG_HEADS)
def test_a_wrong_head_gets_the_finding_it_needs(name, tmp_path):
    build, finding, lost = WRONG_HEADS[name]
    report = judge_head(build(), tmp_path)
    assert ids(report) == [finding], report
    assert report.out_of - report.points == lost


def test_a_head_that_is_random_even_in_inference_hides_what_reaches_the_backbone(tmp_path):
    class AlwaysFlipping(layers.RandomFlip):
        def call(self, images, training=True):
            return super().call(images, training=True)

    model = model_of(AlwaysFlipping(), preprocessing(), frozen_backbone(), *head())
    assert ids(judge_head(model, tmp_path)) == ["preprocessing-unseen"]


# Fine-tuning, from one head that was trained.


@pytest.fixture(scope="module")
def trained_head(splits):
    """The weights of a model with a trained head, and the last epoch of its history."""
    model = model_of(preprocessing(), frozen_backbone(), *head())  # sets the seed as well
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(splits.train, validation_data=splits.validation, epochs=8, verbose=0)
    return model.get_weights(), {name: curve[-1:] for name, curve in history.history.items()}


def unfreeze(backbone, from_block=None, still=True):
    names = [layer.name for layer in backbone.layers]
    first = names.index(from_block) if from_block else 0
    backbone.trainable = True
    for index, layer in enumerate(backbone.layers):
        normalizes = isinstance(layer, layers.BatchNormalization)
        layer.trainable = index >= first and not (still and normalizes)


@pytest.fixture
def fine_tune(trained_head, splits, tmp_path):
    """Fine-tune in some way; return the artifact."""

    def run(optimizer="adam", *, unfreezing=unfreeze, compiled_again=True):
        weights, history = trained_head
        backbone = frozen_backbone()
        model = model_of(preprocessing(), backbone, *head())
        model.set_weights(weights)
        settings = {"loss": "categorical_crossentropy", "metrics": ["accuracy"]}
        if not compiled_again:
            model.compile(optimizer, **settings)
            model.fit(splits.train.take(1), verbose=0)
        unfreezing(backbone)
        if compiled_again:
            # For ten steps, tracing would take longer than it saves.
            model.compile(optimizer, **settings, run_eagerly=True)
        new = model.fit(splits.train, validation_data=splits.validation, verbose=0)
        joined = join_histories(history, new)
        write_artifact(tmp_path / "tuned", model, history=joined, expects_history=True)
        return Artifact(tmp_path / "tuned")

    return run


def adam(rate):
    return keras.optimizers.Adam(rate)


def cosine(highest):
    return keras.optimizers.schedules.CosineDecay(highest, decay_steps=10)


def from_zero(highest):
    return keras.optimizers.schedules.CosineDecay(
        0.0, decay_steps=5, warmup_target=highest, warmup_steps=5
    )


@pytest.mark.parametrize(
    ("optimizer", "options"),
    [
        (lambda: adam(1e-4), {}),
        (lambda: adam(cosine(1e-4)), {"unfreezing": lambda base: unfreeze(base, "conv2_conv")}),
        (lambda: keras.optimizers.SGD(1e-3), {}),
    ],
)
def test_right_fine_tuning_loses_no_point(fine_tune, optimizer, options):
    report = judge("check_fine_tuning", fine_tune(optimizer(), **options))
    assert not report.findings, report
    assert report.points == 7


@pytest.mark.parametrize(
    ("rate", "options", "finding", "lost"),
    [
        (1e-3, {}, "learning-rate-too-high", 1),
        (1e-8, {}, "learning-rate-too-low", 1),
        (1e-3, {"compiled_again": False}, "nothing-moved", 2),
        (
            1e-4,
            {"unfreezing": lambda base: unfreeze(base, "conv2_conv", still=False)},
            "statistics-moved",
            2,
        ),
    ],
)
def test_wrong_fine_tuning_gets_the_finding_it_needs(fine_tune, rate, options, finding, lost):
    report = judge("check_fine_tuning", fine_tune(adam(rate), **options))
    assert ids(report) == [finding], report
    assert report.out_of - report.points == lost


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
    kernel.assign_add(1e-5 * keras.ops.ones_like(kernel))
    model.compile(adam(1e-4), "categorical_crossentropy", metrics=["accuracy"])
    folder = tmp_path_factory.mktemp("tuned") / "tuned"
    write_artifact(folder, model, history=join_histories(history, history), expects_history=True)
    return folder


def test_weights_that_moved_far_are_found_whatever_rate_is_stated(tuned):
    artifact = Artifact(tuned)
    assert judge("check_fine_tuning", artifact).passed
    kernel = next(weight for path, weight in artifact.weights.items() if "conv2_conv" in path)
    one_weight = np.zeros(kernel.shape, np.float32)
    one_weight[0, 0, 0, 0] = 0.02
    kernel.assign_add(one_weight)
    report = judge("check_fine_tuning", artifact)
    assert ids(report) == ["learning-rate-too-high"]
    assert "moved by up to 0.02 in about 10 steps at a learning rate of 0.0001" in str(report)


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


def test_a_history_of_one_phase_only_is_found(tuned):
    artifact = Artifact(tuned)
    artifact.facts["curves"] = {name: v[:1] for name, v in artifact.facts["curves"].items()}
    report = judge("check_fine_tuning", artifact)
    assert ids(report) == ["history-epochs"]
    assert "both phases" in str(report)


def test_a_model_that_was_destroyed_is_found(tuned):
    artifact = Artifact(tuned)
    for path, weight in artifact.weights.items():
        if "dense" in path:
            weight.assign(np.zeros(weight.shape, np.float32))
    assert "not-trained" in ids(judge("check_fine_tuning", artifact))


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
