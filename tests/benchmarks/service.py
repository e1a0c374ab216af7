"""Measure the HTTP service: a thousand requests from sixteen clients, and whether any is lost.

    python -m tests.benchmarks.service --out FILE.json [--pair real]

The models are those of `tests.benchmarks.deployment`. Each format is served by `course serve` in a
process of its own; the clients are threads of one process on the same machine, so they compete with
it for the cores. Every answer is compared with the model's. Baselines of the same run: one
`model.predict` at batch 1 without HTTP, and the same clients asking for `/health`.
"""

import argparse
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import numpy as np

from helpers.deployment.fresh_process import TOLERANCE, write_images
from tests.benchmarks import deployment
from tests.benchmarks import record as records
from tests.helpers.deployment.running_service import Service, running_service

if TYPE_CHECKING:
    import keras

    from helpers.deployment import Artifact

RECORD = Path(__file__).parent / "results" / "service.json"
REQUESTS, CLIENTS = 1_000, 16
FORMATS = ("litert_float32", "saved_model", "keras")
WARM_UP = 50  # requests


def ask(service: Service, numbers: range, contents: list[bytes]) -> list[httpx.Response]:
    """Send one client's share of the requests, one after another, over one connection."""
    with service.client() as client:
        return [
            client.post("/classify", files={"file": contents[number % len(contents)]})
            for number in numbers
        ]


def look_at_health(service: Service, numbers: range) -> list[httpx.Response]:
    """Ask as often without an image."""
    with service.client() as client:
        return [client.get("/health") for _ in numbers]


def side_by_side(client) -> tuple[list[httpx.Response], float]:
    """Run sixteen clients at once; return the answers in the order of requests, and seconds."""
    shares = [range(first, REQUESTS, CLIENTS) for first in range(CLIENTS)]
    start = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(client, shares))
    seconds = time.perf_counter() - start
    return [answers[number % CLIENTS][number // CLIENTS] for number in range(REQUESTS)], seconds


def summarize(answers: list[httpx.Response], seconds: float) -> dict[str, float]:
    """Return how many came back, how fast, and how long one took, in milliseconds."""
    taken = [1000 * answer.elapsed.total_seconds() for answer in answers]
    cuts = statistics.quantiles(taken, n=100)
    return {
        "answered": sum(answer.status_code == 200 for answer in answers),
        "requests_a_second": round(len(answers) / seconds),
        "median_ms": round(statistics.median(taken), 2),
        "p95_ms": round(cuts[94], 2),
        "p99_ms": round(cuts[98], 2),
        "longest_ms": round(max(taken), 2),
    }


def count_wrong(answers: list[httpx.Response], expected: np.ndarray, names: tuple) -> int:
    """Return how many answers are not the model's own."""
    wrong = 0
    for number, answer in enumerate(answers):
        said = {each["name"]: each["probability"] for each in answer.json()["classes"]}
        found = np.array([said[name] for name in names])
        wanted = expected[number % len(expected)]
        near = np.abs(found - wanted).max() <= TOLERANCE
        wrong += not (near and found.argmax() == wanted.argmax())
    return wrong


def serve(artifact: "Artifact", contents: list[bytes], expected: np.ndarray) -> dict:
    """Measure one format."""
    with tempfile.TemporaryDirectory() as folder, running_service(artifact, Path(folder)) as one:
        ask(one, range(WARM_UP), contents)
        answers, seconds = side_by_side(lambda numbers: ask(one, numbers, contents))
        health, health_seconds = side_by_side(lambda numbers: look_at_health(one, numbers))
        alone = ask(one, range(100), contents)
    row = {
        **summarize(answers, seconds),
        "wrong": count_wrong(answers, expected, artifact.class_names),
        "median_ms_of_one_client_alone": round(
            statistics.median(1000 * answer.elapsed.total_seconds() for answer in alone), 2
        ),
        "health": summarize(health, health_seconds),
    }
    row["median_against_health"] = round(row["median_ms"] / row["health"]["median_ms"], 2)
    return row


def time_predict(model: "keras.Model", images: np.ndarray) -> float:
    """Return the median milliseconds of `model.predict` for one image, after a warm-up."""
    taken = []
    for number in range(60):
        image = images[number : number + 1]
        start = time.perf_counter()
        model.predict(image, verbose=0)
        taken.append(1000 * (time.perf_counter() - start))
    return statistics.median(taken[10:])


def main() -> None:
    """Measure one pair, write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=RECORD, help="the record, JSON")
    parser.add_argument("--pair", choices=deployment.PAIRS, default="embedded")
    options = parser.parse_args()
    delivered = deployment.load(options.pair, options.out)
    expected = delivered.model.predict(delivered.images, verbose=0)
    with tempfile.TemporaryDirectory() as folder:
        contents = [path.read_bytes() for path in write_images(delivered.images, folder)]
    baseline = time_predict(delivered.model, delivered.images)
    rows = {}
    with deployment.exported(delivered, FORMATS) as artifacts:
        for name, artifact in artifacts.items():
            row = rows[name] = serve(artifact, contents, expected)
            alone = row["median_ms_of_one_client_alone"]
            row["predict_against_one_client_alone"] = round(baseline / alone, 2)
            print(name, row, flush=True)
    command = f"python -m tests.benchmarks.service --out FILE.json --pair {options.pair}"
    record = records.read(options.out)
    record[options.pair] = {
        "origin": records.origin(
            command,
            **delivered.about,
            runtimes={name: version(name) for name in deployment.RUNTIMES},
        ),
        "requests": REQUESTS,
        "clients": CLIENTS,
        "predict_median_ms": round(baseline, 2),
        "formats": rows,
    }
    records.write(options.out, record)


if __name__ == "__main__":
    main()
