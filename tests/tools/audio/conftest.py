"""A small dictionary and a voice that hums, so that the text front end and the tool run without weights.

The hum keeps the model's promises: so many frames of 25 ms a phoneme, silence around, samples that match the frames.
"""

import numpy as np
import pytest

from tools.audio.speech.kokoro import FRAME, SAMPLE_RATE, Sound
from tools.audio.speech.lexicon import Lexicon

GOLD = {
    **{letter: f"ˈ{letter.lower()}" for letter in "BDEFGJKLMNPQRSTUVWXYZ"},
    "A": "ˈA", "C": "sˈi", "H": "ˈAʧ", "I": "ˈI", "O": "ˈO",
    "castle": "kˈæsᵊl", "dragon": "dɹˈæɡən", "apple": "ˈæpᵊl", "hello": "həlˈO", "world": "wˈɜɹld", "hill": "hˈɪl",
    "and": "ænd", "it": "ɪt", "is": "ɪz", "on": "ˌɔn", "he": "hi", "she": "ʃi", "we": "wi", "of": "ʌv", "city": "sˈɪɾi",
    "to": "tu", "a": "A", "the": "ði", "want": "wˈɑnt", "stop": "stˈɑp", "like": "lˈIk", "box": "bˈɑks", "cafe": "kæfˈA",
    "play": "plˈA", "carry": "kˈɛɹi", "wait": "wˈAt", "phone": "fˈOn", "us": "ˌʌs", "big": "bˈɪɡ", "good": "ɡˈʊd",
    "twenty": "twˈɛnti", "twenty-one": "twˌɛntiwˈʌn", "two": "tˈu", "three": "θɹˈi", "five": "fˈIv", "point": "pˈYnt",
    "dollars": "dˈɑləɹz", "dollar": "dˈɑləɹ", "one": "wˈʌn", "doctor": "dˈɑktəɹ", "smith": "smˈɪθ", "yesterday": "jˈɛstəɹdˌA",
    "US": {"DEFAULT": "ˌʌs", "NOUN": None},
    "use": {"DEFAULT": "jˈuz", "NOUN": "jˈus"},
    "used": {"DEFAULT": "jˈuzd", "VBD": "jˈust"},
    "record": {"DEFAULT": "ɹˈɛkəɹd", "VERB": "ɹəkˈɔɹd"},
    "read": {"DEFAULT": "ɹˈid", "VBD": "ɹˈɛd", "VBN": "ɹˈɛd"},
    "can": {"DEFAULT": "kæn", "None": "kˈæn"},
}  # fmt: skip


def spell_backwards(word: str) -> str:
    """A guess that can be recognised as one."""
    return "ʔ" + word[::-1]


class Hum:
    """Two frames a phoneme, a low tone where there is sound, silence of 4 and 1 frames around it."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.said: list[tuple[str, str, float]] = []

    def say(self, phonemes: str, voice: str, speed: float = 1.0) -> Sound:
        self.said.append((phonemes, voice, speed))
        length = 2 * len(phonemes) * FRAME
        tone = 0.1 * np.sin(2 * np.pi * 180 * np.arange(length) / SAMPLE_RATE)
        samples = np.concatenate([np.zeros(4 * FRAME), tone, np.zeros(FRAME)]).astype(np.float32)
        return Sound(samples, phonemes, (2,) * len(phonemes), lead=4, tail=1)


@pytest.fixture
def lexicon() -> Lexicon:
    return Lexicon(GOLD, {"Ida": "ˈIdə"}, spell_backwards)


@pytest.fixture
def hum(lexicon: Lexicon) -> Hum:
    return Hum(lexicon)
