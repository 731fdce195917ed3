"""What a request leaves to be kept, and which sentence corrects which; both in English and Chinese."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.sentences import LONGEST, about, script, tidy


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("remember that my barber is called Luigi", "My barber is called Luigi."),
        ("Remember: the key is blue!", "The key is blue!"),
        ("Please remember I hate coriander, please", "I hate coriander."),
        ("could you please keep in mind that I'm left-handed, thanks", "I'm left-handed."),
        ("don't forget that we meet at six", "We meet at six."),
        ("Note down: iPad code is 4471", "iPad code is 4471."),
        ("I remember my first bicycle", "I remember my first bicycle."),
        ("my  barber \n is called Luigi", "My barber is called Luigi."),
        ("记住我的理发师叫老陈", "我的理发师叫老陈。"),
        ("请帮我记一下，我讨厌香菜", "我讨厌香菜。"),
        ("能不能帮我记住我是左撇子，谢谢", "我是左撇子。"),
        ("你记住了，我们六点见面！", "我们六点见面！"),
        ("别忘了：钥匙是蓝色的", "钥匙是蓝色的。"),
        ("我的名字叫 Luigi", "我的名字叫 Luigi。"),
        ("他说“明天来”", "他说“明天来”"),
    ],
)
def test_the_sentence_is_taken_out_of_the_request(asked: str, kept: str) -> None:
    assert tidy(asked) == kept


@pytest.mark.parametrize("asked", ["", "   ", "...", "remember", "remember that", "请记住", "记住："])
def test_a_request_without_a_fact_says_what_to_say_instead(asked: str) -> None:
    with pytest.raises(ValueError, match="Say the fact itself"):
        tidy(asked)


def test_too_long_a_text_is_refused_with_its_length() -> None:
    with pytest.raises(ValueError, match=str(LONGEST + 10)):
        tidy("x" * (LONGEST + 10))


@given(st.text(max_size=300))
def test_tidying_twice_changes_nothing_more(text: str) -> None:
    try:
        once = tidy(text)
    except ValueError:
        return
    once.encode()  # storable, whatever came in
    assert once == once.strip()
    assert "\n" not in once


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hello", "other"),
        ("你好", "han"),
        ("我的 iPhone 是蓝色的", "han"),
        ("the word 你 means you", "other"),
        ("123", "other"),
    ],
)
def test_a_text_is_chinese_when_it_mostly_is(text: str, expected: str) -> None:
    assert script(text) == expected


CORRECTIONS = [
    ("My barber is called Luigi.", "My barber's name is Marco."),
    ("My barber is called Luigi.", "Actually, my barber is called Ian."),
    ("The name of my boat is Ariel.", "I renamed my boat Caliban."),
    ("My name is Al.", "I'm called Albert."),
    ("I live in Turin.", "I've moved to Genoa."),
    ("My birthday is on May 3.", "My birthday is on May 4, not May 3."),
    ("My favorite colour is teal.", "My favourite colour is now plum."),
    ("My shoe size is 41.", "My shoe size is 42."),
    ("My boat's colour is white.", "My boat's color is blue."),
    ("My friend is called Anna.", "Actually my friend is called Hannah."),
    ("I am 29 years old.", "I am now 30 years old."),
    ("我的理发师叫老陈。", "我的理发师的名字是老王。"),
    ("我的船叫海鸥。", "我的船现在叫信天翁。"),
    ("我给小船取名叫海鸥。", "我的小船改名叫信天翁。"),
    ("我叫小雨。", "我的名字是小雪。"),
    ("我住在南京。", "我搬到了苏州。"),
    ("我的生日是五月三号。", "我的生日是五月四号。"),
    ("我最喜欢的颜色是青色。", "我最喜欢的颜色是紫色。"),
    ("我的手机号是123。", "我的电话号码改成456了。"),
    ("我的朋友叫小安。", "不对，我的朋友叫小鞍。"),
    ("My name is Al.", "我叫小明。"),
    ("我的鞋码是41。", "My shoe size is 42."),
]


@pytest.mark.parametrize(("old", "new"), CORRECTIONS)
def test_a_new_value_of_the_same_thing_corrects_the_old(old: str, new: str) -> None:
    earlier, later = about(old), about(new)
    assert earlier is not None
    assert later is not None
    assert earlier.corrected_by(later)


@pytest.mark.parametrize(("old", "new"), CORRECTIONS)
def test_the_corrected_sentence_holds_a_word_by_which_it_can_be_looked_up(old: str, new: str) -> None:
    later = about(new)
    assert later is not None
    assert any(anchor in old.lower() for anchor in later.anchors)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("My barber is called Luigi.", "My baker is called Luigi."),
        ("My barber is called Luigi.", "My barber's birthday is in June."),
        ("My barber is called Luigi and lives next door.", "My barber is called Marco."),
        ("My friend is called Anna.", "My friend is called Ruth."),
        ("My brother's name is Tom.", "My brother's name is Sam."),
        ("My brother's dog is called Rex.", "My dog is called Bello."),
        ("I like tea.", "I like coffee."),
        ("I have a cat.", "I have a dog."),
        ("My car is red.", "My car is old."),
        ("The deadline is Friday.", "The deadline is Monday."),
        ("My meeting is called off.", "My meeting is called on Monday."),
        ("I live in Turin.", "I work in Genoa."),
        ("My favourite film is Alien.", "My favourite song is Aria."),
        ("My name is Al.", "Is my name Bo?"),
        ("我的理发师叫老陈。", "我的面包师叫老陈。"),
        ("我的朋友叫小安。", "我的朋友叫小鲁。"),
        ("我喜欢茶。", "我喜欢咖啡。"),
        ("我有一只猫。", "我有一只狗。"),
        ("我叫小雨。", "我叫了外卖。"),
        ("我爸爸叫老李。", "我爸爸叫我回家。"),
        ("我住在南京。", "我在苏州工作。"),
        ("我的理发师叫老陈，他住隔壁。", "我的理发师叫老王。"),
    ],
)
def test_what_can_be_true_beside_the_old_corrects_nothing(old: str, new: str) -> None:
    earlier, later = about(old), about(new)
    assert not (earlier and later and earlier.corrected_by(later))


@given(st.text(max_size=200))
def test_any_text_can_be_asked_what_it_is_about(text: str) -> None:
    thing = about(text)
    assert thing is None or thing.anchors
