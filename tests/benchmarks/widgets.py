"""Measure how long an interactive figure needs, from a control's new value to the encoded picture.

    python tests/benchmarks/widgets.py --out widgets.json

Every control of every figure is moved through all its places, again and again. The time is that
of the kernel: computing, drawing, encoding as PNG. Sending it to a browser comes on top.
"""

import argparse
import datetime
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

COMMAND = "python tests/benchmarks/widgets.py"
BAR = 100.0  # milliseconds, for the median
MOVES = 60  # of each control
EXPLORERS = (
    "overfitting_explorer",
    "dropout_explorer",
    "batch_normalization_explorer",
    "labels_explorer",
    "freezing_explorer",
)


def moves_of(control) -> Iterator[Callable[[], None]]:
    """Yield functions that each move the control once, up through all its places and down again."""
    import ipywidgets

    if isinstance(control, ipywidgets.Button):
        trait, places = None, [None, None]
    elif control.has_trait("options"):
        trait, places = "index", list(range(len(control.options)))
    elif isinstance(control, ipywidgets.Checkbox):
        trait, places = "value", [False, True]
    else:
        steps = round((control.max - control.min) / control.step)
        trait, places = "value", [control.min + step * control.step for step in range(steps + 1)]
    there = places.index(getattr(control, trait)) if trait == "index" else 0
    way = [*places, *places[-2:0:-1]]
    while True:
        there = (there + 1) % len(way)
        place = way[there]
        if trait is None:
            yield control.click
        elif getattr(control, trait) != place:  # setting the same again would move nothing
            yield lambda place=place: setattr(control, trait, place)


def measure(name: str) -> dict[str, list[tuple[float, float]]]:
    """Return by control, for each move, the milliseconds that passed and those of the processor."""
    from helpers import widgets

    explorer = getattr(widgets, name)()
    explorer.show()  # builds what is built once
    times: dict[str, list[tuple[float, float]]] = {}
    for control_name, control in explorer.controls.items():
        times[control_name] = []
        moves = moves_of(control)
        for _ in range(MOVES):
            move = next(moves)
            before = explorer.picture.value
            start = time.perf_counter(), time.process_time()
            move()
            end = time.perf_counter(), time.process_time()
            times[control_name].append((1_000 * (end[0] - start[0]), 1_000 * (end[1] - start[1])))
            if explorer.picture.value is before:
                raise RuntimeError(f"{name}: moving {control_name!r} made no new picture")
    return times


def summarize(times: list[tuple[float, float]]) -> dict[str, float]:
    """Return median and 95th percentile; the processor's median stays small on a busy machine."""
    passed, processor = zip(*times, strict=True)
    return {
        "median_ms": round(statistics.median(passed), 1),
        "percentile_95_ms": round(statistics.quantiles(passed, n=20)[-1], 1),
        "processor_median_ms": round(statistics.median(processor), 1),
        "moves": len(times),
    }


def main() -> None:
    """Measure, print a table, write the numbers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="file for the numbers, as JSON")
    options = parser.parse_args()
    record = {
        "command": COMMAND,
        "date": datetime.date.today().isoformat(),
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("matplotlib", "ipywidgets", "numpy")},
        "processors": os.cpu_count(),
        "bar_ms": BAR,
        "explorers": {},
    }
    print(f"Milliseconds; the bar for the median is {BAR:.0f}.")
    print(f"{'':32} {'median':>9} {'95 %':>9} {'processor':>9}")
    for name in EXPLORERS:
        times = measure(name)
        whole = summarize([each for control in times.values() for each in control])
        whole["holds"] = whole["median_ms"] <= BAR
        whole["controls"] = {control: summarize(each) for control, each in times.items()}
        record["explorers"][name] = whole
        rows = {name: whole} | {f"  {control}": row for control, row in whole["controls"].items()}
        for label, row in rows.items():
            columns = (row["median_ms"], row["percentile_95_ms"], row["processor_median_ms"])
            print(f"{label:32} " + " ".join(f"{number:9.1f}" for number in columns))
    if options.out:
        options.out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
