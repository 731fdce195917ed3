"""A new tool works as it was written, in the plugins folder and as a package in an environment of its own."""

import json
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from rhapsode import Chosen, Result, ToolContext, ToolError, loader, tool
from tools import plugin
from tools.registry import Registry

CHECKOUT = Path(__file__).parents[2]


def run(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("outside") / "bright"
    plugin.new("bright_stripes", folder)
    return folder


def test_a_new_package_passes_its_own_test(package: Path) -> None:
    files = [str(path.relative_to(package)) for path in package.rglob("*") if path.is_file()]
    assert sorted(files) == [
        "README.md",
        "pyproject.toml",
        "rhapsode_bright_stripes.py",
        "tests/test_bright_stripes.py",
    ]
    assert "3 passed" in run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=package)


ENGINE = """
import asyncio, importlib.util, json, sys
from pathlib import Path
from tools.registry import Registry
spec = importlib.util.spec_from_file_location("house", sys.argv[1])
house = importlib.util.module_from_spec(spec)
sys.modules["house"] = house
spec.loader.exec_module(house)
async def main():
    async with house.open_house(Path(sys.argv[2]), registry=Registry()) as opened:
        fact = await opened.do("bright_stripes", stripes=3, seed=4)
        row = await opened.assets.get(fact.assets[0])
        origin = opened.registry.origins["bright_stripes"]
        print(json.dumps([origin, fact.text, row.media, row.provenance.method, row.provenance.seed]))
asyncio.run(main())
"""


def test_an_outside_wheel_in_a_fresh_environment_is_found_by_its_entry_point_and_run_by_the_engine(
    package: Path, tmp_path: Path
) -> None:
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(package))
    wheel = next(tmp_path.glob("*.whl"))
    assert "rhapsode_bright_stripes.py" in zipfile.ZipFile(wheel).namelist()
    run(sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "fresh"))
    python = str(tmp_path / "fresh" / "bin" / "python")
    site = next((tmp_path / "fresh").glob("lib/python*/site-packages"))
    # Rhapsode and what it stands on come from here rather than being downloaded again; the plug-in does not.
    (site / "host.pth").write_text(f"{CHECKOUT}\n{sysconfig.get_path('purelib')}\n")
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", "--quiet", str(wheel))
    conftest = str(Path(__file__).with_name("conftest.py"))
    out = run(python, "-P", "-c", ENGINE, conftest, str(tmp_path / "data"), cwd=tmp_path)
    origin, text, media, method, seed = json.loads(out.splitlines()[-1])
    assert origin == "rhapsode-bright-stripes (rhapsode_bright_stripes:bright_stripes)"
    assert (text, media, method, seed) == ("Made 3 teal stripes.", "image/png", "stripes by code", 4)


async def test_a_single_file_works_after_a_reload(house: Any) -> None:
    [path] = plugin.new("soft_stripes", house.data / "plugins", single=True)
    assert path == house.data / "plugins" / "soft_stripes.py"
    house.registry.reload()
    fact = await house.do("soft_stripes", colour="#ff8800", seed=1)
    assert fact.text == "Made 7 #ff8800 stripes."
    assert "no colour" in (await house.do("soft_stripes", colour="loud")).error


@pytest.mark.parametrize("name", ["Bad", "a", "two words", "class", "../up", "x" * 60])
def test_a_name_that_cannot_be_a_tools_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="cannot be a tool's name"):
        plugin.new(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    [path] = plugin.new("mine", tmp_path, single=True)
    path.write_text("# my work")
    with pytest.raises(ToolError, match="there already"):
        plugin.new("mine", tmp_path, single=True)
    assert path.read_text() == "# my work"
    with pytest.raises(ToolError, match="not empty"):
        plugin.new("mine", tmp_path)


async def test_the_check_passes_a_new_tool_found_by_its_path(tmp_path: Path) -> None:
    [path] = plugin.new("fresh", tmp_path, single=True)
    found = plugin.find(Registry(group=""), str(path))
    checks = await plugin.check(found)
    assert plugin.passed(checks)
    assert "FAIL" not in plugin.report(checks)
    with pytest.raises(ToolError, match="no file"):
        plugin.find(Registry(group=""), "nowhere.py")


class Words(BaseModel):
    text: str


@tool("vague", Words, needs=("test.echo",))
def vague(params: Words, ctx: ToolContext) -> Result:
    """Say something by a model and the language model."""
    return Result(ctx.model("test.echo") + ctx.chat([{"role": "user", "content": params.text}]))


class Shelf:
    async def ready(self, task: str, *, progress: Any = None) -> Chosen:
        return Chosen(task, "echo", "plain", "code")

    async def chat(self, messages: Any, **options: Any) -> Any:
        self.text = f"heard {messages[0]['content']}"
        return self


async def test_the_check_uses_this_installations_models_and_says_what_to_do() -> None:
    @loader("test.echo", "plain")
    def load(chosen: Chosen) -> str:
        return "It "

    shelf = Shelf()
    checks = await plugin.check(vague, models=shelf, chat=shelf, params={"text": "you"})
    assert shelf.text == "heard you"
    assert not plugin.passed(checks)
    report = plugin.report(checks)
    assert "ok   runs" in report
    assert "FAIL parameters described: text\n       Give each a Field(description" in report


async def test_the_check_cannot_judge_what_it_cannot_run() -> None:
    checks = await plugin.check(vague, params={"text": "you"})
    assert not plugin.passed(checks)
    assert "?    runs: Nothing here can do test.echo" in plugin.report(checks)
