"""Facts of a session: its people, its notes and memories, and what was taken out of it."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from memory.values import Scope, Trust, Value


class SessionMade(Value):
    """First fact of every log. A branch names its parent and the last ``seq`` that it shares with it."""

    kind: Literal["session.made"] = "session.made"
    v: Literal[1] = 1
    owner: str
    mode: Literal["chat", "story"] = "chat"
    title: str = ""
    settings: dict[str, Any] = Field(default_factory=dict)
    parent: str | None = None
    parent_seq: int | None = None


class SessionChanged(Value):
    """Title or settings changed; absent fields stay as they were."""

    kind: Literal["session.changed"] = "session.changed"
    v: Literal[1] = 1
    title: str | None = None
    settings: dict[str, Any] | None = None


class MemberJoined(Value):
    """A member may read and write the session from here on."""

    kind: Literal["member.joined"] = "member.joined"
    v: Literal[1] = 1
    member: str


class MemberLeft(Value):
    """A member no longer takes part."""

    kind: Literal["member.left"] = "member.left"
    v: Literal[1] = 1
    member: str


class NotesMade(Value):
    """A summary of the events up to ``upto``, which stand for it in the model's context."""

    kind: Literal["notes.made"] = "notes.made"
    v: Literal[1] = 1
    upto: int
    text: str


class MemoryKept(Value):
    """A sentence worth keeping. ``scope_key`` is the story, character or room; the owner for ``user``."""

    kind: Literal["memory.kept"] = "memory.kept"
    v: Literal[1] = 1
    memory: str
    text: str
    scope: Scope = "user"
    scope_key: str
    sources: tuple[tuple[str, int], ...] = ()
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    supersedes: tuple[str, ...] = ()
    trust: Trust = "person"
    importance: float = 0.5


class MemoryForgotten(Value):
    """A memory is no longer used. Its words stay in the log until erased."""

    kind: Literal["memory.forgotten"] = "memory.forgotten"
    v: Literal[1] = 1
    memory: str
    reason: str = ""


class ContentErased(Value):
    """The payloads of these events, and all that was derived from them, were overwritten for ever."""

    kind: Literal["content.erased"] = "content.erased"
    v: Literal[1] = 1
    seqs: tuple[int, ...] = ()
    memories: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()


class Erased(Value):
    """What a reader finds where a payload was erased. Never written as a fact of its own."""

    kind: Literal["erased"] = "erased"
    v: Literal[1] = 1
    was: str


class Hidden(Value):
    """What a reader outside ``to`` finds, so that the log stays gap-free. Never written."""

    kind: Literal["hidden"] = "hidden"
    v: Literal[1] = 1
