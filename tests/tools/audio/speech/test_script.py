"""Sentences, their language, and pieces for one breath."""

import pytest

from tools.audio.speech.lexicon import Lexicon
from tools.audio.speech.script import LONGEST, language_of, lines, pieces


def texts(text: str) -> list[str]:
    return [line.text for line in lines(text)]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Dr. Smith paid $3.50. Then he left.", ["Dr. Smith paid $3.50.", "Then he left."]),
        ("It was 5 p.m. on Monday.", ["It was 5 p.m. on Monday."]),
        ("It was 5 p.m. He left.", ["It was 5 p.m.", "He left."]),
        ("J. R. Smith came.", ["J. R. Smith came."]),
        ("Wait… what?", ["Wait… what?"]),
        ('"Really?" she asked. "Yes."', ['"Really?" she asked.', '"Yes."']),
        ("你好！我来了。走吧", ["你好！", "我来了。", "走吧"]),
        ("“真的？”她问。", ["“真的？”", "她问。"]),
        ("Title\n\nText here.", ["Title", "Text here."]),
        ("...", []),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str, sentences: list[str]) -> None:
    assert texts(text) == sentences


@pytest.mark.parametrize(
    ("text", "language"),
    [("Hello", "en"), ("你好", "zh"), ("我用Python写代码", "zh"), ("The word 你好 means hello", "en"), ("123", "en")],
)
def test_a_sentence_has_the_language_of_most_of_it(text: str, language: str) -> None:
    assert language_of(text) == language


def said(text: str, lexicon: Lexicon) -> list[tuple[str, str]]:
    return [(piece.text, piece.pause) for _, piece in pieces(lines(text), lexicon)]


def test_each_sentence_is_one_piece_and_paragraphs_end_with_a_longer_pause(lexicon: Lexicon) -> None:
    text = "The dragon is on the castle. He can stop the world.\nHello big world."
    assert said(text, lexicon) == [
        ("The dragon is on the castle.", "sentence"), ("He can stop the world.", "paragraph"), ("Hello big world.", "paragraph"),
    ]  # fmt: skip


def test_a_very_short_sentence_is_said_with_the_next(lexicon: Lexicon) -> None:
    assert said("Stop. The dragon is on the castle.", lexicon) == [("Stop. The dragon is on the castle.", "paragraph")]


def test_a_heading_without_a_full_stop_falls_at_its_end(lexicon: Lexicon) -> None:
    (_, piece), *_ = pieces(lines("The big castle\nHello world."), lexicon)
    assert piece.phonemes.endswith(".")


def test_a_long_first_sentence_begins_with_its_first_clause(lexicon: Lexicon) -> None:
    text = "The dragon is on the castle and the hill, " + "and the big dragon is on the castle " * 4 + "and the hill."
    found = said(text, lexicon)
    assert found[0] == ("The dragon is on the castle and the hill,", "clause")
    assert len(found) == 2


def test_a_sentence_without_any_mark_is_cut_between_words_within_the_limit(lexicon: Lexicon) -> None:
    found = list(pieces(lines("dragon castle " * 100), lexicon))
    assert len(found) > 3
    assert all(len(piece.phonemes) <= LONGEST for _, piece in found)
    assert " ".join(piece.text for _, piece in found).split() == ["dragon", "castle"] * 100


def test_a_word_longer_than_the_limit_is_still_said(lexicon: Lexicon) -> None:
    found = list(pieces(lines("a" * 700), lexicon))
    assert found


def test_chinese_inside_an_english_sentence_keeps_its_chinese_sounds(lexicon: Lexicon) -> None:
    (_, piece), *_ = pieces(lines("The word 你好 is hello world to us."), lexicon)
    assert "ni↗xau↓" in piece.phonemes
    assert piece.language == "en"
