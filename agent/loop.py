"""Takes turns and thinks them, one task a turn.

A turn belongs to whoever holds its lease. The loop claims open turns when the log says that there may be one, renews what it
holds, and stops thinking the moment a commit says that a person cancelled. An attempt that dies leaves the turn to be taken
again: by the next attempt here when the model server failed, by any process when this one is gone.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from agent.choose import Chooser, Router
from agent.engine_words import engine_words
from agent.guard import clean_reply
from agent.keep import worth_keeping
from agent.settings import AgentSettings
from agent.summary import fold_old_turns
from agent.turn import Turn, Waiting
from memory.assets import Assets
from memory.events import AgentSaid, Event, TurnDone, TurnFailed
from memory.feed import Feed
from memory.log import Command, Ended, Fenced, Log, StorageFull, TurnLease
from memory.recall import Embedder, Recall, Recalled
from tools.errors import ModelMissing, ToolError
from tools.models.chat import ChatClient, ChatError
from tools.models.endpoint import Purpose
from tools.registry import Registry

if TYPE_CHECKING:
    from agent.graph import Reply, TurnGraph

logger = logging.getLogger(__name__)

_MAY_OPEN = frozenset({"user.said", "question.answered", "turn.done", "turn.failed", "turn.cancelled"})


FULL_DISK_S = 5.0
"""How long a turn rests when the disk is full."""


class Agent:
    """The agent of one process.

    Args:
        model_ready: whether the language model answers now; tools that need no model are chosen without it meanwhile.
        holder: names this process in leases.
    """

    def __init__(
        self,
        *,
        log: Log,
        feed: Feed,
        assets: Assets,
        recall: Recall,
        embedder: Embedder,
        registry: Registry,
        chat: ChatClient,
        model_ready: Callable[[], bool],
        settings: AgentSettings,
        holder: str,
    ) -> None:
        self._log, self._feed, self._assets, self._recall = log, feed, assets, recall
        self._embedder, self._registry, self._chat = embedder, registry, chat
        self._model_ready, self._settings, self._holder = model_ready, settings, holder
        self._wake = asyncio.Event()
        self._running: dict[str, tuple[TurnLease, asyncio.Task[None]]] = {}
        self._failures: dict[str, int] = {}
        self._background: set[asyncio.Task[object]] = set()
        self._graph: TurnGraph | None = None
        self._chooser: Chooser | None = None

    async def run(self) -> None:
        """Take and think turns until cancelled; what is unfinished then is released for the next process."""
        unsubscribe = self._log.on_commit(self._committed)
        try:
            await self._compile()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._renew())
                group.create_task(self._take())
        finally:
            unsubscribe()
            await self._leave()

    def prefixes(self) -> dict[Purpose, list[dict[str, str]]]:
        """The beginnings of prompts that never change, for the model server to keep warm."""
        from agent.graph import persona

        chooser = self._chooser or Chooser(self._chat, Router(self._embedder, list(self._registry.tools.values())))
        return {"choice": chooser.prefix, "chat": [{"role": "system", "content": persona()}]}

    async def reload(self) -> None:
        """Take a changed set of tools into use; running turns end with the old one."""
        await self._compile()

    async def _compile(self) -> None:
        self._graph = await asyncio.to_thread(self._build)

    def _build(self) -> "TurnGraph":
        from agent.graph import Parts, TurnGraph

        self._chooser = Chooser(self._chat, Router(self._embedder, list(self._registry.tools.values())))
        parts = Parts(self._registry, self._chat, self._chooser, self._model_ready, self._settings, self._remember)
        return TurnGraph(parts)

    def _committed(self, events: Sequence[Event]) -> None:
        for event in events:
            if event.kind in _MAY_OPEN:
                self._wake.set()
            if event.kind == "turn.cancelled" and (held := self._running.get(event.turn or "")):
                held[1].cancel()

    async def _take(self) -> None:
        while True:
            self._wake.clear()
            while len(self._running) < self._settings.turns:
                lease = await self._log.take_turn(self._holder, lease_s=self._settings.lease_s)
                if lease is None:
                    break
                task = asyncio.create_task(self._attempt(lease), name=lease.turn)
                self._running[lease.turn] = (lease, task)
                task.add_done_callback(self._ended)
            try:
                # A lease may have lapsed, a deadline passed. Not wait_for, which can swallow a cancellation on 3.11.
                async with asyncio.timeout(1.0):
                    await self._wake.wait()
            except TimeoutError:
                await self._log.sweep()

    def _ended(self, task: asyncio.Task[None]) -> None:
        turn = task.get_name()
        if turn in self._running and self._running[turn][1] is task:  # a later attempt may have its place already
            del self._running[turn]
        self._wake.set()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._settings.lease_s / 3)
            held = dict(self._running)
            if not held:
                continue
            try:
                ours = await self._log.renew(
                    [lease.fence for lease, _ in held.values()], lease_s=self._settings.lease_s
                )
            except StorageFull as error:  # what we hold may lapse and be taken again; nothing is lost by going on
                logger.warning("Leases were not renewed: %s", error)
                continue
            for turn, (_, task) in held.items():
                if turn not in ours:
                    task.cancel()

    async def _leave(self) -> None:
        held = list(self._running.values())
        for _, task in held:
            task.cancel()
        await asyncio.gather(*(task for _, task in held), *self._background, return_exceptions=True)
        for lease, _ in held:
            await self._log.release(lease.fence)

    async def _attempt(self, lease: TurnLease) -> None:
        self._feed.start_turn(lease.session, lease.turn, lease.attempt)
        try:
            turn = await Turn.read(lease, self._log, self._feed, self._assets)
            try:
                await self._think(turn)
                self._failures.pop(lease.turn, None)
            except ChatError as error:
                await self._begin_again(turn, error)
            except StorageFull as error:
                await self._wait_for_room(turn, error)
            except ModelMissing as error:
                await turn.append(TurnFailed(error=str(error), fix=error.fix), by="engine")
            except ToolError as error:
                await turn.append(TurnFailed(error=str(error)), by="engine")
            except (Waiting, Fenced, Ended):
                pass
            except Exception:
                logger.exception("Turn %s met a bug.", lease.turn)
                await turn.append(TurnFailed(error=engine_words("bug", turn.language, id=lease.turn)), by="engine")
        except (Fenced, Ended):
            logger.info("Turn %s is another's by now.", lease.turn)
        finally:
            self._feed.end_turn(lease.session, lease.turn)

    async def _begin_again(self, turn: Turn, error: ChatError) -> None:
        """Leave the turn to another attempt: the model server died under it, which is no reason to fail."""
        failures = self._failures[turn.lease.turn] = self._failures.get(turn.lease.turn, 0) + 1
        logger.warning("Turn %s: attempt %d: %s", turn.lease.turn, turn.lease.attempt, error)
        if failures > self._settings.retries:
            await turn.append(TurnFailed(error=engine_words("unreachable", turn.language)), by="engine")
            return
        await asyncio.sleep(min(0.2 * 2**failures, 5.0))
        await self._log.release(turn.lease.fence)

    async def _wait_for_room(self, turn: Turn, error: StorageFull) -> None:
        """Leave the turn to a later attempt: a full disk is mended by a person, and the request is in the log."""
        logger.error("Turn %s waits: %s", turn.lease.turn, error)
        await asyncio.sleep(FULL_DISK_S)
        with contextlib.suppress(StorageFull):  # else the lease lapses by itself
            await self._log.release(turn.lease.fence)

    async def _think(self, turn: Turn) -> None:
        assert self._graph is not None
        keep = self._worth_keeping(turn)
        if turn.reply is None:
            reply = await self._graph.run(turn)
            said = self._said(turn, reply)
            done = () if keep else (self._done(turn),)
            await turn.append(said, *done, by="agent" if reply.model else "engine")
            if done:
                self._after(turn)
                return
        for number, sentence in enumerate(keep):
            await self._recall.keep(
                turn.session,
                sentence,
                owner=turn.lease.owner,
                sources=((turn.session, turn.seq),),
                fence=turn.lease.fence,
                command=Command(turn.lease.owner, f"{turn.lease.turn}.keep.{number}", {"text": sentence}),
            )
        await turn.append(self._done(turn))
        self._after(turn)

    def _worth_keeping(self, turn: Turn) -> list[str]:
        """Sentences to keep; none where the person asked a tool to remember, which keeps them itself."""
        if not self._settings.keep or any(call.tool == "remember" for call in turn.called.values()):
            return []
        return worth_keeping(turn.request)

    def _said(self, turn: Turn, reply: "Reply") -> AgentSaid:
        text = clean_reply(reply.text) or engine_words("empty", turn.language)
        text = "\n\n".join([text, *turn.notices])
        used = tuple(memory.memory for memory in turn.memories if drawn_on(memory, turn.request, text))
        return AgentSaid(
            attempt=turn.lease.attempt, part=max(turn.step, 0), text=text, model=reply.model, memories=used
        )

    def _done(self, turn: Turn) -> TurnDone:
        return TurnDone(jobs=tuple(called.job for called in turn.called.values()))

    async def _remember(self, turn: Turn) -> None:
        if not (self._settings.memories and turn.request):
            return
        try:
            turn.memories = await self._recall.search(
                turn.request[:2000], owner=turn.lease.owner, session=turn.session, k=self._settings.memories
            )
        except ModelMissing as missing:  # without an embedder the chat goes on, and remembers nothing
            logger.warning("Nothing is recalled: %s", missing)

    def _after(self, turn: Turn) -> None:
        """What may happen once the reply is complete and nobody waits."""
        if len(turn.events) < 24 or not self._model_ready():
            return
        task = asyncio.create_task(fold_old_turns(self._log, self._chat, turn.session, turn.lease.owner))
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def drawn_on(memory: Recalled, request: str, reply: str) -> bool:
    """Whether a reply shows a trace of a memory: a word of it that the request did not already have.

    A memory that was offered and left no trace is not named as used.
    """
    words, asked, told = _words(memory.text), _words(request), _words(reply)
    new = words - asked
    return bool(new & told) if new else len(words & told) >= 2


def _words(text: str) -> set[str]:
    """Lower-case words of three letters and more, and pairs of Han characters."""
    found, run = set[str](), ""
    for character in text.casefold() + " ":
        if "\u3400" <= character <= "\u9fff":
            run = run if run and run[-1] >= "\u3400" else ""
            run += character
            if len(run) >= 2:
                found.add(run[-2:])
        elif character.isalnum():
            run = character if run and run[-1] >= "\u3400" else run + character
        else:
            if len(run) >= 3 and run[0] < "\u3400":
                found.add(run)
            run = ""
    return found
