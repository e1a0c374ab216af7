"""The model that is delivered: the learner's own, if it can be used, else a small one."""

import numpy as np
import pytest

from helpers import data, pictures, profiles, trained
from helpers.quiet import import_tensorflow

import_tensorflow()
import keras  # noqa: E402
from keras import layers  # noqa: E402

PROFILE = profiles.PROFILES["grade"]


@pytest.fixture(scope="module")
def splits():
    return data.load_splits(PROFILE)


def build(*parts, shape=(32, 32, 3), classes=10):
    return keras.Sequential([keras.Input(shape), *parts, layers.Flatten(), layers.Dense(classes)])


def test_the_learners_own_model_is_taken_as_it_is(splits, tmp_path, capsys):
    own = build()
    own.save(tmp_path / trained.OWN)
    model = trained.load_or_train(PROFILE, splits, tmp_path)
    images, _ = pictures.to_arrays(splits.validation, 4)
    assert (model.predict(images, verbose=0) == own.predict(images, verbose=0)).all()
    assert f"Loaded {tmp_path / trained.OWN}." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (lambda: build(shape=(96, 96, 3)), r"takes \(96, 96, 3\) and gives \(10,\)"),
        (lambda: build(classes=7), r"takes \(32, 32, 3\) and gives \(7,\)"),
        (
            lambda: build(layers.Lambda(lambda x: x / 2, output_shape=(32, 32, 3))),
            "without Lambda layers",
        ),
    ],
)
def test_a_model_that_cannot_be_used_is_told_with_what_to_do(splits, tmp_path, model, told):
    model().save(tmp_path / trained.OWN)
    with pytest.raises(ValueError, match=told) as caught:
        trained.load_or_train(PROFILE, splits, tmp_path)
    assert "then the notebook trains a small model" in str(caught.value)


def test_a_file_that_is_no_model_is_told(splits, tmp_path):
    (tmp_path / trained.OWN).write_bytes(b"no model")
    with pytest.raises(ValueError, match="cannot be loaded"):
        trained.load_or_train(PROFILE, splits, tmp_path)


def test_without_one_a_small_model_is_trained_that_is_the_same_every_time_and_no_guess(
    splits, tmp_path, capsys
):
    first = trained.load_or_train(PROFILE, splits, tmp_path)
    assert "There is no my_model.keras here" in capsys.readouterr().out
    second = trained.load_or_train(PROFILE, splits, tmp_path)
    images, labels = pictures.to_arrays(splits.validation)
    said = first.predict(images, verbose=0)
    assert np.abs(said - second.predict(images, verbose=0)).max() < 1e-4
    assert (said.argmax(axis=1) == labels).mean() > 0.5


def test_a_grader_never_takes_a_file_that_lies_there(splits, tmp_path, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    (tmp_path / trained.OWN).write_bytes(b"no model")
    monkeypatch.setattr(trained, "_train", lambda profile, splits: "the small one")
    assert trained.load_or_train(PROFILE, splits, tmp_path) == "the small one"


def test_a_grader_leaves_nothing_in_the_folder_of_the_notebook(monkeypatch):
    assert str(trained.export_folder()) == "artifacts"
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    folder = trained.export_folder()
    assert folder.is_absolute()
    assert folder != trained.export_folder()
