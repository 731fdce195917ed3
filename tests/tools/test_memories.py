"""The tools of memory: on the context in memory, and on the real recall."""

from pathlib import Path

import numpy as np
import pytest

from tools.context import ToolContext
from tools.declare import Tool
from tools.errors import ToolError
from tools.memories import forget, recall, remember
from tools.testing import MemoryContext, conformance


def near_by_words(texts: list[str], role: str = "query") -> np.ndarray:
    """Vectors in which texts are near when they name the same thing, as the embedder's are; 0 for what is unrelated."""
    things = ("tortoise", "乌龟", "guitar", "colour", "颜色")
    rows = np.zeros((len(texts), 384), np.float32)
    for row, text in zip(rows, texts, strict=True):
        for place, thing in enumerate(things):
            row[place] = thing in text.lower()
        row /= max(float(np.linalg.norm(row)), 1e-9)
    return rows


@pytest.fixture
def ctx(tmp_path: Path) -> MemoryContext:
    return MemoryContext(tmp_path)


@pytest.mark.parametrize("tool", [remember, recall, forget], ids=lambda tool: tool.name)
def test_each_keeps_the_contract_of_a_tool(tool: Tool, tmp_path: Path) -> None:
    params = {"text": "My tortoise is called Balthazar."} if tool is remember else {"query": "tortoise"}
    checks = conformance(tool, lambda after: MemoryContext(tmp_path, cancel_after=after), params)
    assert [f"{check.name}: {check.detail}" for check in checks if check.ok is False] == []
    assert len(checks) > 5


@pytest.mark.parametrize("tool", [remember, recall, forget], ids=lambda tool: tool.name)
def test_each_is_instant_and_has_examples_and_a_title_in_both_languages(tool: Tool) -> None:
    assert tool.lane == "light"
    assert set(tool.title) == {"en", "zh"}
    chinese = [example for example in tool.examples if any("\u4e00" <= letter <= "\u9fff" for letter in example)]
    assert len(chinese) >= 4
    assert len(tool.examples) - len(chinese) >= 4


@pytest.mark.parametrize(
    ("language", "asked", "kept", "said"),
    [
        ("en", "please remember that my tortoise is called Balthazar", "My tortoise is called Balthazar.", "Kept: "),
        ("zh", "请记住我的乌龟叫老寿", "我的乌龟叫老寿。", "已记住："),
    ],
)
def test_a_request_is_kept_as_a_good_sentence(tmp_path: Path, language: str, asked: str, kept: str, said: str) -> None:
    ctx = MemoryContext(tmp_path, language=language)
    result = run(remember, ctx, text=asked)
    assert list(ctx.memories.values()) == [kept]
    assert result.text == said + kept
    assert result.data == {"memory": next(iter(ctx.memories)), "text": kept}


def test_a_request_without_a_fact_is_refused_in_words_that_help(ctx: MemoryContext) -> None:
    with pytest.raises(ToolError, match="Say the fact itself"):
        run(remember, ctx, text="remember that")
    assert ctx.memories == {}


def test_recall_says_what_it_found_and_names_it(tmp_path: Path) -> None:
    ctx = MemoryContext(tmp_path)
    kept = ctx.memory.keep("My tortoise is called Balthazar.")
    result = run(recall, ctx, query="my tortoise is called what?")
    assert result.text == "Remembered: My tortoise is called Balthazar."
    assert [one["memory"] for one in result.data["memories"]] == [kept.id]


@pytest.mark.parametrize(("language", "said"), [("en", "Nothing"), ("zh", "没有")])
def test_recall_says_plainly_when_there_is_nothing(tmp_path: Path, language: str, said: str) -> None:
    result = run(recall, MemoryContext(tmp_path, language=language), query="tortoise")
    assert said in result.text
    assert result.data == {"memories": [], "nothing": True}


def test_the_one_memory_that_is_meant_is_forgotten(tmp_path: Path) -> None:
    ctx = MemoryContext(tmp_path, embed=near_by_words)
    tortoise = ctx.memory.keep("My tortoise is called Balthazar.")
    ctx.memory.keep("My guitar is in the attic.")
    result = run(forget, ctx, query="the tortoise's name")
    assert result.text == "Forgotten: My tortoise is called Balthazar."
    assert result.data["forgotten"] == [tortoise.id]
    assert list(ctx.memories.values()) == ["My guitar is in the attic."]


def test_when_several_fit_none_is_forgotten_and_the_person_is_asked(tmp_path: Path) -> None:
    ctx = MemoryContext(tmp_path, embed=near_by_words)
    ctx.memory.keep("My tortoise is called Balthazar.")
    ctx.memory.keep("My tortoise likes clover.")
    result = run(forget, ctx, query="my tortoise")
    assert "which one" in result.text
    assert "clover" in result.text
    assert len(result.data["options"]) == 2
    assert len(ctx.memories) == 2


def test_a_memory_is_forgotten_by_its_id(ctx: MemoryContext) -> None:
    kept = ctx.memory.keep("My tortoise is called Balthazar.")
    assert run(forget, ctx, query=kept.id).data["forgotten"] == [kept.id]
    assert ctx.memories == {}
    with pytest.raises(ToolError):
        run(forget, ctx, query=kept.id)


@pytest.mark.parametrize("query", ["everything", "All memories!", "全部", "所有的记忆"])
def test_everything_at_once_is_not_forgotten(ctx: MemoryContext, query: str) -> None:
    ctx.memory.keep("My tortoise is called Balthazar.")
    with pytest.raises(ToolError, match="Say which"):
        run(forget, ctx, query=query)
    assert len(ctx.memories) == 1


def test_nothing_found_is_nothing_forgotten(tmp_path: Path) -> None:
    result = run(forget, MemoryContext(tmp_path, language="zh"), query="乌龟")
    assert "什么也没有忘记" in result.text
    assert result.data == {"forgotten": []}


def run(tool: Tool, ctx: ToolContext, **params: object) -> object:
    return tool.run(tool.params(**params), ctx)
