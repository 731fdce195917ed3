"""The measure agrees with the standard's reference tone, and the limiter keeps peaks down without bending quiet sound."""

import math

import numpy as np
import pytest

from tools.audio import loudness

RATE = 24_000


def tone(frequency: float, seconds: float, level: float = 1.0, rate: int = RATE) -> np.ndarray:
    return level * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)


@pytest.mark.parametrize("rate", [24_000, 44_100, 48_000])
def test_a_full_scale_sine_of_997_hz_is_3_lufs_below_full_scale(rate: int) -> None:
    assert loudness.loudness(tone(997, 5, rate=rate), rate) == pytest.approx(-3.01, abs=0.05)


def test_two_equal_channels_are_3_lu_louder_than_one() -> None:
    one = tone(997, 5, 0.1)
    assert loudness.loudness(np.stack([one, one], axis=1), RATE) - loudness.loudness(one, RATE) == pytest.approx(
        3.01, abs=0.01
    )


def test_low_rumble_counts_for_less_and_high_sound_for_more() -> None:
    middle = loudness.loudness(tone(997, 3, 0.1), RATE)
    assert loudness.loudness(tone(30, 3, 0.1), RATE) < middle - 3
    assert loudness.loudness(tone(4000, 3, 0.1), RATE) > middle + 2


def test_long_pauses_do_not_make_speech_seem_quieter() -> None:
    spoken = tone(400, 4, 0.2)
    paused = np.concatenate([spoken, np.zeros(10 * RATE)])
    assert loudness.loudness(paused, RATE) == pytest.approx(loudness.loudness(spoken, RATE), abs=0.4)


def test_silence_is_infinitely_quiet_and_is_left_alone() -> None:
    silence = np.zeros(RATE, np.float32)
    assert loudness.loudness(silence, RATE) == -math.inf
    assert loudness.gain_to(-16, silence, RATE) == 1.0
    assert loudness.loudness(np.zeros(0), RATE) == -math.inf


def test_a_sound_shorter_than_a_block_still_has_a_loudness() -> None:
    assert -30 < loudness.loudness(tone(997, 0.1, 0.1), RATE) < -15


def test_sound_with_high_peaks_reaches_the_target_under_the_ceiling() -> None:
    pulses = tone(150, 4, 0.08)
    pulses[:: RATE // 8] = 0.9
    out = loudness.brought_to(-16, pulses, RATE)
    assert loudness.loudness(out, RATE) == pytest.approx(-16, abs=0.7)
    assert np.abs(out).max() <= 10 ** (-1 / 20) + 1e-6


def test_the_limiter_leaves_what_is_under_the_ceiling_untouched() -> None:
    quiet = tone(300, 1, 0.5).astype(np.float32)
    assert np.array_equal(loudness.limited(quiet, RATE), quiet)


def test_the_limiter_turns_down_only_around_a_peak() -> None:
    samples = tone(300, 2, 0.3)
    samples[RATE] = 3.0
    out = loudness.limited(samples, RATE)
    assert np.abs(out).max() <= 10 ** (-1 / 20) + 1e-6
    far = np.r_[0 : RATE - RATE // 20, RATE + RATE // 20 : 2 * RATE]
    assert np.allclose(out[far], samples[far], atol=1e-6)
    near = slice(RATE - 24 * 5, RATE)
    assert np.abs(out[near]).max() < 0.2
