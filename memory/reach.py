"""How far an erasure reaches: from a few facts to all that was made from them.

The rules err on the side of taking too much away, because a person who erases wants the words gone and not counted:

- a person's words take their whole turn with them: what the model thought and said, calls, jobs, results, assets, titles;
- a model's words take the model's words and calls of that turn; a job takes its facts and assets;
- an asset takes its descendants, and an upload goes with the last message that shows it;
- a memory takes the facts it was taken from and the replies that used it; facts take the memories taken from them;
- notes that cover an erased fact go, in its session and in every branch that shares it;
- later facts of these sessions that repeat the erased words go too, except what a person said again.

Facts without words of anybody (a turn was taken, a turn is done) stay as they are.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import orjson
from sqlalchemy import Connection, RowMapping, Select, select

from memory import tables

Address = tuple[str, int]

WORDLESS = frozenset(
    {
        "turn.taken",
        "turn.woken",
        "turn.done",
        "turn.cancelled",
        "cancel.asked",
        "content.erased",
        "member.joined",
        "member.left",
    }
)
"""Kinds that hold nothing but ids and numbers."""

_JOB_KINDS = frozenset({"tool.called", "job.queued", "job.retried", "job.finished", "job.failed", "job.cancelled"})
_SHORTEST_QUOTE = 8
"""Characters that a text must have before its repetition elsewhere counts as a quotation."""


@dataclass(slots=True)
class Reach:
    """Addresses of facts and ids of rows that an erasure overwrites."""

    events: dict[Address, str] = field(default_factory=dict)  # to its kind
    memories: set[str] = field(default_factory=set)
    assets: set[str] = field(default_factory=set)
    jobs: set[str] = field(default_factory=set)


class Walk:
    """Follows the rules of this module from a start until nothing new turns up."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: list[RowMapping] = []
        self._whole: set[str] = set()
        self.reach = Reach()

    # --- starts -------------------------------------------------------------------------------------------------------

    def from_events(self, addresses: Iterable[Address]) -> "Walk":
        """Start from facts."""
        columns = tables.events.c
        for session, seq in addresses:
            self._add(select(tables.events).where(columns.session == session, columns.seq == seq))
        return self._follow()

    def from_memory(self, memory: str) -> "Walk":
        """Start from a memory: the facts it was taken from go with it."""
        sources = select(tables.memories.c.sources).where(tables.memories.c.id == memory)
        self._memories([memory])
        stored = self._connection.execute(sources).scalar()
        return self.from_events((session, seq) for session, seq in orjson.loads(stored or "[]"))

    def from_sessions(self, sessions: Iterable[str]) -> "Walk":
        """Start from everything that these sessions' own logs hold, and the memories taken from them."""
        columns = tables.memories.c
        for session in sessions:
            self._whole.add(session)
            self._add(select(tables.events).where(tables.events.c.session == session))
            taken = columns.sources.contains(f'["{session}",', autoescape=True) | (columns.session == session)
            self._memories(self._connection.execute(select(columns.id).where(taken)).scalars().all())
        return self._follow()

    # --- steps --------------------------------------------------------------------------------------------------------

    def _add(self, query: "Select[tuple[object, ...]]") -> None:
        for row in self._connection.execute(query).mappings().all():
            address = (row["session"], row["seq"])
            if address in self.reach.events or row["kind"] in WORDLESS:
                continue
            self.reach.events[address] = row["kind"]
            self._waiting.append(row)

    def _follow(self) -> "Walk":
        while self._waiting:
            row = self._waiting.pop()
            self._turn(row)
            self._job(row)
            self._asset(row)
            if row["session"] not in self._whole:
                self._memory(row)
                self._notes(row)
                self._quotes(row)
        return self

    def _turn(self, row: RowMapping) -> None:
        columns, kind = tables.events.c, row["kind"]
        if row["turn"] is None or kind in _JOB_KINDS or kind in ("asset.saved", "memory.kept", "memory.forgotten"):
            return
        query = select(tables.events).where(columns.turn == row["turn"])
        self._add(query if kind == "user.said" else query.where(columns.kind != "user.said"))
        if kind == "user.said" and not row["erased"]:
            for asset in orjson.loads(row["payload"]).get("assets", ()):
                self._shown(asset)

    def _shown(self, asset: str) -> None:
        """An upload goes when every message that shows it goes."""
        columns = tables.shown.c
        places = self._connection.execute(select(columns.session, columns.seq).where(columns.asset == asset))
        if all((place.session, place.seq) in self.reach.events for place in places):
            self._assets([asset])

    def _job(self, row: RowMapping) -> None:
        if row["kind"] not in _JOB_KINDS or row["job"] is None or row["job"] in self.reach.jobs:
            return
        self.reach.jobs.add(row["job"])
        columns, jobs = tables.events.c, tables.jobs.c
        self._add(select(tables.events).where(columns.session == row["session"], columns.job == row["job"]))
        children = select(jobs.id).where(jobs.parent_job == row["job"])
        for child in self._connection.execute(children).scalars().all():
            self._add(select(tables.events).where(columns.session == row["session"], columns.job == child))

    def _asset(self, row: RowMapping) -> None:
        if row["kind"] == "asset.saved":
            columns = tables.assets.c
            query = select(columns.id).where(columns.session == row["session"], columns.seq == row["seq"])
            self._assets(self._connection.execute(query).scalars().all())

    def _assets(self, ids: Iterable[str]) -> None:
        columns, parents, events = tables.assets.c, tables.asset_parents.c, tables.events.c
        for id in ids:
            if id in self.reach.assets:
                continue
            self.reach.assets.add(id)
            self._add(
                select(tables.events)
                .join(tables.assets, (columns.session == events.session) & (columns.seq == events.seq))
                .where(columns.id == id)
            )
            self._assets(self._connection.execute(select(parents.asset).where(parents.parent == id)).scalars().all())

    def _memory(self, row: RowMapping) -> None:
        """Memories taken from this fact, or kept by it."""
        columns, address = tables.memories.c, [row["session"], row["seq"]]
        query = select(columns.id).where(
            columns.sources.contains(orjson.dumps(address).decode(), autoescape=True)
            | ((columns.session == row["session"]) & (columns.seq == row["seq"]))
        )
        self._memories(self._connection.execute(query).scalars().all())

    def _memories(self, ids: Iterable[str]) -> None:
        columns, events = tables.memories.c, tables.events.c
        for id in ids:
            if id in self.reach.memories:
                continue
            self.reach.memories.add(id)
            row = self._connection.execute(select(columns.session, columns.seq).where(columns.id == id)).one()
            self._add(select(tables.events).where(events.session == row.session, events.seq == row.seq))
            uses = events.kind.in_(("memory.forgotten", "agent.said"))
            self._add(select(tables.events).where(uses, events.payload.contains(f'"{id}"', autoescape=True)))

    def _notes(self, row: RowMapping) -> None:
        columns = tables.events.c
        for session in self._heirs(row["session"], row["seq"]):
            notes = select(tables.events).where(columns.session == session, columns.kind == "notes.made")
            for note in self._connection.execute(notes).mappings().all():
                if not note["erased"] and orjson.loads(note["payload"])["upto"] >= row["seq"]:
                    self._add(notes.where(columns.seq == note["seq"]))

    def _quotes(self, row: RowMapping) -> None:
        """Facts of the model, the tools and the engine that repeat these words, and titles cut from them."""
        if row["erased"] or row["kind"] not in ("user.said", "memory.kept"):
            return
        text = orjson.loads(row["payload"])["text"].strip()
        columns, quote = tables.events.c, orjson.dumps(text).decode()[1:-1]
        for session in self._heirs(row["session"], row["seq"]):
            here = select(tables.events).where(columns.session == session)
            if len(text) >= _SHORTEST_QUOTE:
                later = here.where(columns.by != "user", columns.payload.contains(quote, autoescape=True))
                self._add(later.where(columns.seq > row["seq"]))
            titled = here.where(columns.kind.in_(("session.made", "session.changed")), columns.erased.is_(False))
            for fact in self._connection.execute(titled).mappings().all():
                title = (orjson.loads(fact["payload"])["title"] or "").strip().rstrip("….")
                if title and title in text:
                    self._add(here.where(columns.seq == fact["seq"]))

    def _heirs(self, session: str, seq: int) -> list[str]:
        """The session and every branch whose prefix holds its event ``seq``."""
        columns, found = tables.sessions.c, [session]
        for one in found:
            forks = select(columns.id).where(columns.parent == one)
            if one == session:
                forks = forks.where(columns.parent_seq >= seq)
            found += self._connection.execute(forks).scalars().all()
        return found
