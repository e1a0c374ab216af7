"""The bank itself: large enough, whole, and its table counts what went wrong."""

import difflib
import io
import tokenize
from dataclasses import replace
from types import SimpleNamespace

import pytest

from helpers.checks import messages
from tests.grading import bank, bank_table

BUILDING = ("model_cell", "head_cell")  # the exercises that build a model
ANSWERS = [answer for cell in bank.EXERCISES for answer in bank.read_answers(cell)]
NEAR = [answer for answer in ANSWERS if answer.near]


@pytest.mark.parametrize("cell", bank.EXERCISES)
def test_there_are_enough_answers_and_no_two_are_the_same(cell):
    answers = bank.read_answers(cell)
    right = sum(answer.right for answer in answers)
    least = (12, 25) if cell in BUILDING else (5, 10)
    assert right >= least[0]
    assert len(answers) - right >= least[1]
    assert len({answer.source for answer in answers}) == len(answers)


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda each: f"{each.exercise.cell}-{each}")
def test_an_answer_says_what_it_is_and_what_it_has_to_get(answer):
    known = messages.MESSAGES[answer.exercise.check]
    assert answer.about
    assert answer.source.strip()
    assert set(answer.advice) | set(answer.perhaps) <= set(known)
    assert not (answer.right and answer.perhaps)
    if answer.right:
        assert (answer.findings, answer.loses) == ((), 0)
    else:
        assert answer.findings == (bank.STOPPED,) or set(answer.findings) <= set(known)
        assert answer.findings
        assert answer.loses > 0


def tokens(answer):
    source = "\n".join(line.rstrip() for line in answer.source.splitlines())
    skipped = (tokenize.COMMENT, tokenize.NL)
    read = tokenize.generate_tokens(io.StringIO(source).readline)
    return [token.string for token in read if token.type not in skipped]


@pytest.mark.parametrize("answer", NEAR, ids=lambda each: f"{each.exercise.cell}-{each}")
def test_a_near_miss_differs_by_a_single_token(answer):
    right = bank.ANSWERS / answer.exercise.cell / "right" / f"{answer.near}.py"
    pair = tokens(bank.read_answer(right)), tokens(answer)
    changes = difflib.SequenceMatcher(None, *pair, autojunk=False).get_opcodes()
    spans = [max(b - a, d - c) for kind, a, b, c, d in changes if kind != "equal"]
    assert spans == [1]


def test_there_are_near_misses_of_each_notebook():
    assert {answer.exercise.notebook for answer in NEAR} == {
        exercise.notebook for exercise in bank.EXERCISES.values()
    }


def outcome(*findings, loses=0.0, advice=()):
    return bank.Outcome(findings, loses, advice, "")


def test_what_was_graded_wrongly_has_a_name():
    exercise = bank.EXERCISES["model_cell"]
    right = bank.Answer(exercise, "x", True, "", "", advice=("many-parameters",))
    wrong = bank.Answer(exercise, "x", False, "", "", ("no-softmax",), 1)
    assert bank.wrongly_graded(right, outcome(advice=("many-parameters",))) == ""
    assert bank.wrongly_graded(right, outcome("no-softmax", loses=1)) == "false reject"
    assert bank.wrongly_graded(right, outcome()) == "wrong finding"
    assert bank.wrongly_graded(wrong, outcome("no-softmax", loses=1)) == ""
    assert bank.wrongly_graded(wrong, outcome()) == "false accept"
    assert bank.wrongly_graded(wrong, outcome("no-softmax", loses=2)) == "wrong finding"
    assert bank.wrongly_graded(wrong, outcome("no-gradient", loses=1)) == "wrong finding"
    perhaps = replace(wrong, perhaps=("no-gradient",))
    assert bank.wrongly_graded(perhaps, outcome("no-softmax", loses=1)) == ""
    assert bank.wrongly_graded(perhaps, outcome("no-softmax", "no-gradient", loses=2)) == ""
    assert (
        bank.wrongly_graded(perhaps, outcome("no-softmax", "no-gradient", loses=1))
        == "wrong finding"
    )
    assert bank.wrongly_graded(perhaps, outcome("no-gradient", loses=1)) == "wrong finding"


def test_the_table_counts_by_exercise_and_in_all():
    graded = [
        ("head_cell", "right", ""),
        ("head_cell", "right", "false reject"),
        ("head_cell", "wrong", "wrong finding"),
        ("model_cell", "wrong", "false accept"),
    ]
    reports = [
        SimpleNamespace(when=when, user_properties=[(bank_table.PROPERTY, row)])
        for row in graded
        for when in ("setup", "call")
    ]
    title, head, model, whole = (line.split() for line in bank_table.lines_of(reports))
    assert " ".join(title) == "exercise " + " ".join(bank_table.COLUMNS)
    assert head == ["head_cell", "2", "1", "1", "0", "1"]
    assert model == ["model_cell", "0", "1", "0", "1", "0"]
    assert whole == ["all", "2", "2", "1", "1", "1"]
    assert bank_table.lines_of([SimpleNamespace(when="call", user_properties=[])]) == []
