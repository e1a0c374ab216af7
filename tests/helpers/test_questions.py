"""Short questions: one right answer each, and a reply to every answer."""

import math

import pytest

from helpers import questions


@pytest.mark.parametrize("name", questions.QUESTIONS)
def test_a_question_has_one_right_answer_and_a_reply_to_each(name):
    question = questions.ask(name)
    assert [option.right for option in question.options].count(True) == 1
    assert len({option.reply for option in question.options}) == len(question.options) >= 3


@pytest.mark.parametrize("name", questions.QUESTIONS)
def test_choosing_is_answered_at_once(name):
    question = questions.ask(name)
    assert question.panel.children[1].index is None, "nothing is chosen before"
    for index, option in enumerate(question.options):
        question.buttons.index = index
        assert ("Yes." in question.reply.value) == option.right
        assert 'aria-live="polite"' in question.reply.value


def test_without_a_front_end_the_text_is_there_and_the_answer_is_not():
    question = questions.ask("softmax-twice")
    bundle = question._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    for text in bundle.values():
        for option in question.options:
            assert option.text in text
            assert option.reply not in text


def test_what_the_replies_claim_is_true():
    largest = math.e / (math.e + 9)  # softmax of (1, 0, ..., 0)
    assert round(100 * largest) == 23
    assert round(math.e / (math.e + 1), 2) == 0.73


def test_an_unknown_question_names_the_known_ones():
    with pytest.raises(ValueError, match="only: which-curve"):
        questions.ask("weather")
