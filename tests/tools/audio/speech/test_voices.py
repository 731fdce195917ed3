"""A voice by name or in words; never one that cannot speak the language."""

import pytest

from tools.audio.speech.script import Language
from tools.audio.speech.voices import Style, choose, companion, refused, voices
from tools.errors import ToolError


@pytest.mark.parametrize(
    ("language", "style", "name"),
    [
        ("en", "plain", "af_heart"), ("zh", "plain", "zm_yunyang"), ("zh", "newsreader", "zm_yunyang"),
        ("en", "storyteller", "bm_fable"), ("zh", "service", "zf_xiaoxiao"), ("en", "newsreader", "am_michael"),
    ],
)  # fmt: skip
def test_each_language_and_style_has_its_usual_voice(language: Language, style: Style, name: str) -> None:
    assert choose(None, language, style).name == name


@pytest.mark.parametrize(
    ("wish", "language", "name"),
    [
        ("bm_george", "en", "bm_george"), ("George", "en", "bm_george"), ("云希", "zh", "zm_yunxi"),
        ("女声", "zh", "zf_xiaoxiao"), ("男声", "zh", "zm_yunyang"), ("播音腔", "zh", "zm_yunyang"),
        ("温柔的女声", "zh", "zf_xiaoxiao"), ("a warm man", "en", "am_michael"), ("a woman's voice", "en", "af_heart"),
        ("a deep British voice", "en", "bm_lewis"), ("a British lady", "en", "bf_emma"), ("an old man", "en", "am_santa"),
        ("whispering", "en", "af_nicole"), ("小女孩", "zh", "zf_xiaoyi"), ("a Chinese voice", "en", "zm_yunyang"),
    ],
)  # fmt: skip
def test_a_wish_in_either_language_finds_its_voice(wish: str, language: Language, name: str) -> None:
    assert choose(wish, language).name == name


def test_gender_is_never_traded_for_another_trait() -> None:
    assert choose("a deep woman's voice, like a villain", "en").gender == "woman"


def test_a_voice_that_cannot_speak_the_language_is_refused_with_those_that_can() -> None:
    with pytest.raises(ToolError, match=r"zf_xiaoxiao does not speak English.*af_heart") as error:
        choose("xiaoxiao", "en")
    assert "zf_" not in str(error.value).partition("Take one of")[2]


@pytest.mark.parametrize("name", ["zf_xiaoni", "xiaoni", "jf_alpha", "ef_dora"])
def test_a_voice_that_is_not_offered_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(ToolError, match="not offered: "):
        choose(name, "zh")


def test_a_wish_that_no_voice_fits_is_answered_with_the_list() -> None:
    with pytest.raises(ToolError, match=r"No voice here fits 'like a robot'.*af_heart"):
        choose("like a robot", "en")
    with pytest.raises(ToolError, match="No voice here fits"):
        choose("an English woman", "zh")


def test_sentences_of_the_other_language_are_read_by_the_same_voice_or_one_of_its_gender() -> None:
    yunyang, xiaoxiao = choose("zm_yunyang", "zh"), choose("zf_xiaoxiao", "zh")
    assert companion(yunyang, "en", "plain").name == "zm_yunyang"
    assert companion(xiaoxiao, "en", "plain").name == "af_heart"
    assert companion(choose("am_michael", "en"), "zh", "plain").gender == "man"


def test_the_list_names_every_voice_once_and_offers_no_refused_one() -> None:
    names = [voice.name for voice in voices()]
    assert len(names) == len(set(names))
    assert not set(names) & refused().keys()
    assert len(names) + len(refused()) == 54
    assert all({"en", "zh"} <= voice.title.keys() and voice.speaks for voice in voices())


def test_every_default_speaks_the_language_it_stands_for_and_stands_alone() -> None:
    keys = [(key, voice) for voice in voices() for key in voice.default]
    assert len({key for key, _ in keys}) == len(keys)
    assert all(key.partition(":")[0] in voice.speaks for key, voice in keys)
