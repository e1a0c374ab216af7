"""Measure one artifact: `python stopwatch.py ARTIFACT --images X.npy --out FILE ...`.

`helpers.deployment.cost` runs this file in a fresh process. It imports nothing of the course but
what the artifact carries, so that memory and times are those of the artifact alone.
"""

import argparse
import importlib.util
import json
import time
from pathlib import Path

import numpy as np

LONGEST = 20.0  # seconds for the timed calls of one batch size; slow models get fewer calls
FEWEST = 5  # calls


def seconds_of(action):
    """Return what a call returns, and the seconds it took."""
    start = time.perf_counter()
    result = action()
    return result, time.perf_counter() - start


def time_calls(predict, batch, repetitions, warm_up):
    """Return the seconds of each timed call of `predict` on one batch, after a warm-up."""
    for _ in range(warm_up):
        predict(batch)
    taken = []
    while len(taken) < repetitions and (sum(taken) < LONGEST or len(taken) < FEWEST):
        taken.append(seconds_of(lambda: predict(batch))[1])
    return taken


def main():
    """Read the command line, measure, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("artifact", type=Path)
    parser.add_argument("--images", type=Path, required=True, help="float32 (n, h, w, 3), .npy")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--batches", type=int, nargs="+", required=True)
    parser.add_argument("--repetitions", type=int, required=True)
    parser.add_argument("--warm-up", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    options = parser.parse_args()

    spec = importlib.util.spec_from_file_location("predict", options.artifact / "predict.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    format = script.read_manifest(options.artifact)["format"]
    _, runtime = seconds_of(lambda: script.import_runtime(format, options.threads))
    predict, load = seconds_of(lambda: script.load_model(options.artifact, options.threads))

    images = np.load(options.images, mmap_mode="r")
    calls = {}
    for size in options.batches:
        batch = np.ascontiguousarray(np.resize(images[:size], (size, *images.shape[1:])))
        calls[size] = time_calls(predict, batch, options.repetitions, options.warm_up)
    memory = script.peak_memory()  # before all images are looked at
    parts = [
        predict(np.ascontiguousarray(images[start : start + script.AT_ONCE]))
        for start in range(0, len(images), script.AT_ONCE)
    ]
    result = {
        "runtime_seconds": runtime,
        "load_seconds": load,
        "calls": calls,
        "memory": memory,
        "classes": np.concatenate(parts).argmax(axis=1).tolist(),
    }
    options.out.write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()
