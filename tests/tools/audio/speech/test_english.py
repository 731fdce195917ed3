"""English sentences: weak forms, parts of speech, and what each word was written as."""

import pytest

from tools.audio.speech import english
from tools.audio.speech.lexicon import Lexicon
from tools.audio.speech.words import phonemes


def say(text: str, lexicon: Lexicon) -> str:
    return phonemes(english.words(text, lexicon))


def test_small_words_sound_by_what_follows(lexicon: Lexicon) -> None:
    assert say("the castle", lexicon) == "ðə kˈæsᵊl"
    assert say("the apple", lexicon) == "ði ˈæpᵊl"
    assert say("to castle", lexicon) == "tə kˈæsᵊl"
    assert say("to us", lexicon) == "tʊ ˌʌs"
    assert say("a dragon", lexicon) == "ɐ dɹˈæɡən"


def test_a_word_before_a_pause_takes_its_full_form(lexicon: Lexicon) -> None:
    assert say("he can stop", lexicon) == "hi kæn stˈɑp"
    assert say("he can.", lexicon) == "hi kˈæn."
    assert say("come in.", lexicon).endswith("ˈɪn.")


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        ("to record", "ɹəkˈɔɹd"), ("the record is", "ɹˈɛkəɹd"), ("the use of it", "jˈus"), ("we use it", "jˈuz"),
        ("he used to read", "jˈust"), ("it is used to", "jˈuzd"), ("I read it yesterday", "ɹˈɛd"), ("I read it", "ɹˈid"),
    ],
)  # fmt: skip
def test_words_with_two_sounds_follow_their_neighbours(lexicon: Lexicon, text: str, sound: str) -> None:
    assert sound in say(text, lexicon).split()


def test_the_flap_is_written_as_the_voice_model_learned_it(lexicon: Lexicon) -> None:
    assert say("city", lexicon) == "sˈɪTi"


def test_a_number_stays_one_word_with_what_was_written(lexicon: Lexicon) -> None:
    words = english.words("Dr. Smith, $2.", lexicon)
    assert [(word.text, word.phonemes) for word in words] == [
        ("Dr.", "dˈɑktəɹ"), ("Smith", "smˈɪθ"), (",", ","), ("$2", "tˈu dˈɑləɹz"), (".", "."),
    ]  # fmt: skip


def test_quotes_open_and_close_and_touch_their_words(lexicon: Lexicon) -> None:
    assert say('"hello," he (big) and "stop"', lexicon) == "“həlˈO,” hi (bˈɪɡ) ænd “stˈɑp”"


def test_signs_without_sound_fall_away(lexicon: Lexicon) -> None:
    assert say("hello ^ world_", lexicon) == "həlˈO wˈɜɹld"
    assert english.words("", lexicon) == []
