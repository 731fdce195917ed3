"""Where a language model answers, and what went wrong when it did not.

Everything behind :class:`Endpoint` speaks the OpenAI chat protocol. ``ours`` says that it is our own llama.cpp child (or a
fake of it), which takes a few fields more: the slot to use and whether to keep the prompt. No other server is sent these.

    ChatError            something to try again, or to tell a person
    ├── Unreachable      no answer at all: nothing listens there, or it refused to start answering in time
    ├── Interrupted      it died or fell silent in the middle; ``text`` is what had come
    └── Refused          it answered with an error status
    TooLong              (a ToolError) the request does not fit the model's context: shorten it
    ModelMissing         (tools.errors) there is no endpoint, or its key is wrong
"""

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from memory.events import Call
from tools.errors import ToolError

Profile = Literal["constrained", "native"]
"""``constrained``: tool choice by a JSON schema, for small models. ``native``: the model's own tool calls can be trusted."""

Purpose = Literal["choice", "chat", "story", "job"]
"""What a request is for; each has its own static beginning, which the first three keep in a slot of their own."""

JsonMode = Literal["schema", "object", "prompt"]
"""How a server is held to JSON: by the schema itself, by "some object", or only by words in the prompt."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A served model. ``url`` ends before ``/chat/completions`` (so usually in ``/v1``); ``context`` is tokens a slot."""

    url: str
    key: str = field(default="", repr=False)
    model: str = ""
    profile: Profile = "constrained"
    context: int = 8192
    slots: int = 1
    sha256: str | None = None
    licence: str | None = None
    ours: bool = False
    json_mode: JsonMode = "schema"


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request; ``cached`` of the prompt's were already known to the server."""

    prompt: int = 0
    answer: int = 0
    cached: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """One whole message of the model. Times are seconds from sending the request.

    ``malformed`` holds, by call id, arguments that were not a JSON object; such a call comes with empty ``args``.
    """

    text: str
    calls: list[Call] = field(default_factory=list)
    finish: str = ""
    usage: Usage = field(default_factory=Usage)
    model: str = ""
    seconds_to_first: float = 0.0
    seconds: float = 0.0
    thought: str = ""
    malformed: dict[str, str] = field(default_factory=dict)


def is_loopback(url: str) -> bool:
    """Whether an address is on this machine."""
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")


class ChatError(Exception):
    """The language model gave no whole answer. The message is fit for a person."""


class Unreachable(ChatError):
    """Nothing came back at all."""


class Interrupted(ChatError):
    """The answer broke off. ``text`` is what had come until then."""

    def __init__(self, message: str, text: str) -> None:
        super().__init__(message)
        self.text = text


class Refused(ChatError):
    """The server answered with an error ``status``."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class TooLong(ToolError):
    """The request has more tokens than the model's context. ``context`` is what fits, where the server said so."""

    def __init__(self, prompt: int | None = None, context: int | None = None) -> None:
        size = f" ({prompt} tokens)" if prompt else ""
        room = f" {context} tokens" if context else ""
        super().__init__(
            f"The text{size} is longer than the language model can read at once{room}. Shorten or split it."
        )
        self.prompt = prompt
        self.context = context
