"""The images of the course as `tf.data`: CIFAR-10, or the embedded data set."""

import html
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from helpers import cifar10, profiles
from helpers.cifar10 import DataNotFoundError
from helpers.embedded import dataset as embedded
from helpers.quiet import import_tensorflow

if TYPE_CHECKING:
    import numpy as np
    import tensorflow as tf

    from helpers.figures import DescribedFigure

__all__ = ["DataNotFoundError", "Splits", "banner", "is_prepared", "load_splits", "show_examples"]

CIFAR10 = "CIFAR-10"


@dataclass(frozen=True)
class Splits:
    """Images and labels, ready for `fit` and `evaluate`, and what is known about them.

    Attributes:
        train: batches of images, float32 `(batch, 32, 32, 3)` in [0, 1], and one-hot labels,
            float32 `(batch, 10)`; shuffled again in every epoch, augmented if asked for.
        validation: the same, cut from the end of the train split, neither shuffled nor augmented.
        test: the same from the test split; to be read once, at the very end.
        class_names: what each of the ten labels means.
        dataset: name of the data set, for the banner.
        info: what TensorFlow Datasets knows about the data set.
        description: one sentence about the data set.
        profile: name of the profile that chose the numbers of images.
        sizes: number of images in `train`, `validation` and `test`.
        raw_train: the training images as stored, uint8 `(32, 32, 3)`, with integer labels; one by
            one, neither shuffled nor augmented.
    """

    train: "tf.data.Dataset" = field(repr=False)
    validation: "tf.data.Dataset" = field(repr=False)
    test: "tf.data.Dataset" = field(repr=False)
    class_names: tuple[str, ...]
    dataset: str
    info: Any = field(repr=False)
    description: str
    profile: str
    sizes: dict[str, int]
    raw_train: "tf.data.Dataset" = field(repr=False)

    @property
    def caption(self) -> str:
        """What stands below every figure: data set and profile."""
        return f"{self.dataset}, profile '{self.profile}'"


class _Stored(NamedTuple):
    """Images as stored (uint8) with integer labels, one by one, and what is known about them."""

    train: "tf.data.Dataset"
    validation: "tf.data.Dataset"
    test: "tf.data.Dataset"
    class_names: tuple[str, ...]
    dataset: str
    description: str
    info: Any


def load_splits(
    profile: profiles.Profile | str | None = None,
    *,
    data_dir: str | os.PathLike | None = None,
    batch_size: int = 32,
    augment: Callable[["tf.Tensor"], "tf.Tensor"] | None = None,
    seed: int = 0,
) -> Splits:
    """Load train, validation and test images as the profile asks.

    Order of the pipeline: cache, shuffle over the whole split, batch, convert, augment, prefetch.
    The cache holds the images as stored, so each epoch is shuffled and augmented anew.

    Args:
        profile: a profile or its name; the current one if not given.
        data_dir: folder of TensorFlow Datasets; if not given, the environment variable
            `TFDS_DATA_DIR`, and `~/tensorflow_datasets` if that is not set either.
        batch_size: images in a batch; the last one may be smaller.
        augment: takes a batch of training images, float32 in [0, 1], and returns it changed; for
            instance a Keras model of random layers.
        seed: the same seed gives the same order of training images, epoch by epoch (together with
            TensorFlow's global seed, if one is set).

    Returns:
        Three splits that share no image, and what is known about them.

    Raises:
        DataNotFoundError: CIFAR-10 is not on disk, or not whole, or could not be downloaded.
        ValueError: the profile asks for more images than there are, or for an unknown data set.
    """
    if not isinstance(profile, profiles.Profile):
        profile = profiles.current(profile)
    load = {"cifar10": _load_cifar10, embedded.NAME: _load_embedded}.get(profile.dataset)
    if load is None:
        raise ValueError(
            f"Profile '{profile.name}' asks for the data set '{profile.dataset}', which the course "
            f"does not know. Choose 'cifar10' or '{embedded.NAME}'."
        )
    import_tensorflow()
    stored = load(profile, data_dir, seed)
    depth = len(stored.class_names)
    shuffled = stored.train.cache().shuffle(profile.train_images, seed=seed)
    return Splits(
        train=_to_batches(shuffled, depth, batch_size, augment),
        validation=_to_batches(stored.validation.cache(), depth, batch_size),
        test=_to_batches(stored.test, depth, batch_size),
        class_names=stored.class_names,
        dataset=stored.dataset,
        info=stored.info,
        description=stored.description,
        profile=profile.name,
        sizes={
            "train": profile.train_images,
            "validation": profile.validation_images,
            "test": profile.test_images,
        },
        raw_train=stored.train,
    )


def is_prepared(dataset: str, data_dir: str | os.PathLike | None = None) -> bool:
    """Tell whether a data set can be loaded without a download. Takes milliseconds."""
    return dataset == embedded.NAME or (dataset == "cifar10" and cifar10.is_prepared(data_dir))


def _to_batches(
    images: "tf.data.Dataset",
    depth: int,
    batch_size: int,
    augment: Callable[["tf.Tensor"], "tf.Tensor"] | None = None,
) -> "tf.data.Dataset":
    """Batch stored images, convert them to what a network reads, augment, and prefetch."""
    import tensorflow as tf

    def convert(image: tf.Tensor, label: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.cast(image, tf.float32) / 255.0, tf.one_hot(label, depth)

    batches = images.batch(batch_size).map(convert, num_parallel_calls=tf.data.AUTOTUNE)
    if augment is not None:
        # One batch after another: in parallel, random layers would draw in no fixed order.
        batches = batches.map(lambda image, label: (augment(image), label))
    return batches.prefetch(tf.data.AUTOTUNE)


def _load_cifar10(
    profile: profiles.Profile, data_dir: str | os.PathLike | None, seed: int
) -> _Stored:
    cifar10.ensure_prepared(data_dir, download=profile.download)
    return _load_prepared(
        profile,
        cifar10.data_directory(data_dir),
        seed,
        label=CIFAR10,
        description="Photographs of ten kinds of things, 32 pixels wide and high.",
    )


def _load_embedded(
    profile: profiles.Profile, data_dir: str | os.PathLike | None, seed: int
) -> _Stored:
    return _load_prepared(
        profile,
        embedded.prepare(data_dir),
        seed,
        label=f"{embedded.NAME} (drawn, not CIFAR-10)",
        description="Drawings of ten kinds of things, made by the course itself.",
    )


def _load_prepared(
    profile: profiles.Profile,
    data_dir: str | os.PathLike,
    seed: int,
    label: str,
    description: str,
) -> _Stored:
    """Load the profile's data set from a TFDS folder where it is prepared."""
    import tensorflow_datasets as tfds

    splits = tfds.builder(profile.dataset, data_dir=data_dir).info.splits
    first = _first_validation_image(
        profile, splits["train"].num_examples, splits["test"].num_examples
    )
    options = {
        "data_dir": data_dir,
        "as_supervised": True,
        "download": False,
        # load_splits caches and prefetches; doing it twice would only cost memory.
        "read_config": tfds.ReadConfig(try_autocache=False, skip_prefetch=True, shuffle_seed=seed),
    }
    train, info = tfds.load(
        profile.dataset,
        split=f"train[:{profile.train_images}]",
        shuffle_files=True,
        with_info=True,
        **options,
    )
    validation, test = tfds.load(
        profile.dataset, split=[f"train[{first}:]", f"test[:{profile.test_images}]"], **options
    )
    return _Stored(
        train,
        validation,
        test,
        class_names=tuple(info.features["label"].names),
        dataset=label,
        description=description,
        info=info,
    )


def _first_validation_image(profile: profiles.Profile, train_size: int, test_size: int) -> int:
    """Return where in the stored train split validation starts, so that it reaches to the end."""
    first = train_size - profile.validation_images
    if first < profile.train_images or test_size < profile.test_images:
        raise ValueError(
            f"Profile '{profile.name}' asks for {profile.train_images:,} + "
            f"{profile.validation_images:,} training and validation images and "
            f"{profile.test_images:,} test images, but {profile.dataset} has {train_size:,} and "
            f"{test_size:,}. Ask for fewer images."
        )
    return first


def show_examples(splits: Splits, rows: int = 2, columns: int = 5) -> "DescribedFigure":
    """Draw training images with the names of their classes, the classes taking turns.

    The images are the stored ones, not augmented, and the same in every call.

    Returns:
        The figure. As the last line of a notebook's cell it is shown, once.
    """
    from helpers.figures import new_figure

    figure, _ = new_figure(
        1.7 * columns, 1.9 * rows + 0.7, rows=rows, columns=columns, caption=splits.caption
    )
    for axis in figure.axes:
        axis.set_axis_off()
    examples = _take_turns(splits, rows * columns)
    for axis, (image, label) in zip(figure.axes, examples, strict=False):
        axis.imshow(image, interpolation="nearest")
        axis.set_title(splits.class_names[label], fontsize=11)
    figure.suptitle("What has to be told apart?", fontsize=13)
    names = ", ".join(splits.class_names[label] for _, label in examples)
    figure.alt = f"Training images with the names of their classes: {names}. {splits.caption}"
    return figure


def _take_turns(splits: Splits, count: int) -> "list[tuple[np.ndarray, int]]":
    """Return at most `count` stored training images with their labels: 0 to 9, and again."""
    waiting: dict[int, list] = {label: [] for label in range(len(splits.class_names))}
    # This many hold every class often enough, and are read in a moment.
    for image, label in splits.raw_train.take(100 + 20 * count).as_numpy_iterator():
        waiting[int(label)].append(image)
    chosen: list[tuple[np.ndarray, int]] = []
    while len(chosen) < count and any(waiting.values()):
        chosen += [(images.pop(0), label) for label, images in waiting.items() if images]
    return chosen[:count]


@dataclass(frozen=True)
class Banner:
    """Which images these are, as text and as a box in a notebook; loud if not CIFAR-10."""

    splits: Splits

    def __repr__(self) -> str:
        """Return the sentences as plain text."""
        return f"{self._title()} {self._details()}"

    def _repr_html_(self) -> str:
        if self.splits.dataset == CIFAR10:
            colours = "background: #e8f1fa; border-left: 6px solid #1f6fb2"
        else:
            colours = "background: #ffe3b3; border: 3px solid #d55e00; font-size: 1.1em"
        return (
            f'<div role="note" style="{colours}; color: #1a1a1a; padding: 0.6em 1em">'
            f"<strong>{html.escape(self._title())}</strong><br>{html.escape(self._details())}</div>"
        )

    def _title(self) -> str:
        if self.splits.dataset == CIFAR10:
            return f"Data: {CIFAR10}."
        return f"This is not {CIFAR10}. Data: {self.splits.dataset}."

    def _details(self) -> str:
        sizes = self.splits.sizes
        return (
            f"{self.splits.description} {sizes['train']:,} images for training, "
            f"{sizes['validation']:,} for validation, {sizes['test']:,} for the test "
            f"(profile '{self.splits.profile}')."
        )


def banner(splits: Splits) -> Banner:
    """Tell which data set this is, how many images each split has, and which profile chose them."""
    return Banner(splits)
