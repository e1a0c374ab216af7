"""Covariate shift: images that changed between training and use, and how accuracy falls.

The idea, a kind of damage at growing severity, is that of Hendrycks and Dietterich, "Benchmarking
Neural Network Robustness to Common Corruptions and Perturbations" (ICLR 2019). Kinds and levels
here are a small choice of our own, so the numbers are not those of CIFAR-10-C.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from helpers.deployment.accuracy import measure_accuracy

if TYPE_CHECKING:
    from helpers.figures import DescribedFigure

# By kind: how strong at severity 1 to 5. Severity 0 leaves images as they are.
LEVELS = {
    "noise": (0.04, 0.08, 0.12, 0.18, 0.26),  # standard deviation, of a range of 1
    "blur": (0.5, 0.8, 1.2, 1.7, 2.4),  # standard deviation, in pixels
    "contrast": (0.75, 0.5, 0.35, 0.2, 0.1),  # share of the contrast that is left
}
MOST_SEVERE = 5


@dataclass(frozen=True)
class Shift:
    """Accuracy on shifted images.

    Attributes:
        accuracy: by kind, the accuracy in [0, 1] at each severity from 0 on.
        images: how many images it was measured on.
    """

    accuracy: dict[str, tuple[float, ...]]
    images: int


def shift_images(images: np.ndarray, kind: str, severity: int, *, seed: int = 0) -> np.ndarray:
    """Add noise to images, blur them, or take contrast away.

    Args:
        images: float32 of shape (n, height, width, 3) in [0, 1]; they are not changed.
        kind: `noise` (Gaussian, for each number), `blur` (Gaussian) or `contrast` (towards the mean
            of each image and channel).
        severity: 0 (nothing happens) to 5.
        seed: of the noise.

    Returns:
        float32 of the same shape, in [0, 1].

    Raises:
        ValueError: another kind or severity, or images of another shape or outside [0, 1].
    """
    images = np.array(images, dtype=np.float32)
    if images.ndim != 4:
        raise ValueError(f"Expected images of shape (n, height, width, 3), got {images.shape}.")
    if images.size and not (images.min() >= 0.0 and images.max() <= 1.0):
        raise ValueError(
            f"The images reach from {images.min():.3g} to {images.max():.3g}; expected is [0, 1]."
        )
    if kind not in LEVELS:
        raise ValueError(f"There is no kind {kind!r}. Choose one of: {', '.join(LEVELS)}.")
    if severity not in range(MOST_SEVERE + 1):
        raise ValueError(f"severity is {severity}; choose a whole number from 0 to {MOST_SEVERE}.")
    if severity == 0:
        return images
    level = LEVELS[kind][severity - 1]
    if kind == "noise":
        random = np.random.default_rng(seed)
        shifted = images + level * random.standard_normal(images.shape, dtype=np.float32)
    elif kind == "blur":
        shifted = _blur(_blur(images, level, axis=1), level, axis=2)
    else:
        means = images.mean(axis=(1, 2), keepdims=True)
        shifted = means + level * (images - means)
    return np.clip(shifted, 0.0, 1.0)


def _blur(images: np.ndarray, deviation: float, axis: int) -> np.ndarray:
    """Convolve along one axis with a Gaussian; the image goes on beyond its border as a mirror."""
    reach = int(np.ceil(3 * deviation))
    steps = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 * (steps / deviation) ** 2)
    weights = (weights / weights.sum()).astype(np.float32)
    margins = [(reach, reach) if each == axis else (0, 0) for each in range(images.ndim)]
    padded = np.pad(images, margins, mode="symmetric")
    length = images.shape[axis]
    return sum(
        weight * np.take(padded, range(start, start + length), axis=axis)
        for start, weight in enumerate(weights)
    )


def measure_shift(
    predict: Callable[[np.ndarray], np.ndarray],
    images: np.ndarray,
    labels: np.ndarray,
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
        ValueError: as `shift_images`, or the labels do not fit.
    """
    from rich.progress import track

    clean = measure_accuracy(predict(np.asarray(images, np.float32)), labels)
    accuracy = {kind: [clean] for kind in kinds}
    places = [(kind, severity) for kind in accuracy for severity in range(1, MOST_SEVERE + 1)]
    for kind, severity in track(places, "Shifting images", disable=not progress):
        shifted = shift_images(images, kind, severity, seed=seed)
        accuracy[kind].append(measure_accuracy(predict(shifted), labels))
    return Shift({kind: tuple(values) for kind, values in accuracy.items()}, len(images))


def show_shifted(
    image: np.ndarray, kinds: Iterable[str] = tuple(LEVELS), *, caption: str = "", seed: int = 0
) -> "DescribedFigure":
    """Draw one image at each severity, a row for each kind.

    Args:
        image: float32 of shape (height, width, 3) in [0, 1].
        kinds: which of `LEVELS`.
        caption: data set and profile, shown small at the bottom.
        seed: of the noise.

    Raises:
        ValueError: as `shift_images`.
    """
    from helpers.figures import new_figure

    kinds = list(kinds)
    columns = MOST_SEVERE + 1
    figure, axes = new_figure(
        1.2 * columns, 1.25 * len(kinds) + 0.8, rows=len(kinds), columns=columns, caption=caption
    )
    for row, kind in zip(np.reshape(axes, (len(kinds), columns)), kinds, strict=True):
        for severity, axis in enumerate(row):
            axis.imshow(shift_images(image[None], kind, severity, seed=seed)[0], vmin=0, vmax=1)
            axis.grid(False)
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
        row[0].set_ylabel(kind)
    for severity, axis in enumerate(np.reshape(axes, (len(kinds), columns))[0]):
        axis.set_title(f"severity {severity}" if severity else "as it is", fontsize=9)
    figure.suptitle("The same picture, shifted more and more", fontsize=12)
    figure.alt = (
        f"One image at severity 0 to {MOST_SEVERE} of {', '.join(kinds)}: from left to right it is "
        f"harder to recognise. {caption}"
    ).strip()
    return figure


def show_shift(shift: Shift, *, caption: str = "") -> "DescribedFigure":
    """Draw accuracy by severity, one curve for each kind.

    Args:
        shift: what `measure_shift` returned.
        caption: data set and profile, shown small at the bottom.
    """
    from helpers.figures import COLOURS, new_figure

    figure, axes = new_figure(caption=f"{caption}, {shift.images:,} images".lstrip(", "))
    told = []
    for index, (kind, values) in enumerate(shift.accuracy.items()):
        percent = [100 * value for value in values]
        axes.plot(
            percent, marker="osv^D"[index % 5], color=COLOURS[index % len(COLOURS)], label=kind
        )
        told.append(f"{kind} {', '.join(f'{value:.0f}' for value in percent)} %")
    axes.set(xlabel="Severity (0: as in training)", ylabel="Accuracy (%)", ylim=(0, 100))
    axes.set_xticks(range(MOST_SEVERE + 1))
    axes.legend()
    worst = min(shift.accuracy, key=lambda kind: shift.accuracy[kind][-1])
    first, last = shift.accuracy[worst][0], shift.accuracy[worst][-1]
    title = f"Same model, shifted images: {worst} takes {first:.0%} to {last:.0%}"
    axes.set_title(title, fontsize="medium")
    figure.alt = (
        f"{title}. Accuracy at severity 0 to {MOST_SEVERE}: {'; '.join(told)}. {caption}".strip()
    )
    return figure
