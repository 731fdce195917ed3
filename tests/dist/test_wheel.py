"""The wheel holds everything, and works where nothing else is: an empty folder, an environment of its own."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from tools import plugin
from tools.models.fake_llm import Rule

ROOT = Path(__file__).parents[2]
PACKAGES = ("agent", "tools", "memory", "server", "prompts", "clients", "rhapsode")
CONSTRAINTS = ROOT / "locks" / "default.txt"
LONG_S = 90

pytestmark = [pytest.mark.dist, pytest.mark.timeout(300)]

RULES = [
    Rule(with_schema=True, match="Fill in the arguments of bright_stripes", json={"colour": "coral", "stripes": 5}),
    Rule(with_schema=True, match="Request: .*coral", json={"tool": "bright_stripes"}),
    Rule(with_schema=True, json={"tool": "words"}),
    Rule(reply="They keep the lamp lit."),
]


def run(*command: str | Path, cwd: Path, timeout: float = LONG_S, **variables: str) -> str:
    """Run a command as a person without a checkout would; return what it printed."""
    shell = {name: value for name, value in os.environ.items() if not name.startswith(("RHAPSODE_", "PYTHON"))}
    shell.pop("VIRTUAL_ENV", None)
    done = subprocess.run(
        [*map(str, command)], cwd=cwd, env=shell | variables, capture_output=True, text=True, timeout=timeout
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(project: Path, folder: Path) -> Path:
    """The wheel of a project."""
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, project, cwd=folder)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of somebody else's tool, as `rhapsode tool new` writes it."""
    project = tmp_path_factory.mktemp("outside") / "bright"
    plugin.new("bright_stripes", project)
    return build(project, tmp_path_factory.mktemp("outside-wheel"))


class Installed:
    """Rhapsode as `uv tool install` puts it, in folders of its own."""

    def __init__(self, home: Path) -> None:
        self.home, self.empty = home, home / "empty"
        self.empty.mkdir()
        uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        if uv is None:
            pytest.skip("uv is not installed")
        self.uv = uv
        self.variables: dict[str, str] = {}

    def install(self, *what: str | Path) -> None:
        """`uv tool install`, from uv's cache where everything is in it already."""
        words = (self.uv, "tool", "install", "--no-build", "--constraints", CONSTRAINTS, *what)
        folders = {"UV_TOOL_DIR": str(self.home / "tools"), "UV_TOOL_BIN_DIR": str(self.home / "bin")}
        try:
            run(*words, "--offline", cwd=self.empty, **folders)
        except AssertionError:
            run(*words, cwd=self.empty, timeout=240, **folders)

    def __call__(self, *words: str) -> str:
        """Run the installed `rhapsode` from the empty folder."""
        folders = {"RHAPSODE_DATA": str(self.home / "data"), "RHAPSODE_CACHE": str(self.home / "weights")}
        return run(self.home / "bin" / "rhapsode", *words, cwd=self.empty, **folders, **self.variables)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """The installed command, with a scripted language model as its endpoint."""
    installed = Installed(tmp_path_factory.mktemp("installed"))
    installed.install(wheel)
    rules = installed.home / "rules.json"
    rules.write_text(json.dumps([rule.model_dump(by_alias=True) for rule in RULES]))
    command = [sys.executable, "-m", "tools.models.fake_llm", "--script", str(rules)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as fake:
        assert fake.stdout
        served = {"URL": json.loads(fake.stdout.readline())["url"], "MODEL": "fake", "PROFILE": "constrained"}
        served |= {"JSON_MODE": "schema", "CONTEXT": "8192"}
        installed.variables = {f"RHAPSODE_MODELS__TASKS__LLM__{name}": value for name, value in served.items()}
        installed.variables["RHAPSODE_MODELS__FETCH"] = "false"
        yield installed
        fake.kill()


def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    tracked = subprocess.run(["git", "ls-files", *PACKAGES], cwd=ROOT, capture_output=True, text=True)
    if tracked.returncode:
        pytest.skip("this is not a git tree")
    files = {name for name in tracked.stdout.splitlines() if (ROOT / name).exists()}
    assert {"agent/loop.py", "prompts/agent/reply.md", "clients/web/index.html", "memory/background.txt"} <= files
    assert sorted(files - names) == []
    assert {name.split("/")[0] for name in names} == set(PACKAGES)
    assert [name for name in names if "__pycache__" in name or not (ROOT / name).exists()] == []


def test_the_wheel_says_what_it_is_under_which_licence_and_for_whom(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    about = {name.split(".dist-info/")[1]: archive.read(name) for name in archive.namelist() if ".dist-info/" in name}
    assert {"licenses/LICENSE", "licenses/NOTICE", "entry_points.txt"} <= about.keys()
    metadata = message_from_bytes(about["METADATA"])
    assert (metadata["License-Expression"], metadata["Requires-Python"]) == ("Apache-2.0", ">=3.11")
    assert about["METADATA"].decode().count("# Rhapsode") == 1
    assert [
        need for need in metadata.get_all("Requires-Dist", []) if need.startswith("torch") and "extra" not in need
    ] == []


def test_every_part_is_found_from_an_empty_folder(installed: Installed) -> None:
    assert "Say one thing" in installed("--help")
    report: dict[str, Any] = json.loads(installed("doctor", "--json"))
    assert (report["ok"], report["refused_tools"]) == (True, [])
    assert {"llm", "embedding", "speech.synthesis"} <= {row["task"] for row in report["models"]}
    listed = {line.split()[0] for line in installed("tool", "list").splitlines() if line.strip()}
    assert {"draw_picture", "speak", "remember", "recall", "forget"} <= listed


def test_ask_answers_and_goes_on_in_the_same_session(installed: Installed) -> None:
    answer = json.loads(installed("ask", "What do lighthouse keepers do at night?", "--json"))
    assert list(answer) == ["session", "turn", "reply", "calls", "memories", "assets"]
    assert answer["reply"] == "They keep the lamp lit."
    again = json.loads(installed("ask", "And by day?", "--session", answer["session"], "--json"))
    assert again["session"] == answer["session"]


def test_a_picture_is_drawn_with_the_sprites_and_words_of_the_wheel(installed: Installed) -> None:
    params = json.dumps({"prompt": "An owl on a wooden fence under the moon", "width": 256, "height": 256})
    made = json.loads(installed("tool", "run", "draw_picture", "--params", params, "--json"))
    assert "owl" in made["reply"]
    assert Path(made["assets"][0]["path"]).read_bytes()[:4] == b"\x89PNG"


def test_somebody_elses_wheel_installed_beside_it_is_chosen_in_the_chat_and_runs(
    installed: Installed, wheel: Path, outside: Path
) -> None:
    installed.install(wheel, "--with", outside)
    answer = json.loads(installed("ask", "Make a striped pattern of 5 stripes in coral", "--json"))
    [call] = answer["calls"]
    assert (call["tool"], call["args"]["colour"], call["status"]) == ("bright_stripes", "coral", "finished")
    assert "Made 5 coral stripes." in answer["reply"]
    assert answer["assets"][0]["made_by"]["method"] == "stripes by code"
