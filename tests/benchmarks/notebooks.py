"""Measure how long the solutions take, with no network and nothing prepared on disk.

    python -m tests.benchmarks.notebooks --out FILE.json

Each runs in a network namespace that has only loopback, from an empty cache: the embedded data set
is drawn anew. The baseline of the same run is a process that imports TensorFlow and ends.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from helpers.paths import ASSIGNMENTS
from tests.benchmarks import record
from tests.notebooks import offline

LIMITS = {"quick": 180, "grade": 60}  # seconds, on two cores


def main() -> None:
    """Measure, print a table, and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="the record, JSON")
    options = parser.parse_args()
    if reason := offline.why_not():
        sys.exit(f"Not measured: {reason}.")
    baseline = import_tensorflow()
    rows = {}
    print(f"import of TensorFlow: {baseline:.1f} s", flush=True)
    for profile, limit in LIMITS.items():
        for name in ASSIGNMENTS:
            with tempfile.TemporaryDirectory() as cache:
                finished = offline.run_offline(name, profile, Path(cache))
            seconds = finished["seconds"]
            rows[f"{name}, {profile}"] = {
                "seconds": round(seconds, 1),
                "ratio": round(seconds / baseline, 1),
                "bar": f"under {limit} s",
                "holds": seconds < limit and not finished["errors"],
            }
            print(f"{name}, {profile}: {rows[f'{name}, {profile}']}", flush=True)
    command = f"python -m tests.benchmarks.notebooks --out {options.out.name}"
    record.write(
        options.out,
        {
            **record.origin(command, data="rendered_things, drawn anew for each run"),
            "import_of_tensorflow_seconds": round(baseline, 2),
            "rows": rows,
        },
    )


def import_tensorflow() -> float:
    """Return the seconds of a fresh process that imports TensorFlow; the better of two."""
    program = "from helpers.quiet import import_tensorflow; import_tensorflow()"
    taken = []
    for _ in range(2):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", program], check=True)
        taken.append(time.perf_counter() - started)
    return min(taken)


if __name__ == "__main__":
    main()
