"""The DenseNet backbone, the head on top of it, and freezing and unfreezing done right.

A *backbone* is the convolutional part of a network that was trained before, without its classifier.
It expects images whose channels were normalized the way they were in its own training; that is
the job of `build_preprocessing`, which belongs inside the model, between input and backbone.
"""

import os
import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from helpers import profiles
from helpers.embedded import densenet as compact
from helpers.embedded.dataset import remove_leftovers
from helpers.quiet import import_tensorflow

if TYPE_CHECKING:
    import keras

IMAGE_SHAPE = (32, 32, 3)

# Mean and standard deviation of ImageNet's training images, for channels in [0, 1]: the ones that
# keras.applications.densenet.preprocess_input uses.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STANDARD_DEVIATION = (0.229, 0.224, 0.225)

IMAGENET_WEIGHTS_FILE = "densenet201_weights_tf_dim_ordering_tf_kernels_notop.h5"
IMAGENET_WEIGHTS_ADDRESS = (
    "https://storage.googleapis.com/tensorflow/keras-applications/densenet/" + IMAGENET_WEIGHTS_FILE
)

IMAGENET_WEIGHTS_MD5 = "c13680b51ded0fb44dff2d8f86ac8bb1"  # as in keras.applications
WORKSHOP = ".downloading-"  # how the name of a folder begins in which a download grows


class WeightsError(ValueError):
    """Weights are missing, or a file does not hold the weights of this backbone."""


def imagenet_weights_path() -> Path:
    """Return where Keras keeps the ImageNet weights of DenseNet201 (which may not be there)."""
    home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    return home / "models" / IMAGENET_WEIGHTS_FILE


def build_backbone(
    profile: "profiles.Profile | str | None" = None,
    *,
    weights: str | Path | None = None,
    input_shape: tuple[int, int, int] = IMAGE_SHAPE,
) -> "keras.Model":
    """Build the profile's backbone: a DenseNet (Huang et al., CVPR 2017) without its classifier.

    Args:
        profile: a profile, its name, or None for the current one; it names the backbone.
        weights: None for the pretrained weights that belong to the backbone, `"random"` for
            untrained ones, or the path of a weights file.
        input_shape: height, width and channels of the images that reach the backbone.

    Returns:
        A model from float32 images of shape (batch, *input_shape), normalized by
        `build_preprocessing`, to a feature map of shape (batch, height / 32, width / 32, channels).

    Raises:
        WeightsError: the weights are not there and may not be downloaded, or do not fit.
        ValueError: the profile names a backbone that does not exist.
    """
    if not isinstance(profile, profiles.Profile):
        profile = profiles.current(profile)
    import_tensorflow()
    if profile.backbone == "DenseNet201":
        return _build_densenet201(profile, weights, input_shape)
    if profile.backbone == compact.NAME:
        return _build_compact(weights, input_shape)
    raise ValueError(
        f"The profile {profile.name!r} asks for the backbone {profile.backbone!r}. "
        f"There are two: 'DenseNet201' and '{compact.NAME}'."
    )


def build_preprocessing(profile: "profiles.Profile | str | None" = None) -> "keras.layers.Layer":
    """Build the layer that turns images in [0, 1] into what the profile's backbone was trained on.

    Mean and variance are constants, so the layer is saved with the model and needs no `adapt`.
    """
    if not isinstance(profile, profiles.Profile):
        profile = profiles.current(profile)
    import_tensorflow()
    import keras

    if profile.backbone == compact.NAME:
        mean, variance = compact.MEAN, compact.VARIANCE
    else:
        mean = IMAGENET_MEAN
        variance = [deviation**2 for deviation in IMAGENET_STANDARD_DEVIATION]
    layer = keras.layers.Normalization(mean=mean, variance=variance, name="preprocessing")
    # Built here: built inside a model's `call`, it keeps tensors of a graph that is gone when
    # `fit` needs them (seen with Keras 3.15.1).
    layer.build((None, None, None, len(mean)))
    return layer


def build_head(
    backbone: "keras.Model",
    classes: int = 10,
    *,
    pooling: str = "flatten",
    dropout: float = 0.0,
    seed: int | None = None,
) -> "keras.Model":
    """Put the head of the course on a backbone, and nothing in front of it.

    Flatten, batch normalization, dense 256 with ReLU, batch normalization, dense softmax.

    Args:
        backbone: a model whose output is a feature map.
        classes: number of classes.
        pooling: `flatten`, or `average` for global average pooling, one number a channel.
        dropout: rate of a dropout layer before the last layer; 0 for none.
        seed: of that dropout layer.

    Returns:
        A model from what the backbone takes to probabilities of shape (batch, classes).

    Raises:
        ValueError: another `pooling`.
    """
    head = build_head_alone(
        backbone.output_shape[1:], classes, pooling=pooling, dropout=dropout, seed=seed
    )
    return join(backbone, head)


def build_head_alone(
    feature_shape: tuple[int, ...],
    classes: int = 10,
    *,
    pooling: str = "flatten",
    dropout: float = 0.0,
    seed: int | None = None,
) -> "keras.Model":
    """Build the head of the course for features that were computed before.

    Args:
        feature_shape: shape of the features of one image, such as `Features.shape`.
        classes: see `build_head`, like the rest.
        pooling: `flatten` or `average`; features that are pooled already are flat, so `flatten`.
        dropout: rate of a dropout layer before the last layer; 0 for none.
        seed: of that dropout layer.

    Returns:
        A model from features of shape (batch, *feature_shape) to probabilities (batch, classes).

    Raises:
        ValueError: another `pooling`.
    """
    from keras import Input, Sequential, layers

    pools = {"flatten": layers.Flatten, "average": layers.GlobalAveragePooling2D}
    if pooling not in pools:
        raise ValueError(f"pooling is {pooling!r}. Choose 'flatten' or 'average'.")
    return Sequential(
        [
            Input(feature_shape),
            pools[pooling](),
            layers.BatchNormalization(),
            layers.Dense(256, activation="relu"),
            layers.BatchNormalization(),
            *([layers.Dropout(dropout, seed=seed)] if dropout else []),
            layers.Dense(classes, activation="softmax"),
        ]
    )


def join(
    *parts: "keras.layers.Layer", input_shape: tuple[int, ...] | None = None
) -> "keras.Sequential":
    """Put parts of a network one behind the other, in one model that shares their weights.

    Training the joined model trains the parts, and a part that is trained changes the joined model.
    Compile the joined model anew: nothing is taken over from what the parts were compiled with.

    Args:
        *parts: models and layers, from the images on; the layers of a `Sequential` are taken out of
            it, so that a backbone stays one layer of the joined model.
        input_shape: what goes into the first part, without the batch. If not given, what that
            part was built for, and images of the course if it was built for nothing yet.
    """
    import keras

    if input_shape is None:
        input_shape = parts[0].input_shape[1:] if hasattr(parts[0], "layers") else IMAGE_SHAPE
    flat: list[keras.layers.Layer] = []
    for part in parts:
        flat += part.layers if isinstance(part, keras.Sequential) else [part]
    return keras.Sequential([keras.Input(input_shape), *flat])


def split_backbone(backbone: "keras.Model", block: str) -> "tuple[keras.Model, keras.Model]":
    """Cut a backbone in two, right before a block; both parts share its layers and weights.

    Fine-tuning that block, and what follows it, then needs the lower part once for each image:

        unfreeze_backbone(backbone, from_block="conv5")
        lower, upper = split_backbone(backbone, "conv5")
        features = extract_features(join(preprocessing, lower), splits)
        top = join(upper, head)
        top.compile(...)
        top.fit(features.train, ...)

    What is trained is the backbone itself, so a model around it is trained as well.

    Args:
        backbone: the backbone, not the model around it.
        block: name of the first block of the upper part, such as `"conv5"`.

    Returns:
        The lower part, from what the backbone takes to the output of the block before, and the
        upper part from there to what the backbone gives.

    Raises:
        ValueError: no layer's name starts with `block`, or nothing lies below it.
    """
    import keras

    first = backbone.layers[_first_of_block(backbone, block)]
    boundary = first.input
    if boundary is backbone.input or block == "conv1":
        raise ValueError(f"Below {block!r} there is no layer with weights. Cut at a later block.")
    return keras.Model(backbone.input, boundary), keras.Model(boundary, backbone.output)


def unfreeze_backbone(backbone: "keras.Model", from_block: str | None = None) -> None:
    """Make the backbone trainable, with its batch normalization held still.

    A batch normalization layer with `trainable = False` runs in inference mode: neither its scale
    and shift nor its moving statistics change (Keras guide "Transfer learning & fine-tuning").
    In Keras 3, calling the backbone with `training=False` does not do that (keras issue 20285).
    Compile the model again afterwards: a compiled training step keeps what it was built with.

    Args:
        backbone: the backbone, not the model around it.
        from_block: name of the first block to train, such as `"conv5"`; None for all of them.

    Raises:
        ValueError: no layer's name starts with `from_block`.
    """
    import keras

    first = 0 if from_block is None else _first_of_block(backbone, from_block)
    backbone.trainable = True
    for index, layer in enumerate(backbone.layers):
        held_still = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = index >= first and not held_still


def note_first_step() -> "keras.callbacks.Callback":
    """Return a callback for `fit` that says why the first step takes long, and how long it took.

    Before the first step TensorFlow translates the whole network, forward and backward, into a
    graph (tracing); with hundreds of layers that takes a while, in which nothing is to be seen.
    """
    import keras

    class NoteFirstStep(keras.callbacks.Callback):
        """Prints a line before and after the first step of the first epoch."""

        start: float | None = None

        def on_train_begin(self, logs=None):
            self.start = time.perf_counter()
            print("Building the training step. Once, and it takes longer than all other steps ...")

        def on_train_batch_end(self, batch, logs=None):
            if self.start is not None:
                print(f"First step done after {time.perf_counter() - self.start:.0f} s.")
                self.start = None

    return NoteFirstStep()


def _first_of_block(backbone: "keras.Model", block: str) -> int:
    """Return the position of the first layer of a block, such as `"conv5"`."""
    blocks = [layer.name.split("_")[0] for layer in backbone.layers]
    if block not in blocks:
        known = sorted({name for name in blocks if name.startswith("conv")})
        raise ValueError(
            f"The backbone has no block {block!r}. Its blocks are: {', '.join(known)}."
        )
    return blocks.index(block)


def _build_densenet201(
    profile: "profiles.Profile", weights: str | Path | None, input_shape: tuple[int, int, int]
) -> "keras.Model":
    import keras

    if weights is None:
        weights = imagenet_weights_path()
        if not weights.is_file():
            if not profile.download:
                raise WeightsError(_missing_weights_message(weights, "it is not there"))
            download_imagenet_weights()
    if weights != "random":
        _check_weights_file(Path(weights))  # before the seconds that building takes
    backbone = keras.applications.DenseNet201(
        include_top=False, weights=None, input_shape=input_shape, name="backbone"
    )
    if weights != "random":
        _load_weights(backbone, Path(weights))
    return backbone


def _build_compact(weights: str | Path | None, input_shape: tuple[int, int, int]) -> "keras.Model":
    backbone = compact.build_compact_densenet(input_shape, weights=None)
    if weights != "random":
        path = compact.WEIGHTS if weights is None else Path(weights)
        _check_weights_file(path)
        _load_weights(backbone, path)
    return backbone


def download_imagenet_weights() -> Path:
    """Download the ImageNet weights of DenseNet201, with Keras's progress bar; return their path.

    The file grows in a folder of its own, and takes its place when it is whole and its checksum
    is right.

    Raises:
        WeightsError: it could not be had, or something else came instead; with what to do.
    """
    import_tensorflow()
    import keras

    path = imagenet_weights_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(path.parent, WORKSHOP)
        with tempfile.TemporaryDirectory(prefix=WORKSHOP, dir=path.parent) as workshop:
            whole = keras.utils.get_file(
                path.name,
                IMAGENET_WEIGHTS_ADDRESS,
                cache_dir=workshop,
                cache_subdir=".",
                file_hash=IMAGENET_WEIGHTS_MD5,
            )
            Path(whole).replace(path)
    except Exception as error:  # get_file raises a bare Exception when the network fails
        raise WeightsError(
            _missing_weights_message(
                path,
                f"the download failed: {error}\nA proxy or a login page may have answered in "
                "place of the file, or the connection broke off; nothing half-made was kept.",
            )
        ) from error
    return path


def _missing_weights_message(path: Path, what_happened: str) -> str:
    return (
        f"DenseNet201 needs its ImageNet weights in {path}, and {what_happened}\n"
        f"Where from: {IMAGENET_WEIGHTS_ADDRESS} (about 74 MB). Fetch it on a machine with a "
        f"network and put it there, or pass its path: build_backbone(weights='...').\n"
        "With a network, `course data get densenet201` fetches it.\n"
        "What works without it: COURSE_PROFILE=quick or COURSE_PROFILE=grade, "
        "or build_backbone(weights='random') for an untrained backbone."
    )


def _check_weights_file(path: Path) -> None:
    """Say in plain words if a file cannot be a weights file, without reading all of it."""
    import h5py

    if not path.is_file():
        raise WeightsError(f"There is no weights file {path}. Check the path.")
    with path.open("rb") as file:
        start = file.read(512)
    if not start.startswith(b"\x89HDF\r\n\x1a\n"):
        kind = "a web page (HTML)" if b"<html" in start.lower() else "not an HDF5 file"
        raise WeightsError(
            f"{path} is {kind}, so it holds no weights. A proxy or a login page may have "
            "answered in place of the download. Delete the file and fetch it again."
        )
    try:
        h5py.File(path, "r").close()
    except OSError as error:
        raise _truncated(path, error) from error


def _load_weights(backbone: "keras.Model", path: Path) -> None:
    """Load a weights file, and say in plain words what is wrong with one that does not fit."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras warns of each layer before it raises
            backbone.load_weights(path)
    except (OSError, KeyError) as error:
        raise _truncated(path, error) from error
    except ValueError as error:
        raise WeightsError(
            f"The weights in {path} are those of another network: they do not fit a "
            f"{backbone.count_params():,}-parameter backbone without its top. ({error})"
        ) from error


def _truncated(path: Path, error: Exception) -> WeightsError:
    return WeightsError(
        f"{path} cannot be read to its end; it is probably truncated. Delete it and fetch it "
        f"again. ({error})"
    )
