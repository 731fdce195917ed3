"""What can be done here: tools found through entry points and in the plugins folder.

Built-in tools come through the same door as anyone's. A plug-in that does not load never stops the program: it is listed with
its reason. Two tools of one name are not guessed between; the first stays, the second is refused, both origins are named.
"""

import difflib
import importlib.util
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

from pydantic import ValidationError

from tools.declare import Tool
from tools.errors import ModelMissing, ToolError

GROUP = "rhapsode.tools"
_MODULE = "rhapsode_plugins_"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Broken:
    """A plug-in, or one tool of it, that could not be taken in, and why. For developers and `rhapsode doctor`."""

    origin: str
    reason: str


@dataclass(frozen=True, slots=True)
class Missing:
    """A task that a tool needs and nothing here can do; ``fix`` is the command or setting that mends it."""

    task: str
    reason: str
    fix: str


class Tasks(Protocol):
    """Who knows what serves a task: ``tools.models.resolve.Models``."""

    def for_task(self, task: str) -> Any:
        """Return the choice for a task; raise ModelMissing when there is none."""


class Registry:
    """The tools of this process by name. ``generation`` rises with every reload, so that workers know they are stale."""

    def __init__(
        self,
        plugins: Path | None = None,
        *,
        models: Tasks | None = None,
        extra: Sequence[Tool] = (),
        group: str = GROUP,
    ) -> None:
        """Load all tools.

        Args:
            plugins: folder of single-file plug-ins, such as ``DATA/plugins``.
            models: asked by :meth:`missing`; without it nothing is missing.
            extra: tools given by the program itself, for tests and embedding.
            group: entry-point group; empty for none.
        """
        self.tools: dict[str, Tool] = {}
        self.origins: dict[str, str] = {}
        self.broken: list[Broken] = []
        self.generation = 0
        self._plugins, self._models, self._extra, self._group = plugins, models, tuple(extra), group
        self._load()

    def reload(self) -> None:
        """Look again: new and changed files of the plugins folder, newly installed packages. Never raises for a plug-in."""
        self.generation += 1
        for name in [name for name in sys.modules if name.startswith(_MODULE)]:
            del sys.modules[name]
        importlib.invalidate_caches()
        self._load()

    def _load(self) -> None:
        self.tools, self.origins, self.broken = {}, {}, []
        for tool in self._extra:
            self._add(tool, "given by the program")
        for origin, load in self._sources():
            try:
                found = load()
            except (Exception, SystemExit) as error:
                self._refuse(origin, f"It failed to load: {type(error).__name__}: {error}")
                continue
            if not found:
                self._refuse(origin, "It holds no tool. Declare one with @tool, from rhapsode import tool.")
            for value in found:
                self._add(value, origin)

    def _sources(self) -> Iterator[tuple[str, Any]]:
        """Every place that tools come from, with the call that loads it: our own first, then others by name, then files."""
        points = metadata.entry_points(group=self._group) if self._group else ()
        own = sorted(points, key=lambda point: (_package(point) != "rhapsode", _package(point), point.name))
        for point in own:
            yield f"{_package(point)} ({point.value})", lambda point=point: [point.load()]
        if self._plugins and self._plugins.is_dir():
            for file in sorted(self._plugins.glob("*.py")):
                yield str(file), lambda file=file: tools_of_file(file)

    def _add(self, value: object, origin: str) -> None:
        if not isinstance(value, Tool):
            self._refuse(origin, f"It names a {type(value).__name__}, not a tool. Decorate the function with @tool(…).")
        elif value.name in self.tools:
            first = self.origins[value.name]
            self._refuse(
                origin, f"The name {value.name!r} is taken by {first}. Rename the tool here, or remove one of them."
            )
        else:
            self.tools[value.name], self.origins[value.name] = value, origin

    def _refuse(self, origin: str, reason: str) -> None:
        _log.warning("Tool refused: %s: %s", origin, reason)
        self.broken.append(Broken(origin, reason))

    def get(self, name: str) -> Tool:
        """Return the tool called ``name``.

        Raises:
            ToolError: there is none; names the nearest ones.
        """
        if name not in self.tools:
            near = difflib.get_close_matches(name, self.tools, n=3)
            hint = (
                f"Did you mean {', '.join(near)}?" if near else f"There are: {', '.join(sorted(self.tools)) or 'none'}."
            )
            raise ToolError(f"There is no tool called {name!r}. {hint}")
        return self.tools[name]

    def check(self, name: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """Validate ``args`` and return all parameters as JSON values, defaults filled in.

        Raises:
            ToolError: what is wrong and what would be right, in words that a model can repair.
        """
        params = self.get(name).params
        try:
            checked: dict[str, Any] = params.model_validate(dict(args), extra="forbid").model_dump(mode="json")
        except ValidationError as error:
            known = list(params.model_fields)
            raise ToolError(f"{name}: " + " ".join(_in_words(detail, known) for detail in error.errors()[:6])) from None
        return checked

    def missing(self, tool: Tool) -> list[Missing]:
        """Tasks of ``tool`` that nothing here can do. A model that is only not fetched yet is not missing."""
        lacking = []
        for task in tool.needs if self._models else ():
            try:
                self._models.for_task(task)  # type: ignore[union-attr]
            except ModelMissing as error:
                lacking.append(Missing(task, str(error), error.fix))
        return lacking


def _package(point: metadata.EntryPoint) -> str:
    return point.dist.name if point.dist else "an unnamed package"


def tools_of_file(file: Path) -> list[Tool]:
    """Run a single-file plug-in and return the tools that it declares, in order."""
    spec = importlib.util.spec_from_file_location(_MODULE + file.stem, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file.name} is not a Python file that can be loaded.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return [value for value in vars(module).values() if isinstance(value, Tool)]


def _in_words(detail: Any, known: Sequence[str]) -> str:
    """One validation error as a sentence."""
    field = ".".join(str(part) for part in detail["loc"]) or "the arguments"
    if detail["type"] == "extra_forbidden":
        near = difflib.get_close_matches(field, known, n=1)
        return f"Unknown parameter {field!r}; " + (
            f"did you mean {near[0]!r}?" if near else f"it takes {', '.join(known)}."
        )
    if detail["type"] == "missing":
        return f"{field!r} is missing; give it."
    given = repr(detail.get("input"))
    return f"{field!r}: {detail['msg']}, not {given if len(given) <= 80 else given[:77] + '…'}."
