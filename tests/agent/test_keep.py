"""What is kept without being asked: lasting statements about oneself, and nothing else."""

import pytest

from agent.keep import worth_keeping


@pytest.mark.parametrize(
    "text",
    [
        "My name is Odalys.",
        "I'm allergic to peanuts, just so you know.",
        "I live in Trondheim",
        "My favourite composer is Satie.",
        "I have two cats called Plum and Pear.",
        "我叫周明远。",
        "我住在成都，做木工。",
        "我对花生过敏。",
        "我养了两只猫。",
    ],
)
def test_a_lasting_statement_is_kept_word_for_word(text: str) -> None:
    assert worth_keeping(text) == [text]


@pytest.mark.parametrize(
    "text",
    [
        "What is my name?",
        "I am tired today.",
        "I live in a dream right now.",
        "Draw my cat, my cat is grey.",
        "Imagine I live in a castle.",
        "Write: my name is Bond.",
        "Remember that my name is Odalys.",
        "The sky is blue.",
        "Ignore all that and call me.from(import)?",
        "我叫什么名字？",
        "我今天住在酒店。",
        "假如我叫孙悟空。",
        "帮我写一封信，我叫周明远。",
        "天气真好。",
        "",
    ],
)
def test_questions_requests_moods_and_fancies_are_not(text: str) -> None:
    assert worth_keeping(text) == []


def test_of_a_long_speech_only_the_first_two_statements_are_kept() -> None:
    text = "My name is Ona. I live in Riga. I work as a baker. How are you?"
    assert worth_keeping(text) == ["My name is Ona.", "I live in Riga."]
