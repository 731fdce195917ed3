"""A text as sentences with their language, and sentences as pieces that the voice model can say in one breath.

The first piece is kept short, so that a listener hears something soon; the others are whole sentences, since a sentence keeps
its melody only when it is said as one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tools.audio.speech import chinese, english
from tools.audio.speech.lexicon import Lexicon
from tools.audio.speech.words import Word, phonemes

Language = Literal["en", "zh"]

LONGEST = 300
"""Phonemes in a piece, where a sentence can be divided; the model takes more but begins to hurry."""
_FIRST = 95
"""Phonemes in the first piece: about twelve English words, a second and a half of work."""
_SHORT = 12
"""A sentence of fewer phonemes is said together with the next one: alone it sounds clipped."""

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_HAN_RUN = re.compile(
    r"([\u3400-\u4dbf\u4e00-\u9fff，。！？；：、“”《》（）]*[\u3400-\u4dbf\u4e00-\u9fff][\u3400-\u4dbf\u4e00-\u9fff，。！？；：、]*)"
)
_LATIN_WORD = re.compile(r"[A-Za-zÀ-ɏ]+")
_END = re.compile(
    r"([.!?…]+|[。！？；]+|……)([\"'”’」』）)\]]*)(?=\s|$|[\u3000-\u9fff“「『])|(?<=[。！？；…])[”’」』）]*"
)
_NOT_END = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|vs|No|Fig|Vol|Gen|Capt|Sgt|Mt|Inc|Ltd|Co|approx|e\.g|i\.e|cf|pp|Jan|Feb|Mar|Apr|"
    r"Jun|Jul|Aug|Sept?|Oct|Nov|Dec|[A-Z])|\b[ap]\.m)\.$"
)


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence as written. ``ends_paragraph``: a longer pause follows."""

    text: str
    language: Language
    ends_paragraph: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """What is said in one go. ``pause``: what follows it."""

    text: str
    words: tuple[Word, ...]
    language: Language
    pause: Literal["clause", "sentence", "paragraph"]

    @property
    def phonemes(self) -> str:
        """The piece for the model."""
        return phonemes(list(self.words))


def lines(text: str, usual: Language = "en") -> list[Line]:
    """Divide a text into sentences, each with its language; ``usual`` where only numbers stand."""
    out = []
    for paragraph in re.split(r"\s*\n\s*", text.strip()):
        sentences = [sentence for sentence in _sentences(paragraph) if re.search(r"[^\W_]", sentence)]
        for at, sentence in enumerate(sentences):
            out.append(Line(sentence, language_of(sentence, usual), at + 1 == len(sentences)))
    return out


def _sentences(paragraph: str) -> Iterator[str]:
    start = 0
    for end in _END.finditer(paragraph):
        upto = paragraph[start : end.end()]
        following = paragraph[end.end() :].lstrip()
        if following[:1].islower() and not re.search(r"[。！？；]", end[0]):
            continue
        if (
            end[0] == "."
            and following
            and _NOT_END.search(upto)
            and not (following[0].isupper() and upto.endswith(".m."))
        ):
            continue
        if upto.strip():
            yield upto.strip()
        start = end.end()
    if paragraph[start:].strip():
        yield paragraph[start:].strip()


def language_of(text: str, usual: Language = "en") -> Language:
    """``zh`` when there are at least as many Chinese characters as Latin words; ``usual`` when there is neither."""
    han, latin = len(_HAN.findall(text)), len(_LATIN_WORD.findall(text))
    if not han and not latin:
        return usual
    return "zh" if han >= latin else "en"


def words(line: Line, lexicon: Lexicon) -> list[Word]:
    """The words of a sentence; what it quotes in the other language keeps its own sounds."""
    if line.language == "zh":
        return chinese.words(line.text, lexicon)
    out: list[Word] = []
    for at, run in enumerate(_HAN_RUN.split(line.text)):
        if run.strip():
            out += chinese.words(run, lexicon) if at % 2 else english.words(run, lexicon)
    return out


def pieces(script: list[Line], lexicon: Lexicon) -> Iterator[tuple[int, Piece]]:
    """Yield what is said in turn, with the number of the sentence (from 0) that it ends in."""
    held: list[Word] = []
    held_text, first = "", True
    for at, line in enumerate(script):
        said = [*held, *words(line, lexicon)]
        text = f"{held_text} {line.text}".strip()
        length = len(phonemes(said))
        last = at + 1 == len(script)
        same_language = not last and script[at + 1].language == line.language
        if length < _SHORT and not line.ends_paragraph and same_language:
            held, held_text = _ended(said), text
            continue
        held, held_text = [], ""
        parts = list(_divide(_ended(said), first))
        for number, part in enumerate(parts):
            whole = number + 1 == len(parts)
            pause: Literal["clause", "sentence", "paragraph"] = (
                "clause" if not whole else "paragraph" if line.ends_paragraph else "sentence"
            )
            if any(not word.silent for word in part):
                yield at, Piece(text if len(parts) == 1 else _written(part), tuple(part), line.language, pause)
                first = False


def _ended(said: list[Word]) -> list[Word]:
    """With a full stop where the writer left it out, as in headings: the melody falls there."""
    if said and said[-1].phonemes == ",":
        said = said[:-1]
    return said if said and said[-1].silent else [*said, Word("", ".", joined=True)]


def _divide(said: list[Word], first: bool) -> Iterator[list[Word]]:
    """Cut at the punctuation nearest the limit, or between words where there is none."""
    while said:
        limit = _FIRST if first else LONGEST
        if len(phonemes(said)) <= limit:
            yield said
            return
        cut = _cut(said, limit, LONGEST if first else 0)
        yield said[:cut]
        said, first = said[cut:], False


def _cut(said: list[Word], limit: int, patience: int) -> int:
    """Where to cut: after the last punctuation within ``limit``; ``patience`` phonemes are taken before a bare cut."""
    length, at_mark, at_word = 0, 0, 0
    for at, word in enumerate(said):
        length += len(word.phonemes) + (not word.joined)
        if length > limit and at_mark:
            break
        if length > max(limit, patience) and at_word:
            break
        if word.silent and word.phonemes[-1:] in ";:,.!?—…" and length > limit // 5:
            at_mark = at + 1
            if length > limit:
                break
        at_word = at + 1
    return min(at_mark or at_word or 1, len(said))


def _written(part: list[Word]) -> str:
    """Words of a divided sentence, as text."""
    out = ""
    for word in part:
        gap = out and not word.joined and not _HAN.match(word.text[:1] or " ") and not _HAN.match(out[-1])
        out += (" " if gap else "") + word.text
    return out
