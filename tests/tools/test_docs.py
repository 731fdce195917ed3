"""What docs/plugins.md shows is run, and what it lists is all there is."""

import re
from pathlib import Path
from typing import Any

import pytest

from tools.context import ToolContext
from tools.testing import MemoryContext, conformance

PAGE = (Path(__file__).parents[2] / "docs" / "plugins.md").read_text("utf-8")


@pytest.fixture(scope="module")
def shown() -> dict[str, Any]:
    """The names that the page's snippets define, run one after another as a reader would."""
    names: dict[str, Any] = {"__name__": "docs"}
    for snippet in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(compile(snippet, "docs/plugins.md", "exec"), names)
    return names


def test_the_tests_that_the_page_shows_pass(shown: dict[str, Any], tmp_path: Path) -> None:
    tests = [value for name, value in shown.items() if name.startswith("test_")]
    assert len(tests) == 2
    for test in tests:
        test(tmp_path)


def test_the_page_names_every_check_of_the_suite(shown: dict[str, Any], tmp_path: Path) -> None:
    make = lambda cancel: MemoryContext(tmp_path, cancel_after=cancel)  # noqa: E731
    for check in conformance(shown["pixelate_picture"], make):
        assert f"*{check.name}*" in PAGE, check.name


def test_the_page_names_everything_that_a_context_offers() -> None:
    offered = [name for name in (*vars(ToolContext), *ToolContext.__annotations__) if not name.startswith("_")]
    assert "progress" in offered
    internal = {"session", "job"}
    assert [name for name in offered if name not in internal and f"ctx.{name}" not in PAGE] == []
