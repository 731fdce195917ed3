from pathlib import Path

from tools.models.catalogue import Catalogue
from tools.models.fake_llm import FakeLlm
from tools.models.fetch import Fetcher
from tools.models.probe import Preset
from tools.models.recommend import Machine, look, recommend

GB = 1_000_000_000


def titles(machine: Machine, tmp_path: Path) -> list[str]:
    return [way.title for way in recommend(machine, Catalogue.load(), Fetcher(tmp_path))]


def test_a_bare_machine_is_given_the_default_first(tmp_path: Path) -> None:
    found = titles(Machine(16 * GB, 2), tmp_path)
    assert found[0].startswith("Qwen2.5-Coder 1.5B")
    assert found[-1] == "A remote service"


def test_a_small_machine_is_not_given_what_does_not_fit(tmp_path: Path) -> None:
    assert titles(Machine(3 * GB, 2), tmp_path)[0].startswith("Qwen2.5-Coder 0.5B")


def test_what_runs_already_comes_first_and_a_gpu_before_the_default(tmp_path: Path) -> None:
    ways = recommend(Machine(64 * GB, 16, "H100", 80 * GB, ("ollama",), hub=False), Catalogue.load(), Fetcher(tmp_path))
    assert ways[0].command == "rhapsode models use ollama"
    assert "vLLM" in ways[1].title
    assert "cannot be reached" in ways[1].reason
    assert not ways[1].works_now
    assert ways[2].title.startswith("Qwen2.5-Coder 1.5B")


async def test_looking_finds_a_server_that_answers_and_none_that_does_not() -> None:
    async with FakeLlm() as fake:
        gone = "http://127.0.0.1:1/v1"
        presets = {"here": Preset("here", "Here", fake.where.url), "gone": Preset("gone", "Gone", gone)}
        machine = await look(presets, hub=gone)
    assert machine.running == ("here",)
    assert not machine.hub
    assert machine.memory > GB / 2
    assert machine.cores >= 1
