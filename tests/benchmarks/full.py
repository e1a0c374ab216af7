"""Run the solutions in `full`, all images and all epochs, and record what came of it.

    TFDS_DATA_DIR=DIR python -m tests.benchmarks.full --out FILE.json [ASSIGNMENT ...]

The data is CIFAR-10. Where Keras has no weights file of DenseNet201, the run makes one of random
numbers: every step is the same, and no accuracy that rests on it means anything, so none is kept.
A notebook that the record holds already is not run again, unless it ended with an error.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from helpers import cifar10, densenet
from helpers.instructor import build
from helpers.paths import ASSIGNMENTS, course_root
from helpers.quiet import import_tensorflow
from tests.benchmarks import record as records
from tests.imagenet_weights import write_as_keras_downloads

RECORD = Path(__file__).parent / "results" / "full.json"
SEED = "none: the notebooks set none, so accuracies differ from run to run"


def main() -> None:
    """Run what the record lacks, print how it goes, and write the record after each notebook."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="the record, JSON")
    parser.add_argument("names", nargs="*", metavar="ASSIGNMENT", help=", ".join(ASSIGNMENTS))
    options = parser.parse_args()
    if not cifar10.is_prepared():
        print("Not measured: CIFAR-10 is not here. `course data get cifar10` fetches it.")
        return
    record = records.read(options.out)
    rows = record.get("rows", {})
    with tempfile.TemporaryDirectory() as home:
        about = _weights(Path(home))
        for name in options.names or ASSIGNMENTS:
            if name in rows and not rows[name]["errors"]:
                continue
            rows[name] = run(name)
            command = f"python -m tests.benchmarks.full --out {options.out.name}"
            facts = {"profile": "full", "data": "cifar10", "weights": about, "seed": SEED}
            records.write(options.out, {**records.origin(command, **facts), "rows": rows})
    if failed := [name for name, row in rows.items() if row["errors"]]:
        sys.exit(f"These did not go to their end without an error: {', '.join(failed)}.")


def _weights(home: Path) -> str:
    """Return which weights DenseNet201 has; make some in `home` where Keras has none."""
    if densenet.imagenet_weights_path().is_file():
        return "ImageNet"
    import_tensorflow()
    import keras

    os.environ["KERAS_HOME"] = str(home)
    (home / "models").mkdir()
    keras.utils.set_random_seed(0)
    backbone = densenet.build_backbone("full", weights="random")
    write_as_keras_downloads(backbone, home / "models" / densenet.IMAGENET_WEIGHTS_FILE)
    return "random numbers, seed 0"


def run(name: str) -> dict:
    """Run a solution to its end in `full`.

    Args:
        name: the assignment.

    Returns:
        `seconds`, of the whole; `slow_cells`, by id the seconds of those above ten; `errors`, what
        cells raised; `stderr`, what they wrote; `reports`, the first line of each check's.
    """
    from nbclient import NotebookClient

    os.environ["COURSE_PROFILE"] = "full"
    notebook = build.read_solution(course_root() / "solutions" / name / f"{name}.py")
    ended = started = time.perf_counter()
    slow_cells = {}

    def note(cell, **_) -> None:
        nonlocal ended
        taken, ended = time.perf_counter() - ended, time.perf_counter()
        print(f"{name}, {cell.id}: {taken:.0f} s", flush=True)
        if taken > 10:
            slow_cells[cell.id] = round(taken)

    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(
            notebook,
            timeout=None,
            extra_arguments=["--log-level=40"],  # errors only
            allow_errors=True,
            resources={"metadata": {"path": folder}},
            skip_cells_with_tag="hand-in",
            on_cell_executed=note,
        ).execute()
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    texts = [out.get("data", {}).get("text/plain", "") for out in outputs]
    return {
        "seconds": round(ended - started),
        "slow_cells": slow_cells,
        "errors": [out.evalue for out in outputs if out.output_type == "error"],
        "stderr": [out.text for out in outputs if out.get("name") == "stderr"],
        "reports": [text.splitlines()[0] for text in texts if text.startswith("check_")],
    }


if __name__ == "__main__":
    main()
