"""The three tools of memory: keep a sentence, find what fits, stop using one.

They go through the context like any tool. When to remember is the asker's choice; these only do it well: the sentence
without the request around it, an honest "nothing fits", and no forgetting on a guess. Erasing for good is not a tool: a
model must not be able to do what cannot be undone.
"""

import re

from pydantic import BaseModel, Field

from memory.sentences import tidy
from tools.context import Remembered, ToolContext
from tools.declare import Result, tool
from tools.errors import ToolError

CLEARLY = 0.1
"""By how much a memory must be nearer than the next to be forgotten without asking which."""

_ID = re.compile(r"memory_[0-9a-z]{26}")
_EVERYTHING = re.compile(
    r"(?:everything|all(?: of it| that| memories)?|一切|全部|所有(?:的?记忆|的)?|所有的?事情?)[.!。！]*", re.IGNORECASE
)

_WORDS = {
    "en": {
        "kept": "Kept: {text}",
        "found": "Remembered: {texts}",
        "none": "Nothing that is remembered fits this.",
        "forgotten": "Forgotten: {text}",
        "unknown": "Nothing that is remembered fits this, so nothing was forgotten.",
        "which": "Several memories fit, and none was forgotten; which one is meant: {texts}",
        "between": " | ",
    },
    "zh": {
        "kept": "已记住：{text}",
        "found": "记得：{texts}",
        "none": "记忆里没有与此相符的内容。",
        "forgotten": "已忘记：{text}",
        "unknown": "记忆里没有与此相符的内容，所以什么也没有忘记。",
        "which": "有几条记忆都符合，还没有忘记任何一条；指的是哪一条：{texts}",
        "between": "｜",
    },
}


class Remember(BaseModel):
    """Parameters of ``remember``."""

    text: str = Field(
        description="The fact to keep, as one sentence in the person's own words", min_length=1, max_length=4000
    )


class Search(BaseModel):
    """Parameters of ``recall``."""

    query: str = Field(description="What to look for, in the person's words", min_length=1, max_length=2000)


class Forget(BaseModel):
    """Parameters of ``forget``."""

    query: str = Field(
        description="What to forget, in the person's words, or the id of a memory", min_length=1, max_length=2000
    )


@tool(
    "remember",
    Remember,
    cost="instant",
    verbatim="text",
    title={"en": "Remember", "zh": "记住"},
    examples=(
        "Remember that my aunt is called Philippa.",
        "Please keep in mind that I cannot eat gluten.",
        "Note for later: the parcel goes to the back door.",
        "Don't forget that I play tennis on Mondays.",
        "From now on remember that I like short answers.",
        "记住我姑姑叫佩兰。",
        "请帮我记一下，我不能吃麸质。",
        "记得我星期一要打网球。",
        "以后别忘了我喜欢简短的回答。",
        "帮我记下来：包裹要送到后门。",
    ),
)
def remember(params: Remember, ctx: ToolContext) -> Result:
    """Keep a fact that the person asks to remember, for this and all later conversations."""
    try:
        sentence = tidy(params.text)
    except ValueError as error:
        raise ToolError(str(error)) from None
    ctx.progress(0.1)
    kept = ctx.memory.keep(sentence)
    return Result(_say(ctx, "kept", text=kept.text), data={"memory": kept.id, "text": kept.text})


@tool(
    "recall",
    Search,
    cost="instant",
    verbatim="query",
    informs=True,
    title={"en": "Look in memory", "zh": "查找记忆"},
    examples=(
        "What do you remember about my aunt?",
        "What have I told you about my diet?",
        "Do you still know where the parcel goes?",
        "Look in your memory for my tennis days.",
        "你还记得我姑姑叫什么吗？",
        "我跟你说过我不能吃什么吗？",
        "查一下你记得的关于包裹的事。",
        "关于我的爱好你都记得什么？",
    ),
)
def recall(params: Search, ctx: ToolContext) -> Result:
    """Look up what the person told earlier and asked to be remembered."""
    ctx.progress(0.1)
    found = ctx.memory.search(params.query, 5)
    data = {"memories": [{"memory": one.id, "text": one.text, "score": round(one.score, 3)} for one in found]}
    if not found:
        return Result(_say(ctx, "none"), data={**data, "nothing": True})
    return Result(_say(ctx, "found", texts=_list(ctx, found)), data=data)


@tool(
    "forget",
    Forget,
    cost="instant",
    verbatim="query",
    title={"en": "Forget", "zh": "忘记"},
    examples=(
        "Forget my aunt's name.",
        "Please forget what I said about gluten.",
        "You can forget about the parcel.",
        "Don't remember my tennis days any more.",
        "忘掉我姑姑的名字。",
        "请忘记我说的关于麸质的事。",
        "包裹的事你可以忘了。",
        "不要再记得我打网球的日子。",
    ),
)
def forget(params: Forget, ctx: ToolContext) -> Result:
    """Stop using something that was remembered, when the person asks for it."""
    query = params.query.strip()
    if _EVERYTHING.fullmatch(query):
        raise ToolError(
            "One memory is forgotten at a time. Say which; everything at once is erased on the page of memories."
        )
    ctx.progress(0.1)
    if _ID.fullmatch(query):
        ctx.memory.forget(query)
        return Result(_say(ctx, "forgotten", text=query), data={"forgotten": [query]})
    found = ctx.memory.search(query, 5)
    if not found:
        return Result(_say(ctx, "unknown"), data={"forgotten": []})
    near = [one for one in found if one.score > found[0].score - CLEARLY]
    if len(near) > 1:
        options = [{"memory": one.id, "text": one.text} for one in near]
        return Result(_say(ctx, "which", texts=_list(ctx, near)), data={"forgotten": [], "options": options})
    ctx.memory.forget(near[0].id)
    return Result(_say(ctx, "forgotten", text=near[0].text), data={"forgotten": [near[0].id], "text": near[0].text})


def _words(ctx: ToolContext) -> dict[str, str]:
    return _WORDS["zh" if ctx.language.startswith("zh") else "en"]


def _say(ctx: ToolContext, words: str, **values: str) -> str:
    return _words(ctx)[words].format(**values)


def _list(ctx: ToolContext, found: list[Remembered]) -> str:
    return _words(ctx)["between"].join(one.text for one in found)
