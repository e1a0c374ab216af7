"""Small experiments on an artifact, each of which answers one question about behaviour."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from helpers.checks.handover import IMAGE_SHAPE, Artifact

if TYPE_CHECKING:
    import tensorflow as tf

CLASSES = 10


def random_images(count: int, seed: int = 0) -> np.ndarray:
    """Return float32 noise in [0, 1] of shape (count, 32, 32, 3)."""
    rng = np.random.Generator(np.random.PCG64(seed))
    return rng.random((count, *IMAGE_SHAPE), dtype=np.float32)


def easy_batch(count: int = 40, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return images that any working network can tell apart, and their one-hot labels.

    Each class has a smooth picture of its own, to which noise is added.

    Returns:
        float32 images in [0, 1] of shape (count, 32, 32, 3), float32 labels of shape (count, 10).
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    coarse = rng.random((CLASSES, 4, 4, 3))
    pictures = np.kron(coarse, np.ones((1, 8, 8, 1)))
    labels = np.arange(count) % CLASSES
    images = pictures[labels] + rng.normal(0, 0.1, (count, *IMAGE_SHAPE))
    return images.clip(0, 1).astype(np.float32), np.eye(CLASSES, dtype=np.float32)[labels]


def cross_entropy(outputs: "tf.Tensor", labels: np.ndarray) -> "tf.Tensor":
    """Return the mean cross-entropy in nats; outputs that are no probabilities count as logits."""
    import tensorflow as tf

    outputs = tf.cast(outputs, tf.float32)
    if are_probabilities(outputs.numpy()):
        return -tf.reduce_mean(tf.reduce_sum(labels * tf.math.log(outputs + 1e-7), axis=1))
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels, outputs))


def are_probabilities(outputs: np.ndarray) -> bool:
    """Tell whether every row is at least 0 and adds up to 1 (to the precision of float16)."""
    outputs = np.asarray(outputs, dtype=np.float64)
    return bool((outputs >= 0).all() and np.abs(outputs.sum(axis=-1) - 1).max() < 5e-3)


def training_step(artifact: Artifact, images: np.ndarray, labels: np.ndarray, size: float) -> float:
    """Move every trainable weight by `size` against the sign of its gradient.

    That is the first step of Adam (Kingma & Ba, 2015, section 2.1) with learning rate `size`.

    Returns:
        The loss before the step, in nats.
    """
    import tensorflow as tf

    weights = list(artifact.trainable_weights.values())
    with tf.GradientTape() as tape:
        loss = cross_entropy(artifact.train(images), labels)
    for weight, gradient in zip(weights, tape.gradient(loss, weights), strict=True):
        if gradient is not None:
            weight.assign_sub(size * tf.sign(tf.convert_to_tensor(gradient)))
    return float(loss)


def weights_without_gradient(artifact: Artifact) -> list[str]:
    """Return the paths of the trainable kernels that the loss does not depend on.

    Only kernels (two axes or more) are looked at: the bias in front of a batch normalization has
    a gradient of zero in any model, and does no harm.
    """
    import tensorflow as tf

    images, labels = easy_batch()
    weights = artifact.trainable_weights
    with tf.GradientTape() as tape:
        loss = cross_entropy(artifact.train(images), labels)
    gradients = tape.gradient(loss, list(weights.values()))
    return [
        path
        for (path, weight), gradient in zip(weights.items(), gradients, strict=True)
        if len(weight.shape) > 1
        and (gradient is None or not np.asarray(tf.convert_to_tensor(gradient)).any())
    ]


def losses_before_and_after(
    artifact: Artifact, size: float, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return training-mode losses on an easy batch, before and after a few training steps.

    In training mode, because the moving averages of batch normalization lag behind. Each loss is
    taken three times, because dropout makes it noisy. The weights are put back.

    Args:
        artifact: the model.
        size: how far each weight moves in a step.
        steps: number of steps.
    """
    images, labels = easy_batch()
    with weights_put_back(artifact):
        before = [training_step(artifact, images, labels, 0) for _ in range(3)]
        for _ in range(steps):
            training_step(artifact, images, labels, size)
        after = [training_step(artifact, images, labels, 0) for _ in range(3)]
    return np.array(before), np.array(after)


@contextmanager
def weights_put_back(artifact: Artifact) -> Iterator[None]:
    """Restore every variable of the artifact afterwards."""
    before = {path: variable.numpy() for path, variable in artifact.weights.items()}
    try:
        yield
    finally:
        for path, variable in artifact.weights.items():
            variable.assign(before[path])


def is_random_in_training(artifact: Artifact) -> bool:
    """Tell whether two passes in training mode over the same images differ."""
    images = random_images(8)
    with weights_put_back(artifact):
        first, second = np.asarray(artifact.train(images)), np.asarray(artifact.train(images))
    return not np.allclose(first, second, atol=1e-6)


def differs_between_modes(artifact: Artifact) -> bool:
    """Tell whether training and inference mode give different outputs for the same images."""
    images = random_images(8)
    with weights_put_back(artifact):
        train = np.asarray(artifact.train(images))
    return not np.allclose(train, artifact.infer(images), atol=1e-6)


def has_convolution(artifact: Artifact) -> bool:
    """Tell whether an image passes through a convolution on its way to the output."""
    return any("Conv" in kind for kind in artifact.inference_operations)


def accuracy(outputs: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of rows whose largest output is at the label's place."""
    return float((np.asarray(outputs).argmax(1) == labels.argmax(1)).mean())


def connection_with_labels(outputs: np.ndarray, labels: np.ndarray) -> float:
    """Tell how far above chance the outputs for the right classes are, in standard errors.

    That is the t statistic of each image's output for its own class, minus that class's mean over
    all images. It sees what a short training learned long before the accuracy does.

    Args:
        outputs: what the model gives, shape (n, 10); probabilities or not.
        labels: one-hot, shape (n, 10).
    """
    centred = np.asarray(outputs, dtype=np.float64)
    centred = centred - centred.mean(axis=0)
    own = centred[labels.astype(bool)]
    return float(own.mean() / (own.std() / len(own) ** 0.5 + 1e-12))


def as_arrays(dataset: "tf.data.Dataset", most: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the images and one-hot labels of a batched dataset as float32 arrays."""
    if most is not None:
        dataset = dataset.unbatch().take(most).batch(256)
    batches = [(images.numpy(), labels.numpy()) for images, labels in dataset]
    images, labels = zip(*batches, strict=True)
    return np.concatenate(images), np.concatenate(labels)
