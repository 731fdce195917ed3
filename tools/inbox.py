"""What has come over the pipe and who waits for it: answers, jobs to run, cancellations, under one condition.

One lock for all three, because they race: an answer may come while the next job is on its way to the same waiting thread. A
job that is not taken by a thread that waits for a child stays, for the next that does or for the main loop.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from tools.errors import Cancelled, ModelMissing, ToolError
from tools.pipe import Frame, Pipe


class Inbox:
    """Filled by the reading thread, emptied by the threads of tools."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe, self._changed, self._last = pipe, threading.Condition(), 0
        self._answers: dict[int, Frame | None] = {}
        self._work: deque[Frame] = deque()
        self._cancelled: set[str] = set()

    # --- the reading thread

    def put(self, frame: Frame) -> None:
        """Take in an answer, a cancellation, or something to do."""
        with self._changed:
            if frame.kind == "answer":
                if frame.head["ask"] in self._answers:  # else nobody waits for it any more
                    self._answers[frame.head["ask"]] = frame
            elif frame.kind == "cancel":
                self._cancelled.add(frame.head["job"])
            else:
                self._work.append(frame)
            self._changed.notify_all()

    # --- the threads of tools

    def next(self) -> Frame:
        """Wait for something to do."""
        with self._changed:
            while not self._work:
                self._changed.wait()
            return self._work.popleft()

    def ask(self, job: str, what: str, values: Mapping[str, Any], on_run: Callable[[Frame], None]) -> Frame:
        """Ask the supervisor and wait for the answer; runs the jobs that arrive meanwhile if this waits for a child.

        Raises:
            Cancelled: the job was cancelled while it waited.
            ToolError, ModelMissing: the answer is a refusal.
        """
        with self._changed:
            self._last += 1
            number = self._last
            self._answers[number] = None
        try:
            self._pipe.send(Frame("ask", {**values, "ask": number, "job": job, "what": what}))
            while True:
                frame = self._wait(number, job, what == "call")
                if frame.kind == "answer":
                    return _checked(frame)
                on_run(frame)
        finally:
            with self._changed:
                del self._answers[number]

    def _wait(self, number: int, job: str, takes_work: bool) -> Frame:
        with self._changed:
            while True:
                if takes_work and self._work and self._work[0].kind == "run":
                    return self._work.popleft()
                if answer := self._answers[number]:
                    return answer
                if job in self._cancelled:
                    raise Cancelled("The job was cancelled.")
                self._changed.wait()

    def is_cancelled(self, job: str) -> bool:
        """Whether a job was cancelled."""
        return job in self._cancelled

    def forget(self, job: str) -> None:
        """A job has ended."""
        with self._changed:
            self._cancelled.discard(job)


def _checked(frame: Frame) -> Frame:
    error = frame.head.get("error")
    if error is None:
        return frame
    if error["kind"] == "missing":
        raise ModelMissing(error["task"], error["fix"])
    if error["kind"] == "tool":
        raise ToolError(error["words"])
    raise RuntimeError(error["words"])
