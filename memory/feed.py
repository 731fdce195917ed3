"""The live feed: what is happening now and is never stored.

Speakers (agent, tools) write into one small picture of each session: the text of each open part, the latest progress of
each job, a short ring of audio chunks. Listeners (sockets) hold cursors into it. Nothing is queued per token and per
listener, so a slow listener costs nothing and loses nothing but intermediate steps: when it reads at last, it gets one
longer delta. A listener that joins late starts at offset 0, which is its snapshot.

The feed lives on one event loop. Threads and worker supervisors hand over with ``loop.call_soon_threadsafe``.
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

AUDIO_RING = 64
"""Audio chunks kept per session; a listener that falls further behind misses some and reads the asset instead."""


@dataclass(slots=True)
class Text:
    """One part of a reply while it is written. Offsets count Unicode code points."""

    turn: str
    attempt: int
    part: int
    text: str = ""


@dataclass(slots=True)
class Progress:
    """The latest word of a running job: ``share`` 0 to 1, ``eta`` in seconds, ``preview`` a small data URL."""

    job: str
    share: float
    stage: str
    turn: str | None = None
    eta: float | None = None
    preview: str | None = None
    version: int = 0


@dataclass(slots=True)
class AudioChunk:
    """A piece of sound as it is made: base64 of 16-bit little-endian mono samples."""

    number: int
    job: str
    sample_rate: int
    pcm: str


@dataclass(slots=True)
class _Stage:
    """All that is live in one session."""

    texts: dict[tuple[str, int], Text] = field(default_factory=dict)
    progress: dict[str, Progress] = field(default_factory=dict)
    audio: deque[AudioChunk] = field(default_factory=lambda: deque(maxlen=AUDIO_RING))
    started: dict[str, int] = field(default_factory=dict)
    version: int = 0
    listeners: set["Listener"] = field(default_factory=set)

    def changed(self) -> None:
        self.version += 1
        for listener in self.listeners:
            listener.wake.set()


Item = dict[str, Any]
LiveKind = Literal["text.delta", "text.snapshot", "turn.started", "job.progress", "audio.chunk"]


class Feed:
    """All live stages by session id. Made once per process and handed to whoever speaks or listens."""

    def __init__(self) -> None:
        self._stages: dict[str, _Stage] = {}
        self.pieces = 0
        """Pieces of text said so far, about one a token; for figures."""

    def _stage(self, session: str) -> _Stage:
        stage = self._stages.get(session)
        if stage is None:  # not setdefault: this runs once a token, and would make a stage each time
            stage = self._stages[session] = _Stage()
        return stage

    def start_turn(self, session: str, turn: str, attempt: int) -> None:
        """Say that a turn was taken up; text of lower attempts is void."""
        stage = self._stage(session)
        stage.started[turn] = attempt
        for key in [key for key, text in stage.texts.items() if key[0] == turn and text.attempt < attempt]:
            del stage.texts[key]
        stage.changed()

    def say(self, session: str, turn: str, attempt: int, part: int, delta: str) -> None:
        """Add ``delta`` to a part of the reply. A lower attempt than the known one is dropped, a higher one starts anew."""
        stage = self._stage(session)
        text = stage.texts.get((turn, part))
        if text is None or text.attempt < attempt:
            text = stage.texts[turn, part] = Text(turn, attempt, part)
        if text.attempt == attempt:
            self.pieces += 1
            text.text += delta
            stage.changed()

    def end_turn(self, session: str, turn: str) -> None:
        """Forget the live text of a turn; its facts are in the log."""
        stage = self._stage(session)
        stage.started.pop(turn, None)
        for key in [key for key in stage.texts if key[0] == turn]:
            del stage.texts[key]
        self._tidy(session)

    def end_part(self, session: str, turn: str, part: int) -> None:
        """Forget one part; its ``agent.said`` is in the log."""
        self._stage(session).texts.pop((turn, part), None)
        self._tidy(session)

    def progress(self, session: str, latest: Progress) -> None:
        """Replace what is shown of a job's progress."""
        stage = self._stage(session)
        stage.changed()
        latest.version = stage.version
        stage.progress[latest.job] = latest

    def end_job(self, session: str, job: str) -> None:
        """Forget a job's progress; its terminal fact is in the log."""
        self._stage(session).progress.pop(job, None)
        self._tidy(session)

    def audio(self, session: str, job: str, sample_rate: int, pcm: str) -> None:
        """Offer a chunk of sound to whoever listens."""
        stage = self._stage(session)
        number = stage.audio[-1].number + 1 if stage.audio else 0
        stage.audio.append(AudioChunk(number, job, sample_rate, pcm))
        stage.changed()

    def listen(self, session: str) -> "Listener":
        """Return a listener; close it when done. Its first :meth:`Listener.take` is the snapshot."""
        stage = self._stage(session)
        listener = Listener(self, session, stage)
        stage.listeners.add(listener)
        return listener

    def _tidy(self, session: str) -> None:
        stage = self._stages.get(session)
        if stage and not (stage.listeners or stage.texts or stage.progress or stage.started):
            del self._stages[session]


class Listener:
    """One reader's cursors into a session's stage. ``wake`` is set when there is something to take."""

    def __init__(self, feed: Feed, session: str, stage: _Stage) -> None:
        self.wake = asyncio.Event()
        self.wake.set()
        self._feed, self._session, self._stage = feed, session, stage
        self._text: dict[tuple[str, int], tuple[int, int]] = {}
        self._started: dict[str, int] = {}
        self._progress = 0
        self._audio = stage.audio[-1].number if stage.audio else -1

    def take(self) -> list[Item]:
        """Return all that is new since the last call, as wire items, and clear ``wake``. Never blocks."""
        self.wake.clear()
        return [*self._starts(), *self._texts(), *self._jobs(), *self._chunks()]

    def _starts(self) -> Iterator[Item]:
        for turn, attempt in self._stage.started.items():
            if self._started.get(turn) != attempt:
                self._started[turn] = attempt
                yield {"kind": "turn.started", "turn": turn, "attempt": attempt}
        for turn in [turn for turn in self._started if turn not in self._stage.started]:
            del self._started[turn]

    def _texts(self) -> Iterator[Item]:
        for key, text in self._stage.texts.items():
            attempt, sent = self._text.get(key, (0, 0))
            kind: LiveKind = "text.delta"
            if attempt != text.attempt:
                attempt, sent, kind = text.attempt, 0, "text.snapshot"
            if sent < len(text.text) or kind == "text.snapshot":
                yield {
                    "kind": kind,
                    "turn": text.turn,
                    "attempt": text.attempt,
                    "part": text.part,
                    "offset": sent,
                    "text": text.text[sent:],
                }
                self._text[key] = (attempt, len(text.text))
        for key in [key for key in self._text if key not in self._stage.texts]:
            del self._text[key]

    def _jobs(self) -> Iterator[Item]:
        for job in self._stage.progress.values():
            if job.version > self._progress:
                item = {
                    "kind": "job.progress",
                    "job": job.job,
                    "turn": job.turn,
                    "share": job.share,
                    "stage": job.stage,
                }
                if job.eta is not None:
                    item["eta"] = job.eta
                if job.preview is not None:
                    item["preview"] = job.preview
                yield item
        self._progress = self._stage.version

    def _chunks(self) -> Iterator[Item]:
        for chunk in self._stage.audio:
            if chunk.number > self._audio:
                self._audio = chunk.number
                yield {
                    "kind": "audio.chunk",
                    "job": chunk.job,
                    "number": chunk.number,
                    "sample_rate": chunk.sample_rate,
                    "pcm": chunk.pcm,
                }

    def close(self) -> None:
        """Stop listening."""
        self._stage.listeners.discard(self)
        self._feed._tidy(self._session)
