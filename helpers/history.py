"""Training histories: keep them, join them, draw them, compare them."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from helpers.figures import DescribedFigure

TITLE_PAD = 20  # points: room for the label of a boundary
MEASURES = {"accuracy": "Accuracy (share of images)", "loss": "Loss (cross-entropy, nats)"}


@dataclass(frozen=True)
class TrainingHistory:
    """What a training run recorded, one number an epoch.

    Attributes:
        curves: by measure (`loss`, `accuracy`, `val_loss`, `val_accuracy`, ...), a tuple with one
            float for each epoch; accuracies are shares in [0, 1].
        label: what was trained, for legends and titles.
        boundaries: epochs after which another phase began, such as fine-tuning.
    """

    curves: Mapping[str, tuple[float, ...]]
    label: str = ""
    boundaries: tuple[int, ...] = ()

    @property
    def epochs(self) -> int:
        """Number of epochs recorded."""
        return max((len(values) for values in self.curves.values()), default=0)

    def save(self, path: str | Path) -> None:
        """Write the history to `path` as JSON."""
        Path(path).write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> "TrainingHistory":
        """Read a history that `save` wrote."""
        fields = json.loads(Path(path).read_text(encoding="utf-8"))
        curves = {name: tuple(values) for name, values in fields["curves"].items()}
        return cls(curves, fields["label"], tuple(fields["boundaries"]))


def keep_history(history: Any, label: str = "") -> TrainingHistory:
    """Keep what `model.fit` returned.

    Args:
        history: the `keras.callbacks.History` that `fit` returned, a dictionary of lists like
            its `history` attribute, or a `TrainingHistory`.
        label: what was trained.

    Raises:
        TypeError: `history` is none of these; None usually means that `fit`'s result was not kept.
    """
    if isinstance(history, TrainingHistory):
        return TrainingHistory(history.curves, label or history.label, history.boundaries)
    curves = getattr(history, "history", history)
    if not isinstance(curves, Mapping):
        raise TypeError(
            f"Expected the History that model.fit returns, got {type(history).__name__}. "
            "Keep the result: history = model.fit(...)."
        )
    kept = {name: tuple(float(value) for value in values) for name, values in curves.items()}
    return TrainingHistory(kept, label)


def join_histories(*histories: Any, label: str = "") -> TrainingHistory:
    """Join runs of the same model, one after another; remember where each later one starts.

    Measures that one of the runs lacks are dropped, since a curve cannot have holes.

    Raises:
        ValueError: fewer than two histories, or no measure that they share.
    """
    parts = [keep_history(history) for history in histories]
    if len(parts) < 2:
        raise ValueError(f"Joining takes at least two histories, got {len(parts)}.")
    shared = [name for name in parts[0].curves if all(name in part.curves for part in parts)]
    if not shared:
        raise ValueError("The histories share no measure, so there is nothing to join.")
    boundaries: list[int] = []
    epochs = 0
    for part in parts:
        boundaries += [epochs + inner for inner in part.boundaries]
        epochs += part.epochs
        boundaries.append(epochs)
    curves = {name: sum((tuple(part.curves[name]) for part in parts), ()) for name in shared}
    return TrainingHistory(curves, label or parts[0].label, tuple(boundaries[:-1]))


def plot_history(
    history: Any, measure: str = "accuracy", *, title: str | None = None, caption: str = ""
) -> "DescribedFigure":
    """Draw one measure of a history, training and validation, epoch by epoch.

    Args:
        history: whatever `keep_history` takes.
        measure: `"accuracy"` or `"loss"`.
        title: the question or the finding; a plain one if not given.
        caption: data set and profile, shown small below the axes.

    Returns:
        The figure.

    Raises:
        ValueError: the history has no such measure.
    """
    from helpers.figures import COLOURS

    kept = keep_history(history)
    if measure not in kept.curves:
        raise ValueError(
            f"The history has no {measure!r}, only: {', '.join(kept.curves) or 'nothing'}. "
            "compile(metrics=['accuracy']) records the accuracy."
        )
    figure, axes = _new_figure(measure, caption)
    epochs = range(1, kept.epochs + 1)
    drawn = {"training": (measure, "o-"), "validation": (f"val_{measure}", "s--")}
    told = []
    for (label, (name, marks)), colour in zip(drawn.items(), COLOURS, strict=False):
        if name in kept.curves:
            axes.plot(epochs, kept.curves[name], marks, color=colour, label=label)
            told.append(describe_curve(label, kept.curves[name]))
    _mark_boundaries(axes, kept)
    title = title or f"{kept.label or 'Training'}: {measure} by epoch"
    axes.set_title(title, pad=TITLE_PAD)
    axes.legend()
    figure.alt = f"{title} {measure.capitalize()} by epoch: {'; '.join(told)}. {caption}".strip()
    return figure


def compare_histories(
    histories: Mapping[str, Any], measure: str = "val_accuracy", *, title: str, caption: str = ""
) -> "DescribedFigure":
    """Draw one measure of several histories in one figure.

    Args:
        histories: by label, whatever `keep_history` takes.
        measure: which curve of each.
        title: the question or the finding.
        caption: data set and profile, shown small below the axes.

    Returns:
        The figure.

    Raises:
        ValueError: one of the histories has no such measure.
    """
    from helpers.figures import COLOURS

    figure, axes = _new_figure(measure.removeprefix("val_"), caption)
    told = []
    for index, (label, history) in enumerate(histories.items()):
        kept = keep_history(history, label)
        if measure not in kept.curves:
            raise ValueError(f"The history {label!r} has no {measure!r}.")
        curve = kept.curves[measure]
        axes.plot(
            range(1, kept.epochs + 1),
            curve,
            marker="osv^D"[index % 5],
            color=COLOURS[index % len(COLOURS)],
            label=label,
        )
        _mark_boundaries(axes, kept)
        told.append(describe_curve(label, curve))
    axes.set_title(title, pad=TITLE_PAD)
    axes.legend()
    figure.alt = f"{title} {measure} by epoch: {'; '.join(told)}. {caption}".strip()
    return figure


def describe_curve(label: str, curve: tuple[float, ...]) -> str:
    """Say in words what a curve shows, for readers who cannot see it."""
    lowest, highest = min(curve), max(curve)
    return (
        f"{label} from {curve[0]:.2f} to {curve[-1]:.2f}, lowest {lowest:.2f} in epoch "
        f"{curve.index(lowest) + 1}, highest {highest:.2f} in epoch {curve.index(highest) + 1}"
    )


def _new_figure(measure: str, caption: str) -> tuple["DescribedFigure", "Axes"]:
    from matplotlib.ticker import MaxNLocator

    from helpers.figures import new_figure

    figure, axes = new_figure(caption=caption)
    axes.set_xlabel("Epoch")
    axes.set_ylabel(MEASURES.get(measure, measure))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure, axes


def _mark_boundaries(axes: "Axes", history: TrainingHistory) -> None:
    from helpers.figures import GREY

    for boundary in history.boundaries:
        axes.axvline(boundary + 0.5, color=GREY, linestyle=":", linewidth=1.5)
        axes.annotate(
            "fine-tuning starts",
            (boundary + 0.5, 1.01),
            xycoords=("data", "axes fraction"),
            horizontalalignment="center",
            fontsize="small",
            color=GREY,
        )
