"""How many labels are needed: from scratch, frozen and fine-tuned, in recorded measurements."""

from typing import TYPE_CHECKING

from helpers.figures import COLOURS, GREY, new_figure
from helpers.transfer import (
    SCRATCH_PIXELS,
    Point,
    describe_backbone,
    describe_origin,
    load_record,
    recorded_points,
)
from helpers.widgets.explorer import Explorer

if TYPE_CHECKING:
    import ipywidgets

CHANCE = 10.0  # accuracy of a guess among ten classes, in per cent
WAYS = {"scratch": "from scratch", "frozen": "frozen", "fine_tuned": "fine-tuned"}
MARKERS = {"scratch": "s", "frozen": "o", "fine_tuned": "^"}
COLOURS_OF = {"scratch": COLOURS[1], "frozen": COLOURS[0], "fine_tuned": COLOURS[2]}


class LabelsExplorer(Explorer):
    """Accuracy against the number of labelled images, for each input size and three ways."""

    def __init__(self, pixels: int = 32):
        record = load_record()
        self._points = {
            (way, size): recorded_points(record, way, SCRATCH_PIXELS if way == "scratch" else size)
            for way in WAYS
            for size in sorted({result["pixels"] for result in record["results"]})
        }
        self._sizes = sorted({size for _, size in self._points})
        if pixels not in self._sizes:
            raise ValueError(f"pixels is {pixels}. Recorded were {self._sizes}.")
        drawn = [point for points in self._points.values() for point in points]
        self._origin = describe_origin(record, drawn)
        caption = f"{self._origin}. Bars: standard deviation over the seeds"
        figure, axes = new_figure(7.4, 4.2, caption=caption)
        moving = self._draw_axes(figure, axes, describe_backbone(record))
        super().__init__(figure, moving, pixels=pixels, scratch=True, frozen=True, fine_tuned=True)

    def _draw_axes(self, figure, axes, backbone: str) -> list:
        """Draw everything without its numbers; return what moves, from the back to the front."""
        labels = sorted({point.labels for points in self._points.values() for point in points})
        axes.set(xlabel="Labelled images", ylabel="Validation accuracy (%)", xscale="log")
        axes.set(ylim=(0, 100), xlim=(0.7 * labels[0], 1.4 * labels[-1]))
        axes.set_xticks(labels, [f"{one:,}" for one in labels])
        axes.set_xticks([], minor=True)
        axes.axhline(CHANCE, color=GREY, linestyle=":")
        axes.text(0.72 * labels[0], CHANCE + 1, "guessing", fontsize=8, color=GREY)
        where = {way: f" {backbone}" for way in ("frozen", "fine_tuned")}
        where["scratch"] = f", always {SCRATCH_PIXELS} px"
        self._bars, self._curves, self._others = {}, {}, {}
        others = range(len(self._sizes) - 1)
        for way, name in WAYS.items():
            colour = COLOURS_OF[way]
            self._bars[way] = axes.vlines([], [], [], color=colour, linewidth=4, alpha=0.5)
            self._others[way] = [
                axes.plot([], [], ":", color=colour, linewidth=1.2)[0] for _ in others
            ]
            (self._curves[way],) = axes.plot(
                [], [], MARKERS[way] + "-", color=colour, markersize=6, label=name + where[way]
            )
        (thin,) = axes.plot([], [], ":", color=GREY, label="other input sizes")
        figure.legend(
            handles=[*self._curves.values(), thin], loc="outside upper center", ncols=2, fontsize=8
        )
        self._title = axes.set_title("", fontsize="medium")
        faint = [line for lines in self._others.values() for line in lines]
        return [self._title, *faint, *self._bars.values(), *self._curves.values()]

    def update(self, pixels: int, **shown: bool) -> str:
        """Draw the curves of an input size; those of the others stay as thin lines.

        Args:
            pixels: width and height of the images that reach the backbone.
            **shown: whether a way is shown, by its name in `WAYS`.
        """
        others = [size for size in self._sizes if size != pixels]
        for way in WAYS:
            points = self._points[way, pixels] if shown[way] else []
            self._curves[way].set_data([p.labels for p in points], [p.mean for p in points])
            for line, size in zip(self._others[way], others, strict=True):
                faint = self._points[way, size] if shown[way] and way != "scratch" else []
                line.set_data([p.labels for p in faint], [p.mean for p in faint])
            self._bars[way].set_segments(
                [[(p.labels, p.mean - p.spread), (p.labels, p.mean + p.spread)] for p in points]
            )
        return self._tell(pixels, [way for way in WAYS if shown[way]])

    def _tell(self, pixels: int, ways: list[str]) -> str:
        """Write above the axes who leads, and return it as a sentence with the numbers."""
        if not ways:
            self._title.set_text("Choose a way to see its curve")
            return "No way is shown. Choose at least one."
        at = {}
        for way in ways:
            for point in self._points[way, pixels]:
                at.setdefault(point.labels, {})[way] = point
        leaders = {labels: _leaders(points) for labels, points in sorted(at.items())}
        told = _in_short(leaders) if leaders else "not measured"
        self._title.set_text(f"{pixels} px: {told}")
        each = [_in_words(labels, at[labels], leaders[labels]) for labels in leaders]
        missing = [WAYS[way] for way in ways if not self._points[way, pixels]]
        if missing:
            each.append(f"Not measured at {pixels} px: {_join(missing)}.")
        return f"Inputs of {pixels} px, {self._origin}. {' '.join(each)}"

    def make_controls(self) -> "dict[str, ipywidgets.Widget]":
        """Return buttons for the input size, and a box to tick for each way."""
        import ipywidgets

        pixels = ipywidgets.ToggleButtons(
            options={f"{size} px": size for size in self._sizes},
            value=self.values["pixels"],
            description="Input size",
        )
        pixels.style.button_width = "5em"
        boxes = {
            way: ipywidgets.Checkbox(self.values[way], description=name.capitalize(), indent=False)
            for way, name in WAYS.items()
        }
        for control in (pixels, *boxes.values()):
            control.layout.width = "auto"  # as ipywidgets has them, they need three lines
        return {"pixels": pixels, **boxes}


def _leaders(points: dict[str, Point]) -> list[str]:
    """Return the best way, and those that are level: no farther behind than the seeds spread."""
    best = max(points.values(), key=lambda point: point.mean)
    return [
        way
        for way, point in sorted(points.items(), key=lambda item: -item[1].mean)
        if best.mean - point.mean <= max(best.spread, point.spread)
    ]


def _in_short(leaders: dict[int, list[str]]) -> str:
    """Return who leads with how many labels, in one line."""
    names = {labels: _join([WAYS[way] for way in ways]) for labels, ways in leaders.items()}
    if len({*names.values()}) == 1:
        (name,) = {*names.values()}
        return f"{name} {_verb(next(iter(leaders.values())))} with every number of labels"
    where = {}
    for labels, name in names.items():
        where.setdefault(name, []).append(f"{labels:,}")
    told = [f"{name} with {_join(labels)}" for name, labels in where.items()]
    return f"in front: {', '.join(told)} labels"


def _in_words(labels: int, points: dict[str, Point], leaders: list[str]) -> str:
    """Return who leads with a number of labels, by how much, and all accuracies."""
    ranked = sorted(points.items(), key=lambda item: -item[1].mean)
    numbers = ", ".join(
        f"{WAYS[way]} {point.mean:.1f} %{' (one seed)' * (point.seeds == 1)}"
        for way, point in ranked
    )
    name = _join([WAYS[way] for way in leaders])
    if len(ranked) == 1:
        return f"With {labels:,} labels: {numbers}."
    if len(leaders) == len(ranked):
        return f"With {labels:,} labels {name} are level: {numbers}."
    behind = next(point for way, point in ranked if way not in leaders)
    lead = points[leaders[-1]].mean - behind.mean
    return f"With {labels:,} labels {name} {_verb(leaders)} by {lead:.1f} points: {numbers}."


def _verb(leaders: list[str]) -> str:
    return "leads" if len(leaders) == 1 else "lead"


def _join(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
