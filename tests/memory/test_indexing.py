"""Vectors behind the log: what a kill, forgetting and a change of embedder do to them.

Meaning plays no part here, so vectors are drawn from checksums; the log, Chroma and the processes are real.
"""

import asyncio
import subprocess
import sys
import zlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from memory.chroma import ChromaIndex
from memory.events import Draft, MemoryForgotten, MemoryKept
from memory.ids import new_id
from memory.log import Log
from memory.recall import Recall


class Drawn:
    """Unit vectors drawn from checksums of texts. ``salt`` makes another embedder of it."""

    def __init__(self, salt: str = "") -> None:
        self.salt = salt

    async def embed(self, texts: Sequence[str], role: str) -> np.ndarray:
        seeds = [zlib.crc32((self.salt + text).encode()) for text in texts]
        rows = np.stack([np.random.default_rng(seed).normal(size=384) for seed in seeds])
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


@pytest_asyncio.fixture
async def log(tmp_path: Path) -> AsyncIterator[Log]:
    opened = await Log.open(f"sqlite:///{tmp_path}/rhapsode.db", synchronous="normal")
    yield opened
    await opened.close()


async def keep_many(log: Log, count: int, owner: str = "mia") -> tuple[str, list[str]]:
    session = (await log.make_session(owner)).events[0].session
    ids = [new_id("memory") for _ in range(count)]
    facts = [MemoryKept(memory=id, text=f"Sentence number {n}.", scope_key=owner) for n, id in enumerate(ids)]
    await log.append(session, [Draft(fact=fact, by="user") for fact in facts])
    return session, ids


def held(folder: Path, name: str = "user:mia") -> set[str]:
    index = ChromaIndex(folder)
    ids, _ = index.get(name)
    index.close()
    return set(ids)


async def test_many_rows_are_indexed_in_batches_and_each_is_found(log: Log, tmp_path: Path) -> None:
    _, ids = await keep_many(log, 250)
    recall = Recall(log, Drawn(), tmp_path / "chroma")  # type: ignore[arg-type]
    assert await recall.catch_up() == 250
    assert await recall.catch_up() == 0
    for number in (0, 101, 249):
        found = await recall.search(f"Sentence number {number}.", owner="mia", session=None, k=3, threshold=0)
        assert found[0].memory == ids[number]
    await recall.close()
    assert held(tmp_path / "chroma") == set(ids)


async def test_when_a_third_was_forgotten_the_collection_is_written_anew(log: Log, tmp_path: Path) -> None:
    session, ids = await keep_many(log, 300)
    recall = Recall(log, Drawn(), tmp_path / "chroma")  # type: ignore[arg-type]
    await recall.catch_up()
    await log.append(session, [Draft(fact=MemoryForgotten(memory=id), by="user") for id in ids[:150]])
    await recall.close()
    again = Recall(log, Drawn(), tmp_path / "chroma")  # type: ignore[arg-type]
    await again.search("Sentence number 200.", owner="mia", session=None)
    await again.catch_up()
    found = await again.search("Sentence number 200.", owner="mia", session=None, k=1, threshold=0)
    assert [one.memory for one in found] == [ids[200]]
    await again.close()
    assert held(tmp_path / "chroma") == set(ids[150:])


async def test_another_embedder_gets_vectors_of_its_own(log: Log, tmp_path: Path) -> None:
    _, ids = await keep_many(log, 20)
    first = Recall(log, Drawn(), tmp_path / "chroma")  # type: ignore[arg-type]
    await first.catch_up()
    await first.close()
    second = Recall(log, Drawn("other"), tmp_path / "chroma")  # type: ignore[arg-type]
    found = await second.search("Sentence number 7.", owner="mia", session=None, k=1, threshold=0)
    assert [one.memory for one in found] == [ids[7]]
    assert await second.catch_up() == 20
    await second.close()


async def test_what_is_kept_while_a_shelf_is_being_filled_is_found(log: Log, tmp_path: Path) -> None:
    session, _ = await keep_many(log, 400)
    recall = Recall(log, Drawn(), tmp_path / "chroma")  # type: ignore[arg-type]
    await recall.catch_up()
    await recall.close()
    again = Recall(log, Drawn(), tmp_path / "chroma")  # type: ignore[arg-type]
    running = asyncio.create_task(again.run())

    async def keep_and_find(number: int) -> bool:
        kept = await again.keep(session, f"A late remark numbered {number}", owner="mia")
        found = await again.search(kept.text, owner="mia", session=None, k=2, threshold=0)
        return kept.memory in [one.memory for one in found]

    assert all(await asyncio.gather(*(keep_and_find(number) for number in range(25))))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await again.close()


INDEXES = """
import asyncio, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from test_indexing import Drawn, keep_many
from memory.log import Log
from memory.recall import Recall

async def main(folder):
    log = await Log.open(f"sqlite:///{folder}/rhapsode.db")
    recall = Recall(log, Drawn(), folder / "chroma")
    running = asyncio.create_task(recall.run())
    for _ in range(1000):
        _, ids = await keep_many(log, 10)
        print(*ids, flush=True)

asyncio.run(main(Path(sys.argv[1])))
"""


def index_until_killed(folder: Path) -> list[list[str]]:
    """Keep and index in a process that is killed after twelve rounds; returns what it said it had kept."""
    command = [sys.executable, "-c", INDEXES, str(folder), str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        said = [child.stdout.readline().split() for _ in range(12)]
        child.kill()
    return said


@pytest.mark.fault
async def test_after_kill_9_every_kept_memory_is_found_once(tmp_path: Path) -> None:
    said = await asyncio.to_thread(index_until_killed, tmp_path)
    log = await Log.open(f"sqlite:///{tmp_path}/rhapsode.db")
    recall = Recall(log, Drawn(), tmp_path / "chroma")  # type: ignore[arg-type]
    rows = {row.id: row for row in await recall.listed("mia")}
    assert {id for ids in said for id in ids} <= rows.keys()
    for id in (said[0][0], said[6][5], said[11][9]):
        found = await recall.search(rows[id].text, owner="mia", session=None, k=60, threshold=0)
        assert [one.memory for one in found].count(id) == 1
    await recall.catch_up()
    await recall.close()
    assert held(tmp_path / "chroma") == set(rows)
    await log.close()
