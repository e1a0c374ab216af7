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
        dataset: TFDS name of the images, `cifar10` or the embedded `rendered_things`.
        backbone: `DenseNet201` or the embedded `CompactDenseNet`.
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
        """Say in a sentence what the profile is, why, and how to change it."""
        return (
            f"Profile '{self.name}' ({self.reason}): {self.train_images:,} training images of "
            f"{self.dataset}, backbone {self.backbone}, {self.scratch_epochs} + "
            f"{self.head_epochs} + {self.fine_tune_epochs} epochs. {self._warning()}"
            f"To change it, set {ENVIRONMENT_VARIABLE} to full, quick or grade "
            "and restart the kernel."
        )

    def _warning(self) -> str:
        if (self.dataset, self.backbone) != ("cifar10", BACKBONE):
            return ""
        return (
            "That backbone was trained on drawings and these are photographs, so it has little to "
            "transfer: `course data get densenet201` fetches one that was trained on photographs. "
        )


# The embedded pair, see helpers/embedded/README.md.
DATASET, BACKBONE = "rendered_things", "CompactDenseNet"
PROFILES = {
    "full": Profile(
        "full", "cifar10", "DenseNet201", 45_000, 5_000, 10_000, 15, 10, 10, download=True
    ),
    "quick": Profile("quick", DATASET, BACKBONE, 4_000, 1_000, 2_000, 8, 6, 6),
    "grade": Profile("grade", DATASET, BACKBONE, 960, 120, 120, 4, 2, 2),
}


def current(name: str | None = None, *, pinned: str | None = None) -> Profile:
    """Return the profile that applies here.

    nbgrader's own runs always get `grade`. Otherwise the argument decides, then the environment
    variable `COURSE_PROFILE`, then what the assignment was released with, then the machine: `full`
    with a GPU and everything on disk, else `quick`.

    Args:
        name: `full`, `quick`, `grade`, or None to let the environment decide.
        pinned: the profile that an assignment was released with, so that everybody who takes it
            has the same.

    Raises:
        ValueError: there is no profile of that name.
    """
    if run := nbgrader_run():
        return replace(PROFILES["grade"], reason=f"nbgrader runs this notebook: {run}")
    if name is not None:
        chosen, reason = name, "asked for in the notebook"
    elif os.environ.get(ENVIRONMENT_VARIABLE):
        chosen, reason = os.environ[ENVIRONMENT_VARIABLE], f"{ENVIRONMENT_VARIABLE} is set"
    elif pinned is not None:
        chosen, reason = pinned, "the notebook was released with it"
    else:
        chosen, reason = _choose_for_this_machine()
    if chosen not in PROFILES:
        raise ValueError(
            f"There is no profile {chosen!r} ({reason}). Choose one of: {', '.join(PROFILES)}."
        )
    profile = replace(PROFILES[chosen], reason=reason)
    return _with_what_is_on_disk(profile) if chosen == "quick" else profile


def _choose_for_this_machine() -> tuple[str, str]:
    """Return `full` if this machine can run it without a download and in good time, else `quick`.

    Returns:
        The name of the profile, and the reason.
    """
    cores = usable_cores()
    whole = _with_what_is_on_disk(PROFILES["quick"])
    everything = (whole.dataset, whole.backbone) == ("cifar10", "DenseNet201")
    gpus = count_gpus() if everything else 0  # imports TensorFlow, so only where it matters
    if gpus:
        return "full", f"this machine has {gpus} GPU(s), {cores} cores, CIFAR-10 and DenseNet201"
    lacks = "a GPU" if everything else "CIFAR-10 or DenseNet201 on disk"
    return "quick", f"this machine has {cores} cores, and not {lacks}"


def usable_cores() -> int:
    """Return how many processor cores this process may use; not always all of the machine's."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def count_gpus() -> int:
    """Return how many GPUs TensorFlow sees."""
    from helpers.quiet import import_tensorflow

    import_tensorflow()
    import tensorflow as tf

    return len(tf.config.list_physical_devices("GPU"))


def nbgrader_run() -> str | None:
    """Return what nbgrader runs this process for, `autograde` or `validate`; None if a person does.

    A kernel that a person opened has a session. After a validation that broke off, nbgrader 0.9.6
    leaves its variable behind in the server, and later kernels inherit it; they are not nbgrader's.
    """
    run = os.environ.get("NBGRADER_EXECUTION")
    return None if run == "validate" and os.environ.get("JPY_SESSION_NAME") else run


def _with_what_is_on_disk(profile: Profile) -> Profile:
    """Return `profile` with CIFAR-10 and DenseNet201 where both need no download."""
    from helpers import data, densenet

    if data.is_prepared("cifar10"):
        profile = replace(profile, dataset="cifar10")
    if densenet.imagenet_weights_path().is_file():
        profile = replace(profile, backbone="DenseNet201")
    return profile
