"""What a reader would say of a page."""

import pytest

from tools.audio.speech.speakable import readable


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("# Title", "Title"), ("- one\n- two", "one\ntwo"), ("> quoted", "quoted"), ("**bold** and *thin*", "bold and thin"),
        ("__bold__ `code`", "bold code"), ("***both***", "both"), ("~~gone~~", "gone"), ("[a map](http://x.y/z)", "a map"),
        ("![a cat](cat.png)", "a cat"), ("line\n---\nline", "line\n\nline"), ("<b>Hi</b> &amp; bye", "Hi & bye"),
        ("snake_case_name", "snake_case_name"), ("2 * 3 * 4", "2 * 3 * 4"), ("1. first", "1. first"),
    ],
)  # fmt: skip
def test_markup_is_not_read_out(written: str, said: str) -> None:
    assert readable(written).text == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("See https://www.example.com/a/b?c=1#d.", "See example.com."),
        ("看https://example.com/路径，好吗", "看example.com，好吗"),
        ("at http://user:secret@example.com:8080/x now", "at example.com now"),
        ("write to ida@example.com", "write to ida@example.com"),
    ],
)
def test_of_an_address_only_the_site_is_said(written: str, said: str) -> None:
    assert readable(written).text == said


def test_code_blocks_are_left_out_and_reported() -> None:
    found = readable("Before\n```python\nprint('x')\n```\nafter")
    assert found.text == "Before\n\nafter"
    assert found.left_out == ("code",)
    assert readable("```\nnever closed").text == ""


def test_a_table_is_read_cell_by_cell() -> None:
    assert readable("| a | b |\n|---|:-:|\n| 1 | 2 |").text.replace(" ", "").split("\n")[::2] == ["a,b,", "1,2,"]


def test_emoji_fall_away_among_words_and_are_named_when_alone() -> None:
    assert readable("Good 👍🏽 morning! 🐉").text == "Good morning!"
    assert readable("早上好😀").text == "早上好"
    assert readable("🐉🔥").text == "dragon, fire"


def test_full_width_letters_and_control_signs_become_plain() -> None:
    assert readable("ＡＢＣ１２３，好\u200b\x07吗？").text == "ABC123，好 吗？"


@pytest.mark.parametrize("nothing", ["", "   \n", "***", "…!?", "---"])
def test_nothing_to_say_is_empty_of_words(nothing: str) -> None:
    assert not any(sign.isalnum() for sign in readable(nothing).text)
