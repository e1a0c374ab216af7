"""Measure how the bank's right models come back: from `.keras` in safe mode, and from a SavedModel.

    python -m tests.benchmarks.handover --out handover.json

Every right answer to the two exercises that build a model runs here, with the stand-ins of the
bank. Its model is saved in both ways, and a fresh process, which knows nothing of the answer's
code, opens both and compares 32 answers with those that the model gave here.
"""

import argparse
import contextlib
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from helpers.checks import probes
from helpers.checks.handover import Artifact, write_artifact
from helpers.quiet import import_tensorflow
from tests.benchmarks import record
from tests.grading import bank, stand_ins

COMMAND = "python -m tests.benchmarks.handover"
CELLS = ("model_cell", "head_cell")
WAYS = ("keras", "saved_model")
SAME = 1e-3  # of a probability; half precision rounds


def save_all(folder: Path) -> dict[str, dict]:
    """Run the answers, save their models, and return seconds and what went wrong, by answer."""
    import keras

    rows: dict[str, dict] = {}
    answers = [each for cell in CELLS for each in bank.read_answers(cell) if each.right]
    for answer in answers:
        name = f"{answer.exercise.cell}-{answer.name}"
        with contextlib.redirect_stdout(io.StringIO()):
            keras.utils.set_random_seed(0)
            bank.examine(answer, stand_ins.EARLIER)
            model = bank.names_of_the_notebook()["model"]
            place = folder / name
            place.mkdir()
            images = probes.random_images(32)
            expected = np.asarray(model.predict(images, verbose=0), np.float32)
            np.save(place / "expected.npy", expected)
            rows[name] = {
                "keras": _timed(lambda m=model, p=place: m.save(p / "model.keras")),
                "saved_model": _timed(lambda m=model, p=place: write_artifact(p / "artifact", m)),
            }
        keras.config.set_dtype_policy("float32")
        keras.backend.clear_session()
    return rows


def open_all(folder: Path) -> dict[str, dict]:
    """Open what was saved, in both ways; return seconds and what went wrong, by answer."""
    import_tensorflow()
    import keras

    def from_keras(place: Path) -> np.ndarray:
        model = keras.saving.load_model(place / "model.keras", compile=False, safe_mode=True)
        return model.predict(images, verbose=0)

    def from_saved_model(place: Path) -> np.ndarray:
        return Artifact(place / "artifact").infer(images)

    images = probes.random_images(32)
    rows: dict[str, dict] = {}
    for place in sorted(folder.iterdir()):
        expected = np.load(place / "expected.npy")
        rows[place.name] = {
            way: _timed(lambda o=opened, p=place, e=expected: _require_same(o(p), e))
            for way, opened in (("keras", from_keras), ("saved_model", from_saved_model))
        }
    return rows


def _require_same(answers: np.ndarray, expected: np.ndarray) -> None:
    difference = np.abs(np.asarray(answers, np.float32) - expected).max()
    if not difference < SAME:
        raise ValueError(f"it answers otherwise, by up to {difference:.2g}")


def _timed(work) -> dict:
    began, problem = time.perf_counter(), ""
    try:
        work()
    except Exception as error:  # what is being counted
        problem = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"[:200]
    return {"seconds": round(time.perf_counter() - began, 3), "problem": problem}


def summary(saved: dict[str, dict], opened: dict[str, dict]) -> dict:
    """Return for each way how many models came back right, and the median seconds it took."""
    told: dict[str, dict] = {}
    for way in WAYS:
        lost = {
            name: saved[name][way]["problem"] or opened[name][way]["problem"]
            for name in saved
            if saved[name][way]["problem"] or opened[name][way]["problem"]
        }
        whole = [name for name in saved if name not in lost]
        told[way] = {
            "models": len(saved),
            "came back right": len(whole),
            "seconds to save": statistics.median(saved[name][way]["seconds"] for name in whole),
            "seconds to open": statistics.median(opened[name][way]["seconds"] for name in whole),
            "lost": lost,
        }
    return told


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="the record, JSON")
    parser.add_argument("--open", type=Path, help=argparse.SUPPRESS)  # for the fresh process
    options = parser.parse_args()
    if options.open:
        options.out.write_text(json.dumps(open_all(options.open)), encoding="utf-8")
        return
    with tempfile.TemporaryDirectory() as work, pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.chdir(work)
        models, remembered, answers = (Path(work, name) for name in ("models", "kept", "rows.json"))
        models.mkdir()
        remembered.mkdir()
        stand_ins.put_in(monkeypatch, remembered)
        saved = save_all(models)
        command = [sys.executable, "-m", "tests.benchmarks.handover"]
        root = str(Path(__file__).parents[2])
        subprocess.run(
            [*command, "--out", str(answers), "--open", str(models)],
            cwd=root,
            check=True,
            env=os.environ | {"PYTHONPATH": root},
        )
        told = summary(saved, json.loads(answers.read_text(encoding="utf-8")))
    origin = record.origin(f"{COMMAND} --out {options.out.name}", seed=0, profile="grade")
    record.write(options.out, {**origin, "ways": told})
    for way, row in told.items():
        print(f"{way}: " + ", ".join(f"{v} {k}" for k, v in row.items() if k != "lost"))
        for name, problem in row["lost"].items():
            print(f"  {name}: {problem}")


if __name__ == "__main__":
    main()
