"""The worker processes of an engine: kept alive by lane, picked when free, replaced when stale, emptied when idle."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.pipe import Frame
from tools.process import Lane, Process
from tools.registry import Registry

_log = logging.getLogger(__name__)

GROWN_UP_S = 10.0
"""A worker that lived this long is started again at once; one that died younger waits ever longer, so that none spins."""

SLOWEST_RESTART_S = 30.0


class Crew:
    """All workers of one engine. ``processes`` are those that live or are being started."""

    def __init__(
        self,
        lanes: Sequence[Lane],
        plugins: Path,
        registry: Registry,
        on_frame: Callable[[Process, Frame], None],
        on_exit: Callable[[Process, str], None],
        on_free: Callable[[Lane], None],
    ) -> None:
        """Keep what to start and whom to tell; ``on_free`` hears that a worker of a lane became ready."""
        self.processes: list[Process] = []
        self._there = {lane.name: asyncio.Event() for lane in lanes}
        self._lanes, self._plugins, self._registry = lanes, plugins, registry
        self._on_frame, self._on_exit, self._on_free = on_frame, on_exit, on_free

    async def keep(self, lane: Lane) -> None:
        """Keep one worker of a lane alive until cancelled."""
        loop, delay = asyncio.get_running_loop(), 0.0
        while True:
            await asyncio.sleep(delay)
            started = loop.time()
            process = Process(lane, self._plugins, self._registry.generation, self._on_frame, self._on_exit)
            self.processes.append(process)
            await process.start()
            if process.ready:
                self._there[lane.name].set()
                self._on_free(lane)
            await process.wait()
            self.processes.remove(process)
            grown_up = process.retired or loop.time() - started > GROWN_UP_S
            delay = 0.0 if grown_up else min(SLOWEST_RESTART_S, max(0.25, delay * 2))

    def free(self, lane: Lane) -> Process | None:
        """A worker that can take a job: an empty one first, else one whose job waits for a child."""
        able = [process for process in self.processes if process.lane is lane and process.free]
        for process in [process for process in able if not process.stack]:
            if process.generation == self._registry.generation:
                return process
            process.retire()  # its tools are not those of today
        return next((process for process in able if process.stack), None)

    async def free_the_idle(self, idle_s: float) -> None:
        """Have workers give up their models after ``idle_s`` without a job."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(min(5.0, idle_s))
            for process in self.processes:
                if (
                    process.free
                    and not process.stack
                    and process.resident
                    and loop.time() - process.idle_since > idle_s
                ):
                    process.send(Frame("free"))

    async def ready(self) -> None:
        """Wait until every lane has had a worker that can take a job."""
        for lane in self._lanes:
            await self._there[lane.name].wait()

    async def end(self) -> None:
        """End every worker and wait for it."""
        processes = list(self.processes)
        for process in processes:
            process.kill()
        await asyncio.gather(*(process.wait() for process in processes), return_exceptions=True)
