"""The runs of an engine from hand-over to end: what workers say of them, how they are stopped, what becomes of them.

Every way out goes through :meth:`Runs.close`: committed, refused, cancelled, timed out, taken over, lost with its worker. What a
run staged and did not commit goes with it.
"""

import asyncio
import base64
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any

from memory.errors import Ended, Fenced, LogError
from memory.events import Draft
from memory.feed import Feed, Progress
from memory.log import Log
from tools.answers import Answers
from tools.jobs import AssetStore, Run, facts_of
from tools.pipe import Frame
from tools.piped import data_url
from tools.process import Process

_log = logging.getLogger(__name__)


class Runs:
    """All runs under way. ``on_room`` is called when a worker may have become free."""

    def __init__(
        self,
        log: Log,
        assets: AssetStore,
        feed: Feed,
        *,
        lease_s: float,
        grace_s: float,
        full_s: float,
        on_room: Callable[[], None],
    ) -> None:
        """Keep where facts, files and progress go, and the times of ``EngineSettings``."""
        self.answers: Answers
        self.stopping = False
        self._log, self._assets, self._feed, self._on_room = log, assets, feed, on_room
        self._lease_s, self._grace_s, self._full_s = lease_s, grace_s, full_s
        self._runs: dict[str, Run] = {}
        self._settling: set[asyncio.Task[None]] = set()

    def get(self, job: str) -> Run | None:
        """The run of a job, if it runs here."""
        return self._runs.get(job)

    @property
    def waiting(self) -> bool:
        """Whether any run waits for a child."""
        return any(run.suspended for run in self._runs.values())

    def add(self, run: Run) -> None:
        """Know a run, on its worker's stack."""
        self._runs[run.id] = run
        run.process.stack.append(run)
        self._on_room()

    def hand_over(self, run: Run, head: Mapping[str, Any]) -> None:
        """Give a prepared run to its worker, and its deadline a clock."""
        self._set_alarm(run, run.deadline_s, self._look_at_clock)
        run.process.send(Frame("run", dict(head)))

    # --- what workers say

    def hear(self, process: Process, frame: Frame) -> None:
        """Take a frame of a worker."""
        run = self._runs.get(frame.head.get("job", ""))
        if "resident" in frame.head:
            process.resident = frame.head["resident"]
        if run is None:
            return
        if frame.kind == "began":
            run.began = True
        elif frame.kind == "progress":
            preview = data_url(frame.body) if frame.body else None
            self.tell(run, frame.head["share"], frame.head["stage"], preview)
        elif frame.kind == "sound":
            pcm = base64.b64encode(frame.body).decode()
            self._feed.audio(run.lease.session, run.id, frame.head["sample_rate"], pcm)
        elif frame.kind == "ask":
            self._aside(run, self._reply(run, frame))
        elif frame.kind == "ended":
            self._leave(run)
            self.settle(run, self._end(run, frame.head))

    def tell(self, run: Run, share: float, stage: str, preview: str | None = None) -> None:
        """Show how far a run is."""
        if run.over or run.stopping:
            return
        elapsed = run.elapsed
        eta = elapsed * (1 - share) / share if share >= 0.05 and elapsed > 1 else None
        self._feed.progress(run.lease.session, Progress(run.id, share, stage, run.lease.turn, eta, preview))

    async def _reply(self, run: Run, frame: Frame) -> None:
        try:
            head, body = await self.answers.answer(run, frame.head)
        except (Ended, Fenced):
            return  # the job is not ours any more; a cancellation is on its way
        except Exception:
            _log.exception("Job %s: the question %r of its tool failed.", run.id, frame.head["what"])
            head, body = {"error": {"kind": "bug", "words": "The supervisor could not answer; see its log."}}, b""
        run.process.send(Frame("answer", {**head, "ask": frame.head["ask"]}, body))

    async def _end(self, run: Run, ended: Mapping[str, Any]) -> None:
        if run.stopping:
            self.close(run)
        else:
            await self._commit(run, await facts_of(run, ended, self._assets))

    async def refuse(self, run: Run, words: str) -> None:
        """End a run that cannot begin."""
        self._leave(run)
        await self._commit(run, [run.failed(words)])

    async def _commit(self, run: Run, drafts: Sequence[Draft]) -> None:
        """Append the facts of a run's end, all or none; a run that lost its job is discarded."""
        fence = run.lease.fence
        try:
            try:
                await self._log.append(run.lease.session, drafts, fence=fence)
            except Fenced:  # the lease may have run out while this machine slept
                if await self._log.renew([fence], lease_s=self._lease_s):
                    await self._log.append(run.lease.session, drafts, fence=fence)
        except (Ended, Fenced):
            pass
        except LogError as error:
            _log.error("The result of job %s could not be kept, it will run again: %s", run.id, error)
            await asyncio.sleep(0 if self.stopping else self._full_s)
            await self.hand_back(run)
        finally:
            self.close(run)

    # --- ending early

    def stop(self, run: Run) -> None:
        """Ask a run to stop; its job has ended in the log, or is another's now, so nothing that it still does counts."""
        if run.stopping or run.over:
            return
        run.stopping = True
        self._feed.end_job(run.lease.session, run.id)
        run.process.send(Frame("cancel", {"job": run.id}))
        self._set_alarm(run, self._grace_s, self._kill_if_stuck)

    def _kill_if_stuck(self, run: Run) -> None:
        """End the process of a run that did not stop by itself; one beneath another job waits until that has ended."""
        if run in run.process.stack:
            if run.process.stack[-1] is run and run.began:
                run.process.kill()
            else:
                self._set_alarm(run, self._grace_s, self._kill_if_stuck)

    def _look_at_clock(self, run: Run) -> None:
        """Fail a run that is over its deadline; waiting for children does not count."""
        left = run.deadline_s - run.elapsed
        if run.suspended or left > 0:
            self._set_alarm(run, max(left, 1.0), self._look_at_clock)
        elif not (run.over or run.stopping):
            self.settle(run, self._expire(run))

    async def _expire(self, run: Run) -> None:
        minutes = max(1, round(run.deadline_s / 60))
        words = f"It took longer than {minutes} min and was stopped. Ask for something smaller or shorter."
        with suppress(LogError):
            await self._log.append(run.lease.session, [run.failed(words)], fence=run.lease.fence)
        self.stop(run)

    async def renew(self) -> None:
        """Keep the leases of what runs, until cancelled; stop what was taken over."""
        while True:
            await asyncio.sleep(self._lease_s / 3)
            runs = [run for run in self._runs.values() if not (run.stopping or run.over)]
            try:
                ours = (
                    await self._log.renew([run.lease.fence for run in runs], lease_s=self._lease_s) if runs else set()
                )
            except LogError as error:
                _log.warning("Leases could not be renewed: %s", error)
                continue
            for run in runs:
                if run.id not in ours:
                    self.stop(run)

    def exited(self, process: Process, why: str) -> None:
        """Take care of the jobs that a worker took with it. Only the one that was computing is counted as lost."""
        stack = [run for run in process.stack if isinstance(run, Run)]
        computing = (
            [] if any(run.stopping for run in stack) else [run for run in stack if run.began and not run.suspended]
        )
        for run in stack:
            if run.stopping:
                self.close(run)
            elif not (self.stopping or run.over):
                self.settle(run, self.hand_back(run, why if run in computing[-1:] else None))
        process.stack.clear()
        if not self.stopping and not process.retired:
            _log.warning("The %s worker is gone: %s", process.lane.name, why)

    async def hand_back(self, run: Run, lost: str | None = None) -> None:
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
            self.close(run)

    async def hand_all_back(self) -> None:
        """Give back all that still runs; for the end."""
        for run in list(self._runs.values()):
            await self.hand_back(run)

    async def settled(self, seconds: float) -> None:
        """Wait until what has begun to end has ended, but no longer than this."""
        if self._settling:
            await asyncio.wait(self._settling, timeout=seconds)

    # --- bookkeeping

    def settle(self, run: Run, work: Coroutine[Any, Any, None]) -> None:
        """Do what must be finished even while the engine stops."""
        task = asyncio.create_task(work, name=run.id)
        self._settling.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._settling.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _log.error("Job %s: its bookkeeping failed.", task.get_name(), exc_info=error)

    def _aside(self, run: Run, work: Coroutine[Any, Any, None]) -> None:
        """Do what is of no use once the run is over."""
        task = asyncio.create_task(work, name=run.id)
        run.asides.add(task)
        task.add_done_callback(run.asides.discard)

    def _set_alarm(self, run: Run, seconds: float, ring: Callable[[Run], None]) -> None:
        if run.alarm:
            run.alarm.cancel()
        run.alarm = asyncio.get_running_loop().call_later(seconds, ring, run)

    def _leave(self, run: Run) -> None:
        """Take a run off its worker."""
        if run in run.process.stack:
            run.process.stack.remove(run)
        run.process.idle_since = asyncio.get_running_loop().time()
        if run.alarm:
            run.alarm.cancel()
        self._on_room()

    def close(self, run: Run) -> None:
        """Forget a run."""
        self._leave(run)
        run.close()
        if self._runs.get(run.id) is run:
            del self._runs[run.id]
            self._feed.end_job(run.lease.session, run.id)
