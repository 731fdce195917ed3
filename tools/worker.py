"""``python -m tools.worker``: the process in which tools run, with its models resident.

It imports ``tools`` and the value types of ``memory``, never the database. Jobs run one at a time on the main thread (some
libraries insist on it); a second thread reads frames, so that a cancellation arrives while a tool computes. While a tool waits
for a child job, the main thread takes the child itself, so that one worker never waits for another. When the pipe ends, the
supervisor is gone and the process leaves at once: nothing it did counts before the supervisor commits it.
"""

import argparse
import contextlib
import ctypes
import faulthandler
import gc
import logging
import os
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

from tools.context import Saved
from tools.declare import Result
from tools.errors import Cancelled, ModelMissing, ToolError
from tools.inbox import Inbox
from tools.loaders import Chosen, loader_for
from tools.models.loaded import Loaded
from tools.pipe import BadFrame, Frame, Pipe
from tools.piped import PipedContext, as_json
from tools.registry import Registry

_log = logging.getLogger("tools.worker")


class Worker:
    """All of a worker: its tools, its models, and the job it runs now with those that wait beneath it."""

    def __init__(self, pipe: Pipe, registry: Registry, budget: int) -> None:
        self._pipe, self._registry = pipe, registry
        self._loaded = Loaded(budget)
        self._inbox = Inbox(pipe)

    def serve(self) -> None:
        """Do jobs until the process is ended."""
        threading.Thread(target=self._read, name="pipe", daemon=True).start()
        threading.Thread(target=_leave_with, args=(os.getppid(),), name="parent", daemon=True).start()
        self._pipe.send(Frame("ready", {"pid": os.getpid(), "tools": len(self._registry.tools)}))
        while True:
            frame = self._inbox.next()
            self._run(frame) if frame.kind == "run" else self._free()

    def _read(self) -> None:
        try:
            while frame := self._pipe.receive():
                self._inbox.put(frame)
        except BadFrame:
            _log.exception("The pipe is out of step; leaving.")
        finally:
            os._exit(0)

    def _run(self, frame: Frame) -> None:
        """Run one job and say how it ended."""
        job, started = frame.head["job"], time.monotonic()
        ended: dict[str, Any]
        try:
            ended = self._ended_well(frame)
        except Cancelled:
            ended = {"how": "cancelled"}
        except ToolError as error:
            ended = {"how": "failed", "words": str(error)}
        except ModelMissing as error:
            words = str(error).removesuffix(error.fix).strip()
            ended = {"how": "missing", "words": words, "task": error.task, "fix": error.fix}
        except MemoryError:
            ended = {"how": "failed", "words": "It needs more memory than is free. Ask for a smaller size."}
        except (Exception, SystemExit):
            ended = {"how": "bug", "trace": traceback.format_exc()}
        finally:
            self._inbox.forget(job)
        seconds = round(time.monotonic() - started, 3)
        self._pipe.send(Frame("ended", {**ended, "job": job, "seconds": seconds, "resident": self._loaded.bytes}))

    def _ended_well(self, frame: Frame) -> dict[str, Any]:
        context = PipedContext(frame.head, self._pipe, self._inbox, self._load, self._run)
        if self._inbox.is_cancelled(context.job):
            raise Cancelled("The job was cancelled before it began.")
        tool = self._registry.get(frame.head["tool"])
        params = tool.params.model_validate(frame.head["args"])
        self._pipe.send(Frame("began", {"job": context.job}))
        result = tool.run(params, context)
        if not isinstance(result, Result):
            raise TypeError(f"Tool {tool.name} returned {type(result).__name__}, not a Result.")
        strange = [saved for saved in result.assets if not isinstance(saved, Saved)]
        if strange:
            raise TypeError(f"Tool {tool.name} returned {strange[0]!r} as an asset; return what ctx.save gave.")
        assets = [as_json(saved) for saved in result.assets]
        ended = {"how": "finished", "text": str(result.text), "data": dict(result.data), "assets": assets}
        Frame("ended", ended).encode()  # data that is no JSON is the tool's bug, and is told as one
        return ended

    def _load(self, chosen: Chosen) -> Any:
        loader = loader_for(chosen)
        key = repr((chosen.to_json(), chosen.key))
        return self._loaded.get(key, lambda: loader.load(chosen), loader.bytes_for(chosen))

    def _free(self) -> None:
        """Give up all models and hand the memory back to the system."""
        self._loaded.clear()
        gc.collect()
        with contextlib.suppress(OSError, AttributeError):  # not glibc: freed memory stays with the process
            ctypes.CDLL("libc.so.6").malloc_trim(0)
        self._pipe.send(Frame("freed", {"resident": self._loaded.bytes}))


def _leave_with(parent: int) -> None:
    """Leave when the parent is gone, even if somebody else still holds the other end of the pipe."""
    while os.getppid() == parent:
        time.sleep(2)
    os._exit(0)


def main(argv: list[str] | None = None) -> None:
    """Run a worker on standard input and output. Its environment has bounded the threads before anything was imported."""
    parser = argparse.ArgumentParser(prog="python -m tools.worker", description=__doc__)
    parser.add_argument("--lane", required=True, help="name of the lane, for the log")
    parser.add_argument("--plugins", type=Path, help="folder of single-file plug-ins")
    parser.add_argument("--budget", type=int, default=2 << 30, help="bytes that loaded models may hold")
    parser.add_argument("--nice", type=int, default=0, help="how much to give way to the chat")
    options = parser.parse_args(argv)
    pipe = Pipe.from_stdio()
    faulthandler.enable(file=sys.stderr)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    logging.basicConfig(level=logging.INFO, format=f"{options.lane} worker: %(name)s: %(message)s", stream=sys.stderr)
    if hasattr(os, "nice"):
        os.nice(options.nice)
    Worker(pipe, Registry(options.plugins), options.budget).serve()


if __name__ == "__main__":
    main()
