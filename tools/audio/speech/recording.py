"""The recording as it grows: pieces without the model's own silence, pauses that we choose, and the time of every phoneme.

Everything is counted in the model's frames of 25 ms, so that the times of words and phonemes add up to the very length of the
file.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tools.audio.speech.kokoro import FRAME, SAMPLE_RATE, Sound
from tools.audio.speech.script import Piece
from tools.audio.speech.words import Word

_QUIET = 10 ** (-60 / 20)
"""A frame below this is silence; the model's own is far lower."""
_FADE = 72
"""Samples (3 ms) over which a piece begins and ends, so that no join clicks."""


@dataclass(slots=True)
class Recording:
    """Grows by :meth:`add`; frames are counted from its beginning."""

    chunks: list[np.ndarray] = field(default_factory=list)
    words: list[tuple[str, int, int]] = field(default_factory=list)
    sentences: list[tuple[str, int, int]] = field(default_factory=list)
    phonemes: str = ""
    frames: list[int] = field(default_factory=list)
    length: int = 0

    def add(self, piece: Piece, sound: Sound, pause: float) -> np.ndarray:
        """Take in a piece that was said, then ``pause`` seconds; return its samples, pause included."""
        start, end = _heard(sound)
        whole = sound.samples[start * FRAME : end * FRAME].copy()
        _fade(whole)
        silent = round(pause * SAMPLE_RATE / FRAME)
        chunk = np.concatenate([whole, np.zeros(silent * FRAME, np.float32)])
        spans = self._spans(sound, start, end)
        self._time_words(piece, sound, spans)
        self.sentences.append((piece.text, self.length, self.length + end - start))
        self.phonemes += sound.phonemes + " "
        self.frames += [stop - begin for begin, stop in spans] + [silent + self.length + end - start - spans[-1][1]]
        self.length += end - start + silent
        self.chunks.append(chunk)
        return chunk

    def _spans(self, sound: Sound, start: int, end: int) -> list[tuple[int, int]]:
        """Begin and end of each phoneme, in frames of the recording; trimmed silence belongs to none."""
        edges = np.clip(sound.lead + np.cumsum([0, *sound.frames]), start, end) - start + self.length
        edges[0] = self.length
        return [(int(edges[at]), int(edges[at + 1])) for at in range(len(sound.frames))]

    def _time_words(self, piece: Piece, sound: Sound, spans: list[tuple[int, int]]) -> None:
        for word, first, last in _places(piece.words):
            if not word.silent and last <= len(spans):
                self.words.append((word.text, spans[first][0], spans[last - 1][1]))

    @property
    def samples(self) -> np.ndarray:
        """All of it, [n] float32."""
        return np.concatenate(self.chunks) if self.chunks else np.zeros(0, np.float32)

    @property
    def seconds(self) -> float:
        """Its length."""
        return round(self.length * FRAME / SAMPLE_RATE, 3)

    def timing(self) -> dict[str, Any]:
        """Times for captions and mouths: seconds for words and sentences, frames of 25 ms for phonemes."""
        frame = FRAME / SAMPLE_RATE
        return {
            "words": [[text, round(start * frame, 3), round(end * frame, 3)] for text, start, end in self.words],
            "sentences": [
                [text, round(start * frame, 3), round(end * frame, 3)] for text, start, end in self.sentences
            ],
            "frame": frame,
            "phonemes": self.phonemes,
            "frames": self.frames,
        }


def _places(words: tuple[Word, ...]) -> list[tuple[Word, int, int]]:
    """Each word with the place of its first phoneme and after its last, in the piece's phonemes."""
    out, at = [], 0
    for number, word in enumerate(words):
        at += bool(number) and not word.joined
        out.append((word, at, at + len(word.phonemes)))
        at += len(word.phonemes)
    return out


def _heard(sound: Sound) -> tuple[int, int]:
    """First frame that is heard and the one after the last, with one frame to breathe on either side."""
    count = len(sound.samples) // FRAME
    levels = np.sqrt((sound.samples[: count * FRAME].reshape(count, FRAME) ** 2).mean(axis=1))
    loud = np.flatnonzero(levels > _QUIET)
    return (max(int(loud[0]) - 1, 0), min(int(loud[-1]) + 2, count)) if loud.size else (0, count)


def _fade(samples: np.ndarray) -> None:
    ramp = np.linspace(0, 1, min(_FADE, len(samples)), dtype=np.float32)
    samples[: len(ramp)] *= ramp
    samples[len(samples) - len(ramp) :] *= ramp[::-1]
