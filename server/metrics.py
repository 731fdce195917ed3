"""Figures for Prometheus, counted from facts: what the log says happened is what is counted.

One registry a process is made with the house, so that tests may have several.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from memory.events import TURN_ENDS, AgentSaid, Event, JobCancelled, JobFailed, JobFinished, ToolCalled, UserSaid

if TYPE_CHECKING:
    from server.house import House

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """Counters and histograms of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.commands = Counter("rhapsode_commands", "Accepted commands", ["name"], registry=self.registry)
        self.turns = Counter("rhapsode_turns", "Turns by how they ended", ["end"], registry=self.registry)
        self.jobs = Counter("rhapsode_jobs", "Jobs by tool and how they ended", ["tool", "end"], registry=self.registry)
        self.characters = Counter("rhapsode_reply_characters", "Characters of final replies", registry=self.registry)
        self.tokens = Counter("rhapsode_tokens", "Pieces of text that the model streamed", registry=self.registry)
        self.live = Counter("rhapsode_live_items", "Live items sent to listeners", registry=self.registry)
        self.taken = Histogram(
            "rhapsode_turn_taken_seconds",
            "From a person's words to the turn's start",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.turn = Histogram(
            "rhapsode_turn_seconds", "From a person's words to the turn's end", buckets=_SECONDS, registry=self.registry
        )
        self.job = Histogram(
            "rhapsode_job_seconds", "From a call to the job's end", ["tool"], buckets=_SECONDS, registry=self.registry
        )
        self.listeners = Gauge("rhapsode_listeners", "Watches of sessions", registry=self.registry)
        self.sockets = Gauge("rhapsode_sockets", "Open live connections", registry=self.registry)
        self.open_turns = Gauge("rhapsode_open_turns", "Turns begun here and not ended", registry=self.registry)
        self.queue = Gauge("rhapsode_open_jobs", "Jobs queued or running, seen by this process", registry=self.registry)
        self._said: dict[str, float] = {}
        self._called: dict[str, tuple[str, float]] = {}
        self._live_counted = self._tokens_counted = 0

    def committed(self, events: Sequence[Event]) -> None:
        """Count facts as they are committed."""
        for event in events:
            kind, at, turn = event.kind, event.at.timestamp(), event.turn or ""
            if isinstance(event.fact, UserSaid):
                self._said[turn] = at
            elif kind == "turn.taken" and turn in self._said:
                self.taken.observe(max(0.0, at - self._said[turn]))
            elif isinstance(event.fact, AgentSaid):
                self.characters.inc(len(event.fact.text))
            elif kind in TURN_ENDS:
                self.turns.labels(kind).inc()
                if began := self._said.pop(turn, None):
                    self.turn.observe(max(0.0, at - began))
            elif isinstance(event.fact, ToolCalled):
                self._called[event.fact.job] = (event.fact.tool, at)
            elif isinstance(event.fact, JobFinished | JobFailed | JobCancelled):
                self._job_ended(event.fact.job, kind, at)

    def _job_ended(self, job: str, kind: str, at: float) -> None:
        tool, began = self._called.pop(job, ("", at))
        self.jobs.labels(tool, kind).inc()
        if tool:
            self.job.labels(tool).observe(max(0.0, at - began))

    def text(self, house: "House") -> bytes:
        """The figures in Prometheus' text format."""
        self.listeners.set(house.hub.listeners)
        self.sockets.set(len(house.connections))
        self.open_turns.set(len(self._said))
        self.queue.set(len(self._called))
        self.live.inc(house.hub.live_sent - self._live_counted)
        self.tokens.inc(house.feed.pieces - self._tokens_counted)
        self._live_counted, self._tokens_counted = house.hub.live_sent, house.feed.pieces
        return generate_latest(self.registry)
