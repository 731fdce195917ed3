"""The tool from words to file, with a voice that hums; and once with the real one."""

import asyncio
import itertools
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tools.audio import loudness, wav
from tools.audio.speak import Speak, speak
from tools.audio.speech.kokoro import Kokoro
from tools.audio.speech.script import lines, pieces
from tools.errors import Cancelled, ToolError
from tools.loaders import loader_for
from tools.models.resolve import Models
from tools.testing import MemoryContext, conformance

TWO = "The dragon is on the castle. He can stop the world."


def run(folder: Path, hum: Any, text: str, **given: Any) -> tuple[Any, MemoryContext]:
    ctx = MemoryContext(folder, models={"speech.synthesis": hum}, language=given.pop("language", "en"))
    return speak.run(Speak(text=text, **given), ctx), ctx


def saved_samples(result: Any) -> np.ndarray:
    samples, rate = wav.decode(result.assets[0].path.read_bytes())
    assert rate == 24_000
    return samples


def test_each_sentence_is_heard_before_the_next_is_made(tmp_path: Path, hum: Any) -> None:
    heard_after: list[int] = []

    class Listening(MemoryContext):
        def sound(self, samples: np.ndarray, sample_rate: int) -> None:
            super().sound(samples, sample_rate)
            heard_after.append(len(hum.said))

    ctx = Listening(tmp_path, models={"speech.synthesis": hum})
    speak.run(Speak(text=TWO), ctx)
    assert heard_after == [1, 2]
    assert [step.stage for step in ctx.steps] == ["preparing the voice", "sentence 1 of 2", "sentence 2 of 2", ""]


def test_the_file_is_as_long_as_what_was_heard_and_as_loud_as_speech_should_be(tmp_path: Path, hum: Any) -> None:
    result, ctx = run(tmp_path, hum, TWO)
    samples = saved_samples(result)
    assert len(samples) == sum(len(chunk) for chunk, _ in ctx.sounds)
    assert result.assets[0].meta["seconds"] == pytest.approx(len(samples) / 24_000, abs=0.001)
    assert loudness.loudness(samples, 24_000) == pytest.approx(-16, abs=0.5)
    assert loudness.loudness(ctx.sounds[0][0], 24_000) == pytest.approx(-16, abs=0.5)


def test_words_and_phonemes_are_timed_to_the_frame(tmp_path: Path, hum: Any) -> None:
    result, _ = run(tmp_path, hum, "The dragon is on the castle, $2.")
    meta = result.assets[0].meta
    timing = meta["timing"]
    assert [word for word, _, _ in timing["words"]] == ["The", "dragon", "is", "on", "the", "castle", "$2"]
    assert all(start < end for _, start, end in timing["words"])
    assert all(left[2] <= right[1] for left, right in itertools.pairwise(timing["words"]))
    assert len(timing["phonemes"]) == len(timing["frames"])
    assert sum(timing["frames"]) * timing["frame"] == pytest.approx(meta["seconds"], abs=0.001)
    assert timing["sentences"][0][0] == "The dragon is on the castle, $2."


def test_joins_and_ends_do_not_click(tmp_path: Path, hum: Any) -> None:
    result, _ = run(tmp_path, hum, TWO)
    samples = saved_samples(result)
    steps = np.abs(np.diff(samples, prepend=0, append=0))
    tone = 2 * np.pi * 180 / 24_000 * np.abs(samples).max()
    assert steps.max() < 1.5 * tone


def test_mixed_text_is_read_in_both_languages_and_says_who_read_what(tmp_path: Path, hum: Any) -> None:
    result, _ = run(tmp_path, hum, "大家好，我是一条会飞的巨龙。Hello world, the dragon is on the hill.", voice="晓晓")
    assert [voice for _, voice, _ in hum.said] == ["zf_xiaoxiao", "af_heart"]
    assert "Heart for the other language" in result.text
    assert result.assets[0].meta["voices"] == {"zh": "zf_xiaoxiao", "en": "af_heart"}
    assert result.assets[0].meta["language"] == "zh"


def test_a_voice_that_speaks_both_reads_both(tmp_path: Path, hum: Any) -> None:
    run(tmp_path, hum, "大家好，我是一条会飞的巨龙。Hello world, the dragon is on the hill.")
    assert [voice for _, voice, _ in hum.said] == ["zm_yunyang", "zm_yunyang"]


def test_style_and_speed_change_the_pace_and_the_pauses(tmp_path: Path, hum: Any) -> None:
    plain, _ = run(tmp_path, hum, TWO)
    told, _ = run(tmp_path, hum, TWO, style="storyteller", voice="af_heart")
    fast, _ = run(tmp_path, hum, TWO, speed=2.0)
    assert [speed for _, _, speed in hum.said[::2]] == [1.0, 0.9, 2.0]
    seconds = [result.assets[0].meta["seconds"] for result in (plain, told, fast)]
    assert seconds[1] > seconds[0] > seconds[2]


@pytest.mark.parametrize(("language", "voice"), [("en", "af_heart"), ("zh", "zm_yunyang")])
def test_bare_numbers_are_read_in_the_language_of_the_request(
    tmp_path: Path, hum: Any, language: str, voice: str
) -> None:
    run(tmp_path, hum, "3:15, 2026", language=language)
    assert hum.said[0][1] == voice


def test_a_chinese_reader_sees_chinese_stages_and_is_told_in_chinese_who_read(tmp_path: Path, hum: Any) -> None:
    result, ctx = run(tmp_path, hum, "你好，我是一条巨龙。再见，我要飞走了。", language="zh")
    assert [step.stage for step in ctx.steps][:3] == ["正在准备声音", "第 1 句，共 2 句", "第 2 句，共 2 句"]
    assert re.fullmatch(r"由云扬朗读，共 \d+\.\d 秒。", result.text)


@pytest.mark.parametrize("text", ["", "  \n ", "***", "?!", "```\ncode\n```"])
def test_nothing_to_say_is_refused_before_the_model_is_asked_for(tmp_path: Path, text: str) -> None:
    with pytest.raises(ToolError, match="nothing to read aloud"):
        speak.run(Speak(text=text), MemoryContext(tmp_path))


@pytest.mark.parametrize("text", ["Привет, как дела сегодня?", "こんにちは、元気ですか", "안녕하세요 여러분"])
def test_other_scripts_are_refused_with_what_can_be_done(tmp_path: Path, text: str) -> None:
    with pytest.raises(ToolError, match="English and Chinese only; translate"):
        speak.run(Speak(text=text), MemoryContext(tmp_path))


def test_too_long_a_text_is_refused_with_the_number_of_parts(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="in 2 parts"):
        speak.run(Speak(text="The dragon is here. " * 800), MemoryContext(tmp_path))


def test_code_that_was_left_out_is_mentioned(tmp_path: Path, hum: Any) -> None:
    result, _ = run(tmp_path, hum, "The castle is big.\n```\nx = 1\n```")
    assert "left out: code" in result.text


def test_it_stops_between_sentences_and_saves_nothing(tmp_path: Path, hum: Any) -> None:
    ctx = MemoryContext(tmp_path, models={"speech.synthesis": hum}, cancel_after=3)
    with pytest.raises(Cancelled):
        speak.run(Speak(text=TWO), ctx)
    assert len(hum.said) == 1
    assert ctx.saved == []


def test_declaring_the_tool_reads_no_dictionary_and_loads_no_engine() -> None:
    heavy = "{'onnxruntime', 'rjieba', 'pypinyin', 'torch'}"
    code = f"import sys, tools.audio.speak; print(sorted({heavy} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_it_keeps_the_contract_of_tools(tmp_path: Path, hum: Any) -> None:
    def make(cancel_after: int | None) -> MemoryContext:
        return MemoryContext(tmp_path, models={"speech.synthesis": hum}, cancel_after=cancel_after)

    checks = conformance(speak, make, {"text": TWO})
    assert {check.name: check.detail for check in checks if check.ok is not True} == {}


# --- the real voice ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kokoro() -> Kokoro:
    """As a worker loads it, fetched through the catalogue where it is not here yet."""
    models = Models()
    chosen = models.for_task("speech.synthesis")
    entry = models.catalogue[chosen.name]
    for one in (entry, *(models.catalogue[name] for name in entry.beside)):
        if not models.fetcher.here(one):
            asyncio.run(models.fetcher.fetch(one))
    loaded: Kokoro = loader_for(chosen).load(chosen)
    return loaded


@pytest.mark.models
def test_the_real_voice_says_two_languages_and_times_every_word(tmp_path: Path, kokoro: Kokoro) -> None:
    result, ctx = run(tmp_path, kokoro, "The dragon sleeps. 巨龙在山上睡着了。")
    meta = result.assets[0].meta
    assert 3 < meta["seconds"] < 8
    assert meta["loudness"] == pytest.approx(-16, abs=1)
    assert [word for word, _, _ in meta["timing"]["words"]][:3] == ["The", "dragon", "sleeps"]
    assert sum(meta["timing"]["frames"]) * 0.025 == pytest.approx(meta["seconds"], abs=0.001)
    first = ctx.sounds[0][0]
    assert np.abs(first[:2400]).max() > 0.01, "it begins at once"
    assert np.abs(first[-2400:]).max() < 1e-3, "and pauses at the end"


@pytest.mark.models
def test_the_model_has_a_sound_for_every_phoneme_that_is_asked_of_it(kokoro: Kokoro) -> None:
    text = (
        "Zyxgorbal's 3rd GPU cost $1,234.56 — “why?” (see example.com); 他花了¥3.5万，在2026年11月22日10:30买了第2台。"
    )
    for _, piece in pieces(lines(text), kokoro.lexicon):
        assert kokoro.unknown(piece.phonemes) == set()


@pytest.mark.models
def test_the_durations_add_up_to_the_sound_and_change_with_speed(kokoro: Kokoro) -> None:
    slow, fast = (kokoro.say("həlˈO wˈɜɹld.", "af_heart", speed) for speed in (0.8, 1.6))
    for sound in (slow, fast):
        assert (sound.lead + sum(sound.frames) + sound.tail) * 600 == len(sound.samples)
    assert sum(slow.frames) > 1.5 * sum(fast.frames)


@pytest.mark.models
def test_the_same_words_in_the_same_voice_sound_the_same(kokoro: Kokoro) -> None:
    one, other = (kokoro.say("həlˈO.", "af_heart") for _ in range(2))
    assert np.array_equal(one.samples, other.samples)
    assert not np.array_equal(kokoro.say("həlˈO.", "am_michael").samples[:9000], one.samples[:9000])


@pytest.mark.models
def test_an_unknown_word_is_guessed_as_english_readers_would(kokoro: Kokoro) -> None:
    assert kokoro.lexicon.sound("blorbing").startswith("bl")
    assert kokoro.lexicon.sound("Rhapsodes").endswith("z")
