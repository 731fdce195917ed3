"""What README.md tells people to type is typed here, against a real server whose language model is scripted."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.main import get_command

from tools.models.fake_llm import Rule

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
LONG_S = 60.0
PROGRAM_S = 100.0

RULES = [
    Rule(with_schema=True, match="Fill in the arguments of toss_coin", json={"times": 3}),
    Rule(with_schema=True, match="Request: .*coin", json={"tool": "toss_coin"}),
    Rule(with_schema=True, match="Request: Draw", json={"tool": "draw_picture"}),
    Rule(with_schema=True, json={"tool": "words"}),
    Rule(match="stars", reply="Vega, Deneb and Altair."),
    Rule(match="eat", reply="Mice, mostly."),
]


def block(mark: str) -> str:
    """The fenced block after ``<!-- mark -->``."""
    found = re.search(rf"<!-- {re.escape(mark)} -->\n```\w+\n(.*?)```", README, re.DOTALL)
    assert found, f"README.md has no block marked {mark!r}"
    return found[1]


@dataclass
class Served:
    """A running server, and a shell in an empty folder as its reader has one."""

    data: Path
    folder: Path
    url: str
    variables: dict[str, str]

    def snippet(self, mark: str) -> str:
        return block(mark).replace("http://127.0.0.1:8642", self.url)

    def run(self, *words: str, ok: bool = True) -> str:
        done = subprocess.run(
            words, cwd=self.folder, env=self.variables, capture_output=True, text=True, timeout=PROGRAM_S
        )
        assert (done.returncode == 0) is ok, done.stdout + done.stderr
        return done.stdout

    def python(self, mark: str) -> str:
        self.variables["TOKEN"] = self.run("rhapsode", "token").strip()
        return self.run(sys.executable, "-c", self.snippet(mark))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    place = tmp_path_factory.mktemp("reader")
    rules = place / "rules.json"
    rules.write_text(json.dumps([rule.model_dump(by_alias=True) for rule in RULES]))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RHAPSODE_", "PYTHON"))}
    kept["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    kept["PYTHONPYCACHEPREFIX"] = str(place.parent.parent / "rhapsode-tests-bytecode")
    with ExitStack() as stack:
        command = [sys.executable, "-m", "tools.models.fake_llm", "--script", str(rules)]
        fake = stack.enter_context(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE))
        stack.callback(fake.kill)
        assert fake.stdout
        llm = {"URL": json.loads(fake.stdout.readline())["url"], "MODEL": "fake", "PROFILE": "constrained"}
        llm |= {"JSON_MODE": "schema", "CONTEXT": "8192"}
        kept |= {f"RHAPSODE_MODELS__TASKS__LLM__{name}": value for name, value in llm.items()}
        kept |= {"RHAPSODE_MODELS__FETCH": "false", "RHAPSODE_DATA": str(place / "data"), "NO_PROXY": "127.0.0.1"}
        words = ["rhapsode", "serve", "--port", "0", "--no-browser"]
        server = stack.enter_context(subprocess.Popen(words, cwd=place, env=kept, stdout=subprocess.PIPE))
        stack.callback(server.kill)
        assert server.stdout
        url = re.search(rb"http://[^/]+", server.stdout.readline())
        assert url
        yield Served(place / "data", place, url[0].decode(), kept)
        server.terminate()
        assert server.wait(LONG_S) == 0


def test_curl_says_something_and_follows_the_stream(served: Served) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    shell = subprocess.Popen(
        ["sh", "-c", served.snippet("run: curl")], cwd=served.folder, env=served.variables, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert shell.stdout
    seen = ""
    try:
        for line in shell.stdout:
            seen += line
            if '"turn.done"' in line:
                break
    finally:
        os.killpg(shell.pid, signal.SIGKILL)
        shell.communicate()
    assert "Vega, Deneb and Altair." in seen
    assert seen.index('"user.said"') < seen.index('"agent.said"') < seen.index('"turn.done"')


def test_the_python_example_says_streams_and_fetches_the_picture(served: Served) -> None:
    assert len(block("run: python").strip().splitlines()) <= 16
    assert served.python("run: python").strip()
    with Image.open(served.folder / "owl.png") as picture:
        assert picture.size == (1024, 1024)


def test_the_openai_example_prints_the_answer(served: Served) -> None:
    assert served.python("run: openai") == "Mice, mostly."


def test_ask_prints_json_of_the_shape_that_is_shown(served: Served) -> None:
    shown, asked = (
        json.loads(block("shape: ask")),
        json.loads(served.run("rhapsode", "ask", "Draw an owl on a fence at night", "--json")),
    )
    assert shape(asked) == shape(shown), json.dumps(asked)
    assert asked["calls"][0]["status"] == "finished"
    assert asked["assets"][0]["made_by"]["method"] == shown["assets"][0]["made_by"]["method"]
    assert asked["reply"] == shown["reply"]


def shape(value: Any) -> Any:
    """Names and kinds without the values; what a call is asked with is its tool's own, and a scripted model has no hash."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items() if name not in ("args", "sha256", "licence")}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    return type(value).__name__


def test_the_plug_in_is_there_after_a_reload_and_the_agent_uses_it(served: Served) -> None:
    folder = served.data / "plugins"
    folder.mkdir(exist_ok=True)
    (folder / "toss_coin.py").write_text(block("run: plugin"))
    served.run("rhapsode", "tool", "reload")
    answer = json.loads(served.run("rhapsode", "ask", "Toss a coin 3 times", "--json"))
    [call] = answer["calls"]
    assert (call["tool"], call["args"]["times"], call["status"]) == ("toss_coin", 3, "finished")
    assert re.search(r"(heads|tails), (heads|tails), (heads|tails)\.", answer["reply"])


def test_every_command_that_the_readme_names_exists() -> None:
    from server.cli import cli

    command: Any = get_command(cli)
    for words in re.findall(r"`rhapsode ([a-z][a-z ]*?)(?: [^a-z`][^`]*)?`", README):
        found = command
        for word in words.split()[:2]:
            if not hasattr(found, "commands"):
                break
            found = found.commands.get(word)
            assert found, f"`rhapsode {words}` is in README.md, but there is no such command"
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = re.findall(r"(?:`|^)make ([a-z]+)", README, re.MULTILINE)
    assert {"run", "dist", "test"} <= set(targets)
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"make {target}"


def test_the_table_of_models_names_what_serves_by_default() -> None:
    from tools.models.catalogue import Catalogue
    from tools.registry import Registry

    tasks = {"llm", "embedding", *(need for tool in Registry().tools.values() for need in tool.needs)}
    assert "speech.synthesis" in tasks
    for entry in Catalogue.load().entries.values():
        if entry.rank and tasks & set(entry.tasks) and not entry.options.get("small"):
            assert re.split(r" v1|:|, | Instruct| \(", entry.title)[0] in README, entry.id
            assert entry.licence in README
