"""Prompts are data that cannot rot: each one loads, and renders with exactly what it declares."""

from pathlib import Path

import pytest

import prompts
from prompts import prompt

NAMES = sorted(
    str(path.relative_to(Path(prompts.__file__).parent).with_suffix("").as_posix())
    for path in Path(prompts.__file__).parent.rglob("*.md")
)


@pytest.mark.parametrize("name", NAMES)
def test_a_prompt_renders_with_the_variables_it_declares(name: str) -> None:
    loaded = prompt(name)
    values = {variable: [] for variable in loaded.variables}
    assert loaded.about
    assert isinstance(loaded.render(**values), str)


def test_a_missing_or_surplus_variable_is_an_error() -> None:
    with pytest.raises(TypeError, match="takes"):
        prompt("agent/close").render(language="en")
    with pytest.raises(TypeError, match="takes"):
        prompt("agent/reply").render(surplus=1)


def test_an_unknown_prompt_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        prompt("agent/nothing")
