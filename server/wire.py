"""The wire protocol: every command and frame, as closed unions from which docs/protocol.md is written.

Frames *from* clients are parsed by these models and refused when they do not fit. Frames *to* clients are written straight
from dicts by orjson, once for all listeners of a session, because a model object per token would cost more than the token;
the tests check every frame that is sent against the models here.
"""

from datetime import datetime
from typing import Annotated, Any, Literal, get_args

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter

from memory.events import By, Cause, Event

TEXT_LIMIT = 100_000
"""Characters of one ``say``. A longer text is refused with words: send it as a file."""

LARGEST_SEQ = 2**53
"""The largest number that every client reads exactly, JavaScript's included; no log comes near it."""

DEEPEST = 100
"""How deep a tool's arguments may be nested; the log's JSON ends at 254."""


def _whole(text: str) -> str:
    """Refuse half of a character, which JSON can carry and neither UTF-8 nor the database can."""
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("the text holds half of a character (a lone surrogate)")
    return text


def _storable(values: dict[str, Any]) -> dict[str, Any]:
    """Refuse what the log could not keep: values nested beyond reason, numbers of more than 64 bits, halves of characters."""
    try:
        orjson.dumps(values)
    except TypeError as error:
        raise ValueError(f"these values cannot be kept ({error})") from None
    if _depth(values) > DEEPEST:
        raise ValueError(f"these values are nested more than {DEEPEST} deep")
    return values


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, inner), default=0)


Id = Annotated[str, Field(min_length=1, max_length=128)]
Words = Annotated[str, AfterValidator(_whole)]
Plain = Annotated[dict[str, Any], AfterValidator(_storable)]
Seq = Annotated[int, Field(ge=0, le=LARGEST_SEQ)]


class Frame(BaseModel):
    """Base of all frames and commands. Unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# --- commands: what a client may ask of a session -----------------------------------------------------------------------


class Say(Frame):
    """Say something to the agent: opens a turn. ``assets`` are ids of uploads that go with the words.

    While a question waits in the session, words without assets are its answer, and the ack names the turn that goes on.
    """

    id: Id
    name: Literal["say"] = "say"
    text: Words
    assets: tuple[Id, ...] = Field(default=(), max_length=32)


class Cancel(Frame):
    """Stop a turn (and its open jobs) or one job. What came of it is the terminal fact that follows."""

    id: Id
    name: Literal["cancel"] = "cancel"
    target: Literal["turn", "job"]
    target_id: Id


class Answer(Frame):
    """Answer a question that the agent asked; its turn goes on."""

    id: Id
    name: Literal["answer"] = "answer"
    question: Id
    answer: str = Field(max_length=TEXT_LIMIT)


class Retry(Frame):
    """Run a job that ended once more, as a new job with the same call."""

    id: Id
    name: Literal["retry"] = "retry"
    job: Id


class Rename(Frame):
    """Give the session another title."""

    id: Id
    name: Literal["rename"] = "rename"
    title: str = Field(max_length=200)


class Keep(Frame):
    """Keep a sentence in memory."""

    id: Id
    name: Literal["keep"] = "keep"
    text: str = Field(min_length=1, max_length=4000)


class Forget(Frame):
    """Stop using a memory and what it had replaced; the reason `undo` brings these back. Its words stay in the log until they are erased."""

    id: Id
    name: Literal["forget"] = "forget"
    memory: Id
    reason: Literal["", "undo"] = ""


class Erase(Frame):
    """Overwrite content for ever: events of this session by ``seq``, one memory, or the whole session."""

    id: Id
    name: Literal["erase"] = "erase"
    seqs: tuple[Seq, ...] = Field(default=(), max_length=10_000)
    memory: Id | None = None
    session: bool = False


class RunTool(Frame):
    """Run one tool without the agent. Its result is the job's terminal fact."""

    id: Id
    name: Literal["call"] = "call"
    tool: Id
    args: Plain = {}


Command = Annotated[
    Say | Cancel | Answer | Retry | Rename | Keep | Forget | Erase | RunTool, Field(discriminator="name")
]


# --- frames from clients ------------------------------------------------------------------------------------------------


class Watch(Frame):
    """Follow a session from the fact after ``after``. Watching again moves the cursor."""

    type: Literal["watch"] = "watch"
    session: Id
    after: Seq = 0


class Unwatch(Frame):
    """Stop following a session."""

    type: Literal["unwatch"] = "unwatch"
    session: Id


class CommandFrame(BaseModel):
    """A command over the socket: ``{"type": "command", "session": …, …the command's own fields}``."""

    type: Literal["command"] = "command"
    session: Id
    command: Command


class Ping(Frame):
    """Ask for a ``pong``."""

    type: Literal["ping"] = "ping"


# --- frames to clients --------------------------------------------------------------------------------------------------


class FactFrame(Frame):
    """A fact of the log. ``data`` holds the payload's own fields. Facts come in ``seq`` order without a gap.

    A fact that is not for this reader comes as ``{type, session, seq, kind: "hidden"}``: count its ``seq`` and go on.
    """

    type: Literal["fact"] = "fact"
    session: str
    seq: int
    turn: str | None = None
    at: datetime | None = None
    kind: str
    v: int | None = None
    by: By | None = None
    cause: Cause | None = None
    data: dict[str, Any] | None = None


class LiveTurn(Frame):
    """A turn was taken up. Text of lower attempts is void."""

    type: Literal["live"] = "live"
    session: str
    kind: Literal["turn.started"]
    turn: str
    attempt: int


class LiveText(Frame):
    """Text while it is written: put ``text`` at ``offset`` (Unicode code points) of that part.

    ``text.snapshot`` replaces the part. The fact ``agent.said`` is final and replaces all of it.
    """

    type: Literal["live"] = "live"
    session: str
    kind: Literal["text.delta", "text.snapshot"]
    turn: str
    attempt: int
    part: int
    offset: int
    text: str


class LiveProgress(Frame):
    """How far a job is. ``eta`` in seconds, ``preview`` a small data URL."""

    type: Literal["live"] = "live"
    session: str
    kind: Literal["job.progress"]
    job: str
    turn: str | None = None
    share: float
    stage: str
    eta: float | None = None
    preview: str | None = None


class LiveAudio(Frame):
    """Sound as it is made: base64 of 16-bit little-endian mono samples. A client that falls behind misses some."""

    type: Literal["live"] = "live"
    session: str
    kind: Literal["audio.chunk"]
    job: str
    number: int
    sample_rate: int
    pcm: str


class Watching(Frame):
    """The answer to ``watch``: facts up to ``head`` are on their way."""

    type: Literal["watching"] = "watching"
    session: str
    head: int


class Ack(Frame):
    """The command was accepted, and is in the log at ``seq``. ``repeated``: its id was accepted before, nothing was done now."""

    type: Literal["ack"] = "ack"
    id: str
    session: str
    seq: int
    turn: str | None = None
    job: str | None = None
    repeated: bool = False


class Refused(Frame):
    """A frame or command was refused. ``status`` as in HTTP; ``fix`` says what to do next."""

    type: Literal["refused"] = "refused"
    id: str | None = None
    session: str | None = None
    status: int
    code: str
    error: str
    fix: str | None = None


class Gap(Frame):
    """``after`` is not in this log (it ends at ``head``): what the client holds is not this session's. Start again from 0."""

    type: Literal["gap"] = "gap"
    session: str
    after: int
    head: int


class Pong(Frame):
    """The answer to ``ping``."""

    type: Literal["pong"] = "pong"


ClientFrame = Watch | Unwatch | Ping
Live = Annotated[LiveTurn | LiveText | LiveProgress | LiveAudio, Field(discriminator="kind")]
ServerFrame = FactFrame | Live | Watching | Ack | Refused | Gap | Pong

COMMAND: TypeAdapter[Command] = TypeAdapter(Command)
CLIENT_FRAME: TypeAdapter[ClientFrame] = TypeAdapter(Annotated[ClientFrame, Field(discriminator="type")])
LIVE: TypeAdapter[Live] = TypeAdapter(Live)


def read_server_frame(data: str | bytes) -> ServerFrame:
    """Parse a frame that a server sent, strictly. For clients in Python, and for the tests."""
    fields = orjson.loads(data)
    if fields["type"] == "live":
        return LIVE.validate_python(fields)
    for model in (FactFrame, Watching, Ack, Refused, Gap, Pong):
        if model.model_fields["type"].default == fields["type"]:
            return model.model_validate(fields)
    raise ValueError(f"No frame is called {fields['type']!r}.")


def fact_fields(event: Event, reader: str | None = None) -> dict[str, Any]:
    """An event as a fact frame's fields, or hidden when it is not for ``reader``."""
    outside = reader is not None and event.to is not None and reader not in event.to
    if outside or event.kind == "hidden":
        return {"type": "fact", "session": event.session, "seq": event.seq, "kind": "hidden"}
    data = event.fact.model_dump(mode="json", exclude={"kind", "v"})
    return {
        "type": "fact",
        "session": event.session,
        "seq": event.seq,
        "turn": event.turn,
        "at": event.at.isoformat(),
        "kind": event.fact.kind,
        "v": event.fact.v,
        "by": event.by,
        "cause": event.cause.model_dump(exclude_none=True) if event.cause else None,
        "data": data,
    }


def commands() -> tuple[type[BaseModel], ...]:
    """All commands, for the documents."""
    return get_args(get_args(Command)[0])
