"""Run the transfer-learning notebook with several seeds, and judge what its text claims.

    python -m tests.benchmarks.transfer_claims --out FILE.json

The solution runs in a real kernel, in `quick` on the embedded pair, once for each seed. A cell in
front sets the seed; a cell behind reads the numbers that the text speaks of. What few labels, batch
normalization and the learning rate do is measured in `claims` and `transfer`.
"""

import argparse
import json
import os
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from helpers.instructor import build
from helpers.paths import course_root
from tests.benchmarks import record as records

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

RECORD = Path(__file__).parent / "results" / "transfer_claims.json"
ASSIGNMENT = "transfer_learning"
FIRST_CELL = """
from helpers.quiet import import_tensorflow
import_tensorflow()
import keras
keras.utils.set_random_seed({seed})
"""
# What the notebook shows in figures is computed once more from its own variables.
LAST_CELL = """
import json
changes = inspection.relative_changes(backbone, backbone_before)
numbers = {
    "correlation": float(np.mean(each)),
    "loss on features minus loss on images": on_features[0] - on_images[0],
    "epoch on features as a share of the pass": an_epoch / once,
    "224 px as a multiple of 32 px": seconds["224 px"] / seconds["32 px"],
    "rate 0.001, one epoch, as a multiple of a typical weight": 1e-3 * steps / float(typical),
    "rate 0.00001, one epoch, as a multiple of a typical weight": 1e-5 * steps / float(typical),
    "largest change of a block": max(changes.values()),
    "smallest change of a block": min(changes.values()),
    "moved normalizations": inspection._moved_normalizations(backbone, backbone_before),
    "frozen, best validation accuracy": max(frozen_history.history["val_accuracy"]),
    "fine-tuned, best validation accuracy": max(fine_tuned_history.history["val_accuracy"]),
    "scratch, best validation accuracy": max(scratch_history.history["val_accuracy"]),
}
print(json.dumps(numbers))
"""

# What the text says, and when a seed's numbers bear it out.
CLAIMS: dict[str, Callable[[dict], bool]] = {
    "the filters care about preprocessing: without it, the features are others": (
        lambda n: n["correlation"] < 0.95
    ),
    "trained filters find more images of the same class than random ones": (
        lambda n: n["same class, pretrained"] > n["same class, random weights"]
    ),
    "training the head on features trains the model: the same validation loss": (
        lambda n: abs(n["loss on features minus loss on images"]) < 1e-3
    ),
    "an epoch on features takes less time than one pass through the frozen part": (
        lambda n: n["epoch on features as a share of the pass"] < 1
    ),
    "images of 224 px take longer": lambda n: n["224 px as a multiple of 32 px"] > 1,
    "at a rate of 0.001 a weight may move by more than its size in an epoch": (
        lambda n: n["rate 0.001, one epoch, as a multiple of a typical weight"] > 1
    ),
    "at a rate of 0.00001 it may not": (
        lambda n: n["rate 0.00001, one epoch, as a multiple of a typical weight"] < 1
    ),
    "without a new compile nothing changes, with one it does": (
        lambda n: n["not compiled again"] == 0 < n["compiled again"]
    ),
    "`training=False` does not hold an unfrozen layer still, `trainable = False` does": (
        lambda n: n["moving mean, training=False"] > 0 == n["moving mean, trainable = False"]
    ),
    "fine-tuning changes every block, by a few per cent at most": (
        lambda n: 0 < n["smallest change of a block"] <= n["largest change of a block"] < 0.1
    ),
    "batch normalization held still": lambda n: n["moved normalizations"] == 0,
    "fine-tuning does not throw away what was learned": (
        lambda n: (
            n["fine-tuned, best validation accuracy"] > n["frozen, best validation accuracy"] - 0.02
        )
    ),
}


def run_notebook(seed: int) -> dict[str, float]:
    """Run the solution with a seed; return the numbers that its text speaks of."""
    source = course_root() / "solutions" / ASSIGNMENT / f"{ASSIGNMENT}.py"
    notebook = build.read_solution(source)
    first = nbformat.v4.new_code_cell(FIRST_CELL.format(seed=seed))
    last = nbformat.v4.new_code_cell(LAST_CELL)
    notebook.cells = [first, *notebook.cells, last]
    environment = {name: value for name, value in os.environ.items() if name != "TFDS_DATA_DIR"}
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=None,
            extra_arguments=["--log-level=40"],
            resources={"metadata": {"path": folder}},
            skip_cells_with_tag="hand-in",
        )
        # A home without data: the embedded pair, whatever lies on this disk.
        client.execute(env={**environment, "TFDS_DATA_DIR": folder, "COURSE_PROFILE": "quick"})
    return {
        **json.loads(last.outputs[0].text),
        **printed_numbers(notebook),
        **neighbours_of_the_same_class(notebook),
    }


def neighbours_of_the_same_class(notebook: nbformat.NotebookNode) -> dict[str, int]:
    """Return the two shares, in per cent, from the words of the figure: later cells fine-tune."""
    (figure,) = (
        output.data["text/plain"]
        for cell in notebook.cells
        if "show_neighbours(" in cell.source
        for output in cell.outputs
    )
    shares = re.search(r"(\d+) % with random weights and (\d+) % pretrained", figure)
    names = ("same class, random weights", "same class, pretrained")
    return dict(zip(names, map(int, shares.groups()), strict=True))


def printed_numbers(notebook: nbformat.NotebookNode) -> dict[str, float]:
    """Return what the two small experiments of the notebook printed."""
    lines = [
        line
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "stream"
        for line in output.text.splitlines()
    ]
    compiled = {
        name: float(value)
        for name, _, value in (line.partition(": changed by ") for line in lines)
        if value
    }
    moving = [
        float(line.rsplit(maxsplit=1)[1])
        for line in lines
        if line.startswith("moving mean changed")
    ]
    names = ("moving mean, training=False", "moving mean, trainable = False")
    return {**compiled, **dict(zip(names, moving, strict=True))}


def judge(runs: dict[str, dict[str, float]]) -> dict[str, dict[str, bool]]:
    """Return for each claim by seed whether it holds."""
    return {
        claim: {seed: holds(numbers) for seed, numbers in runs.items()}
        for claim, holds in CLAIMS.items()
    }


def table(record: dict) -> str:
    """Return the claims as a Markdown table."""
    lines = [
        "| claim of the notebook | holds with seeds | does not hold with |",
        "| --- | --- | --- |",
    ]
    for claim, seeds in judge(record["runs"]).items():
        good, bad = ([seed for seed, it in seeds.items() if it is holds] for holds in (True, False))
        lines.append(f"| {claim} | {', '.join(good)} | {', '.join(bad)} |")
    return "\n".join(lines)


def main() -> None:
    """Run the notebook with the seeds that the record lacks; print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=RECORD, help="the record, JSON")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    options = parser.parse_args()
    for seed in options.seeds:
        record = records.read(options.out) or {"runs": {}}
        if str(seed) in record["runs"]:
            continue
        start = time.perf_counter()
        record["runs"][str(seed)] = run_notebook(seed)
        print(f"seed {seed}: {time.perf_counter() - start:.0f} s", flush=True)
        record["claims"] = judge(record["runs"])
        record["origin"] = records.origin(
            "python -m tests.benchmarks.transfer_claims --out FILE.json",
            profile="quick",
            data="rendered_things and the compact DenseNet",
            seeds="of the weights, the order of images and dropout",
        )
        records.write(options.out, record)
    print(table(records.read(options.out)))


if __name__ == "__main__":
    main()
