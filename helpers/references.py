"""Reference models: what others reached on the same images, recorded once and shipped.

`helpers/recorded/references/*.json` holds one training run each. How they were made:
`tests/benchmarks/record_references.py`, which also names the networks.
"""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

from helpers.data import Splits
from helpers.history import describe_curve, keep_history

if TYPE_CHECKING:
    from helpers.figures import DescribedFigure

RECORDED = Path(__file__).parent / "recorded" / "references"
FORMAT = 1
MEASURE = "val_accuracy"


class DamagedRecordError(ValueError):
    """A file does not hold a recorded run."""


@dataclass(frozen=True)
class ReferenceRun:
    """One recorded training run.

    Attributes:
        name: short name of the network, the same for all its seeds.
        about: one sentence about the network.
        dataset: TFDS name of the images.
        profile: name of the profile that chose the numbers of images.
        train_images: images that it was trained on.
        epochs: epochs that it was trained for.
        batch_size: images in a batch.
        seed: drew the initial weights and the order of the images.
        parameters: numbers in the network, those of batch normalization's averages included.
        seconds: what each epoch took, validation included.
        processor_seconds: the same in processor time, summed over the cores. Divided by `cores`
            they are close to `seconds` if the machine had nothing else to do.
        curves: by measure, one float for each epoch, as Keras records them.
        test_accuracy: share of the test images that it got right, after the last epoch.
        cores: processor cores of the machine.
        sittings: 1 if the run was never broken off. A run that goes on sees the images of its
            later epochs in another order.
        command: what made the record.
        versions: of Python, TensorFlow and Keras.
        date: of the last epoch, as YYYY-MM-DD.
    """

    name: str
    about: str
    dataset: str
    profile: str
    train_images: int
    epochs: int
    batch_size: int
    seed: int
    parameters: int
    seconds: tuple[float, ...]
    processor_seconds: tuple[float, ...]
    curves: dict[str, tuple[float, ...]]
    test_accuracy: float
    cores: int
    sittings: int
    command: str
    versions: dict[str, str]
    date: str

    def save(self, folder: Path = RECORDED) -> Path:
        """Write the run as JSON into a folder; return the file."""
        name = f"{self.dataset}-{self.profile}-{self.name}-seed{self.seed}.json"
        content = json.dumps({"format": FORMAT, **asdict(self)}, indent=1)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content + "\n", encoding="utf-8")
        return folder / name

    @classmethod
    def load(cls, path: Path) -> "ReferenceRun":
        """Read a run that `save` wrote.

        Raises:
            DamagedRecordError: the file is none; the message says what is wrong.
        """
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            _require(stored.pop("format", None) == FORMAT, f"its format is not {FORMAT}")
            names = {field.name for field in fields(cls)}
            _require(set(stored) == names, f"its fields differ in {sorted(set(stored) ^ names)}")
            for name in ("seconds", "processor_seconds"):
                stored[name] = tuple(stored[name])
            stored["curves"] = {name: tuple(curve) for name, curve in stored["curves"].items()}
            run = cls(**stored)
            for name in ("accuracy", "loss", "val_accuracy", "val_loss"):
                _require(name in run.curves, f"it has no {name}")
            kept = (run.seconds, run.processor_seconds, *run.curves.values())
            lengths = {len(numbers) for numbers in kept}
            _require(lengths == {run.epochs}, f"not all of its curves have {run.epochs} epochs")
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise DamagedRecordError(f"{path} holds no recorded run: {error}.") from error
        return run


def load_references(dataset: str, folder: Path = RECORDED) -> list[ReferenceRun]:
    """Return the recorded runs on a data set, in the order of their files' names.

    Args:
        dataset: TFDS name of the images, `cifar10` or `rendered_things`.
        folder: where the records are.

    Raises:
        DamagedRecordError: one of the files holds no recorded run.
    """
    runs = [ReferenceRun.load(path) for path in sorted(folder.glob("*.json"))]
    return [run for run in runs if run.dataset == dataset]


def compare_with_references(
    history: Any, model: Any, splits: Splits, *, folder: Path = RECORDED
) -> "DescribedFigure":
    """Draw your validation accuracy over that of the recorded reference models.

    The references are those on the same data set and as many training images. If there are only
    some with another number of images, they are drawn and the figure says so; if there are none at
    all, it shows your curve alone and says that too. Several seeds of a reference are averaged.

    Args:
        history: what `fit` returned. Trained with `LiveCurve`, it knows how long that took.
        model: the model, for the number of its parameters.
        splits: what `data.load_splits` returned.
        folder: where the records are.

    Returns:
        The figure, with parameters and seconds of each model.

    Raises:
        TypeError: `history` is not what `fit` returned.
        ValueError: the history has no validation accuracy.
    """
    kept = keep_history(history)
    if MEASURE not in kept.curves:
        raise ValueError(
            "The history has no validation accuracy. Compile with metrics=['accuracy'] and give "
            "`fit` validation_data=splits.validation."
        )
    yours = _Row(
        "yours", model.count_params(), sum(kept.curves.get("seconds", ())), kept.curves[MEASURE], 1
    )
    runs = _most_alike(load_references(splits.info.name, folder), splits.sizes["train"])
    references = _average_seeds(runs)
    title = _finding(yours, references)
    caption = splits.caption + _origin(runs, splits)
    figure = _draw([yours, *references], title, caption)
    told = "; ".join(f"{_describe(row)}" for row in [yours, *references])
    figure.alt = f"{title}. Validation accuracy by epoch: {told}. {caption}"
    return figure


@dataclass(frozen=True)
class _Row:
    """A model in the comparison; `seconds` is 0 where nobody measured."""

    name: str
    parameters: int
    seconds: float
    curve: tuple[float, ...]
    seeds: int

    @property
    def label(self) -> str:
        return f"{self.name} (mean of {self.seeds} seeds)" if self.seeds > 1 else self.name

    @property
    def time(self) -> str:
        return f"{self.seconds:,.0f}" if self.seconds else "not measured"


def _require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise ValueError(otherwise)


def _most_alike(runs: list[ReferenceRun], train_images: int) -> list[ReferenceRun]:
    """Return the runs with as many training images, or else those with the number next to it."""
    nearest = min((abs(run.train_images - train_images) for run in runs), default=0)
    return [run for run in runs if abs(run.train_images - train_images) == nearest]


def _average_seeds(runs: list[ReferenceRun]) -> list[_Row]:
    """Return one row for each network, the best one first."""
    by_name: dict[str, list[ReferenceRun]] = {}
    for run in runs:
        by_name.setdefault(run.name, []).append(run)
    rows = [
        _Row(
            name,
            same[0].parameters,
            # Not `seconds`: the machine may have had other things to do.
            mean(sum(run.processor_seconds) / run.cores for run in same),
            _mean_curve([run.curves[MEASURE] for run in same]),
            len(same),
        )
        for name, same in by_name.items()
    ]
    return sorted(rows, key=lambda row: row.curve[-1], reverse=True)


def _mean_curve(curves: list[tuple[float, ...]]) -> tuple[float, ...]:
    return tuple(mean(values) for values in zip(*curves, strict=True))


def _finding(yours: _Row, references: list[_Row]) -> str:
    ends = f"Your model ends at {yours.curve[-1]:.3f}"
    if not references:
        return f"{ends}; there is no recorded reference for these images"
    best = references[0]
    return f"{ends}, the best reference ({best.name}) at {best.curve[-1]:.3f}"


def _origin(runs: list[ReferenceRun], splits: Splits) -> str:
    """Say where the references come from, and whether they saw other numbers of images."""
    if not runs:
        return ""
    cores = ", ".join(str(number) for number in sorted({run.cores for run in runs}))
    said = f"; references recorded on {cores} processor cores, {max(run.date for run in runs)}"
    if runs[0].train_images != splits.sizes["train"]:
        said += (
            f"\nCareful: the references saw {runs[0].train_images:,} training images, "
            f"yours saw {splits.sizes['train']:,}"
        )
    return said


def _describe(row: _Row) -> str:
    time = f"{row.time} seconds" if row.seconds else "seconds not measured"
    return f"{describe_curve(row.label, row.curve)}, {row.parameters:,} parameters, {time}"


def _draw(rows: list[_Row], title: str, caption: str) -> "DescribedFigure":
    from matplotlib.ticker import MaxNLocator

    from helpers.figures import COLOURS, new_figure

    figure, axes = new_figure(7.6, 5.0 + 0.25 * len(rows), caption=caption)
    for index, row in enumerate(rows):
        axes.plot(
            range(1, len(row.curve) + 1),
            row.curve,
            marker="o^sv"[index % 4],
            color=COLOURS[index % len(COLOURS)],
            linewidth=3 if index == 0 else 1.2,
            linestyle="-" if index == 0 else "--",
            zorder=3 if index == 0 else 2,
        )
    axes.set_xlabel("Epoch")
    axes.set_ylabel("Validation accuracy (share of images)")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_title(title)
    width = max(len(row.label) for row in rows)
    form = f"{{:<{width}}}  {{:>10}}  {{:>12}}  {{:>10}}"
    axes.legend(
        axes.get_lines(),
        [
            form.format(row.label, f"{row.parameters:,}", row.time, f"{row.curve[-1]:.3f}")
            for row in rows
        ],
        title="     " + form.format("", "parameters", "seconds", "at the end"),
        title_fontproperties={"family": "monospace", "size": "small"},
        prop={"family": "monospace", "size": "small"},
        loc="upper center",
        bbox_to_anchor=(0.5, -0.13),
        alignment="left",
        frameon=False,
    )
    return figure
