"""Measure transfer on real CIFAR-10: from scratch, frozen and fine-tuned, few labels and many.

    python -m tests.benchmarks.transfer --out FILE.json --data-dir DIR --mobilenet FILE

The backbone is MobileNetV2 (0.35) with ImageNet weights. Images are resized from 32 pixels in the
model. A seed draws which images carry labels, their order and the initial weights. Fine-tuning
starts from the head that was trained on frozen features; the frozen head trains on for as many
epochs as fine-tuning takes, so that it has seen the labels as often. A measurement is written as
soon as it is made, and one that is there is not made again.
"""

import argparse
import functools
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tests.benchmarks import claims
from tests.benchmarks import record as records

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

RECORD = Path(__file__).parents[2] / "helpers" / "widgets" / "recorded" / "transfer.json"
ALPHA = 0.35
BATCH = 32
RATE = 1e-4
RATE_TOO_HIGH = 1e-3
TOP_BLOCK = "block_13"  # the first of the last four blocks, which share a resolution
FIRST_VALIDATION, VALIDATION = 45_000, 2_000
SIZES = (32, 96)


class Epochs(NamedTuple):
    """How long each way trains."""

    scratch: int
    head: int
    fine_tuning: int


EPOCHS = {500: Epochs(60, 30, 10), 5_000: Epochs(30, 10, 4), 45_000: Epochs(10, 3, 2)}


class Setting(NamedTuple):
    """One point of a curve."""

    way: str
    pixels: int
    labels: int


# From what takes seconds to what takes minutes.
WANTED: dict[Setting, range] = {
    **{Setting("frozen", pixels, labels): range(3) for labels in EPOCHS for pixels in SIZES},
    Setting("frozen", 96, 500): range(5),
    Setting("scratch", 32, 500): range(5),
    Setting("fine_tuned", 32, 500): range(3),
    Setting("fine_tuned", 96, 500): range(5),
    Setting("top_block", 96, 500): range(5),
    Setting("moving", 96, 500): range(5),
    Setting("rate_too_high", 96, 500): range(5),
    Setting("scratch", 32, 5_000): range(3),
    Setting("fine_tuned", 32, 5_000): range(3),
    Setting("fine_tuned", 96, 5_000): range(3),
    Setting("scratch", 32, 45_000): range(3),
    Setting("fine_tuned", 32, 45_000): range(3),
    Setting("fine_tuned", 96, 45_000): range(3),
    **{Setting("frozen", 224, labels): range(3) for labels in EPOCHS},
}


def settings() -> dict:
    """What the numbers depend on besides the seed."""
    return {
        "backbone": f"MobileNetV2 {ALPHA}",
        "weights": "ImageNet",
        "data_set": "CIFAR-10",
        "train": f"train[:{FIRST_VALIDATION}]",
        "validation": f"train[{FIRST_VALIDATION}:{FIRST_VALIDATION + VALIDATION}]",
        "batch": BATCH,
        "rate": RATE,
        "rate_too_high": RATE_TOO_HIGH,
        "top_block": f"from {TOP_BLOCK} on",
        "epochs": {str(labels): epochs._asdict() for labels, epochs in EPOCHS.items()},
        "scratch": "three convolutions, batch normalization, augmentation, at 32 pixels",
    }


@dataclass(frozen=True)
class Images:
    """Images in [0, 1], float32 of shape (n, 32, 32, 3), and their classes."""

    train: tuple[np.ndarray, np.ndarray]
    validation: tuple[np.ndarray, np.ndarray]

    def some(self, seed: int, count: int) -> np.ndarray:
        """Return which training images carry labels."""
        return np.random.default_rng(seed).permutation(len(self.train[0]))[:count]


def load_images(data_dir: str | None) -> Images:
    """Read CIFAR-10 from where TensorFlow Datasets has prepared it."""
    import tensorflow_datasets as tfds

    def read(split: str) -> tuple[np.ndarray, np.ndarray]:
        arrays = tfds.load("cifar10", split=split, data_dir=data_dir, download=False, batch_size=-1)
        return arrays["image"].numpy() / np.float32(255.0), arrays["label"].numpy()

    return Images(read(settings()["train"]), read(settings()["validation"]))


class Laboratory:
    """Images, the file of the backbone's weights, and the features that were computed before."""

    def __init__(self, images: Images, weights: Path):
        self.images = images
        self.weights = weights
        # Once for each size: they are the same for every seed.
        self.features = functools.cache(self._compute_features)

    def build(self, pixels: int):
        """Return the backbone, and the model from images to pooled features around it."""
        import keras
        from keras import layers

        backbone = keras.applications.MobileNetV2(
            input_shape=(pixels, pixels, 3), alpha=ALPHA, include_top=False, weights=self.weights
        )
        parts = [
            keras.Input((32, 32, 3)),
            layers.Resizing(pixels, pixels),
            layers.Rescaling(2.0, offset=-1.0),
            backbone,
            layers.GlobalAveragePooling2D(),
        ]
        return backbone, keras.Sequential(parts)

    def _compute_features(self, pixels: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the pooled features of the training and of the validation images."""
        _, extractor = self.build(pixels)
        train, validation = (
            extractor.predict(images, batch_size=128, verbose=0)
            for images, _ in (self.images.train, self.images.validation)
        )
        return train, validation

    def train_head(self, setting: Setting, seed: int):
        """Return the head after its epochs on frozen features, and what it was trained on."""
        rows = self.images.some(seed, setting.labels)
        features, labels = self.features(setting.pixels)[0][rows], self.images.train[1][rows]
        head = claims.head(features.shape[1])
        head.fit(features, labels, epochs=EPOCHS[setting.labels].head, batch_size=BATCH, verbose=0)
        return head, (features, labels)


def from_scratch(laboratory: Laboratory, setting: Setting, seed: int) -> float:
    """The small CNN with augmentation and batch normalization."""
    rows = laboratory.images.some(seed, setting.labels)
    images, labels = (array[rows] for array in laboratory.images.train)
    model = claims.small_cnn(augmentation=True, batch_normalization=True)
    model.fit(images, labels, epochs=EPOCHS[setting.labels].scratch, batch_size=BATCH, verbose=0)
    return accuracy(model, *laboratory.images.validation)


def frozen(laboratory: Laboratory, setting: Setting, seed: int) -> float:
    """The head of the course on features that were computed once."""
    head, training = laboratory.train_head(setting, seed)
    head.fit(*training, epochs=EPOCHS[setting.labels].fine_tuning, batch_size=BATCH, verbose=0)
    _, features = laboratory.features(setting.pixels)
    return accuracy(head, features, laboratory.images.validation[1])


def fine_tuned(
    laboratory: Laboratory,
    setting: Setting,
    seed: int,
    *,
    rate: float = RATE,
    moving: bool = False,
    first_block: str | None = None,
) -> float:
    """Train on from the frozen head, with the backbone unfrozen.

    Args:
        laboratory: images and backbone.
        setting: pixels and labels.
        seed: see above.
        rate: of Adam.
        moving: whether batch normalization is trained, and its statistics move.
        first_block: the first block that is trained; all if not given.
    """
    import keras

    head, _ = laboratory.train_head(setting, seed)
    backbone, extractor = laboratory.build(setting.pixels)
    unfreeze(backbone, moving=moving, first_block=first_block)
    inputs = keras.Input((32, 32, 3))
    model = keras.Model(inputs, head(extractor(inputs)))
    model.compile(
        keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    rows = laboratory.images.some(seed, setting.labels)
    images, labels = (array[rows] for array in laboratory.images.train)
    model.fit(
        images, labels, epochs=EPOCHS[setting.labels].fine_tuning, batch_size=BATCH, verbose=0
    )
    return accuracy(model, *laboratory.images.validation)


def unfreeze(backbone, *, moving: bool, first_block: str | None) -> None:
    """Make the backbone trainable from a block on, batch normalization only if it may move."""
    import keras

    reached = first_block is None
    for layer in backbone.layers:
        reached = reached or layer.name.startswith(first_block)
        normalizes = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = reached and (moving or not normalizes)


def accuracy(model, inputs: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of inputs whose class the model tells."""
    return round(model.evaluate(inputs, labels, batch_size=250, verbose=0)[1], 4)


WAYS: dict[str, Callable[[Laboratory, Setting, int], float]] = {
    "scratch": from_scratch,
    "frozen": frozen,
    "fine_tuned": fine_tuned,
    "top_block": functools.partial(fine_tuned, first_block=TOP_BLOCK),
    "moving": functools.partial(fine_tuned, moving=True),
    "rate_too_high": functools.partial(fine_tuned, rate=RATE_TOO_HIGH),
}


def read_record(path: Path) -> dict:
    """Return the record at `path`, or an empty one.

    Raises:
        SystemExit: the record was made with other settings.
    """
    record = records.read(path) or {"settings": settings(), "results": []}
    if record["settings"] != settings():
        raise SystemExit(f"{path} was made with other settings. Name another file, or delete it.")
    return record


def result_of(record: dict, setting: Setting) -> dict:
    """Return the entry of a setting in the record, a new one if there was none."""
    for result in record["results"]:
        if setting == Setting(result["way"], result["pixels"], result["labels"]):
            return result
    record["results"].append({**setting._asdict(), "accuracy": {}})
    return record["results"][-1]


def measure(laboratory: Laboratory, wanted: dict[Setting, range], path: Path) -> None:
    """Make the measurements that the record lacks."""
    import keras

    for setting, seeds in wanted.items():
        for seed in seeds:
            record = read_record(path)
            measured = result_of(record, setting)["accuracy"]
            if str(seed) in measured:
                continue
            keras.backend.clear_session()
            keras.utils.set_random_seed(seed)
            start = time.process_time()
            measured[str(seed)] = WAYS[setting.way](laboratory, setting, seed)
            records.write(path, record)
            seconds = time.process_time() - start
            print(*setting, f"seed {seed}", measured[str(seed)], f"{seconds:.0f} s", flush=True)


def main() -> None:
    """Read the command line and make the measurements that the record lacks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=RECORD, help="the record, JSON")
    parser.add_argument("--data-dir", default=os.environ.get("TFDS_DATA_DIR"))
    parser.add_argument(
        "--mobilenet",
        type=Path,
        default=os.environ.get("COURSE_MOBILENET"),
        help="weights of MobileNetV2 0.35 without top (default: COURSE_MOBILENET)",
    )
    options = parser.parse_args()
    if options.mobilenet is None or not Path(options.mobilenet).is_file():
        sys.exit("The backbone needs its weights: --mobilenet FILE or COURSE_MOBILENET.")

    import tensorflow as tf

    # One core: others may need the rest, and the same seed gives the same numbers.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    laboratory = Laboratory(load_images(options.data_dir), Path(options.mobilenet))
    measure(laboratory, WANTED, options.out)
    record = read_record(options.out)
    command = "python -m tests.benchmarks.transfer --out FILE.json --data-dir DIR --mobilenet FILE"
    record["origin"] = records.origin(command)
    records.write(options.out, record)


if __name__ == "__main__":
    main()
