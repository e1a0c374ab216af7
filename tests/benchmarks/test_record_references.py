"""A run that was broken off goes on, and one that is recorded is not made again."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from helpers import profiles

TINY = replace(
    profiles.PROFILES["quick"],
    dataset="rendered_things",
    train_images=64,
    validation_images=32,
    test_images=32,
    scratch_epochs=3,
)


@pytest.fixture
def recorder(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent)
    import record_references

    return record_references


def tiny():
    """A very small network."""
    import keras

    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            keras.layers.AveragePooling2D(8),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.1),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )


def test_a_run_goes_on_where_it_was_broken_off(recorder, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(recorder.REFERENCES, "small", tiny)
    folders = {"work": tmp_path / "work", "out": tmp_path / "out"}
    keep = recorder._State.keep

    def keep_one(state, *arguments):
        if state.epochs == 1:
            raise KeyboardInterrupt
        keep(state, *arguments)

    monkeypatch.setattr(recorder._State, "keep", keep_one)
    with pytest.raises(KeyboardInterrupt):
        recorder.record("small", TINY, 7, **folders)
    monkeypatch.setattr(recorder._State, "keep", keep)
    (numbers,) = folders["work"].glob("*/numbers.json")
    before = json.loads(numbers.read_text())
    assert len(before["seconds"]) == 1

    run = recorder.record("small", TINY, 7, **folders)
    assert (run.epochs, run.sittings, run.seed) == (3, 2, 7)
    assert run.about == "A very small network."
    assert run.curves["val_loss"][0] == before["curves"]["val_loss"][0]
    assert len(run.curves["loss"]) == 3
    assert run.parameters == 490
    assert not list(folders["work"].iterdir())

    capsys.readouterr()
    assert recorder.record("small", TINY, 7, **folders) == run
    assert "recorded already" in capsys.readouterr().out


def test_the_models_have_the_sizes_that_the_notebook_tells(recorder):
    sizes = {name: build().count_params() for name, build in recorder.REFERENCES.items()}
    assert sizes["small"] < 6_000
    assert 280_000 < sizes["plain"] < sizes["regularized"] <= 290_000
