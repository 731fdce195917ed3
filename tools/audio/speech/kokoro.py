"""Kokoro 82M on onnxruntime: phonemes and a voice in, samples and the exact time of each phoneme out.

The model decides how many frames of 25 ms each phoneme lasts, but does not name that tensor as an output. We name it by
appending a few bytes to the file as it is read: a protobuf message may be given in pieces, and a piece that only says "this
graph has one more output" leaves the weights as they were hashed and needs no ONNX library. So captions and a presenter's
mouth follow the very durations that the sound was made from.
"""

import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tools.audio.speech.lexicon import Lexicon
from tools.loaders import Chosen, loader

SAMPLE_RATE = 24_000
FRAME = 600
"""Samples of one frame: 25 ms."""
LONGEST = 480
"""Phonemes in one piece; the voice tables end at 510."""
_DURATIONS = b"/encoder/Clip_output_0"
_FLOAT = 1


@dataclass(frozen=True, slots=True)
class Sound:
    """Samples [n] float32 and, for each phoneme said, its frames. ``lead`` and ``tail`` are the frames of silence around."""

    samples: np.ndarray
    phonemes: str
    frames: tuple[int, ...]
    lead: int
    tail: int


class Kokoro:
    """The model, its voices and its dictionaries, loaded once per worker."""

    def __init__(self, session: Any, vocabulary: dict[str, int], voices: Path, lexicon: Lexicon) -> None:
        self._session, self._vocabulary, self._voices = session, vocabulary, voices
        self._tables: dict[str, np.ndarray] = {}
        self._lock = threading.Lock()
        self.lexicon = lexicon

    @classmethod
    def load(cls, model: Path, voices: Path, dictionaries: Path, *, threads: int = 2) -> "Kokoro":
        """Read the model's folder (``*.onnx``, ``vocab.json``), the voices' (``*.bin``) and the dictionaries'."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        # A spinning thread takes the core that the chat is answering on.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        weights = next(model.glob("*.onnx")).read_bytes() + also_output(_DURATIONS)
        session = onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
        vocabulary = json.loads((model / "vocab.json").read_text("utf-8"))["vocab"]
        return cls(session, vocabulary, voices, Lexicon.load(dictionaries))

    def unknown(self, phonemes: str) -> set[str]:
        """Signs that the model has no sound for."""
        return set(phonemes) - self._vocabulary.keys()

    def say(self, phonemes: str, voice: str, speed: float = 1.0) -> Sound:
        """Speak at most :data:`LONGEST` phonemes. ``speed`` 1 is natural, 2 twice as fast."""
        signs = "".join(sign for sign in phonemes if sign in self._vocabulary)[: LONGEST + 29]
        tokens = np.array([[0, *(self._vocabulary[sign] for sign in signs), 0]], np.int64)
        inputs = {"tokens": tokens, "style": self._style(voice, len(signs)), "speed": np.array([speed], np.float32)}
        with self._lock:
            samples, frames = self._session.run(["audio", _DURATIONS.decode()], inputs)
        counts = [round(float(count)) for count in np.asarray(frames).ravel()]
        return Sound(
            np.asarray(samples, np.float32).ravel(), signs, tuple(counts[1:-1]), lead=counts[0], tail=counts[-1]
        )

    def _style(self, voice: str, length: int) -> np.ndarray:
        """The row of a voice's table that was made for this many phonemes."""
        if voice not in self._tables:
            self._tables[voice] = np.fromfile(self._voices / f"{voice}.bin", "<f4").reshape(510, 1, 256)
        row: np.ndarray = self._tables[voice][min(length, 509)]
        return row


def also_output(tensor: bytes) -> bytes:
    """A piece of an ONNX file that makes a float tensor an output: ``ModelProto.graph.output``, in protobuf's wire format."""
    tensor_type = _field(1, bytes([1 << 3, _FLOAT]))
    value = _field(1, tensor) + _field(2, tensor_type)
    return _field(7, _field(12, value))


def _field(number: int, content: bytes) -> bytes:
    """A length-delimited field shorter than 128 bytes."""
    return bytes([number << 3 | 2, len(content)]) + content


@loader("speech.synthesis", "kokoro", memory=650_000_000)
def load(chosen: Chosen) -> Kokoro:
    """Load what the catalogue chose; its companions' folders are among the options."""
    assert chosen.path is not None
    options = chosen.options
    return Kokoro.load(
        chosen.path,
        Path(options["kokoro-voices"]),
        Path(options["english-pronunciation"]),
        threads=int(options.get("threads", 2)),
    )
