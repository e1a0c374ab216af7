"""Measure what exported models cost, and whether they say the same: all six formats.

    python -m tests.benchmarks.deployment --out FILE.json [--pair real]

The model is that of the deployment notebook in `quick` on the embedded pair, or, with `--pair
real`, MobileNetV2 fine-tuned on CIFAR-10 (see `tests.benchmarks.deployed_backbone`; it is trained
if the file is not there, which takes minutes). Each format gets a fresh process with one thread.
The baseline of the ratios is `model.predict` on the Keras file, measured in the same run.
"""

import argparse
import contextlib
import io
import os
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from helpers import deployment, pictures, profiles
from helpers.deployment.predict import AT_ONCE
from helpers.quiet import import_tensorflow
from tests.benchmarks import deployed_backbone, transfer
from tests.benchmarks import record as records

if TYPE_CHECKING:
    import keras

    from helpers.deployment import Artifact, CostTable, Equality

RECORD = Path(__file__).parent / "results" / "deployment.json"
PAIRS = ("embedded", "real")
REPETITIONS = 100
REPRESENTATIVE = 100  # images
RUNTIMES = ("ai-edge-litert", "pillow", "fastapi", "uvicorn")
CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
ACCURACY = 0.95  # that the answers above the threshold have to reach


class Delivered(NamedTuple):
    """A model, and the images that belong to it.

    Attributes:
        model: the Keras model.
        about: which model, data and split, for the record.
        class_names: of its outputs.
        images: of the validation part, float32 (n, 32, 32, 3).
        labels: their classes.
        representative: training images.
    """

    model: "keras.Model"
    about: dict[str, str]
    class_names: tuple[str, ...]
    images: np.ndarray
    labels: np.ndarray
    representative: np.ndarray


def load_embedded() -> Delivered:
    """Train the model of the notebook, in `quick` on the embedded pair."""
    from helpers import data, trained

    profile = profiles.PROFILES["quick"]
    with contextlib.redirect_stdout(io.StringIO()), tempfile.TemporaryDirectory() as nowhere:
        splits = data.load_splits(profile)
        model = trained.load_or_train(profile, splits, nowhere)
    about = {
        "model": f"lower blocks of the compact DenseNet, frozen, and a head; seed {trained.SEED}",
        "data": splits.caption,
    }
    representative, _ = pictures.to_arrays(splits.train, REPRESENTATIVE)
    images, labels = pictures.to_arrays(splits.validation)
    return Delivered(model, about, splits.class_names, images, labels, representative)


def load_real(file: Path) -> Delivered:
    """Load the fine-tuned MobileNetV2, after training it if there is no such file."""
    import keras

    images = transfer.load_images(os.environ.get("TFDS_DATA_DIR"))
    if not file.is_file():
        deployed_backbone.train_and_keep(images, file)
    about = {
        "model": f"MobileNetV2 {transfer.ALPHA}, {deployed_backbone.SETTING}, seed "
        f"{deployed_backbone.SEED}",
        "data": f"CIFAR-10, {transfer.settings()['validation']}",
    }
    return Delivered(
        keras.saving.load_model(file, compile=False),
        about,
        CIFAR10,
        *images.validation,
        images.train[0][:REPRESENTATIVE],
    )


def load(pair: str, out: Path) -> Delivered:
    """Return the model of a pair; the real one is kept beside the record."""
    import_tensorflow()
    if pair == "embedded":
        return load_embedded()
    return load_real(out.with_name("mobilenet_cifar10.keras"))


@contextlib.contextmanager
def exported(delivered: Delivered, formats: tuple[str, ...]) -> "Iterator[dict[str, Artifact]]":
    """Export a model into a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        yield deployment.export_formats(
            delivered.model,
            folder,
            formats,
            class_names=delivered.class_names,
            representative_images=delivered.representative,
        )


def prove(delivered: Delivered, artifacts: "dict[str, Artifact]") -> dict[str, dict]:
    """Return how far each artifact is from its model, in a fresh process, on image files."""
    expected = delivered.model.predict(delivered.images, verbose=0)
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        files = deployment.write_images(delivered.images, folder)
        for name, artifact in artifacts.items():
            fresh = deployment.predict_in_fresh_process(artifact, files)
            found = deployment.compare_predictions(expected, fresh.probabilities, delivered.labels)
            rows[name] = equality_row(found)
            print(f"{name:15} {found}", flush=True)
    return rows


def try_plain_export(delivered: Delivered) -> dict:
    """Return how far a SavedModel is from its model that Keras's own `model.export` has written.

    With Keras 3.15 it may train where it should infer; see `helpers.deployment.export`.
    """
    import tensorflow as tf

    expected = delivered.model.predict(delivered.images, verbose=0)
    with tempfile.TemporaryDirectory() as folder:
        delivered.model.export(folder, format="tf_saved_model", verbose=False)
        served = tf.saved_model.load(folder)
        parts = np.array_split(delivered.images, len(delivered.images) // AT_ONCE)
        found = np.concatenate([served.serve(tf.constant(part)).numpy() for part in parts])
    return equality_row(deployment.compare_predictions(expected, found, delivered.labels))


def equality_row(found: "Equality") -> dict:
    """Return a comparison for the record."""
    return {
        "equal": found.equal,
        "largest_difference": float(f"{found.largest_difference:.2g}"),
        "same_top_class": round(found.same_top_class, 4),
        "accuracy": [round(value, 4) for value in found.accuracy],
        "accuracy_change": round(found.accuracy_change, 4),
    }


def cost_rows(table: "CostTable") -> dict[str, dict]:
    """Return the table of costs for the record, with ratios against `model.predict`."""
    by_format = {row.format: row for row in table.rows}
    baseline = by_format["keras"].latency
    return {
        row.format: {
            "size_mb": round(row.size / 1e6, 3),
            "runtime_s": round(row.runtime_seconds, 3),
            "load_s": round(row.load_seconds, 4),
            **{
                f"batch_{batch}": {
                    "median_ms": round(latency.median, 3),
                    "p95_ms": round(latency.p95, 3),
                    "calls": latency.calls,
                    "times_as_fast_as_predict": round(baseline[batch].median / latency.median, 1),
                }
                for batch, latency in row.latency.items()
            },
            "memory_mb": round(row.memory / 1e6),
            "accuracy": round(row.accuracy, 4),
        }
        for row in table.rows
    }


def calibrate(delivered: Delivered) -> dict[str, float]:
    """Fit temperature and threshold on one half of the validation images, judge on the other.

    And count how many of the course's strangers, which are none of the classes, pass the threshold.
    """
    fitted, judged = slice(None, None, 2), slice(1, None, 2)
    said = delivered.model.predict(delivered.images, verbose=0)
    temperature = deployment.fit_temperature(said[fitted], delivered.labels[fitted])
    calm = deployment.apply_temperature(said, temperature)
    threshold = deployment.fit_threshold(calm[fitted], delivered.labels[fitted], ACCURACY).value
    kept = deployment.apply_threshold(calm[judged], delivered.labels[judged], threshold)
    strangers = delivered.model.predict(pictures.draw_strangers()[0], verbose=0)
    sure = deployment.apply_temperature(strangers, temperature).max(axis=1)
    errors = [
        deployment.measure_reliability(each[judged], delivered.labels[judged]).error
        for each in (said, calm)
    ]
    return {
        "temperature": round(temperature, 3),
        "calibration_error_before": round(errors[0], 4),
        "calibration_error_after": round(errors[1], 4),
        "threshold": round(threshold, 3),
        "coverage": round(kept.coverage, 4),
        "accuracy_of_answers": round(kept.accuracy, 4),
        "strangers": len(sure),
        "strangers_answered": int((sure >= threshold).sum()),
    }


def main() -> None:
    """Measure one pair, print the table, write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=RECORD, help="the record, JSON")
    parser.add_argument("--pair", choices=PAIRS, default="embedded")
    options = parser.parse_args()
    delivered = load(options.pair, options.out)
    with exported(delivered, tuple(deployment.FORMATS)) as artifacts:
        table = deployment.measure_costs(
            artifacts, delivered.images, delivered.labels, repetitions=REPETITIONS
        )
        print(table)
        equality = prove(delivered, artifacts)
    command = f"python -m tests.benchmarks.deployment --out FILE.json --pair {options.pair}"
    record = records.read(options.out)
    record[options.pair] = {
        "origin": records.origin(
            command, **delivered.about, runtimes={name: version(name) for name in RUNTIMES}
        ),
        "parameters": delivered.model.count_params(),
        "images": len(delivered.labels),
        "threads": table.threads,
        "costs": cost_rows(table),
        "equality": equality,
        "saved_model_of_plain_keras_export": try_plain_export(delivered),
        "calibration": calibrate(delivered),
    }
    records.write(options.out, record)


if __name__ == "__main__":
    main()
