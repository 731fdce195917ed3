"""`rhapsode tool new`: a plug-in that works as it is written, with a test that runs it for real.

Two shapes: a project that can be built as a wheel and installed anywhere, or one file for the plug-ins folder.
"""

from pathlib import Path
from string import Template

_TOOL = Template('''"""$title: a tool for Rhapsode."""

from typing import Literal

from pydantic import BaseModel, Field

from rhapsode import Result, ToolContext, ToolError, tool


class $params(BaseModel):
    text: str = Field(description="The words to work on", examples=["Once upon a time"])
    style: Literal["upper", "spaced"] = Field(default="upper", description="How they should look")


@tool(
    "$name",
    $params,
    cost="instant",
    makes="text/plain",
    title={"en": "$title", "zh": "$title"},
    examples=("Write this in capitals: once upon a time", "把这句话写成大写:once upon a time"),
)
def $name(params: $params, ctx: ToolContext) -> Result:
    """Write words in another style and give them as a text file."""
    if not params.text.strip():
        raise ToolError("There are no words in `text`. Give at least one.")
    ctx.progress(0.1, "writing")
    words = params.text.upper()
    if params.style == "spaced":
        words = " ".join(words)
    return Result(f"Wrote {len(words)} characters.", [ctx.save(words.encode(), media="text/plain", name="words.txt", method="python")])
''')

_TEST = Template('''"""The tool is run for real, in memory; then the conformance suite looks at the rest."""

from pathlib import Path

import pytest
$load
from rhapsode import ToolError
from tools.conformance import conformance
from tools.testing import MemoryContext


def test_it_writes_capitals(tmp_path: Path) -> None:
    ctx = MemoryContext(tmp_path)
    result = $name.run($name.params(text="once upon"), ctx)
    assert ctx.open(result.assets[0].id).path.read_text() == "ONCE UPON"


def test_no_words_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="at least one"):
        $name.run($name.params(text=" "), MemoryContext(tmp_path))


def test_it_keeps_the_contract_of_tools(tmp_path: Path) -> None:
    checks = conformance($name, lambda cancel_after: MemoryContext(tmp_path, cancel_after=cancel_after))
    assert [check for check in checks if check.ok is False] == []
''')

_PROJECT = Template("""[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "rhapsode-$dashed"
version = "0.1.0"
description = "$title: a tool for Rhapsode"
requires-python = ">=3.11"
dependencies = ["pydantic>=2"]

[project.entry-points."rhapsode.tools"]
$name = "$module:$name"

[tool.hatch.build.targets.wheel]
include = ["$module.py"]
""")

_README = Template("""# $title

A tool for Rhapsode. Install it beside Rhapsode (`pip install .` in the same environment), then `rhapsode tool list` names it.

- Test it: `python -m pytest`
- Run it: `rhapsode tool run $name --params '{"text": "once upon a time"}'`
- Check it: `rhapsode tool check $name`
""")

_FROM_FILE = Template("""
from tools.registry import Registry

$name = Registry(Path(__file__).parent, group="").get("$name")
""")


class Exists(Exception):
    """Something is there already and is not overwritten. The message names it."""


def write_project(name: str, folder: Path) -> list[Path]:
    """Write a plug-in that can be installed, in a new folder.

    Raises:
        Exists: the folder is not empty.
    """
    if folder.exists() and any(folder.iterdir()):
        raise Exists(f"{folder} is there already and is not empty. Name another place with --folder.")
    words = _words(name)
    words["load"] = f"from {words['module']} import {name}\n"
    files = {
        f"{words['module']}.py": _TOOL,
        f"tests/test_{name}.py": _TEST,
        "pyproject.toml": _PROJECT,
        "README.md": _README,
    }
    return [_write(folder / path, template, words) for path, template in files.items()]


def write_plugin(name: str, plugins: Path) -> list[Path]:
    """Write a plug-in of one file into the plug-ins folder, with its test in a folder beside, which is not loaded.

    Raises:
        Exists: the file is there.
    """
    if (plugins / f"{name}.py").exists():
        raise Exists(f"{plugins / name}.py is there already. Choose another name, or edit it.")
    words = _words(name)
    words["load"] = _FROM_FILE.substitute(words).replace("__file__).parent", "__file__).parent.parent")
    return [
        _write(plugins / f"{name}.py", _TOOL, words),
        _write(plugins / "tests" / f"test_{name}.py", _TEST, words),
    ]


def _words(name: str) -> dict[str, str]:
    title = name.replace("_", " ").capitalize()
    params = "".join(part.capitalize() for part in name.split("_"))
    return {
        "name": name,
        "title": title,
        "params": params,
        "module": f"rhapsode_{name}",
        "dashed": name.replace("_", "-"),
    }


def _write(path: Path, template: Template, words: dict[str, str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(template.substitute(words), "utf-8")
    return path
