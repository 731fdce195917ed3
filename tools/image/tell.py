"""Says in one sentence, in the request's language, what was drawn and what could not be."""

from typing import TYPE_CHECKING

from tools.image.render.style import NAMES
from tools.image.scene import Scene, Thing
from tools.image.stock import lexicon, subjects

if TYPE_CHECKING:
    from tools.image.draw_picture import DrawPicture

_TIMES = {"dawn": ("at dawn", "黎明"), "morning": ("in the morning", "早晨"), "day": ("by day", "白天"), "afternoon": ("in the afternoon", "午后"), "sunset": ("at sunset", "日落时分"), "dusk": ("at dusk", "黄昏"),
          "night": ("at night", "夜晚")}  # fmt: skip
_WEATHER = {
    "rain": ("in the rain", "雨中"),
    "storm": ("in a storm", "暴风雨中"),
    "snow": ("in the snow", "雪中"),
    "fog": ("in the mist", "雾中"),
    "wind": ("in the wind", "风中"),
    "cloudy": ("under clouds", "云下"),
}
_NUMBERS = ("no", "a", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def style_of(named: str | None, in_request: str | None) -> tuple[str, bool]:
    """The style to draw in, from the parameter, else the request, else storybook; False when the parameter is not known."""
    if not named:
        return in_request or "storybook", True
    wanted = named.strip().lower()
    for key, names in NAMES.items():
        if wanted in (key, *names):
            return key, True
    known = {str(word).lower(): key for key, words in lexicon("modifiers")["style"].items() for word in words}
    for word in sorted(known, key=len, reverse=True):
        if word in wanted:
            return known[word], True
    return in_request or "storybook", False


def _name(thing: Thing, chinese: bool) -> str:
    subject = subjects()[thing.subject]
    written_chinese = any("\u3400" <= letter <= "\u9fff" for letter in thing.name)
    if chinese:
        return thing.name if written_chinese else subject.zh or thing.name
    return thing.subject.removeprefix("sprite.") if written_chinese else thing.name


def caption(scene: Scene, language: str) -> str:
    """What the picture shows, without a verb."""
    chinese = language.startswith("zh")
    asked = [thing for thing in scene.things if thing.asked]
    time, weather = _TIMES[scene.time][chinese], _WEATHER.get(scene.weather, ("", ""))[chinese]
    if chinese:
        names = (
            "、".join((f"{thing.count}个" if thing.count > 1 else "") + _name(thing, True) for thing in asked)
            or "一处风景"
        )
        return f"{time}{weather}的{names}" if weather else f"{time}的{names}"
    names = _listed([_counted(thing) for thing in asked]) or "a landscape"
    return f"{names} {time}" + (f" {weather}" if weather else "")


def _counted(thing: Thing) -> str:
    name = _name(thing, False)
    if thing.count > 1:
        return f"{_NUMBERS[thing.count]} {name if name.endswith('s') else name + 's'}"
    if name.endswith("s") or subjects()[thing.subject].habit in ("sky", "scenery"):
        return f"the {name}" if subjects()[thing.subject].habit in ("sky", "scenery") else name
    return f"an {name}" if name[:1] in "aeiou" else f"a {name}"


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1] if parts else ""


def sentence(
    scene: Scene, unknown: tuple[str, ...], style: str, style_known: bool, params: "DrawPicture", language: str
) -> str:
    """The result's sentence."""
    chinese = language.startswith("zh")
    name = NAMES[style][chinese]
    if chinese:
        many = f"{params.count} 幅插画" if params.count > 1 else "一幅插画"
        text = f"画好了{many}({name}风格)：{caption(scene, language)}。"
        text += f"我还不会画：{'、'.join(unknown)}。" if unknown else ""
        return text + (
            ""
            if style_known
            else f"没有“{params.style}”这种风格，可用：{'、'.join(names[1] for names in NAMES.values())}。"
        )
    many = f"{params.count} illustrations" if params.count > 1 else "an illustration"
    text = f"Drew {many} in {name} style: {caption(scene, language)}."
    text += f" I cannot draw {_listed(list(unknown))} yet, so it is missing." if unknown else ""
    return text + (
        ""
        if style_known
        else f" There is no style called {params.style!r} here; there are {', '.join(names[0] for names in NAMES.values())}."
    )
