"""Keeps the vectors of memories where they can be searched, following the log.

``memory.kept`` commits without its vector; ``memories.indexed`` is the cursor that says which rows the index has. What is
here runs behind the log: it embeds rows that lack a vector, writes them to the index by the hundred, and then moves the
cursor, so that a kill in between repeats work and loses none. Everything can be made again from SQL, and is when the index
is damaged, when the embedder has changed, and for a group from which something was erased.

The index belongs to one thread. Shelves, which live on the event loop, spare most searches the way there.
"""

import asyncio
import logging
import shutil
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import numpy as np

from memory import memories
from memory.events import Event
from memory.likeness import Embedder, Likeness
from memory.log import Log
from memory.memories import Group
from memory.rows import MemoryRow
from memory.shelf import LARGEST, Shelf, Shelves
from memory.vectors import VectorIndex

BATCH = 100
_COMPACT_FROM = 200
_DEAD_SHARE = 0.3
_PAUSES_S = (1.0, 5.0, 30.0, 60.0)
_FORMAT = "1"

P = ParamSpec("P")
T = TypeVar("T")

logger = logging.getLogger(__name__)


class Indexing:
    """Vectors of all groups: on the index, and on shelves while they are used."""

    def __init__(
        self, log: Log, embedder: Embedder, index: VectorIndex, folder: Path, *, largest: int = LARGEST
    ) -> None:
        self._log, self._embedder, self._index, self._folder = log, embedder, index, folder
        self._largest = largest
        self._shelves = Shelves()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="vector-index")
        self._likeness: Likeness | None = None
        self._opening, self._loading = asyncio.Lock(), defaultdict[str, asyncio.Lock](asyncio.Lock)
        self._filling: dict[str, Shelf] = {}
        self._sparse: set[Group] = set()
        self._working = asyncio.Lock()
        self._wake = asyncio.Event()
        self.taken_back = 0
        """How often rows were said to lack their vector after all; what was read of them before does not hold then."""

    async def likeness(self) -> Likeness:
        """The measure, ready after the first call; that also opens the index and checks that it fits."""
        if self._likeness is None:
            async with self._opening:
                if self._likeness is None:
                    likeness = await Likeness.of(self._embedder, self._folder)
                    await self._fit(likeness.mark)
                    self._likeness = likeness
        return self._likeness

    async def ready(self, group: Group) -> None:
        """Fill the group's shelf if it is to have one. Rows whose vectors turn out to be lost count as unindexed after this."""
        await self._shelf(group)

    async def nearest(self, group: Group, row: np.ndarray, k: int) -> list[tuple[str, float]]:
        """Ids near a centred row, nearest first: exactly from the shelf, or from the index where the group is large."""
        shelf = await self._shelf(group)
        return await self._in_thread(_search, group.name, row, k) if shelf is None else shelf.search(row, k)

    async def cosines(self, group: Group, ids: Sequence[str], row: np.ndarray) -> dict[str, float]:
        """Exact cosines of these ids, as far as the index has them."""
        found: dict[str, float] = {}
        for start in range(0, len(ids), 5000):
            some, rows = await self._in_thread(_get, group.name, ids[start : start + 5000])
            found |= dict(zip(some, (rows @ row).tolist(), strict=True))
        return found

    # --- following the log

    async def run(self) -> None:
        """Index what is not indexed, now and after every commit that concerns us, until cancelled."""
        unsubscribe = self._log.on_commit(self._heard)
        failures = 0
        try:
            while True:
                self._wake.clear()
                try:
                    if self._likeness is None and await self._log.read(memories.any_at_all):
                        await self.likeness()  # ahead of the first search, which would have to wait for it
                    await self.catch_up()
                    failures, pause = 0, None
                except Exception as error:  # a missing embedder or a full disk must not end recall for good
                    pause = _PAUSES_S[min(failures, len(_PAUSES_S) - 1)]
                    failures += 1
                    logger.warning("Memories could not be indexed (%s); trying again in %s s.", error, pause)
                await self._woken(pause)
        finally:
            unsubscribe()

    async def catch_up(self) -> int:
        """Index every row that is not indexed, and forget the vectors of erased ones. Returns how many were indexed."""
        async with self._working:
            return await self._catch_up()

    async def _catch_up(self) -> int:
        done = 0
        for group in await self._log.read(memories.erased_groups):
            await self.likeness()
            self._shelves.drop(group.name)
            await self._compact(group)
            await self._log.write(lambda t, group=group: memories.unmark_erased(t.connection, group))  # type: ignore[misc]
        while self._sparse:
            await self._compact(self._sparse.pop())
        while rows := await self._log.read(lambda c: memories.unindexed(c, None, BATCH)):
            await self._index_rows(rows)
            done += len(rows)
        return done

    async def rebuild(self) -> int:
        """Throw every vector away and make it again from SQL. Returns how many."""
        await self.likeness()
        async with self._working:  # held to the end: what follows the log must not take the work, and its count, away
            await self._empty()
            return await self._catch_up()

    async def close(self) -> None:
        """Close the index. What is asked later opens it again."""
        await self._in_thread(_close)
        self._likeness = None
        self._shelves.drop()

    def _heard(self, events: Sequence[Event]) -> None:
        if any(event.kind in ("memory.kept", "content.erased") for event in events):
            self._wake.set()

    async def _woken(self, pause: float | None) -> None:
        try:
            async with asyncio.timeout(pause):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _index_rows(self, rows: Sequence[MemoryRow]) -> None:
        """Index, then shelf, then cursor: a search between two of these steps finds a row twice at most, never not at all."""
        likeness = await self.likeness()
        groups = await self._log.read(lambda c: memories.grouped(c, rows))
        for group, members in groups.items():
            vectors = await likeness.rows(self._embedder, [row.text for row in members], "passage")
            ids = [row.id for row in members]
            await self._in_thread(_upsert, group.name, ids, vectors)
            for shelf in (self._shelves.get(group.name), self._filling.get(group.name)):
                if shelf is not None:
                    shelf.put(ids, vectors)
            await self._log.write(lambda t, ids=ids: memories.mark(t.connection, ids, indexed=True))  # type: ignore[misc]

    # --- the index and the shelves

    async def _shelf(self, group: Group) -> Shelf | None:
        """A group's shelf, filled at first use; None where the group is too large for one."""
        await self.likeness()
        if (shelf := self._shelves.get(group.name)) is None or len(shelf) > self._largest:
            async with self._loading[group.name]:
                if (shelf := self._shelves.get(group.name)) is None:
                    shelf = await self._load(group)
        return None if shelf is None or len(shelf) > self._largest else shelf

    async def _load(self, group: Group) -> Shelf | None:
        """Read a shelf. What is indexed meanwhile is put on ``_filling``, so that nothing falls between."""
        late = self._filling[group.name] = Shelf()
        try:
            wanted = await self._log.read(lambda c: memories.ids_of(c, group))
            if len(wanted) > self._largest:
                return None
            ids, rows = await self._in_thread(_get, group.name, None)
            living = [place for place, id in enumerate(ids) if id in wanted]
            shelf = Shelf([ids[place] for place in living], rows[living])
            lost = [id for id, indexed in wanted.items() if indexed and id not in shelf and id not in late]
            if lost:
                logger.warning("The index lacks %d vectors of %s; making them again.", len(lost), group.name)
                await self._log.write(lambda t: memories.mark(t.connection, lost, indexed=False))
                self.taken_back += 1
                self._wake.set()
            if len(ids) >= _COMPACT_FROM and len(living) < len(ids) * (1 - _DEAD_SHARE):
                self._sparse.add(group)
                self._wake.set()
            shelf.put(*late.all())
            return self._shelves.hold(group.name, shelf)
        finally:
            del self._filling[group.name]

    async def _compact(self, group: Group) -> None:
        """Write a collection anew from its living rows: Chroma never takes dead ones out of its graph."""
        wanted = await self._log.read(lambda c: memories.ids_of(c, group))
        ids, rows = await self._in_thread(_get, group.name, None)
        living = [place for place, id in enumerate(ids) if id in wanted]
        kept = [ids[place] for place in living]
        await self._log.write(lambda t: memories.unmark(t.connection, group))
        self.taken_back += 1
        await self._in_thread(_drop, group.name)
        await self._in_thread(_upsert, group.name, kept, rows[living])
        await self._log.write(lambda t: memories.mark(t.connection, kept, indexed=True))

    async def _empty(self) -> None:
        self._shelves.drop()
        await self._log.write(lambda t: memories.unmark(t.connection, None))
        self.taken_back += 1
        for name in await self._in_thread(_collections):
            await self._in_thread(_drop, name)
        await self._log.write(lambda t: memories.unmark_erased(t.connection, None))

    async def _fit(self, mark: str) -> None:
        """Empty an index that cannot be read, or that another embedder filled."""
        stamp = self._folder / "made-with"
        want = f"{_FORMAT} {mark}"
        try:
            names = await self._in_thread(_collections)
        except BaseException as error:
            if isinstance(error, asyncio.CancelledError | KeyboardInterrupt | SystemExit):
                raise
            # Chroma's native part panics with a BaseException of its own when its files are damaged.
            logger.warning("The vector index is damaged (%s); making it again from the log.", error)
            await self._in_thread(_close_quietly)
            await asyncio.to_thread(_clear, self._folder)
            names = []
            await self._log.write(lambda t: memories.unmark(t.connection, None))
            self.taken_back += 1
        had = await asyncio.to_thread(_read, stamp)
        if had != want:
            if names:
                logger.info("The embedder or the form of the index changed; making all vectors again.")
            await self._empty()
            await asyncio.to_thread(_write, stamp, want)
        self._wake.set()

    async def _in_thread(self, work: Callable[Concatenate[VectorIndex, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: work(self._index, *args, **kwargs))


# What runs in the index's thread.


def _search(index: VectorIndex, name: str, row: np.ndarray, k: int) -> list[tuple[str, float]]:
    return index.search(name, row, k)


def _get(index: VectorIndex, name: str, ids: Sequence[str] | None) -> tuple[list[str], np.ndarray]:
    return index.get(name, ids)


def _upsert(index: VectorIndex, name: str, ids: Sequence[str], rows: np.ndarray) -> None:
    index.upsert(name, ids, rows)


def _drop(index: VectorIndex, name: str) -> None:
    index.drop(name)


def _collections(index: VectorIndex) -> list[str]:
    return index.collections()


def _close(index: VectorIndex) -> None:
    index.close()


def _close_quietly(index: VectorIndex) -> None:
    try:
        index.close()
    except Exception as error:
        logger.debug("Closing the damaged index: %s", error)


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif not path.name.startswith("centres-"):
            path.unlink()


def _read(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""


def _write(path: Path, words: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    path.write_text(words, "utf-8")
