"""One worker process under supervision: started, spoken to, listened to, ended.

A process holds a *stack* of runs: the job at the top runs, those beneath wait for a child (or for their turn on the worker's
main thread once a child has ended). It is free when nothing is on it, or when the top waits for a child: then it may take a
child, and only a child, so that the stack is as deep as tools call one another and no deeper.
"""

import asyncio
import logging
import os
import re
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tools.pipe import BadFrame, Frame, read_frame

_log = logging.getLogger(__name__)

READY_S = 60.0
"""A worker that has not said ready by then is given up."""


LAST_WORDS_S = 5.0
"""How long a worker may live on after its pipe has ended."""

_SECRET = re.compile(r"^RHAPSODE_|(KEY|TOKEN|SECRET|PASSWORD|CREDENTIALS?)(_|$)|^DATABASE_URL$|^PGPASS")
"""Names of variables that plug-ins have no use for: the supervisor hands a worker the key of a model that it loads."""


class OnTop(Protocol):
    """What a process needs to know of a run."""

    suspended: bool
    stopping: bool
    over: bool

    @property
    def id(self) -> str:
        """The job's id."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A kind of worker. ``processes`` run at once, each with ``threads``; ``nice`` is how much they give way to the chat."""

    name: str
    processes: int = 1
    threads: int = 1
    nice: int = 0
    budget: int = 2 << 30

    @property
    def children(self) -> str:
        """The lane in which the children of running jobs are queued."""
        return self.name + ":child"


class Process:
    """A worker of a lane. Frames go to ``on_frame`` in order; ``on_exit`` is called once, with what ended it."""

    def __init__(
        self,
        lane: Lane,
        plugins: Path | None,
        generation: int,
        on_frame: "Callable[[Process, Frame], None]",
        on_exit: "Callable[[Process, str], None]",
    ) -> None:
        self.lane, self.generation = lane, generation
        self.stack: list[OnTop] = []
        self.ready = self.ended = self.retired = False
        self.resident = 0
        self.idle_since = asyncio.get_running_loop().time()
        self._plugins, self._on_frame, self._on_exit = plugins, on_frame, on_exit
        self._child: asyncio.subprocess.Process | None = None
        self._life: asyncio.Task[None] | None = None
        self._said = asyncio.Event()
        self._doomed = False

    @property
    def pid(self) -> int | None:
        """The process id, once started."""
        return self._child.pid if self._child else None

    @property
    def free(self) -> bool:
        """Whether it can take a job now; only a child when something waits on it."""
        return self.ready and not self.ended and not self.retired and (not self.stack or self.stack[-1].suspended)

    async def start(self) -> None:
        """Spawn it and wait until it is ready; ``ready`` stays False when it died instead.

        Its life goes on when the caller is cancelled; end it with :meth:`kill` and :meth:`wait`.
        """
        self._life = asyncio.create_task(self._live())
        try:
            async with asyncio.timeout(READY_S):
                await self._said.wait()
        except TimeoutError:
            _log.warning("The %s worker was not ready after %d s.", self.lane.name, READY_S)
            self.kill()

    async def _live(self) -> None:
        """From birth to death."""
        why = "it could not be started"
        try:
            self._child = await self._spawn()
            if self._doomed:
                self.kill()
            await asyncio.gather(self._listen(self._child), self._write_log(self._child))
            code = await self._child.wait()
            why = "it was ended from here" if self._doomed else _in_words(code)
        except OSError as error:
            _log.error("The %s worker could not be started: %s", self.lane.name, error)
        finally:
            self.ended = True
            self._said.set()
            self._on_exit(self, why)

    async def _spawn(self) -> asyncio.subprocess.Process:
        command = [sys.executable, "-P", "-m", "tools.worker", "--lane", self.lane.name, "--nice", str(self.lane.nice)]
        command += ["--budget", str(self.lane.budget)]
        if self._plugins:
            command += ["--plugins", str(self._plugins)]
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=_environment(self.lane.threads),
            start_new_session=os.name == "posix",
        )

    def send(self, frame: Frame) -> None:
        """Write a frame; a process that is gone drops it, and its end is told by ``on_exit``."""
        if self._child and self._child.stdin and not self.ended:
            with suppress(ConnectionError, RuntimeError):
                self._child.stdin.write(frame.encode())

    def retire(self) -> None:
        """End it because another is to take its place."""
        self.retired = True
        self.kill()

    def kill(self) -> None:
        """End it now, or as soon as it is born."""
        self._doomed = True
        if self._child and self._child.returncode is None:
            with suppress(ProcessLookupError):
                if os.name == "posix":  # asyncio's own kill() may reap the child behind its watcher's back
                    os.kill(self._child.pid, signal.SIGKILL)
                else:
                    self._child.kill()

    async def wait(self) -> None:
        """Wait until it has ended and all it said was heard."""
        if self._life:
            await asyncio.wait({self._life})

    async def _listen(self, child: asyncio.subprocess.Process) -> None:
        assert child.stdout is not None
        try:
            while frame := await read_frame(child.stdout):
                if frame.kind == "ready":
                    self.ready = True
                    self._said.set()
                else:
                    self._hear(frame)
        except BadFrame:
            _log.exception("The %s worker wrote garbage; ending it.", self.lane.name)
            self.kill()
        self.ready = False
        try:
            async with asyncio.timeout(LAST_WORDS_S):
                await child.wait()
        except TimeoutError:  # it closed its pipe and lives on
            self.kill()

    def _hear(self, frame: Frame) -> None:
        try:
            self._on_frame(self, frame)
        except Exception:
            _log.exception("A frame of the %s worker could not be handled: %s", self.lane.name, frame.kind)

    async def _write_log(self, child: asyncio.subprocess.Process) -> None:
        """Pass on what tools print, a line at a time."""
        assert child.stderr is not None
        while True:
            try:
                line = await child.stderr.readline()
            except ValueError:  # a line longer than the buffer; drop what has come of it
                continue
            if not line:
                return
            jobs = ",".join(run.id for run in self.stack) or "-"
            _log.info("[%s] %s", jobs, line.decode("utf-8", "replace").rstrip()[:2000])


def _in_words(code: int) -> str:
    """Why a process ended, from its exit code."""
    if code >= 0:
        return f"exit code {code}"
    with suppress(ValueError):
        name = signal.Signals(-code).name
        return f"{name}, perhaps for lack of memory" if name == "SIGKILL" else name
    return f"signal {-code}"


def _environment(threads: int) -> dict[str, str]:
    """Our environment with bounded threads and without what holds keys: our own settings, and whatever is called one."""
    kept = {name: value for name, value in os.environ.items() if not _SECRET.search(name.upper())}
    bounds = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB")
    kept |= {f"{library}_NUM_THREADS": str(threads) for library in bounds}
    return kept | {"OPENCV_FOR_THREADS_NUM": str(threads), "TOKENIZERS_PARALLELISM": "false", "PYTHONUTF8": "1"}
