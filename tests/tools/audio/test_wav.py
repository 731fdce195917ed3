"""WAV files come back as they went in."""

import numpy as np
import pytest

from tools.audio import wav


def test_mono_samples_come_back_within_half_a_step() -> None:
    samples = np.sin(np.arange(2400) * 0.05).astype(np.float32) * 0.8
    back, rate = wav.decode(wav.encode(samples, 24_000))
    assert rate == 24_000
    assert np.abs(back - samples).max() <= 0.5 / 32767 + 1e-7


def test_stereo_keeps_its_channels_apart() -> None:
    samples = np.stack([np.full(100, 0.5), np.full(100, -0.25)], axis=1).astype(np.float32)
    back, _ = wav.decode(wav.encode(samples, 44_100))
    assert back.shape == (100, 2)
    assert back[:, 0].mean() == pytest.approx(0.5, abs=1e-4)
    assert back[:, 1].mean() == pytest.approx(-0.25, abs=1e-4)


def test_samples_over_full_scale_clip_instead_of_wrapping_round() -> None:
    back, _ = wav.decode(wav.encode(np.array([2.0, -2.0], np.float32), 8_000))
    assert back.tolist() == [1.0, -1.0]


@pytest.mark.parametrize("content", [b"", b"RIFF\x00\x00\x00\x00WAVE", b"not a sound at all"])
def test_what_is_no_wav_file_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(ValueError, match="not a WAV file"):
        wav.decode(content)
