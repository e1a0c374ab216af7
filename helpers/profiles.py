"""How much data, which backbone and how many epochs: a profile decides cost, never meaning.

`full` is the course as it was designed, `quick` teaches the same points in minutes on two cores,
`grade` is small, deterministic and offline.
"""

import os
from dataclasses import dataclass, replace

ENVIRONMENT_VARIABLE = "COURSE_PROFILE"


@dataclass(frozen=True)
class Profile:
    """The cost of a run.

    Attributes:
        name: `full`, `quick` or `grade`.
        dataset: TFDS name of the images, `cifar10` or the embedded `stand_in`.
        backbone: `DenseNet201` or the small `stand_in` of `helpers.densenet`.
        train_images: labelled images for training.
        validation_images: labelled images for validation, cut from the end of the train split.
        test_images: images of the test split.
        scratch_epochs: epochs for a network from scratch.
        head_epochs: epochs for a new head on a frozen backbone.
        fine_tune_epochs: epochs for the unfrozen network.
        download: whether missing data and weights may be downloaded unasked.
        reason: why this profile was taken, for the sentence that is shown to the learner.
    """

    name: str
    dataset: str
    backbone: str
    train_images: int
    validation_images: int
    test_images: int
    scratch_epochs: int
    head_epochs: int
    fine_tune_epochs: int
    download: bool = False
    reason: str = ""

    def __str__(self) -> str:
        return (
            f"Profile '{self.name}' ({self.reason}): {self.train_images:,} training images of "
            f"{self.dataset}, backbone {self.backbone}, {self.scratch_epochs} + "
            f"{self.head_epochs} + {self.fine_tune_epochs} epochs. "
            f"To change it, set {ENVIRONMENT_VARIABLE} to full, quick or grade and restart the kernel."
        )
