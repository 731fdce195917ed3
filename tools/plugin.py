"""For authors of tools: ``rhapsode tool new NAME`` and ``rhapsode tool check NAME``.

A new tool is a working one, with its test, so that the first thing an author sees is something that runs. Checking runs the
conformance suite of ``tools.conformance`` with this installation's real models where a tool needs them.
"""

import asyncio
import keyword
import re
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from tools.answers import Chat, Embedder, Models
from tools.conformance import Check, conformance
from tools.declare import Tool
from tools.errors import ModelMissing, ToolError
from tools.loaders import loader_for
from tools.registry import Registry, tools_of_file
from tools.testing import MemoryContext

_NAME = re.compile(r"[a-z][a-z0-9_]{1,47}")
_PACKAGE = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "tool.py": "{module}.py",
    "test_tool.py": "tests/test_{name}.py",
}


def new(name: str, folder: Path, *, single: bool = False) -> list[Path]:
    """Write a working plug-in and return its files.

    Args:
        name: the tool's name.
        folder: where to: the package's own folder, new or empty; for a single file the folder of such (``DATA/plugins``).
        single: one .py file instead of a package with test and README.

    Raises:
        ToolError: the name is malformed, or something of that name is there already.
    """
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise ToolError(f"{name!r} cannot be a tool's name: use lower-case letters, digits and underscores, 2 to 48.")
    module = f"rhapsode_{name}"
    words = {
        "name": name,
        "module": module,
        "package": module.replace("_", "-"),
        "params": "".join(part.capitalize() for part in name.split("_")),
        "title": name.replace("_", " ").capitalize(),
    }
    if not single and folder.exists() and any(folder.iterdir()):
        raise ToolError(f"{folder} is there already and not empty. Name another folder.")
    files = {"tool.py": f"{name}.py"} if single else _PACKAGE
    paths = {source: folder / file.format(**words) for source, file in files.items()}
    if single and paths["tool.py"].exists():
        raise ToolError(f"{paths['tool.py']} is there already. Choose another name, or edit it.")
    for source, path in paths.items():
        template = resources.files("tools").joinpath("new_tool", source + ".tmpl").read_text("utf-8")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(Template(template).safe_substitute(words), "utf-8")
    return list(paths.values())


def find(registry: Registry, name: str) -> Tool:
    """A registered tool by name, or the tool of a single file by its path.

    Raises:
        ToolError: there is none.
    """
    path = Path(name)
    if path.suffix != ".py":
        return registry.get(name)
    if not path.is_file():
        raise ToolError(f"There is no file {name}.")
    found = tools_of_file(path.resolve())
    if not found:
        raise ToolError(f"{name} declares no tool. Decorate a function with @tool, from rhapsode import tool.")
    return found[0]


async def check(
    tool: Tool,
    *,
    models: Models | None = None,
    chat: Chat | None = None,
    embedder: Embedder | None = None,
    tools: Mapping[str, Tool] | None = None,
    params: Mapping[str, Any] | None = None,
    attach: Sequence[Path] = (),
) -> list[Check]:
    """Run the conformance suite on a tool, off the loop, with real models where they are given.

    Args:
        tool: what to check.
        models: makes models ready that it needs; fetches what is absent.
        chat: asks the served LLM.
        embedder: vectors of texts.
        tools: those that it may call.
        params: what to run it with; ``attached``, ``attached 2`` name attached files. Made up when None.
        attach: files that it may work on.
    """
    loop = asyncio.get_running_loop()
    try:
        chosen = [await models.ready(task) for task in tool.needs] if models else []
        loaded = {one.task: await asyncio.to_thread(loader_for(one).load, one) for one in chosen}
    except ModelMissing as missing:
        return [Check("models", None, str(missing), missing.fix)]

    def ask(messages: Sequence[dict[str, str]], schema: dict[str, Any] | None) -> str:
        if chat is None:
            raise ModelMissing("chat", "Set up a language model: rhapsode models recommend.")
        asked = chat.chat(messages, schema=schema, seed=7, purpose="job", max_tokens=512, temperature=0.7)
        return str(asyncio.run_coroutine_threadsafe(asked, loop).result().text)

    def embed(texts: Sequence[str], role: str) -> np.ndarray:
        if embedder is None:
            raise ModelMissing("embed", "This program was started without an embedder.")
        return asyncio.run_coroutine_threadsafe(embedder.embed(texts, role), loop).result()

    with TemporaryDirectory(prefix="rhapsode-check-") as folder:

        def make(cancel_after: int | None) -> MemoryContext:
            ctx = MemoryContext(
                Path(folder), chat=ask, embed=embed, models=loaded, tools=tools, cancel_after=cancel_after
            )
            for file in attach:
                ctx.add(file, name=file.name)
            return ctx

        return await asyncio.to_thread(conformance, tool, make, params)


def report(checks: Sequence[Check]) -> str:
    """The findings as lines for a terminal: ok, FAIL with what to do, or ? where it could not be checked."""
    lines = []
    for found in checks:
        mark = {True: "ok  ", False: "FAIL", None: "?   "}[found.ok]
        lines.append(f"{mark} {found.name}" + (f": {found.detail}" if found.detail and found.ok is not True else ""))
        if found.ok is not True and found.advice:
            lines.append(f"       {found.advice}")
    return "\n".join(lines)


def passed(checks: Sequence[Check]) -> bool:
    """Whether nothing failed and the tool was run."""
    return all(found.ok is not False for found in checks) and any(found.name == "runs" and found.ok for found in checks)
