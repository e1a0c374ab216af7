"""Where a model errs: which classes it confuses, and which wrong answers it is surest of."""

from typing import TYPE_CHECKING, Any

from helpers.data import Splits

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes

    from helpers.figures import DescribedFigure

ROWS, COLUMNS = 4, 2  # pictures of mistakes


def show_mistakes(model: Any, splits: Splits) -> "DescribedFigure":
    """Draw the confusion matrix and the most confident mistakes, on the validation images.

    The test images stay untouched: whoever looks at them to make the model better has none left.

    Args:
        model: a Keras model from images of shape (batch, 32, 32, 3) to one number for each class:
            probabilities, or logits, which are then turned into probabilities.
        splits: what `data.load_splits` returned.

    Returns:
        The figure. As the last line of a notebook's cell it is shown, once.

    Raises:
        ValueError: the model gives something else, or numbers that are not finite.
    """
    images, labels = _validation_arrays(splits)
    probabilities, note = _as_probabilities(model.predict(images, verbose=0), splits)
    predicted = probabilities.argmax(axis=1)
    matrix = confusion_matrix(labels, predicted, len(splits.class_names))
    caption = f"{len(labels):,} validation images of {splits.caption}{note}"
    finding = _finding(matrix, splits.class_names)

    figure, matrix_axes, picture_axes = _empty_figure(finding, caption)
    _draw_matrix(matrix_axes, matrix, splits.class_names)
    wrong = (predicted != labels).nonzero()[0]
    surest = wrong[(-probabilities[wrong].max(axis=1)).argsort(kind="stable")]
    told = []
    for axes, row in zip(picture_axes, surest, strict=False):
        true, said = splits.class_names[labels[row]], splits.class_names[predicted[row]]
        sure = f"{probabilities[row].max():.0%}"
        axes.imshow(images[row], interpolation="nearest")
        axes.set_title(f"{true}\nsays {said}, {sure}", fontsize="small")
        told.append(f"{true} taken for {said} ({sure})")
    right = (predicted == labels).mean()
    figure.alt = (
        f"{finding}. {right:.0%} are right. Surest mistakes: {'; '.join(told) or 'none'}. {caption}"
    )
    return figure


def confusion_matrix(labels: "np.ndarray", predicted: "np.ndarray", classes: int) -> "np.ndarray":
    """Count for each true class (row) how often each class was predicted (column).

    Args:
        labels: true classes, integers of shape (n,).
        predicted: predicted classes, integers of shape (n,).
        classes: number of classes.

    Returns:
        Counts, int64 of shape (classes, classes).
    """
    import numpy as np

    matrix = np.zeros((classes, classes), dtype="int64")
    np.add.at(matrix, (labels, predicted), 1)
    return matrix


def _validation_arrays(splits: Splits) -> "tuple[np.ndarray, np.ndarray]":
    """Return the validation images, float32 (n, 32, 32, 3), and their classes, int64 (n,)."""
    import numpy as np

    batches = list(splits.validation.as_numpy_iterator())
    images = np.concatenate([images for images, _ in batches])
    return images, np.concatenate([one_hot for _, one_hot in batches]).argmax(axis=1)


def _as_probabilities(outputs: Any, splits: Splits) -> "tuple[np.ndarray, str]":
    """Return probabilities, and what to say about how they were got (empty for most models)."""
    import numpy as np

    shape = (splits.sizes["validation"], len(splits.class_names))
    if np.shape(outputs) != shape:
        raise ValueError(
            f"For {shape[0]:,} images the model gives numbers of shape {np.shape(outputs)} instead "
            f"of {shape}: one for each image and class. Look at its last layer."
        )
    outputs = np.asarray(outputs, dtype="float64")
    if not np.isfinite(outputs).all():
        raise ValueError(
            "The model gives numbers that are not finite. Its training has probably diverged: "
            "build it again and train with a smaller learning rate."
        )
    if (outputs >= 0).all() and np.allclose(outputs.sum(axis=1), 1, atol=1e-2):
        return outputs, ""
    exponentials = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities, "; the model gives no probabilities, so softmax was applied"


def _finding(matrix: "np.ndarray", names: tuple[str, ...]) -> str:
    """Say in a sentence which confusion is the most frequent one."""
    import numpy as np

    mistakes = matrix - np.diag(matrix.diagonal())
    if not mistakes.any():
        return "No mistakes"
    true, said = np.unravel_index(mistakes.argmax(), mistakes.shape)
    return (
        f"Most frequent mistake: {names[true]} taken for {names[said]}, "
        f"{matrix[true, said]:,} of {matrix[true].sum():,} times"
    )


def _empty_figure(title: str, caption: str) -> "tuple[DescribedFigure, Axes, list[Axes]]":
    from helpers.figures import DPI, GREY, DescribedFigure

    figure = DescribedFigure(figsize=(10.4, 6.6), dpi=DPI, layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=[2, 1])
    matrix = left.subplots()
    pictures = list(right.subplots(ROWS, COLUMNS).flat)
    right.suptitle("Its surest mistakes", fontsize="medium")
    for axes in pictures:
        axes.set_axis_off()
    figure.suptitle(title)
    figure.supxlabel(caption, fontsize="small", color=GREY)
    return figure, matrix, pictures


def _draw_matrix(axes: "Axes", matrix: "np.ndarray", names: tuple[str, ...]) -> None:
    """Draw shares by row, in per cent; empty where it is less than half a per cent."""
    import numpy as np

    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), share in np.ndenumerate(shares):
        if share >= 0.005:
            colour = "white" if share > 0.5 else "black"
            number = f"{100 * share:.0f}"
            axes.text(column, row, number, ha="center", va="center", color=colour)
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("Predicted class")
    axes.set_ylabel("True class")
    axes.set_title("Of each true class, per cent predicted as", fontsize="medium")
