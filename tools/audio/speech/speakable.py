"""What of a text is said at all: markdown, links, code and emoji as a person would read them out.

A reader does not say asterisks; of a web address only the site is said, the rest is for machines; decoration falls away. A text of nothing but emoji is said by their
names, since that is all there is to say.
"""

import html
import re
import unicodedata
from dataclasses import dataclass

_FENCE = re.compile(r"(?:^|\n)[ \t]*(```|~~~)[^\n]*\n.*?(?:\n[ \t]*\1[^\n]*(?=\n|$)|$)", re.DOTALL)
_URL = re.compile(
    r"(?:https?://|www\.)([^\s/<>()\"'，。！？、；：）】》]+)[^\s<>\"'，。！？、；：）】》]*?(?=[.,!?;:)]*(?:[\s<>\"'，。！？、；：）】》]|$))"
)
_LINK = re.compile(r"!?\[([^\]\n]*)\]\([^)\s]*(?:\s+\"[^\"]*\")?\)")
_BLOCK = re.compile(r"^[ \t]*(?:#{1,6}[ \t]+|>[ \t]?|[-*+•][ \t]+|\|)", re.MULTILINE)
_RULE = re.compile(r"^[ \t]*(?:[-*_=][ \t]*){3,}$|^[ \t]*\|?(?:[ \t]*:?-+:?[ \t]*\|)+[ \t:-]*$", re.MULTILINE)
_MARKED = re.compile(r"(\*\*\*|\*\*|\*|~~|`)(?=\S)(.+?)(?<=\S)\1|(?<!\w)(__|_)(?=\S)(.+?)(?<=\S)\3(?!\w)")
_TAG = re.compile(r"</?[a-zA-Z][^>\n]*>")
_WORD = re.compile(r"[^\W_]")


@dataclass(frozen=True, slots=True)
class Readable:
    """Text to be said. ``left_out``: what was not, in words for the reply (``code``)."""

    text: str
    left_out: tuple[str, ...] = ()


def readable(text: str) -> Readable:
    """Return what a reader would say of ``text``."""
    without_code = _FENCE.sub("\n", text)
    left_out = ("code",) if without_code != text else ()
    said = html.unescape(_TAG.sub(" ", without_code))
    said = _LINK.sub(lambda found: found[1], _RULE.sub("", said))
    said = _URL.sub(lambda found: found[1].split("@")[-1].split(":")[0].removeprefix("www."), said)
    said = _BLOCK.sub("", said)
    said = _MARKED.sub(lambda found: found[2] or found[4], _MARKED.sub(lambda found: found[2] or found[4], said))
    said = re.sub(r"[ \t]*\|[ \t]*", ", ", said)
    bare = _without_signs(said)
    if not _WORD.search(bare):
        bare = _names(said)
    return Readable(re.sub(r"[ \t]+", " ", bare).strip(), left_out)


def _without_signs(text: str) -> str:
    """Letters as they are commonly written (full-width ones too), without emoji, pictograms and control characters."""
    out = []
    for sign in text:
        kind = unicodedata.category(sign)
        if "！" <= sign <= "～" and sign not in "！，．：；？（）～":
            out.append(unicodedata.normalize("NFKC", sign))
        elif kind in ("So", "Sk", "Cs", "Co", "Cn", "Cf", "Mn", "Me") and sign not in "°℃℉™®©":
            out.append(" " if kind == "So" else sign if kind == "Mn" and "\u0300" <= sign <= "\u036f" else "")
        elif kind == "Cc" and sign != "\n":
            out.append(" ")
        else:
            out.append(sign)
    return "".join(out)


def _names(text: str) -> str:
    """The Unicode names of emoji: "dragon, fire"."""
    names = (unicodedata.name(sign, "").lower() for sign in text if unicodedata.category(sign) == "So")
    return ", ".join(name for name in names if name)
