"""One thread of TensorFlow for each process of tests; the table of the bank of answers."""

import os

from tests.grading import bank_table

# Side by side, TensorFlow's threads of one process only take time from the other one.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")


def pytest_terminal_summary(terminalreporter):
    """Print the table, if answers of the bank were graded; with xdist in the main process only."""
    reports = [report for group in terminalreporter.stats.values() for report in group]
    if lines := bank_table.lines_of(reports):
        terminalreporter.section("bank of answers")
        for line in lines:
            terminalreporter.write_line(line)
