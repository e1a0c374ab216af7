"""The look of every figure of the course, and its words for readers who cannot see it."""

import base64
import html
import io
from typing import Any

from matplotlib.figure import Figure

# Okabe and Ito's palette, which readers with any common colour blindness can tell apart.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
GREY = "#555555"
DPI = 100


class DescribedFigure(Figure):
    """A matplotlib figure that knows its own alternative text, and shows itself in a notebook.

    pyplot does not know it, so a notebook shows it once, as the result of its cell.

    Attributes:
        alt: what the figure says, in words: the outcome, not the looks.
    """

    def __init__(self, *args: Any, alt: str = "", **options: Any):
        super().__init__(*args, **options)
        self.alt = alt

    def __repr__(self) -> str:
        """Return the alternative text: what a terminal shows, and a reader of plain text gets."""
        return f"Figure: {self.alt}" if self.alt else super().__repr__()

    def _repr_html_(self) -> str:
        return image_tag(to_png(self), self.alt)


def new_figure(
    width: float = 6.4,
    height: float = 4.0,
    *,
    rows: int = 1,
    columns: int = 1,
    caption: str = "",
) -> tuple[DescribedFigure, Any]:
    """Return an empty figure in the style of the course, and its axes.

    Args:
        width: in inches.
        height: in inches.
        rows: rows of axes.
        columns: columns of axes.
        caption: data set and profile, shown small at the bottom.

    Returns:
        The figure, and what `Figure.subplots` returns: one pair of axes, or an array of them.
    """
    figure = DescribedFigure(figsize=(width, height), dpi=DPI, layout="constrained")
    axes = figure.subplots(rows, columns)
    for each in figure.axes:
        each.grid(alpha=0.3)
        each.spines[["top", "right"]].set_visible(False)
    if caption:
        figure.supxlabel(caption, fontsize="small", color=GREY)
    return figure, axes


def to_png(figure: Figure) -> bytes:
    """Return the picture of a figure as PNG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def image_tag(png: bytes, alt: str) -> str:
    """Return an HTML image that needs no file, with its alternative text."""
    data = base64.b64encode(png).decode("ascii")
    # No wider than its cell: on a narrow screen it shrinks.
    style = "max-width: 100%; height: auto"
    return f'<img alt="{html.escape(alt)}" style="{style}" src="data:image/png;base64,{data}">'
