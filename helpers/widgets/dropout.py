"""Dropout on a small layer: who is dropped, how the others are scaled, and what the mean does."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.patheffects import withStroke

from helpers.figures import COLOURS, GREY, new_figure
from helpers.widgets.explorer import Explorer, mode_buttons

if TYPE_CHECKING:
    import ipywidgets

SIDE = 6  # units in a row and in a column
MASKS = 1_000
HIGHEST_RATE = 0.9
SEED = 0
TIMES = "\N{MULTIPLICATION SIGN}"
BARS = ("before", "after,\nthis mask", f"after,\n{MASKS:,} masks")


def drop(units: np.ndarray, draws: np.ndarray, rate: float) -> np.ndarray:
    """Apply dropout as Keras does while it trains.

    Args:
        units: what the layer gives, of any shape.
        draws: numbers drawn evenly from [0, 1), of a shape that `units` broadcasts to. A unit is
            dropped where its number is below `rate`, so a higher rate drops the same units and
            some more.
        rate: share of the units to drop, in [0, 1).

    Returns:
        An array of the shape of `draws`: 0 for a unit that was dropped, `unit / (1 - rate)` for
        one that survived.

    Source: Srivastava et al., Dropout, JMLR 2014, section 10, in the form that scales in training.
    """
    return np.where(draws < rate, 0.0, units / (1.0 - rate))


class DropoutExplorer(Explorer):
    """The units of a small layer before and after dropout, and their mean."""

    def __init__(self, rate: float = 0.5):
        if not 0.0 <= rate <= HIGHEST_RATE:
            raise ValueError(f"rate is a share from 0 to {HIGHEST_RATE}, got {rate}.")
        random = np.random.default_rng(SEED)
        self._units = random.uniform(0.1, 1.0, (SIDE, SIDE))
        self._draws = random.random((MASKS, SIDE, SIDE))
        figure, (before, after, means) = new_figure(
            7.4, 3.1, columns=3, caption=f"A layer of {SIDE * SIDE} made-up units, seed {SEED}"
        )
        _draw_units(before, self._units)
        before.set_title("Before dropout", fontsize="medium")
        self._title = after.set_title("", fontsize="medium")
        self._image, self._numbers = _draw_units(after, self._units)
        self._bars, self._heights = _draw_means(means, self._units.mean())
        moving = [self._title, self._image, *self._numbers, *self._bars, *self._heights]
        super().__init__(figure, moving, rate=rate, training=True, mask=0)

    def update(self, rate: float, training: bool, mask: int) -> str:
        """Draw the layer after dropout with this rate, in this mode and with this mask.

        Args:
            rate: share of the units to drop, in [0, 0.9].
            training: whether the network trains; otherwise dropout does nothing.
            mask: number of the mask; after the last one they begin again.
        """
        after = drop(self._units, self._draws, rate) if training else self._units[np.newaxis]
        layer = after[mask % len(after)]
        self._image.set_data(layer)
        for text, unit in zip(self._numbers, layer.flat, strict=True):
            text.set(text=_number(unit), color=_ink(unit))
        means = (self._units.mean(), layer.mean(), after.mean())
        for bar, height, mean in zip(self._bars, self._heights, means, strict=True):
            bar.set_height(mean)
            height.set(text=f"{mean:.2f}", y=mean)
        if not training:
            self._title.set_text("Inference: nothing changes")
            return (
                f"Inference: no unit is dropped and none is scaled, whatever the rate. The mean "
                f"is {means[0]:.2f} before and after."
            )
        dropped = int((layer == 0.0).sum())
        self._title.set_text(f"{dropped} dropped, the rest {TIMES} {1 / (1 - rate):.2f}")
        return (
            f"Training with rate {rate:.1f}: {dropped} of {layer.size} units are 0, the others "
            f"were multiplied by {1 / (1 - rate):.2f}. The mean is {means[0]:.2f} before, "
            f"{means[1]:.2f} after with this mask, and {means[2]:.2f} over {MASKS:,} masks."
        )

    def make_controls(self) -> "dict[str, ipywidgets.Widget]":
        """Return a slider for the rate, buttons for the mode, and one for another mask."""
        import ipywidgets

        rate = ipywidgets.FloatSlider(
            self.values["rate"],
            min=0.0,
            max=HIGHEST_RATE,
            step=0.1,
            description="Rate",
            readout_format=".1f",
        )
        button = ipywidgets.Button(description="New mask")
        button.on_click(lambda _: self.show(mask=self.values["mask"] + 1))
        return {"rate": rate, "training": mode_buttons(self.values["training"]), "mask": button}


def _draw_units(axes, units: np.ndarray):
    """Draw the units as squares with their numbers; return the image and the texts, row by row."""
    image = axes.imshow(units, cmap="Blues", vmin=0.0, vmax=2.0)
    axes.set_axis_off()
    numbers = [
        axes.text(
            column, row, _number(unit), color=_ink(unit), fontsize=8, ha="center", va="center"
        )
        for (row, column), unit in np.ndenumerate(units)
    ]
    return image, numbers


def _number(unit: float) -> str:
    return TIMES if unit == 0.0 else f"{unit:.1f}"


def _ink(unit: float) -> str:
    if unit == 0.0:
        return COLOURS[1]
    return "white" if unit > 1.0 else "black"


def _draw_means(axes, mean: float):
    """Draw the three means as bars; return the bars and the numbers on top of them."""
    bars = axes.bar(BARS, [mean] * len(BARS), color=[GREY, COLOURS[5], COLOURS[0]])
    axes.axhline(mean, color="black", linestyle="--", linewidth=1)
    axes.set_ylim(0.0, 1.2)
    axes.set_title("Mean of the units", fontsize="medium")
    axes.tick_params(axis="x", labelsize=8)
    outline = [withStroke(linewidth=3, foreground="white")]
    heights = [
        axes.text(place, mean, "", ha="center", va="bottom", path_effects=outline)
        for place in range(len(BARS))
    ]
    return list(bars), heights
