"""Words that point at an asset: "the second picture", "that song", 第二张图, "attached 2", an id or the start of one.

People point by kind and by order, so that is all that is read here; pointing by content ("the one with the dragon") is the
library's work. "That" and "the last" mean the newest of its kind, "the picture" means the newest too, an ordinal counts from
the oldest, and "attached" means what came with the request. Two things that fit equally well are reported, never guessed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class Row(Protocol):
    """What is read of an asset's row."""

    @property
    def id(self) -> str:
        """Asset id."""

    @property
    def media(self) -> str:
        """Media type."""

    @property
    def name(self) -> str:
        """File name."""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """The words fit several assets; ``candidates`` are their ids, oldest first."""

    words: str
    candidates: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.words!r} could be any of {', '.join(self.candidates)}. Name one of these ids."


_KINDS = {
    "image": "picture pictures image images photo photos drawing painting illustration cover 图 图片 图像 照片 画 插画 插图 封面",
    "audio": "sound audio song songs music tune melody voice recording speech reading 声音 音频 歌 歌曲 音乐 曲子 旋律 语音 录音 朗读",
    "video": "video videos clip clips film movie 视频 短片 影片 片子 录像",
    "text": "text document file subtitles article 文本 文字 文档 字幕 文章 文件",
    "model": "3d model mesh 模型",
}
_KIND_OF = {word: kind for kind, words in _KINDS.items() for word in words.split()}
_ORDINALS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]
_DIGITS = {digit: number for number, digit in enumerate("零一二三四五六七八九十")} | {"两": 2}
_ATTACHED = re.compile(
    r"^(?:the\s+)?(?:attached|attachment|附件)(?:\s+(?:picture|image|file|sound|video))?\s*#?(\d+)?$"
)
_ORDINAL_EN = re.compile(r"\b(\d+)(?:st|nd|rd|th)\b|#(\d+)|\b(?:number|no\.?)\s*(\d+)")
_ORDINAL_ZH = re.compile(r"(倒数)?第\s*([一二两三四五六七八九十\d]+)")
_KIND_AND_NUMBER = re.compile(r"^([a-z]+)\s+(\d+)$")
_FILLER = re.compile(
    r"\b(the|a|an|my|your|our|last|latest|newest|most|recent|that|this|it|previous|one|you|i|we|just|made|drew|uploaded|attached|of|them|old|final|number|no)\b"
    r"|倒数|最后|最新|刚才|刚刚|上一|上面|前面|那|这|它|的|个|张|首|段|幅|只|条|份|一|你|我|画|做|生成|上传|第|了|[0-9十二两三四五六七八九#.\s-]"
)
_PREFIX = re.compile(r"[a-z]+_[0-9a-z]{4,}")


def resolve(words: str, assets: Sequence[Row], attached: Sequence[str] = ()) -> str | Ambiguous | None:
    """Return the id of the asset that ``words`` point at.

    Args:
        words: an asset id, the start of one, a file name, or a phrase in English or Chinese.
        assets: what the session holds, oldest first.
        attached: ids that came with the request, in order; all of ``assets`` when empty.

    Returns:
        The id; None when nothing fits; :class:`Ambiguous` when several fit equally well.
    """
    text = words.strip().strip("\"'“”「」").lower()
    if not text:
        return None
    ids = [row.id for row in assets]
    if text in ids:
        return text
    if match := _ATTACHED.match(text):
        return _at(list(attached) or ids, int(match[1] or 1))
    if _PREFIX.fullmatch(text):
        return _only(words, [id for id in ids if id.startswith(text)])
    named = [row.id for row in assets if row.name.lower() == text]
    return _only(words, named) if named else _by_phrase(text, assets)


def _by_phrase(text: str, assets: Sequence[Row]) -> str | Ambiguous | None:
    """Kind and order: "the second picture", 第二张图, "picture 2", "the last song"."""
    kind = _kind(text)
    fitting = [row.id for row in assets if kind is None or _is(row, kind)]
    if match := _KIND_AND_NUMBER.match(text):
        return _at(fitting, int(match[2])) if match[1] in _KIND_OF else None
    described = bool(_rest(text))
    if (order := _order(text)) is not None and not (kind is None and described):
        return _at(fitting, order)
    if not described:
        return _at(fitting, -1)
    return _only(text, fitting) if kind else None


def _rest(text: str) -> str:
    """What the words say beyond kind and order: "with the dragon" of "the picture with the dragon"."""
    for word in _ORDINALS:
        text = re.sub(rf"\b{word}\b", " ", text)
    text = re.sub(r"\b\d+(?:st|nd|rd|th)\b", " ", text)
    text = re.sub(r"[a-z]+", lambda match: " " if match[0] in _KIND_OF else match[0], text)
    for word in sorted((word for word in _KIND_OF if word > "z"), key=len, reverse=True):
        text = text.replace(word, " ")
    return _FILLER.sub("", text)


def _kind(text: str) -> str | None:
    """The kind of media that the words name; the one named last wins, as English and Chinese put the noun last."""
    found = [(match.end(), _KIND_OF[match[0]]) for match in re.finditer(r"[a-z0-9]+", text) if match[0] in _KIND_OF]
    found += [(text.rfind(word) + len(word), kind) for word, kind in _KIND_OF.items() if word > "z" and word in text]
    return max(found)[1] if found else None


def _is(row: Row, kind: str) -> bool:
    return row.media.startswith(kind + "/") or (kind == "text" and row.media.startswith("application/"))


def _order(text: str) -> int | None:
    """1 for the first, -1 for the last, -2 for the last but one; None when no order is named."""
    if match := _ORDINAL_ZH.search(text):
        number = _number(match[2])
        return -number if match[1] else number
    if "last but one" in text or "second to last" in text:
        return -2
    for number, word in enumerate(_ORDINALS, 1):
        if re.search(rf"\b{word}\b", text):
            return number
    if match := _ORDINAL_EN.search(text):
        return int(match[1] or match[2] or match[3])
    return None


def _number(digits: str) -> int:
    """12 from ``12`` or 十二."""
    if digits.isdigit() and digits.isascii():
        return int(digits)
    tens, ten, ones = digits.rpartition("十")
    return (_DIGITS.get(tens, 1) * 10 if ten else 0) + (_DIGITS.get(ones, 0) if ones else 0)


def _at(ids: Sequence[str], order: int) -> str | None:
    index = order - 1 if order > 0 else len(ids) + order
    return ids[index] if order and 0 <= index < len(ids) else None


def _only(words: str, ids: Sequence[str]) -> str | Ambiguous | None:
    if len(ids) > 1:
        return Ambiguous(words, tuple(ids))
    return ids[0] if ids else None
