"""Written English as it is said."""

import pytest

from tools.audio.speech.english_text import spoken


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("on 2026-11-22", "on November twenty-second, twenty twenty-six"),
        ("on 11/22/2026", "on November twenty-second, twenty twenty-six"),
        ("on 22/11/2026", "on November twenty-second, twenty twenty-six"),
        ("on 45/46/2026", "on forty-five slash forty-six or twenty twenty-six"),
        ("Nov 3, 1905", "November third, nineteen oh five"),
        ("3rd of May 2005", "third of May two thousand five"),
        ("at 10:05 a.m. sharp", "at ten oh five A M sharp"),
        ("at 14:30", "at fourteen thirty"),
        ("at 7pm", "at seven P M"),
        ("at 9:00", "at nine o'clock"),
        ("at 99:99", "at ninety-nine:ninety-nine"),
    ],
)
def test_dates_and_times(written: str, said: str) -> None:
    assert spoken(written).text == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("$1", "one dollar"),
        ("$1,234.50", "one thousand two hundred thirty-four dollars and fifty cents"),
        ("$0.99", "ninety-nine cents"),
        ("£2.01", "two pounds and one pence"),
        ("€3.5 million", "three point five million euros"),
        ("US$5", "five dollars"),
        ("$20k", "twenty thousand dollars"),
    ],
)
def test_money(written: str, said: str) -> None:
    assert spoken(written).text == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("3.5 kg", "three point five kilograms"),
        ("1 km", "one kilometer"),
        ("90km/h", "ninety kilometers per hour"),
        ("-5°C", "minus five degrees Celsius"),
        ("6 ft", "six feet"),
        ("44 kHz", "forty-four kilohertz"),
        ("20%", "twenty percent"),
        ("the 1990s", "the nineteen nineties"),
        ("1st and 22nd", "first and twenty-second"),
        ("1/2 cup", "one half cup"),
        ("3/4", "three quarters"),
        ("10-20 people", "ten to twenty people"),
        ("Python 3.11.2", "Python three point eleven point two"),
        ("call 555-0100", "call five five five zero one zero zero"),
        ("agent 007", "agent zero zero seven"),
        ("in 1999", "in nineteen ninety-nine"),
        ("open 24/7", "open twenty-four seven"),
        ("½", " one half"),
    ],
)
def test_numbers_and_units(written: str, said: str) -> None:
    assert spoken(written).text == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Dr. Smith", "Doctor Smith"),
        ("St. John of Main St.", "Saint John of Main Street"),
        ("cats vs. dogs", "cats versus dogs"),
        ("fruit, e.g. apples", "fruit, for example, apples"),
        ("Chapter IV", "Chapter four"),
        ("Louis XIV", "Louis the fourteenth"),
        ("No. 5", "number five"),
        ("and/or", "and or"),
        ("R & D", "R  and  D"),
        ("see example.com", "see example dot com"),
        ("Nothing here to change.", "Nothing here to change."),
    ],
)
def test_abbreviations_and_symbols(written: str, said: str) -> None:
    assert spoken(written).text == said
