"""A chosen model finds the loader of its engine, crosses the pipe whole, and says who made things."""

from pathlib import Path
from typing import Any

import pytest

from rhapsode import Chosen, ModelMissing, loader
from tools import loaders


@pytest.fixture(autouse=True)
def own_loaders() -> Any:
    known = dict(loaders._LOADERS)
    yield
    loaders._LOADERS.clear()
    loaders._LOADERS.update(known)


def test_the_loader_of_the_engine_goes_before_the_one_for_all() -> None:
    @loader("test.sing", "tenor", memory=77)
    def tenor(chosen: Chosen) -> str:
        return "tenor"

    @loader("test.sing")
    def anyone(chosen: Chosen) -> str:
        return "anyone"

    exact = loaders.loader_for(Chosen("test.sing", "a", "tenor", size=5))
    assert exact.load(Chosen("test.sing", "a", "tenor")) == "tenor"
    assert exact.bytes_for(Chosen("test.sing", "a", "tenor", size=5)) == 77
    other = loaders.loader_for(Chosen("test.sing", "b", "bass", size=5))
    assert other.load(Chosen("test.sing", "b")) == "anyone"
    assert other.bytes_for(Chosen("test.sing", "b", size=5)) == 5


def test_an_engine_that_nothing_can_load_is_a_missing_model_that_names_it() -> None:
    with pytest.raises(
        ModelMissing, match="'marble' is chosen for it, but nothing installed can load its engine 'chisel'"
    ):
        loaders.loader_for(Chosen("test.sculpt", "marble", "chisel"))


def test_a_choice_survives_the_pipe_and_keeps_its_key_out_of_sight() -> None:
    chosen = Chosen(
        "image.generate",
        "mine",
        "openai",
        "remote",
        Path("/models/x"),
        "http://x/v1",
        "sk-secret",
        "big",
        9,
        "ab",
        "MIT",
        {"a": 1},
    )
    assert Chosen.from_json(chosen.to_json()) == chosen
    assert Chosen.from_json(Chosen("a", "b").to_json()) == Chosen("a", "b")
    assert "sk-secret" not in repr(chosen)
    made = chosen.made_by()
    assert (made.task, made.model, made.sha256, made.licence) == ("image.generate", "big", "ab", "MIT")


def test_threads_are_those_that_the_lane_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert loaders.threads() == 3
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert loaders.threads() >= 1
