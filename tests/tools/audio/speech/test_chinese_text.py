"""Written Chinese as it is said."""

import pytest

from tools.audio.speech.chinese_text import spoken


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("2026年11月22日", "二零二六年十一月二十二日"), ("2026-11-22", "二零二六年十一月二十二日"), ("100年", "一百年"),
        ("2000年前", "两千年前"), ("10:30", "十点半"), ("14:05", "十四点零五分"), ("8:00", "八点整"), ("2:15", "两点十五分"),
        ("90后", "九零后"), ("90年代", "九十年代"),
    ],
)  # fmt: skip
def test_dates_and_times(written: str, said: str) -> None:
    assert spoken(written).text == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("2个苹果", "两个苹果"), ("12个", "十二个"), ("第2名", "第二名"), ("2月", "二月"), ("3.5%", "百分之三点五"),
        ("5‰", "千分之五"), ("1/2", "二分之一"), ("3:2获胜", "三比二获胜"), ("10-20岁", "十到二十岁"),
        ("10%-20%", "百分之十到百分之二十"), ("温度-5℃", "温度零下五摄氏度"), ("2kg", "两公斤"), ("90km/h", "九十公里每小时"),
        ("¥12.50", "十二点五元"), ("$5万", "五万美元"), ("13812345678", "幺三八幺二三四五六七八"),
        ("400-123-4567", "四零零幺二三四五六七"), ("007", "零零七"), ("3.11.2版", "三点十一点二版"), ("-3", "负三"),
        ("1,234", "一千二百三十四"), ("A+B", "A加B"), ("没有数字", "没有数字"),
    ],
)  # fmt: skip
def test_numbers_units_and_money(written: str, said: str) -> None:
    assert spoken(written).text == said
