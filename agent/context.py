"""What the model sees: persona, history, recall, handles of things, and the request, within a budget of tokens.

What never changes comes first and what changes every time comes last, so that the model server's prefix cache holds all but
the end. Each part knows where its words come from: the *choice* of a tool is shown the person's words, handles and captions
that the person gave, and nothing that a model, a tool or a file wrote.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage

from agent.language import Language
from memory.events import AgentSaid, Event, NotesMade, QuestionAnswered, QuestionAsked, UserSaid
from prompts import prompt

MEDIA_WORDS: dict[Language, dict[str, str]] = {
    "en": {"image": "picture", "audio": "sound", "video": "video", "text": "text", "model": "3D model"},
    "zh": {"image": "图片", "audio": "声音", "video": "视频", "text": "文字", "model": "三维模型"},
}
CAPTION = 120
"""Characters of a caption that a handle carries."""


class Thing(Protocol):
    """What a handle needs to know of an asset (an ``AssetRow`` fits)."""

    @property
    def media(self) -> str:
        """Media type."""

    @property
    def name(self) -> str:
        """File name."""

    @property
    def meta(self) -> Mapping[str, Any]:
        """Media facts; ``caption`` says what it shows, in the words of whoever asked for it."""


def estimate_tokens(text: str) -> int:
    """Tokens of a text, from above: a Han character is at most about one, other text one for three bytes."""
    data = len(text.encode())
    han = sum("\u3400" <= character <= "\u9fff" for character in text)
    return han + (data - 3 * han) // 3 + 4


def handles(things: Sequence[Thing], language: Language, *, last: int = 6, names: bool = True) -> list[str]:
    """Names by which things can be pointed at, oldest first: ``picture 2: "a fox in snow"``, numbered by medium.

    With ``names=False`` a thing without a caption shows no file name: whoever made a file chose its name, and a name must not
    choose a tool.
    """
    words, counts, named = MEDIA_WORDS[language], dict[str, int](), list[str]()
    for thing in things:
        medium = words.get(thing.media.partition("/")[0], thing.media)
        counts[medium] = counts.get(medium, 0) + 1
        caption = str(thing.meta.get("caption") or (thing.name if names else ""))[:CAPTION].replace("\n", " ")
        named.append(f"{medium} {counts[medium]}: “{caption}”" if caption else f"{medium} {counts[medium]}")
    return named[-last:]


@dataclass(frozen=True, slots=True)
class Said:
    """What one side said, and the seq of the event that says so."""

    who: str
    """``user``, ``agent`` (a model's words), ``engine`` (the program's own sentences) or ``notes``."""
    text: str
    seq: int


def conversation(events: Sequence[Event], *, before: int) -> list[Said]:
    """Whole replies and requests before seq ``before``, oldest first; notes stand for what they fold."""
    said: list[Said] = []
    replies: dict[str | None, Said] = {}
    for event in events:
        if event.seq >= before:
            break
        match event.fact:
            case NotesMade(text=text, upto=upto):
                said = [Said("notes", text, upto), *[one for one in said if one.seq > upto]]
            case QuestionAsked(text=text):
                said.append(Said("agent", text, event.seq))
            case QuestionAnswered(answer=str() as text):
                said.append(Said("user", text, event.seq))
            case UserSaid(text=text):
                said.append(Said("user", text, event.seq))
            case AgentSaid(text=text, model=model):
                earlier = replies.get(event.turn)
                reply = Said("agent" if model else "engine", f"{earlier.text}\n{text}" if earlier else text, event.seq)
                if earlier in said:
                    said.remove(earlier)
                said.append(reply)
                replies[event.turn] = reply
    return said


def history(said: Sequence[Said], budget: int) -> list[AnyMessage]:
    """The newest of the conversation that fits ``budget`` tokens, as messages, starting with a person's words."""
    chosen: list[AnyMessage] = []
    for one in reversed(said):
        budget -= estimate_tokens(one.text)
        if budget < 0:
            break
        chosen.append(HumanMessage(one.text) if one.who in ("user", "notes") else AIMessage(one.text))
    chosen.reverse()
    while chosen and isinstance(chosen[0], AIMessage):
        chosen.pop(0)
    return chosen


def clip(text: str, budget: int) -> tuple[str, int]:
    """Return ``text`` within ``budget`` tokens, its middle left out with a mark, and how many characters that were."""
    if estimate_tokens(text) <= budget:
        return text, 0
    keep = max(200, len(text) * budget // estimate_tokens(text) - 60)
    head, tail = keep * 2 // 3, keep // 3
    cut = len(text) - head - tail
    return f"{text[:head]}\n[… {cut} characters left out …]\n{text[-tail:]}", cut


def last_message(
    language: Language, memories: Sequence[str], things: Sequence[str], request: str, instructions: str = ""
) -> str:
    """The request with what is remembered, what is here, and how the person wants to be answered in this session."""
    return prompt("agent/say").render(
        language=language, memories=memories, things=things, request=request, instructions=instructions[:4000]
    )
