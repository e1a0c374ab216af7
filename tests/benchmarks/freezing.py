"""Measure what freezing a backbone up to a block saves, block by block.

    python -m tests.benchmarks.freezing --out FILE.json

For each boundary: the parameters that are trained, the activations that the backward pass needs
(computed from the shapes of the layers), and the processor time of an epoch (measured), once as
`fit` through the whole network and once from stored activations of the frozen part. Times are
shares of the time of an epoch with nothing frozen, measured in the same run on one core.
"""

import argparse
import gc
import os
import time
from pathlib import Path

import numpy as np

from helpers import densenet, inspection, profiles
from tests.benchmarks import record as records

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

RECORD = Path(__file__).parents[2] / "helpers" / "widgets" / "recorded" / "freezing.json"
BATCH = 32
IMAGES = {"CompactDenseNet": 2_048, "DenseNet201": 256}  # in an epoch
REPETITIONS = 5  # the fastest counts: whatever else runs can only slow an epoch down
SEED = 0


def build_backbone(name: str):
    """Return the backbone with random weights, which cost as much as trained ones."""
    profile = next(one for one in profiles.PROFILES.values() if one.backbone == name)
    return densenet.build_backbone(profile, weights="random")


def boundaries_of(backbone) -> list[str | None]:
    """Return what may be the first trained block, from the first one to None: the head alone."""
    return [*(block.prefix for block in inspection.blocks_of(backbone)), None]


def freeze_below(backbone, first: str | None) -> None:
    """Train the backbone from a block on, with batch normalization held still; None: freeze all."""
    backbone.trainable = False
    if first is not None:
        densenet.unfreeze_backbone(backbone, from_block=first)


def describe(backbone) -> list[dict]:
    """Return the blocks with the shape of what they give, for the drawing."""
    return [
        {
            "name": block.name,
            "prefix": block.prefix,
            "output_shape": list(block.layers[-1].output.shape[1:]),
        }
        for block in inspection.blocks_of(backbone)
    ]


def count_trained(backbone, head) -> int:
    """Return how many parameters training changes."""
    return sum(
        int(np.prod(weight.shape))
        for weight in [*backbone.trainable_weights, *head.trainable_weights]
    )


def count_kept(backbone, head, first: str | None) -> int:
    """Return how many numbers an image leaves behind for the backward pass.

    A convolution, a dense layer or a batch normalization that is trained needs its input, a ReLU
    its output, max pooling both. Batch normalization that is held still is a product with
    constants, and needs neither.
    """
    import keras

    names = [block.prefix for block in inspection.blocks_of(backbone)]
    trained = [] if first is None else inspection.blocks_of(backbone)[names.index(first) :]
    kept = {}
    for layer in [*(layer for block in trained for layer in block.layers), *head.layers]:
        needs_input = layer.trainable_weights or isinstance(layer, keras.layers.MaxPooling2D)
        needs_output = (
            isinstance(layer, (keras.layers.Activation, keras.layers.MaxPooling2D))
            or getattr(layer, "activation", None) is keras.activations.relu
        )
        for tensor in [layer.input] * bool(needs_input) + [layer.output] * bool(needs_output):
            kept[id(tensor)] = int(np.prod(tensor.shape[1:]))
    return sum(kept.values())


def measure_epoch(model, images: np.ndarray, labels: np.ndarray) -> float:
    """Return the processor seconds of an epoch; building the training step comes before."""
    import keras

    model.compile(keras.optimizers.Adam(1e-4), "sparse_categorical_crossentropy")
    options = {"batch_size": BATCH, "verbose": 0}
    model.fit(images[: 2 * BATCH], labels[: 2 * BATCH], **options)
    seconds = []
    for _ in range(REPETITIONS):
        start = time.process_time()
        model.fit(images, labels, **options)
        seconds.append(time.process_time() - start)
    return min(seconds)


def measure_boundary(backbone, first: str | None, images, labels) -> dict:
    """Return what training from a block on needs: counts, and seconds of an epoch."""
    freeze_below(backbone, first)
    head = densenet.build_head_alone(backbone.output_shape[1:])
    numbers = {
        "first_trained": first,
        "trained_parameters": count_trained(backbone, head),
        "kept_activations": count_kept(backbone, head, first),
        "epoch": measure_epoch(densenet.join(backbone, head), images, labels),
    }
    gc.collect()  # a training step through hundreds of layers takes hundreds of megabytes
    if first == "conv1":  # nothing is frozen, so there is nothing to store
        return numbers | {"epoch_from_stored": numbers["epoch"]}
    lower, upper = (backbone, None) if first is None else densenet.split_backbone(backbone, first)
    stored = lower.predict(images, batch_size=BATCH, verbose=0)
    top = densenet.join(*filter(None, (upper, head)), input_shape=stored.shape[1:])
    return numbers | {"epoch_from_stored": measure_epoch(top, stored, labels)}


def measure_backbone(name: str) -> dict:
    """Measure all boundaries of a backbone; times as shares of that with nothing frozen."""
    random = np.random.default_rng(SEED)
    images = random.random((IMAGES[name], *densenet.IMAGE_SHAPE), dtype=np.float32)
    labels = random.integers(0, 10, len(images))
    backbone = build_backbone(name)
    head = densenet.build_head_alone(backbone.output_shape[1:])
    parameters = backbone.count_params() + head.count_params()
    rows = []
    for first in boundaries_of(backbone):
        rows.append(measure_boundary(backbone, first, images, labels))
        gc.collect()
        print(name, rows[-1], flush=True)
    whole = rows[0]["epoch"]
    for row in rows:
        for key in ("epoch", "epoch_from_stored"):
            row[key] = round(row[key] / whole, 4)
    return {
        "parameters": parameters,
        "images": IMAGES[name],
        "seconds_of_whole_epoch": round(whole, 2),
        "blocks": describe(backbone),
        "boundaries": rows,
    }


def main() -> None:
    """Measure the backbones that the record lacks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=RECORD, help="the record, JSON")
    options = parser.parse_args()

    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    for name in IMAGES:
        record = records.read(options.out) or {"backbones": {}}
        if name in record["backbones"]:
            continue
        record["backbones"][name] = measure_backbone(name)
        record["origin"] = records.origin(
            "python -m tests.benchmarks.freezing --out FILE.json",
            data=f"random images of 32x32 pixels, batches of {BATCH}",
            time=f"processor time on one core, the fastest of {REPETITIONS} epochs",
            activations="computed from the shapes of the layers, see count_kept",
        )
        records.write(options.out, record)


if __name__ == "__main__":
    main()
