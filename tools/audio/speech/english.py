"""English sentences to phonemes: words in context, looked up and linked.

What depends on the neighbours is decided here: the weak forms ("the apple", "to go"), and a coarse part of speech for the few
hundred words whose sound needs one, by the word before and after. A tagger would be better by little and heavier by much.
"""

import re
import tomllib
from importlib import resources

from tools.audio.speech.english_text import spoken
from tools.audio.speech.lexicon import VOWELS, Lexicon, Part
from tools.audio.speech.words import PAUSES, Word

_TOKEN = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*'?|[;:,.!?—…\"()“”]|\S")
_MARKS = {"–": "—", "‘": "", "’": "", "'": "", "[": "(", "]": ")", "«": "“", "»": "”", "-": ","}
_OPENING = ("(", "“")
_DATA = tomllib.loads(resources.files(__package__).joinpath("english.toml").read_text("utf-8"))
_SMALL = {name: frozenset(words.split()) for name, words in _DATA.items()}


def words(text: str, lexicon: Lexicon) -> list[Word]:
    """Return the words of one English sentence in order, punctuation among them."""
    said = spoken(text)
    tokens = list(_TOKEN.finditer(said.text))
    texts = [token[0] for token in tokens]
    sounds = _sounds(texts, lexicon)
    out: list[Word] = []
    last, opened = (-1, -1), False
    for token, sound in zip(tokens, sounds, strict=True):
        if not sound:
            continue
        if sound == '"':
            opened = not opened
            sound = "“" if opened else "”"
        start, end = said.source(token.start(), token.end())
        pause = sound in PAUSES
        if not pause and out and (start, end) == last:
            out[-1] = Word(out[-1].text, f"{out[-1].phonemes} {sound}", out[-1].joined)
            continue
        if pause and (start, end) == last:
            out[-1] = Word(out[-1].text, out[-1].phonemes + sound, out[-1].joined)
            continue
        after_opening = bool(out) and out[-1].phonemes in _OPENING
        out.append(Word(text[start:end], sound, joined=after_opening or (pause and sound not in _OPENING)))
        last = (start, end)
    return out


def _sounds(texts: list[str], lexicon: Lexicon) -> list[str]:
    """Sounds of all tokens, from the last to the first, since weak forms look ahead.

    The voice model learned the dictionaries' flap as ``T`` and their glottal stop as ``t``.
    """
    sounds = [""] * len(texts)
    after = ""
    for at in range(len(texts) - 1, -1, -1):
        token = texts[at]
        if not token[0].isalpha():
            mark = _MARKS.get(token, token)
            sounds[at] = mark if mark in PAUSES else ""
            after = "" if sounds[at] else after
            continue
        before = texts[at - 1] if at else ""
        following = texts[at + 1] if at + 1 < len(texts) else ""
        sounds[at] = _weak(token, before, after) or lexicon.sound(token, _part(token, before, following, after, texts))
        after = sounds[at] or after
    return [sound.replace("ɾ", "T").replace("ʔ", "t") for sound in sounds]


def _weak(written: str, before: str, after: str) -> str | None:
    """Forms of the smallest words; ``after`` is the sound that follows, empty before a pause."""
    word = written if written in ("I", "A") else written.lower()
    first = after.lstrip("ˈˌ")[:1]
    vowel = first in VOWELS if first else None
    if word in ("a", "A") and after and not (written == "A" and before and before[0].isalpha()):
        return "ɐ"
    if word == "an" and after:
        return "ɐn"
    if word == "the":
        return "ði" if vowel else "ðə"
    if word == "to" and after:
        return "tʊ" if vowel else "tə"
    if word == "in":
        return "ɪn" if after else "ˈɪn"
    if word == "am" and written != "AM" and after:
        return "ɐm"
    return "ˌI" if word == "I" else None


def _part(token: str, before: str, following: str, after: str, texts: list[str]) -> Part:
    """The part of speech that the neighbours suggest; empty when they suggest none."""
    word, before, following = token.lower(), before.lower(), following.lower()
    if word == "used":
        return "VBD" if following == "to" and before not in _SMALL["have"] else ""
    if word in ("read", "reread"):
        past = (
            before in _SMALL["have"] or before in ("he", "she") or any(text.lower() in _SMALL["past"] for text in texts)
        )
        return "VBD" if past and before not in ("to", "will", "can", "did", "didn't") else ""
    if word == "that":
        return "DT" if not after or not before else ""
    if before in _SMALL["verb_after"]:
        return "VERB"
    if before in _SMALL["noun_after"] and (not following[:1].isalpha() or following in _SMALL["function"]):
        return "NOUN"
    return "" if after else "None"
