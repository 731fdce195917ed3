"""Facts: what the log keeps, and the envelope in which it keeps them.

A *fact* is a frozen value without storage identity; the log gives it a session, a ``seq`` and a time, and the pair is an
:class:`Event`. The union is closed and grows by issue; a name, once released, is for ever. Unknown fields are refused when
a fact is written and ignored when it is read; an older stored version is upcast on read (see :func:`read_fact`), so a row
is never rewritten for a format's sake.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

By = Literal["user", "agent", "tool", "engine"]
"""Who states the fact: a person, the agent's model, a tool, or Rhapsode itself."""

Trust = Literal["person", "engine", "model", "tool", "file"]
"""Where words come from, most trusted first; a memory inherits the lowest of its sources."""

Scope = Literal["user", "story", "character", "room"]


class Value(BaseModel):
    """Base of every immutable value that crosses a module's border."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Cause(Value):
    """What led to a fact: a command of a client, or an event."""

    command: str | None = None
    session: str | None = None
    seq: int | None = None


class Call(Value):
    """A tool call that a model asked for. ``id`` is unique within the turn."""

    id: str
    tool: str
    args: dict[str, Any]


class MadeBy(Value):
    """A model that took part in making something. ``sha256`` is of its weight file, absent for code and remote models."""

    task: str
    model: str
    sha256: str | None = None
    licence: str | None = None


class Provenance(Value):
    """How an asset came to be; written with the asset and signed into it where its format allows.

    ``method`` says honestly what did the work (``illustrator``, ``diffusers``, ``upload`` …); ``parents`` are asset ids.
    """

    tool: str
    method: str
    params: dict[str, Any] = {}
    seed: int | None = None
    made_by: tuple[MadeBy, ...] = ()
    parents: tuple[str, ...] = ()
    fallback: str | None = None


# --- facts ------------------------------------------------------------------------------------------------------------


class SessionMade(Value):
    """First fact of every log. A branch names its parent and the last ``seq`` that it shares with it."""

    kind: Literal["session.made"] = "session.made"
    v: Literal[1] = 1
    owner: str
    mode: Literal["chat", "story"] = "chat"
    title: str = ""
    settings: dict[str, Any] = {}
    parent: str | None = None
    parent_seq: int | None = None


class SessionChanged(Value):
    """Title or settings changed; absent fields stay as they were."""

    kind: Literal["session.changed"] = "session.changed"
    v: Literal[1] = 1
    title: str | None = None
    settings: dict[str, Any] | None = None


class UserSaid(Value):
    """A person's words. Opens the turn named in the envelope."""

    kind: Literal["user.said"] = "user.said"
    v: Literal[1] = 1
    text: str
    assets: tuple[str, ...] = ()


class TurnWoken(Value):
    """A slow job ended after its turn was done, and the agent wants to speak of it: opens the turn of the envelope, once a job."""

    kind: Literal["turn.woken"] = "turn.woken"
    v: Literal[1] = 1
    job: str


class TurnTaken(Value):
    """A process took the turn up under a new epoch. ``attempt`` counts from 1; a higher one voids shown text of lower ones."""

    kind: Literal["turn.taken"] = "turn.taken"
    v: Literal[1] = 1
    epoch: int
    attempt: int


class ModelAnswered(Value):
    """One whole message of the model, kept before any of its calls runs, so that a resumed turn never thinks twice.

    ``step`` counts the model's messages within the turn from 0. ``raw`` keeps the provider's message where it differs.
    """

    kind: Literal["model.answered"] = "model.answered"
    v: Literal[1] = 1
    step: int
    text: str
    calls: tuple[Call, ...] = ()
    model: str = ""
    raw: dict[str, Any] | None = None


class AgentSaid(Value):
    """Final words of one part of the reply; replaces every delta of it. ``memories`` were used in writing it."""

    kind: Literal["agent.said"] = "agent.said"
    v: Literal[1] = 1
    attempt: int
    part: int
    text: str
    model: str = ""
    memories: tuple[str, ...] = ()


class ToolCalled(Value):
    """A tool was asked to run: opens the job ``job``. ``attempt_no`` rises only by a person's retry or edit."""

    kind: Literal["tool.called"] = "tool.called"
    v: Literal[1] = 1
    call: str
    tool: str
    args: dict[str, Any]
    job: str
    attempt_no: int = 1
    parent_job: str | None = None
    lane: str = "heavy"
    external: bool = False


class ToolAnswered(Value):
    """What the model was told of a call: a result, an error in words, or that the job goes on in the background."""

    kind: Literal["tool.answered"] = "tool.answered"
    v: Literal[1] = 1
    call: str
    text: str
    assets: tuple[str, ...] = ()
    status: Literal["done", "failed", "running", "cancelled"] = "done"


class JobQueued(Value):
    """The job waits for a worker; clients show its card."""

    kind: Literal["job.queued"] = "job.queued"
    v: Literal[1] = 1
    job: str
    call: str
    tool: str
    title: str = ""


class JobRetried(Value):
    """A run of the job was lost (its worker or server died) and another begins."""

    kind: Literal["job.retried"] = "job.retried"
    v: Literal[1] = 1
    job: str
    attempt: int
    reason: str


class JobFinished(Value):
    """Terminal. ``text`` is the one sentence for the model; ``assets`` were saved in the same transaction."""

    kind: Literal["job.finished"] = "job.finished"
    v: Literal[1] = 1
    job: str
    text: str
    assets: tuple[str, ...] = ()
    seconds: float = 0.0
    data: dict[str, Any] = {}


class JobFailed(Value):
    """Terminal. ``error`` is safe words for a person; ``fix`` a command that mends it, where there is one."""

    kind: Literal["job.failed"] = "job.failed"
    v: Literal[1] = 1
    job: str
    error: str
    fix: str | None = None
    bug: bool = False


class JobCancelled(Value):
    """Terminal: the job was stopped before it committed anything."""

    kind: Literal["job.cancelled"] = "job.cancelled"
    v: Literal[1] = 1
    job: str
    reason: str = ""


class AssetSaved(Value):
    """Something was made or uploaded. ``blob`` is the sha256 of the bytes as stored, ``pixels`` of the decoded content.

    ``meta`` holds media facts: ``width``, ``height`` (pixels), ``seconds``, ``sample_rate`` (Hz), ``caption``, ``scene`` ….
    """

    kind: Literal["asset.saved"] = "asset.saved"
    v: Literal[1] = 1
    asset: str
    media: str
    blob: str
    size: int
    name: str
    pixels: str | None = None
    job: str | None = None
    meta: dict[str, Any] = {}
    provenance: Provenance


class CancelAsked(Value):
    """A person wants a turn or a job stopped. What came of it is the terminal fact that follows."""

    kind: Literal["cancel.asked"] = "cancel.asked"
    v: Literal[1] = 1
    target: Literal["turn", "job"]
    id: str


class QuestionAsked(Value):
    """The turn waits for an answer; no process is held. After ``deadline`` the answer is none."""

    kind: Literal["question.asked"] = "question.asked"
    v: Literal[1] = 1
    question: str
    text: str
    choices: tuple[str, ...] = ()
    deadline: datetime | None = None


class QuestionAnswered(Value):
    """The answer to a question; takes its turn up again."""

    kind: Literal["question.answered"] = "question.answered"
    v: Literal[1] = 1
    question: str
    answer: str | None


class TextWithheld(Value):
    """Words that a guard held back; the words themselves are not kept."""

    kind: Literal["text.withheld"] = "text.withheld"
    v: Literal[1] = 1
    part: int
    reason: str


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


class ContentErased(Value):
    """The payloads of these events, and all that was derived from them, were overwritten for ever."""

    kind: Literal["content.erased"] = "content.erased"
    v: Literal[1] = 1
    seqs: tuple[int, ...] = ()
    memories: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()


class TurnDone(Value):
    """Terminal: the reply is complete. Slow jobs may end later."""

    kind: Literal["turn.done"] = "turn.done"
    v: Literal[1] = 1
    jobs: tuple[str, ...] = ()


class TurnFailed(Value):
    """Terminal. ``error`` is safe words for a person; ``fix`` a command that mends it."""

    kind: Literal["turn.failed"] = "turn.failed"
    v: Literal[1] = 1
    error: str
    fix: str | None = None


class TurnCancelled(Value):
    """Terminal: a person stopped the turn; its open jobs were cancelled in the same transaction."""

    kind: Literal["turn.cancelled"] = "turn.cancelled"
    v: Literal[1] = 1


class Erased(Value):
    """What a reader finds where a payload was erased. Never written as a fact of its own."""

    kind: Literal["erased"] = "erased"
    v: Literal[1] = 1
    was: str


class Hidden(Value):
    """What a reader outside ``to`` finds, so that the log stays gap-free. Never written."""

    kind: Literal["hidden"] = "hidden"
    v: Literal[1] = 1


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
