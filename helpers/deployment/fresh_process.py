"""The proof of equality: an artifact, alone in a fresh process, against the notebook's model."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from helpers.deployment.accuracy import measure_accuracy
from helpers.deployment.artifact import Artifact, open_artifact

TOLERANCE = 1e-4  # how far probabilities may lie apart and still count as equal
TIME_LIMIT = 300.0  # seconds


class FreshProcessError(RuntimeError):
    """A fresh process could not load or run an artifact; says what it wrote."""


@dataclass(frozen=True)
class FreshPredictions:
    """What a fresh process made of image files.

    Attributes:
        probabilities: float32 of shape (files, classes); NaN in the rows of files with an error.
        errors: by position of the file, what was wrong with it.
        peak_memory: bytes that the process had at most; None where nobody counts them.
    """

    probabilities: np.ndarray = field(repr=False)
    errors: dict[int, str]
    peak_memory: int | None


@dataclass(frozen=True)
class Equality:
    """How far two sets of predictions for the same images lie apart.

    Attributes:
        images: how many were compared.
        largest_difference: between two probabilities, in [0, 1].
        same_top_class: share of the images with the same most probable class, in [0, 1].
        accuracy: of the first and of the second predictions, in [0, 1]; None without labels.
    """

    images: int
    largest_difference: float
    same_top_class: float
    accuracy: tuple[float, float] | None = None

    @property
    def equal(self) -> bool:
        """Whether nothing differs by more than `TOLERANCE`, nor any top class."""
        return self.largest_difference <= TOLERANCE and self.same_top_class == 1.0

    @property
    def accuracy_change(self) -> float | None:
        """Accuracy of the second predictions minus that of the first; None without labels."""
        return None if self.accuracy is None else self.accuracy[1] - self.accuracy[0]

    def __str__(self) -> str:
        """Say in a sentence whether they are equal, and by how much they differ."""
        verdict = "Equal" if self.equal else "Not equal"
        text = (
            f"{verdict}: largest difference {self.largest_difference:.1g}, same top class in "
            f"{self.same_top_class:.1%} of {self.images:,} images"
        )
        if self.accuracy is not None:
            text += f", accuracy {self.accuracy[0]:.1%} and {self.accuracy[1]:.1%}"
        return text + "."


def predict_in_fresh_process(
    artifact: Artifact | str | Path,
    image_paths: Iterable[str | Path],
    *,
    threads: int = 1,
    timeout: float = TIME_LIMIT,
) -> FreshPredictions:
    """Classify image files in a new Python process that imports nothing of the course.

    It runs `predict.py` and `decoder.py` from the artifact, which have to be the course's own, with
    NumPy, Pillow, and TensorFlow or LiteRT. Models are loaded in safe mode.

    Args:
        artifact: an artifact or its folder.
        image_paths: files with images.
        threads: of the processor, for the model.
        timeout: seconds after which the process is ended.

    Returns:
        Probabilities and, for files that are no image that can be read, errors.

    Raises:
        ArtifactError: there is no artifact, or it was changed.
        FreshProcessError: the process failed, or took too long.
    """
    artifact = open_artifact(artifact)
    files = [str(Path(path).absolute()) for path in image_paths]
    with tempfile.TemporaryDirectory() as workshop:
        listed, out = Path(workshop) / "images.json", Path(workshop) / "result.json"
        listed.write_text(json.dumps(files), encoding="utf-8")
        script = artifact.folder.absolute() / "predict.py"
        options = ["--list", listed, "--out", out, "--threads", str(threads)]
        run_script([script, *options], f"classify with {artifact.title}", timeout)
        result = json.loads(out.read_text(encoding="utf-8"))
    probabilities = np.full((len(files), len(artifact.class_names)), np.nan, np.float32)
    errors = {}
    for row, answer in enumerate(result["images"]):
        if "error" in answer:
            errors[row] = answer["error"]
        else:
            probabilities[row] = answer["probabilities"]
    return FreshPredictions(probabilities, errors, result["peak_memory"])


def run_script(arguments: Sequence[Any], purpose: str, timeout: float) -> None:
    """Run a Python script in a fresh process, apart from the environment of this one.

    Args:
        arguments: the script, and its arguments.
        purpose: what it is for, in words, for errors.
        timeout: seconds.

    Raises:
        FreshProcessError: it ended with an error, or did not end.
    """
    # -I: neither PYTHONPATH, nor the folder of the script, nor this folder can bring modules in.
    # -B: no bytecode beside the scripts, which would change the artifact.
    command = [sys.executable, "-I", "-B", *map(str, arguments)]
    try:
        finished = subprocess.run(
            command,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
        )
    except subprocess.TimeoutExpired:
        raise FreshProcessError(
            f"The fresh process that was to {purpose} did not end within {timeout:.0f} seconds and "
            "was stopped. Give it fewer images, or more time with timeout=...."
        ) from None
    if finished.returncode:
        lines = finished.stderr.strip().splitlines()
        reason = lines[-1] if lines else f"exit status {finished.returncode}"
        raise FreshProcessError(
            f"The fresh process that was to {purpose} failed: {reason} "
            "(Does the model need code that is not in the artifact?)"
        )


def compare_predictions(
    expected: np.ndarray, found: np.ndarray, labels: np.ndarray | None = None
) -> Equality:
    """Compare two sets of probabilities for the same images.

    Args:
        expected: float of shape (n, classes), such as what `model.predict` returned.
        found: the same from elsewhere.
        labels: int of shape (n,), or one-hot (n, classes), to compare accuracies too.

    Raises:
        ValueError: the shapes differ, there are no images, or a number is NaN because a file could
            not be read.
    """
    expected, found = np.asarray(expected), np.asarray(found)
    if expected.shape != found.shape or expected.ndim != 2 or not len(expected):
        raise ValueError(
            f"The predictions have the shapes {expected.shape} and {found.shape}. Compare those "
            "for the same images, (n, classes) each."
        )
    if np.isnan(expected).any() or np.isnan(found).any():
        raise ValueError(
            "Some of the predictions are NaN: those of files that could not be read. Leave them "
            "out; `errors` says which they are."
        )
    accuracy = None
    if labels is not None:
        accuracy = (measure_accuracy(expected, labels), measure_accuracy(found, labels))
    return Equality(
        images=len(expected),
        largest_difference=float(np.abs(expected - found).max()),
        same_top_class=float((expected.argmax(axis=1) == found.argmax(axis=1)).mean()),
        accuracy=accuracy,
    )


def write_images(images: np.ndarray, folder: str | Path) -> list[Path]:
    """Write images as PNG files, whose pixels come back exactly as they were stored.

    Args:
        images: float of shape (n, height, width, 3) in [0, 1], in steps of 1/255 as `load_splits`
            gives them; what lies between two steps is rounded.
        folder: gets `00000.png` and so on; made if it is not there.

    Returns:
        The paths, in the order of the images.
    """
    from PIL import Image

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for index, image in enumerate(images):
        paths.append(folder / f"{index:05}.png")
        levels = np.round(np.clip(image, 0.0, 1.0) * 255.0).astype(np.uint8)
        Image.fromarray(levels).save(paths[-1])
    return paths
