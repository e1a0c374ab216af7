"""The page of all findings says what the checks say, and what it costs."""

import re

import pytest

from helpers.checks import criteria, messages
from helpers.instructor import findings
from helpers.paths import course_root
from tests.grading import bank

NUMBER = re.compile(r"\*\*`([a-z-]+)`\*\*, (?:(\d+) points?|advice) \((.*)\)")


@pytest.fixture(scope="module")
def listed():
    """By check and finding, what the page says that it costs."""
    known = {}
    for section in findings.page(course_root()).split("\n## ")[1:]:
        check = section.partition("`")[2].partition("`")[0]
        known |= {(check, name): int(cost or 0) for name, cost, _ in NUMBER.findall(section)}
    return known


def test_every_finding_of_every_check_is_listed(listed):
    assert set(listed) == {
        (check, name) for check, some in messages.MESSAGES.items() for name in some
    }


def test_the_words_are_those_of_the_check_with_places_for_what_was_seen():
    page = findings.page(course_root())
    assert "> For [count] of [all] images the ten numbers are not finite (`nan` or `inf`)." in page
    assert "{" not in page


@pytest.mark.parametrize("cell", bank.EXERCISES)
def test_an_answer_with_a_single_finding_loses_what_the_page_says(cell, listed):
    check = bank.EXERCISES[cell].check
    single = [
        (answer.name, answer.findings[0], answer.loses)
        for answer in bank.read_answers(cell)
        if len(answer.findings) == 1 and answer.findings != (bank.STOPPED,)
    ]
    assert len(single) >= 5
    cheaper = [(n, f, loses) for n, f, loses in single if loses != listed[check, f]]
    # Nothing else can be looked at in an export of which nothing can be opened.
    whole = sum(criterion.points for criterion in criteria()[check])
    assert [row for row in cheaper if not (check == "check_export" and row[2] == whole)] == []


def test_every_finding_is_what_some_answer_of_the_bank_gets(listed):
    got = {
        finding
        for cell in bank.EXERCISES
        for answer in bank.read_answers(cell)
        for finding in (*answer.findings, *answer.advice)
    }
    # No answer to the exercises makes a file that does not run; `test_check_deployment` does.
    assert {name for _, name in listed} - got == {"does-not-run"}


def test_what_somebody_else_wrote_is_short_and_can_be_stored_in_a_finding():
    found = messages.finding("check_model", "not-a-model", reason="\ud800" + 10**7 * "x")
    assert found.seen.startswith("?xxx")
    assert len(found.seen) < 600
