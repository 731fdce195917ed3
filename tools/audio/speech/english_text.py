"""How written English is said: dates, times, money, units, abbreviations, symbols."""

import re

from tools.audio.speech.english_numbers import cardinal, decimal, digits, ordinal, plural, roman, year
from tools.audio.speech.rewrite import Rewriter, Rule

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_MONTH_NAMES = {name[:3]: name for name in _MONTHS} | {name: name for name in _MONTHS} | {"Sept": "September"}
_MONTH = r"(Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?"
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
_MONEY = {"$": "dollar", "£": "pound", "€": "euro", "¥": "yuan", "₹": "rupee", "US$": "dollar"}
_CENTS = {"$": "cent", "US$": "cent", "€": "cent", "£": "penny"}
_UNITS = {
    "km/h": "kilometer per hour", "m/s": "meter per second", "mph": "mile per hour", "km²": "square kilometer",
    "m²": "square meter", "m³": "cubic meter", "km": "kilometer", "cm": "centimeter", "mm": "millimeter", "m": "meter",
    "kg": "kilogram", "mg": "milligram", "g": "gram", "lb": "pound", "lbs": "pound", "oz": "ounce", "ft": "foot",
    "ml": "milliliter", "mL": "milliliter", "L": "liter", "l": "liter", "kHz": "kilohertz", "MHz": "megahertz",
    "GHz": "gigahertz", "Hz": "hertz", "KB": "kilobyte", "kB": "kilobyte", "MB": "megabyte", "GB": "gigabyte",
    "TB": "terabyte", "ms": "millisecond", "s": "second", "sec": "second", "min": "minute", "h": "hour", "hr": "hour",
    "hrs": "hour", "W": "watt", "kW": "kilowatt", "kWh": "kilowatt hour", "V": "volt", "dB": "decibel",
    "fps": "frame per second", "px": "pixel", "°C": "degree Celsius", "℃": "degree Celsius", "°F": "degree Fahrenheit",
    "℉": "degree Fahrenheit", "°": "degree",
}  # fmt: skip
_UNCHANGED = {"kilohertz", "megahertz", "gigahertz", "hertz"}
_SHORT = {
    "Mr": "Mister", "Mrs": "Missus", "Ms": "Miz", "Dr": "Doctor", "Prof": "Professor", "Jr": "Junior", "Sr": "Senior",
    "vs": "versus", "etc": "et cetera", "e.g": "for example", "i.e": "that is", "approx": "approximately",
    "Inc": "Incorporated", "Ltd": "Limited", "Corp": "Corporation", "Fig": "Figure", "Vol": "Volume", "Gen": "General",
    "Capt": "Captain", "Sgt": "Sergeant", "Ave": "Avenue", "Blvd": "Boulevard", "Dept": "Department", "pp": "pages",
    "Mt": "Mount", "cf": "compare",
}  # fmt: skip
_DAYS = {"Mon": "Monday", "Tue": "Tuesday", "Tues": "Tuesday", "Wed": "Wednesday", "Thu": "Thursday", "Thurs": "Thursday",
         "Fri": "Friday", "Sat": "Saturday", "Sun": "Sunday"}  # fmt: skip
_SYMBOLS = {"%": " percent", "&": " and ", "+": " plus ", "=": " equals ", "×": " times ", "÷": " divided by ",
            "@": " at ", "#": " number ", "<": " less than ", ">": " greater than ", "≈": " about ", "≤": " at most ",
            "≥": " at least ", "±": " plus or minus ", "→": ", ", "~": " about ", "°": " degrees ", "©": " copyright ",
            "™": "", "®": ""}  # fmt: skip
_FRACTIONS = {
    "½": "one half",
    "⅓": "one third",
    "⅔": "two thirds",
    "¼": "one quarter",
    "¾": "three quarters",
    "⅛": "one eighth",
}


def _count(number: str, unit: str) -> str:
    """A number with its unit, "three point five kilometers per hour"."""
    head, _, tail = unit.partition(" per ")
    if number.lstrip("-−") != "1" and head not in _UNCHANGED:
        head = "feet" if head == "foot" else _plural_phrase(head)
    return f"{decimal(number)} {head}" + (f" per {tail}" if tail else "")


def _plural_phrase(words: str) -> str:
    if words.startswith("degree"):
        return words.replace("degree", "degrees")
    head, gap, last = words.rpartition(" ")
    return head + gap + plural(last)


def _money(match: re.Match[str]) -> str:
    sign, number, scale = match[1], match[2].replace(",", ""), match[3]
    name = _MONEY[sign]
    if scale:
        scales = {"k": "thousand", "K": "thousand", "M": "million", "m": "million", "bn": "billion", "B": "billion"}
        return f"{decimal(number)} {scales.get(scale.strip(), scale.strip())} {plural(name)}"
    whole, _, cents = number.partition(".")
    if len(cents) == 2 and sign in _CENTS:
        said = [f"{cardinal(int(whole))} {name if whole == '1' else plural(name)}"] if int(whole or 0) else []
        if int(cents):
            small = "pence" if sign == "£" else _CENTS[sign] if cents == "01" else plural(_CENTS[sign])
            said.append(f"{cardinal(int(cents))} {small}")
        return " and ".join(said) or f"zero {plural(name)}"
    return f"{decimal(number)} {name if number == '1' else plural(name)}"


def _time(match: re.Match[str]) -> str | None:
    hour, minute, half = int(match[1]), int(match[2]), (match[4] or "").replace(".", "").upper()
    if hour > 24 or minute > 59:
        return None
    said = cardinal(hour)
    if minute:
        said += f" oh {cardinal(minute)}" if minute < 10 else f" {cardinal(minute)}"
    elif not half:
        said += " o'clock" if 1 <= hour <= 12 else " hundred" if hour else " hundred hours"
    return f"{said} {' '.join(half)}".strip()


def _iso_date(match: re.Match[str]) -> str | None:
    month, day = int(match[2]), int(match[3])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return f"{_MONTHS[month - 1]} {ordinal(day)}, {year(int(match[1]))}"


def _slash_date(match: re.Match[str]) -> str | None:
    """Month first, as American readers write it; day first where only that fits."""
    first, second = int(match[1]), int(match[2])
    month, day = (first, second) if first <= 12 else (second, first)
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return f"{_MONTHS[month - 1]} {ordinal(day)}, {year(int(match[3]))}"


def _month_day(match: re.Match[str]) -> str:
    said = f"{_MONTH_NAMES[match[1]]} {ordinal(int(match[2]))}"
    return said + (f", {year(int(match[3]))}" if match[3] else "")


def _day_month(match: re.Match[str]) -> str:
    said = f"{ordinal(int(match[1]))} of {_MONTH_NAMES[match[2]]}"
    return said + (f" {year(int(match[3]))}" if match[3] else "")


def _fraction(match: re.Match[str]) -> str | None:
    top, bottom = int(match[1]), int(match[2])
    if not (0 < top < bottom <= 20):
        return f"{cardinal(top)} slash {cardinal(bottom)}"
    name = {2: "half", 4: "quarter"}.get(bottom) or ordinal(bottom)
    return f"{cardinal(top)} {name if top == 1 else {2: 'halves'}.get(bottom) or plural(name)}"


def _chapter(match: re.Match[str]) -> str | None:
    value = roman(match[3])
    return f"{match[1]}{match[2]}{cardinal(value)}" if value else None


def _ruler(match: re.Match[str]) -> str:
    return f"{match[1]} the {ordinal(roman(match[2]))}"


def _decade(match: re.Match[str]) -> str:
    return _plural_phrase(year(int(match[1]))) if match[1] != "2000" else "two thousands"


def _long(match: re.Match[str]) -> str:
    return digits(match[0])


def _version(match: re.Match[str]) -> str:
    return " point ".join(cardinal(int(part)) for part in match[0].split("."))


def _range(match: re.Match[str]) -> str:
    return f"{_plain(match[1])} to {_plain(match[2])}"


def _plain(number: str) -> str:
    """A bare number: four digits from 1100 to 2099 are read as a year."""
    if re.fullmatch(r"1[1-9]\d\d|20\d\d", number):
        return year(int(number))
    return decimal(number)


def _unit(match: re.Match[str]) -> str:
    sign = "minus " if match[1] else ""
    return sign + _count(match[2], _UNITS[match[3]])


_UNIT = "|".join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True))
_SHORTS = "|".join(re.escape(short) for short in sorted(_SHORT, key=len, reverse=True))

RULES: tuple[Rule, ...] = (
    (r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b", _iso_date),
    (r"\b(\d{1,2})/(\d{1,2})/(\d{4})\b", _slash_date),
    (rf"\b{_MONTH} (\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (\d{{4}})\b)?(?![.,:]\d)", _month_day),
    (rf"\b(\d{{1,2}})(?:st|nd|rd|th)? (?:of )?{_MONTH}(?:,? (\d{{4}}))?\b", _day_month),
    (r"\b(\d{1,2}):(\d{2})(?::\d{2})?( ?([AaPp](?:[mM]\b|\.[Mm]\.(?! ?$)|\.[Mm]\b)))?", _time),
    (r"\b(\d{1,2}) ?([AaPp])(?:m\b|M\b|\.[Mm]\.(?! ?$)|\.[Mm]\b)", lambda m: f"{cardinal(int(m[1]))} {m[2].upper()} M"),
    (rf"(US\$|[$£€¥₹]) ?({_NUMBER})( (?:thousand|million|billion|trillion)\b|[kKMmB]\b|bn\b)?", _money),
    (r"\b(1\d\d0|20\d0)'?s\b", _decade),
    (rf"(?<![\w.])([-−])?({_NUMBER}) ?({_UNIT})(?![\w/])", _unit),
    (rf"({_NUMBER}) ?%", lambda m: f"{decimal(m[1])} percent"),
    (r"\b(\d+)(?:st|nd|rd|th)\b", lambda m: ordinal(int(m[1]))),
    (r"(?<!\w)\+?\d{1,3}[- ]\(?\d{3}\)?[- ]\d{3,4}(?:[- ]\d{3,4})?\b|\b\d{3}-\d{4}\b|\b0\d{2,}\b|\b\d{11,}\b", _long),
    (r"\b\d+(?:\.\d+){2,}\b", _version),
    (rf"\b({_NUMBER}) ?[-–—] ?({_NUMBER})\b", _range),
    (r"\b24/7\b", lambda m: "twenty-four seven"),
    (r"\b(\d{1,3})/(\d{1,3})\b", _fraction),
    (r"\b(Chapter|Part|Act|Book|Volume|World War|Type|Phase|Section|Episode)( )([IVXLC]+)\b", _chapter),
    (r"\b(Louis|Henry|Elizabeth|Charles|George|Edward|William|James|Richard|Philip|Napoleon|Pope [A-Z][a-z]+(?: [A-Z][a-z]+)?) ([IVX]+)\b", _ruler),
    (r"\bNo\. ?(?=\d)", lambda m: "number "),
    (r"(?<=[a-z] )St\b\.?(?! [A-Z])", lambda m: "Street"),
    (r"\bSt\. (?=[A-Z])", lambda m: "Saint "),
    (r"(?<=[A-Za-z0-9])\.(?=[A-Za-z]{2})", lambda m: " dot "),
    (rf"\b({_SHORTS})\.(?! ?$)|\b(e\.g|i\.e|etc|vs)\.", lambda m: _SHORT[m[1] or m[2]] + ("," if m[0] in ("e.g.", "i.e.") else "")),
    (r"\b(Mon|Tues?|Wed|Thu(?:rs)?|Fri|Sat|Sun)\.(?= )|\b(Mon|Tue|Wed|Thu|Fri)\b(?=,)", lambda m: _DAYS[m[1] or m[2]]),
    (r"\bw/(?= )", lambda m: "with"),
    (r"(?<![\w.])[-−](?=\d)", lambda m: "minus "),
    (rf"(?<![\w.,])({_NUMBER})(?![\w])", lambda m: _plain(m[1])),
    (_NUMBER, lambda m: f" {decimal(m[0])} "),
    (r"[½⅓⅔¼¾⅛]", lambda m: f" {_FRACTIONS[m[0]]}"),
    (r"\band/or\b", lambda m: "and or"),
    (r"(?<=\w)/(?=\w)", lambda m: " or "),
    ("[" + re.escape("".join(_SYMBOLS)) + "]", lambda m: _SYMBOLS[m[0]]),
)  # fmt: skip

spoken = Rewriter(RULES)
"""Return written English as it is said."""
