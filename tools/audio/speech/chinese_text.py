"""How written Chinese is said: dates, times, money, units, percentages, scores, telephone numbers."""

import re

from tools.audio.speech.chinese_numbers import cardinal, decimal, digits
from tools.audio.speech.rewrite import Rewriter, Rule

_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_UNITS = {
    "km/h": "公里每小时", "m/s": "米每秒", "km²": "平方公里", "m²": "平方米", "㎡": "平方米", "m³": "立方米", "km": "公里",
    "cm": "厘米", "mm": "毫米", "m": "米", "kg": "公斤", "mg": "毫克", "g": "克", "ml": "毫升", "mL": "毫升", "L": "升",
    "kHz": "千赫兹", "MHz": "兆赫兹", "GHz": "吉赫兹", "Hz": "赫兹", "ms": "毫秒", "s": "秒", "min": "分钟", "h": "小时",
    "kWh": "千瓦时", "kW": "千瓦", "W": "瓦", "V": "伏", "dB": "分贝", "fps": "帧每秒", "px": "像素", "℃": "摄氏度",
    "°C": "摄氏度", "℉": "华氏度", "°F": "华氏度", "°": "度",
}  # fmt: skip
_MONEY = {"¥": "元", "￥": "元", "$": "美元", "US$": "美元", "€": "欧元", "£": "英镑"}
_MEASURES = (
    "个位只条张件本把辆座头匹朵棵颗粒片块份次遍回趟场句首篇段页章节幅栋间层台架艘双对副套组群排行串杯碗瓶盘包箱盒袋家"
    "所名种类样项点分秒天周年岁米斤里倍元角口门支枝根面顿批笔声步刻夜代万亿千百"
)
_SYMBOLS = {"%": "百分号", "&": "和", "+": "加", "=": "等于", "×": "乘", "÷": "除以", "@": "艾特", "#": "", "<": "小于",
            ">": "大于", "≈": "约等于", "≤": "小于等于", "≥": "大于等于", "±": "正负", "→": "，", "°": "度"}  # fmt: skip


def _date(match: re.Match[str]) -> str | None:
    month, day = int(match[2]), int(match[3])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return f"{digits(match[1])}年{cardinal(month)}月{cardinal(day)}日"


def _time(match: re.Match[str]) -> str | None:
    hour, minute = int(match[1]), int(match[2])
    if hour > 24 or minute > 59:
        return None
    said = f"{cardinal(hour, before_measure=True)}点"
    if minute == 30:
        said += "半"
    elif minute:
        said += f"{'零' if minute < 10 else ''}{cardinal(minute)}分"
    return said + (f"{cardinal(int(match[3]))}秒" if match[3] else "" if minute else "整")


def _unit(match: re.Match[str]) -> str:
    unit = _UNITS[match[3]]
    sign = ("零下" if "氏度" in unit else "负") if match[1] else ""
    return sign + decimal(match[2], before_measure=not unit.startswith("摄")) + unit


def _money(match: re.Match[str]) -> str:
    number = match[2].rstrip("0").rstrip(".") if "." in match[2] else match[2]
    return decimal(number, before_measure=True) + (match[3] or "") + _MONEY[match[1]]


def _percent(match: re.Match[str]) -> str:
    return f"{'百' if match[2] in '%％' else '千'}分之{decimal(match[1])}"


def _range(match: re.Match[str]) -> str:
    unit = match[3] or ""
    if unit in ("%", "％"):
        return f"百分之{decimal(match[1])}到百分之{decimal(match[2])}"
    return f"{decimal(match[1])}到{decimal(match[2], before_measure=bool(unit))}{unit}"


def _counted(match: re.Match[str]) -> str:
    return decimal(match[1], before_measure=True)


def _telephone(match: re.Match[str]) -> str:
    return digits(match[0], telephone=True)


def _bare(match: re.Match[str]) -> str:
    written = match[0]
    if len(written) > 1 and written.startswith("0") and "." not in written:
        return digits(written)
    return decimal(written)


_UNIT = "|".join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True))

RULES: tuple[Rule, ...] = (
    (r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)", _date),
    (r"(?<!\d)(\d{4})(?=年(?!间|前|后|以)|级|届)|(?<!\d)(\d{2})(?=后(?![来面]))", lambda m: digits(m[0])),
    (r"(?<!\d)(\d{1,2})[:：](\d{2})(?:[:：](\d{2}))?(?!\d)", _time),
    (r"(?<!\d)(\d{1,3}) ?[:：] ?(\d{1,3})(?!\d)", lambda m: f"{cardinal(int(m[1]))}比{cardinal(int(m[2]))}"),
    (r"(?<!\d)1[3-9]\d{9}(?!\d)|(?<!\d)\d{3,4}-\d{3,4}(?:-\d{3,4})+(?!\d)|(?<!\d)0\d{2,3}-\d{7,8}(?!\d)", _telephone),
    (rf"(US\$|[¥￥$€£]) ?({_NUMBER})([万亿])?", _money),
    (rf"({_NUMBER})[%％]? ?[-–—~～至] ?({_NUMBER}) ?([%％]|[个只条张岁天年月米元万亿人次倍])?", _range),
    (rf"(?<![A-Za-z0-9.])([-−])?({_NUMBER}) ?({_UNIT})(?![A-Za-z/])", _unit),
    (rf"([-−]?(?:{_NUMBER})) ?([%％‰])", _percent),
    (r"(?<![\d/])(\d{1,3})/(\d{1,3})(?![\d/])", lambda m: f"{cardinal(int(m[2]))}分之{cardinal(int(m[1]))}"),
    (r"第(\d+)", lambda m: f"第{cardinal(int(m[1]))}"),
    (r"(?<!\d)\d+(?:\.\d+){2,}(?!\d)", lambda m: "点".join(cardinal(int(part)) for part in m[0].split("."))),
    (rf"(?<![\d.])({_NUMBER})(?= ?[{_MEASURES}])", _counted),
    (r"(?<![A-Za-z0-9.])[-−](?=\d)", lambda m: "负"),
    (_NUMBER, _bare),
    ("[" + re.escape("".join(_SYMBOLS)) + "]", lambda m: _SYMBOLS[m[0]]),
)  # fmt: skip

spoken = Rewriter(RULES)
"""Return written Chinese as it is said."""
