"""Measure what the course claims, on the embedded pair and on real CIFAR-10, side by side.

    python -m tests.benchmarks.claims --out claims.json                    # embedded pair, 5 seeds
    python -m tests.benchmarks.claims --out claims.json --pair real --data-dir DIR --mobilenet FILE
    python -m tests.benchmarks.claims --out claims.json --table            # print, measure nothing

A seed draws the initial weights, the order of the images and which images carry labels. Every
measurement is written as soon as it is made, and one that is there is not made again.
Validation accuracy is measured on images that nothing was trained on or chosen by.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from helpers.embedded import dataset, densenet
from tests.benchmarks import record as records

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

LABELS_OVERFITTING = 2_000
EPOCHS_OVERFITTING = 30
EPOCHS_ALL = 8
EPOCHS_LOGISTIC = 12
LABELS_TRANSFER = 500
EPOCHS_SCRATCH = 60
EPOCHS_HEAD = 30
EPOCHS_FINE_TUNING = 10
RATE_FINE_TUNING = 1e-4
VALIDATION = 2_000
LAST = 5  # epochs at the end over which training and validation accuracy are averaged
MOBILENET_SIZE = 96


DATA = {
    "embedded": f"{dataset.NAME} {dataset.VERSION}; validation on its test split",
    "real": f"CIFAR-10; validation on train[45000:{45_000 + VALIDATION}]",
}


@dataclass(frozen=True)
class Pair:
    """A data set and a pretrained backbone.

    Attributes:
        name: `embedded` or `real`.
        images: training images, uint8 of shape (n, 32, 32, 3).
        labels: their classes, int64.
        validation_images: images for measuring, never trained on.
        validation_labels: their classes.
        backbone: from "are the weights random?" to the model from pictures in [0, 1] to pooled
            features.
    """

    name: str
    images: np.ndarray
    labels: np.ndarray
    validation_images: np.ndarray
    validation_labels: np.ndarray
    backbone: Callable

    def some(self, seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Return `count` labelled training images in [0, 1], another choice for every seed."""
        rows = np.random.default_rng(seed).permutation(len(self.images))[:count]
        return self.images[rows] / np.float32(255.0), self.labels[rows]

    @property
    def validation(self) -> tuple[np.ndarray, np.ndarray]:
        """Validation images in [0, 1] and labels."""
        return self.validation_images / np.float32(255.0), self.validation_labels


def embedded_pair() -> Pair:
    """`rendered_things` and the compact DenseNet. Validation: the test split."""
    folder = dataset.prepare()
    return Pair(
        "embedded",
        *_arrays(dataset.NAME, folder, "train"),
        *_arrays(dataset.NAME, folder, f"test[:{VALIDATION}]"),
        _compact_densenet,
    )


def real_pair(data_dir: str | None, mobilenet: Path) -> Pair:
    """CIFAR-10 and MobileNetV2 (0.35) with ImageNet weights, at 96x96 pixels."""
    return Pair(
        "real",
        *_arrays("cifar10", data_dir, "train[:45000]"),
        *_arrays("cifar10", data_dir, f"train[45000:{45_000 + VALIDATION}]"),
        lambda random: _mobilenet(None if random else mobilenet),
    )


def _arrays(name: str, data_dir, split: str) -> tuple[np.ndarray, np.ndarray]:
    import tensorflow_datasets as tfds

    read = tfds.load(name, split=split, data_dir=data_dir, download=False, batch_size=-1)
    return read["image"].numpy(), read["label"].numpy()


def _compact_densenet(random: bool):
    import keras
    from keras import layers

    network = densenet.build_compact_densenet(weights=None if random else "source")
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Normalization(mean=densenet.MEAN, variance=densenet.VARIANCE),
            network,
            layers.GlobalAveragePooling2D(),
        ]
    )


def _mobilenet(weights: Path | None):
    import keras
    from keras import layers

    size = MOBILENET_SIZE
    network = keras.applications.MobileNetV2(
        input_shape=(size, size, 3), alpha=0.35, include_top=False, weights=weights
    )
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Resizing(size, size),
            layers.Rescaling(2.0, offset=-1.0),
            network,
            layers.GlobalAveragePooling2D(),
        ]
    )


# ---- networks -----------------------------------------------------------------------------------


def small_cnn(*, augmentation=False, dropout=False, batch_normalization=False):
    """Three convolutions and a dense layer, about 90,000 parameters, with what is asked for."""
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((32, 32, 3))])
    if augmentation:
        model.add(layers.RandomFlip("horizontal"))
        model.add(layers.RandomTranslation(0.1, 0.1))
    for filters in (16, 32, 64):
        model.add(layers.Conv2D(filters, 3, padding="same", use_bias=not batch_normalization))
        if batch_normalization:
            model.add(layers.BatchNormalization())
        model.add(layers.ReLU())
        model.add(layers.MaxPooling2D())
    model.add(layers.Flatten())
    if dropout:
        model.add(layers.Dropout(0.3))
    model.add(layers.Dense(64, activation="relu"))
    if dropout:
        model.add(layers.Dropout(0.3))
    model.add(layers.Dense(10, activation="softmax"))
    return _compiled(model)


def head(features: int):
    """The head of the course on features that were computed once."""
    import keras
    from keras import layers

    return _compiled(
        keras.Sequential(
            [
                keras.Input((features,)),
                layers.BatchNormalization(),
                layers.Dense(256, activation="relu"),
                layers.BatchNormalization(),
                layers.Dense(10, activation="softmax"),
            ]
        )
    )


def _compiled(model, rate: float = 1e-3):
    import keras

    model.compile(
        keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


def _accuracy(model, images, labels) -> float:
    return float(model.evaluate(images, labels, batch_size=250, verbose=0)[1])


def _fit_and_measure(model, training, validation, epochs: int) -> dict[str, float]:
    """Train; return training and validation accuracy in inference mode, mean of the last epochs."""
    model.fit(*training, epochs=epochs - LAST, batch_size=32, verbose=0)
    seen = {"training": [], "validation": []}
    for _ in range(LAST):
        model.fit(*training, epochs=1, batch_size=32, verbose=0)
        seen["training"].append(_accuracy(model, *training))
        seen["validation"].append(_accuracy(model, *validation))
    return {name: statistics.mean(values) for name, values in seen.items()}


def _batch_normalizations(model) -> list:
    import keras

    return [
        layer
        for layer in model._flatten_layers(include_self=False)
        if isinstance(layer, keras.layers.BatchNormalization)
    ]


def _calibrate(backbone, pictures: np.ndarray) -> None:
    """Set the moving statistics of a random network to those of the data."""
    for layer in _batch_normalizations(backbone):
        layer.momentum = 0.0
    backbone(pictures, training=True)


# ---- measurements: each returns the numbers of one seed -----------------------------------------


def logistic_regression(pair: Pair, seed: int) -> dict[str, float]:
    """Logistic regression on the pixels of all training images."""
    import keras
    from keras import layers

    model = _compiled(
        keras.Sequential(
            [
                keras.Input((32, 32, 3)),
                layers.Flatten(),
                layers.Dense(10, activation="softmax"),
            ]
        )
    )
    training = pair.some(seed, len(pair.images))
    model.fit(*training, epochs=EPOCHS_LOGISTIC, batch_size=128, verbose=0)
    return {"validation": _accuracy(model, *pair.validation)}


def cnn_on_all_images(pair: Pair, seed: int) -> dict[str, float]:
    """The small CNN with dropout on all training images."""
    model = small_cnn(dropout=True)
    training = pair.some(seed, len(pair.images))
    model.fit(*training, epochs=EPOCHS_ALL, batch_size=32, verbose=0)
    return {"validation": _accuracy(model, *pair.validation)}


def _with(**regularizers: bool) -> Callable:
    def measure(pair: Pair, seed: int) -> dict[str, float]:
        training = pair.some(seed, LABELS_OVERFITTING)
        return _fit_and_measure(
            small_cnn(**regularizers), training, pair.validation, EPOCHS_OVERFITTING
        )

    return measure


def scratch_with_few_labels(pair: Pair, seed: int) -> dict[str, float]:
    """The small CNN with augmentation and batch normalization, few labels.

    Dropout on top made it worse when it was tried: too few steps to learn in.
    """
    model = small_cnn(augmentation=True, batch_normalization=True)
    training = pair.some(seed, LABELS_TRANSFER)
    model.fit(*training, epochs=EPOCHS_SCRATCH, batch_size=32, verbose=0)
    return {"validation": _accuracy(model, *pair.validation)}


def scratch_with_few_labels_plain(pair: Pair, seed: int) -> dict[str, float]:
    """The small CNN without any regularizer, few labels."""
    model = small_cnn()
    training = pair.some(seed, LABELS_TRANSFER)
    model.fit(*training, epochs=EPOCHS_SCRATCH // 2, batch_size=32, verbose=0)
    return {"validation": _accuracy(model, *pair.validation)}


def random_features(pair: Pair, seed: int) -> dict[str, float]:
    """A head on the features of a random network whose batch normalization saw the data."""
    images, labels = pair.some(seed, LABELS_TRANSFER)
    backbone = pair.backbone(random=True)
    _calibrate(backbone, images[:256])
    features = backbone.predict(images, batch_size=100, verbose=0)
    model = head(features.shape[1])
    model.fit(features, labels, epochs=EPOCHS_HEAD, batch_size=32, verbose=0)
    pictures, classes = pair.validation
    return {
        "validation": _accuracy(
            model, backbone.predict(pictures, batch_size=100, verbose=0), classes
        )
    }


def transfer(pair: Pair, seed: int) -> dict[str, float]:
    """Frozen features, then fine-tuning twice from there: batch normalization still, and moving.

    The frozen head goes on training for as many epochs as fine-tuning takes, so that it has seen
    the labels as often.
    """
    images, labels = pair.some(seed, LABELS_TRANSFER)
    pictures, classes = pair.validation
    backbone = pair.backbone(random=False)
    start = backbone.get_weights()
    features = backbone.predict(images, batch_size=100, verbose=0)
    seen = backbone.predict(pictures, batch_size=100, verbose=0)
    top = head(features.shape[1])
    top.fit(features, labels, epochs=EPOCHS_HEAD, batch_size=32, verbose=0)
    top_start = top.get_weights()
    top.fit(features, labels, epochs=EPOCHS_FINE_TUNING, batch_size=32, verbose=0)
    numbers = {"frozen": _accuracy(top, seen, classes)}
    for name, moving in (("still", False), ("moving", True)):
        backbone.set_weights(start)
        top.set_weights(top_start)
        model = _fine_tunable(backbone, top, moving)
        model.fit(images, labels, epochs=EPOCHS_FINE_TUNING, batch_size=32, verbose=0)
        numbers[name] = _accuracy(model, pictures, classes)
    return numbers


def _fine_tunable(backbone, top, moving: bool):
    """Join backbone and head, everything trainable but batch normalization, unless it may move."""
    import keras

    backbone.trainable = True
    for layer in _batch_normalizations(backbone):
        layer.trainable = moving
    inputs = keras.Input((32, 32, 3))
    return _compiled(keras.Model(inputs, top(backbone(inputs))), RATE_FINE_TUNING)


MEASUREMENTS: dict[str, Callable[[Pair, int], dict[str, float]]] = {
    "logistic": logistic_regression,
    "scratch": scratch_with_few_labels,
    "scratch_plain": scratch_with_few_labels_plain,
    "random": random_features,
    "transfer": transfer,
    "plain": _with(),
    "together": _with(augmentation=True, dropout=True, batch_normalization=True),
    "augmentation": _with(augmentation=True),
    "dropout": _with(dropout=True),
    "batch_normalization": _with(batch_normalization=True),
    "cnn": cnn_on_all_images,
}
REGULARIZED = ("augmentation", "dropout", "batch_normalization", "together")


# ---- the record ---------------------------------------------------------------------------------


def settings() -> dict[str, float]:
    """What the numbers depend on besides the seed."""
    return {
        "labels_overfitting": LABELS_OVERFITTING,
        "epochs_overfitting": EPOCHS_OVERFITTING,
        "epochs_all_images": EPOCHS_ALL,
        "epochs_logistic": EPOCHS_LOGISTIC,
        "labels_transfer": LABELS_TRANSFER,
        "epochs_scratch": EPOCHS_SCRATCH,
        "epochs_head": EPOCHS_HEAD,
        "epochs_fine_tuning": EPOCHS_FINE_TUNING,
        "rate_fine_tuning": RATE_FINE_TUNING,
        "validation_images": VALIDATION,
        "mobilenet_pixels": MOBILENET_SIZE,
        "data_set": f"{dataset.NAME} {dataset.VERSION}",
    }


def read_record(path: Path) -> dict:
    """Return the record at `path`, or an empty one.

    Raises:
        SystemExit: the record was made with other settings.
    """
    record = records.read(path) or {"settings": settings(), "measurements": {}}
    if record["settings"] != settings():
        raise SystemExit(f"{path} was made with other settings. Name another file, or delete it.")
    return record


def measure(pair: Pair, names: list[str], seeds: list[int], path: Path) -> None:
    """Make the measurements that the record lacks, seed by seed."""
    import keras

    for seed in seeds:
        for name in names:
            if str(seed) in read_record(path)["measurements"].get(pair.name, {}).get(name, {}):
                continue
            keras.backend.clear_session()
            keras.utils.set_random_seed(seed)
            start = time.perf_counter()
            numbers = MEASUREMENTS[name](pair, seed)
            seconds = time.perf_counter() - start
            # Read again: another process may have measured the other pair in the meantime.
            record = read_record(path)
            measured = record["measurements"].setdefault(pair.name, {}).setdefault(name, {})
            measured[str(seed)] = numbers
            records.write(path, record)
            print(pair.name, name, f"seed {seed}", numbers, f"{seconds:.0f} s", flush=True)


def note_origin(path: Path, pair: str) -> None:
    """Write beside a pair's numbers where they come from."""
    record = read_record(path)
    record.setdefault("origin", {})[pair] = records.origin(
        f"python -m tests.benchmarks.claims --out {path.name} --pair {pair}", data=DATA[pair]
    )
    records.write(path, record)


# ---- the table ----------------------------------------------------------------------------------


def _values(record: dict, pair: str, name: str, number: str = "validation") -> dict[str, float]:
    seeds = record["measurements"].get(pair, {}).get(name, {})
    return {seed: 100.0 * numbers[number] for seed, numbers in seeds.items()}


def _difference(one: dict[str, float], other: dict[str, float]) -> list[float]:
    """Differences seed by seed, in points."""
    return [one[seed] - other[seed] for seed in sorted(one.keys() & other.keys())]


def _spread(values: list[float]) -> float:
    return statistics.stdev(values) if len(values) > 1 else float("nan")


def _beyond_the_spread(values: list[float]) -> bool | None:
    """Whether the mean is larger than the spread; one seed alone cannot tell."""
    return statistics.mean(values) > _spread(values) if len(values) > 1 else None


def claims(record: dict, pair: str) -> dict[str, dict]:
    """Judge every claim: the numbers (points, one for each seed), the bar, and whether it holds.

    A claim "beyond the spread of seeds" holds when the mean of the differences, taken seed by seed,
    is larger than their standard deviation.
    """
    gap = {
        name: _difference(_values(record, pair, name, "training"), _values(record, pair, name))
        for name in ("plain", *REGULARIZED)
    }
    accuracy = {name: list(_values(record, pair, name).values()) for name in gap}
    frozen = _values(record, pair, "transfer", "frozen")
    still = _values(record, pair, "transfer", "still")
    moving = _values(record, pair, "transfer", "moving")
    plain, regularized = (_values(record, pair, name) for name in ("scratch_plain", "scratch"))
    scratch = {
        seed: max(plain[seed], regularized[seed]) for seed in sorted(plain.keys() & regularized)
    }
    mean = statistics.mean
    rows = {
        "logistic regression on pixels": (
            list(_values(record, pair, "logistic").values()),
            "at most 45 %",
            lambda values: mean(values) <= 45,
        ),
        "small CNN on all training images": (
            list(_values(record, pair, "cnn").values()),
            "75 to 95 %",
            lambda values: 75 <= mean(values) <= 95,
        ),
        f"plain CNN, {LABELS_OVERFITTING:,} images: training minus validation": (
            gap["plain"],
            "at least 20 points",
            lambda values: mean(values) >= 20,
        ),
    }
    for name in REGULARIZED:
        rows[f"the same with {name.replace('_', ' ')}: gap"] = (gap[name], "", None)
        rows[f"the same with {name.replace('_', ' ')}: validation, gain over plain"] = (
            _difference(_values(record, pair, name), _values(record, pair, "plain")),
            "",
            None,
        )
    if all(accuracy.values()):
        best = max(REGULARIZED, key=lambda name: mean(accuracy[name]))
        rows[
            f"best of these ({best.replace('_', ' ')}): its gap as a share of the plain gap, in %"
        ] = (
            [100 * one / other for one, other in zip(gap[best], gap["plain"], strict=False)],
            "at most 50 %",
            lambda values: mean(values) <= 50,
        )
        rows[f"best of these ({best.replace('_', ' ')}): gain in validation accuracy"] = (
            _difference(_values(record, pair, best), _values(record, pair, "plain")),
            "at least 3 points",
            lambda values: mean(values) >= 3,
        )
    rows |= {
        f"from scratch, {LABELS_TRANSFER} labels (the better of two)": (
            list(scratch.values()), "", None),
        f"frozen features, {LABELS_TRANSFER} labels": (list(frozen.values()), "", None),
        "frozen above scratch": (
            _difference(frozen, scratch), "at least 10 points", lambda v: mean(v) >= 10),
        "frozen above random frozen features": (
            _difference(frozen, _values(record, pair, "random")),
            "at least 15 points",
            lambda values: mean(values) >= 15,
        ),
        "fine-tuned above frozen": (
            _difference(still, frozen),
            "more than the spread of seeds",
            _beyond_the_spread,
        ),
        "fine-tuning, batch normalization still above moving": (
            _difference(still, moving),
            "more than the spread of seeds, or the notebook says it is not",
            _beyond_the_spread,
        ),
    }  # fmt: skip
    return {
        name: {
            "values": [round(value, 2) for value in values],
            "mean": round(mean(values), 2),
            "spread": round(_spread(values), 2) if len(values) > 1 else None,
            "bar": bar,
            "holds": None if holds is None else holds(values),
        }
        for name, (values, bar, holds) in rows.items()
        if values
    }


def table(record: dict) -> str:
    """Return the claims of both pairs side by side as a Markdown table."""
    judged = {pair: claims(record, pair) for pair in ("embedded", "real")}
    lines = ["| claim | bar | embedded pair | CIFAR-10, MobileNetV2 |", "| --- | --- | --- | --- |"]
    for name in dict.fromkeys([*judged["embedded"], *judged["real"]]):
        cells = [_cell(judged[pair].get(name)) for pair in ("embedded", "real")]
        bar = next(judged[pair][name]["bar"] for pair in judged if name in judged[pair])
        lines.append(f"| {name} | {bar} | {cells[0]} | {cells[1]} |")
    return "\n".join(lines)


def _cell(claim: dict | None) -> str:
    if claim is None:
        return "not measured"
    spread = "" if claim["spread"] is None else f" ± {claim['spread']:.1f}"
    verdict = {None: "", True: ", holds", False: ", **does not hold**"}[claim["holds"]]
    seeds = len(claim["values"])
    return f"{claim['mean']:.1f}{spread} ({seeds} seed{'s' if seeds > 1 else ''}){verdict}"


def main() -> None:
    """Read the command line, measure what is asked for, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="the record, JSON")
    parser.add_argument("--pair", choices=["embedded", "real"], default="embedded")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument(
        "--only",
        nargs="+",
        choices=list(MEASUREMENTS),
        default=list(MEASUREMENTS),
        help="some of the measurements",
    )
    parser.add_argument(
        "--data-dir",
        default=os.environ.get("TFDS_DATA_DIR"),
        help="where CIFAR-10 is (default: TFDS_DATA_DIR)",
    )
    parser.add_argument(
        "--mobilenet",
        type=Path,
        default=os.environ.get("COURSE_MOBILENET"),
        help="weights of MobileNetV2 0.35 without top (default: COURSE_MOBILENET)",
    )
    parser.add_argument("--table", action="store_true", help="print the table and measure nothing")
    options = parser.parse_args()
    if not options.table:
        if options.pair == "embedded":
            pair = embedded_pair()
        elif options.mobilenet is None or not Path(options.mobilenet).is_file():
            sys.exit("The real pair needs the weights: --mobilenet FILE or COURSE_MOBILENET.")
        else:
            pair = real_pair(options.data_dir, Path(options.mobilenet))
        measure(pair, options.only, options.seeds, options.out)
        note_origin(options.out, options.pair)
    record = read_record(options.out)
    record["claims"] = {pair: claims(record, pair) for pair in record["measurements"]}
    records.write(options.out, record)
    print(table(record))


if __name__ == "__main__":
    main()
