"""Pretrain the compact DenseNet on the source task: `python -m helpers.embedded.pretrain`.

Every epoch sees pictures that no epoch before it saw, so the network cannot learn them by heart.
A run that was broken off goes on after its last whole epoch. At the end it writes the weights
without the classifier, and a model card.
"""

import argparse
import json
import platform
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from helpers.embedded import densenet, render

TRAIN_SPLIT, VALIDATION_SPLIT = 0, 1
VALIDATION_IMAGES = 4_000
BATCH = 128


def main() -> None:
    """Read the command line, train, and write weights and model card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--images", type=int, default=20_000, help="new images in each epoch")
    parser.add_argument("--rate", type=float, default=3e-3, help="largest learning rate")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--folder",
        type=Path,
        default=densenet.WEIGHTS.parent,
        help="where weights, model card and checkpoint go",
    )
    options = parser.parse_args()
    if options.images % render.CHUNK:
        parser.error(f"--images must be a multiple of {render.CHUNK}, the renderer's chunk")

    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    options.folder.mkdir(parents=True, exist_ok=True)
    history, backbone = train(options)
    backbone.save_weights(options.folder / densenet.WEIGHTS.name)
    (options.folder / "MODEL_CARD.md").write_text(
        model_card(options, history, backbone.count_params()), encoding="utf-8"
    )
    for path in _checkpoint(options.folder):
        path.unlink()


def train(options: argparse.Namespace) -> tuple[list[dict], object]:
    """Train the network with a classifier on top; resume where a checkpoint lies.

    Returns:
        The history, one dictionary for each epoch, and the trained backbone.

    Raises:
        SystemExit: the checkpoint in the folder belongs to a run with other options.
    """
    import keras

    model_path, state_path = _checkpoint(options.folder)
    recipe = {key: getattr(options, key) for key in ("epochs", "images", "rate", "seed")}
    keras.utils.set_random_seed(options.seed)
    history = []
    if state_path.is_file():
        state = json.loads(state_path.read_text(encoding="utf-8"))
        if state["recipe"] != recipe:
            raise SystemExit(
                f"{state_path} belongs to a run with {state['recipe']}. "
                "Give the same options to go on with it, or delete it to start anew."
            )
        history = state["history"]
        model = keras.models.load_model(model_path)
    else:
        model = _classifier(options)
    validation = render.render(render.SOURCE, VALIDATION_SPLIT, VALIDATION_IMAGES)
    with ThreadPoolExecutor(1) as renderer:
        waiting = renderer.submit(_new_images, len(history), options.images)
        for epoch in range(len(history), options.epochs):
            images, labels = waiting.result()
            if epoch + 1 < options.epochs:
                waiting = renderer.submit(_new_images, epoch + 1, options.images)
            fit = model.fit(
                images,
                labels,
                batch_size=BATCH,
                shuffle=False,
                verbose=0,
                validation_data=validation,
            )
            history.append({name: values[0] for name, values in fit.history.items()})
            print(f"epoch {epoch + 1} of {options.epochs}: {history[-1]}", flush=True)
            model.save(model_path)
            state = {"recipe": recipe, "history": history}
            state_path.write_text(json.dumps(state), encoding="utf-8")
    return history, model.get_layer("compact_densenet")


def _checkpoint(folder: Path) -> tuple[Path, Path]:
    return folder / "checkpoint.keras", folder / "checkpoint.json"


def _new_images(epoch: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Images that belong to this epoch alone."""
    first = epoch * (count // render.CHUNK)
    chunks = [
        render.render_chunk(render.SOURCE, TRAIN_SPLIT, first + i)
        for i in range(count // render.CHUNK)
    ]
    images, labels = zip(*chunks, strict=True)
    return np.concatenate(images), np.concatenate(labels)


def _classifier(options: argparse.Namespace):
    import keras
    from keras import layers

    steps = options.epochs * -(-options.images // BATCH)
    warm_up = steps // 20
    rate = keras.optimizers.schedules.CosineDecay(
        options.rate / 10, steps - warm_up, warmup_target=options.rate, warmup_steps=warm_up
    )
    model = keras.Sequential(
        [
            keras.Input((render.SIZE, render.SIZE, 3)),
            layers.Rescaling(1.0 / 255.0),
            layers.Normalization(mean=densenet.MEAN, variance=densenet.VARIANCE),
            densenet.build_compact_densenet(weights=None),
            layers.GlobalAveragePooling2D(),
            layers.Dense(len(render.SOURCE.classes), activation="softmax"),
        ]
    )
    model.compile(
        keras.optimizers.AdamW(rate, weight_decay=1e-3),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def model_card(options: argparse.Namespace, history: list[dict], parameters: int) -> str:
    """Return the text of the model card."""
    import keras
    import tensorflow as tf

    command = (
        f"python -m helpers.embedded.pretrain --epochs {options.epochs} --images {options.images} "
        f"--rate {options.rate} --seed {options.seed}"
    )
    last = history[-1]
    return f"""# Model card: {densenet.NAME}, pretrained on the source task

| | |
| --- | --- |
| network | DenseNet-BC (Huang et al. 2017), dense blocks {densenet.BLOCKS}, growth rate \
{densenet.GROWTH_RATE}, {parameters:,} parameters without a classifier |
| file | `{densenet.WEIGHTS.name}` |
| task | {len(render.SOURCE.classes)} classes of rendered signs: \
{", ".join(render.SOURCE.class_names)} |
| input | pictures in [0, 1], then `Normalization` with mean {densenet.MEAN} and variance \
{densenet.VARIANCE} |
| command | `{command}` |
| images seen | {options.images * len(history):,}, each once |
| accuracy on new pictures of the task | {last["val_accuracy"]:.1%} of {VALIDATION_IMAGES:,} |
| training accuracy in the last epoch | {last["accuracy"]:.1%} |
| versions | Python {platform.python_version()}, TensorFlow {tf.__version__}, \
Keras {keras.__version__}, NumPy {np.__version__} |
| date | {datetime.now(UTC):%Y-%m-%d} |

It was made to teach transfer learning without a network connection. It knows drawn signs and
nothing of photographs: it is no substitute for a network pretrained on ImageNet, and it has no use
outside the course. A second run of the command gives weights that are close, not equal: the order
in which threads add is not fixed.
"""


if __name__ == "__main__":
    main()
