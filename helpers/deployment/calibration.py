"""How far a model's confidence can be believed, and when it had better not answer.

Confidence is the largest probability. It is calibrated if, of all answers with a confidence of
80 %, 80 % are right. Everything is fitted on validation images; none of it finds images that belong
to none of the classes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from helpers.deployment.accuracy import matched

if TYPE_CHECKING:
    from helpers.figures import DescribedFigure

BINS = 10
SMALLEST = 1e-12  # a probability of 0 has no logarithm
TEMPERATURES = (0.05, 20.0)  # between these it is looked for


@dataclass(frozen=True)
class Reliability:
    """Confidence against accuracy, in bins of equal width.

    Attributes:
        edges: of the bins, float of shape (bins + 1,), from 0 to 1.
        counts: images in each bin, int of shape (bins,).
        confidence: mean confidence in each bin; NaN in empty ones.
        accuracy: share of right answers in each bin; NaN in empty ones.
        error: expected calibration error, in [0, 1]: the mean distance of confidence and accuracy,
            each bin weighted by its images (Guo et al., ICML 2017, equation 3).
    """

    edges: np.ndarray = field(repr=False)
    counts: np.ndarray = field(repr=False)
    confidence: np.ndarray = field(repr=False)
    accuracy: np.ndarray = field(repr=False)
    error: float


@dataclass(frozen=True)
class Threshold:
    """A confidence below which the model does not answer, and what that costs.

    Attributes:
        value: the smallest confidence that is answered, in [0, 1].
        coverage: share of the images that are answered.
        accuracy: share of right ones among these answers; NaN if nothing is answered.
        images: how many these numbers were computed on.
    """

    value: float
    coverage: float
    accuracy: float
    images: int


def measure_reliability(
    probabilities: np.ndarray, labels: np.ndarray, bins: int = BINS
) -> Reliability:
    """Compute the numbers of a reliability diagram.

    Args:
        probabilities: float of shape (n, classes), rows add up to 1.
        labels: int of shape (n,), or one-hot (n, classes).
        bins: of equal width over [0, 1].

    Raises:
        ValueError: the shapes do not fit, or there are no images.
    """
    confidence, right = _confidence(probabilities, labels)
    places = np.minimum((confidence * bins).astype(int), bins - 1)  # 1.0 is in the last bin
    counts = np.bincount(places, minlength=bins)
    with np.errstate(invalid="ignore"):  # 0 / 0 in empty bins
        mean_confidence = np.bincount(places, confidence, bins) / counts
        accuracy = np.bincount(places, right, bins) / counts
    gaps = np.nan_to_num(np.abs(accuracy - mean_confidence))
    return Reliability(
        edges=np.linspace(0.0, 1.0, bins + 1),
        counts=counts,
        confidence=mean_confidence,
        accuracy=accuracy,
        error=float((counts * gaps).sum() / counts.sum()),
    )


def fit_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Fit the temperature that makes the right classes most likely (Guo et al., ICML 2017).

    Args:
        probabilities: of *validation* images, float of shape (n, classes).
        labels: int of shape (n,), or one-hot (n, classes).

    Returns:
        The temperature, from 0.05 to 20; above 1 if the model was too sure of itself.

    Raises:
        ValueError: the shapes do not fit, or there are no images.
    """
    probabilities, classes = matched(probabilities, labels)
    logits = _logarithms(probabilities)
    mean_of_right = logits[np.arange(len(classes)), classes].mean()

    def slope(sharpness: float) -> float:
        """Derivative of the mean loss by 1 / temperature; it grows, so it crosses 0 once."""
        softened = apply_temperature(probabilities, 1.0 / sharpness)
        return (softened * logits).sum(axis=1).mean() - mean_of_right

    low, high = (1.0 / temperature for temperature in reversed(TEMPERATURES))
    for _ in range(60):
        middle = np.sqrt(low * high)
        low, high = (low, middle) if slope(middle) > 0.0 else (middle, high)
    return float(1.0 / np.sqrt(low * high))


def apply_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Divide the logarithms of probabilities by a temperature, and make them add up to 1 again.

    Args:
        probabilities: float of shape (n, classes).
        temperature: 1 changes nothing, more makes the answers less sure. The top class stays.

    Returns:
        float64 of the same shape.

    Raises:
        ValueError: the temperature is not above 0.
    """
    if not temperature > 0.0:
        raise ValueError(f"The temperature is {temperature}; it has to be above 0.")
    scaled = _logarithms(np.asarray(probabilities, np.float64)) / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def fit_threshold(probabilities: np.ndarray, labels: np.ndarray, accuracy: float) -> Threshold:
    """Find the smallest confidence from which on the answers reach an accuracy.

    Args:
        probabilities: of *validation* images, float of shape (n, classes).
        labels: int of shape (n,), or one-hot (n, classes).
        accuracy: what the answers have to reach together, in [0, 1].

    Returns:
        The threshold of the largest coverage that reaches it.

    Raises:
        ValueError: no threshold reaches it, or the shapes do not fit.
    """
    values, coverage, accuracies = _coverage_curve(*_confidence(probabilities, labels))
    enough = np.flatnonzero(accuracies >= accuracy)
    if not len(enough):
        raise ValueError(
            f"No threshold reaches an accuracy of {accuracy:.1%} on these images; the best is "
            f"{accuracies.max():.1%}. Ask for less, or train a better model."
        )
    place = enough[-1]
    return Threshold(
        float(values[place]), float(coverage[place]), float(accuracies[place]), len(probabilities)
    )


def apply_threshold(probabilities: np.ndarray, labels: np.ndarray, value: float) -> Threshold:
    """Tell coverage and accuracy of a threshold, on other images than it was fitted on.

    Args:
        probabilities: float of shape (n, classes).
        labels: int of shape (n,), or one-hot (n, classes).
        value: the smallest confidence that is answered.

    Raises:
        ValueError: the shapes do not fit, or there are no images.
    """
    confidence, right = _confidence(probabilities, labels)
    answered = confidence >= value
    accuracy = float(right[answered].mean()) if answered.any() else float("nan")
    return Threshold(float(value), float(answered.mean()), accuracy, len(confidence))


def _confidence(probabilities: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each image the largest probability, and whether that class is the right one."""
    probabilities, classes = matched(probabilities, labels)
    return probabilities.max(axis=1), probabilities.argmax(axis=1) == classes


def _coverage_curve(
    confidence: np.ndarray, right: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return every confidence that can be a threshold, from high to low, coverage and accuracy."""
    order = np.argsort(-confidence, kind="stable")
    falling = confidence[order]
    answered = np.arange(1, len(falling) + 1)
    accuracy = np.cumsum(right[order]) / answered
    last_of_equals = np.append(falling[1:] < falling[:-1], True)  # equal ones are answered together
    coverage = answered / len(falling)
    return falling[last_of_equals], coverage[last_of_equals], accuracy[last_of_equals]


def _logarithms(probabilities: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(probabilities, SMALLEST))


def show_reliability(
    reliabilities: Mapping[str, Reliability], *, caption: str = ""
) -> "DescribedFigure":
    """Draw reliability diagrams side by side, for instance before and after temperature scaling.

    Args:
        reliabilities: by name, what `measure_reliability` returned.
        caption: data set and profile, shown small at the bottom.
    """
    from helpers.figures import COLOURS, GREY, new_figure

    count = len(reliabilities)
    figure, axes = new_figure(max(3.4 * count, 4.2), 3.9, columns=count, caption=caption)
    told = []
    for axis, (name, one) in zip(np.atleast_1d(axes), reliabilities.items(), strict=True):
        width = one.edges[1]
        axis.bar(100 * one.edges[:-1], np.nan_to_num(100 * one.accuracy), 100 * width,
                 align="edge", color=COLOURS[5], edgecolor=COLOURS[0])  # fmt: skip
        axis.plot([0, 100], [0, 100], "--", color=GREY, label="calibrated")
        filled = one.counts > 0
        axis.scatter(
            100 * one.confidence[filled],
            100 * one.accuracy[filled],
            s=10 + 150 * one.counts[filled] / one.counts.sum(),
            color=COLOURS[1],
            zorder=3,
            clip_on=False,
            label="mean of a bin (area: images)",
        )
        axis.set(xlabel="Confidence (%)", xlim=(0, 100), ylim=(0, 100), aspect="equal")
        axis.set_title(f"{name}: off by {100 * one.error:.1f} points", fontsize="medium")
        sides = [
            f"{low:.0f} to {low + 100 * width:.0f} %: {100 * right:.0f} % right"
            for low, right in zip(100 * one.edges[:-1], one.accuracy, strict=True)
            if not np.isnan(right)
        ]
        told.append(f"{name}, expected calibration error {one.error:.1%}: {', '.join(sides)}")
    first = np.atleast_1d(axes)[0]
    first.set_ylabel("Right answers (%)")
    entries = first.get_legend_handles_labels()
    figure.legend(*entries, loc="outside upper center", ncols=2, fontsize=8)
    figure.alt = f"Right answers by confidence. {'. '.join(told)}. {caption}".strip()
    return figure


def show_threshold(
    probabilities: np.ndarray, labels: np.ndarray, threshold: Threshold, *, caption: str = ""
) -> "DescribedFigure":
    """Draw coverage and accuracy of the answers for every threshold, and where it was put.

    Args:
        probabilities: float of shape (n, classes).
        labels: int of shape (n,), or one-hot (n, classes).
        threshold: what `fit_threshold` returned.
        caption: data set and profile, shown small at the bottom.

    Raises:
        ValueError: the shapes do not fit, or there are no images.
    """
    from helpers.figures import COLOURS, GREY, new_figure

    values, coverage, accuracy = _coverage_curve(*_confidence(probabilities, labels))
    here = apply_threshold(probabilities, labels, threshold.value)
    figure, axes = new_figure(caption=caption)
    axes.plot(100 * values, 100 * accuracy, color=COLOURS[0], label="right among the answered")
    axes.plot(100 * values, 100 * coverage, "--", color=COLOURS[1], label="answered")
    axes.axvline(100 * threshold.value, color=GREY, linestyle=":", label="threshold")
    axes.set(xlabel="Threshold: smallest confidence that is answered (%)", ylabel="Images (%)")
    axes.set(ylim=(0, 103))
    axes.legend(loc="lower left")
    title = (
        f"From {threshold.value:.0%} confidence on: {here.coverage:.0%} of the images answered, "
        f"{here.accuracy:.0%} right"
    )
    axes.set_title(title, fontsize="medium")
    figure.alt = (
        f"{title}. Without a threshold {accuracy[-1]:.0%} are right; a higher threshold answers "
        f"fewer images. {caption}"
    ).strip()
    return figure
