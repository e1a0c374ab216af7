"""The check of the training cell: a history that is that of the handed-over weights, or not."""

import numpy as np
import pytest

from helpers import checks, data, profiles
from helpers.checks.handover import Artifact, write_artifact
from helpers.history import keep_history
from helpers.quiet import import_tensorflow

import_tensorflow()
import keras  # noqa: E402
from keras import layers  # noqa: E402

GRADE = profiles.PROFILES["grade"]


def new_model(learning_rate=3e-3):
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(16, 3, strides=2, activation="relu", kernel_regularizer="l2"),
            layers.Conv2D(16, 3, strides=2, activation="relu"),
            layers.Dropout(0.1),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(learning_rate), "categorical_crossentropy", metrics=["accuracy"]
    )
    return model


@pytest.fixture(scope="module")
def splits():
    return data.load_splits(GRADE)


@pytest.fixture(autouse=True)
def _images_loaded_once(monkeypatch, splits):
    monkeypatch.setattr(data, "load_splits", lambda profile: splits)


@pytest.fixture(scope="module")
def trained(splits):
    """A model that was trained as the notebook asks, and what `fit` returned."""
    keras.utils.set_random_seed(0)
    model = new_model()
    history = model.fit(
        splits.train, validation_data=splits.validation, epochs=GRADE.scratch_epochs, verbose=0
    )
    return model, history


def judge(model, history, folder):
    write_artifact(folder / "made", model, history=history, expects_history=True)
    return checks.judges()["check_training"](Artifact(folder / "made"), GRADE)


def ids(report):
    return [finding.id for finding in report.findings]


def changed(history, **curves):
    return {**history.history, **curves}


@pytest.mark.parametrize(
    "kept", [lambda history: history, lambda history: history.history, keep_history]
)
def test_a_history_may_be_kept_in_several_ways(trained, kept, tmp_path):
    model, history = trained
    report = judge(model, kept(history), tmp_path)
    assert report.passed, report
    assert report.points == 5


@pytest.mark.parametrize(
    ("history", "finding"),
    [
        (lambda _, history: None, "history-not-kept"),
        (lambda model, _: model, "history-not-kept"),
        (lambda _, history: "history", "history-not-kept"),
        (lambda _, history: {}, "history-incomplete"),
        (lambda _, history: changed(history, val_loss=[]), "history-incomplete"),
        (lambda _, history: {"loss": history.history["loss"]}, "history-incomplete"),
        (
            lambda _, history: {name: 2 * curve for name, curve in history.history.items()},
            "history-epochs",
        ),
        (
            lambda _, history: changed(history, val_accuracy=[0.11, 0.1, 0.12, 0.1]),
            "history-of-another-model",
        ),
    ],
)
def test_a_history_that_is_not_that_of_this_training_costs_its_point(
    trained, history, finding, tmp_path
):
    report = judge(trained[0], history(*trained), tmp_path)
    assert ids(report) == [finding], report
    assert report.points == 4


def test_the_history_of_another_model_is_found(trained, splits, tmp_path):
    other = new_model(learning_rate=1e-7).fit(
        splits.train.take(1),
        validation_data=splits.validation,
        epochs=GRADE.scratch_epochs,
        verbose=0,
    )
    report = judge(trained[0], other, tmp_path)
    assert ids(report) == ["history-of-another-model"]
    score = trained[0].evaluate(splits.validation, verbose=0)[1]
    assert f"The model scores {score:.1%} on the validation images" in str(report)


def test_fitting_twice_is_right_if_the_history_is_the_last_one(trained, splits, tmp_path):
    model = keras.models.clone_model(trained[0])
    model.set_weights(trained[0].get_weights())
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    again = model.fit(
        splits.train.take(3),
        validation_data=splits.validation,
        epochs=GRADE.scratch_epochs,
        verbose=0,
    )
    assert judge(model, again, tmp_path).passed


def test_validating_on_the_test_images_is_found(trained, splits, tmp_path):
    model, history = trained
    loss, accuracy = model.evaluate(splits.test, verbose=0)
    if np.isclose(model.evaluate(splits.validation, verbose=0)[0], loss, rtol=2e-2):
        pytest.skip("This training ended with losses too alike to tell the two splits apart.")
    on_test = changed(
        history,
        val_loss=[*history.history["val_loss"][:-1], loss],
        val_accuracy=[*history.history["val_accuracy"][:-1], accuracy],
    )
    report = judge(model, on_test, tmp_path)
    assert ids(report) == ["validated-on-test"]
    assert f"{loss:.3f}" in str(report)


def test_a_model_that_was_not_trained_is_found(trained, tmp_path):
    report = judge(new_model(), trained[1], tmp_path)
    assert "not-trained" in ids(report)
    assert report.points <= 1


@pytest.mark.parametrize(
    ("model", "finding"),
    [(lambda: None, "not-a-model"), (lambda: trained_to_nan(), "not-a-number")],
)
def test_what_gives_no_numbers_gets_nothing(trained, model, finding, tmp_path):
    report = judge(model(), trained[1], tmp_path)
    assert ids(report) == [finding]
    assert report.points == 0


def trained_to_nan():
    model = new_model()
    model.layers[-1].bias.assign(np.full(10, np.nan))
    return model
