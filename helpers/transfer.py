"""Transfer from a real pretrained backbone to CIFAR-10, in numbers that were measured."""

import json
import statistics
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from helpers.figures import COLOURS, new_figure

if TYPE_CHECKING:
    from helpers.figures import DescribedFigure

RECORD = Path(__file__).parent / "widgets" / "recorded" / "transfer.json"
SCRATCH_PIXELS = 32  # resizing adds nothing that a network from scratch could learn


class Point(NamedTuple):
    """Validation accuracy over some seeds, in per cent.

    Attributes:
        labels: number of labelled training images.
        mean: over the seeds.
        spread: standard deviation over the seeds; 0 for a single one.
        seeds: how many.
    """

    labels: int
    mean: float
    spread: float
    seeds: int


def load_record() -> dict[str, Any]:
    """Return what `tests/benchmarks/transfer.py` wrote: accuracies, settings and origin."""
    return json.loads(RECORD.read_text(encoding="utf-8"))


def recorded_points(record: dict[str, Any], way: str, pixels: int) -> list[Point]:
    """Return the accuracies of a way at an input size, from few labels to many.

    Args:
        record: what `load_record` returned.
        way: `scratch`, `frozen`, `fine_tuned` (whole), or with 500 labels and 96 pixels only
            `top_block`, `moving` (batch normalization) and `rate_too_high`.
        pixels: width and height of the images; from scratch there are 32 only.
    """
    points = []
    for result in record["results"]:
        if (result["way"], result["pixels"]) == (way, pixels):
            values = [100 * value for value in result["accuracy"].values()]
            spread = statistics.stdev(values) if len(values) > 1 else 0.0
            points.append(Point(result["labels"], statistics.mean(values), spread, len(values)))
    return sorted(points)


def describe_backbone(record: dict[str, Any]) -> str:
    """Return the name of the backbone, and what its weights were trained on."""
    return f"{record['settings']['backbone']} with {record['settings']['weights']} weights"


def describe_origin(record: dict[str, Any], points: Iterable[Point]) -> str:
    """Return data set, backbone and number of seeds of these points, for captions."""
    seeds = [point.seeds for point in points]
    count = " to ".join(map(str, sorted({min(seeds), max(seeds)})))
    data_set = record["settings"]["data_set"]
    return f"{data_set}, {describe_backbone(record)}, recorded, {count} seeds"


def show_ways() -> "DescribedFigure":
    """Draw what six ways made of 500 labels at 96 pixels; three of them are fine-tuning gone wrong.

    Bars are means over the seeds, the lines on them standard deviations.
    """
    record = load_record()
    settings = record["settings"]
    names = {
        "scratch": f"from scratch, {SCRATCH_PIXELS} px",
        "frozen": "frozen",
        "top_block": "top block fine-tuned",
        "fine_tuned": "whole network fine-tuned",
        "moving": "batch normalization moving",
        "rate_too_high": f"learning rate {settings['rate_too_high']:g}",
    }
    points = {}
    for way, name in names.items():
        pixels = SCRATCH_PIXELS if way == "scratch" else 96
        points[name] = next(p for p in recorded_points(record, way, pixels) if p.labels == 500)
    origin = describe_origin(record, points.values())
    figure, axes = new_figure(7.4, 3.6, caption=origin)
    means = [point.mean for point in points.values()]
    bars = axes.barh(
        list(points),
        means,
        xerr=[point.spread for point in points.values()],
        color=[COLOURS[1], COLOURS[0], *[COLOURS[2]] * 2, *[COLOURS[3]] * 2],
    )
    axes.bar_label(bars, [f"{mean:.1f} %" for mean in means], padding=4, fontsize=9)
    axes.invert_yaxis()
    axes.grid(False, axis="y")
    axes.set(xlabel="Validation accuracy (%)", xlim=(0, 100))
    best, worst = (choose(points, key=lambda name: points[name].mean) for choose in (max, min))
    axes.set_title(f"500 labels, 96 px. Best: {best}.\nWorst: {worst}", fontsize="medium")
    each = ", ".join(f"{name} {p.mean:.1f} ± {p.spread:.1f} %" for name, p in points.items())
    figure.alt = f"Validation accuracy with 500 labels at 96 px: {each}. {origin}."
    return figure
