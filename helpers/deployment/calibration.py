"""How far a model's confidence can be believed, and when it had better not answer.

Confidence is the largest probability. It is calibrated if, of all answers with a confidence of
80 %, 80 % are right. Everything is fitted on validation images; none of it finds images that belong
to none of the classes.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from helpers.figures import DescribedFigure

BINS = 10


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

    edges: "np.ndarray" = field(repr=False)
    counts: "np.ndarray" = field(repr=False)
    confidence: "np.ndarray" = field(repr=False)
    accuracy: "np.ndarray" = field(repr=False)
    error: float


@dataclass(frozen=True)
class Threshold:
    """A confidence below which the model does not answer, and what that costs.

    Attributes:
        value: the smallest confidence that is answered, in [0, 1].
        coverage: share of the images that are answered.
        accuracy: share of right ones among these answers.
        images: how many it was fitted on.
    """

    value: float
    coverage: float
    accuracy: float
    images: int


def measure_reliability(
    probabilities: "np.ndarray", labels: "np.ndarray", bins: int = BINS
) -> Reliability:
    """Compute the numbers of a reliability diagram.

    Args:
        probabilities: float of shape (n, classes), rows add up to 1.
        labels: int of shape (n,), or one-hot (n, classes).
        bins: of equal width over [0, 1].

    Raises:
        ValueError: the shapes do not fit, or there are no images.
    """
    raise NotImplementedError


def fit_temperature(probabilities: "np.ndarray", labels: "np.ndarray") -> float:
    """Fit the temperature that makes validation answers most likely (Guo et al., ICML 2017).

    Args:
        probabilities: of *validation* images, float of shape (n, classes).
        labels: int of shape (n,), or one-hot (n, classes).

    Returns:
        The temperature; above 1 if the model was too sure of itself.

    Raises:
        ValueError: the shapes do not fit, or there are no images.
    """
    raise NotImplementedError


def apply_temperature(probabilities: "np.ndarray", temperature: float) -> "np.ndarray":
    """Divide the logarithms of probabilities by a temperature, and make them add up to 1 again.

    The top class stays the same. 1 changes nothing, more makes answers less sure.

    Raises:
        ValueError: the temperature is not above 0.
    """
    raise NotImplementedError


def fit_threshold(probabilities: "np.ndarray", labels: "np.ndarray", accuracy: float) -> Threshold:
    """Find the smallest confidence above which answers reach an accuracy on validation images.

    Args:
        probabilities: of *validation* images, float of shape (n, classes).
        labels: int of shape (n,), or one-hot (n, classes).
        accuracy: what the answers have to reach, in [0, 1].

    Returns:
        The threshold with the largest coverage that reaches it.

    Raises:
        ValueError: no threshold reaches it, or the shapes do not fit.
    """
    raise NotImplementedError


def apply_threshold(probabilities: "np.ndarray", labels: "np.ndarray", value: float) -> Threshold:
    """Tell coverage and accuracy of a threshold on other images than it was fitted on.

    Accuracy is NaN if nothing is answered.
    """
    raise NotImplementedError


def show_reliability(
    reliabilities: "Mapping[str, Reliability]", *, caption: str = ""
) -> "DescribedFigure":
    """Draw reliability diagrams side by side, by name, for instance before and after scaling."""
    raise NotImplementedError


def show_threshold(
    probabilities: "np.ndarray", labels: "np.ndarray", threshold: Threshold, *, caption: str = ""
) -> "DescribedFigure":
    """Draw coverage and accuracy of the answers against the threshold, and where it was put."""
    raise NotImplementedError
