"""Runs jobs: claims them by lane, gives them to worker processes, and commits what comes of them under the job's epoch.

There is no second way to start a job than the fact ``tool.called``, and none to end it than its terminal fact; all that lives
here can be killed at any moment and follows again from the log. A claim is a lease with an epoch: whoever took the job over
fences out whoever had it, so that a result is committed once or not at all.
"""

import asyncio
import base64
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from memory.errors import Closed, Ended, Fenced, LogError, StorageFull
from memory.events import Draft, Event, JobCancelled, ToolCalled
from memory.feed import Feed, Progress
from memory.ids import new_id
from memory.leases import JobLease
from memory.log import Log
from tools.answers import Answers, Chat, Embedder, Models, Recall, as_file
from tools.crew import Crew
from tools.errors import ToolError
from tools.jobs import AssetStore, Run, facts_of, language_of, words_of
from tools.pipe import Frame
from tools.piped import data_url
from tools.process import Lane, Process
from tools.registry import Registry

_log = logging.getLogger(__name__)

LANES = (Lane("light"), Lane("heavy", nice=10))
"""``light`` for instant tools, ``heavy`` for renders: slow work never stands before quick work."""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """How jobs are run. Times in seconds; ``deadlines`` by a tool's cost, without the time it waits for children."""

    lanes: Sequence[Lane] = LANES
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
            settings: lanes and times.
            holder: the name under which leases are held; the same as the rest of this process uses.
            on_busy: told how many heavy jobs compute now, so that the LLM can make room.
        """
        self._log, self._assets, self._feed, self._registry = log, assets, feed, registry
        self._data, self._settings, self._on_busy = data, settings or EngineSettings(), on_busy
        self._holder = holder or new_id("holder")
        self._answers = Answers(
            log,
            assets,
            registry,
            recall=recall,
            models=models,
            chat=chat,
            embedder=embedder,
            tell=self._tell,
            on_suspend=self._wake_all,
        )
        self._crew = Crew(self._settings.lanes, data / "plugins", registry, self._hear, self._exited, self._freed)
        self._runs: dict[str, Run] = {}
        self._wake = {lane.name: asyncio.Event() for lane in self._settings.lanes}
        self._settling: set[asyncio.Task[None]] = set()
        self._main: asyncio.Task[None] | None = None
        self._stopping = False
        self._busy = 0

    # --- life

    async def run(self) -> None:
        """Work until :meth:`stop`. On the way out running jobs are handed back and workers ended."""
        self._main = asyncio.current_task()
        unsubscribe = self._log.on_commit(self._heard)
        try:
            async with asyncio.TaskGroup() as group:
                for lane in self._settings.lanes:
                    for _ in range(lane.processes):
                        group.create_task(self._crew.keep(lane))
                    group.create_task(self._claim(lane))
                group.create_task(self._renew())
                group.create_task(self._crew.free_the_idle(self._settings.idle_s))
        finally:
            unsubscribe()
            await asyncio.shield(self._shut())

    async def stop(self) -> None:
        """Stop cleanly: what finished is committed, what runs is handed back to be taken up at the next start."""
        self._stopping = True
        if self._main and not self._main.done():
            self._main.cancel()
            with suppress(asyncio.CancelledError):
                await self._main

    async def _shut(self) -> None:
        self._stopping = True
        if self._settling:
            await asyncio.wait(self._settling, timeout=5)
        await self._crew.end()
        for run in list(self._runs.values()):
            await self._hand_back(run)

    @property
    def workers(self) -> list[Process]:
        """The worker processes, for the doctor and for measuring."""
        return list(self._crew.processes)

    async def ready(self) -> None:
        """Wait until every lane has a worker that can take a job."""
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
                    await asyncio.wait_for(wake.wait(), self._settings.poll_s)
                continue
            self._begin(lease, process)

    async def _take(self, lane: Lane, process: Process) -> JobLease | None:
        """Claim a job: children first while anything waits for one, and nothing else on a worker that holds a parent."""
        waiting = any(run.suspended for run in self._runs.values())
        for lanes in [(lane.children,)] * waiting + [(lane.name, lane.children)] * (not process.stack):
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
        self._runs[run.id] = run
        if process.ended or not process.free:
            self._settle(run, self._hand_back(run))
            return
        process.stack.append(run)
        self._wake_all()
        self._settle(run, self._prepare(run))

    async def _prepare(self, run: Run) -> None:
        """Look up what the tool needs and hand the job over."""
        lease = run.lease
        try:
            run.tool = self._registry.get(lease.tool)
            run.args = self._registry.check(lease.tool, lease.args)
            events = await self._log.turn_events(lease.turn) if lease.turn else []
            run.request = words_of(events)
            run.language = language_of(run.request or str(lease.args))
            run.depth = await self._depth(lease)
            files = await self._files(run)
        except (ToolError, LogError) as error:
            self._leave(run)
            await self._commit(run, [run.failed(str(error))])
            return
        if run.stopping:
            self._close(run)
        if run.over or run.process.ended:
            return
        run.deadline_s = self._settings.deadlines[run.tool.cost]
        self._set_alarm(run, run.deadline_s, self._look_at_clock)
        head: dict[str, Any] = {
            "job": run.id,
            "session": lease.session,
            "tool": lease.tool,
            "args": run.args,
            "assets": files,
        }
        head |= {"language": run.language, "request": run.request, "seed": run.seed, "staging": str(run.staging)}
        run.sent = True
        run.process.send(Frame("run", head))

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
            rows = [
                await self._answers.row(run.lease.session, run.lease.owner, ref)
                for ref in (value if isinstance(value, list) else [value])
                if ref is not None
            ]
            files |= {row.id: as_file(row, self._assets) for row in rows}
            run.args[name] = [row.id for row in rows] if isinstance(value, list) else rows[0].id if rows else None
        return files

    # --- what workers say

    def _hear(self, process: Process, frame: Frame) -> None:
        run = self._runs.get(frame.head.get("job", ""))
        if frame.kind == "freed":
            process.resident = frame.head["resident"]
        elif run is None:
            return
        elif frame.kind == "progress":
            preview = data_url(frame.body) if frame.body else None
            self._tell(run, frame.head["share"], frame.head["stage"], preview)
        elif frame.kind == "sound":
            pcm = base64.b64encode(frame.body).decode()
            self._feed.audio(run.lease.session, run.id, frame.head["sample_rate"], pcm)
        elif frame.kind == "ask":
            self._aside(run, self._reply(run, frame))
        elif frame.kind == "ended":
            process.resident = frame.head["resident"]
            self._leave(run)
            self._settle(run, self._end(run, frame.head))

    def _tell(self, run: Run, share: float, stage: str, preview: str | None = None) -> None:
        if run.over:
            return
        elapsed = run.elapsed
        eta = elapsed * (1 - share) / share if share >= 0.05 and elapsed > 1 else None
        self._feed.progress(run.lease.session, Progress(run.id, share, stage, run.lease.turn, eta, preview))

    async def _reply(self, run: Run, frame: Frame) -> None:
        try:
            head, body = await self._answers.answer(run, frame.head)
        except (Ended, Fenced):
            return  # the job is not ours any more; a cancellation is on its way
        except Exception:
            _log.exception("Job %s: the question %r of its tool failed.", run.id, frame.head["what"])
            head, body = {"error": {"kind": "bug", "words": "The supervisor could not answer; see its log."}}, b""
        run.process.send(Frame("answer", {**head, "ask": frame.head["ask"]}, body))

    async def _end(self, run: Run, ended: Mapping[str, Any]) -> None:
        if run.stopping:
            self._close(run)
        else:
            await self._commit(run, await facts_of(run, ended, self._assets))

    async def _commit(self, run: Run, drafts: Sequence[Draft]) -> None:
        """Append the facts of a run's end, all or none; a run that lost its job is discarded."""
        fence = run.lease.fence
        try:
            try:
                await self._log.append(run.lease.session, drafts, fence=fence)
            except Fenced:  # the lease may have run out while this machine slept
                if await self._log.renew([fence], lease_s=self._settings.lease_s):
                    await self._log.append(run.lease.session, drafts, fence=fence)
        except (Ended, Fenced):
            pass
        except LogError as error:
            _log.error("The result of job %s could not be kept, it will run again: %s", run.id, error)
            await asyncio.sleep(0 if self._stopping else self._settings.full_s)
            await self._hand_back(run)
        finally:
            self._close(run)

    # --- when it goes wrong

    def _exited(self, process: Process, why: str) -> None:
        """Take care of the jobs that a worker took with it. Only the one that was computing is counted as lost."""
        blamed = not any(run.stopping for run in process.stack)
        for place, run in enumerate(reversed([run for run in process.stack if isinstance(run, Run)])):
            if self._stopping or run.over:
                continue
            if run.stopping:
                self._close(run)
            else:
                self._settle(run, self._hand_back(run, why if blamed and place == 0 and run.sent else None))
        process.stack.clear()
        if not self._stopping and not process.retired:
            _log.warning("The %s worker ended: %s", process.lane.name, why)

    async def _hand_back(self, run: Run, lost: str | None = None) -> None:
        """Give a job back to the queue, counted when its worker crashed."""
        fence = run.lease.fence
        try:
            if lost is None:
                await self._log.release(fence)
            else:
                _log.error("Job %s lost its worker: %s", run.id, lost)
                await self._log.lost(fence, f"its worker ended: {lost}")
        except (Ended, Fenced):
            pass
        except LogError:
            _log.exception("Job %s could not be handed back; it is taken up when its lease is over.", run.id)
        finally:
            self._close(run)

    def _heard(self, events: Sequence[Event]) -> None:
        """React to committed facts: new jobs wake their lane, cancelled ones are stopped."""
        for event in events:
            fact = event.fact
            if isinstance(fact, ToolCalled):
                lane = fact.lane.partition(":")[0]
                if lane in self._wake:
                    self._wake[lane].set()
            elif isinstance(fact, JobCancelled) and (run := self._runs.get(fact.job)):
                self._stop_run(run)

    def _stop_run(self, run: Run) -> None:
        """Ask a run to stop; its job has ended in the log already, so nothing that it still does counts."""
        if run.stopping or run.over:
            return
        run.stopping = True
        self._feed.end_job(run.lease.session, run.id)
        run.process.send(Frame("cancel", {"job": run.id}))
        self._set_alarm(run, self._settings.grace_s, self._kill_if_stuck)

    def _kill_if_stuck(self, run: Run) -> None:
        """End the process of a run that did not stop by itself; one beneath another job waits until that has ended."""
        if run in run.process.stack:
            if run.process.stack[-1] is run:
                run.process.kill()
            else:
                self._set_alarm(run, self._settings.grace_s, self._kill_if_stuck)

    def _set_alarm(self, run: Run, seconds: float, ring: Callable[[Run], None]) -> None:
        if run.alarm:
            run.alarm.cancel()
        run.alarm = asyncio.get_running_loop().call_later(seconds, ring, run)

    def _look_at_clock(self, run: Run) -> None:
        """Fail a run that is over its deadline; waiting for children does not count."""
        left = run.deadline_s - run.elapsed
        if run.suspended or left > 0:
            self._set_alarm(run, max(left, 1.0), self._look_at_clock)
        elif not run.over:
            self._settle(run, self._expire(run))

    async def _expire(self, run: Run) -> None:
        minutes = max(1, round(run.deadline_s / 60))
        words = f"It took longer than {minutes} min and was stopped. Ask for something smaller or shorter."
        with suppress(LogError):
            await self._log.append(run.lease.session, [run.failed(words)], fence=run.lease.fence)
        self._stop_run(run)

    async def _renew(self) -> None:
        """Keep the leases of what runs; stop what was taken over."""
        while True:
            await asyncio.sleep(self._settings.lease_s / 3)
            runs = [run for run in self._runs.values() if not (run.stopping or run.over)]
            if runs:
                try:
                    ours = await self._log.renew([run.lease.fence for run in runs], lease_s=self._settings.lease_s)
                except StorageFull as error:
                    _log.warning("Leases could not be renewed: %s", error)
                    continue
                for run in runs:
                    if run.id not in ours:
                        self._stop_run(run)

    # --- bookkeeping

    def _settle(self, run: Run, work: Coroutine[Any, Any, None]) -> None:
        """Do what must be finished even while the engine stops."""
        task = asyncio.create_task(work, name=run.id)
        self._settling.add(task)
        task.add_done_callback(self._settled)

    def _settled(self, task: "asyncio.Task[None]") -> None:
        self._settling.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _log.error("Job %s: its bookkeeping failed.", task.get_name(), exc_info=error)

    def _aside(self, run: Run, work: Coroutine[Any, Any, None]) -> None:
        """Do what is of no use once the run is over."""
        task = asyncio.create_task(work, name=run.id)
        run.asides.add(task)
        task.add_done_callback(run.asides.discard)

    def _leave(self, run: Run) -> None:
        """Take a run off its worker."""
        if run in run.process.stack:
            run.process.stack.remove(run)
        run.process.idle_since = asyncio.get_running_loop().time()
        if run.alarm:
            run.alarm.cancel()
        self._wake_all()

    def _close(self, run: Run) -> None:
        """Forget a run."""
        self._leave(run)
        run.close()
        if self._runs.get(run.id) is run:
            del self._runs[run.id]
            self._feed.end_job(run.lease.session, run.id)

    def _freed(self, lane: Lane) -> None:
        self._wake[lane.name].set()

    def _wake_all(self) -> None:
        """Something became free: look for jobs, and tell how many heavy ones compute."""
        for wake in self._wake.values():
            wake.set()
        heavy = [process for process in self._crew.processes if process.lane.name != "light"]
        busy = sum(bool(process.stack) and not process.stack[-1].suspended for process in heavy)
        if busy != self._busy:
            self._busy = busy
            self._on_busy(busy)
