"""Facts: what the log keeps, and the envelope in which it keeps them.

A *fact* is a frozen value without storage identity; the log gives it a session, a ``seq`` and a time, and the pair is an
:class:`Event`. The union is closed and grows by issue; a name, once released, is for ever. Unknown fields are refused when
a fact is written and ignored when it is read; an older stored version is upcast on read (see :func:`read_fact`), so a row
is never rewritten for a format's sake.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from memory.job_facts import (
    AssetSaved,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobQueued,
    JobRetried,
    ToolAnswered,
    ToolCalled,
)
from memory.session_facts import (
    ContentErased,
    Erased,
    Hidden,
    MemberJoined,
    MemberLeft,
    MemoryForgotten,
    MemoryKept,
    NotesMade,
    SessionChanged,
    SessionMade,
)
from memory.turn_facts import (
    AgentSaid,
    CancelAsked,
    ModelAnswered,
    QuestionAnswered,
    QuestionAsked,
    TextWithheld,
    TurnCancelled,
    TurnDone,
    TurnFailed,
    TurnTaken,
    TurnWoken,
    UserSaid,
)
from memory.values import By, Call, Cause, MadeBy, Provenance, Scope, Trust, Value

__all__ = [
    "JOB_ENDS",
    "TURN_ENDS",
    "UPCASTS",
    "AgentSaid",
    "AssetSaved",
    "By",
    "Call",
    "CancelAsked",
    "Cause",
    "ContentErased",
    "Draft",
    "Erased",
    "Event",
    "Fact",
    "Hidden",
    "JobCancelled",
    "JobFailed",
    "JobFinished",
    "JobQueued",
    "JobRetried",
    "MadeBy",
    "MemberJoined",
    "MemberLeft",
    "MemoryForgotten",
    "MemoryKept",
    "ModelAnswered",
    "NotesMade",
    "Provenance",
    "QuestionAnswered",
    "QuestionAsked",
    "Scope",
    "SessionChanged",
    "SessionMade",
    "TextWithheld",
    "ToolAnswered",
    "ToolCalled",
    "Trust",
    "TurnCancelled",
    "TurnDone",
    "TurnFailed",
    "TurnTaken",
    "TurnWoken",
    "UserSaid",
    "Value",
    "read_fact",
]

Fact = Annotated[
    SessionMade
    | SessionChanged
    | UserSaid
    | TurnWoken
    | TurnTaken
    | ModelAnswered
    | AgentSaid
    | ToolCalled
    | ToolAnswered
    | JobQueued
    | JobRetried
    | JobFinished
    | JobFailed
    | JobCancelled
    | AssetSaved
    | CancelAsked
    | QuestionAsked
    | QuestionAnswered
    | TextWithheld
    | NotesMade
    | MemoryKept
    | MemoryForgotten
    | MemberJoined
    | MemberLeft
    | ContentErased
    | TurnDone
    | TurnFailed
    | TurnCancelled
    | Erased
    | Hidden,
    Field(discriminator="kind"),
]

TURN_ENDS = frozenset({"turn.done", "turn.failed", "turn.cancelled"})
JOB_ENDS = frozenset({"job.finished", "job.failed", "job.cancelled"})

_FACT: TypeAdapter[Fact] = TypeAdapter(Fact)

UPCASTS: dict[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""``(kind, v)`` to the function that turns a stored payload into the next version's; applied until none fits."""


class Event(Value):
    """A fact with its place in a session's log. ``to`` names the only members who may read it; None is everyone."""

    session: str
    seq: int
    turn: str | None = None
    at: datetime
    by: By
    cause: Cause | None = None
    to: tuple[str, ...] | None = None
    fact: Fact

    @property
    def kind(self) -> str:
        """The fact's kind, such as ``user.said``."""
        return self.fact.kind


class Draft(Value):
    """A fact on its way into the log. The log adds session, ``seq`` and time."""

    fact: Fact
    by: By
    turn: str | None = None
    cause: Cause | None = None
    to: tuple[str, ...] | None = None


def read_fact(kind: str, v: int, payload: dict[str, Any]) -> Fact:
    """Build a fact from a stored payload, upcasting old versions and ignoring fields that this program does not know.

    Raises:
        ValueError: the kind is unknown (a newer program wrote it), or the payload does not fit.
    """
    while upcast := UPCASTS.get((kind, v)):
        payload = upcast(payload)
        v += 1
    return _FACT.validate_python({**payload, "kind": kind, "v": v}, extra="ignore")
