"""A word as it will be spoken: what was written, and how it sounds."""

from dataclasses import dataclass

PAUSES = frozenset(';:,.!?—…"()“”')
"""Punctuation that the voice model hears as such."""


@dataclass(frozen=True, slots=True)
class Word:
    """``phonemes`` in Kokoro's alphabet (a space between parts is heard as a word boundary); ``text`` as written.

    ``joined``: no boundary is heard before it, as with punctuation.
    """

    text: str
    phonemes: str
    joined: bool = False

    @property
    def silent(self) -> bool:
        """Whether it is only punctuation."""
        return all(sign in PAUSES or sign.isspace() for sign in self.phonemes)


def phonemes(words: list[Word]) -> str:
    """The whole sentence for the model."""
    out = ""
    for word in words:
        out += ("" if word.joined or not out else " ") + word.phonemes
    return out
