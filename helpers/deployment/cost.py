"""What an artifact costs: size, time to load, latency, memory; and its accuracy in return."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.deployment.artifact import Artifact

if TYPE_CHECKING:
    import numpy as np

    from helpers.figures import DescribedFigure


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
        title: the format in words.
        size: of the model on disk, in bytes.
        runtime_seconds: to import what runs it (TensorFlow or LiteRT).
        load_seconds: to load the model after that.
        latency: by batch size, 1 and 32.
        memory: most bytes that the process had at once, runtime included; None where nobody counts.
        accuracy: share of right answers, in [0, 1].
    """

    format: str
    title: str
    size: int
    runtime_seconds: float
    load_seconds: float
    latency: dict[int, Latency]
    memory: int | None
    accuracy: float


@dataclass(frozen=True)
class CostTable:
    """The costs of several artifacts: a table as text and in a notebook.

    Attributes:
        rows: one for each artifact.
        images: how many the accuracy was measured on.
        threads: of the processor, that each model could use.
        warm_up: calls before the timed ones.
    """

    rows: tuple[Cost, ...]
    images: int
    threads: int
    warm_up: int


def measure_costs(
    artifacts: Mapping[str, Artifact] | Iterable[Artifact | str | Path],
    images: "np.ndarray",
    labels: "np.ndarray",
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
        repetitions: timed calls at batch 1 and at batch 32, after a warm-up.
        threads: of the processor, that each model may use.
        progress: show a progress bar.

    Raises:
        ArtifactError: one of them is none.
        FreshProcessError: one of them does not load or run.
        ValueError: there are no images, or no artifacts.
    """
    raise NotImplementedError


def show_costs(table: CostTable, *, batch: int = 1, caption: str = "") -> "DescribedFigure":
    """Draw accuracy against median latency, one disc an artifact, its area the size on disk."""
    raise NotImplementedError
