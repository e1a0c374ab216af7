"""Measure what it saves to compute the features of a frozen network once.

    TFDS_DATA_DIR=... python tests/benchmarks/features.py --out features.json
    python tests/benchmarks/features.py --out features.json --only block --part 640 --rounds 1
    python tests/benchmarks/features.py --out features.json --table     # print, measure nothing

The pixels are those of CIFAR-10 if it is prepared, and the embedded ones otherwise. The weights of
the backbone are random: what is measured is time and memory, and that two ways to train give the
same result. Each row is written as soon as it is measured, and one that is there is not measured
again without `--again`. Ways that are compared take turns within a row, `--rounds` times, and the
median counts.
"""

import argparse
import datetime
import json
import os
import platform
import re
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from helpers import cifar10, data, densenet, features, profiles
from helpers.embedded import dataset as embedded
from helpers.quiet import import_tensorflow

BATCH = 32
EPOCHS = 10
BLOCK = "conv5"
RATE_FINE_TUNING = 1e-4
LARGE = 224  # pixels
AT_ONCE_LARGE = 16
MEMORY_IMAGES = (256, 1024)
SAME_LOSS = 1e-4


@dataclass(frozen=True)
class Options:
    """What a row is measured on.

    Attributes:
        images: training images whose features are computed; a ninth of it is added for validation.
        part: training images in an epoch of the slow ways, which is then extrapolated.
        rounds: how often the ways take turns.
        backbone: `DenseNet201` or `CompactDenseNet`.
    """

    images: int
    part: int
    rounds: int
    backbone: str

    def profile(self, images: int) -> profiles.Profile:
        """Return a profile with this many training images, of CIFAR-10 if it is there."""
        prepared = data.is_prepared("cifar10")
        return replace(
            profiles.PROFILES["full"],
            name="benchmark",
            dataset="cifar10" if prepared else embedded.NAME,
            backbone=self.backbone,
            train_images=images,
            validation_images=max(BATCH, images // 9),
            test_images=BATCH,
            download=False,
        )


# ---- the ways that are compared -----------------------------------------------------------------


def literal_pipeline(profile: profiles.Profile):
    """Return train and validation as the usual notebook has them: image by image, no cache."""
    import tensorflow as tf
    import tensorflow_datasets as tfds

    on_disk = profile.dataset == "cifar10"
    data_dir = cifar10.data_directory() if on_disk else embedded.prepare()
    train, validation = tfds.load(
        profile.dataset,
        split=[f"train[:{profile.train_images}]", f"train[-{profile.validation_images}:]"],
        data_dir=data_dir,
        download=False,
        as_supervised=True,
        shuffle_files=True,
    )

    def convert(image, label):
        return tf.cast(image, tf.float32) / 255.0, tf.one_hot(label, 10)

    train = train.map(convert).shuffle(10_000).batch(BATCH).prefetch(1)
    return train, validation.map(convert).batch(BATCH).prefetch(1)


@dataclass
class Network:
    """Preprocessing and backbone with weights drawn from a seed, and a head for them."""

    preprocessing: object
    backbone: object
    head: object

    @property
    def frozen(self):
        """From images to features."""
        return densenet.join(self.preprocessing, self.backbone)

    @property
    def whole(self):
        """From images to probabilities."""
        return densenet.join(self.preprocessing, self.backbone, self.head)


def build(profile: profiles.Profile, size: int = 32) -> Network:
    """Build a network with a frozen backbone; each call draws the same weights."""
    import keras

    keras.utils.set_random_seed(0)
    backbone = densenet.build_backbone(profile, weights="random", input_shape=(size, size, 3))
    backbone.trainable = False
    head = densenet.build_head_alone(backbone.output_shape[1:])
    return Network(densenet.build_preprocessing(profile), backbone, head)


def compiled(model, rate: float = 1e-3, **options):
    """Compile with the settings of the course."""
    import keras

    model.compile(
        keras.optimizers.Adam(rate), "categorical_crossentropy", metrics=["accuracy"], **options
    )
    return model


def stopwatch():
    """Return a callback that measures an epoch, and how much longer its first steps took."""
    import keras

    class Stopwatch(keras.callbacks.Callback):
        """Seconds of the first epoch, between the ends of steps."""

        def on_epoch_begin(self, epoch, logs=None):
            self.begin = self.last = time.perf_counter()
            self.training, self.validation = [], []

        def _lap(self, laps):
            now = time.perf_counter()
            laps.append(now - self.last)
            self.last = now

        def on_train_batch_end(self, batch, logs=None):
            self._lap(self.training)

        def on_test_begin(self, logs=None):
            self.last = time.perf_counter()

        def on_test_batch_end(self, batch, logs=None):
            self._lap(self.validation)

        def on_epoch_end(self, epoch, logs=None):
            self.seconds = time.perf_counter() - self.begin

        @property
        def tracing(self) -> float:
            """Seconds that the first steps took beyond the median step."""
            laps = [laps for laps in (self.training, self.validation) if len(laps) > 1]
            return sum(max(0.0, one[0] - statistics.median(one[1:])) for one in laps)

    return Stopwatch()


def timed_epoch(model, train, validation=None) -> tuple[float, float, float]:
    """Train one epoch; return its seconds without tracing, the seconds of tracing, and the loss."""
    watch = stopwatch()
    history = model.fit(
        train, validation_data=validation, epochs=1, verbose=0, callbacks=[watch]
    ).history
    return watch.seconds - watch.tracing, watch.tracing, history["loss"][0]


def seconds_of(action: Callable[[], object]) -> float:
    """Return how long something takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


# ---- the rows -----------------------------------------------------------------------------------


def measure_head(options: Options) -> dict:
    """Ten epochs of a head: features once, through the frozen backbone, and one forward pass."""
    part = options.profile(options.part)
    usual, splits = build(part), data.load_splits(part)
    whole = compiled(usual.whole)
    laps = {"usual epoch": [], "forward, batches of 32": [], "forward, batches of 256": []}
    # The first epoch and the first pass are for tracing; what they train does not matter.
    train, validation = literal_pipeline(part)
    _, tracing, _ = timed_epoch(whole, train, validation)
    forward = features._forward(usual.frozen)
    images = {size: splits.train.rebatch(size) for size in (32, 256)}

    def one_pass(size: int) -> None:
        for some, _ in images[size]:
            forward(some).numpy()

    one_pass(256)
    for _ in range(options.rounds):
        laps["usual epoch"].append(timed_epoch(whole, train, validation)[0])
        for size in images:
            lap = seconds_of(lambda size=size: one_pass(size))
            laps[f"forward, batches of {size}"].append(lap)
    ours = build(part)
    full = data.load_splits(options.profile(options.images))
    start = time.perf_counter()
    kept = features.extract_features(ours.frozen, full)
    extraction = time.perf_counter() - start
    watch = stopwatch()
    head = compiled(ours.head, **features.FAST)
    first = {}
    watch.on_epoch_end = lambda epoch, logs=None: first.setdefault("tracing", watch.tracing)
    fit = seconds_of(
        lambda: head.fit(
            kept.train,
            validation_data=kept.validation,
            epochs=EPOCHS,
            verbose=0,
            callbacks=[watch],
        )
    )
    our_tracing = _tracing_of_forward(ours.frozen) + first["tracing"]
    both = options.images + full.sizes["validation"]
    usual_total = statistics.median(laps["usual epoch"]) * options.images / options.part * EPOCHS
    passes = {
        size: statistics.median(laps[f"forward, batches of {size}"]) * both / options.part
        for size in images
    }
    total = extraction + fit - our_tracing
    return {
        "images": {"train": options.images, "validation": full.sizes["validation"]},
        "part": {"train": options.part, "validation": part.validation_images},
        "seconds": {
            **laps,
            "usual, 10 epochs, extrapolated": usual_total,
            "forward pass, batches of 32, extrapolated": passes[32],
            "forward pass, batches of 256, extrapolated": passes[256],
            "features once": extraction,
            "head, 10 epochs": fit,
            "ours in total, without tracing": total,
            "tracing, usual": tracing,
            "tracing, ours": our_tracing,
        },
        "ratios": {
            "head, 10 epochs: times as fast as through the frozen backbone": usual_total / total,
            "head, 10 epochs: share of a forward pass in batches of 32": total / passes[32],
            "head, 10 epochs: share of a forward pass in batches of 256": total / passes[256],
        },
        "loss after an epoch in the same order": _losses_in_the_same_order(part),
    }


def _tracing_of_forward(frozen) -> float:
    """Return how much longer the first forward pass of a batch takes than the next."""
    import tensorflow as tf

    images = tf.zeros((256, *frozen.input_shape[1:]))
    forward = features._forward(frozen)
    first = seconds_of(lambda: forward(images))
    return first - seconds_of(lambda: forward(images))


def _losses_in_the_same_order(profile: profiles.Profile) -> dict[str, float]:
    """Train an epoch both ways from the same weights, on the same images in the same order."""
    usual, ours = build(profile), build(profile)
    splits = data.load_splits(profile)
    kept = features.extract_features(ours.frozen, splits, subsets=("train",))
    through = timed_epoch(compiled(usual.whole), splits.train)[2]
    once = timed_epoch(compiled(ours.head, **features.FAST), kept.train)[2]
    return {
        "images": profile.train_images,
        "through the backbone": through,
        "features once": once,
        "difference": once - through,
    }


def measure_block(options: Options) -> dict:
    """An epoch of fine-tuning the last block: on stored activations, and through the whole."""
    profile = options.profile(options.part)
    usual, ours = build(profile), build(profile)
    for network in (usual, ours):
        densenet.unfreeze_backbone(network.backbone, from_block=BLOCK)
    splits = data.load_splits(profile)
    lower, upper = densenet.split_backbone(ours.backbone, BLOCK)
    start = time.perf_counter()
    below = features.extract_features(
        densenet.join(ours.preprocessing, lower), splits, subsets=("train",)
    )
    extraction = time.perf_counter() - start
    whole = compiled(usual.whole, RATE_FINE_TUNING)
    top = compiled(densenet.join(upper, ours.head), RATE_FINE_TUNING)
    # The same weights, images and order in both first epochs, which give loss and tracing.
    first = {"usual": timed_epoch(whole, splits.train), "ours": timed_epoch(top, below.train)}
    after = usual.whole.get_weights()
    apart = _largest_relative_difference(after, ours.whole.get_weights())
    moved = _largest_relative_difference(after, build(profile).whole.get_weights())
    laps = {"usual epoch": [first["usual"][0]], "our epoch": [first["ours"][0]]}
    for _ in range(options.rounds - 1):
        laps["usual epoch"].append(timed_epoch(whole, splits.train)[0])
        laps["our epoch"].append(timed_epoch(top, below.train)[0])
    slow, fast = (statistics.median(laps[name]) for name in ("usual epoch", "our epoch"))
    return {
        "images": {"train": options.part},
        "seconds": {
            **laps,
            "activations below the block, once": extraction,
            "tracing, usual": first["usual"][1],
            "tracing, ours": first["ours"][1],
        },
        "ratios": {
            "last block, an epoch: times as fast as through the whole network": slow / fast,
            "last block, 10 epochs with the activations: times as fast": EPOCHS
            * slow
            / (EPOCHS * fast + extraction),
        },
        "loss after an epoch in the same order": {
            "images": options.part,
            "through the backbone": first["usual"][2],
            "features once": first["ours"][2],
            "difference": first["ours"][2] - first["usual"][2],
        },
        "largest relative difference of a weight": {"both ways": apart, "before and after": moved},
    }


def _largest_relative_difference(one: list[np.ndarray], other: list[np.ndarray]) -> float:
    """Compare arrays; differences are relative to the largest number of an array."""
    return max(
        float(np.abs(a - b).max() / max(np.abs(a).max(), 1e-12))
        for a, b in zip(one, other, strict=True)
    )


def measure_first_step(options: Options) -> dict:
    """The first step of fine-tuning: plain, on stored activations, and of the whole network."""
    profile = options.profile(BATCH)
    rng = np.random.default_rng(0)
    images = rng.random((BATCH, *densenet.IMAGE_SHAPE), dtype=np.float32)
    labels = np.eye(10, dtype=np.float32)[rng.integers(0, 10, BATCH)]

    def step(model, inputs, **fit):
        compiled(model, RATE_FINE_TUNING)
        return seconds_of(lambda: model.fit(inputs, labels, BATCH, verbose=0, **fit))

    laps = {"last block, plain": [], "last block, ours": [], "all, plain": [], "all, with note": []}
    for turn in range(options.rounds):
        # Forth and back: whatever a process gathers slows the later ones down.
        for name in list(laps)[:: -1 if turn % 2 else 1]:
            network = build(profile)
            block = BLOCK if name.startswith("last") else None
            densenet.unfreeze_backbone(network.backbone, from_block=block)
            if name == "last block, ours":
                lower, upper = densenet.split_backbone(network.backbone, BLOCK)
                below = lower(network.preprocessing(images)).numpy()
                laps[name].append(step(densenet.join(upper, network.head), below))
            else:
                note = [densenet.note_first_step()] if name.endswith("note") else None
                laps[name].append(step(network.whole, images, callbacks=note))
    median = {name: statistics.median(times) for name, times in laps.items()}
    return {
        "images": {"train": BATCH},
        "seconds": laps,
        "ratios": {
            "first step, last block: share of the plain one": median["last block, ours"]
            / median["last block, plain"],
            "first step, all blocks with a note: share of the plain one": median["all, with note"]
            / median["all, plain"],
        },
    }


def measure_pipeline(options: Options) -> dict:
    """Images a second that come out of the input pipeline, in epochs after the first."""
    profile = options.profile(options.images)
    ways = {"usual": literal_pipeline(profile)[0], "ours": data.load_splits(profile).train}

    def epoch(train) -> None:
        for _ in train:
            pass

    first = {name: seconds_of(lambda train=train: epoch(train)) for name, train in ways.items()}
    laps: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(options.rounds):
        for name, train in ways.items():
            laps[name].append(seconds_of(lambda train=train: epoch(train)))
    speed = {name: options.images / statistics.median(times) for name, times in laps.items()}
    return {
        "images": {"train": options.images},
        "seconds": {"first epoch": first, **laps},
        "images a second": speed,
        "ratios": {"input pipeline: times as fast": speed["ours"] / speed["usual"]},
    }


def measure_memory(options: Options) -> dict:
    """Peak memory of features at 224x224, for two numbers of images, each in a process."""
    megabytes = {
        way: {
            str(count): _in_a_process("--memory", way, str(count), "--backbone", options.backbone)
            for count in MEMORY_IMAGES
        }
        for way in ("features once", "all resized in memory")
    }
    few, many = (megabytes["features once"][str(count)] for count in MEMORY_IMAGES)
    all_few, all_many = (megabytes["all resized in memory"][str(n)] for n in MEMORY_IMAGES)
    added = MEMORY_IMAGES[1] - MEMORY_IMAGES[0]
    return {
        "images": {"train": list(MEMORY_IMAGES)},
        "images at once": AT_ONCE_LARGE,
        "peak memory, MB": megabytes,
        "ratios": {
            "memory at 224x224: MB that an image adds, ours": (many - few) / added,
            "memory at 224x224: MB that an image adds, all resized": (all_many - all_few) / added,
        },
    }


def _in_a_process(*arguments: str) -> float:
    answer = subprocess.run(
        [sys.executable, __file__, *arguments], check=True, capture_output=True, text=True
    )
    return json.loads(answer.stdout.splitlines()[-1])


def peak_memory(way: str, images: int, options: Options) -> float:
    """Compute pooled features at 224x224 in this process; return its peak memory in MB."""
    from keras import layers

    profile = options.profile(images)
    network, splits = build(profile, LARGE), data.load_splits(profile)
    pooled = (network.backbone, layers.GlobalAveragePooling2D())
    if way == "features once":
        part = densenet.join(
            layers.Resizing(LARGE, LARGE), network.preprocessing, *pooled, input_shape=(32, 32, 3)
        )
        features.extract_features(
            part, splits, subsets=("train",), images_at_once=AT_ONCE_LARGE, progress=False
        )
    else:
        small = np.stack([image for image, _ in splits.raw_train.as_numpy_iterator()])
        large = layers.Resizing(LARGE, LARGE)(small / np.float32(255.0)).numpy()
        part = densenet.join(network.preprocessing, *pooled, input_shape=(LARGE, LARGE, 3))
        part.predict(large, batch_size=AT_ONCE_LARGE, verbose=0)
    return _peak_resident_megabytes()


def _peak_resident_megabytes() -> float:
    status = Path("/proc/self/status")
    if status.is_file():
        # Linux hands ru_maxrss on to a child, so it would tell the peak of the process before.
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text())[1]) / 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # bytes on macOS


ROWS: dict[str, Callable[[Options], dict]] = {
    "head": measure_head,
    "block": measure_block,
    "first_step": measure_first_step,
    "pipeline": measure_pipeline,
    "memory": measure_memory,
}
BARS: dict[str, tuple[str, Callable[[float], bool]]] = {
    "head, 10 epochs: times as fast as through the frozen backbone": (
        "at least 10",
        lambda ratio: ratio >= 10,
    ),
    "head, 10 epochs: share of a forward pass in batches of 32": (
        "at most 1.3",
        lambda ratio: ratio <= 1.3,
    ),
    "last block, an epoch: times as fast as through the whole network": (
        "at least 1.7",
        lambda ratio: ratio >= 1.7,
    ),
    "first step, last block: share of the plain one": ("at most 1", lambda ratio: ratio <= 1),
    "memory at 224x224: MB that an image adds, ours": (
        "at most 0.2; an image of that size takes 0.6",
        lambda megabytes: megabytes <= 0.2,
    ),
    "input pipeline: times as fast": ("at least 3", lambda ratio: ratio >= 3),
}


# ---- the record ---------------------------------------------------------------------------------


def read_record(path: Path) -> dict:
    """Return the record at `path`, or an empty one."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"rows": {}}


def write_record(path: Path, record: dict) -> None:
    """Write the record so that a break leaves the old one whole."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    part.replace(path)


def measure(names: list[str], options: Options, path: Path, *, again: bool = False) -> None:
    """Measure the rows that the record lacks; with `again`, those that it has as well."""
    import keras
    import tensorflow as tf

    for name in names:
        if name in read_record(path)["rows"] and not again:
            continue
        print(f"measuring {name} ...", flush=True)
        keras.backend.clear_session()
        start = time.perf_counter()
        row = ROWS[name](options)
        row |= {
            "command": "python -m tests.benchmarks.features --out FILE.json",
            "data": options.profile(BATCH).dataset,
            "backbone": f"{options.backbone}, random weights",
            "rounds": options.rounds,
            "seconds it took": time.perf_counter() - start,
            "cores": os.cpu_count(),
            "load before": os.getloadavg()[2],
            "versions": {
                "python": platform.python_version(),
                "tensorflow": tf.__version__,
                "keras": keras.__version__,
                "numpy": np.__version__,
            },
            "date": datetime.date.today().isoformat(),
        }
        record = read_record(path)
        record["rows"][name] = row
        write_record(path, record)


def table(record: dict) -> str:
    """Return the ratios with their bars as a Markdown table."""
    lines = ["| what | measured | bar | |", "| --- | --- | --- | --- |"]
    for row in record["rows"].values():
        for name, ratio in row["ratios"].items():
            bar, holds = BARS.get(name, ("", None))
            verdict = "" if holds is None else ("holds" if holds(ratio) else "**does not hold**")
            lines.append(f"| {name} | {ratio:.2f} | {bar} | {verdict} |")
        if losses := row.get("loss after an epoch in the same order"):
            difference = abs(losses["difference"])
            verdict = "holds" if difference <= SAME_LOSS else "**does not hold**"
            lines.append(
                f"| the same loss after an epoch ({losses['images']:,} images; difference) "
                f"| {difference:.1e} | at most {SAME_LOSS:g} | {verdict} |"
            )
    return "\n".join(lines)


def main() -> None:
    """Read the command line, measure what is asked for, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="the record, JSON")
    parser.add_argument("--only", nargs="+", choices=list(ROWS), default=list(ROWS))
    parser.add_argument("--images", type=int, help="training images (default: 45,000, or 9,000)")
    parser.add_argument("--part", type=int, default=3200, help="images of the slow ways' epoch")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--backbone", choices=["DenseNet201", "CompactDenseNet"], default="DenseNet201"
    )
    parser.add_argument("--again", action="store_true", help="measure rows that are there anew")
    parser.add_argument("--table", action="store_true", help="print the table, measure nothing")
    parser.add_argument("--memory", nargs=2, metavar=("WAY", "IMAGES"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    images = given.images or (45_000 if data.is_prepared("cifar10") else 9_000)
    options = Options(images, given.part, given.rounds, given.backbone)
    if not given.table:
        import_tensorflow()
    if given.memory:
        print(json.dumps(peak_memory(given.memory[0], int(given.memory[1]), options)))
        return
    if given.out is None:
        parser.error("--out FILE.json is needed")
    if not given.table:
        measure(given.only, options, given.out, again=given.again)
    print(table(read_record(given.out)))


if __name__ == "__main__":
    main()
