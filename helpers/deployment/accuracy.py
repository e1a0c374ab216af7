"""Share of right answers, whichever way the labels come."""

import numpy as np


def to_classes(labels: np.ndarray) -> np.ndarray:
    """Return labels as class numbers, int of shape (n,), also from one-hot rows (n, classes)."""
    labels = np.asarray(labels)
    return labels.argmax(axis=1) if labels.ndim == 2 else labels.astype(int)


def measure_accuracy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of images whose most probable class is the right one, in [0, 1].

    Args:
        probabilities: float of shape (n, classes).
        labels: int of shape (n,), or one-hot (n, classes).

    Raises:
        ValueError: the shapes do not fit, or there are no images.
    """
    probabilities, classes = matched(probabilities, labels)
    return float((probabilities.argmax(axis=1) == classes).mean())


def matched(probabilities: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities in float64 and class numbers, after a look at their shapes.

    Raises:
        ValueError: the shapes do not fit, or there are no images.
    """
    probabilities, classes = np.asarray(probabilities, np.float64), to_classes(labels)
    if probabilities.ndim != 2 or classes.shape != probabilities.shape[:1] or not len(classes):
        raise ValueError(
            f"Probabilities of shape {probabilities.shape} and labels of shape "
            f"{np.shape(labels)} do not belong together. Give (n, classes) and (n,)."
        )
    return probabilities, classes
