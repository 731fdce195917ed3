"""Pinyin in Kokoro's alphabet."""

import pytest
from pypinyin import Style, pinyin
from pypinyin.pinyin_dict import pinyin_dict

from tools.audio.speech.pinyin import phonemes

KOKORO = set(
    ';:,.!?—…"()“” ̃ʣʥʦʨᵝꭧAIOQSTWYᵊabcdefhijklmnopqrstuvwxyzɑɐɒæβɔɕçɖðʤəɚɛɜɟɡɥɨɪʝɯɰŋɳɲɴøɸθœɹɾɻʁɽʂʃʈʧʊʋʌɣɤχʎʒʔˈˌːʰʲ↓→↗↘ᵻ'
)


@pytest.mark.parametrize(
    ("syllable", "sound"),
    [
        ("ma1", "ma→"), ("hang2", "xa↗ŋ"), ("wo3", "wo↓"), ("shi4", "ʂɨ↘"), ("zi5", "ʦɨ"), ("xue2", "ɕɥe↗"), ("nv3", "ny↓"),
        ("lve4", "lɥe↘"), ("yuan2", "ɥɛ↗n"), ("jun1", "ʨy→n"), ("liu4", "ljou↘"), ("gui4", "kwei↘"), ("dun1", "twə→n"),
        ("er4", "ɚ↘"), ("yi1", "i→"), ("wu3", "u↓"), ("you3", "jou↓"), ("weng1", "wə→ŋ"), ("bo1", "pwo→"), ("zhong1", "ꭧʊ→ŋ"),
    ],
)  # fmt: skip
def test_syllables_of_every_kind(syllable: str, sound: str) -> None:
    assert phonemes(syllable) == sound


def test_every_syllable_of_every_character_has_a_sound_that_the_model_knows() -> None:
    syllables = {
        syllable
        for code in pinyin_dict
        for syllable in pinyin(chr(code), style=Style.TONE3, heteronym=True, neutral_tone_with_five=True)[0]
    }
    assert len(syllables) > 1500
    assert {sign for syllable in syllables for sign in phonemes(syllable)} <= KOKORO


@pytest.mark.parametrize("wrong", ["", "ma", "xyz1", "ma6", "bang"])
def test_what_is_no_syllable_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="not a pinyin syllable"):
        phonemes(wrong)
