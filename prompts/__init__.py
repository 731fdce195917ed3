"""Every prompt as data: markdown with front matter, rendered by jinja2 with StrictUndefined.

A prompt lives at ``prompts/<folder>/<name>.md``; its front matter names its variables and says who reads it. A missing or
surplus variable is an error, so that a prompt and its caller cannot drift apart.
"""

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml
from jinja2 import Environment, StrictUndefined, Template

_ENVIRONMENT = Environment(undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True)  # noqa: S701 -- plain text for a model


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt: ``about`` for people, ``variables`` that it takes, ``extra`` front matter such as examples."""

    name: str
    about: str
    variables: frozenset[str]
    extra: dict[str, Any]
    template: Template

    def render(self, **values: Any) -> str:
        """Fill the prompt in.

        Raises:
            TypeError: the values are not exactly the declared variables.
        """
        if values.keys() != self.variables:
            raise TypeError(f"Prompt {self.name} takes {sorted(self.variables)}, not {sorted(values)}.")
        return self.template.render(**values).strip()


@cache
def prompt(name: str) -> Prompt:
    """Load a prompt by its path without ending, such as ``agent/reply``.

    Raises:
        FileNotFoundError: there is no such prompt.
        ValueError: it has no front matter.
    """
    text = resources.files(__name__).joinpath(*f"{name}.md".split("/")).read_text("utf-8")
    _, mark, rest = text.partition("---\n")
    front, closing, body = rest.partition("\n---\n")
    if not (mark and closing):
        raise ValueError(f"Prompt {name} needs front matter between two lines of ---.")
    fields = yaml.safe_load(front) or {}
    about, variables = fields.pop("about"), frozenset(fields.pop("variables", ()))
    return Prompt(name, about, variables, fields, _ENVIRONMENT.from_string(body))
