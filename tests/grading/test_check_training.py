"""What may be called a history, and what it is worth. Whose history it is, the bank asks."""

from types import SimpleNamespace

import numpy as np
import pytest

from helpers import checks
from helpers.checks import histories
from helpers.checks.handover import Artifact, describe_history, write_artifact

CURVES = {"loss": [2.0, 1.0], "accuracy": [0.2, 0.5], "val_loss": [2.1, 1.2]}


def findings(history, phases):
    artifact = SimpleNamespace(facts=describe_history(history))
    return [
        each.id for each in histories.history_findings(artifact, None, phases, "check_training")
    ]


@pytest.mark.parametrize("history", [None, "history", 3, [0.5], {"loss": "low"}])
def test_what_is_no_history_is_not_kept(history):
    assert findings(history, (2,)) == ["history-not-kept"]


@pytest.mark.parametrize("history", [{}, {1: [2.0]}, CURVES, CURVES | {"val_accuracy": []}])
def test_a_curve_that_is_missing_or_empty_makes_it_incomplete(history):
    assert findings(history, (2,)) == ["history-incomplete"]


@pytest.mark.parametrize("phases", [(1,), (3,), (2, 2)])
def test_its_epochs_are_those_of_all_phases(phases):
    assert findings(CURVES | {"val_accuracy": [0.2, 0.4]}, phases) == ["history-epochs"]


def test_it_is_worth_a_fifth_of_its_exercise_at_most():
    """It is words, and anybody can write them."""
    shares = {
        check: criterion.points / sum(each.points for each in looked_at)
        for check, looked_at in checks.criteria().items()
        for criterion in looked_at
        if criterion.name == "history"
    }
    assert set(shares) == {"check_training", "check_fine_tuning"}
    assert all(share <= 1 / 5 for share in shares.values())


@pytest.mark.parametrize(
    ("activation", "from_logits"),
    [
        *(("softmax", False), ("sigmoid", False), ("softplus", False), (None, False)),
        *(("softplus", True), (None, True)),
    ],
)
def test_it_agrees_with_its_model_whatever_that_ends_in(activation, from_logits, tmp_path):
    """Without softmax, Keras makes probabilities of the outputs, in one of three ways."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    images = rng.random((64, 32, 32, 3), dtype=np.float32)
    labels = np.eye(10, dtype=np.float32)[rng.integers(0, 10, 64)]
    images[:, 0, 0] = labels[:, :3]
    validation = tf.data.Dataset.from_tensor_slices((images, labels)).batch(32)
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation=activation, bias_initializer="ones"),
        ]
    )
    loss = keras.losses.CategoricalCrossentropy(from_logits=from_logits)
    model.compile("sgd", loss, metrics=["accuracy"])
    history = model.fit(validation, validation_data=validation, epochs=1, verbose=0)
    write_artifact(tmp_path / "it", model, history=history, expects_history=True)
    splits = SimpleNamespace(train=validation, validation=validation, test=validation)
    artifact = Artifact(tmp_path / "it")
    assert not histories.history_findings(artifact, splits, (1,), "check_training")


@pytest.mark.parametrize(
    ("averaged", "finding"), [(False, ["history-of-another-model"]), (True, [])]
)
def test_only_averaged_weights_need_not_agree_with_any_epoch(averaged, finding, tmp_path):
    import keras
    import tensorflow as tf

    images, labels = np.zeros((32, 32, 32, 3), np.float32), np.eye(10, dtype=np.float32)[[3] * 32]
    some = tf.data.Dataset.from_tensor_slices((images, labels)).batch(32)
    layers = [keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")]
    model = keras.Sequential([keras.Input((32, 32, 3)), *layers])
    model.compile(keras.optimizers.Adam(use_ema=averaged), "categorical_crossentropy")
    history = CURVES | {"val_accuracy": [0.2, 0.4]}
    write_artifact(tmp_path / "it", model, history=history, expects_history=True)
    splits = SimpleNamespace(train=some, validation=some, test=some)
    found = histories.history_findings(Artifact(tmp_path / "it"), splits, (2,), "check_training")
    assert [each.id for each in found] == finding


@pytest.mark.parametrize(("of_batches", "count"), [([0.5, 0.5, 0.9], 2), ([0.5, 0.51, 0.9], 3)])
def test_penalties_that_differ_are_looked_at_in_more_batches(of_batches, count, monkeypatch):
    """Two may be close to each other by chance."""
    left = iter(of_batches)
    monkeypatch.setattr(histories.probes, "penalty", lambda artifact, images: next(left))
    assert histories._penalties(None, np.zeros((70, 32, 32, 3))) == of_batches[:count]
