"""Small experiments on an artifact, each of which answers one question about behaviour."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from helpers.checks.handover import IMAGE_SHAPE, Artifact

if TYPE_CHECKING:
    import tensorflow as tf

CLASSES = 10
EVALUATIONS = 16  # of a loss that is random
# Operations that hand on the numbers they get.
CHANGES_NO_NUMBER = ("Cast", "ExpandDims", "Identity", "Reshape", "Squeeze")


def random_images(count: int, seed: int = 0) -> np.ndarray:
    """Return float32 noise in [0, 1] of shape (count, 32, 32, 3)."""
    rng = np.random.Generator(np.random.PCG64(seed))
    return rng.random((count, *IMAGE_SHAPE), dtype=np.float32)


def easy_batch(count: int = 20, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
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


def cross_entropy(outputs: "tf.Tensor | np.ndarray", labels: np.ndarray) -> "tf.Tensor":
    """Return the mean cross-entropy in nats; outputs that are no probabilities count as logits."""
    import tensorflow as tf

    outputs = tf.cast(outputs, tf.float32)
    if are_probabilities(np.asarray(outputs)):
        return -tf.reduce_mean(tf.reduce_sum(labels * tf.math.log(outputs + 1e-7), axis=1))
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels, outputs))


def are_probabilities(outputs: np.ndarray) -> bool:
    """Tell whether every row is at least 0 and adds up to 1 (to the precision of float16)."""
    outputs = np.asarray(outputs, dtype=np.float64)
    return bool((outputs >= 0).all() and np.abs(outputs.sum(axis=-1) - 1).max() < 5e-3)


def softmaxes_at_the_end(artifact: Artifact) -> int:
    """Return how many softmax follow directly upon each other at the end of the model.

    A softmax inside the model, as in an attention layer, is not counted, and neither is one that
    comes before a dense layer.
    """
    operation, count = artifact.inference_output.op, 0
    while operation.type == "Softmax" or operation.type in CHANGES_NO_NUMBER:
        count += operation.type == "Softmax"
        operation = operation.inputs[0].op
    return count


def training_step(
    artifact: Artifact, images: np.ndarray, labels: np.ndarray, size: float
) -> list["tf.Tensor | None"]:
    """Move every trainable weight by `size` against the sign of its gradient.

    That is the first step of Adam (Kingma & Ba, 2015, section 2.1) with learning rate `size`.

    Returns:
        The gradients, in the order of the trainable weights; None where the loss does not depend
        on a weight.
    """
    import tensorflow as tf

    weights = list(artifact.trainable_weights.values())
    with tf.GradientTape() as tape:
        loss = cross_entropy(artifact.train(images), labels)
    gradients = [
        None if gradient is None else tf.convert_to_tensor(gradient)
        for gradient in tape.gradient(loss, weights)
    ]
    for weight, gradient in zip(weights, gradients, strict=True):
        if gradient is not None:
            weight.assign_sub(tf.cast(size, weight.dtype) * tf.sign(gradient))
    return gradients


def weights_without_gradient(artifact: Artifact) -> list[str]:
    """Return the paths of the trainable kernels that the loss does not reach.

    Only kernels (two axes or more) are looked at: the bias in front of a batch normalization has
    a gradient of zero in any model, and does no harm. A gradient of zero is looked at again: a
    branch that starts with a factor of zero gets one from the second step on, a block that is
    dropped at random when it is there, and units that are dead by chance with opposite weights.
    """
    images, labels = easy_batch()
    kernels = [path for path, weight in artifact.trainable_weights.items() if len(weight.shape) > 1]
    with weights_put_back(artifact):
        for step in range(12):
            if step == 3:
                for path in kernels:
                    weight = artifact.trainable_weights[path]
                    weight.assign(-weight)
            gradients = training_step(artifact, images, labels, 1e-3)
            reached = dict(zip(artifact.trainable_weights, gradients, strict=True))
            kernels = [
                path for path in kernels if reached[path] is None or not np.any(reached[path])
            ]
            if all(reached[path] is None for path in kernels):
                break
    return kernels


def losses_before_and_after(
    artifact: Artifact, size: float, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return training-mode losses on an easy batch, before and after a few training steps.

    In training mode, because the moving averages of batch normalization lag behind. Dropout and
    the like draw the same each time; what does not is evaluated often. It ends as soon as the loss
    has clearly fallen. The weights are put back.

    Args:
        artifact: the model.
        size: how far each weight moves in a step.
        steps: number of steps at most.

    Returns:
        Losses before and losses after, in nats: two of each, more where they differ.
    """
    images, labels = easy_batch()
    with weights_put_back(artifact), same_draws(artifact) as draw_again:

        def losses() -> np.ndarray:
            taken: list[float] = []
            while len(taken) < (2 if len(set(taken)) < 2 else EVALUATIONS):
                draw_again()
                taken.append(float(cross_entropy(artifact.train(images), labels)))
            return np.array(taken)

        before = losses()
        for step in range(1, steps + 1):
            draw_again()  # or it would lower another loss than the one that is looked at
            training_step(artifact, images, labels, size)
            if step in (2, 4, 8, 16, 32, steps) and has_fallen(before, after := losses()):
                break
    return before, after


def has_fallen(before: np.ndarray, after: np.ndarray) -> bool:
    """Tell whether losses fell by more than a thousandth and five standard errors."""
    error = np.sqrt(before.var(ddof=1) / len(before) + after.var(ddof=1) / len(after))
    return bool(before.mean() - after.mean() > 0.001 * before.mean() + 5 * error)


def depends_on_images(artifact: Artifact, images: np.ndarray) -> bool:
    """Tell whether different images get different answers.

    In inference, at once or after a training step: a last layer may start at zero. Or else in
    training mode: in a deep network that was not trained yet, batch normalization with its first
    moving averages makes all differences too small for the output.
    """
    if np.ptp(artifact.infer(images), axis=0).max() >= 1e-7:
        return True
    with weights_put_back(artifact):
        training_step(artifact, *easy_batch(), 1e-3)
        if np.ptp(artifact.infer(images), axis=0).max() >= 1e-7:
            return True
    with weights_put_back(artifact), same_draws(artifact) as draw_again:
        answers = []
        for batch in (images, images, images[::-1]):
            draw_again()
            answers.append(np.asarray(artifact.train(batch)))
    first, again, other = answers
    return bool(np.abs(first - other).max() > 10 * np.abs(first - again).max() + 1e-6)


@contextmanager
def same_draws(artifact: Artifact) -> Iterator[Callable[[], None]]:
    """Give a function that makes dropout and the like draw what they drew at first.

    It puts back whatever training does not train: the seeds, and the moving averages as well. A
    layer that draws from a generator outside the model goes on drawing anew.
    """
    rest = artifact.untrainable_weights
    start = {path: weight.numpy() for path, weight in rest.items()}

    def draw_again() -> None:
        for path, weight in rest.items():
            weight.assign(start[path])

    yield draw_again


@contextmanager
def weights_put_back(artifact: Artifact) -> Iterator[None]:
    """Restore every variable of the artifact afterwards."""
    before = {path: variable.numpy() for path, variable in artifact.weights.items()}
    try:
        yield
    finally:
        for path, variable in artifact.weights.items():
            variable.assign(before[path])


def is_regularized(artifact: Artifact) -> bool:
    """Tell whether some regularization in the model is really active.

    What counts: dropout of any kind, noise, augmentation layers, normalization that moves (it
    uses the statistics of the batch in training), and penalties on weights or activities. All of
    them show: training mode is random, or differs from inference, or adds a penalty to the loss.
    Layers that do nothing, such as `Dropout(0)`, do not.
    """
    images = random_images(32)
    with weights_put_back(artifact):
        _move_weights(artifact)
        in_inference = artifact.infer(images)
        first, second = np.asarray(artifact.train(images)), np.asarray(artifact.train(images))
    random_in_training = not np.allclose(first, second, atol=1e-6)
    other_in_training = not np.allclose(first, in_inference, atol=1e-6)
    return random_in_training or other_in_training or has_penalty(artifact)


def has_penalty(artifact: Artifact) -> bool:
    """Tell whether something is added to the loss, for some values of the weights."""
    with weights_put_back(artifact):
        _move_weights(artifact)
        return penalty(artifact, random_images(2)) != 0


def _move_weights(artifact: Artifact) -> None:
    """Move all weights a little: of 0, a bias has no penalty and a factor no effect.

    Each by another amount: softmax does not show what all classes get alike.
    """
    import tensorflow as tf

    rng = np.random.Generator(np.random.PCG64(0))
    for weight in artifact.trainable_weights.values():
        weight.assign_add(tf.cast(rng.uniform(0.005, 0.015, weight.shape), weight.dtype))


def penalty(artifact: Artifact, images: np.ndarray) -> float:
    """Return what the penalties of the model add to its loss on some images."""
    with weights_put_back(artifact):
        _, added = artifact.train_with_penalty(images)
    return float(added)


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
