"""Accuracy and loss by epoch, growing while a network trains."""

import io
import itertools
import math
from typing import TYPE_CHECKING, Any

from helpers.figures import COLOURS, new_figure
from helpers.history import MEASURES, describe_curve
from helpers.live.progress import Progress, accuracy_in, measure_in_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from helpers.figures import DescribedFigure

WIDTH, HEIGHT = 4.5, 3.6  # inches, of one pair of axes


class Picture:
    """A figure whose axes are drawn once; after that only its curves are.

    Args:
        progress: has seen at least one batch, so that it knows the measures.
        caption: data set and profile, shown small below the axes.
    """

    def __init__(self, progress: Progress, caption: str = ""):
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        accuracy = accuracy_in({**progress.curves, **progress.running})
        measures = [accuracy, "loss"] if accuracy else ["loss"]
        self._caption = caption
        self._figure, _ = new_figure(
            WIDTH * len(measures), HEIGHT, columns=len(measures), caption=caption
        )
        self._figure.suptitle(" ")  # keeps room for the finding
        self._curves: dict[str, Any] = {}  # lines by measure
        self._running: dict[str, Any] = {}  # of the epoch that is under way
        for axes, measure in zip(self._figure.axes, measures, strict=True):
            self._prepare(axes, measure, progress)
        self._canvas = FigureCanvasAgg(self._figure)
        self._background: Any = None  # everything but the curves, as it was drawn last

    def draw(self, progress: Progress) -> bytes:
        """Bring the curves up to date, and return the picture as PNG."""
        import numpy as np
        from PIL import Image

        self._update(progress)
        if self._background is None:
            self._canvas.draw()
            self._background = self._canvas.copy_from_bbox(self._figure.bbox)
        self._canvas.restore_region(self._background)
        for line in self._lines():
            line.axes.draw_artist(line)
        buffer = io.BytesIO()
        # The size matters little here, the time does.
        pixels = np.asarray(self._canvas.buffer_rgba())
        Image.fromarray(pixels).save(buffer, "png", compress_level=1)
        return buffer.getvalue()

    def finish(self, progress: Progress) -> "DescribedFigure":
        """Bring the curves up to date for the last time; return the figure, with its finding."""
        self._update(progress)
        for line in self._lines():
            line.set_animated(False)
        for axes in self._figure.axes:
            axes.set_xlim(progress.first, progress.first + progress.finished + 0.3)
            drawn = [line for line in axes.lines if len(line.get_xdata())]
            axes.legend(handles=drawn, fontsize="small")
        title = progress.result()
        self._figure.suptitle(title)
        told = [
            describe_curve(measure_in_words(name), tuple(progress.curves[name]))
            for name in self._curves
            if name in progress.curves
        ]
        self._figure.alt = f"{title}. By epoch: {'; '.join(told)}. {self._caption}".strip()
        return self._figure

    def _prepare(self, axes: "Axes", measure: str, progress: Progress) -> None:
        from matplotlib.ticker import MaxNLocator

        axes.set_xlabel("Epoch")
        axes.set_ylabel(MEASURES.get(measure, measure))
        axes.set_xlim(progress.first, progress.epochs + 0.3)
        axes.set_ylim(0, 1)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        training, validation = COLOURS[:2]
        for lines, name, marks, colour, label in (
            (self._curves, measure, "o-", training, "training"),
            (self._curves, f"val_{measure}", "s--", validation, "validation"),
            (self._running, measure, "o:", training, "training, this epoch so far"),
        ):
            (lines[name],) = axes.plot([], [], marks, color=colour, label=label, animated=True)
        self._running[measure].set(markerfacecolor="white", markevery=[-1])
        # A fixed place: to look for the best one would take longer than to draw the curves.
        axes.legend(loc="upper right" if measure == "loss" else "lower right", fontsize="small")

    def _lines(self) -> list[Any]:
        return [*self._curves.values(), *self._running.values()]

    def _update(self, progress: Progress) -> None:
        """Give the lines their numbers, and the axes room for them."""
        last = progress.first + progress.finished
        for name, line in self._curves.items():
            curve = progress.curves.get(name, [])
            line.set_data(range(last - len(curve) + 1, last + 1), curve)
        for name, line in self._running.items():
            before = progress.curves.get(name, [])[-1:]
            if name in progress.running:
                epochs = [*[last] * len(before), last + progress.inside]
                line.set_data(epochs, [*before, progress.running[name]])
            else:
                line.set_data([], [])
        for axes in self._figure.axes:
            values = itertools.chain(*(line.get_ydata() for line in axes.lines))
            # A loss may become infinite, or no number at all.
            highest = max((value for value in values if math.isfinite(value)), default=0.0)
            if highest > axes.get_ylim()[1]:
                axes.set_ylim(0, 1.15 * highest)
                self._background = None
