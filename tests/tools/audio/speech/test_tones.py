"""Tones as they are spoken."""

import pytest

from tools.audio.speech.chinese import segment
from tools.audio.speech.tones import speak


def spoken(run: str) -> str:
    phrase = segment(run)
    speak(phrase)
    return " ".join("".join(part.syllables) for part in phrase)


@pytest.mark.parametrize(
    ("run", "tones"),
    [
        ("你好", "ni2hao3"),
        ("小老虎", "xiao3lao2hu3"),
        ("展览馆", "zhan2lan2guan3"),
        ("我很好", "wo3 hen2 hao3"),
        ("老师", "lao3shi1"),
    ],
)
def test_third_tones_in_a_row(run: str, tones: str) -> None:
    assert spoken(run) == tones


@pytest.mark.parametrize(
    ("run", "first"),
    [
        ("一天", "yi4"),
        ("一年", "yi4"),
        ("一起", "yi4"),
        ("一样", "yi2"),
        ("一个", "yi2"),
        ("一月", "yi1"),
        ("一九九一", "yi1"),
    ],
)
def test_yi_changes_with_the_tone_after_it(run: str, first: str) -> None:
    assert spoken(run).startswith(first)


def test_yi_keeps_its_tone_in_ordinals_and_loses_it_between_twins() -> None:
    assert "yi1" in spoken("第一次")
    assert "yi5" in spoken("看一看")


@pytest.mark.parametrize(
    ("run", "bu"), [("不对", "bu2"), ("不好", "bu4"), ("不来", "bu4"), ("好不好", "bu5"), ("不", "bu4")]
)
def test_bu_rises_before_a_falling_tone(run: str, bu: str) -> None:
    assert bu in spoken(run)


@pytest.mark.parametrize(
    ("run", "light"),
    [
        ("我们", "men5"), ("孩子", "zi5"), ("妈妈", "ma5"), ("东西", "xi5"), ("喜欢", "huan5"), ("我的", "de5"), ("好了", "le5"),
        ("什么", "me5"), ("回来", "lai5"),
    ],
)  # fmt: skip
def test_light_syllables_lose_their_tone(run: str, light: str) -> None:
    assert spoken(run).endswith(light)


@pytest.mark.parametrize("run", ["男子", "分子", "王子", "电子"])
def test_zi_keeps_its_tone_where_it_means_something(run: str) -> None:
    assert spoken(run).endswith("zi3")
