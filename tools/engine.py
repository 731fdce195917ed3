"""Runs jobs: claims them by lane, gives them to worker processes, and commits what comes of them under the job's epoch.

There is no second way to start a job than the fact ``tool.called``, and none to end it than its terminal fact; all that lives
here can be killed at any moment and follows again from the log. A claim is a lease with an epoch: whoever took the job over
fences out whoever had it, so that a result is committed once or not at all.

The parts: ``crew`` keeps workers alive, ``runs`` sees each run to its end, ``answers`` serves what tools ask for.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from memory.errors import Closed, LogError, StorageFull
from memory.events import Event, JobCancelled, ToolCalled
from memory.feed import Feed
from memory.ids import new_id
from memory.leases import JobLease
from memory.log import Log
from tools.answers import Answers, Chat, Embedder, Models, Recall, as_file
from tools.crew import Crew
from tools.errors import ToolError
from tools.jobs import AssetStore, Run, language_of, opening_of
from tools.process import Lane, Process
from tools.registry import Registry
from tools.runs import Runs

_log = logging.getLogger(__name__)

LIGHT_BUDGET = 128 << 20
"""Bytes of models in a light worker: instant tools have none that is large."""


def lanes_for(budget: int, cores: int) -> tuple[Lane, ...]:
    """The lanes of a machine: ``light`` for instant tools, ``heavy`` for renders, so that slow work never stands before quick.

    Args:
        budget: bytes that all models may hold; half of it is for renders, the rest for the language model and recall.
        cores: processor cores; a render uses half of them and gives way to the chat.
    """
    return Lane("light", budget=LIGHT_BUDGET), Lane("heavy", threads=max(1, cores // 2), nice=10, budget=budget // 2)


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """How jobs are run. Times in seconds; ``deadlines`` by a tool's cost, without the time it waits for children."""

    lanes: Sequence[Lane] = ()
    lease_s: float = 15.0
    poll_s: float = 2.0
    grace_s: float = 2.0
    idle_s: float = 300.0
    full_s: float = 10.0
    deadlines: Mapping[str, float] = field(
        default_factory=lambda: {"instant": 60.0, "quick": 600.0, "slow": 3600.0},
    )


class Engine:
    """The job runner of one server process. :meth:`run` works until :meth:`stop`."""

    def __init__(
        self,
        log: Log,
        assets: AssetStore,
        feed: Feed,
        registry: Registry,
        recall: Recall | None,
        models: Models | None,
        chat: Chat | None,
        data: Path,
        *,
        embedder: Embedder | None = None,
        settings: EngineSettings | None = None,
        holder: str | None = None,
        on_busy: Callable[[int], None] = lambda running: None,
    ) -> None:
        """Make an engine.

        Args:
            log: the facts; jobs are claimed from it.
            assets: where results are kept.
            feed: gets progress and sound.
            registry: the tools; workers load the same ones.
            recall: memories; None where tools may have none.
            models: makes models ready; None where there are none.
            chat: asks the served LLM; None where there is none.
            data: the data folder; files wait in its ``staging``, plug-ins lie in its ``plugins``.
            embedder: vectors of texts.
            settings: lanes and times; lanes that fit this machine where none are named.
            holder: the name under which leases are held; the same as the rest of this process uses.
            on_busy: told how many heavy jobs compute now, so that the LLM can make room.
        """
        self._log, self._assets, self._registry, self._data = log, assets, registry, data
        self._settings, self._on_busy = settings or EngineSettings(), on_busy
        self._holder = holder or new_id("holder")
        self._lanes = self._settings.lanes or lanes_for(getattr(models, "budget", 4 << 30), os.cpu_count() or 2)
        self._wake = {lane.name: asyncio.Event() for lane in self._lanes}
        times = {name: getattr(self._settings, name) for name in ("lease_s", "grace_s", "full_s")}
        self._runs = Runs(log, assets, feed, on_room=self._look_around, **times)
        parts = {"recall": recall, "models": models, "chat": chat, "embedder": embedder}
        hooks = {"tell": self._runs.tell, "on_suspend": self._look_around}
        self._answers = self._runs.answers = Answers(log, assets, registry, **parts, **hooks)  # type: ignore[arg-type]
        self._crew = Crew(self._lanes, data / "plugins", registry, self._runs.hear, self._runs.exited, self._came)
        self._main: asyncio.Task[None] | None = None
        self._busy = 0

    # --- life

    async def run(self) -> None:
        """Work until :meth:`stop`. On the way out running jobs are handed back and workers ended."""
        self._main = asyncio.current_task()
        unsubscribe = self._log.on_commit(self._heard)
        try:
            async with asyncio.TaskGroup() as group:
                for lane in self._lanes:
                    for _ in range(lane.processes):
                        group.create_task(self._crew.keep(lane))
                    group.create_task(self._claim(lane))
                group.create_task(self._runs.renew())
                group.create_task(self._crew.free_the_idle(self._settings.idle_s))
        finally:
            unsubscribe()
            await asyncio.shield(self._shut())

    async def stop(self) -> None:
        """Stop cleanly: what finished is committed, what runs is handed back to be taken up at the next start."""
        self._runs.stopping = True
        if self._main and not self._main.done():
            self._main.cancel()
            with suppress(asyncio.CancelledError):
                await self._main

    async def _shut(self) -> None:
        self._runs.stopping = True
        await self._runs.settled(5)
        await self._crew.end()
        await self._runs.hand_all_back()

    @property
    def workers(self) -> list[Process]:
        """The worker processes, for the doctor and for measuring."""
        return list(self._crew.processes)

    async def ready(self) -> None:
        """Wait until every lane has had a worker that can take a job."""
        await self._crew.ready()

    # --- claims

    async def _claim(self, lane: Lane) -> None:
        """Take jobs of a lane while there is a worker free for them."""
        wake = self._wake[lane.name]
        while True:
            wake.clear()
            process = self._crew.free(lane)
            lease = await self._take(lane, process) if process else None
            if process is None or lease is None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._settings.poll_s):  # wait_for can swallow a cancellation
                        await wake.wait()
                continue
            self._begin(lease, process)

    async def _take(self, lane: Lane, process: Process) -> JobLease | None:
        """Claim a job: children first while anything waits for one, and nothing else on a worker that holds a parent."""
        first = [(lane.children,)] if self._runs.waiting else []
        then = [] if process.stack else [(lane.name, lane.children)]
        for lanes in (*first, *then):
            try:
                lease = await self._log.take_job(self._holder, lanes=lanes, lease_s=self._settings.lease_s)
            except (StorageFull, Closed) as error:
                _log.warning("No job can be claimed: %s", error)
                await asyncio.sleep(self._settings.full_s)
                return None
            if lease:
                return lease
        return None

    def _begin(self, lease: JobLease, process: Process) -> None:
        """Put a claimed job on a worker's stack and prepare it."""
        run = Run(lease, process, self._data / "staging" / f"{lease.job}.{lease.epoch}")
        if process.free:
            self._runs.add(run)
            self._runs.settle(run, self._prepare(run))
        else:  # it died while the job was being claimed
            self._runs.settle(run, self._runs.hand_back(run))

    async def _prepare(self, run: Run) -> None:
        """Look up what the tool needs and hand the job over."""
        lease = run.lease
        try:
            run.tool = self._registry.get(lease.tool)
            run.args = self._registry.check(lease.tool, lease.args)
            events = await self._log.turn_events(lease.turn) if lease.turn else []
            run.request, run.asked = opening_of(events)
            run.language = language_of(run.request or str(lease.args))
            run.depth = await self._depth(lease)
            files = await self._files(run)
        except (ToolError, LogError) as error:
            await self._runs.refuse(run, str(error))
            return
        if run.stopping:
            self._runs.close(run)
        if run.over or run.process.ended:
            return
        run.deadline_s = self._settings.deadlines[run.tool.cost]
        head: dict[str, Any] = {"job": run.id, "session": lease.session, "tool": lease.tool, "args": run.args}
        head |= {"assets": files, "language": run.language, "request": run.request, "seed": run.seed}
        self._runs.hand_over(run, {**head, "staging": str(run.staging)})

    async def _depth(self, lease: JobLease) -> int:
        depth, parent = 0, lease.parent_job
        while parent is not None and (row := await self._log.job(parent)):
            depth, parent = depth + 1, row.parent_job
        return depth

    async def _files(self, run: Run) -> dict[str, Any]:
        """The assets that the parameters name, as files; words among them become ids."""
        assert run.tool is not None
        files: dict[str, Any] = {}
        for name in run.tool.asset_fields():
            value = run.args[name]
            refs = [ref for ref in (value if isinstance(value, list) else [value]) if ref is not None]
            rows = [await self._answers.row(run.lease.session, run.lease.owner, ref) for ref in refs]
            files |= {row.id: as_file(row, self._assets) for row in rows}
            run.args[name] = [row.id for row in rows] if isinstance(value, list) else rows[0].id if rows else None
        return files

    # --- what happens elsewhere

    def _heard(self, events: Sequence[Event]) -> None:
        """React to committed facts: new jobs wake their lane, cancelled ones are stopped."""
        for event in events:
            fact = event.fact
            if isinstance(fact, ToolCalled):
                if wake := self._wake.get(fact.lane.partition(":")[0]):
                    wake.set()
            elif isinstance(fact, JobCancelled) and (run := self._runs.get(fact.job)):
                self._runs.stop(run)

    def _came(self, lane: Lane) -> None:
        self._wake[lane.name].set()

    def _look_around(self) -> None:
        """Something became free or busy: look for jobs, and tell how many heavy ones compute."""
        for wake in self._wake.values():
            wake.set()
        heavy = [process for process in self._crew.processes if process.lane.name != "light"]
        busy = sum(bool(process.stack) and not process.stack[-1].suspended for process in heavy)
        if busy != self._busy:
            self._busy = busy
            self._on_busy(busy)
