"""Record the reference models' training runs for `helpers.references`; goes on where it stopped.

    python tests/benchmarks/record_references.py --data rendered_things --profile quick
    TFDS_DATA_DIR=DIR python tests/benchmarks/record_references.py --data cifar10 --profile full

The settings are those of the notebook: Adam, categorical cross-entropy, batches of 32, as many
epochs as the profile says, validation images cut from the train split. The test images are looked
at once, after the last epoch. After each epoch, model and numbers are kept in the working folder,
so a run that was broken off loses one epoch at most; one that is recorded is not made again.
"""

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from references import REFERENCES

from helpers import profiles
from helpers.data import load_splits
from helpers.quiet import import_tensorflow
from helpers.references import RECORDED, ReferenceRun

BATCH_SIZE = 32


def record(
    name: str,
    profile: profiles.Profile,
    seed: int,
    work: Path,
    out: Path,
    momentum: float | None = None,
) -> ReferenceRun:
    """Train one reference model to the end, or return the run if it is recorded already.

    Args:
        name: one of `references.REFERENCES`.
        profile: which images, how many, how many epochs.
        seed: draws the initial weights and the order of the images.
        work: folder for what is not finished.
        out: folder of the finished records.
        momentum: that of batch normalization in `regularized`, if it is not to be its own.
    """
    key = f"{profile.dataset}-{profile.name}-{name}-seed{seed}"
    if (out / f"{key}.json").is_file():
        print(f"{key}: recorded already.")
        return ReferenceRun.load(out / f"{key}.json")
    import_tensorflow()
    import keras

    keras.utils.set_random_seed(seed)
    splits = load_splits(profile, batch_size=BATCH_SIZE, seed=seed)
    state = _State(work / key)
    build = REFERENCES[name] if momentum is None else partial(REFERENCES[name], momentum)
    model = state.load_model() if state.epochs else _compiled(build())
    state.begin_sitting()
    model.fit(
        splits.train,
        validation_data=splits.validation,
        epochs=profile.scratch_epochs,
        initial_epoch=state.epochs,
        callbacks=[_keeper(state, key)],
        verbose=0,
    )
    run = ReferenceRun(
        name=name,
        about=REFERENCES[name].__doc__.splitlines()[0],
        dataset=profile.dataset,
        profile=profile.name,
        train_images=profile.train_images,
        epochs=profile.scratch_epochs,
        batch_size=BATCH_SIZE,
        seed=seed,
        parameters=model.count_params(),
        seconds=tuple(state.numbers["seconds"]),
        processor_seconds=tuple(state.numbers["processor_seconds"]),
        curves={name: tuple(curve) for name, curve in state.numbers["curves"].items()},
        test_accuracy=float(model.evaluate(splits.test, verbose=0)[1]),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        sittings=state.numbers["sittings"],
        command="python tests/benchmarks/record_references.py"
        f" --data {profile.dataset} --profile {profile.name} --seed {seed} --only {name}"
        + (f" --momentum {momentum}" if momentum else ""),
        versions={
            "python": platform.python_version(),
            "tensorflow": importlib.metadata.version("tensorflow"),
            "keras": importlib.metadata.version("keras"),
        },
        date=datetime.date.today().isoformat(),
    )
    run.save(out)
    state.remove()
    print(f"{key}: {run.test_accuracy:.1%} of the test images, {sum(run.seconds):.0f} s.")
    return run


def _compiled(model: Any) -> Any:
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model


class _State:
    """What a run that is not finished has come to, in a folder: numbers, and the model.

    The numbers name the file of the model that they belong to, and are written last.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._path = folder / "numbers.json"
        self.numbers: dict[str, Any] = {
            "model": None,
            "sittings": 0,
            "seconds": [],
            "processor_seconds": [],
            "curves": {},
        }
        if self._path.is_file():
            self.numbers = json.loads(self._path.read_text(encoding="utf-8"))

    @property
    def epochs(self) -> int:
        return len(self.numbers["seconds"])

    def load_model(self) -> Any:
        import keras

        return keras.saving.load_model(self._folder / self.numbers["model"])

    def begin_sitting(self) -> None:
        self.numbers["sittings"] += 1

    def keep(
        self, model: Any, logs: dict[str, float], seconds: float, processor_seconds: float
    ) -> None:
        """Keep an epoch that has just ended."""
        for name, value in logs.items():
            self.numbers["curves"].setdefault(name, []).append(float(value))
        self.numbers["seconds"].append(seconds)
        self.numbers["processor_seconds"].append(processor_seconds)
        before = self.numbers["model"]
        self.numbers["model"] = f"after-epoch-{self.epochs}.keras"
        self._folder.mkdir(parents=True, exist_ok=True)
        model.save(self._folder / self.numbers["model"])
        unfinished = self._path.with_suffix(".part")
        unfinished.write_text(json.dumps(self.numbers), encoding="utf-8")
        unfinished.replace(self._path)
        if before:
            (self._folder / before).unlink(missing_ok=True)

    def remove(self) -> None:
        (self._folder / self.numbers["model"]).unlink()
        self._path.unlink()
        self._folder.rmdir()


def _keeper(state: _State, key: str) -> Any:
    """Return a callback that keeps every epoch; its own work is not in the seconds."""
    import keras

    class Keeper(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.began = time.perf_counter(), time.process_time()

        def on_epoch_end(self, epoch, logs=None):
            seconds = time.perf_counter() - self.began[0]
            state.keep(self.model, logs, seconds, time.process_time() - self.began[1])
            accuracy = logs["val_accuracy"]
            print(f"{key}: epoch {epoch + 1}, {accuracy:.4f}, {seconds:.0f} s", flush=True)

    return Keeper()


def main() -> None:
    """Read the command line, and record what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", choices=["cifar10", "rendered_things"], required=True)
    parser.add_argument("--profile", choices=["full", "quick"], required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=list(REFERENCES), help="one model instead of all three")
    parser.add_argument("--momentum", type=float, help="of batch normalization in `regularized`")
    parser.add_argument(
        "--work", type=Path, default=Path("build/references"), help="folder for unfinished runs"
    )
    parser.add_argument("--out", type=Path, default=RECORDED, help="folder for the records")
    options = parser.parse_args()
    profile = replace(profiles.PROFILES[options.profile], dataset=options.data, download=False)
    if options.momentum and options.only != "regularized":
        parser.error("--momentum goes with --only regularized.")
    for name in [options.only] if options.only else REFERENCES:
        record(name, profile, options.seed, options.work, options.out, options.momentum)


if __name__ == "__main__":
    main()
