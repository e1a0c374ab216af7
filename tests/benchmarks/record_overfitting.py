"""Record the training histories that `helpers.widgets.overfitting_explorer` shows, on CIFAR-10.

    python tests/benchmarks/record_overfitting.py --data-dir DIR

Three networks are trained on training sets of four sizes, and on images whose labels were drawn at
random. After every epoch accuracy and loss are measured in inference mode on the training images
and on validation images, so that the gap between both is not blurred by weights that still move.
A run is written as soon as it ends, and one that is there is not made again.
"""

import argparse
import datetime
import json
import os
import platform
import time
from pathlib import Path

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

RECORD = Path(__file__).parents[2] / "helpers" / "widgets" / "recorded" / "overfitting.json"
COMMAND = "python tests/benchmarks/record_overfitting.py"
SEED = 0
SIZES = (250, 1_000, 4_000, 16_000)
EPOCHS = 30
RANDOM_SIZE = 1_000
RANDOM_EPOCHS = 60
BATCH = 32
MEASURED = 2_000  # images, at most, on which the training curves are measured
VALIDATION = 2_000


def build_models() -> dict:
    """Return the functions that build the three networks, by name, from small to large."""
    import keras
    from keras import layers

    def network(*inner):
        return keras.Sequential(
            [keras.Input((32, 32, 3)), *inner, layers.Dense(10, activation="softmax")]
        )

    def two_convolutions(first, second, dense):
        return network(
            layers.Conv2D(first, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(second, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(dense, activation="relu"),
        )

    return {
        "small": lambda: network(
            layers.Conv2D(4, 3, strides=2, activation="relu"),
            layers.Conv2D(8, 3, strides=2, activation="relu"),
            layers.GlobalAveragePooling2D(),
        ),
        "medium": lambda: two_convolutions(16, 32, 32),
        "large": lambda: two_convolutions(32, 64, 128),
    }


def wanted_runs(models) -> list[dict]:
    """Return what has to be trained: true labels, then random ones."""
    true = [
        {"labels": "true", "images": images, "network": network, "epochs": EPOCHS}
        for images in SIZES
        for network in models
    ]
    random = [
        {"labels": "random", "images": RANDOM_SIZE, "network": network, "epochs": RANDOM_EPOCHS}
        for network in models
    ]
    return true + random


def load_images(data_dir: str | None) -> tuple[tuple, tuple]:
    """Return training and validation images of CIFAR-10 in [0, 1] with their labels.

    The training images are in a random order, so the first ones are a fair choice.
    """
    import tensorflow_datasets as tfds

    def read(split):
        arrays = tfds.load("cifar10", split=split, data_dir=data_dir, download=False, batch_size=-1)
        return arrays["image"].numpy() / np.float32(255.0), arrays["label"].numpy()

    images, labels = read("train[:45000]")
    order = np.random.default_rng(SEED).permutation(len(images))[: max(SIZES)]
    return (images[order], labels[order]), read(f"train[45000:{45_000 + VALIDATION}]")


def train(run: dict, model, training: tuple, validation: tuple) -> dict[str, list[float]]:
    """Train as `run` says; return the curves, one number an epoch, rounded to four digits."""
    import keras

    images, labels = (array[: run["images"]] for array in training)
    if run["labels"] == "random":
        labels = np.random.default_rng(SEED).integers(0, 10, len(labels))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    curves = {name: [] for name in ("loss", "accuracy", "val_loss", "val_accuracy")}

    def measure(epoch, logs):
        numbers = [
            *model.evaluate(images[:MEASURED], labels[:MEASURED], batch_size=500, verbose=0),
            *model.evaluate(*validation, batch_size=500, verbose=0),
        ]
        for curve, number in zip(curves.values(), numbers, strict=True):
            curve.append(round(number, 4))

    model.fit(
        images,
        labels,
        batch_size=BATCH,
        epochs=run["epochs"],
        verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=measure)],
    )
    return curves


def describe(models: dict) -> dict:
    """Return where the record comes from: command, data, settings, versions, date."""
    import keras
    import tensorflow as tf

    return {
        "command": COMMAND,
        "date": datetime.date.today().isoformat(),
        "data_set": "CIFAR-10",
        "splits": f"training images from train[:45000], {VALIDATION} validation images from the "
        "rest of the train split",
        "seed": SEED,
        "settings": f"Adam with its default rate, batch {BATCH}, one thread; measured after every "
        f"epoch in inference mode, training on at most {MEASURED} of the images",
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
        "parameters": {name: build().count_params() for name, build in models.items()},
        "runs": [],
    }


def write(path: Path, record: dict) -> None:
    """Write the record so that a break leaves the old one whole."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    part.replace(path)


def main() -> None:
    """Make the runs that the record lacks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", help="folder of TensorFlow Datasets")
    parser.add_argument("--out", type=Path, default=RECORD)
    options = parser.parse_args()

    import keras
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    models = build_models()
    record = json.loads(options.out.read_text()) if options.out.is_file() else describe(models)
    training, validation = load_images(options.data_dir)
    for run in wanted_runs(models):
        if any(run.items() <= made.items() for made in record["runs"]):
            continue
        keras.utils.set_random_seed(SEED)
        start = time.perf_counter()
        curves = train(run, models[run["network"]](), training, validation)
        record["runs"].append({**run, "curves": curves})
        write(options.out, record)
        last = {name: curve[-1] for name, curve in curves.items()}
        print(run, last, f"{time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
