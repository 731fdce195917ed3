"""Speech: how soon the first sound is heard, how much faster than life it is made, and whether it is understood.

The last needs a recogniser, which is not installed with Rhapsode: name a folder with a ctranslate2 Whisper in ``BENCH_WHISPER``
and, where faster-whisper lives in another environment, its interpreter in ``BENCH_WHISPER_PYTHON``. English counts wrong words,
Chinese wrong syllables (homophones are the recogniser's guess, not the speaker's fault).
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from tools.audio.speak import Speak, speak
from tools.audio.speech.kokoro import SAMPLE_RATE, Kokoro
from tools.audio.speech.script import lines, pieces
from tools.loaders import loader_for
from tools.models.resolve import Models
from tools.testing import MemoryContext

_COMMAND = "python -m bench speech"
_TWELVE = "The old castle stands on a hill above the sea at sunset."
_TEXTS = {
    "en": (
        "The castle stands on a hill at sunset, and a dragon flew over the tower.",
        "Please call the doctor before noon tomorrow.",
        "Although the weather was cold, the children played outside until dark.",
        "My neighbour bought fresh bread and a large bottle of orange juice.",
    ),
    "zh": (
        "虽然天气很冷，孩子们还是在外面玩到天黑。",
        "人工智能正在改变我们的生活和工作方式。",
        "请把窗户打开，让新鲜空气进来。",
        "妈妈买了很多水果，还给我做了一碗面条。",
    ),
}
_RECOGNISE = """
import json, sys
from faster_whisper import WhisperModel
model = WhisperModel(sys.argv[1], device="cpu", compute_type="int8", cpu_threads=2)
hint = {"zh": "以下是普通话的句子。", "en": None}
for line in sys.stdin:
    job = json.loads(line)
    found, _ = model.transcribe(job["file"], language=job["language"], initial_prompt=hint[job["language"]],
                                max_new_tokens=80, condition_on_previous_text=False)
    print(json.dumps("".join(part.text for part in found)), flush=True)
"""


class _Listening(MemoryContext):
    """Notes when the first sound came."""

    first = 0.0

    def sound(self, samples: np.ndarray, sample_rate: int) -> None:
        self.first = self.first or time.perf_counter()
        super().sound(samples, sample_rate)


def run() -> list[dict[str, Any]]:
    began = time.perf_counter()
    kokoro = _load()
    loaded = time.perf_counter() - began
    kokoro.say("həlˈO.", "af_heart")
    with tempfile.TemporaryDirectory() as folder:
        rows = [_row("speech.load", loaded, "s"), *_first_sound(kokoro, Path(folder)), *_pace(kokoro)]
        return [*rows, *_understood(kokoro, Path(folder))]


def _load() -> Kokoro:
    models = Models()
    chosen = models.for_task("speech.synthesis")
    entry = models.catalogue[chosen.name]
    for one in (entry, *(models.catalogue[name] for name in entry.beside)):
        if not models.fetcher.here(one):
            asyncio.run(models.fetcher.fetch(one))
    loaded: Kokoro = loader_for(chosen).load(chosen)
    return loaded


def _first_sound(kokoro: Kokoro, folder: Path) -> list[dict[str, Any]]:
    """Seconds from the call to the first sound of a sentence of twelve words; the best of three."""
    waits = []
    for _ in range(3):
        ctx = _Listening(folder, models={"speech.synthesis": kokoro})
        began = time.perf_counter()
        speak.run(Speak(text=f"{_TWELVE} {_TWELVE}"), ctx)
        waits.append(ctx.first - began)
    return [_row("speech.first_sound", min(waits), "s")]


def _pace(kokoro: Kokoro) -> list[dict[str, Any]]:
    """Seconds of work for a second of sound, by the clock and in CPU time."""
    rows = []
    for language, voice in (("en", "af_heart"), ("zh", "zm_yunyang")):
        said = [piece.phonemes for _, piece in pieces(lines("\n".join(_TEXTS[language])), kokoro.lexicon)]
        wall, work = time.perf_counter(), time.process_time()
        seconds = sum(len(kokoro.say(phonemes, voice).samples) for phonemes in said) / SAMPLE_RATE
        rows.append(_row(f"speech.rtf.{language}", (time.perf_counter() - wall) / seconds, "s/s"))
        rows.append(_row(f"speech.rtf_cpu.{language}", (time.process_time() - work) / seconds, "s/s"))
    return rows


def _understood(kokoro: Kokoro, folder: Path) -> list[dict[str, Any]]:
    """Share of words or syllables that a recogniser heard otherwise."""
    weights = os.environ.get("BENCH_WHISPER")
    if not weights:
        return [_row("speech.misheard", None, "skipped: set BENCH_WHISPER to a folder with a recogniser")]
    jobs: list[dict[str, Any]] = []
    for language, texts in _TEXTS.items():
        for at, text in enumerate(texts):
            ctx = MemoryContext(folder, models={"speech.synthesis": kokoro})
            made = speak.run(Speak(text=text), ctx).assets[0].path
            jobs.append({"file": str(made), "language": language, "text": text, "at": at})
    heard = _recognise(weights, jobs)
    rows = []
    for language in _TEXTS:
        pairs = [
            (_units(job["text"], language), _units(words, language))
            for job, words in zip(jobs, heard, strict=True)
            if job["language"] == language
        ]
        wrong = sum(_distance(said, words) for said, words in pairs)
        rows.append(_row(f"speech.misheard.{language}", wrong / sum(len(said) for said, _ in pairs), "share"))
    return rows


def _recognise(weights: str, jobs: list[dict[str, Any]]) -> list[str]:
    python = os.environ.get("BENCH_WHISPER_PYTHON", sys.executable)
    lines_in = "".join(json.dumps(job) + "\n" for job in jobs)
    done = subprocess.run(
        [python, "-c", _RECOGNISE, weights], input=lines_in, capture_output=True, text=True, check=True, timeout=600
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def _units(text: str, language: str) -> list[str]:
    if language == "en":
        plain = "".join(sign if sign.isalpha() or sign == "'" else " " for sign in text.lower())
        return plain.replace("neighbor ", "neighbour ").split()
    from pypinyin import lazy_pinyin

    return lazy_pinyin([sign for sign in text if "\u4e00" <= sign <= "\u9fff"])


def _distance(said: list[str], heard: list[str]) -> int:
    """Levenshtein's."""
    row = list(range(len(heard) + 1))
    for at, one in enumerate(said, 1):
        before, row[0] = row[0], at
        for place, other in enumerate(heard, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (one != other))
    return row[-1]


def _row(name: str, value: float | None, unit: str) -> dict[str, Any]:
    shown = None if value is None else round(value, 3)
    return {"name": name, "value": shown, "unit": unit, "floor": None, "peer": None, "command": _COMMAND}
