"""The record of the solutions in `full` says that all of them reached their end with all points."""

import re

from helpers.paths import ASSIGNMENTS
from tests.benchmarks import full, record
from tests.grading import bank


def test_every_solution_went_to_its_end_in_full_and_every_check_gave_all_points():
    recorded = record.read(full.RECORD)
    assert (recorded["profile"], recorded["data"]) == ("full", "cifar10")
    assert set(recorded["rows"]) == set(ASSIGNMENTS)
    for name, row in recorded["rows"].items():
        assert (row["errors"], row["stderr"]) == ([], [])
        found = [
            re.match(r"(\w+): (\d+) of (\d+) points", line).groups() for line in row["reports"]
        ]
        checks = [each.check for each in bank.EXERCISES.values() if each.notebook == name]
        assert [check for check, _, _ in found] == checks
        assert all(points == out_of for _, points, out_of in found)
