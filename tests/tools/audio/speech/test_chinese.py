"""Chinese sentences: words, readings by context, embedded English and numbers."""

import pytest

from tools.audio.speech import chinese
from tools.audio.speech.lexicon import Lexicon
from tools.audio.speech.words import phonemes


def readings(run: str) -> str:
    return " ".join("".join(part.syllables) for part in chinese.segment(run))


@pytest.mark.parametrize(
    ("run", "reading"),
    [
        ("银行行长", "hang2zhang3"), ("重新", "chong2"), ("重量", "zhong4"), ("他还钱", "huan2"), ("他还没来", "hai2"),
        ("长得很高", "zhang3"), ("两米长", "chang2"), ("我得走了", "dei3"), ("跑得快", "de"), ("一只猫", "zhi1"), ("只有", "zhi3"),
        ("角色", "jue2"), ("觉得", "de5"), ("睡觉", "jiao4"), ("音乐", "yue4"), ("快乐", "le4"),
    ],
)  # fmt: skip
def test_characters_with_several_readings_take_the_one_that_fits(run: str, reading: str) -> None:
    assert reading in readings(run)


def test_punctuation_is_heard_as_pauses(lexicon: Lexicon) -> None:
    said = phonemes(chinese.words("“你好”，他说：《红楼梦》！", lexicon))
    assert said == "“ni↗xau↓”, tʰa→ ʂwo→: “xʊ↗ŋlou↗mə↘ŋ”!"


def test_english_inside_keeps_its_english_sounds(lexicon: Lexicon) -> None:
    words = chinese.words("我爱Ida和castle。", lexicon)
    assert [word.text for word in words] == ["我", "爱", "Ida", "和", "castle", "。"]
    assert words[2].phonemes == "ˈIdə"


def test_a_written_number_stays_one_word(lexicon: Lexicon) -> None:
    words = chinese.words("他有300只羊", lexicon)
    texts = [word.text for word in words]
    assert "".join(texts) == "他有300只羊"
    number = next(word for word in words if "300" in word.text)
    assert number.phonemes.replace(" ", "").startswith("sa→npai↓")


def test_signs_that_are_not_said_leave_no_trace(lexicon: Lexicon) -> None:
    assert phonemes(chinese.words("好*·_好", lexicon)) == phonemes(chinese.words("好", lexicon)) + " " + "xau↓"


def test_traditional_and_rare_characters_have_sounds(lexicon: Lexicon) -> None:
    said = phonemes(chinese.words("龍飛鳳舞，龘嗯〇", lexicon))
    assert said.startswith("lʊ↗ŋ")
    assert "li↗ŋ" in said
