"""How English words sound: two dictionaries, word endings by rule, letters for acronyms, and a guess for the rest.

The dictionaries are misaki's (Apache-2.0), in the phoneme alphabet that Kokoro was trained on. A few hundred words sound
differently by their part in the sentence ("a record", "to record"); the caller names that part.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

Part = Literal["NOUN", "VERB", "ADJ", "ADV", "VBD", "VBN", "DT", "None", ""]
"""Part of speech as the dictionary's variants are keyed; ``None`` is the form before a pause, empty is not known."""

Entry = str | Mapping[str, str | None]

VOWELS = frozenset("AIOQWYaiuæɑɒɔəɛɜɪʊʌᵻɐ")
_STRESS = "ˈˌ"
_FLAPS = frozenset("AIOWYiuæɑəɛɪɹʊʌ")
"""Sounds after which an American t before a vowel is flapped."""


class Lexicon:
    """Looks words up. Guesses are kept, since a story says its names again and again."""

    def __init__(self, gold: Mapping[str, Entry], silver: Mapping[str, Entry], guess: Callable[[str], str]) -> None:
        self._gold, self._silver, self._guess = gold, silver, guess
        self._guesses: dict[str, str] = {}

    @classmethod
    def load(cls, folder: Path) -> "Lexicon":
        """Read ``us_gold.json``, ``us_silver.json`` and ``oov_bart_en_us.npz`` from ``folder``."""
        from tools.audio.speech.english_guess import Guesser

        gold: dict[str, Any] = json.loads((folder / "us_gold.json").read_text("utf-8"))
        silver: dict[str, Any] = json.loads((folder / "us_silver.json").read_text("utf-8"))
        return cls(gold, silver, Guesser(folder / "oov_bart_en_us.npz"))

    def sound(self, word: str, part: Part = "") -> str:
        """Return the phonemes of one word of letters, apostrophes and hyphens; empty when it cannot be said."""
        word = _plain_letters(word)
        found = self.known(word, part)
        if found is None and word.endswith("'"):
            found = self.known(word[:-1], part)
        if found is None and "-" in word:
            found = " ".join(filter(None, (self.sound(piece, part) for piece in word.split("-"))))
        if found is None and (pieces := _camel(word)) and len(pieces) > 1:
            found = "".join(self.sound(piece) for piece in pieces)
        return self._guessed(word.lower()) if found is None else found

    def known(self, word: str, part: Part = "") -> str | None:
        """Return the phonemes by dictionary, spelling or ending; None when only a guess is left."""
        if len(word) == 1 and word.isalpha():
            return self._spell(word)
        if self._acronym(word):
            return self._spell(word)
        found = self._look(word, part) or self._ended(word.lower(), part)
        if found is not None and word[:1].isupper() and not any(mark in found for mark in _STRESS):
            return _stressed(found, "ˌ")
        if found is None and word.isupper() and 2 <= len(word.replace("'", "")) <= 5:
            return self._spell(word)
        return found

    def _acronym(self, word: str) -> bool:
        """Capitals that are letters and not a word: the dictionary marks "US" so, against "us"."""
        entry = self._gold.get(word)
        return word.isupper() and isinstance(entry, Mapping) and "NOUN" in entry and entry["NOUN"] is None

    def _look(self, word: str, part: Part) -> str | None:
        for book in (self._gold, self._silver):
            for form in (word, word.lower(), word.capitalize()):
                entry = book.get(form)
                if entry is not None:
                    return entry if isinstance(entry, str) else entry.get(part) or entry["DEFAULT"]
        return None

    def _ended(self, word: str, part: Part) -> str | None:
        """A word's ending taken off, its stem looked up, the ending's sound put back."""
        for pattern, restores, sound in _ENDINGS:
            match = re.fullmatch(pattern, word)
            if match is None:
                continue
            for restore in restores:
                stem = self._look(match[1] + restore, part)
                if stem:
                    return sound(stem)
        return None

    def _spell(self, letters: str) -> str:
        """Letter by letter, the last one stressed."""
        names = [self._gold.get(letter.upper()) for letter in letters if letter.isalpha()]
        said = [name.replace("ˈ", "ˌ") for name in names if isinstance(name, str)]
        return "".join(said[:-1]) + said[-1].replace("ˌ", "ˈ") if said else ""

    def _guessed(self, word: str) -> str:
        if word not in self._guesses:
            said = self._guess(word.strip("'"))
            self._guesses[word] = said if said else self._spell(word)
        return self._guesses[word]


def _plain_letters(word: str) -> str:
    """``café`` as ``cafe``: accents fall away, curly apostrophes become straight."""
    bare = unicodedata.normalize("NFKD", word.replace("’", "'").replace("‘", "'"))
    return "".join(letter for letter in bare if not unicodedata.combining(letter))


def _camel(word: str) -> list[str]:
    """``iPhone`` as ``i``, ``Phone``; ``ChatGPT`` as ``Chat``, ``GPT``."""
    return re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z']+|[A-Z]", word)


def _stressed(sounds: str, mark: str) -> str:
    """Put ``mark`` before the first vowel."""
    at = next((at for at, sound in enumerate(sounds) if sound in VOWELS), None)
    return sounds if at is None else sounds[:at] + mark + sounds[at:]


def _plural_sound(stem: str) -> str:
    if stem[-1] in "ptkfθ":
        return stem + "s"
    return stem + ("ᵻz" if stem[-1] in "szʃʒʧʤ" else "z")


def _past_sound(stem: str) -> str:
    if stem[-1] in "pkfθʃsʧ":
        return stem + "t"
    if stem[-1] == "t":
        return (stem[:-1] + "ɾ" if stem[-2:-1] in _FLAPS else stem) + "ᵻd"
    return stem + ("ᵻd" if stem[-1] == "d" else "d")


def _running_sound(stem: str) -> str:
    if stem[-1] == "t" and len(stem) > 1 and stem[-2] in _FLAPS:
        stem = stem[:-1] + "ɾ"
    return stem + "ɪŋ"


_ENDINGS: tuple[tuple[str, tuple[str, ...], Callable[[str], str]], ...] = (
    (r"(.+)'s", ("",), _plural_sound),
    (r"(.+)s'", ("", "s"), _plural_sound),
    (r"(.{2,})ies", ("y",), _plural_sound),
    (r"(.{2,})s", ("",), _plural_sound),
    (r"(.{2,})es", ("", "e"), _plural_sound),
    (r"(.{2,})ied", ("y",), _past_sound),
    (r"(.{2,})ed", ("e", ""), _past_sound),
    (r"(.*([bdgklmnprtvz]))\2ed", ("",), _past_sound),
    (r"(.{2,})ing", ("", "e"), _running_sound),
    (r"(.*([bdgklmnprtvz]))\2ing", ("",), _running_sound),
    (r"(.{3,})ly", ("",), lambda stem: stem + "li"),
    (r"(.{3,})ness", ("",), lambda stem: stem + "nəs"),
    (r"(.{3,})less", ("",), lambda stem: stem + "ləs"),
)
