"""Whatever people, agents and workers do in whatever order, the log keeps its rules."""

import asyncio
import atexit
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from memory.events import (
    JOB_ENDS,
    TURN_ENDS,
    Draft,
    Event,
    JobFinished,
    ModelAnswered,
    ToolCalled,
    TurnDone,
    TurnFailed,
    UserSaid,
)
from memory.ids import new_id
from memory.log import Ended, Fenced, JobLease, Log, LogError, TurnLease

_PATTERN = Path(tempfile.mkdtemp(prefix="rhapsode-pattern-")) / "rhapsode.db"
_LEASE_S = 10.0
atexit.register(shutil.rmtree, _PATTERN.parent, ignore_errors=True)


class Conversations(RuleBasedStateMachine):
    """Two servers work on three sessions; time passes; leases go stale and are used all the same."""

    turn_leases = Bundle("turn_leases")
    job_leases = Bundle("job_leases")

    def __init__(self) -> None:
        super().__init__()
        self.runner, self.folder, self.now = asyncio.Runner(), Path(tempfile.mkdtemp()), 1_800_000_000.0
        if not _PATTERN.exists():
            self.run(self._open_and_close())
        shutil.copy(_PATTERN, self.folder / "rhapsode.db")
        self.log: Log = self.run(
            Log.open(f"sqlite:///{self.folder}/rhapsode.db", clock=lambda: self.now, synchronous="normal")
        )
        self.heard: list[Event] = []
        self.log.on_commit(self.heard.extend)
        self.sessions: list[str] = []
        self.turns: list[tuple[str, str]] = []
        self.jobs: list[tuple[str, str]] = []

    async def _open_and_close(self) -> None:
        await (await Log.open(f"sqlite:///{_PATTERN}")).close()

    def run(self, work: Any) -> Any:
        return self.runner.run(work)

    def attempt(self, work: Any) -> Any:
        """Do it; a refusal by the rules is as good."""
        try:
            return self.run(work)
        except LogError as error:
            return error

    @initialize()
    def make(self) -> None:
        self.sessions = [self.run(self.log.make_session("ada")).last.session for _ in range(3)]

    @rule(number=st.integers(0, 2))
    def say(self, number: int) -> None:
        turn = new_id("turn")
        self.run(self.log.append(self.sessions[number], [Draft(fact=UserSaid(text="hi"), by="user", turn=turn)]))
        self.turns.append((self.sessions[number], turn))

    @rule(target=turn_leases, holder=st.sampled_from(["one", "two"]))
    def take(self, holder: str) -> TurnLease | None:
        lease: TurnLease | None = self.run(self.log.take_turn(holder, lease_s=_LEASE_S))
        return lease

    @rule(target=job_leases, holder=st.sampled_from(["one", "two"]))
    def take_job(self, holder: str) -> JobLease | None:
        lease: JobLease | None = self.run(self.log.take_job(holder, lanes=("heavy",), lease_s=_LEASE_S))
        return lease

    @rule(lease=turn_leases, number=st.integers(0, 3))
    def call(self, lease: TurnLease | None, number: int) -> None:
        if lease is not None:
            job = new_id("job")
            fact = ToolCalled(call=str(number), tool="draw", args={}, job=job)
            done = self.attempt(
                self.log.append(lease.session, [Draft(fact=fact, by="agent", turn=lease.turn)], fence=lease.fence)
            )
            if not isinstance(done, LogError):
                self.jobs.append((lease.session, job))

    @rule(lease=turn_leases, end=st.sampled_from([TurnDone(), TurnFailed(error="no")]), words=st.integers(0, 2))
    def end(self, lease: TurnLease | None, end: TurnDone | TurnFailed, words: int) -> None:
        if lease is not None:
            drafts = [Draft(fact=ModelAnswered(step=n, text="x"), by="agent", turn=lease.turn) for n in range(words)]
            drafts.append(Draft(fact=end, by="agent", turn=lease.turn))
            before = self.run(self.log.turn(lease.turn))
            done = self.attempt(self.log.append(lease.session, drafts, fence=lease.fence))
            holds = before.state == "running" and before.epoch == lease.epoch and before.lease_until > self.now
            assert isinstance(done, Fenced | Ended) != holds

    @rule(lease=job_leases)
    def finish(self, lease: JobLease | None) -> None:
        if lease is not None:
            fact = JobFinished(job=lease.job, text="done")
            self.attempt(
                self.log.append(lease.session, [Draft(fact=fact, by="tool", turn=lease.turn)], fence=lease.fence)
            )

    @rule(lease=job_leases)
    def lose(self, lease: JobLease | None) -> None:
        if lease is not None:
            self.attempt(self.log.lost(lease.fence, "killed"))

    @rule(lease=turn_leases)
    def release(self, lease: TurnLease | None) -> None:
        if lease is not None:
            self.run(self.log.release(lease.fence))

    @rule(lease=turn_leases)
    def renew(self, lease: TurnLease | None) -> None:
        if lease is not None:
            self.run(self.log.renew([lease.fence], lease_s=_LEASE_S))

    @rule(number=st.integers(0, 9))
    def cancel(self, number: int) -> None:
        if self.turns:
            session, turn = self.turns[number % len(self.turns)]
            self.attempt(self.log.cancel(session, "turn", turn))

    @rule(number=st.integers(0, 9))
    def cancel_job(self, number: int) -> None:
        if self.jobs:
            session, job = self.jobs[number % len(self.jobs)]
            self.attempt(self.log.cancel(session, "job", job))

    @rule(seconds=st.sampled_from([1.0, 6.0, 11.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def logs_have_no_gap_and_listeners_heard_all_of_it(self) -> None:
        for session in self.sessions:
            events = self.run(self.log.events(session))
            assert [event.seq for event in events] == list(range(1, len(events) + 1))
            assert [event for event in self.heard if event.session == session] == events
            assert self.run(self.log.head(session)) == len(events)

    @invariant()
    def everything_ends_at_most_once_and_rows_say_how(self) -> None:
        ends: Counter[str] = Counter()
        for event in self.heard:
            if event.kind in TURN_ENDS:
                ends[event.turn or ""] += 1
            elif event.kind in JOB_ENDS:
                ends[event.fact.job] += 1  # type: ignore[union-attr]
        assert all(count == 1 for count in ends.values())
        for _, turn in self.turns:
            assert self.run(self.log.turn(turn)).ended == (turn in ends)
        for _, job in self.jobs:
            assert self.run(self.log.job(job)).ended == (job in ends)

    @invariant()
    def a_session_thinks_about_one_turn_at_a_time_and_in_order(self) -> None:
        for session in self.sessions:
            rows = [self.run(self.log.turn(turn)) for place, turn in self.turns if place == session]
            waiting = [row for row in rows if not row.ended]
            assert all(row.state != "running" for row in waiting[1:])

    @invariant()
    def nothing_goes_on_in_a_cancelled_turn(self) -> None:
        for session, turn in self.turns:
            if self.run(self.log.turn(turn)).state == "cancelled":
                open_jobs = [job.turn for job in self.run(self.log.jobs(session, open_only=True))]
                assert turn not in open_jobs

    def teardown(self) -> None:
        self.run(self.log.close())
        self.runner.close()
        shutil.rmtree(self.folder)


Conversations.TestCase.settings = settings(
    max_examples=15, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
TestConversations = Conversations.TestCase
