"""The record of the solutions in `full` says that all of them reached their end with all points."""

import re

from helpers.paths import ASSIGNMENTS
from tests.benchmarks import full, record


def test_every_solution_went_to_its_end_in_full_and_got_all_points():
    recorded = record.read(full.RECORD)
    assert set(recorded["rows"]) == set(ASSIGNMENTS)
    for row in recorded["rows"].values():
        assert (row["errors"], row["stderr"]) == ([], [])
        assert row["reports"]
        for report in row["reports"]:
            got, of = re.search(r"(\d+) of (\d+) points", report).groups()
            assert got == of
    assert {recorded["profile"], recorded["data"]} == {"full", "cifar10"}
