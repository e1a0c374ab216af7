"""The table of the bank of answers, printed after the tests."""

from tests.grading import bank_table


def pytest_terminal_summary(terminalreporter):
    """Print the table, if answers of the bank were graded; with xdist in the main process only."""
    reports = [report for group in terminalreporter.stats.values() for report in group]
    if lines := bank_table.lines_of(reports):
        terminalreporter.section("bank of answers")
        for line in lines:
            terminalreporter.write_line(line)
