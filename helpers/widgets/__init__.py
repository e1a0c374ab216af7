"""Interactive figures: one call in a notebook, one module each.

Where nobody can move a control (nbconvert, a grader, a page on the web), each is a still picture.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from helpers import profiles
    from helpers.data import Splits
    from helpers.widgets.batch_normalization import BatchNormalizationExplorer
    from helpers.widgets.classify import PictureClassifier
    from helpers.widgets.dropout import DropoutExplorer
    from helpers.widgets.freezing import FreezingExplorer
    from helpers.widgets.labels import LabelsExplorer
    from helpers.widgets.overfitting import OverfittingExplorer

__all__ = [
    "batch_normalization_explorer",
    "dropout_explorer",
    "freezing_explorer",
    "labels_explorer",
    "overfitting_explorer",
    "picture_classifier",
]


def overfitting_explorer(
    images: int = 1_000,
    network: str = "medium",
    epochs: int | None = None,
    random_labels: bool = False,
) -> "OverfittingExplorer":
    """Show recorded training histories; the controls choose which, and how many epochs of it.

    Args:
        images: size of the training set at the start: 250, 1,000, 4,000 or 16,000.
        network: `"small"`, `"medium"` or `"large"`.
        epochs: how many epochs are drawn at the start; all that were recorded if not given.
        random_labels: whether the labels were drawn at random; recorded with 1,000 images only.

    Raises:
        ValueError: no such history was recorded.
    """
    from helpers.widgets.overfitting import OverfittingExplorer

    return OverfittingExplorer(images, network, epochs, random_labels)


def dropout_explorer(rate: float = 0.5) -> "DropoutExplorer":
    """Show what dropout does to a small layer; the controls choose the rate, the mode and a mask.

    Args:
        rate: share of the units that is dropped at the start, in [0, 0.9].

    Raises:
        ValueError: the rate is outside of that.
    """
    from helpers.widgets.dropout import DropoutExplorer

    return DropoutExplorer(rate)


def batch_normalization_explorer() -> "BatchNormalizationExplorer":
    """Show what batch normalization does in a deep network; the controls choose its numbers."""
    from helpers.widgets.batch_normalization import BatchNormalizationExplorer

    return BatchNormalizationExplorer()


def freezing_explorer(
    profile: "profiles.Profile | str | None" = None, frozen: int | None = None
) -> "FreezingExplorer":
    """Show what freezing a part of the backbone saves; the control chooses the boundary.

    Args:
        profile: a profile, its name, or None for the current one; it names the backbone.
        frozen: how many parts (stem, dense blocks, transitions) are frozen at the start; all but
            the last dense block if not given.

    Raises:
        ValueError: there are not that many parts.
    """
    from helpers.widgets.freezing import FreezingExplorer

    return FreezingExplorer(profile, frozen)


def labels_explorer(pixels: int = 32) -> "LabelsExplorer":
    """Show how many labels are needed from scratch, frozen and fine-tuned, as recorded.

    Args:
        pixels: width and height of the images at the start, 32 or 96.

    Raises:
        ValueError: no images of that size were recorded.
    """
    from helpers.widgets.labels import LabelsExplorer

    return LabelsExplorer(pixels)


def picture_classifier(
    predict: "Callable[[np.ndarray], np.ndarray]",
    splits: "Splits",
    threshold: float | None = None,
) -> "PictureClassifier":
    """Classify a picture of the learner's own, or a test image, and show what the network saw.

    Args:
        predict: from images, float32 (n, 32, 32, 3) in [0, 1], to probabilities (n, 10).
        splits: the test images, and the names of the classes.
        threshold: the confidence from which on an answer is given, in [0, 1]; None for always.
    """
    from helpers.widgets.classify import PictureClassifier

    return PictureClassifier(predict, splits, threshold)
