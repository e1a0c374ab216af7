"""From a Keras model to an artifact: a Keras file, a SavedModel, or LiteRT at four precisions.

LiteRT (formerly TensorFlow Lite) stores and computes in these ways:

    litert_float32  as in training
    litert_float16  weights stored in 16 bits, computed in 32
    litert_dynamic  weights in 8 bits; activations are turned to 8 bits while it runs
    litert_int8     everything in 8 bits, input and output too (Jacob et al., CVPR 2018). The ranges
                    of the activations come from representative images.
"""

import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import helpers
from helpers.deployment import predict
from helpers.deployment.artifact import (
    FORMATS,
    MANIFEST,
    SCHEMA,
    SCRIPTS,
    Artifact,
    ArtifactError,
    checksums,
    open_artifact,
    own_script,
)
from helpers.quiet import import_tensorflow, without_harmless_lines

if TYPE_CHECKING:
    import keras
    import numpy as np

WORKSHOP = ".exporting-"  # how the name of a folder begins in which an artifact grows
UNKNOWN_LAYER = "Usually one of its layers does what the format does not know."
PACKAGES = ("tensorflow", "keras", "ai-edge-litert", "pillow", "numpy")


def export_model(
    model: "keras.Model",
    folder: str | Path,
    format: str = "litert_float32",
    *,
    class_names: Sequence[str],
    representative_images: "np.ndarray | None" = None,
) -> Artifact:
    """Write a model as an artifact: a folder that works without the course.

    The folder takes its place only when it is whole. An artifact that was there is replaced.

    Args:
        model: a built Keras model from images, float32 of shape (n, 32, 32, 3) in [0, 1], to
            probabilities, float32 (n, classes). Preprocessing belongs inside.
        folder: where the artifact goes.
        format: one of `FORMATS`.
        class_names: what each of the probabilities stands for.
        representative_images: for `litert_int8`, images like those that the model will see, float32
            (n, 32, 32, 3) in [0, 1]; some hundred training images will do.

    Returns:
        The artifact, opened.

    Raises:
        ArtifactError: this is no such model, or it cannot be exported this way, or `folder` cannot
            be written; says what to do.
    """
    folder = Path(folder)
    if format not in FORMATS:
        raise ArtifactError(f"There is no format {format!r}. Choose one of: {', '.join(FORMATS)}.")
    _require_classifier(model, class_names)
    if format == "litert_int8":
        _require_representative(representative_images, model.input_shape)
    _require_place(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=WORKSHOP, dir=folder.parent) as workshop:
            made = Path(workshop) / "artifact"
            made.mkdir()
            _write_model(model, made / FORMATS[format][1], format, representative_images)
            _write_the_rest(made, model, format, class_names)
            _try_out(made, model, format)
            _take_place(made, folder)
    except OSError as error:
        raise ArtifactError(
            f"{folder} cannot be written: {error.strerror or error}. "
            "Choose a folder that is yours, on a disk with free space."
        ) from error
    return open_artifact(folder)


def export_formats(
    model: "keras.Model",
    folder: str | Path,
    formats: Iterable[str] = tuple(FORMATS),
    *,
    class_names: Sequence[str],
    representative_images: "np.ndarray | None" = None,
    progress: bool = True,
) -> dict[str, Artifact]:
    """Write a model in several formats, each into a folder of its name below `folder`.

    Args:
        model: see `export_model`, like the rest.
        folder: gets one folder a format.
        formats: which of `FORMATS`; all if not given.
        class_names: what each of the probabilities stands for.
        representative_images: for `litert_int8`.
        progress: show a progress bar.

    Returns:
        The artifacts by format, in the order of `formats`.

    Raises:
        ArtifactError: as `export_model`.
    """
    from rich.progress import track

    return {
        format: export_model(
            model,
            Path(folder) / format,
            format,
            class_names=class_names,
            representative_images=representative_images,
        )
        for format in track(list(formats), description="Exporting", disable=not progress)
    }


def _require_classifier(model: Any, class_names: Sequence[str]) -> None:
    """Raise ArtifactError unless `model` takes square images and gives probabilities."""
    import_tensorflow()
    import keras
    import numpy as np

    if not isinstance(model, keras.Model):
        got = "None" if model is None else f"a {type(model).__name__}"
        raise ArtifactError(
            f"There is no model to export: got {got}. Give a trained Keras model, not its "
            "history, its name or its file; keras.saving.load_model reads a file."
        )
    try:
        shape, outputs = tuple(model.input_shape[1:]), tuple(model.output_shape[1:])
    except (AttributeError, TypeError, IndexError):
        shape, outputs = (), ()
    if not model.built or not shape:
        raise ArtifactError(
            "The model has no single input whose shape is known. Begin it with "
            "keras.Input((32, 32, 3)), or call it once on a batch of images."
        )
    if len(shape) != 3 or shape[0] != shape[1] or shape[2] != 3:
        raise ArtifactError(
            f"The model takes {shape}; the decoder gives square images in three colours, such as "
            "(32, 32, 3). Put a Resizing layer inside the model if its backbone wants others."
        )
    if outputs != (len(class_names),):
        raise ArtifactError(
            f"The model gives {outputs} numbers an image, and there are {len(class_names)} names "
            "of classes. Give a name for each number that comes out."
        )
    images = np.random.default_rng(0).random((2, *shape), dtype=np.float32)
    sums = np.sum(model.predict(images, verbose=0), axis=1)
    if not np.allclose(sums, 1.0, atol=1e-2):
        raise ArtifactError(
            f"The model's numbers for an image add up to {sums[0]:.3g}, not to 1, so they are no "
            "probabilities. Let it end in a softmax."
        )


def _require_representative(images: Any, input_shape: tuple) -> None:
    import numpy as np

    if images is None:
        raise ArtifactError(
            "Full int8 needs representative images: the range of every activation is measured on "
            "them. Give representative_images=..., for instance 200 training images."
        )
    shape = tuple(np.shape(images))
    if len(shape) != 4 or shape[1:] != tuple(input_shape[1:]) or not shape[0]:
        raise ArtifactError(
            f"representative_images has the shape {shape}; expected is (n, "
            f"{', '.join(map(str, input_shape[1:]))}), with n of 100 or more."
        )
    low, high = float(np.min(images)), float(np.max(images))
    if low < 0.0 or high > 1.0:
        raise ArtifactError(
            f"representative_images reaches from {low:.3g} to {high:.3g}; the model reads [0, 1]. "
            "Divide by 255."
        )


def _require_place(folder: Path) -> None:
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MANIFEST).is_file():
        raise ArtifactError(
            f"{folder} holds other files, and is left alone. Name a new folder for the artifact."
        )
    if folder.exists() and not folder.is_dir():
        raise ArtifactError(f"{folder} is a file, and is left alone. Name a new folder.")


def _write_model(model: "keras.Model", path: Path, format: str, images: Any) -> None:
    if format == "keras":
        model.save(path)
        return
    options = {"format": "tf_saved_model"}
    if format != "saved_model":
        options = {"format": "litert", **_converter_options(format, images)}
    try:
        with without_harmless_lines():
            _fix_to_inference(model).export(path, verbose=False, **options)
    except OSError:
        raise
    except Exception as error:  # the converter raises anything
        raise ArtifactError(
            f"This model cannot be exported as {FORMATS[format][0]}: {_first_line(error)} "
            f"{UNKNOWN_LAYER}"
        ) from error


def _fix_to_inference(model: "keras.Model") -> "keras.Model":
    """Return the model with inference as the only thing that it can do.

    Keras 3.15 traces a SavedModel without saying which of the two it is for. Then a layer that
    prepares images, such as `Resizing`, takes it for training and tells all later ones (keras pull
    request 23166): batch normalization uses the batch, and dropout drops.
    """
    import keras

    inputs = keras.Input(model.input_shape[1:])
    return keras.Model(inputs, model(inputs, training=False))


def _try_out(folder: Path, model: "keras.Model", format: str) -> None:
    """Raise ArtifactError unless the artifact loads, in safe mode, and answers for two images."""
    import numpy as np

    images = np.zeros((2, *model.input_shape[1:]), np.float32)
    try:
        with without_harmless_lines():
            predict.load_model(folder)(images)
    except Exception as error:  # whatever the layers raise
        if format == "keras":
            hint = (
                "A Lambda layer is the usual reason: its Python code is not stored in a way that "
                "is safe to run. Use layers such as Resizing, Rescaling or Normalization instead."
            )
        else:
            hint = UNKNOWN_LAYER
        raise ArtifactError(
            f"The {FORMATS[format][0]} could be written and does not work when it is loaded again: "
            f"{_first_line(error)} {hint}"
        ) from error


def _converter_options(format: str, images: Any) -> Mapping[str, Any]:
    """Return what `model.export` passes on to TensorFlow's converter."""
    import tensorflow as tf

    # Only LiteRT's own operations: the others would need TensorFlow to run.
    target: dict[str, Any] = {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]}
    options: dict[str, Any] = {"target_spec": target}
    if format != "litert_float32":
        options["optimizations"] = [tf.lite.Optimize.DEFAULT]
    if format == "litert_float16":
        target["supported_types"] = [tf.float16]
    if format == "litert_int8":
        target["supported_ops"] = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        options["representative_dataset"] = lambda: ([image[None]] for image in images)
        options["inference_input_type"] = options["inference_output_type"] = tf.int8
    return options


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:300]


def _write_the_rest(
    folder: Path, model: "keras.Model", format: str, class_names: Sequence[str]
) -> None:
    """Write scripts and manifest beside the model."""
    for name in SCRIPTS:
        shutil.copyfile(own_script(name), folder / name)
    manifest = {
        "schema": SCHEMA,
        "format": format,
        "model": FORMATS[format][1],
        "classes": [str(name) for name in class_names],
        "input": {"pixels": model.input_shape[1], "channels": "RGB", "range": [0.0, 1.0]},
        "course": helpers.__version__,
        "made_with": {package: version(package) for package in PACKAGES},
        "files": checksums(folder),
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def _take_place(made: Path, folder: Path) -> None:
    """Move a finished artifact to its place; the one that was there stays until then."""
    old = made.with_name("old")
    if folder.exists():
        folder.replace(old)
    try:
        made.replace(folder)
    except OSError:
        if old.exists():
            old.replace(folder)
        raise
