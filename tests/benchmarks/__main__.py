"""Run every benchmark: `make bench`, or `python -m tests.benchmarks [NAME ...]`.

Each prints its ratios and writes a record. What a record holds already is not measured again, so a
run that was broken off goes on; `--out` names another folder for a fresh one.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from helpers import cifar10
from helpers.paths import course_root

BENCHMARKS = {
    "widgets": "time from moving a control to the new picture",
    "checks": "time of the checks against a first training step",
    "notebooks": "time of the solutions without a network",
    "full": "the solutions in `full`, where CIFAR-10 is present: about an hour",
    "handover": "how models come back that a judge has to open without their code",
    "grading": "time and memory of grading a class",
    "features": "training on stored features against the usual loop",
    "transfer_claims": "what the transfer notebook claims, five seeds, embedded pair",
    "deployment": "what exported models cost, and whether they say the same",
    "service": "a thousand requests over HTTP from sixteen clients",
    "claims": "what the course claims, five seeds, embedded and, where they are present, real data",
}
# These are run a second time on CIFAR-10 and a real backbone, where both are present.
WITH_REAL_DATA = ("deployment", "service", "claims")


def main() -> None:
    """Run the chosen benchmarks one after another; exit with 1 if one of them failed."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--out", type=Path, default=course_root() / "bench", help="the folder")
    options = parser.parse_args()
    if unknown := set(options.names) - set(BENCHMARKS):
        parser.error(f"There is no {', '.join(sorted(unknown))}. Choose from: {list(BENCHMARKS)}.")
    failed = []
    for name in options.names or BENCHMARKS:
        print(f"\n== {name}: {BENCHMARKS[name]}", flush=True)
        for arguments in commands(name, options.out / f"{name}.json"):
            module = f"tests.benchmarks.{name}"
            finished = subprocess.run([sys.executable, "-m", module, *arguments], cwd=course_root())
            if finished.returncode:
                failed.append(name)
    sys.exit(f"Failed: {', '.join(failed)}" if failed else 0)


def commands(name: str, out: Path) -> list[list[str]]:
    """Return the arguments of each call that a benchmark takes."""
    arguments = [["--out", str(out)]]
    weights = os.environ.get("COURSE_MOBILENET")
    if name in WITH_REAL_DATA and weights and cifar10.is_prepared():
        arguments.append(["--out", str(out), "--pair", "real"])
    return arguments


if __name__ == "__main__":
    main()
