"""Logs that released versions wrote are read, and folded to the same rows, for ever.

``golden/<version>.jsonl`` holds the rows of table ``events`` as that version stored them. A file is never changed.
"""

import json
from pathlib import Path
from typing import Any, get_args

import pytest
from sqlalchemy import Connection, func, select

from memory import read, tables
from memory.append import Locked, stored, write
from memory.events import Draft, Event, Fact
from memory.log import Log
from memory.writer import Transaction

GOLDEN = Path(__file__).with_name("golden")
VERSIONS = sorted(path.stem for path in GOLDEN.glob("*.jsonl"))


def rows(version: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (GOLDEN / f"{version}.jsonl").read_text("utf-8").splitlines()]


def events(version: str) -> list[Event]:
    return [read.event_of(row) for row in rows(version)]  # type: ignore[arg-type]


def test_the_newest_golden_log_holds_every_kind_that_is_ever_written() -> None:
    written = {fact.model_fields["kind"].default for fact in get_args(get_args(Fact)[0])} - {"erased", "hidden"}
    assert {row["kind"] for row in rows(VERSIONS[-1])} == written


@pytest.mark.parametrize("version", VERSIONS)
def test_every_event_of_a_released_version_is_read(version: str) -> None:
    for row, event in zip(rows(version), events(version), strict=True):
        assert (event.kind, event.seq, event.turn) == (row["kind"], row["seq"], row["turn"])
        again = stored(event)
        if row["v"] == event.fact.v:  # not upcast: what is written back is what was stored, but for new fields
            assert json.loads(again["payload"]).items() >= json.loads(row["payload"]).items()
        assert {key: again[key] for key in ("at", "by", "cause", "audience", "job")} == {
            key: row[key] for key in ("at", "by", "cause", "audience", "job")
        }


async def replay(log: Log, version: str) -> str:
    """Fold a golden log into an empty database, each event at its own seq."""
    first, *rest = events(version)
    row = {
        "id": first.session, "root": first.session, "owner": first.fact.owner, "mode": "chat", "title": "", "settings": "{}",
        "head": 0, "made_at": 0, "changed_at": 0, "erased": False,
    }  # fmt: skip

    def work(transaction: Transaction) -> None:
        transaction.connection.execute(tables.sessions.insert(), row)
        for event in (first, *rest):
            draft = Draft(fact=event.fact, by=event.by, turn=event.turn, cause=event.cause, to=event.to)
            write(transaction, Locked(event.session, event.seq - 1, row["owner"]), [draft])

    await log.write(work)
    return first.session


async def test_the_log_of_0_1_0_folds_to_the_rows_that_it_had(log: Log) -> None:
    session = await replay(log, "v0.1.0")
    assert [event.fact for event in await log.events(session)] == [event.fact for event in events("v0.1.0")]

    def states(connection: Connection, table: Any) -> list[tuple[Any, ...]]:
        query = select(table.c.id, table.c.state, table.c.end_seq).order_by(table.c.seq)
        return [tuple(row) for row in connection.execute(query)]

    turns, jobs = await log.read(lambda c: (states(c, tables.turns), states(c, tables.jobs)))
    ended = {(event.turn, event.kind): event.seq for event in events("v0.1.0")}
    assert [(state, ended[id, f"turn.{state}"] == seq) for id, state, seq in turns] == [
        ("done", True), ("failed", True), ("cancelled", True),
    ]  # fmt: skip
    assert [state for _, state, _ in jobs] == ["finished", "failed", "cancelled"]
    row = await log.session(session)
    assert (row.title, row.settings) == ("Castles", {"a": [1, None]})
    assert await log.read(lambda c: c.execute(select(tables.members.c.member)).scalars().all()) == ["bob"]
    assert [asset.name for asset in await log.read(lambda c: read.assets(c, session))] == ["photo.png", "castle.png"]
    kept = await log.read(lambda c: c.execute(select(tables.memories).order_by(tables.memories.c.id)).mappings().all())
    assert [(one["text"], one["superseded_by"] is not None, one["forgotten"]) for one in kept] == [
        ("Ada's dragon is called Ida", True, False),
        ("Ada's dragon is called Ivo", False, True),
    ]
    assert await log.read(lambda c: c.execute(select(func.count()).select_from(tables.asset_parents)).scalar()) == 1
