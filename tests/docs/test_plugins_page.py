"""docs/plugins.md tells all that a tool can declare."""

import inspect
from pathlib import Path

from rhapsode import tool

PAGE = (Path(__file__).parents[2] / "docs" / "plugins.md").read_text("utf-8")


def test_the_page_explains_every_argument_of_the_declaration() -> None:
    optional = [name for name, one in inspect.signature(tool).parameters.items() if one.default is not one.empty]
    assert "verbatim" in optional
    assert [name for name in optional if f"**`{name}" not in PAGE] == []
