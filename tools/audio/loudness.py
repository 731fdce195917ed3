"""How loud a recording is heard, and making it as loud as others: ITU-R BS.1770-4, mono or stereo, in numpy.

The K-weighting is two biquads whose published 48 kHz coefficients come from the analogue prototypes below; they are placed for
the actual sample rate by the bilinear transform. The filter is applied as a product of spectra, which is exact here (the
signal is padded past the filter's tail) and a hundred times faster than a recursion in Python.
"""

import math

import numpy as np

SPEECH = -16.0
"""LUFS that spoken programmes on the web are made at."""
CEILING = -1.0
"""dB of the highest peak that is left."""
_REACH = 10
"""Milliseconds before and after a peak over which the limiter works."""
_BLOCK, _STEP = 0.4, 0.1
_ABSOLUTE, _RELATIVE = -70.0, -10.0


def loudness(samples: np.ndarray, sample_rate: int) -> float:
    """Integrated loudness in LUFS of float samples [n] or [n, channels]; minus infinity for silence.

    Shorter than one block of 0.4 s, the whole is one block.
    """
    channels = samples[:, None] if samples.ndim == 1 else samples
    energies = _block_energies(weighted(channels, sample_rate), sample_rate)
    heard = energies[_lufs(energies) > _ABSOLUTE]
    if not heard.size:
        return -math.inf
    heard = heard[_lufs(heard) > _lufs(heard.mean()) + _RELATIVE]
    return float(_lufs(heard.mean()))


def weighted(channels: np.ndarray, sample_rate: int) -> np.ndarray:
    """K-weighted samples [n, channels]."""
    length = channels.shape[0]
    size = 1 << math.ceil(math.log2(length + sample_rate))
    z = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    response = _shelf(z, sample_rate) * _highpass(z, sample_rate)
    spectrum = np.fft.rfft(channels, size, axis=0) * response[:, None]
    return np.asarray(np.fft.irfft(spectrum, size, axis=0)[:length])


def gain_to(target: float, samples: np.ndarray, sample_rate: int) -> float:
    """The factor that brings ``samples`` to ``target`` LUFS; 1 for silence."""
    now = loudness(samples, sample_rate)
    return 1.0 if math.isinf(now) else 10 ** ((target - now) / 20)


def brought_to(target: float, samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """Mono samples [n] at ``target`` LUFS with no peak over the ceiling; limiting takes a little, so it is measured again."""
    gain = gain_to(target, samples, sample_rate)
    for _ in range(2):
        gain *= gain_to(target, limited(samples * gain, sample_rate), sample_rate)
    return limited(samples * gain, sample_rate)


def limited(samples: np.ndarray, sample_rate: int, ceiling: float = CEILING) -> np.ndarray:
    """Turn mono samples [n] down around peaks over ``ceiling`` (dB): ahead of them, and smoothly, so that nothing is bent.

    The gain is the lowest that any peak within 10 ms asks for, averaged over a Hann window of the same reach.
    """
    top = 10 ** (ceiling / 20)
    size = np.abs(samples)
    if not size.size or size.max() <= top:
        return samples.astype(np.float32)
    step = max(sample_rate // 1000, 1)
    count = -(-len(samples) // step)
    peaks = np.zeros(count * step, size.dtype)
    peaks[: len(size)] = size
    wanted = np.minimum(1.0, top / np.maximum(peaks.reshape(count, step).max(axis=1), 1e-9))
    lowest = np.lib.stride_tricks.sliding_window_view(np.pad(wanted, 2 * _REACH, mode="edge"), 2 * _REACH + 1).min(
        axis=1
    )
    window = np.hanning(2 * _REACH + 3)[1:-1]
    smooth = np.convolve(lowest, window / window.sum(), mode="valid")
    gains = np.interp(np.arange(len(samples)), (np.arange(count) + 0.5) * step, smooth)
    return np.clip(samples * gains, -top, top).astype(np.float32)


def _block_energies(channels: np.ndarray, sample_rate: int) -> np.ndarray:
    """Mean squares of overlapping blocks, summed over channels (all of weight 1: mono or stereo)."""
    block, step = round(_BLOCK * sample_rate), round(_STEP * sample_rate)
    powers = (channels.astype(np.float64) ** 2).sum(axis=1)
    if powers.size <= block:
        return np.array([powers.mean()]) if powers.size else np.zeros(0)
    sums = np.concatenate([[0.0], np.cumsum(powers)])
    starts = np.arange(0, powers.size - block + 1, step)
    return np.asarray((sums[starts + block] - sums[starts]) / block)


def _lufs(energy: np.ndarray) -> np.ndarray:
    return np.asarray(-0.691 + 10 * np.log10(np.maximum(energy, 1e-20)))


def _shelf(z: np.ndarray, sample_rate: int) -> np.ndarray:
    """The head: +4 dB above about 1.7 kHz."""
    k = math.tan(math.pi * 1681.974450955533 / sample_rate)
    q, high = 0.7071752369554196, 10 ** (3.999843853973347 / 20)
    middle = high**0.4996667741545416
    top = [high + middle * k / q + k * k, 2 * (k * k - high), high - middle * k / q + k * k]
    return _biquad(z, top, [1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k])


def _highpass(z: np.ndarray, sample_rate: int) -> np.ndarray:
    """The ear's insensitivity below about 40 Hz."""
    k = math.tan(math.pi * 38.13547087602444 / sample_rate)
    q = 0.5003270373238773
    bottom = [1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k]
    return _biquad(z, [1.0, -2.0, 1.0], [value / bottom[0] for value in bottom])


def _biquad(z: np.ndarray, top: list[float], bottom: list[float]) -> np.ndarray:
    powers = np.stack([np.ones_like(z), z, z * z])
    return np.asarray((np.array(top) @ powers) / (np.array(bottom) @ powers))
