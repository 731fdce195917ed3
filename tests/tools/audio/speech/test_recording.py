"""The recording: silence trimmed, pauses added, times kept."""

import numpy as np
import pytest

from tools.audio.speech.kokoro import FRAME, Sound
from tools.audio.speech.recording import Recording
from tools.audio.speech.script import Piece
from tools.audio.speech.words import Word

WORDS = (Word("Hi", "hI"), Word(",", ",", joined=True), Word("you", "ju"))


def sound(lead: int, tail: int, frames: tuple[int, ...] = (2, 2, 3, 1, 2, 2)) -> Sound:
    heard = np.full(sum(frames) * FRAME, 0.2, np.float32)
    samples = np.concatenate([np.zeros(lead * FRAME, np.float32), heard, np.zeros(tail * FRAME, np.float32)])
    return Sound(samples, "hI, ju", frames, lead, tail)


def test_the_models_own_silence_is_cut_to_one_frame_on_either_side() -> None:
    recording = Recording()
    chunk = recording.add(Piece("Hi, you", WORDS, "en", "sentence"), sound(lead=12, tail=9), pause=0.0)
    assert len(chunk) == (12 + 2) * FRAME
    assert recording.seconds == pytest.approx(14 * 0.025)


def test_the_pause_is_silence_of_whole_frames() -> None:
    recording = Recording()
    chunk = recording.add(Piece("Hi, you", WORDS, "en", "sentence"), sound(4, 4), pause=0.31)
    assert not chunk[14 * FRAME :].any()
    assert len(chunk) == (14 + 12) * FRAME


def test_words_begin_and_end_with_their_phonemes_also_in_later_pieces() -> None:
    recording = Recording()
    for _ in range(2):
        recording.add(Piece("Hi, you", WORDS, "en", "sentence"), sound(5, 5), pause=0.25)
    length = 14 + 10
    assert recording.words == [
        ("Hi", 0, 5),
        ("you", 9, 13),
        ("Hi", length, length + 5),
        ("you", length + 9, length + 13),
    ]
    assert sum(recording.frames) == recording.length == 2 * length
    assert recording.timing()["words"][1] == ["you", 0.225, 0.325]


def test_a_piece_begins_and_ends_at_zero() -> None:
    chunk = Recording().add(Piece("Hi, you", WORDS, "en", "sentence"), sound(0, 0), pause=0.0)
    assert chunk[0] == chunk[-1] == 0
    assert np.abs(np.diff(chunk)).max() < 0.005
