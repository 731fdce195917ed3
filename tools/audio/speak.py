"""Read a text aloud: sentence by sentence, so that the first is heard while the others are still being made.

What is heard live and what is saved differ only in level: a live sentence is brought to the usual loudness by the gain that the
first one needed; the saved file is measured as a whole.
"""

from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from tools.audio import loudness, wav
from tools.audio.speech.delivery import DELIVERIES
from tools.audio.speech.recording import Recording
from tools.audio.speech.script import Language, Line, lines, pieces
from tools.audio.speech.speakable import readable
from tools.audio.speech.voices import Style, Voice, choose, companion
from tools.context import ToolContext
from tools.declare import Result, tool
from tools.errors import ToolError

if TYPE_CHECKING:
    from tools.audio.speech.kokoro import Kokoro

LONGEST = 12_000
"""Letters of a text; a Chinese character counts for three. About twelve minutes of speech."""


class Speak(BaseModel):
    """What to read, and how."""

    text: str = Field(
        description="The words to say aloud, in English, Chinese or both", examples=["Good evening. 晚上好。"]
    )
    voice: str | None = Field(
        default=None,
        description="A voice by name or in words, such as 'af_heart', 'a calm British man', '温柔的女声'. Leave out for the usual one",
        json_schema_extra={"hints": "voice|woman|man|male|female|accent|voiced|声|嗓|播音腔"},
    )
    speed: float = Field(
        default=1.0,
        ge=0.5,
        le=2.0,
        description="1 is natural, 2 twice as fast",
        json_schema_extra={"hints": "slow|fast|quick|speed|慢|快|速"},
    )
    style: Style = Field(
        default="plain",
        description="How it is read",
        json_schema_extra={"hints": "news|story|service|style|新闻|故事|客服"},
    )


@tool(
    "speak",
    Speak,
    needs=("speech.synthesis",),
    makes="audio/wav",
    cost="quick",
    writes="text",
    title={"en": "Read aloud", "zh": "朗读"},
    examples=(
        "Read this paragraph aloud",
        "Say good morning in a man's voice",
        "Narrate the story like a storyteller",
        "Turn these lines into speech, slowly",
        "把这段话念出来",
        "用女声朗读这首诗",
        "用播音腔读一下这条新闻",
        "给我讲出来听听，慢一点",
    ),
)
def speak(params: Speak, ctx: ToolContext) -> Result:
    """Say text aloud in a natural voice, in English, Chinese or both; gives a sound file that plays while it is made."""
    said = readable(params.text)
    script = _script(said.text, "zh" if ctx.language.startswith("zh") else "en")
    main = _main_language(script)
    voice = choose(params.voice, main, params.style)
    cast = {line.language: companion(voice, line.language, params.style) for line in script}
    ctx.progress(0.0, "正在准备声音" if ctx.language.startswith("zh") else "preparing the voice")
    kokoro: Kokoro = ctx.model("speech.synthesis")
    recording = _record(params, ctx, script, cast, kokoro)
    samples = loudness.brought_to(loudness.SPEECH, recording.samples, wav.SPEECH_RATE)
    saved = ctx.save(
        wav.encode(samples, wav.SPEECH_RATE),
        media="audio/wav",
        name=f"{_title(script[0].text)}.wav",
        meta={
            "seconds": recording.seconds,
            "sample_rate": wav.SPEECH_RATE,
            "language": main,
            "voice": voice.name,
            "voices": {language: other.name for language, other in cast.items()},
            "style": params.style,
            "text": said.text,
            "loudness": round(loudness.loudness(samples, wav.SPEECH_RATE), 1),
            "timing": recording.timing(),
        },
        method="Kokoro 82M",
    )
    return Result(
        _summary(recording, voice, cast, said.left_out, ctx.language),
        [saved],
        {"seconds": recording.seconds, "voice": voice.name},
    )


def _script(text: str, usual: Language) -> list[Line]:
    """The sentences to say.

    Raises:
        ToolError: there is nothing to say, too much of it, or it is in a script that no voice here reads.
    """
    script = lines(text, usual)
    if not script:
        raise ToolError("There is nothing to read aloud: give some words in English or Chinese.")
    weight = sum(3 if "\u3400" <= sign <= "\u9fff" else 1 for sign in text)
    if weight > LONGEST:
        parts = -(-weight // LONGEST)
        raise ToolError(
            f"This is about {weight // 1000} minutes of speech; read it in {parts} parts, one after another."
        )
    strange = [sign for sign in text if sign.isalpha() and not _readable_letter(sign)]
    if len(strange) * 5 > sum(map(str.isalpha, text)):
        raise ToolError("The voices here speak English and Chinese only; translate the text first, then speak it.")
    return script


def _readable_letter(sign: str) -> bool:
    return sign <= "\u024f" or "\u3400" <= sign <= "\u9fff" or "\uff01" <= sign <= "\uff5e"


def _main_language(script: list[Line]) -> Language:
    """The language of most of the text, a Chinese character weighing as much as three letters."""
    chinese = sum(3 * len(line.text) for line in script if line.language == "zh")
    english = sum(len(line.text) for line in script if line.language == "en")
    return "zh" if chinese >= english else "en"


def _record(
    params: Speak, ctx: ToolContext, script: list[Line], cast: dict[Language, Voice], kokoro: "Kokoro"
) -> Recording:
    delivery, recording, gain = DELIVERIES[params.style], Recording(), 1.0
    speed = params.speed * delivery.pace
    for at, piece in pieces(script, kokoro.lexicon):
        ctx.progress(at / len(script), _stage(at + 1, len(script), ctx.language))
        sound = kokoro.say(piece.phonemes, cast[piece.language].name, speed)
        pause = 0.2 if at + 1 == len(script) and piece.pause != "clause" else delivery.after(piece.pause, params.speed)
        chunk = recording.add(piece, sound, pause)
        if len(recording.chunks) == 1:
            gain = loudness.gain_to(loudness.SPEECH, chunk, wav.SPEECH_RATE)
        ctx.sound(loudness.limited(chunk * gain, wav.SPEECH_RATE), wav.SPEECH_RATE)
    if not recording.words:
        raise ToolError("Nothing in this text can be pronounced: give some words in English or Chinese.")
    ctx.progress(1.0)
    return recording


def _stage(number: int, count: int, language: str) -> str:
    if language.startswith("zh"):
        return f"第 {number} 句，共 {count} 句"
    return f"sentence {number} of {count}"


def _title(text: str) -> str:
    """A file name from the first words."""
    plain = "".join(sign if sign.isalnum() or sign in " '-" else " " for sign in text)
    return " ".join(plain.split())[:40].strip() or "speech"


_LEFT_OUT = {"code": "代码"}


def _summary(
    recording: Recording, voice: Voice, cast: dict[Language, Voice], left_out: tuple[str, ...], language: str
) -> str:
    tongue = "zh" if language.startswith("zh") else "en"
    name = voice.title[tongue]
    others = sorted({other.title[tongue] for other in cast.values()} - {name})
    if tongue == "zh":
        names = name + (f"（另一种语言由{others[0]}）" if others else "")
        missing = f"略去：{'、'.join(_LEFT_OUT.get(what, what) for what in left_out)}。" if left_out else ""
        return f"由{names}朗读，共 {recording.seconds:.1f} 秒。{missing}"
    names = name + (f", and {others[0]} for the other language, which {name} does not speak" if others else "")
    missing = f"; left out: {', '.join(left_out)}" if left_out else ""
    return f"Read aloud by {names}: {recording.seconds:.1f} seconds of sound{missing}."
