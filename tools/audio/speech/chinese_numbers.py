"""Chinese numbers as they are said: 二 or 两, 零 between gaps, years and telephone numbers digit by digit."""

_DIGITS = "零一二三四五六七八九"
_PLACES = ("", "十", "百", "千")
_SCALES = ("", "万", "亿", "万亿", "亿亿")
LARGEST = 10**20 - 1


def cardinal(number: int, *, before_measure: bool = False) -> str:
    """``10250`` as 一万零二百五十. ``before_measure``: a lone 2 is 两, as in 两个."""
    if number < 0:
        return "负" + cardinal(-number, before_measure=before_measure)
    if number > LARGEST:
        return digits(str(number))
    if number == 0:
        return "零"
    if number == 2 and before_measure:
        return "两"
    groups = []
    rest = number
    while rest:
        rest, group = divmod(rest, 10000)
        groups.append(group)
    said = ""
    for place in range(len(groups) - 1, -1, -1):
        group = groups[place]
        if not group:
            continue
        if said and (group < 1000 or groups[place + 1] == 0):
            said += "零"
        said += _group(group, leads=not said, scaled=place > 0) + _SCALES[place]
    return said.removeprefix("一") if said.startswith("一十") else said


def _group(number: int, *, leads: bool, scaled: bool) -> str:
    """Four digits. A 2 that leads the number is 两 before 百, 千, 万 and 亿."""
    if number == 2 and scaled and leads:
        return "两"
    said, gap = "", False
    for place in range(3, -1, -1):
        digit = number // 10**place % 10
        if digit == 0:
            gap = bool(said)
            continue
        name = "两" if digit == 2 and place >= 2 and leads and not said else _DIGITS[digit]
        said += ("零" if gap else "") + name + _PLACES[place]
        gap = False
    return said


def digits(written: str, *, telephone: bool = False) -> str:
    """Each digit by itself; in telephone numbers 1 is 幺."""
    said = "".join(_DIGITS[int(sign)] for sign in written if sign.isdecimal())
    return said.replace("一", "幺") if telephone else said


def decimal(written: str, *, before_measure: bool = False) -> str:
    """``3.14`` as 三点一四; commas between thousands are allowed, a leading sign too."""
    sign = "负" if written[:1] in "-−" else ""
    whole, _, fraction = written.lstrip("-−+").replace(",", "").partition(".")
    said = cardinal(int(whole or "0"), before_measure=before_measure and not fraction)
    return sign + said + (f"点{digits(fraction)}" if fraction else "")
