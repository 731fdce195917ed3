"""WAV files: 16-bit mono by the standard library, which is all that speech and music need to save."""

import io
import wave

import numpy as np

SPEECH_RATE = 24_000
"""Samples a second of spoken files."""


def encode(samples: np.ndarray, sample_rate: int) -> bytes:
    """Return a WAV file of float samples [n] (mono) or [n, channels] in -1..1; what lies outside is clipped."""
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    whole = np.round(np.clip(samples, -1, 1) * 32767).astype("<i2")
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(whole.tobytes())
    return out.getvalue()


def decode(content: bytes) -> tuple[np.ndarray, int]:
    """Return float32 samples, [n] or [n, channels], and the sample rate of a 16-bit WAV file.

    Raises:
        ValueError: it is not a 16-bit PCM WAV file.
    """
    try:
        with wave.open(io.BytesIO(content), "rb") as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            raw = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise ValueError(f"This is not a WAV file of plain samples: {error}") from error
    if width != 2:
        raise ValueError(f"This WAV file has {8 * width} bits a sample; 16 are expected.")
    samples = np.frombuffer(raw, "<i2").astype(np.float32) / 32767
    return (samples if channels == 1 else samples.reshape(-1, channels)), rate
