"""The served language model: always the best that is here, up again when it falls, swapped without a lost request.

``start`` lives as long as the program. It serves a remote endpoint as it is; else the best local model there is, in a child
process (:mod:`tools.models.llm_process`), beginning with the small one while the default is still being fetched. When a better
one arrives, its child is started first; requests go to it from then on, and the old child ends when its last answer is out.
Workers are niced and the child's threads sleep at barriers, which on two cores keeps 70 % of the speed and more while a render
runs (bench/llm.py), so nothing need be switched when one begins.
"""

import asyncio
import contextlib
import logging
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import aiohttp

from tools.errors import ModelMissing
from tools.loaders import Chosen
from tools.models.catalogue import Entry
from tools.models.endpoint import Endpoint
from tools.models.fit import fit
from tools.models.gguf import BadGguf
from tools.models.llm_process import ChildFailed, LlmConfig, LlmProcess
from tools.models.prefixes import Prefixes, make, restore
from tools.models.probe import probe
from tools.models.resolve import LLM, Models, ModelSettings

logger = logging.getLogger(__name__)
LlmState = Literal["missing", "downloading", "starting", "ready", "failed", "stopped"]
BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 5.0, 15.0, 30.0)
STEADY_S = 60.0
"""A child that lived this long starts the count of crashes anew."""
DRAIN_S = 600.0
HEALTH_S = 5.0
"""A quiet child is asked for its health this often."""
FIX = "rhapsode models recommend"
PATIENT_CRASHES = 3
"""Requests wait through so many crashes in a row; then they are told."""


class Ended(ChildFailed):
    """A child is gone, and something better than waiting for a person is being done about it."""


class Llm:
    """The served language model of this program.

    Args:
        models: says which model, and fetches it.
        settings: threads, slots, tokens a slot.
        slots: folder for saved prefixes, such as ``DATA/slots``.
        wait_s: how long :meth:`endpoint` waits for a model that is on its way.
        patience_s: a child that says nothing for so long, not even that it is well, is ended and started again.
    """

    def __init__(
        self, models: Models, settings: ModelSettings, slots: Path, *, wait_s: float = 900.0, patience_s: float = 60.0
    ) -> None:
        self._models = models
        self._settings = settings
        self._slots = slots
        self._wait_s = wait_s
        self._patience_s = patience_s
        self._state: LlmState = "starting"
        self._error: str | None = None
        self._fix: str | None = None
        self._prefixes: Prefixes = {}
        self._warmed: Prefixes = self._prefixes
        self._endpoint: Endpoint | None = None
        self._child: LlmProcess | None = None
        self._changed = asyncio.Event()
        self._wake = asyncio.Event()
        self._warming = asyncio.Lock()
        self._draining: set[asyncio.Task[None]] = set()
        self._failed: dict[str, float] = {}
        self._serving = ""
        self.restarts = 0

    @property
    def ready(self) -> bool:
        """Whether a request would be answered now."""
        return self._state == "ready" and self._endpoint is not None

    @property
    def pid(self) -> int | None:
        """Process id of the child, where there is one."""
        return self._child.pid if self._child else None

    def report(self) -> dict[str, Any]:
        """State for /readyz and the page: state, model, error and fix where there are such, and a note on the choice."""
        model = self._endpoint.model if self._endpoint else None
        more = {"model": model, "error": self._error, "fix": self._fix, "note": self._models.note}
        return {"state": self._state} | {name: value for name, value in more.items() if value}

    async def endpoint(self) -> Endpoint:
        """Where to ask, waiting for a model that is on its way.

        Raises:
            ModelMissing: there is none, it failed, or it takes too long; with the command that mends it.
        """
        try:
            async with asyncio.timeout(self._wait_s):
                while not (self.ready and not self._warming.locked()):
                    if self._state in ("missing", "failed", "stopped"):
                        raise ModelMissing(LLM, f"{self._error or ''} {self._fix or FIX}".strip())
                    await self._next_change()
        except TimeoutError:
            raise ModelMissing(
                LLM, f"It is still {self._state}; wait a little, or see: rhapsode models list."
            ) from None
        assert self._endpoint is not None
        return self._endpoint

    async def warm(self, prefixes: Prefixes) -> None:
        """Keep these beginnings of prompts ready, by purpose; those never read before are read now and saved.

        Requests wait meanwhile: the first of them would have had to read the same.
        """
        self._prefixes = dict(prefixes)
        if self._child is not None:
            await self._warm_serving(self._child)

    async def start(self) -> None:
        """Serve until :meth:`stop` or cancellation. Comes back from every crash, with longer and longer pauses."""
        unsubscribe = self._models.downloads.on_change(lambda _: self._wake.set())
        crashes = 0
        try:
            while self._state != "stopped":
                began = time.monotonic()
                try:
                    await self._serve()
                    continue
                except (ChildFailed, ModelMissing, BadGguf) as error:
                    logger.warning("%s", error)
                    crashes = 1 if time.monotonic() - began > STEADY_S else crashes + 1
                    coming_back = isinstance(error, Ended) and crashes <= PATIENT_CRASHES
                    self._endpoint = None
                    self._say("starting" if coming_back else "failed", str(error), getattr(error, "fix", FIX))
                await self._sleep(BACKOFF_S[min(crashes, len(BACKOFF_S)) - 1])
        finally:
            unsubscribe()
            await self._end()

    async def stop(self) -> None:
        """End the child and :meth:`start`."""
        self._say("stopped")
        self._wake.set()
        await self._end()

    async def _serve(self) -> None:
        """Serve what is best now; returns when there is reason to look again."""
        chosen, entry = self._best()
        if chosen.kind == "remote":
            return await self._remote(chosen)
        if chosen.path is None or not chosen.path.exists():
            return await self._absent(entry)
        if self._child is None:
            self._say("starting")
            await self._swap(chosen, await self._launch(chosen, entry))
        return await self._watch()

    def _best(self) -> tuple[Chosen, Entry | None]:
        """The best model that is here; one whose file will not run stands back for ten minutes."""
        for entry in self._models.llm_entries():
            if self._models.is_here(entry) and time.monotonic() - self._failed.get(entry.id, -1e9) > 600:
                return self._models.of_entry(LLM, entry), entry
        chosen = self._models.for_task(LLM)
        return chosen, self._models.catalogue.get(chosen.name)

    async def _remote(self, chosen: Chosen) -> None:
        """Somebody else serves: find out what it is, and say why where it does not answer."""
        choice = self._settings.tasks[LLM]
        endpoint = Endpoint(chosen.url or "", chosen.key or "", chosen.model or "", licence=chosen.licence)
        found = await probe(endpoint)
        if not found.reachable:
            raise ChildFailed(found.reason, "")
        self._endpoint = replace(
            found.endpoint,
            profile=choice.profile or found.endpoint.profile,
            context=choice.context or found.endpoint.context,
            json_mode=choice.json_mode or found.endpoint.json_mode,
        )
        self._say("ready")
        while self._state != "stopped":
            await self._next_wake()

    async def _absent(self, entry: Entry | None) -> None:
        """Nothing to serve yet: tell how far it is, and wait for the next word of the downloads."""
        if entry is None or not self._models.settings.fetch:
            fix = f"rhapsode models pull {entry.id}" if entry else FIX
            self._say("missing", "No language model is here.", fix)
        else:
            states = [self._models.downloads.state(one) for one in self._models.llm_entries()]
            failed = next((state for state in states if state.error), None)
            coming = any(state.state in ("queued", "downloading") for state in states)
            if failed and not coming:
                self._say("failed", failed.error, f"rhapsode models pull {failed.entry.id}")
            elif self._state != "downloading":
                self._say("downloading")
        await self._next_wake()

    async def _launch(self, chosen: Chosen, entry: Entry | None) -> LlmProcess:
        try:
            child = await LlmProcess.start(await asyncio.to_thread(self._fit, chosen, entry))
        except (ChildFailed, BadGguf) as error:
            if entry is not None:
                await self._blame(entry, error)
            raise
        await self._warm(child)
        return child

    def _fit(self, chosen: Chosen, entry: Entry | None) -> LlmConfig:
        return fit(chosen, entry, self._settings, self._models.budget, self._slots)

    async def _blame(self, entry: Entry, error: Exception) -> None:
        """A model that will not run stands back; where its file is damaged, it is fetched again."""
        self._failed[entry.id] = time.monotonic()
        problems = await asyncio.to_thread(self._models.fetcher.verify, entry)
        if problems:
            self._models.fetcher.remove(entry)
            del self._failed[entry.id]
            self._models.downloads.want(entry)
            raise Ended(f"{entry.title} was damaged ({problems[0]}); it is fetched again.", "") from error

    async def _warm(self, child: LlmProcess) -> None:
        prefixes = self._warmed = self._prefixes
        for purpose in await restore(child, prefixes):
            await make(child, purpose, prefixes[purpose])

    async def _warm_serving(self, child: LlmProcess) -> None:
        """Warm the child that serves, while requests wait: nobody's words may come into a saved slot."""
        async with self._warming:
            await self._warm(child)
        self._tell()

    async def _swap(self, chosen: Chosen, child: LlmProcess) -> None:
        """Send requests to a new child from now on; the old one finishes what it has."""
        old, self._child, self._endpoint, self._serving = self._child, child, child.endpoint, chosen.name
        self._say("ready")
        logger.info("The language model is %s (process %s).", child.config.model, child.pid)
        if old is not None:
            task = asyncio.create_task(_drain(old))
            self._draining.add(task)
            task.add_done_callback(self._draining.discard)
        if self._warmed is not self._prefixes:  # told while this child was starting
            await self._warm_serving(child)

    async def _watch(self) -> None:
        """Until a better model serves. Raises Ended when the child does."""
        child = self._child
        assert child is not None
        ended = asyncio.create_task(child.ended())
        try:
            while self._state != "stopped":
                wake = asyncio.create_task(self._next_wake())
                heard, _ = await asyncio.wait([ended, wake], timeout=HEALTH_S, return_when=asyncio.FIRST_COMPLETED)
                wake.cancel()
                if not heard and not await child.answers(self._patience_s):
                    logger.warning("The language model has not answered for %s s and is ended.", self._patience_s)
                    child.kill()
                    await ended
                if ended.done():
                    self._child, self.restarts = None, self.restarts + 1
                    raise Ended(f"The language model ended with status {ended.result()}; it starts again.", child.log)
                better, entry = self._best()
                there = better.path is not None and better.path.exists()
                if there and better.name != self._serving and await self._move(better, entry):
                    return
        finally:
            ended.cancel()

    async def _move(self, better: Chosen, entry: Entry | None) -> bool:
        try:
            await self._swap(better, await self._launch(better, entry))
        except (ChildFailed, BadGguf) as error:
            logger.warning("Staying with the present language model. %s", error)
            return False
        return True

    def _say(self, state: LlmState, error: str | None = None, fix: str | None = None) -> None:
        if self._state != "stopped":
            self._state, self._error, self._fix = state, error, fix
        self._tell()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _next_change(self) -> None:
        await self._changed.wait()

    async def _next_wake(self) -> None:
        await self._wake.wait()
        self._wake.clear()

    async def _sleep(self, seconds: float) -> None:
        """Wait, but not longer than until something changed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):  # wait_for can swallow a cancellation on Python 3.11
                await self._next_wake()

    async def _end(self) -> None:
        child, self._child, self._endpoint = self._child, None, None
        for task in list(self._draining):
            task.cancel()
        await asyncio.gather(*self._draining, return_exceptions=True)
        if child is not None:
            await child.stop()


async def _drain(old: LlmProcess) -> None:
    """Let a child finish its answers, then end it."""
    try:
        deadline = time.monotonic() + DRAIN_S
        await asyncio.sleep(0.5)  # requests that had its address in hand arrive
        while time.monotonic() < deadline and await old.busy_slots():  # noqa: ASYNC110 -- another process has no event
            await asyncio.sleep(0.2)
    except (aiohttp.ClientError, TimeoutError):
        logger.debug("The old language model was gone already.")
    finally:
        await old.stop()
