from pathlib import Path

import pytest

from tests.tools.models.test_gguf import SHAPE, gguf
from tools.errors import ModelMissing
from tools.loaders import Chosen
from tools.models.fit import fit, slots_in, threads_here
from tools.models.gguf import BadGguf, Gguf
from tools.models.resolve import Choice, ModelSettings

TOY = Gguf("Toy", "mit", 32768, 28_672)


def chosen(path: Path) -> Chosen:
    return Chosen("llm", "toy", path=path)


@pytest.mark.parametrize(("room", "slots"), [(10e9, 4), (0.8e9, 3), (0.5e9, 2), (0.1e9, 1), (-1e9, 1)])
def test_little_room_means_fewer_slots_and_never_shorter_ones(room: float, slots: int) -> None:
    assert slots_in(room, TOY, 8192, 4) == slots


def test_a_file_of_the_users_own_is_served_by_what_it_says_of_itself(tmp_path: Path) -> None:
    (tmp_path / "toy.gguf").write_bytes(gguf(SHAPE))
    for given in (tmp_path / "toy.gguf", tmp_path):
        config = fit(chosen(given), None, ModelSettings(threads=3), 8_000_000_000, tmp_path / "slots")
        assert (config.model, config.licence, config.threads) == ("Toy", "mit", 3)
        assert config.context == 4096, "no more than the model was trained for"
        assert config.profile == "constrained"


def test_what_the_user_says_of_it_comes_first(tmp_path: Path) -> None:
    path = tmp_path / "toy.gguf"
    path.write_bytes(gguf({**SHAPE, "toy.context_length": 131072}))
    settings = ModelSettings(tasks={"llm": Choice(use=str(path), profile="native", context=16384)}, slots=2)
    config = fit(chosen(path), None, settings, 8_000_000_000, tmp_path / "slots")
    assert (config.profile, config.context, config.slots) == ("native", 16384, 2)


def test_a_folder_without_a_model_and_a_file_that_is_none_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="holds no GGUF file"):
        fit(chosen(tmp_path), None, ModelSettings(), 8_000_000_000, tmp_path)
    (tmp_path / "x.gguf").write_bytes(b"hello")
    with pytest.raises(BadGguf):
        fit(chosen(tmp_path), None, ModelSettings(), 8_000_000_000, tmp_path)


def test_threads_are_never_more_than_the_cores_one_may_use() -> None:
    assert 1 <= threads_here() <= 8
