"""How a tool is declared. A tool is a plain function of its parameters and its context.

    class Upscale(BaseModel):
        image: AssetRef = Field(description="The picture to enlarge")

    @tool("upscale_image", Upscale, needs=("image.upscale",), makes="image/png")
    def upscale(params: Upscale, ctx: ToolContext) -> Result:
        '''Make a picture larger and sharper.'''

The docstring is what the model reads. The name is a contract. Requests that should lead to the tool are given as examples
in English and Chinese; the router learns from them.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel

from tools.context import Saved, ToolContext

Cost = Literal["instant", "quick", "slow"]
"""``instant``: under a second, no large model. ``quick``: the reply waits for it. ``slow``: a job card, the chat goes on."""

Effect = Literal["none", "external"]
"""``external``: seen outside this program (a mail, a payment), so never repeated after it started without approval."""

_NAME = re.compile(r"[a-z][a-z0-9_]{1,47}")
P = TypeVar("P", bound=BaseModel)


class _AssetRefMark:
    """Marks a ``str`` field as a reference to an asset; see :data:`AssetRef`."""

    def __repr__(self) -> str:
        return "AssetRef"

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> dict[str, Any]:
        schema: dict[str, Any] = handler(core)
        return {**schema, "format": "asset"}


AssetRef = Annotated[str, _AssetRefMark()]
"""An asset's id, or words that point at one ("the second picture", "that song"), resolved before the tool runs."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool returns: one sentence for the model, what it made, and optional data for programs (JSON)."""

    text: str
    assets: Sequence[Saved] = ()
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tool:
    """A declared tool. Made by :func:`tool`, registered by an entry point of group ``rhapsode.tools``."""

    name: str
    params: type[BaseModel]
    run: Callable[[Any, ToolContext], Result]
    doc: str
    needs: tuple[str, ...] = ()
    makes: str | None = None
    cost: Cost = "slow"
    effect: Effect = "none"
    title: dict[str, str] = field(default_factory=dict)
    examples: tuple[str, ...] = ()
    verbatim: str | None = None
    writes: str | None = None
    informs: bool = False

    @property
    def lane(self) -> str:
        """The worker lane its jobs run in: ``light`` for instant tools, else ``heavy``."""
        return "light" if self.cost == "instant" else "heavy"

    def asset_fields(self) -> tuple[str, ...]:
        """Names of the parameters that refer to assets, one or a list of them."""
        return tuple(
            name
            for name, info in self.params.model_fields.items()
            if any(isinstance(mark, _AssetRefMark) for mark in _marks(info))
        )


def _marks(info: Any) -> list[Any]:
    """Metadata of a field, looking into ``X | None`` and ``list[X]``."""
    marks = [*getattr(info, "metadata", ()), *getattr(info, "__metadata__", ())]
    for argument in getattr(getattr(info, "annotation", info), "__args__", ()):
        marks += _marks(argument)
    return marks


def tool(
    name: str,
    params: type[P],
    *,
    needs: Sequence[str] = (),
    makes: str | None = None,
    cost: Cost = "slow",
    effect: Effect = "none",
    title: dict[str, str] | None = None,
    examples: Sequence[str] = (),
    verbatim: str | None = None,
    writes: str | None = None,
    informs: bool = False,
) -> Callable[[Callable[[P, ToolContext], Result]], Tool]:
    """Declare a tool.

    Args:
        name: lower case with underscores; what models, clients and programs call it.
        params: its parameters, each with a ``description``; every field that chance touches is called ``seed``.
        needs: tasks of the catalogue that it asks its context for.
        makes: media type of what it makes.
        cost: how long it takes, see :data:`Cost`.
        effect: whether the outside world sees it, see :data:`Effect`.
        title: what people read on its card, by language (``en``, ``zh``).
        examples: requests that should lead to it, in both languages.
        verbatim: the text parameter that takes the person's request as it stands, so that no small model rewrites it.
        writes: the text parameter for which words are written first, unless the request brings them.
        informs: whether its result is material for an answer rather than the answer; words are then put around it.

    Raises:
        TypeError: the name is malformed, or the function has no docstring.
    """

    def declare(run: Callable[[P, ToolContext], Result]) -> Tool:
        if not _NAME.fullmatch(name):
            raise TypeError(f"Tool name {name!r}: use lower-case letters, digits and underscores, 2 to 48 characters.")
        if not run.__doc__:
            raise TypeError(f"Tool {name}: write a docstring; it is what the model reads.")
        return Tool(
            name=name,
            params=params,
            run=run,
            doc=run.__doc__.strip(),
            needs=tuple(needs),
            makes=makes,
            cost=cost,
            effect=effect,
            title=title or {"en": name.replace("_", " ").capitalize()},
            examples=tuple(examples),
            verbatim=verbatim,
            writes=writes,
            informs=informs,
        )

    return declare
