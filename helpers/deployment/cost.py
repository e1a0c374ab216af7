"""What an artifact costs: size, time to load, latency, memory; and its accuracy in return."""

import html
import json
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from helpers.deployment.accuracy import to_classes
from helpers.deployment.artifact import FORMATS, Artifact, open_artifact
from helpers.deployment.fresh_process import run_script

if TYPE_CHECKING:
    from helpers.figures import DescribedFigure

BATCHES = (1, 32)
WARM_UP = 10  # calls
TIME_LIMIT = 600.0  # seconds for one artifact
STOPWATCH = Path(__file__).parent / "stopwatch.py"


@dataclass(frozen=True)
class Latency:
    """Time from a batch of images to its probabilities, in milliseconds.

    Attributes:
        median: half of the calls took less.
        p95: 95 % of the calls took less.
        calls: how many were timed, after the warm-up.
    """

    median: float
    p95: float
    calls: int


@dataclass(frozen=True)
class Cost:
    """What one artifact costs, measured in a fresh process of its own.

    Attributes:
        format: see `Artifact`.
        size: of the model on disk, in bytes.
        runtime_seconds: to import what runs it (TensorFlow or LiteRT).
        load_seconds: to load the model after that.
        latency: by batch size, 1 and 32.
        memory: most bytes that the process had at once, runtime included; None where nobody counts.
        accuracy: share of right answers, in [0, 1].
    """

    format: str
    size: int
    runtime_seconds: float
    load_seconds: float
    latency: dict[int, Latency]
    memory: int | None
    accuracy: float

    @property
    def title(self) -> str:
        """The format in words."""
        return FORMATS[self.format][0]


@dataclass(frozen=True)
class CostTable:
    """The costs of several artifacts; shows itself as a table.

    Attributes:
        rows: one for each artifact.
        images: how many the accuracy was measured on.
        threads: of the processor, that each model could use.
    """

    rows: tuple[Cost, ...]
    images: int
    threads: int

    @property
    def note(self) -> str:
        """How the numbers were measured, in a sentence."""
        calls = [latency.calls for row in self.rows for latency in row.latency.values()]
        count = " to ".join(f"{number:,}" for number in sorted({min(calls), max(calls)}))
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        return (
            f"Each in a fresh process, {threads}. Latency: median / 95th percentile of {count} "
            f"calls after {WARM_UP} for warming up, from an array to an array; Keras with "
            f"model.predict. Runtime: time to import TensorFlow or LiteRT. Memory: of the whole "
            f"process. Accuracy: {self.images:,} images."
        )

    def cells(self) -> list[list[str]]:
        """Return the table as text: a row of headings, then one row for each artifact."""
        headings = ["", "Size (MB)", "Runtime (s)", "Load (s)", "Batch 1 (ms)", "Batch 32 (ms)"]
        rows = [[*headings, "Memory (MB)", "Accuracy"]]
        for row in self.rows:
            rows.append(
                [
                    row.title,
                    f"{row.size / 1e6:.2f}",
                    f"{row.runtime_seconds:.2g}",
                    f"{row.load_seconds:.2g}",
                    *(_in_words(row.latency[batch]) for batch in BATCHES),
                    "unknown" if row.memory is None else f"{row.memory / 1e6:,.0f}",
                    f"{row.accuracy:.1%}",
                ]
            )
        return rows

    def __str__(self) -> str:
        """Return the table for a terminal."""
        cells = self.cells()
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = [
            "  ".join(
                cell.rjust(width) if place else cell.ljust(width)
                for place, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            for row in cells
        ]
        return "\n".join([*lines, self.note])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        first, *rows = self.cells()
        head = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in first)
        body = "".join(
            f'<tr><th scope="row">{html.escape(row[0])}</th>'
            + "".join(f"<td>{html.escape(cell)}</td>" for cell in row[1:])
            + "</tr>"
            for row in rows
        )
        return (
            f"<table><caption>{html.escape(self.note)}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )


def measure_costs(
    artifacts: Mapping[str, Artifact] | Iterable[Artifact | str | Path],
    images: np.ndarray,
    labels: np.ndarray,
    *,
    repetitions: int = 50,
    threads: int = 1,
    progress: bool = True,
) -> CostTable:
    """Measure artifacts one after another, each in a fresh process.

    Args:
        artifacts: as `export_formats` returns them, or a list of artifacts or folders.
        images: float32 of shape (n, 32, 32, 3) in [0, 1], for the accuracy: validation images.
        labels: int of shape (n,), or one-hot (n, classes).
        repetitions: timed calls at batch 1 and at batch 32, after a warm-up. A slow model gets
            fewer.
        threads: of the processor, that each model may use.
        progress: show a progress bar.

    Raises:
        ArtifactError: one of them is none.
        FreshProcessError: one of them does not load or run.
        ValueError: there are no artifacts or no images, or the labels do not fit.
    """
    from rich.progress import track

    listed = list(artifacts.values() if isinstance(artifacts, Mapping) else artifacts)
    opened = [open_artifact(each) for each in listed]
    images, classes = np.asarray(images, np.float32), to_classes(labels)
    if not opened:
        raise ValueError("There is no artifact to measure. export_formats(...) makes some.")
    if images.ndim != 4 or not len(images) or len(images) != len(classes):
        raise ValueError(
            f"Images of shape {images.shape} and labels of shape {classes.shape} do not belong "
            "together. Give (n, 32, 32, 3) and (n,)."
        )
    if repetitions < 1:
        raise ValueError(f"repetitions is {repetitions}; at least one call has to be timed.")
    with tempfile.TemporaryDirectory() as workshop:
        file = Path(workshop) / "images.npy"
        np.save(file, images)
        rows = tuple(
            _measure(artifact, file, classes, repetitions, threads)
            for artifact in track(opened, "Measuring", disable=not progress)
        )
    return CostTable(rows, len(images), threads)


def _measure(
    artifact: Artifact, images: Path, classes: np.ndarray, repetitions: int, threads: int
) -> Cost:
    out = images.with_name("result.json")
    options = {"images": images, "out": out, "repetitions": repetitions, "warm-up": WARM_UP}
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    arguments += ["--threads", threads, "--batches", *BATCHES]
    run_script(
        [STOPWATCH, artifact.folder.absolute(), *arguments],
        f"measure {artifact.title}",
        TIME_LIMIT,
    )
    found = json.loads(out.read_text(encoding="utf-8"))
    return Cost(
        format=artifact.format,
        size=artifact.size,
        runtime_seconds=found["runtime_seconds"],
        load_seconds=found["load_seconds"],
        latency={batch: _latency(found["calls"][str(batch)]) for batch in BATCHES},
        memory=found["memory"],
        accuracy=float((np.array(found["classes"]) == classes).mean()),
    )


def _latency(seconds: list[float]) -> Latency:
    median, p95 = np.percentile(seconds, [50, 95])
    return Latency(1000 * float(median), 1000 * float(p95), len(seconds))


def _in_words(latency: Latency) -> str:
    return f"{_three_digits(latency.median)} / {_three_digits(latency.p95)}"


def _three_digits(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:#.3g}"


def show_costs(table: CostTable, *, batch: int = 1, caption: str = "") -> "DescribedFigure":
    """Draw accuracy against median latency, one disc an artifact, its area the size on disk.

    Args:
        table: what `measure_costs` returned.
        batch: 1 or 32 images in a call.
        caption: data set and profile, shown small at the bottom.
    """
    from helpers.figures import COLOURS, new_figure

    figure, axes = new_figure(7.2, 4.4, caption=f"{caption}, {table.images:,} images".lstrip(", "))
    largest = max(row.size for row in table.rows)
    told = []
    for index, row in enumerate(table.rows):
        latency = row.latency[batch].median
        axes.scatter(
            latency,
            100 * row.accuracy,
            s=900 * row.size / largest,
            color=COLOURS[index % len(COLOURS)],
            alpha=0.75,
            linewidth=0,
            label=f"{row.title}: {_three_digits(latency)} ms, {row.accuracy:.1%}, "
            f"{row.size / 1e6:.2f} MB",
        )
        told.append(
            f"{row.title} {_three_digits(latency)} ms, {row.accuracy:.1%}, {row.size / 1e6:.2f} MB"
        )
    axes.set_xscale("log")
    axes.margins(x=0.15)
    # Never zoomed in on less than ten points: small differences are chance on so many images.
    accuracies = [100 * row.accuracy for row in table.rows]
    axes.set_ylim(min(accuracies) - 5, max(accuracies) + 5)
    axes.set(xlabel=f"Median latency at batch {batch} (ms, logarithmic)", ylabel="Accuracy (%)")
    legend = axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(0, -0.16), ncols=2)
    for handle in legend.legend_handles:
        handle.set_sizes([40.0])
    fastest = min(table.rows, key=lambda row: row.latency[batch].median)
    smallest = min(table.rows, key=lambda row: row.size)
    if fastest is smallest:
        title = f"Fastest and smallest: {fastest.title}. (Area: size on disk)"
    else:
        title = f"Fastest: {fastest.title}. Smallest: {smallest.title}. (Area: size on disk)"
    axes.set_title(title, fontsize="medium")
    figure.alt = f"{title} Latency at batch {batch}, accuracy, size: {'; '.join(told)}. {caption}"
    figure.alt = figure.alt.strip()
    return figure
