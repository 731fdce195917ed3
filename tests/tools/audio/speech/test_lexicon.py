"""How single words sound: dictionary, endings, letters, guess."""

import pytest

from tools.audio.speech.lexicon import Lexicon


@pytest.mark.parametrize(
    ("word", "sound"),
    [
        ("castle", "kˈæsᵊl"), ("Castle", "kˈæsᵊl"), ("CASTLE", "kˈæsᵊl"), ("Ida", "ˈIdə"), ("café", "kæfˈA"),
        ("And", "ˌænd"), ("and", "ænd"),
    ],
)  # fmt: skip
def test_known_words_are_found_however_they_are_written(lexicon: Lexicon, word: str, sound: str) -> None:
    assert lexicon.sound(word) == sound


@pytest.mark.parametrize(
    ("word", "sound"),
    [
        ("dragons", "dɹˈæɡənz"), ("stops", "stˈɑps"), ("boxes", "bˈɑksᵻz"), ("cities", "sˈɪɾiz"), ("dragon's", "dɹˈæɡənz"),
        ("dragon’s", "dɹˈæɡənz"), ("dragons'", "dɹˈæɡənz"), ("wanted", "wˈɑntᵻd"), ("waited", "wˈAɾᵻd"), ("liked", "lˈIkt"),
        ("played", "plˈAd"), ("carried", "kˈɛɹid"), ("stopped", "stˈɑpt"), ("waiting", "wˈAɾɪŋ"), ("liking", "lˈIkɪŋ"),
        ("stopping", "stˈɑpɪŋ"), ("goodness", "ɡˈʊdnəs"),
    ],
)  # fmt: skip
def test_endings_are_put_on_by_rule(lexicon: Lexicon, word: str, sound: str) -> None:
    assert lexicon.sound(word) == sound


def test_acronyms_are_spelled_with_the_last_letter_stressed(lexicon: Lexicon) -> None:
    assert lexicon.sound("DVD") == "ˌdˌvˈd"
    assert lexicon.sound("B") == "ˈb"


def test_the_country_is_spelled_and_the_pronoun_is_not(lexicon: Lexicon) -> None:
    assert lexicon.sound("US") == "ˌuˈs"
    assert lexicon.sound("us") == "ˌʌs"


def test_parts_of_compound_words_are_looked_up(lexicon: Lexicon) -> None:
    assert lexicon.sound("big-city") == "bˈɪɡ sˈɪɾi"
    assert lexicon.sound("iPhone") == "ˈIfˈOn"
    assert lexicon.sound("twenty-one") == "twˌɛntiwˈʌn"


def test_a_word_sounds_by_its_part_of_speech(lexicon: Lexicon) -> None:
    assert lexicon.sound("record", "VERB") == "ɹəkˈɔɹd"
    assert lexicon.sound("record", "NOUN") == "ɹˈɛkəɹd"
    assert lexicon.sound("record") == "ɹˈɛkəɹd"


def test_an_unknown_word_is_guessed_once(lexicon: Lexicon) -> None:
    guesses: list[str] = []
    counting = Lexicon({}, {}, lambda word: guesses.append(word) or "ɡˈɛs")
    assert [counting.sound("Zyx"), counting.sound("zyx")] == ["ɡˈɛs", "ɡˈɛs"]
    assert guesses == ["zyx"]


def test_a_word_that_nobody_can_say_is_spelled_by_the_letters_that_have_names(lexicon: Lexicon) -> None:
    silent = Lexicon({"Q": "kjˈu"}, {}, lambda word: "")
    assert silent.sound("qqqqqqq") == "kjˌu" * 6 + "kjˈu"
    assert silent.sound("ъ") == ""
