"""Rows as values: what a reader gets of a session, turn, job, asset or memory.

A row is a fold of facts at the moment of reading. It is never written back; facts are.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import orjson
from sqlalchemy import RowMapping

from memory.events import Provenance, Scope, Trust

TurnState = Literal["open", "running", "waiting", "done", "failed", "cancelled"]
JobState = Literal["queued", "running", "waiting", "finished", "failed", "cancelled"]

TURN_ACTIVE = ("open", "running", "waiting")
JOB_ACTIVE = ("queued", "running", "waiting")


def micros(moment: datetime) -> int:
    """Whole microseconds since 1970 of an aware datetime."""
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def moment(value: int) -> datetime:
    """The UTC datetime of microseconds since 1970."""
    return datetime.fromtimestamp(value // 1_000_000, UTC).replace(microsecond=value % 1_000_000)


def dump(value: Any) -> str:
    """JSON text of a plain value."""
    return orjson.dumps(value).decode()


def audience(stored: str | None) -> tuple[str, ...] | None:
    """The members that a stored ``to`` names; None is everyone."""
    return None if stored is None else tuple(orjson.loads(stored))


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A conversation or story. ``running`` says that a turn of it is open, running or waiting."""

    id: str
    root: str
    parent: str | None
    parent_seq: int | None
    owner: str
    mode: str
    title: str
    settings: dict[str, Any]
    head: int
    made_at: datetime
    changed_at: datetime
    running: bool = False

    @classmethod
    def of(cls, row: RowMapping) -> "SessionRow":
        """Build from a database row."""
        return cls(
            id=row["id"],
            root=row["root"],
            parent=row["parent"],
            parent_seq=row["parent_seq"],
            owner=row["owner"],
            mode=row["mode"],
            title=row["title"],
            settings=orjson.loads(row["settings"]),
            head=row["head"],
            made_at=moment(row["made_at"]),
            changed_at=moment(row["changed_at"]),
            running=bool(row.get("running", False)),
        )


@dataclass(frozen=True, slots=True)
class TurnRow:
    """One request and all that comes of it. ``seq`` opened it, ``end_seq`` is its terminal fact."""

    id: str
    session: str
    seq: int
    owner: str
    state: TurnState
    epoch: int
    attempt: int
    holder: str | None
    lease_until: float | None
    question: str | None
    deadline: datetime | None
    woken_by: str | None
    end_seq: int | None
    opened_at: datetime

    @classmethod
    def of(cls, row: RowMapping) -> "TurnRow":
        """Build from a database row."""
        deadline = row["deadline"]
        return cls(
            id=row["id"],
            session=row["session"],
            seq=row["seq"],
            owner=row["owner"],
            state=row["state"],
            epoch=row["epoch"],
            attempt=row["attempt"],
            holder=row["holder"],
            lease_until=row["lease_until"],
            question=row["question"],
            deadline=None if deadline is None else moment(deadline),
            woken_by=row["woken_by"],
            end_seq=row["end_seq"],
            opened_at=moment(row["opened_at"]),
        )

    @property
    def ended(self) -> bool:
        """Whether it has its terminal fact."""
        return self.end_seq is not None


@dataclass(frozen=True, slots=True)
class JobRow:
    """One run of a tool. ``attempt`` counts its runs from 1; ``lost`` those whose worker crashed."""

    id: str
    session: str
    turn: str | None
    call: str
    attempt_no: int
    seq: int
    owner: str
    tool: str
    title: str
    args: dict[str, Any]
    lane: str
    external: bool
    parent_job: str | None
    state: JobState
    epoch: int
    attempt: int
    lost: int
    holder: str | None
    lease_until: float | None
    answered: str | None
    end_seq: int | None
    queued_at: datetime

    @classmethod
    def of(cls, row: RowMapping) -> "JobRow":
        """Build from a database row."""
        return cls(
            id=row["id"],
            session=row["session"],
            turn=row["turn"] or None,
            call=row["call"],
            attempt_no=row["attempt_no"],
            seq=row["seq"],
            owner=row["owner"],
            tool=row["tool"],
            title=row["title"],
            args=orjson.loads(row["args"]),
            lane=row["lane"],
            external=row["external"],
            parent_job=row["parent_job"],
            state=row["state"],
            epoch=row["epoch"],
            attempt=row["attempt"],
            lost=row["lost"],
            holder=row["holder"],
            lease_until=row["lease_until"],
            answered=row["answered"],
            end_seq=row["end_seq"],
            queued_at=moment(row["queued_at"]),
        )

    @property
    def ended(self) -> bool:
        """Whether it has its terminal fact."""
        return self.end_seq is not None


@dataclass(frozen=True, slots=True)
class AssetRow:
    """Something made or uploaded, with where it came from. ``blob`` is the sha256 of the stored bytes."""

    id: str
    session: str
    seq: int
    owner: str
    media: str
    blob: str
    size: int
    name: str
    pixels: str | None
    job: str | None
    meta: dict[str, Any]
    provenance: Provenance
    to: tuple[str, ...] | None
    at: datetime

    @classmethod
    def of(cls, row: RowMapping) -> "AssetRow":
        """Build from a database row."""
        return cls(
            id=row["id"],
            session=row["session"],
            seq=row["seq"],
            owner=row["owner"],
            media=row["media"],
            blob=row["blob"],
            size=row["size"],
            name=row["name"],
            pixels=row["pixels"],
            job=row["job"],
            meta=orjson.loads(row["meta"]),
            provenance=Provenance.model_validate_json(row["provenance"], extra="ignore"),
            to=audience(row["audience"]),
            at=moment(row["at"]),
        )


@dataclass(frozen=True, slots=True)
class MemoryRow:
    """A sentence worth keeping, with its origin ``(session, seq)`` and what it was taken from."""

    id: str
    session: str
    seq: int
    owner: str
    text: str
    scope: Scope
    scope_key: str
    sources: tuple[tuple[str, int], ...]
    valid_from: datetime | None
    valid_to: datetime | None
    superseded_by: str | None
    trust: Trust
    importance: float
    to: tuple[str, ...] | None
    at: datetime
    forgotten: bool
    indexed: bool

    @classmethod
    def of(cls, row: RowMapping) -> "MemoryRow":
        """Build from a database row."""
        start, end = row["valid_from"], row["valid_to"]
        return cls(
            id=row["id"],
            session=row["session"],
            seq=row["seq"],
            owner=row["owner"],
            text=row["text"],
            scope=row["scope"],
            scope_key=row["scope_key"],
            sources=tuple((session, seq) for session, seq in orjson.loads(row["sources"])),
            valid_from=None if start is None else moment(start),
            valid_to=None if end is None else moment(end),
            superseded_by=row["superseded_by"],
            trust=row["trust"],
            importance=row["importance"],
            to=audience(row["audience"]),
            at=moment(row["at"]),
            forgotten=row["forgotten"],
            indexed=row["indexed"],
        )
