"""Stand-ins for what is slow in a notebook, with the same meaning: to run hundreds of answers.

Images stay decoded. The pretrained backbone has a stem, a transition and a dense layer, and random
weights, always the same, whose moving averages fit the images. The model of the deployment notebook
is a small one that was trained once; what was exported is remembered, and so are the head that was
trained before fine-tuning and the weights that a check compares with; a training step is traced
once; a fresh process is this one. Answers that go through nbgrader meet the real ones.
"""

import contextlib
import copy
import functools
import gc
import hashlib
import itertools
import random
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from helpers import data, densenet, deployment, profiles, trained
from helpers.checks import transfer
from helpers.checks.state import unoptimized_graphs
from helpers.deployment import export, predict
from helpers.embedded import densenet as compact
from helpers.features import extract_features
from helpers.quiet import import_tensorflow
from tests.grading import bank

PROFILE = replace(profiles.PROFILES["grade"], train_images=640)
# What was answered to an exercise that another one needs: a network that trains quickly.
EARLIER = {
    "model_cell": """
model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Conv2D(16, 3, strides=2, activation="relu", kernel_regularizer="l2"),
    keras.layers.Conv2D(16, 3, strides=2, activation="relu"),
    keras.layers.Dropout(0.1),
    keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax"),
])
"""
}


@functools.cache
def earlier() -> dict[str, str]:
    """Return, by cell, the source that takes its place where answers run in this process."""
    cells = bank.solution("transfer_learning").cells
    trains = next(cell for cell in cells if "frozen_history" in bank.bound_names(cell.source))
    imports = [line for line in trains.source.splitlines() if line.startswith("from ")]
    source = [
        *imports,
        "from tests.grading import stand_ins",
        "frozen_history = stand_ins.fit_head(head, frozen, splits, profile)",
    ]
    return {**EARLIER, trains.id: "\n".join(source)}


HEADS: dict[bytes, tuple] = {}  # by weights before training: those after it, and the history


@contextlib.contextmanager
def random_numbers_anew():
    """Let them begin anew afterwards, so that what comes then is the same if this is remembered."""
    import keras

    seed = random.randrange(2**32)
    yield
    keras.utils.set_random_seed(seed)


def fit_head(head, frozen, splits, profile):
    """Train a head as the transfer notebook does before it fine-tunes; equal ones only once."""
    import keras

    with random_numbers_anew():
        before = b"".join(weight.tobytes() for weight in head.get_weights())
        if before not in HEADS:
            HEADS[before] = _fit_copy(head, extract_features(frozen, splits), profile)
    weights, *recorded = HEADS[before]
    head.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    head.set_weights(weights)
    history = keras.callbacks.History()
    history.history, history.epoch = copy.deepcopy(recorded)
    return history


def _fit_copy(head, features, profile):
    """Return the weights of a trained copy of a head, its history, and the epochs' numbers."""
    import keras

    copied = keras.models.clone_model(head)
    copied.set_weights(head.get_weights())
    copied.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    fitted = copied.fit(
        features.train, validation_data=features.validation, epochs=profile.head_epochs, verbose=0
    )
    return copied.get_weights(), fitted.history, fitted.epoch


def put_in(monkeypatch, folder: Path) -> None:
    """Put them in, until a module's tests have ended.

    Args:
        monkeypatch: pytest's.
        folder: an empty one, for what is remembered.
    """
    import_tensorflow()
    import keras

    monkeypatch.setenv(profiles.ENVIRONMENT_VARIABLE, "grade")
    monkeypatch.setitem(profiles.PROFILES, "grade", PROFILE)
    monkeypatch.setattr(data, "_load_embedded", _decoded_once(data._load_embedded))
    monkeypatch.setattr(compact, "GROWTH_RATE", 8)
    monkeypatch.setattr(compact, "build_compact_densenet", _small_backbone)
    monkeypatch.setattr(densenet, "_load_weights", _weights_made_once())
    remembered = functools.cache(transfer._pretrained_weights)
    monkeypatch.setattr(transfer, "_pretrained_weights", remembered)
    monkeypatch.setattr(keras.Model, "fit", _traced_once(keras.Model.fit))
    monkeypatch.setattr(trained, "_train", _trained_once())
    exported = _exported_once(export.export_model, folder)
    monkeypatch.setattr(export, "export_model", exported)
    monkeypatch.setattr(deployment, "export_model", exported)
    monkeypatch.setattr(deployment, "predict_in_fresh_process", _answer_here)


ANSWERS_RUN = itertools.count()


def run(answer: bank.Answer, seed: int) -> bank.Outcome:
    """Run an answer and its check in an empty folder, after `put_in`, and return what came of it.

    The names that the notebook would have then stay until the next answer is run.
    """
    import keras

    _let_go()
    random.seed(seed)
    keras.utils.set_random_seed(seed)
    # Of small graphs that run a few times, optimizing takes longer than it saves.
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), unoptimized_graphs():
        try:
            return bank.examine(answer, earlier())
        finally:  # an answer may have changed what holds for all of Keras
            keras.config.set_dtype_policy("float32")
            keras.backend.clear_session()


def _let_go():
    """Throw away what the last answer left.

    TensorFlow keeps something of every function that it traced. Python need not look through all
    that after each answer, which took longer than the answers: now and then is enough.
    """
    bank.names_of_the_notebook().clear()
    if next(ANSWERS_RUN) % 10 == 9:
        gc.unfreeze()
    gc.collect()
    gc.freeze()


def _decoded_once(load):
    """Return `load` with the images kept in memory; they come in the same order every time."""

    @functools.cache
    def load_decoded(profile, data_dir, seed):
        stored = load(profile, data_dir, seed)
        kept = {name: getattr(stored, name).cache() for name in ("train", "validation", "test")}
        return stored._replace(**kept)

    return load_decoded


def _small_backbone(input_shape=(32, 32, 3), weights=None):
    """Build what has the parts of a DenseNet, with their names, one of each kind."""
    import keras
    from keras import layers

    inputs = keras.Input(input_shape, name="pictures")
    stem = {"strides": 4, "padding": "same", "use_bias": False}
    x = layers.Conv2D(16, 5, **stem, name="conv1_conv")(inputs)
    x = layers.BatchNormalization(name="conv1_bn")(x)
    x = layers.Activation("relu", name="conv1_relu")(x)
    x = layers.MaxPooling2D(3, strides=2, padding="same", name="pool1")(x)
    x = compact._transition(x, "pool3")
    x = compact._dense_layer(x, "conv5_block1")
    x = layers.BatchNormalization(name="bn")(x)
    x = layers.Activation("relu", name="relu")(x)
    return keras.Model(inputs, x, name="compact_densenet")


def _weights_made_once():
    """Return what gives a backbone weights in place of the pretrained ones."""

    @functools.cache
    def weights():
        import keras

        rng = np.random.default_rng(7)
        backbone = compact.build_compact_densenet(weights=None)
        for variable in backbone.variables:
            if variable.path.endswith("kernel"):
                inputs = np.prod(variable.shape[:-1])
                variable.assign(rng.normal(0, (2 / inputs) ** 0.5, variable.shape))
        normalizations = [
            layer for layer in backbone.layers if isinstance(layer, keras.layers.BatchNormalization)
        ]
        for layer in normalizations:
            layer.momentum = 0.0
        images = np.concatenate([batch for batch, _ in data.load_splits(PROFILE).train.take(8)])
        backbone(densenet.build_preprocessing(PROFILE)(images), training=True)
        return backbone.get_weights()

    def set_weights(backbone, path):
        with random_numbers_anew():
            made = weights()
        backbone.set_weights(made)

    return set_weights


def _traced_once(fit):
    """Return `fit` that makes the variables of optimizer and metrics before it traces.

    Otherwise Keras makes them while a training step is traced, and TensorFlow traces it again.
    """

    def fit_traced_once(model, x=None, *others, **options):
        if _is_as_usual(model, x):
            model.optimizer.build(model.trainable_variables)
            model.compute_metrics(None, one_hot := np.eye(10, dtype=np.float32), one_hot)
            model.reset_metrics()
        return fit(model, x, *others, **options)

    return fit_traced_once


def _is_as_usual(model, images) -> bool:
    """Tell whether a model will be trained for the first time, on one-hot labels of ten classes."""
    if not (model.compiled and model.built) or model.optimizer.built:
        return False
    match getattr(images, "element_spec", None):
        case (_, labels):
            labels_shape = tuple(labels.shape)
        case _:
            return False
    try:
        return labels_shape == model.output_shape == (None, 10)
    except (AttributeError, ValueError):  # a class of the learner's own has no such shape
        return False


def _trained_once():
    """Return what trains the small model of the deployment notebook, the first time only."""

    @functools.cache
    def weights():
        import keras

        splits = data.load_splits(PROFILE)
        model = _small_model(trained.SEED)
        # With a smaller rate, the answers of float16 differ so little that either verdict is right.
        model.compile(keras.optimizers.Adam(1e-2), "categorical_crossentropy")
        model.fit(splits.train, epochs=6, verbose=0)
        return model.get_weights()

    def train(profile, splits):
        model = _small_model(trained.SEED)
        model.set_weights(weights())
        return model

    return train


def _small_model(seed: int):
    import keras
    from keras import layers

    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Rescaling(2.0, -1.0),
            layers.Conv2D(16, 5, strides=3, activation="relu"),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )


def _exported_once(export_model, remembered: Path):
    """Return `export_model` that copies what it exported before."""

    def export_again(model, folder, format="litert_float32", **options):
        try:
            told = [model.to_json(), *(np.asarray(w) for w in model.get_weights())]
        except Exception:  # no model, or one that cannot be described
            return export_model(model, folder, format, **options)
        told += [format, *(np.asarray(options[name]) for name in sorted(options))]
        digest = hashlib.sha256()
        for each in told:
            digest.update(each.tobytes() if isinstance(each, np.ndarray) else each.encode())
        kept = remembered / digest.hexdigest()
        if not kept.exists():
            export_model(model, kept, format, **options)
        export._require_place(Path(folder))
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(kept, folder)
        return deployment.open_artifact(folder)

    return export_again


def _answer_here(artifact, image_paths, **options):
    """Do in this process what `predict_in_fresh_process` does in one that starts TensorFlow."""
    artifact = deployment.open_artifact(artifact)
    images = np.stack([deployment.decode_image(path, artifact.pixels) for path in image_paths])
    model = predict.load_model(artifact.folder)
    parts = np.array_split(images, -(-len(images) // predict.AT_ONCE))
    probabilities = np.concatenate([np.asarray(model(part)) for part in parts])
    return deployment.FreshPredictions(probabilities, {}, None)
