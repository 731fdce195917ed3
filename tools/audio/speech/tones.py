"""What Mandarin tones become in speech: 一 and 不 before other tones, third tones in a row, and syllables that lose theirs.

Works on words with their numbered pinyin. Third tones are changed within a word first (by its halves, so that 展览馆 is 2-2-3
and 小老虎 3-2-3), then from the end of the phrase to its beginning, as they are spoken at a natural pace.
"""

import re
import tomllib
from dataclasses import dataclass, field
from importlib import resources

_PARTICLES = frozenset("的地得了着过们吗呢吧啊呀哇嘛啦喽么")
_DIRECTIONS = frozenset("来去")
_BEFORE_DIRECTION = frozenset("上下进出回过起开")
_WORDS = tomllib.loads(resources.files(__package__).joinpath("chinese.toml").read_text("utf-8"))
_LIGHT, _FULL = frozenset(_WORDS["light"].split()), frozenset(_WORDS["full"].split())


@dataclass(slots=True)
class Segment:
    """A word as segmented: its characters, part of speech (jieba's letters), and a syllable with tone for each character."""

    text: str
    part: str
    syllables: list[str] = field(default_factory=list)

    def tone(self, at: int) -> str:
        """The tone of a syllable, ``1`` to ``5``."""
        return self.syllables[at][-1]

    def retone(self, at: int, tone: str) -> None:
        """Give a syllable another tone."""
        self.syllables[at] = self.syllables[at][:-1] + tone


def speak(phrase: list[Segment]) -> None:
    """Change the tones of one phrase (words between two pauses) into those that are spoken, in place."""
    for before, segment, after in zip([None, *phrase], phrase, [*phrase[1:], None], strict=False):
        _lighten(segment, before)
        _yi_and_bu(segment, before, after)
    for segment in phrase:
        _thirds_within(segment)
    _thirds_across(phrase)


def _lighten(segment: Segment, before: Segment | None) -> None:
    """Syllables that lose their tone: particles, suffixes, doubled kin, and words known for it."""
    text, last = segment.text, len(segment.text) - 1
    if last == 0:
        if before is not None and text in _PARTICLES and segment.part not in ("v", "n", "d", "m"):
            segment.retone(0, "5")
        return
    if text in _FULL or text[-3:] in _FULL:
        segment.retone(last, "3")
        return
    suffix = text[-1] in "们么" or (text[-1] == "子" and segment.part.startswith("n"))
    towards = text[-1] in _DIRECTIONS and text[-2] in _BEFORE_DIRECTION and segment.part != "n"
    doubled = text[-1] == text[-2] and last == 1 and segment.part[:1] in ("n", "v")
    if (
        suffix
        or towards
        or doubled
        or text[-2:] in _LIGHT
        or (last and text[-1] in "的地得了着" and segment.part[:1] in "ur")
    ):
        segment.retone(last, "5")


def _yi_and_bu(segment: Segment, before: Segment | None, after: Segment | None) -> None:
    for at, sign in enumerate(segment.text):
        if sign not in "一不":
            continue
        inside = at + 1 < len(segment.text)
        following = segment.tone(at + 1) if inside else after.tone(0) if after else ""
        neighbour = segment.text[at + 1] if inside else after.text[0] if after else ""
        preceding = segment.text[at - 1] if at else before.text[-1] if before else ""
        if sign == "一":
            segment.retone(at, _yi(preceding, neighbour, following))
        else:
            segment.retone(at, "5" if preceding and preceding == neighbour else "2" if following == "4" else "4")


def _yi(preceding: str, neighbour: str, following: str) -> str:
    """一: first tone in numbers and at the end; else fourth, or second before a fourth (and before 个, which was one)."""
    if preceding and preceding == neighbour:
        return "5"
    if (
        not following
        or preceding in tuple("第零一二三四五六七八九十百月周点初")
        or neighbour in tuple("零一二三四五六七八九十月日号点")
    ):
        return "1"
    return "2" if following == "4" or neighbour == "个" else "4"


def _thirds_within(segment: Segment) -> None:
    tones = "".join(syllable[-1] for syllable in segment.syllables)
    if len(tones) == 3 and tones == "333":
        left_branching = segment.part != "v" and not re.match(r"[小老大好纸很有]", segment.text)
        segment.retone(1, "2")
        if left_branching:
            segment.retone(0, "2")
        return
    if len(tones) == 4:
        for start in (0, 2):
            if tones[start : start + 2] == "33":
                segment.retone(start, "2")
        return
    for at in range(len(tones) - 2, -1, -1):
        if segment.tone(at) == "3" and segment.tone(at + 1) == "3":
            segment.retone(at, "2")


def _thirds_across(phrase: list[Segment]) -> None:
    for left, right in zip(reversed(phrase[:-1]), reversed(phrase[1:]), strict=True):
        last = len(left.syllables) - 1
        if left.tone(last) == "3" and right.tone(0) == "3":
            left.retone(last, "2")
