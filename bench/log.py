"""What an append to the log costs, by how many wait at once, and the price of ``synchronous=full``.

The floor is the barest program: the same bytes into one SQLite table by the standard library, as many rows to a commit. An
append does more for its price: it locks the session, keeps rows in step, checks leases and commands, and tells listeners.
"""

import asyncio
import shutil
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, Literal

from memory.events import Draft, ModelAnswered, UserSaid
from memory.ids import new_id
from memory.log import Command, Log

COMMAND = "python -m bench log"
SIZES = (1, 32, 256)
EVENTS = 1024
TEXT = "x" * 400

Cost = tuple[float, float, float]
"""CPU µs an event, wall µs an event, median ms from the call to the acknowledgement."""


def run() -> list[dict[str, Any]]:
    """All figures of this module."""
    figures: list[dict[str, Any]] = []
    for synchronous in ("full", "normal"):
        for size in SIZES:
            cpu, wall, latency = _in_folder(lambda folder, m=synchronous, s=size: asyncio.run(_log(folder, m, s)))
            floor_cpu, floor_wall, floor_latency = _in_folder(lambda folder, m=synchronous, s=size: _bare(folder, m, s))
            for name, unit, value, floor in (
                ("cpu_per_event", "µs", cpu, floor_cpu),
                ("wall_per_event", "µs", wall, floor_wall),
                ("acknowledged_p50", "ms", latency, floor_latency),
            ):
                figures.append(_figure(f"log.append.{synchronous}.{size}_at_once.{name}", value, unit, floor))
    prices = {figure["name"]: figure["value"] for figure in figures}
    for size in SIZES:
        name = f"{size}_at_once.wall_per_event"
        price = prices[f"log.append.full.{name}"] / prices[f"log.append.normal.{name}"]
        figures.append(_figure(f"log.append.full_over_normal.{size}_at_once", price, "×", 1.0))
    command, read = _in_folder(lambda folder: asyncio.run(_command_and_read(folder)))
    figures.append(_figure("log.say_command.acknowledged_p50", command, "ms", None))
    figures.append(_figure("log.read_1000_events", read, "ms", None))
    return figures


def _figure(name: str, value: float, unit: str, floor: float | None) -> dict[str, Any]:
    rounded = None if floor is None else round(floor, 3)
    return {"name": name, "value": round(value, 3), "unit": unit, "floor": rounded, "peer": None, "command": COMMAND}


def _in_folder(measure: Any) -> Any:
    folder = Path(tempfile.mkdtemp(prefix="rhapsode-bench-"))
    try:
        return measure(folder)
    finally:
        shutil.rmtree(folder)


async def _log(folder: Path, synchronous: Literal["full", "normal"], size: int) -> Cost:
    """``size`` writers in as many sessions append one event each, again and again."""
    log = await Log.open(f"sqlite:///{folder}/rhapsode.db", synchronous=synchronous)
    sessions = [(await log.make_session("ada")).last.session for _ in range(size)]
    drafts = [Draft(fact=ModelAnswered(step=0, text=TEXT), by="agent")]
    taken: list[float] = []

    async def one(session: str) -> None:
        began = time.perf_counter()
        await log.append(session, drafts)
        taken.append(time.perf_counter() - began)

    await asyncio.gather(*(one(session) for session in sessions))  # statements are compiled once
    taken.clear()
    rounds = max(1, EVENTS // size)
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(rounds):
        await asyncio.gather(*(one(session) for session in sessions))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    await log.close()
    return cpu * 1e6 / (rounds * size), wall * 1e6 / (rounds * size), statistics.median(taken) * 1e3


def _bare(folder: Path, synchronous: str, size: int) -> Cost:
    """The same bytes by the standard library, ``size`` rows a commit."""
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"PRAGMA synchronous={synchronous}")
    connection.execute("CREATE TABLE e (s TEXT, seq INTEGER, p TEXT, PRIMARY KEY (s, seq)) WITHOUT ROWID")
    taken, rounds = [], max(1, EVENTS // size)
    cpu, wall = time.process_time(), time.perf_counter()
    for number in range(rounds):
        began = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO e VALUES (?, ?, ?)", [(str(n), number, TEXT) for n in range(size)])
        connection.execute("COMMIT")
        taken.append(time.perf_counter() - began)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    connection.close()
    return cpu * 1e6 / (rounds * size), wall * 1e6 / (rounds * size), statistics.median(taken) * 1e3


async def _command_and_read(folder: Path) -> tuple[float, float]:
    """Median ms of a whole ``say`` (command, turn row, fact) alone, and ms to read a log of 1000 events."""
    log = await Log.open(f"sqlite:///{folder}/rhapsode.db")
    session = (await log.make_session("ada")).last.session
    taken = []
    for number in range(200):
        began = time.perf_counter()
        said = Draft(fact=UserSaid(text=TEXT), by="user", turn=new_id("turn"))
        await log.append(session, [said], command=Command("ada", str(number), {"text": TEXT}))
        taken.append(time.perf_counter() - began)
    await log.append(session, [Draft(fact=ModelAnswered(step=0, text=TEXT), by="agent")] * 799)
    began = time.perf_counter()
    events = await log.events(session)
    read = time.perf_counter() - began
    assert len(events) == 1000
    await log.close()
    return statistics.median(taken) * 1e3, read * 1e3
