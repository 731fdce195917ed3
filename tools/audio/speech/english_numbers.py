"""English numbers in words, American reading: cardinals, ordinals, years, decimals, digits, Roman numerals."""

_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = ("", "thousand", "million", "billion", "trillion", "quadrillion")
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
LARGEST = 1000 ** len(_SCALES) - 1
"""Longer numbers are read digit by digit."""


def cardinal(number: int) -> str:
    """``1234`` as "one thousand two hundred thirty-four"; beyond :data:`LARGEST` digit by digit."""
    if number < 0:
        return f"minus {cardinal(-number)}"
    if number > LARGEST:
        return digits(str(number))
    groups = []
    rest = number
    while rest:
        rest, group = divmod(rest, 1000)
        groups.append(group)
    said = [f"{_hundreds(group)} {_SCALES[place]}".strip() for place, group in enumerate(groups) if group]
    return " ".join(reversed(said)) or "zero"


def _hundreds(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    said = [f"{_ONES[hundreds]} hundred"] if hundreds else []
    if rest >= 20:
        tens, ones = divmod(rest, 10)
        said.append(_TENS[tens] + (f"-{_ONES[ones]}" if ones else ""))
    elif rest:
        said.append(_ONES[rest])
    return " ".join(said)


def ordinal(number: int) -> str:
    """``21`` as "twenty-first"."""
    words = cardinal(number)
    head, last = words[: _last_word(words)], words[_last_word(words) :]
    if last in _ORDINALS:
        return head + _ORDINALS[last]
    return head + (last[:-1] + "ieth" if last.endswith("y") else last + "th")


def _last_word(words: str) -> int:
    return max(words.rfind(" "), words.rfind("-")) + 1


def year(number: int) -> str:
    """``1999`` as "nineteen ninety-nine", ``2005`` as "two thousand five", ``1905`` as "nineteen oh five"."""
    century, rest = divmod(number, 100)
    if number % 1000 < 10 or not 10 <= century <= 99:
        return cardinal(number)
    if rest == 0:
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} {'oh ' if rest < 10 else ''}{cardinal(rest)}"


def decimal(written: str) -> str:
    """``3.14`` as "three point one four"; commas between thousands are allowed, a leading sign too."""
    sign = "minus " if written[:1] in "-−" else ""
    whole, _, fraction = written.lstrip("-−+").replace(",", "").partition(".")
    said = cardinal(int(whole or "0"))
    return sign + said + (f" point {digits(fraction)}" if fraction else "")


def digits(written: str) -> str:
    """Each digit by itself; other characters are left out."""
    return " ".join(_ONES[int(sign)] for sign in written if sign.isdecimal())


def roman(written: str) -> int:
    """The value of a Roman numeral in capitals; 0 when it is none."""
    total, highest = 0, 0
    for letter in reversed(written):
        value = _ROMAN.get(letter, 0)
        if not value:
            return 0
        total += value if value >= highest else -value
        highest = max(highest, value)
    return total


def plural(word: str) -> str:
    """The written plural of a noun."""
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "x", "ch", "sh")) else "s")
