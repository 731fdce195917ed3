"""Which language a text is in."""

import pytest

from agent.language import language_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Paint me a harbour", "en"),
        ("画一座港口", "zh"),
        ("用 Python 写一个 hello world 程序", "zh"),
        ("What does 你好 mean in English, please tell me?", "en"),
        ("¿Dónde está la biblioteca?", "en"),
    ],
)
def test_the_script_of_most_words_decides(text: str, expected: str) -> None:
    assert language_of(text) == expected


def test_text_without_letters_keeps_the_language_of_before() -> None:
    assert language_of("3 + 4 = ?", "zh") == "zh"
    assert language_of("🙂", "en") == "en"
