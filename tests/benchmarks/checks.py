"""Measure how long a check takes, against the first training step of the same model.

    python -m tests.benchmarks.checks --out checks.json [--rounds 3] [MODEL ...]

TensorFlow is loaded and warm. Both begin with a fresh model: the check traces it, hands it over and
tries it out; the first `train_on_batch` traces forward and backward pass and takes one step. On a
busy machine the seconds of the processor tell more than those of the clock.
"""

import argparse
import io
import statistics
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from helpers import checks, densenet, profiles
from helpers.quiet import import_tensorflow
from tests.benchmarks import record

if TYPE_CHECKING:
    import keras

COMMAND = "python -m tests.benchmarks.checks"
GRADE = profiles.PROFILES["grade"]
STUDENT, DEEP = 2.0, 15.0  # seconds: the bars for a model of a student's size and for a deep one


def small() -> "keras.Model":
    """Three convolutions with every regularizer of the notebook, as in its solution."""
    from keras import Input, Sequential, layers

    parts = [Input((32, 32, 3)), layers.RandomFlip("horizontal")]
    for filters in (32, 64, 128):
        parts += [
            layers.Conv2D(filters, 3, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.MaxPooling2D(),
        ]
    parts += [layers.GlobalAveragePooling2D(), layers.Dropout(0.3)]
    return Sequential([*parts, layers.Dense(10, activation="softmax")])


def wide() -> "keras.Model":
    """Four convolutions and a wide dense layer behind a flatten."""
    from keras import Input, Sequential, layers

    parts = [Input((32, 32, 3))]
    for filters in (32, 64):
        parts += [
            layers.Conv2D(filters, 3, activation="relu"),
            layers.Conv2D(filters, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.25),
        ]
    parts += [layers.Flatten(), layers.Dense(512, activation="relu"), layers.Dropout(0.5)]
    return Sequential([*parts, layers.Dense(10, activation="softmax")])


def resnet50() -> "keras.Model":
    """A residual network of fifty layers with weights."""
    import keras

    return keras.applications.ResNet50(weights=None, input_shape=(32, 32, 3), classes=10)


def head() -> "keras.Model":
    """The embedded backbone, frozen, with the course's head."""
    from keras import Input, Sequential

    backbone = densenet.build_backbone(GRADE)
    backbone.trainable = False
    return Sequential(
        [Input((32, 32, 3)), densenet.build_preprocessing(GRADE), densenet.build_head(backbone)]
    )


# By name: how to build the model, which check, and its bar in seconds (None: there is none).
MODELS: dict[str, tuple[Callable, Callable, float | None]] = {
    "small": (small, checks.check_model, STUDENT),
    "wide": (wide, checks.check_model, STUDENT),
    "resnet50": (resnet50, checks.check_model, DEEP),
    "head": (head, checks.check_head, None),
}


def seconds(action: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds of the clock and of the processor that an action takes."""
    clock, processor = time.perf_counter(), time.process_time()
    action()
    return time.perf_counter() - clock, time.process_time() - processor


def first_step(model: "keras.Model") -> None:
    """Take the first training step of a compiled model."""
    import numpy as np

    images = np.zeros((32, 32, 32, 3), np.float32)
    model.train_on_batch(images, np.eye(10, dtype=np.float32)[np.arange(32) % 10])


def measure(name: str, rounds: int) -> dict:
    """Return medians for one model, in seconds, and ratios of check to first step."""
    build, check, bar = MODELS[name]
    taken: dict[str, list[tuple[float, float]]] = {"check": [], "first_step": []}
    for _ in range(rounds):
        model = build()
        with redirect_stdout(io.StringIO()):
            taken["check"].append(seconds(lambda model=model: check(model, GRADE)))
        model = build()
        model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
        taken["first_step"].append(seconds(lambda model=model: first_step(model)))
    row: dict = {"arrays": len(model.variables), "parameters": model.count_params()}
    for what, times in taken.items():
        row[f"{what}_s"], row[f"{what}_processor_s"] = (
            round(statistics.median(each), 2) for each in zip(*times, strict=True)
        )
    row["ratio"] = round(row["check_s"] / row["first_step_s"], 2)
    row["ratio_processor"] = round(row["check_processor_s"] / row["first_step_processor_s"], 2)
    if bar is not None:
        row |= {"bar_s": bar, "holds": row["check_s"] <= bar}
    return row


def main() -> None:
    """Measure, print a table, write the record."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", metavar="MODEL", help=", ".join(MODELS))
    parser.add_argument("--out", type=Path, help="file for the numbers, as JSON")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if unknown := set(options.models) - set(MODELS):
        parser.error(f"There is no {', '.join(sorted(unknown))}. Choose from: {', '.join(MODELS)}.")
    import_tensorflow()
    checks.check_model(small(), GRADE)  # warm
    result = record.origin(COMMAND, rounds=options.rounds, models={})
    columns = ("check_s", "first_step_s", "ratio", "check_processor_s", "ratio_processor", "bar_s")
    print(f"{'':10}" + "".join(f"{column:>19}" for column in columns))
    for name in options.models or MODELS:
        row = result["models"][name] = measure(name, options.rounds)
        print(f"{name:10}" + "".join(f"{row.get(column) or '':>19}" for column in columns))
    if options.out:
        record.write(options.out, result)


if __name__ == "__main__":
    main()
