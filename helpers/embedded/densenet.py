"""A DenseNet-BC small enough to be shipped, pretrained on the source task.

Huang, Liu, van der Maaten and Weinberger, "Densely Connected Convolutional Networks", CVPR 2017,
https://arxiv.org/abs/1608.06993: batch normalization, ReLU, 1x1 bottleneck of four times the growth
rate, 3x3 convolution, concatenation; between two blocks a transition that halves the channels and
the resolution. The layers have the names that `keras.applications.densenet` gives them. What
differs from DenseNet201 is size: the growth rate is 16 instead of 32, the blocks have fewer layers,
and the stem has 32 filters of 5x5 instead of 64 of 7x7.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

NAME = "CompactDenseNet"
BLOCKS = (4, 6, 8, 4)
GROWTH_RATE = 16
STEM_FILTERS = 32

# Statistics of the source task's pictures in [0, 1], for the Normalization layer in front.
MEAN = (0.476, 0.477, 0.477)
VARIANCE = (0.0541, 0.0504, 0.0563)

WEIGHTS = Path(__file__).parent / "weights" / "compact_densenet_source.weights.h5"


def build_compact_densenet(
    input_shape: tuple[int, int, int] = (32, 32, 3), weights: str | Path | None = "source"
) -> "keras.Model":
    """Build the compact DenseNet without a classifier.

    Args:
        input_shape: height, width and channels. The network halves the resolution five times.
        weights: `"source"` for the weights that are shipped, a path to another file, or
            None for random weights.

    Returns:
        A functional model from pictures that were normalized with `MEAN` and `VARIANCE`, float32 of
        shape `input_shape`, to feature maps; (1, 1, 164) for 32x32 pictures.

    Raises:
        FileNotFoundError: there is no weights file at the path.
        ValueError: the file's weights do not fit this network, or the pictures are too small.
    """
    import keras
    from keras import layers

    if min(input_shape[:2]) < 32:
        raise ValueError(
            f"input_shape is {input_shape}, but the network halves the resolution five times. "
            "Use pictures of at least 32x32 pixels."
        )
    inputs = keras.Input(input_shape, name="pictures")
    x = layers.Conv2D(
        STEM_FILTERS, 5, strides=2, padding="same", use_bias=False, name="conv1_conv"
    )(inputs)
    x = layers.BatchNormalization(epsilon=1.001e-5, name="conv1_bn")(x)
    x = layers.Activation("relu", name="conv1_relu")(x)
    x = layers.MaxPooling2D(3, strides=2, padding="same", name="pool1")(x)
    for stage, depth in enumerate(BLOCKS, start=2):
        for block in range(1, depth + 1):
            x = _dense_layer(x, f"conv{stage}_block{block}")
        if stage < len(BLOCKS) + 1:
            x = _transition(x, f"pool{stage}")
    x = layers.BatchNormalization(epsilon=1.001e-5, name="bn")(x)
    x = layers.Activation("relu", name="relu")(x)
    model = keras.Model(inputs, x, name="compact_densenet")
    if weights is not None:
        _load(model, WEIGHTS if weights == "source" else Path(weights))
    return model


def _dense_layer(x, name: str):
    from keras import layers

    new = layers.BatchNormalization(epsilon=1.001e-5, name=f"{name}_0_bn")(x)
    new = layers.Activation("relu", name=f"{name}_0_relu")(new)
    new = layers.Conv2D(4 * GROWTH_RATE, 1, use_bias=False, name=f"{name}_1_conv")(new)
    new = layers.BatchNormalization(epsilon=1.001e-5, name=f"{name}_1_bn")(new)
    new = layers.Activation("relu", name=f"{name}_1_relu")(new)
    new = layers.Conv2D(GROWTH_RATE, 3, padding="same", use_bias=False, name=f"{name}_2_conv")(new)
    return layers.Concatenate(name=f"{name}_concat")([x, new])


def _transition(x, name: str):
    from keras import layers

    half = x.shape[-1] // 2
    x = layers.BatchNormalization(epsilon=1.001e-5, name=f"{name}_bn")(x)
    x = layers.Activation("relu", name=f"{name}_relu")(x)
    x = layers.Conv2D(half, 1, use_bias=False, name=f"{name}_conv")(x)
    return layers.AveragePooling2D(2, strides=2, name=f"{name}_pool")(x)


def _load(model: "keras.Model", path: Path) -> None:
    if not path.is_file():
        raise FileNotFoundError(
            f"There is no weights file {path}. The shipped one belongs to the course: "
            "`git checkout -- helpers/embedded/weights` brings it back, and "
            "`python -m helpers.embedded.pretrain` makes it anew."
        )
    try:
        model.load_weights(path)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError(
            f"{path} does not hold the weights of this network ({error}). Use the shipped file "
            "(weights='source'), or one that `python -m helpers.embedded.pretrain` wrote."
        ) from error
