"""Chinese numbers as they are said."""

import pytest

from tools.audio.speech import chinese_numbers as numbers


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "零"), (2, "二"), (10, "十"), (12, "十二"), (20, "二十"), (102, "一百零二"), (110, "一百一十"), (200, "两百"),
        (1012, "一千零一十二"), (2002, "两千零二"), (10250, "一万零二百五十"), (20000, "两万"), (120000, "十二万"),
        (100000001, "一亿零一"), (200000000, "两亿"), (1200000000, "十二亿"), (-5, "负五"), (22000, "两万二千"),
    ],
)  # fmt: skip
def test_cardinals(number: int, said: str) -> None:
    assert numbers.cardinal(number) == said


def test_two_before_a_measure_word_is_liang_only_when_alone() -> None:
    assert numbers.cardinal(2, before_measure=True) == "两"
    assert numbers.cardinal(12, before_measure=True) == "十二"
    assert numbers.decimal("2.5", before_measure=True) == "二点五"


def test_digits_decimals_and_telephones() -> None:
    assert numbers.digits("2026") == "二零二六"
    assert numbers.digits("110", telephone=True) == "幺幺零"
    assert numbers.decimal("-1,234.50") == "负一千二百三十四点五零"
    assert numbers.cardinal(10**21) == "一" + "零" * 21
