"""Which voice reads: by name, by words ("a warm man", 女声, 播音腔), or the default of the language and style.

The list is data (``voices.toml``). A voice is offered for a language only if a recogniser understood it there; one that
cannot speak the language is refused with the names of those that can, never put in silently.
"""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

from pydantic import TypeAdapter

from tools.audio.speech.script import Language
from tools.errors import ToolError

Style = Literal["plain", "newsreader", "service", "storyteller"]

_WOMAN = re.compile(
    r"\b(?:woman|women|female|lady|girl|she|her|mother|grandma|grandmother|queen)(?:'?s)?\b|女|姑娘|小姐姐|妈妈|阿姨|奶奶|外婆",
    re.IGNORECASE,
)
_MAN = re.compile(
    r"\b(?:man|men|male|guy|gentleman|boy|he|his|father|grandpa|grandfather|king)(?:'?s)?\b|男|小伙|大叔|爸爸|先生|爷爷",
    re.IGNORECASE,
)
_TONGUES: dict[Language, str] = {
    "en": r"\benglish\b|英语|英文",
    "zh": r"\b(?:chinese|mandarin)\b|中文|汉语|普通话|国语",
}
_NAMES: dict[Language, str] = {"en": "English", "zh": "Chinese"}


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice. ``speaks``: languages it passed in; ``words``: what people call it; ``default``: ``zh``, ``en:storyteller`` …."""

    name: str
    title: dict[str, str]
    gender: Literal["woman", "man"]
    accent: str
    speaks: tuple[Language, ...]
    words: tuple[str, ...] = ()
    default: tuple[str, ...] = ()


@cache
def voices() -> tuple[Voice, ...]:
    """Every voice on offer, best first."""
    return tuple(TypeAdapter(Voice).validate_python(row) for row in _data()["voice"])


@cache
def refused() -> dict[str, str]:
    """Voices of the model that are not offered, with the reason."""
    return {name: row["why"] for row in _data()["refused"] for name in row["names"]}


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("voices.toml").read_text("utf-8"))


def choose(wish: str | None, language: Language, style: Style = "plain") -> Voice:
    """Return the voice that ``wish`` asks for among those that speak ``language``.

    Raises:
        ToolError: the wish names a voice that is not offered, cannot speak the language, or is not understood.
    """
    fitting = [voice for voice in voices() if language in voice.speaks]
    wish = (wish or "").strip()
    if not wish:
        return _default(fitting, language, style)
    named = _named(wish)
    if named is not None:
        if language not in named.speaks:
            raise ToolError(
                f"The voice {named.name} does not speak {_NAMES[language]} well enough to be offered for it. "
                f"Take one of: {_listed(fitting)}."
            )
        return named
    found = _described(wish.lower(), fitting, language, style)
    if found is None:
        raise ToolError(f"No voice here fits {wish!r}. For {_NAMES[language]} there are: {_listed(fitting)}.")
    return found


def companion(voice: Voice, language: Language, style: Style) -> Voice:
    """Who reads sentences of another language: the same voice where it can, else the best of its gender."""
    if language in voice.speaks:
        return voice
    fitting = [other for other in voices() if language in other.speaks]
    same = [other for other in fitting if other.gender == voice.gender]
    return _default(same or fitting, language, style)


def _default(fitting: Iterable[Voice], language: Language, style: Style) -> Voice:
    fitting = list(fitting)
    for key in (f"{language}:{style}", language):
        for voice in fitting:
            if key in voice.default:
                return voice
    return fitting[0]


def _named(wish: str) -> Voice | None:
    """The voice whose name or title the wish contains."""
    spoken = set(re.findall(r"[a-z]+(?:_[a-z]+)?", wish.lower()))
    for name, why in refused().items():
        if name in spoken:
            raise ToolError(f"The voice {name} is not offered: {why} Take one of: {_listed(voices())}.")
    for voice in voices():
        if {voice.name, voice.name.partition("_")[2]} & spoken or voice.title["zh"] in wish:
            return voice
    for name, why in refused().items():
        if name.partition("_")[2] in spoken:
            raise ToolError(f"The voice {name} is not offered: {why} Take one of: {_listed(voices())}.")
    return None


def _described(wish: str, fitting: list[Voice], language: Language, style: Style) -> Voice | None:
    """The voice with most of the wished traits; gender is never traded for another trait."""
    woman, man = bool(_WOMAN.search(wish)), bool(_MAN.search(wish))
    tongues = {tongue for tongue, pattern in _TONGUES.items() if re.search(pattern, wish)}
    candidates = [
        voice
        for voice in fitting
        if tongues <= set(voice.speaks) and (woman == man or voice.gender == ("woman" if woman else "man"))
    ]
    scores = {voice.name: sum(word in wish for word in (voice.accent.lower(), *voice.words)) for voice in candidates}
    best = max(scores.values(), default=0)
    if not candidates or (not best and not (woman or man or tongues or wish in ("default", "默认", "any"))):
        return None
    top = [voice for voice in candidates if scores[voice.name] == best]
    return _default(top, language, style)


def _listed(some: Iterable[Voice]) -> str:
    return ", ".join(f"{voice.name} ({voice.gender}, {voice.accent})" for voice in some)
