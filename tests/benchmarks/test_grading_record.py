"""The record of what grading a class costs: whole, from one run, and within its bars."""

import itertools
import json
from pathlib import Path

from helpers.paths import course_root
from tests.benchmarks import grading

RECORD = json.loads(
    (Path(__file__).parent / "results" / "grading.json").read_text(encoding="utf-8")
)
ROWS = RECORD["rows"]
SMALL = [ROWS[f"small-{size}"] for size in grading.SIZES]


def test_forty_real_submissions_of_each_assignment_were_graded_in_every_way():
    for assignment in grading.EXERCISES:
        row = ROWS[assignment]
        assert row["students"] >= 40
        assert row["students_cold"] == grading.COLD
        assert set(row["seconds"]) == set(grading.WAYS)
        assert row["same_scores"]
        assert row["worker_megabytes"] > 0


def test_the_rows_follow_from_what_was_measured():
    assert grading.rows_of(RECORD["measured"]) == ROWS


def test_the_bars_hold():
    for assignment in grading.EXERCISES:
        assert ROWS[assignment]["overhead"] < grading.OVERHEAD
        assert ROWS[assignment]["two_workers_against_one"] >= grading.SPEED_UP


def test_the_cost_grows_linearly_up_to_a_thousand_submissions():
    assert [row["students"] for row in SMALL] == list(grading.SIZES)
    assert all(row["everybody_has_a_result"] for row in SMALL)
    # What comes on top of a start that costs the same in each class.
    steps = [
        (after["seconds"] - before["seconds"]) / (after["students"] - before["students"])
        for before, after in itertools.pairwise(SMALL)
    ]
    assert max(steps) < 1.5 * min(steps)


def test_the_readme_tells_the_recorded_numbers():
    told = " ".join((course_root() / "README.md").read_text(encoding="utf-8").split())
    judging = []
    for assignment in grading.EXERCISES:
        cold, one, two = (RECORD["measured"][f"{assignment}-{way}"] for way in grading.WAYS)
        numbers = (cold["each"], one["each"], two["each"], one["cells"])
        assert " | ".join([f"| `{assignment}`", *(f"{number:.1f}" for number in numbers)]) in told
        judging.append(f"{one['judging']:.1f}")
    assert f"Of one worker's seconds, judging takes {' and '.join(judging)}." in told
    memory = max(ROWS[assignment]["worker_megabytes"] for assignment in grading.EXERCISES) / 1000
    assert f"up to {memory:.1f} GB of memory" in told
    assert f"1,000 submissions took {SMALL[-1]['seconds']:.0f} s" in told
