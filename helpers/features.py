"""The output of a frozen network, computed once for each image, and kept for training on it.

A frozen network gives the same features for the same image in every epoch. `extract_features`
computes them once; a head is then trained on them as it would be behind the network, with the same
images in the same order, in a fraction of the time:

    backbone.trainable = False
    frozen = densenet.join(preprocessing, backbone)
    features = extract_features(frozen, splits)
    head = densenet.build_head_alone(features.shape)
    head.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    head.fit(features.train, validation_data=features.validation, epochs=10)
    model = densenet.join(preprocessing, backbone, head)

**When this is right:** the network below is frozen, and an image is the same in every epoch.
**When it is not:** with random augmentation in front of the network (each epoch has other images,
so there is no feature to keep), and as soon as anything below the features is trained.
"""

import errno
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.embedded.dataset import remove_leftovers
from helpers.quiet import import_tensorflow

if TYPE_CHECKING:
    import keras
    import numpy as np
    import tensorflow as tf

    from helpers.data import Splits

SUBSETS = ("train", "validation", "test")
DTYPES = ("float32", "float16")
# Bytes; more is only written to disk. TensorFlow copies: for a moment it takes twice that.
MEMORY_LIMIT = 2_000_000_000
ABOUT, FEATURES, LABELS = "about.json", "features.npy", "labels.npy"
DAY = 86_400.0  # seconds; no forward pass over the images takes longer

# For `compile` of a head on stored features: several steps in one call of TensorFlow, and the small
# operations of a step fused by XLA. The result is the same, except that XLA draws other random
# numbers for dropout. XLA needs a few seconds first, so this pays from some thousand steps on.
FAST = {"steps_per_execution": 20, "jit_compile": True}


class FeaturesError(RuntimeError):
    """Features cannot be kept: no space, no permission, too large, or numbers out of range."""


@dataclass(frozen=True)
class Features:
    """Features of the images of some splits, ready for `fit` and `evaluate`.

    Attributes:
        arrays: by subset (`train`, `validation`, `test`), the features, float16 or float32 of shape
            `(images, *shape)`, and the one-hot labels, float32 `(images, classes)`, in the order
            in which the images are stored. Memory-mapped if they lie on disk.
        datasets: by subset, batches of float32 features and labels; `train` is shuffled again in
            every epoch, exactly as the images of `Splits.train` are.
        shape: shape of the features of one image.
        caption: data set and profile, for figures.
    """

    arrays: "dict[str, tuple[np.ndarray, np.ndarray]]" = field(repr=False)
    datasets: "dict[str, tf.data.Dataset]" = field(repr=False)
    shape: tuple[int, ...]
    caption: str

    @property
    def train(self) -> "tf.data.Dataset":
        """Shuffled batches of features and labels of the training images."""
        return self._dataset("train")

    @property
    def validation(self) -> "tf.data.Dataset":
        """Batches of features and labels of the validation images, in a fixed order."""
        return self._dataset("validation")

    @property
    def test(self) -> "tf.data.Dataset":
        """Batches of features and labels of the test images; only if they were asked for."""
        return self._dataset("test")

    def __str__(self) -> str:
        """Say how many images, which shape, and how much memory or disk the features take."""
        counts = ", ".join(f"{len(x):,} {name}" for name, (x, _) in self.arrays.items())
        size = sum(x.nbytes for x, _ in self.arrays.values())
        dtype = next(iter(self.arrays.values()))[0].dtype
        return f"Features of {counts} images ({self.caption}): {self.shape} {dtype}, {_size(size)}"

    def _dataset(self, name: str) -> "tf.data.Dataset":
        if name not in self.datasets:
            raise ValueError(
                f"The features of the {name} images were not computed. Ask for them: "
                f"extract_features(..., subsets={(*self.datasets, name)})."
            )
        return self.datasets[name]


def default_folder() -> Path:
    """Return the folder in the user's cache where features may be kept, there or not."""
    import platformdirs

    return platformdirs.user_cache_path("transfer-learning-course") / "features"


def extract_features(
    part: "keras.Model",
    splits: "Splits",
    *,
    subsets: tuple[str, ...] = ("train", "validation"),
    folder: str | Path | None = None,
    dtype: str = "float32",
    batch_size: int = 32,
    seed: int = 0,
    images_at_once: int = 256,
    progress: bool = True,
) -> Features:
    """Compute what a frozen network gives for each image, once, or read it from where it is kept.

    Wrong with augmentation: the images are the stored ones, whatever `augment` the splits have.

    Memory stays flat: images are read, resized (by a `Resizing` layer in `part`) and computed
    `images_at_once` at a time, and with a `folder` the features are written as they come. What
    grows with the number of images is only the result. A feature map of 7x7x1920, flattened, is
    94,080 numbers an image; pool it in `part`, or give a folder.

    Args:
        part: what is frozen, from images, float32 in [0, 1], to features: preprocessing and
            backbone, or preprocessing and the lower part of a backbone. Runs in inference mode.
        splits: the images.
        subsets: which of `train`, `validation` and `test`. The test images are left out unless you
            ask, since they are read once, at the very end, through the joined model.
        folder: where to keep the features, such as `default_folder()`; None keeps them in memory.
            They are found again by data set, subset, number of images, architecture, weights, and
            dtype, and verified when read; damaged ones are computed again.
        dtype: `float32`, or `float16` for half the space (about three decimal digits).
        batch_size: features in a batch for training, as in `load_splits`.
        seed: the seed that `load_splits` had, for the same order of training images.
        images_at_once: images in a forward pass; 16 is enough for 224x224 pixels.
        progress: print a progress bar, like the one of `fit`.

    Raises:
        FeaturesError: too large for memory, disk full, folder not writable, or a feature does not
            fit into float16.
        ValueError: an unknown subset or dtype, or a part whose output shape is not fixed.
    """
    import_tensorflow()
    import numpy as np

    _check_arguments(part, subsets, dtype)
    fingerprint = None if folder is None else fingerprint_model(part)
    arrays, datasets, forward = {}, {}, _forward(part)
    for subset in subsets:
        job = _Job(part, forward, splits, subset, dtype, images_at_once, progress)
        if folder is None:
            kept = _compute_in_memory(job)
            arrays[subset] = tuple(np.asarray(memoryview(each)) for each in kept)  # no copy
        else:
            kept = arrays[subset] = _read_or_compute(job, Path(folder), fingerprint)
        datasets[subset] = _to_dataset(*kept, batch_size, seed if subset == "train" else None)
    return Features(arrays, datasets, tuple(part.output_shape[1:]), splits.caption)


def fingerprint_model(model: "keras.Model") -> str:
    """Return the SHA-256 of a model's architecture and weights.

    Names of layers (they carry counters) and `trainable` do not count: a network that was built
    again, or unfrozen and not yet trained, has the same fingerprint.
    """
    import numpy as np

    names: dict[str, str] = {}
    config = json.dumps(_without_names(model.get_config(), names), sort_keys=True, default=str)
    digest = hashlib.sha256(config.encode())
    for weight in model.weights:
        value = np.ascontiguousarray(weight.numpy())
        digest.update(f"{value.shape} {value.dtype}".encode())
        digest.update(value.tobytes())
    return digest.hexdigest()


# ---- computing ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Job:
    """The features of one subset, to be computed."""

    part: "keras.Model"
    forward: Callable[["tf.Tensor"], "tf.Tensor"]
    splits: "Splits"
    subset: str
    dtype: str
    images_at_once: int
    progress: bool

    @property
    def count(self) -> int:
        return self.splits.sizes[self.subset]

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.count, *self.part.output_shape[1:])

    @property
    def labels_shape(self) -> tuple[int, int]:
        return (self.count, len(self.splits.class_names))

    @property
    def nbytes(self) -> int:
        import numpy as np

        return int(np.prod(self.shape, dtype=np.int64)) * np.dtype(self.dtype).itemsize

    def about(self, fingerprint: str) -> dict[str, Any]:
        """Return all that the features depend on."""
        return {
            "data": self.splits.info.full_name,
            "subset": self.subset,
            "shape": list(self.shape),
            "dtype": self.dtype,
            "model": fingerprint,
        }


def _check_arguments(part: "keras.Model", subsets: tuple[str, ...], dtype: str) -> None:
    if unknown := [name for name in subsets if name not in SUBSETS]:
        raise ValueError(f"Unknown subsets {unknown}. There are: {', '.join(SUBSETS)}.")
    if dtype not in DTYPES:
        raise ValueError(f"dtype is {dtype!r}. Choose one of: {', '.join(DTYPES)}.")
    if None in part.output_shape[1:]:
        raise ValueError(
            f"The features have no fixed shape ({part.output_shape}). "
            "Build the part with the size of its images."
        )


def _forward(part: "keras.Model") -> Callable[["tf.Tensor"], "tf.Tensor"]:
    """Return `part` in inference mode as one graph for every size of batch, built when needed."""
    import tensorflow as tf

    shape = (None, *part.input_shape[1:])
    return tf.function(
        lambda images: part(images, training=False),
        input_signature=[tf.TensorSpec(shape, tf.float32)],
    )


def _images(job: _Job) -> "tf.data.Dataset":
    """Return batches of images, float32 in [0, 1], and one-hot labels, in the stored order."""
    import tensorflow as tf

    def convert(image: tf.Tensor, label: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.cast(image, tf.float32) / 255.0, tf.one_hot(label, job.labels_shape[1])

    if job.subset == "train":  # Splits.train is shuffled
        batches = job.splits.raw_train.batch(job.images_at_once).map(convert)
    else:
        batches = getattr(job.splits, job.subset).rebatch(job.images_at_once)
    return batches.prefetch(2)


def _feature_batches(job: _Job) -> "Iterator[tuple[np.ndarray, np.ndarray]]":
    """Compute the features batch by batch, and show how far it is."""
    import keras
    import numpy as np

    if job.progress:
        print(f"Features of {job.count:,} {job.subset} images, once:")
    bar = keras.utils.Progbar(job.count, verbose=int(job.progress), unit_name="image")
    done = 0
    for images, labels in _images(job):
        with np.errstate(over="ignore"):  # said below, in more words
            features = job.forward(images).numpy().astype(job.dtype, copy=False)
        if job.dtype == "float16" and not np.isfinite(features).all():
            raise FeaturesError(
                "A feature is too large for float16, which ends at 65,504. Use dtype='float32'."
            )
        yield features, labels.numpy()
        done += len(features)
        bar.update(done)
    if done != job.count:
        raise FeaturesError(
            f"{job.count:,} {job.subset} images were announced and {done:,} came. "
            "Load the splits again."
        )


def _compute_in_memory(job: _Job) -> "tuple[tf.Tensor, tf.Tensor]":
    import numpy as np
    import tensorflow as tf

    if job.nbytes > MEMORY_LIMIT:
        raise FeaturesError(
            f"The features of {job.count:,} {job.subset} images take {_size(job.nbytes)}: "
            f"{job.shape[1:]} numbers an image. Pool them (GlobalAveragePooling2D at the end of "
            "the part), or write them to disk: extract_features(..., folder=...)."
        )
    features = np.empty(job.shape, job.dtype)
    labels = np.empty(job.labels_shape, np.float32)
    start = 0
    for some, their_labels in _feature_batches(job):
        features[start : start + len(some)] = some
        labels[start : start + len(some)] = their_labels
        start += len(some)
    return tf.constant(features), tf.constant(labels)


def _to_dataset(
    features: "np.ndarray | tf.Tensor",
    labels: "np.ndarray | tf.Tensor",
    batch_size: int,
    seed: int | None,
) -> "tf.data.Dataset":
    """Return batches of features and labels; with a seed, in the order of the image pipeline.

    `load_splits` shuffles over the whole split. Shuffling as many positions, with the same seed,
    draws the same order, and moves eight bytes an image instead of its features.
    """
    import tensorflow as tf

    take = (_take_from_memory if tf.is_tensor(features) else _take_from_disk)(features, labels)
    rows = tf.data.Dataset.range(len(features))
    if seed is not None:
        rows = rows.shuffle(len(features), seed=seed)
    return rows.batch(batch_size).map(take).prefetch(tf.data.AUTOTUNE)


def _take_from_memory(features: "tf.Tensor", labels: "tf.Tensor") -> Callable:
    """Return what takes rows by their numbers, without a call of Python for each batch."""
    import tensorflow as tf

    return lambda rows: (
        tf.cast(tf.gather(features, rows), tf.float32),
        tf.gather(labels, rows),
    )


def _take_from_disk(features: "np.ndarray", labels: "np.ndarray") -> Callable:
    """Return what reads rows by their numbers from arrays that need not fit into memory."""
    import numpy as np
    import tensorflow as tf

    def read(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return features[rows].astype(np.float32, copy=False), labels[rows]

    def take(rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        some, their_labels = tf.numpy_function(read, [rows], (tf.float32, tf.float32))
        some.set_shape((None, *features.shape[1:]))
        their_labels.set_shape((None, *labels.shape[1:]))
        return some, their_labels

    return take


# ---- on disk ------------------------------------------------------------------------------------


def _read_or_compute(job: _Job, folder: Path, fingerprint: str) -> "tuple[np.ndarray, np.ndarray]":
    about = job.about(fingerprint)
    key = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:20]
    place = folder / f"{key}-{job.subset}"
    kept = _read(place, job, about)
    if kept is None:
        try:
            _write(place, job, about)
        except OSError as error:
            # Another process may have been faster; what it wrote is as good as ours.
            kept = _read(place, job, about)
            if kept is None:
                raise _not_kept(folder, job, error) from error
        else:
            kept = _read(place, job, about)
    if kept is None:
        raise FeaturesError(
            f"What was written to {place} reads back differently. The disk may be faulty; choose "
            "another folder=, or folder=None to keep the features in memory."
        )
    return kept


def _read(place: Path, job: _Job, about: dict[str, Any]) -> "tuple[np.ndarray, np.ndarray] | None":
    """Return the stored arrays, or None unless they are there, whole, and what was asked for."""
    import numpy as np

    try:
        written = json.loads((place / ABOUT).read_text(encoding="utf-8"))
        if written != {**about, "sha256": _checksums(place)}:
            return None
        features = np.load(place / FEATURES, mmap_mode="r")
        labels = np.load(place / LABELS)
    except (OSError, ValueError):  # missing, or not what we write
        return None
    if features.shape != job.shape or labels.shape != job.labels_shape:
        return None
    return (features, labels) if features.dtype == job.dtype else None


def _write(place: Path, job: _Job, about: dict[str, Any]) -> None:
    """Compute into a folder of its own, and move it into place when it is whole."""
    place.parent.mkdir(parents=True, exist_ok=True)
    beginning = f".{place.name}-"
    remove_leftovers(place.parent, beginning, older_than_seconds=DAY)
    if (free := shutil.disk_usage(place.parent).free) < job.nbytes * 1.05:
        raise OSError(errno.ENOSPC, f"{_size(free)} are free, {_size(job.nbytes)} are needed")
    workshop = Path(tempfile.mkdtemp(prefix=beginning, dir=place.parent))
    try:
        made = workshop / "made"
        made.mkdir()
        _write_arrays(made, job)
        text = json.dumps({**about, "sha256": _checksums(made)}, indent=1)
        (made / ABOUT).write_text(text + "\n", encoding="utf-8")
        if place.exists() and _read(place, job, about) is None:
            place.rename(workshop / "damaged")
        made.rename(place)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def _write_arrays(folder: Path, job: _Job) -> None:
    import numpy as np

    header = {
        "descr": np.lib.format.dtype_to_descr(np.dtype(job.dtype)),
        "fortran_order": False,
        "shape": job.shape,
    }
    labels = []
    # Plain writes: a full disk then raises an error, where a memory map would kill the process.
    with (folder / FEATURES).open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for some, their_labels in _feature_batches(job):
            file.write(some.tobytes())
            labels.append(their_labels)
    np.save(folder / LABELS, np.concatenate(labels))


def _checksums(folder: Path) -> dict[str, str]:
    checksums = {}
    for name in (FEATURES, LABELS):
        with (folder / name).open("rb") as file:
            checksums[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return checksums


def _not_kept(folder: Path, job: _Job, error: OSError) -> FeaturesError:
    return FeaturesError(
        f"The features of the {job.subset} images ({_size(job.nbytes)}) cannot be kept in "
        f"{folder}: {error}\nMake room or choose another folder=. With folder=None they are kept "
        "in memory, and with dtype='float16' they take half the space."
    )


# ---- small things -------------------------------------------------------------------------------


def _without_names(value: Any, names: dict[str, str]) -> Any:
    """Return a model's configuration without names, which differ from one building to the next.

    Layers refer to each other by name, so each name becomes a number, counted as they are met.
    """
    if isinstance(value, dict):
        if isinstance(name := value.get("name"), str):
            names.setdefault(name, f"#{len(names)}")
        return {
            # The name of a dtype is no name of a layer.
            key: item if key == "dtype" else _without_names(item, names)
            for key, item in value.items()
            if key != "trainable"
        }
    if isinstance(value, list | tuple):
        return [_without_names(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


def _size(count: int) -> str:
    """Write a number of bytes for a reader."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
