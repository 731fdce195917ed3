"""English numbers in words."""

import pytest

from tools.audio.speech import english_numbers as numbers


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zero"), (13, "thirteen"), (21, "twenty-one"), (40, "forty"), (100, "one hundred"),
        (342, "three hundred forty-two"), (1001, "one thousand one"), (1_000_000, "one million"),
        (12_345_678, "twelve million three hundred forty-five thousand six hundred seventy-eight"), (-7, "minus seven"),
    ],
)  # fmt: skip
def test_cardinals(number: int, words: str) -> None:
    assert numbers.cardinal(number) == words


def test_a_number_too_long_to_name_is_read_digit_by_digit() -> None:
    assert numbers.cardinal(10**18) == "one " + " ".join(["zero"] * 18)


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "first"), (2, "second"), (12, "twelfth"), (20, "twentieth"), (33, "thirty-third"), (105, "one hundred fifth")],
)
def test_ordinals(number: int, words: str) -> None:
    assert numbers.ordinal(number) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1999, "nineteen ninety-nine"), (1905, "nineteen oh five"), (1900, "nineteen hundred"), (2000, "two thousand"),
        (2005, "two thousand five"), (2026, "twenty twenty-six"), (1066, "ten sixty-six"),
    ],
)  # fmt: skip
def test_years(number: int, words: str) -> None:
    assert numbers.year(number) == words


def test_decimals_and_digits() -> None:
    assert numbers.decimal("1,234.05") == "one thousand two hundred thirty-four point zero five"
    assert numbers.decimal("-.5") == "minus zero point five"
    assert numbers.digits("555-0100") == "five five five zero one zero zero"


@pytest.mark.parametrize(("written", "value"), [("IV", 4), ("XIV", 14), ("MCMXCIX", 1999), ("HELLO", 0), ("", 0)])
def test_roman_numerals(written: str, value: int) -> None:
    assert numbers.roman(written) == value


@pytest.mark.parametrize(
    ("one", "many"), [("city", "cities"), ("day", "days"), ("inch", "inches"), ("dollar", "dollars")]
)
def test_plurals(one: str, many: str) -> None:
    assert numbers.plural(one) == many
