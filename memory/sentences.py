"""Sentences worth keeping: what is taken from a request, and which older sentence a new one corrects.

No model is asked. A request such as "please remember that …" loses its frame and becomes a sentence. A correction is seen
only in sentences of a known form that have room for one value (a name, a home, a birthday, a favourite): "my parrot is
called Kes" and "my parrot's name is now Bo" speak of the same thing, "I like tea" and "I like coffee" do not exclude each
other. Whatever has no such form never supersedes anything: two sentences side by side do less harm than a lost one.
"""

import re
from dataclasses import dataclass
from typing import Literal

LONGEST = 2000
"""Characters of a memory. It is a sentence or a few; a text belongs into an asset."""

_HAN = re.compile(r"[\u3400-\u9fff]")
_LETTER = re.compile(r"[^\W\d_]")


def script(text: str) -> Literal["han", "other"]:
    """Whether a text is mostly Chinese characters. One character says as much as some three letters."""
    han = len(_HAN.findall(text))
    return "han" if han and han * 3 >= len(_LETTER.findall(text)) - han else "other"


# --- taking a sentence out of a request -------------------------------------------------------------------------------

_FRAMES = (
    re.compile(
        r"^(?:(?:and|also|ok(?:ay)?|oh|hey|please|pls|can you|could you|would you|i(?:'d| would) like you to|"
        r"i want you to|for later|from now on)[\s,:]+)*(?:please\s+)?(?:remember|keep in mind|make a note|take a note|note|"
        r"memori[sz]e|don't forget|do not forget)(?:\s+(?:that|down|this|for me|please))*\s*[:,]?(?:\s+|$)",
        re.IGNORECASE,
    ),
    re.compile(
        r"^(?:(?:那个|那|对了|好的|嗯|请|麻烦|拜托|你|您|能不能|可以|能|帮我|帮忙|给我|替我|以后)[,，、\s]*)*"
        r"(?:记住|记得|记一下|记下来|记下|记着|记录一下|记录|牢记|别忘了|不要忘了|不要忘记|别忘记)(?:一下|了|哦|啊|这件事|这个|这点|吧)*"
        r"\s*[:：,，]?\s*"
    ),
)
_TAILS = (
    re.compile(r"[\s,]*(?:please|ok\??|okay\??|will you\??|thanks|thank you)\s*[.!?]*$", re.IGNORECASE),
    re.compile(r"[\s,，。]*(?:好吗|可以吗|行吗|好不好|谢谢(?:你|您)?|拜托了)\s*[。！？!?]*$"),
)
_END = re.compile(r"[.!?。！？…\"”’」』)）]$")


def tidy(text: str) -> str:
    """The sentence in a request to remember: no frame, a capital first, a mark at the end.

    Raises:
        ValueError: nothing is left, or it is longer than a memory may be.
    """
    sentence = re.sub(r"\s+", " ", text.encode("utf-8", "replace").decode()).strip()
    for pattern in _FRAMES:
        framed = pattern.match(sentence)
        if framed:
            sentence = sentence[framed.end() :]
            for tail in _TAILS:
                sentence = tail.sub("", sentence)
    sentence = sentence.strip(" ,，:：;；")
    if not re.search(r"\w", sentence):
        raise ValueError("There is nothing to remember in this. Say the fact itself, such as a name or a date.")
    if len(sentence) > LONGEST:
        raise ValueError(
            f"A memory has at most {LONGEST} characters; this has {len(sentence)}. Say what matters of it."
        )
    if sentence[0].islower() and script(sentence) == "other" and not re.match(r"[a-z]+[A-Z\d]", sentence):
        sentence = sentence[0].upper() + sentence[1:]
    return sentence if _END.search(sentence) else sentence + ("。" if script(sentence) == "han" else ".")


# --- what a sentence is about -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class About:
    """A thing and its attribute that has one value at a time; ``subject`` is empty where it is the speaker.

    ``anchors``: an older sentence about the same has one of these words. ``whole``: the sentence says nothing else, so
    that nothing is lost when it is superseded. ``corrects``: it says itself that something changed.
    """

    subject: str
    attribute: str
    anchors: tuple[str, ...]
    whole: bool
    corrects: bool

    def corrected_by(self, newer: "About") -> bool:
        """Whether ``newer`` takes this sentence's place. Of things that one may have many of, only an outright correction."""
        if (self.subject, self.attribute) != (newer.subject, newer.attribute) or not self.whole:
            return False
        return newer.corrects or not _MANY.search(self.subject)


_MANY = re.compile(
    r"\b(?:friend|brother|sister|son|daughter|child|kid|cousin|uncle|aunt|nephew|niece|colleague|co-?worker|neighbou?r|"
    r"teacher|student|pupil|client|customer|character|player)$|"
    r"(?:朋友|同事|同学|邻居|老师|学生|哥哥?|弟弟?|姐姐?|妹妹?|儿子|女儿|孩子|叔叔?|阿姨|舅舅|姑姑|侄子|侄女|客户|角色|人物)$"
)
_CORRECTS = re.compile(
    r"^(?:actually|no\b|sorry|correction|in fact)|\b(?:now|actually|renamed|no longer|any ?more|instead|not)\b|"
    r"其实|现在|改|换成|变成|更正|不对|不是|不叫|不再|已经|搬到|搬去|如今",
    re.IGNORECASE,
)
_MORE = re.compile(
    r"[,;，；、]|\b(?:and|but|who|which|because|while|although)\b|而且|并且|但是|不过|还有|和", re.IGNORECASE
)
_LEADING = re.compile(
    r"^(?:(?:actually|no|sorry|well|now|correction|in fact|and|but|oh)[\s,:]+)+|"
    r"^(?:(?:其实|不对|不是|更正|现在|对了|哦|嗯|那个)[,，、\s]*)+",
    re.IGNORECASE,
)
_NOT_OLD = re.compile(r"[\s,，]*(?:\bnot\b|\bno longer\b|\binstead of\b|不是|不叫|不再).*$", re.IGNORECASE)

# --- English forms

_NOW = r"(?:\s+(?:now|actually|really|currently|still))?"
_BE = rf"(?:\s+(?:is|was|are|were)|['’](?:s|re)){_NOW}"
_THING = r"(?P<subject>[\w' ’-]{1,40}?)"
_OF_THING = r"(?:(?P<subject>[\w ’'-]{1,40}?)['’]s?\s+)"
_MINE = (
    r"name|birthday|age|address|phone(?: number)?|telephone(?: number)?|email(?: address)?|e-mail(?: address)?|job|"
    r"profession|nationality|mother tongue|native language|shoe size|height|weight|hometown|home town|time ?zone|zip code|"
    r"postcode|license plate|licence plate|number plate|wedding anniversary|blood type|star sign|nickname|"
    r"favou?rite\s+[\w -]{2,30}?"
)
_ITS = rf"{_MINE}|deadline|title|code ?name|password hint|size|colou?r|price"

_ENGLISH = (
    (rf"(?:my|our|the)\s+{_THING}{_BE}\s+(?:called|named)\s+(?!(?:off|on|for|by|to|out|in|after)\b)\S", "name"),
    (rf"i\s+(?:named|call|called|renamed)\s+(?:my|our|the)\s+{_THING}\s+(?-i:[A-Z\"'“])", "name"),
    (rf"(?:the\s+)?name\s+of\s+(?:my|our|the)\s+{_THING}{_BE}\s+\S", "name"),
    (rf"i(?:['’]m|\s+am){_NOW}\s+(?:called|named)\s+\S", "name"),
    (rf"i{_NOW}\s+live\s+(?:in|at|on|near)\s+\S", "home"),
    (rf"i(?:['’]ve|\s+have)?{_NOW}\s+(?:just\s+)?moved\s+to\s+\S", "home"),
    (r"i\s+was\s+born\s+on\s+\S", "birthday"),
    (rf"i(?:['’]m|\s+am){_NOW}\s+(?:\d+|\w+(?:-\w+)?)\s+years?\s+old", "age"),
    (rf"(?:my|our|the)\s+{_OF_THING}(?:new\s+|current\s+)?(?P<attribute>{_ITS}){_BE}\s+\S", ""),
    (rf"(?:my|our)\s+(?:new\s+|current\s+)?(?P<attribute>{_MINE}){_BE}\s+\S", ""),
)

# --- Chinese forms

_ZH_NOW = r"(?:现在|其实|已经|如今|目前)?"
_ZH_ME = r"(?:我们|咱们|我)(?:家里|家)?的?"
_ZH_THING = r"(?P<subject>(?!养|有|给|把|被|想|要|会|认识|今年)[^\s,，。的是叫打说让去来了过着起]{1,10}?)"
_ZH_MINE = (
    r"名字|姓名|生日|年龄|地址|电话号码|电话|手机号码|手机号|邮箱|职业|工作|国籍|母语|鞋码|身高|体重|老家|家乡|时区|邮编|车牌号|车牌|"
    r"结婚纪念日|血型|星座|昵称|微信号|外号|小名|最(?:喜欢|爱)(?:吃|喝|听|看|玩)?的[^\s,，。是]{1,8}?"
)
_ZH_ITS = rf"{_ZH_MINE}|截止日期|代号|标题|尺寸|颜色|价格"
_ZH_IS = rf"{_ZH_NOW}(?:是|改成|改为|换成|变成|为)\S"
_ZH_CALLED = r"(?:改名叫|改名为|改叫|名叫|叫做|叫作|取名叫|叫)(?!我|你|他|她|它|醒|人|车|了|外卖)(?!.*[来去吃写做帮])\S"

_CHINESE = (
    (rf"{_ZH_ME}{_ZH_THING}的(?P<attribute>{_ZH_ITS}){_ZH_IS}", ""),
    (rf"(?:我们|咱们|我)的?(?P<attribute>{_ZH_MINE}){_ZH_IS}", ""),
    (rf"{_ZH_ME}{_ZH_THING}{_ZH_NOW}{_ZH_CALLED}", "name"),
    (rf"我(?:给|把)(?:{_ZH_ME})?{_ZH_THING}(?:起名字|取名字|起名|取名|改名)(?:叫|为|成)?\S", "name"),
    (rf"我{_ZH_NOW}{_ZH_CALLED}", "name"),
    (rf"我(?:家)?{_ZH_NOW}(?:住在|住|搬到了|搬到|搬去了|搬去|定居在)\S", "home"),
    (rf"我家{_ZH_NOW}在\S", "home"),
    (rf"我(?:今年|{_ZH_NOW})[\d一二三四五六七八九十百零两]+岁", "age"),
)
_FORMS = tuple((re.compile(pattern, re.IGNORECASE), attribute) for pattern, attribute in _ENGLISH + _CHINESE)

# The same attribute in other words, so that a correction is seen across forms and, of the speaker, across languages.
_SAME = {
    other: attribute
    for attribute, others in {
        "name": "名字 姓名",
        "birthday": "生日",
        "age": "年龄",
        "address": "地址",
        "phone": "电话|电话号码|手机号|手机号码|phone number|telephone|telephone number",
        "email": "邮箱|email address|e-mail|e-mail address",
        "job": "职业|工作|profession",
        "nationality": "国籍",
        "mother tongue": "母语|native language",
        "shoe size": "鞋码",
        "height": "身高",
        "weight": "体重",
        "hometown": "老家|家乡|home town",
        "time zone": "时区|timezone",
        "zip code": "邮编|postcode",
        "licence plate": "车牌|车牌号|license plate|number plate",
        "wedding anniversary": "结婚纪念日",
        "blood type": "血型",
        "star sign": "星座",
        "nickname": "昵称|小名|外号",
        "deadline": "截止日期",
        "code name": "代号|codename",
        "title": "标题",
        "colour": "颜色|color",
        "price": "价格",
    }.items()
    for other in re.split(r"[ |](?=[\u3400-\u9fff])|\|", others)
}
_FURTHER_ANCHORS = {
    "name": ("call", "叫", "i am named", "i'm named"),
    "home": ("live", "moved", "住", "搬", "家", "定居"),
    "birthday": ("born",),
    "age": ("old", "岁"),
}


def about(sentence: str) -> About | None:
    """What a sentence gives the one value of, or None where it has no such form (most have none)."""
    words = _LEADING.sub("", sentence.strip())
    if words.endswith(("?", "？")):
        return None
    for pattern, attribute in _FORMS:
        if found := pattern.match(words):
            groups = found.groupdict()
            thing = _thing(groups.get("subject") or "")
            named = _attribute(groups.get("attribute") or attribute)
            return About(
                subject=thing,
                attribute=named,
                anchors=(thing.rsplit(" ", 1)[-1],) if thing else _anchors(named),
                whole=not _MORE.search(_NOT_OLD.sub("", words)),
                corrects=bool(_CORRECTS.search(sentence)),
            )
    return None


def _attribute(words: str) -> str:
    attribute = _normal(words).replace("favorite", "favourite").replace("最爱", "最喜欢")
    return _SAME.get(attribute, attribute)


def _anchors(attribute: str) -> tuple[str, ...]:
    """The words of which any sentence about the speaker's attribute has one, spelt as it may be spelt."""
    others = [other for other, same in _SAME.items() if same == attribute]
    anchors = [attribute, *others, *_FURTHER_ANCHORS.get(attribute, ())]
    if attribute.startswith("favourite"):
        anchors.append(attribute.replace("favourite", "favorite"))
    if attribute.startswith("最喜欢"):
        anchors.append(attribute.replace("最喜欢", "最爱"))
    return tuple(anchors)


def _thing(subject: str) -> str:
    words = re.sub(r"^(?:(?:my|our|the|new|current|little|big|old)\s+)+", "", _normal(subject))
    return re.sub(r"^(?:[那这一](?:只|条|个|匹|头|辆)?|养的)", "", words)


def _normal(words: str) -> str:
    return re.sub(r"\s+", " ", words.strip().lower().replace("’", "'"))
