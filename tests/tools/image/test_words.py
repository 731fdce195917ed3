"""Requests read by rules alone, in both languages: things, counts, colours, places, time, weather, who is on what."""

import pytest

from tools.image.scene import Scene, Thing
from tools.image.words import read, split


def thing(scene: Scene, subject: str) -> Thing:
    """The thing of a scene that is drawn as ``subject``."""
    found = [one for one in scene.things if one.subject == subject]
    assert len(found) == 1, [one.subject for one in scene.things]
    return found[0]


def anchor(scene: Scene, subject: str) -> tuple[str | None, str]:
    """How and to what a thing is related."""
    one = thing(scene, subject)
    return one.relation, scene.things[one.of].subject if one.of is not None else ""


@pytest.mark.parametrize(
    ("request_", "subject", "count"),
    [
        ("three otters in a pond", "sprite.otter", 3),
        ("a zebra", "sprite.zebra", 1),
        ("12 candles", "sprite.candle", 12),
        ("foxes", "fox", 3),
        ("两只松鼠", "sprite.chipmunk", 2),
        ("一群大象", "sprite.elephant", 5),
        ("十二只企鹅", "sprite.penguin", 10),
    ],
)
def test_things_are_counted(request_: str, subject: str, count: int) -> None:
    assert thing(read(request_).scene, subject).count == count


@pytest.mark.parametrize(
    ("request_", "subject", "colour"),
    [
        ("a purple umbrella and a green house", "sprite.umbrella", "purple"),
        ("a purple umbrella and a green house", "house", "green"),
        ("一个黄色的气球", "sprite.balloon", "yellow"),
        ("白色的鹿", "sprite.deer", "white"),
        ("a tower", "tower", None),
    ],
)
def test_a_colour_belongs_to_the_thing_after_it(request_: str, subject: str, colour: str | None) -> None:
    assert thing(read(request_).scene, subject).colour == colour


@pytest.mark.parametrize(
    ("request_", "field", "value"),
    [
        ("a barn at dawn", "time", "dawn"),
        ("a barn at night in winter", "season", "winter"),
        ("深夜的谷仓", "time", "night"),
        ("barn in a thunderstorm", "weather", "storm"),
        ("秋天，下雨，一座谷仓", "weather", "rain"),
        ("秋天，下雨，一座谷仓", "season", "autumn"),
        ("a camel in the desert", "place", "desert"),
        ("书房里的猫", "place", "room"),
        ("a crab on the beach", "water", "sea"),
        ("溪边的鹿", "water", "river"),
        ("a spooky abandoned barn", "mood", "dark"),
    ],
)
def test_time_weather_season_place_water_and_mood_are_read(request_: str, field: str, value: str) -> None:
    assert getattr(read(request_).scene, field) == value


@pytest.mark.parametrize(
    ("request_", "subject", "relation", "other"),
    [
        ("a parrot on a barrel beside a lamppost", "sprite.parrot", "on", "sprite.oil drum"),
        ("a hedgehog under a mushroom", "sprite.hedgehog", "under", "sprite.mushroom"),
        ("two goats behind a fence", "sprite.goat", "behind", "fence"),
        ("under a willow, a cow sleeps", "sprite.cow", "under", "willow"),
        ("a nurse in a canoe on a lake", "doctor", "in", "sprite.canoe"),
        ("一只猴子坐在石头上", "sprite.monkey", "on", "rocks"),
        ("松树下有一只狼", "wolf", "under", "pine"),
        ("灯塔旁边有一艘轮船", "sprite.ship", "beside", "lighthouse"),
        ("桌子上的花瓶", "vase", "on", "table"),
        ("一条船停在小桥下", "rowboat", "under", "bridge"),
    ],
)
def test_who_is_where_is_read(request_: str, subject: str, relation: str, other: str) -> None:
    assert anchor(read(request_).scene, subject) == (relation, other)


@pytest.mark.parametrize(
    ("request_", "subject", "action"),
    [
        ("an eagle soaring over hills", "sprite.eagle", "fly"),
        ("a flying pig", "sprite.pig", "fly"),
        ("奔跑的骏马", "sprite.horse", "run"),
        ("一个女孩在跳舞", "girl", "leap"),
        ("一只猫在睡觉", "sprite.cat", "sleep"),
    ],
)
def test_actions_go_to_who_does_them(request_: str, subject: str, action: str) -> None:
    assert thing(read(request_).scene, subject).action == action


def test_an_umbrella_is_in_the_hand_of_who_opens_it() -> None:
    scene = read("一位老人撑着蓝色的伞").scene
    assert anchor(scene, "sprite.umbrella") == ("with", "old man")
    assert thing(scene, "sprite.umbrella").colour == "blue"


def test_the_longest_word_wins() -> None:
    assert [word.text for word in split("热气球飞过梅花鹿")] == ["热气球", "飞过", "梅花鹿"]
    assert [word.text for word in split("hot air balloon and hot dog")] == ["hot air balloon", "and", "hot dog"]


def test_what_nothing_draws_is_named_and_the_rest_is_drawn() -> None:
    reading = read("a theodolite and a duck")
    assert reading.unknown == ["theodolite"]
    assert [one.subject for one in reading.scene.things] == ["sprite.duck"]


def test_a_character_inside_an_unknown_word_is_not_weather() -> None:
    reading = read("一架管风琴")
    assert reading.scene.weather == "clear"
    assert reading.unknown == ["管风琴"]


def test_a_style_in_the_request_is_heard() -> None:
    assert read("an ink wash of a heron").style == "ink"
    assert read("一幅剪纸：公鸡").style == "papercut"
    assert read("a heron").style is None


@pytest.mark.parametrize(
    "request_", ["", "   ", "！！！", "1234567890", "asdf qwer", "\x00\x1b[0m", "的" * 400, "cat " * 300]
)
def test_nonsense_gives_a_scene_and_no_error(request_: str) -> None:
    assert len(read(request_).scene.things) <= 16


def test_it_says_which_fields_the_words_themselves_name() -> None:
    assert read("a cow at noon in the rain").said == {"time", "weather"}
    assert read("a cow").said == frozenset()
