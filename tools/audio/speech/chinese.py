"""Chinese sentences to phonemes: words (jieba's dictionary in Rust), readings (pypinyin's phrases), spoken tones, Kokoro's signs.

Characters with several readings are settled by the phrase they stand in; those that stand alone by their part of speech and
neighbours, in the small table of ``chinese.toml``. English inside a Chinese sentence keeps its English sounds.
"""

import re
import tomllib
from functools import cache
from importlib import resources

from tools.audio.speech import english, pinyin
from tools.audio.speech.chinese_text import spoken
from tools.audio.speech.lexicon import Lexicon
from tools.audio.speech.rewrite import Spoken
from tools.audio.speech.tones import Segment, speak
from tools.audio.speech.words import PAUSES, Word

_HAN = r"\u3400-\u4dbf\u4e00-\u9fff〇"
_RUN = re.compile(rf"[{_HAN}]+|[A-Za-zÀ-ÿ][A-Za-zÀ-ÿ0-9'’ .&+-]*|[^{_HAN}A-Za-zÀ-ÿ]")
_MARKS = {
    "，": ",", "。": ".", "！": "!", "？": "?", "；": ";", "：": ":", "、": ",", "…": "…", "—": "—", "－": "—", "（": "(",
    "）": ")", "“": "“", "”": "”", "「": "“", "」": "”", "『": "“", "』": "”", "《": "“", "》": "”", "【": "“", "】": "”",
    "〈": "“", "〉": "”", "·": "", "～": "…", "．": ".",
}  # fmt: skip
_OPENING = "(“"

_DATA = tomllib.loads(resources.files(__package__).joinpath("chinese.toml").read_text("utf-8"))
_ALONE: dict[str, dict[str, str]] = _DATA["alone"]
_ALWAYS: dict[str, str] = _DATA["always"]


@cache
def _prepare() -> None:
    """Teach pypinyin the readings that its tables miss."""
    from pypinyin import load_phrases_dict

    load_phrases_dict({phrase: [[sound] for sound in said.split()] for phrase, said in _DATA["phrases"].items()})


def words(text: str, lexicon: Lexicon) -> list[Word]:
    """Return the words of one Chinese sentence in order, punctuation and embedded English among them."""
    said = spoken(text)
    out: list[Word] = []
    for run in _RUN.finditer(said.text):
        found = run[0]
        if re.match(f"[{_HAN}]", found):
            _add_han(text, said, run.start(), found, out)
        elif found[0].isalpha():
            start, end = said.source(run.start(), run.end())
            out += english.words(text[start:end].strip(), lexicon)
        else:
            mark = _MARKS.get(found, found)
            if mark in PAUSES:
                start, end = said.source(run.start(), run.end())
                out.append(Word(text[start:end], mark, joined=mark not in _OPENING))
    return out


def _add_han(text: str, said: Spoken, offset: int, run: str, out: list[Word]) -> None:
    """Words of one run of characters; those that stand for one written number stay one word."""
    phrase = segment(run)
    speak(phrase)
    at, last = offset, (-1, -1)
    for part in phrase:
        start, end = said.source(at, at + len(part.text))
        at += len(part.text)
        sound = "".join(pinyin.phonemes(syllable) for syllable in part.syllables if syllable)
        if not sound:
            continue
        if out and start < last[1]:
            start = last[0]
            out[-1] = Word(text[start:end], f"{out[-1].phonemes} {sound}", out[-1].joined)
        else:
            out.append(Word(text[start:end], sound, joined=bool(out) and out[-1].phonemes in tuple(_OPENING)))
        last = (start, end)


def segment(run: str) -> list[Segment]:
    """Characters without punctuation as words with their dictionary tones."""
    import rjieba  # here, as pypinyin below: the server declares this tool without reading a dictionary

    _prepare()
    tagged = rjieba.tag(run, False)
    out = []
    for at, (word, part) in enumerate(tagged):
        before = tagged[at - 1][0] if at else ""
        after = tagged[at + 1] if at + 1 < len(tagged) else ("", "")
        syllables = [_alone(word, part, before, after)] if len(word) == 1 else _read(word)
        if len(word) > 1 and word[-1] == "只" and part == "m":
            syllables[-1] = "zhi1"
        out.append(Segment(word, part, syllables))
    return out


def _read(word: str) -> list[str]:
    from pypinyin import Style, lazy_pinyin

    return lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True, errors="ignore")


def _alone(sign: str, part: str, before: str, after: tuple[str, str]) -> str:
    """The reading of a character that is a word by itself."""
    if sign in _ALWAYS:
        return _ALWAYS[sign]
    if sign == "得" and before and (after[1][:1] in ("a", "d", "z") or part == "ud") and after[1][:1] not in ("v", "r"):
        return "de5"
    if sign == "得" and after[1][:1] in ("v", "r", "p"):
        return "dei3"
    if sign == "地" and after[1][:1] == "v":
        return "de5"
    if sign == "还" and after[1][:1] in ("r", "n", "ul"):
        return "huan2"
    if sign == "只" and before[-1:] in tuple("一二两三四五六七八九十百千万几这那每哪半"):
        return "zhi1"
    if sign == "长" and after[0][:1] in ("得", "大", "出", "成"):
        return "zhang3"
    if sign == "长" and (before[-1:] in tuple("米里尺") or part == "a"):
        return "chang2"
    if sign == "数" and after[0] in ("了", "一", "数"):
        return "shu3"
    if sign == "行" and before[-1:] in tuple("一二两三四五六七八九十几每这那"):
        return "hang2"
    return _ALONE.get(sign, {}).get(part) or (_read(sign) or [""])[0]
