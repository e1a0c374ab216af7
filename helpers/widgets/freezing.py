"""Where to freeze a backbone, and what that saves: parameters, time for an epoch, memory."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers import profiles
from helpers.embedded import densenet as compact
from helpers.figures import COLOURS, GREY, new_figure
from helpers.widgets.explorer import Explorer

if TYPE_CHECKING:
    import ipywidgets

RECORD = Path(__file__).parent / "recorded" / "freezing.json"
FROZEN, TRAINED = COLOURS[5], COLOURS[4]
WIDTHS = {"stem": 1.1, "dense": 1.8, "transition": 1.3, "head": 1.1}  # of a part in the drawing
TIMES = "\N{MULTIPLICATION SIGN}"
BARS = {
    "trained_parameters": "trained parameters",
    "epoch": "time of an epoch:\nfit through the network",
    "epoch_from_stored": "time of an epoch:\nfrom stored activations",
    "kept_activations": "activations kept for\nthe backward pass",
}


def load_record() -> dict[str, Any]:
    """Return what `tests/benchmarks/freezing.py` wrote, by backbone."""
    return json.loads(RECORD.read_text(encoding="utf-8"))


class FreezingExplorer(Explorer):
    """The network with its frozen and its trained part, and what training costs."""

    def __init__(self, profile: "profiles.Profile | str | None" = None, frozen: int | None = None):
        if not isinstance(profile, profiles.Profile):
            profile = profiles.current(profile)
        recorded = load_record()["backbones"]
        # A backbone that nobody measured is shown by one that was, under that one's name.
        self._backbone = profile.backbone if profile.backbone in recorded else compact.NAME
        record = recorded[self._backbone]
        self._blocks = record["blocks"]
        self._boundaries = record["boundaries"]
        self._parameters = record["parameters"]
        if frozen is None:
            frozen = len(self._blocks) - 1
        if not 0 <= frozen <= len(self._blocks):
            raise ValueError(f"frozen is {frozen}, but there are {len(self._blocks)} parts.")
        figure, (network, costs) = new_figure(
            7.8,
            4.6,
            rows=2,
            caption=f"{self._backbone}, images of 32{TIMES}32 px, batch normalization held still. "
            "Times: recorded on one core. Activations: computed",
        )
        network.get_gridspec().set_height_ratios((1, 1.15))
        moving = [*self._draw_network(network), *self._draw_costs(costs)]
        super().__init__(figure, moving, frozen=frozen)

    def _draw_network(self, axes) -> list:
        """Draw the parts of the network side by side; return what moves."""
        from matplotlib.patches import Rectangle

        head = {"name": "head", "output_shape": [10]}
        self._parts, texts, self._edges = [], [], [0.0]
        largest = self._blocks[0]["output_shape"][0]
        for block in [*self._blocks, head]:
            left, width = self._edges[-1], WIDTHS[block["name"].split()[0]]
            *size, channels = block["output_shape"]
            height = 0.5 + 0.5 * (size[0] / largest if size else 0.0)
            self._parts.append(Rectangle((left + 0.05, -height / 2), width - 0.1, height))
            name = block["name"].replace("dense block", "dense\nblock").replace("ion ", "ion\n")
            texts.append(axes.text(left + width / 2, 0, name, ha="center", va="center", fontsize=8))
            shape = TIMES.join(map(str, block["output_shape"])) if size else f"{channels} classes"
            axes.text(left + width / 2, -0.62, shape, ha="center", va="top", fontsize=7, color=GREY)
            axes.add_patch(self._parts[-1])
            self._edges.append(left + width)
        (self._boundary,) = axes.plot([], [], "--", color="black")
        self._sides = [axes.text(0, 0.66, "", ha=side, fontsize=9) for side in ("right", "left")]
        axes.set(xlim=(-0.4, self._edges[-1] + 0.1), ylim=(-0.9, 0.95))
        axes.set_axis_off()
        self._title = axes.set_title("", fontsize="medium")
        return [*self._parts, *texts, self._boundary, *self._sides, self._title]

    def _draw_costs(self, axes) -> list:
        """Draw a bar for each cost; return the bars and the numbers behind them."""
        self._bars = axes.barh(list(BARS.values()), [100.0] * len(BARS), color=TRAINED)
        axes.invert_yaxis()
        axes.grid(False, axis="y")
        axes.tick_params(axis="y", labelsize=8)
        highest = max(
            row[key] / self._boundaries[0][key] for row in self._boundaries for key in BARS
        )
        axes.set_xlim(0, 100 * max(1.1, highest + 0.1))
        axes.set_xlabel("% of what training the whole network takes")
        self._numbers = [axes.text(0, place, "", va="center", fontsize=9) for place in range(4)]
        return [*self._bars, *self._numbers]

    def update(self, frozen: int) -> str:
        """Draw the boundary behind this many parts, and what training the rest costs.

        Args:
            frozen: how many parts are frozen, from the images on; the head is always trained.
        """
        for place, part in enumerate(self._parts):
            part.set_facecolor(FROZEN if place < frozen else TRAINED)
        edge = self._edges[frozen]
        self._boundary.set_data([edge, edge], [-0.6, 0.85])
        for text, side, words in zip(self._sides, (-0.1, 0.1), ("frozen", "trained"), strict=True):
            text.set(x=edge + side, text=words if frozen or side > 0 else "")
        row, whole = self._boundaries[frozen], self._boundaries[0]
        shares = {key: 100 * row[key] / whole[key] for key in BARS}
        for bar, number, share in zip(self._bars, self._numbers, shares.values(), strict=True):
            bar.set_width(share)
            number.set(x=share + 1, text=_percent(share))
        self._title.set_text(
            f"{row['trained_parameters']:,} of {self._parameters:,} parameters are trained"
        )
        return (
            f"{self._backbone}, {self._places()[frozen][0]} frozen{self._how(frozen)}: "
            f"{row['trained_parameters']:,} of {self._parameters:,} parameters are trained. "
            f"Compared with training the whole network, an epoch takes {_percent(shares['epoch'])} "
            f"of the time with fit through the network, {_percent(shares['epoch_from_stored'])} "
            "from stored activations, and the backward pass keeps "
            f"{_percent(shares['kept_activations'])} of the activations: "
            f"{row['kept_activations']:,} numbers an image."
        )

    def _how(self, frozen: int) -> str:
        first = self._boundaries[frozen]["first_trained"]
        return f" (trained from {first} on)" if frozen > 0 and first else ""

    def _places(self) -> list[tuple[str, int]]:
        """Return the places of the slider: a name, and how many parts are frozen there."""
        names = [f"up to {block['name']}" for block in self._blocks]
        names = ["nothing", *names[:-1], "whole backbone"]
        return [(name, frozen) for frozen, name in enumerate(names)]

    def make_controls(self) -> "dict[str, ipywidgets.Widget]":
        """Return a slider for the boundary."""
        import ipywidgets

        slider = ipywidgets.SelectionSlider(
            options=self._places(), value=self.values["frozen"], description="Frozen"
        )
        slider.layout.width = "30em"
        return {"frozen": slider}


def _percent(share: float) -> str:
    return f"{share:.0f} %" if share >= 1 else "below 1 %"
