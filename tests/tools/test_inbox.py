"""Answers, jobs and cancellations reach the thread that they are for, in whatever order they come."""

import io
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from rhapsode import Cancelled, ModelMissing, ToolError
from tools.inbox import Inbox
from tools.pipe import Frame, Pipe


class Wire(io.BytesIO):
    """Counts the questions that were written, so that a test can wait for one."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Semaphore(0)

    def flush(self) -> None:
        self.asked.release()


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def inbox(wire: Wire) -> Inbox:
    return Inbox(Pipe(io.BytesIO(), wire))


Ask = Callable[..., "Future[Frame]"]


@pytest.fixture
def ask(inbox: Inbox, wire: Wire) -> Any:
    """Ask in a thread; returns once the question is on the pipe."""
    pool = ThreadPoolExecutor(4)

    def start(job: str, what: str, on_run: Callable[[Frame], None] = lambda frame: None) -> "Future[Frame]":
        future = pool.submit(inbox.ask, job, what, {}, on_run)
        assert wire.asked.acquire(timeout=5)
        return future

    yield start
    pool.shutdown()


def answer(number: int, **head: Any) -> Frame:
    return Frame("answer", {"ask": number, **head})


def run(job: str) -> Frame:
    return Frame("run", {"job": job})


def test_each_question_gets_its_own_answer(inbox: Inbox, ask: Ask) -> None:
    first, second = ask("a", "chat"), ask("b", "chat")
    inbox.put(answer(2, value="two"))
    inbox.put(answer(1, value="one"))
    assert first.result(5).head["value"] == "one"
    assert second.result(5).head["value"] == "two"


@pytest.mark.parametrize(
    ("error", "raised", "words"),
    [
        ({"kind": "tool", "words": "Too long."}, ToolError, "Too long."),
        (
            {"kind": "missing", "task": "x.y", "fix": "Get one.", "words": ""},
            ModelMissing,
            "Nothing here can do x.y. Get one.",
        ),
        ({"kind": "bug", "words": "See the log."}, RuntimeError, "See the log."),
    ],
)
def test_a_refusal_is_raised_as_what_it_is(
    error: dict[str, str], raised: type[Exception], words: str, inbox: Inbox, ask: Ask
) -> None:
    asked = ask("a", "chat")
    inbox.put(answer(1, error=error))
    with pytest.raises(raised) as caught:
        asked.result(5)
    assert str(caught.value) == words


def test_a_cancellation_wakes_who_waits_for_that_job_and_no_other(inbox: Inbox, ask: Ask) -> None:
    cancelled, other = ask("a", "chat"), ask("b", "chat")
    inbox.put(Frame("cancel", {"job": "a"}))
    with pytest.raises(Cancelled):
        cancelled.result(5)
    inbox.put(answer(1, value="too late"))
    inbox.put(answer(2, value="in time"))
    assert other.result(5).head["value"] == "in time"
    assert inbox.is_cancelled("a")
    inbox.forget("a")
    assert not inbox.is_cancelled("a")


def test_a_thread_that_waits_for_a_child_does_the_jobs_that_come(inbox: Inbox, ask: Ask) -> None:
    done: list[str] = []
    asked = ask("a", "call", lambda frame: done.append(frame.head["job"]))
    inbox.put(run("child"))
    inbox.put(answer(1, value="child is done"))
    assert asked.result(5).head["value"] == "child is done"
    assert done == ["child"]


def test_a_thread_that_waits_for_words_leaves_jobs_alone(inbox: Inbox, ask: Ask) -> None:
    done: list[str] = []
    asked = ask("a", "chat", lambda frame: done.append(frame.head["job"]))
    inbox.put(run("next"))
    inbox.put(answer(1, value="words"))
    asked.result(5)
    assert done == []
    assert inbox.next() == run("next")


def test_a_job_that_comes_after_the_answer_is_not_lost_with_the_waiting_thread(inbox: Inbox, ask: Ask) -> None:
    asked = ask("a", "call")
    inbox.put(answer(1, value="child is done"))
    asked.result(5)
    inbox.put(run("late"))
    done: list[str] = []
    again = ask("a", "call", lambda frame: done.append(frame.head["job"]))
    inbox.put(answer(2, value="second child is done"))
    again.result(5)
    assert done == ["late"]


def test_other_work_is_left_to_the_main_loop(inbox: Inbox, ask: Ask) -> None:
    asked = ask("a", "call")
    inbox.put(Frame("free"))
    inbox.put(answer(1, value="ok"))
    asked.result(5)
    assert inbox.next() == Frame("free")
