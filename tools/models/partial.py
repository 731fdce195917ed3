"""A fetch under way: the files so far, the note of what is safely done, and progress for whoever watches."""

import asyncio
import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tools.models.catalogue import Entry, Source

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a fetch is: bytes ``done`` of ``total``, seconds left (None when unknown), and from where."""

    id: str
    done: int
    total: int
    eta: float | None
    source: str


Report = Callable[[Progress], None]


@dataclass(slots=True)
class Partial:
    """One fetch under way."""

    entry: Entry
    folder: Path
    report: Report | None
    source: Source | None = None
    parts: int = 0
    shown: int = 0
    began: float = field(default_factory=time.monotonic)
    at_start: int = 0
    stopped: bool = False

    def sizes(self) -> dict[str, int]:
        """Bytes of each file so far."""
        paths = {file.name: self.folder / file.name for file in self.entry.files}
        return {name: path.stat().st_size for name, path in paths.items() if path.exists()}

    def grew(self, extra: int = 0) -> None:
        """Tell of the bytes so far and ``extra`` of the part in hand, whose packing makes it a guess."""
        self.shown = max(self.shown, min(sum(self.sizes().values()) + extra, self.entry.bytes))
        if self.report is None:
            return
        rate = (self.shown - self.at_start) / max(time.monotonic() - self.began, 0.001)
        eta = (self.entry.bytes - self.shown) / rate if rate > 0 else None
        self.report(
            Progress(self.entry.id, self.shown, self.entry.bytes, eta, self.source.label if self.source else "")
        )

    def save(self) -> None:
        """Write the state down, after the files that it speaks of are on the disk."""
        for name in self.sizes():
            sync(self.folder / name)
        assert self.source is not None
        state = {"source": self.source.label, "parts": self.parts, "sizes": self.sizes()}
        temporary = self.folder / "state.json.new"
        temporary.write_text(json.dumps(state))
        sync(temporary)
        temporary.replace(self.folder / "state.json")

    def resume(self) -> None:
        """Go back to the last state of this source, or to nothing."""
        assert self.source is not None
        shutil.rmtree(self.folder / "part", ignore_errors=True)
        state = state_in(self.folder)
        fits = state.get("source") == self.source.label
        kept = state["sizes"] if fits else {}
        for file in self.entry.files:
            path = self.folder / file.name
            if path.exists() and path.stat().st_size < kept.get(file.name, 0):
                return self.clear()
            if path.exists() and file.name not in kept:
                path.unlink()
            elif path.exists():
                os.truncate(path, kept[file.name])
        self.parts = int(state["parts"]) if fits else 0
        return None

    def clear(self) -> None:
        """Forget everything fetched so far."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.parts = 0


async def in_thread(run: Partial, work: Callable[[], T]) -> T:
    """Do blocking work in a thread. Cancelled, it is told to stop and waited for, so that nothing writes after the lock."""
    task = asyncio.create_task(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        run.stopped = True
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()
        raise


def state_in(folder: Path) -> dict[str, Any]:
    """What ``state.json`` says, or nothing where it is missing or torn."""
    try:
        state = json.loads((folder / "state.json").read_text())
        return state if {"source", "parts", "sizes"} <= state.keys() else {}
    except (FileNotFoundError, ValueError):
        return {}


def sync(path: Path) -> None:
    """Have the disk hold what was written to a file or folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
