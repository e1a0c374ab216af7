"""Fine-tune a real backbone on real images, for the deployment benchmark: MobileNetV2, CIFAR-10.

    python -m tests.benchmarks.deployed_backbone --out MODEL.keras --data-dir DIR --mobilenet FILE

As in `tests.benchmarks.transfer` at 96 pixels with 5,000 labels, seed 0: the head on features that
are computed once, then the whole network with batch normalization held still. The model takes
images of 32x32 in [0, 1], resizes them itself, and is kept with its validation accuracy.
"""

import argparse
import os
import sys
import time
from pathlib import Path

from tests.benchmarks import transfer

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

SETTING = transfer.Setting("fine_tuned", 96, 5_000)
SEED = 0


def train(images: transfer.Images, weights: Path):
    """Return the fine-tuned model, compiled, and its accuracy on the validation images."""
    import keras

    rows = images.some(SEED, SETTING.labels)
    few = transfer.Images(tuple(array[rows] for array in images.train), images.validation)
    laboratory = transfer.Laboratory(few, weights)
    head, _ = laboratory.train_head(SETTING, SEED)
    backbone, extractor = laboratory.build(SETTING.pixels)
    transfer.unfreeze(backbone, moving=False, first_block=None)
    inputs = keras.Input((32, 32, 3))
    model = keras.Model(inputs, head(extractor(inputs)))
    model.compile(
        keras.optimizers.Adam(transfer.RATE),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    epochs = transfer.EPOCHS[SETTING.labels].fine_tuning
    model.fit(*few.train, epochs=epochs, batch_size=transfer.BATCH, verbose=2)
    return model, transfer.accuracy(model, *images.validation)


def train_and_keep(images: transfer.Images, out: Path, weights: str | None = None) -> None:
    """Train the model, and write it into a file when it is whole.

    Args:
        images: of CIFAR-10.
        out: the file, `.keras`.
        weights: of the backbone; the file that COURSE_MOBILENET names if not given.
    """
    import keras

    weights = Path(weights or os.environ.get("COURSE_MOBILENET", ""))
    if not weights.is_file():
        sys.exit("The backbone needs its weights: --mobilenet FILE or COURSE_MOBILENET.")
    keras.utils.set_random_seed(SEED)
    start = time.perf_counter()
    model, accuracy = train(images, weights)
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name("part-" + out.name)
    model.save(part)
    part.replace(out)
    print(f"validation accuracy {accuracy}, {time.perf_counter() - start:.0f} s: {out}")


def main() -> None:
    """Read the command line, train, keep the model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="the model, .keras")
    parser.add_argument("--data-dir", default=os.environ.get("TFDS_DATA_DIR"))
    parser.add_argument("--mobilenet", help="weights of the backbone (default: COURSE_MOBILENET)")
    options = parser.parse_args()
    train_and_keep(transfer.load_images(options.data_dir), options.out, options.mobilenet)


if __name__ == "__main__":
    main()
