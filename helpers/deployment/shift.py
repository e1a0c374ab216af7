"""Covariate shift: images that changed between training and use, and how accuracy falls.

The idea, a kind of damage at growing severity, is that of Hendrycks and Dietterich, "Benchmarking
Neural Network Robustness to Common Corruptions and Perturbations" (ICLR 2019). Kinds and levels
here are a small choice of our own, so the numbers are not those of CIFAR-10-C.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from helpers.figures import DescribedFigure

# By kind: how strong at severity 1 to 5. Severity 0 leaves images as they are.
LEVELS = {
    "noise": (0.04, 0.08, 0.12, 0.18, 0.26),  # standard deviation, of a range of 1
    "blur": (0.5, 0.8, 1.2, 1.7, 2.4),  # standard deviation, in pixels
    "contrast": (0.75, 0.5, 0.35, 0.2, 0.1),  # share of the contrast that is left
}
SEVERITIES = range(6)


@dataclass(frozen=True)
class Shift:
    """Accuracy on shifted images.

    Attributes:
        accuracy: by kind, the accuracy in [0, 1] at each severity from 0 on.
        images: how many images it was measured on.
    """

    accuracy: dict[str, tuple[float, ...]]
    images: int


def shift_images(images: "np.ndarray", kind: str, severity: int, *, seed: int = 0) -> "np.ndarray":
    """Add noise to images, blur them, or take contrast away.

    Args:
        images: float32 of shape (n, height, width, 3) in [0, 1]; they are not changed.
        kind: `noise` (Gaussian, for each number), `blur` (Gaussian) or `contrast` (towards the mean
            of each image and channel).
        severity: 0 (nothing happens) to 5.
        seed: of the noise.

    Returns:
        The same shape and dtype, in [0, 1].

    Raises:
        ValueError: another kind or severity, or images outside [0, 1].
    """
    raise NotImplementedError


def measure_shift(
    predict: "Callable[[np.ndarray], np.ndarray]",
    images: "np.ndarray",
    labels: "np.ndarray",
    kinds: Iterable[str] = tuple(LEVELS),
    *,
    seed: int = 0,
    progress: bool = True,
) -> Shift:
    """Measure accuracy on images that are shifted more and more.

    Args:
        predict: from images to probabilities, for instance
            `lambda images: model.predict(images, verbose=0)`.
        images: float32 of shape (n, height, width, 3) in [0, 1].
        labels: int of shape (n,), or one-hot (n, classes).
        kinds: which of `LEVELS`.
        seed: of the noise.
        progress: show a progress bar.

    Raises:
        ValueError: as `shift_images`.
    """
    raise NotImplementedError


def show_shifted(
    images: "np.ndarray", kinds: Iterable[str] = tuple(LEVELS), *, caption: str = "", seed: int = 0
) -> "DescribedFigure":
    """Draw one image at each severity (columns) of each kind (rows)."""
    raise NotImplementedError


def show_shift(shift: Shift, *, caption: str = "") -> "DescribedFigure":
    """Draw accuracy by severity, one curve a kind."""
    raise NotImplementedError
