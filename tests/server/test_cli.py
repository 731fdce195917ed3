"""The command line as people and programs run it: real processes, the real agent, a scripted language model."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import tomli_w

from server.owner import Ownership, address_of
from tests.server.conftest import eventually
from tools.models.fake_llm import FakeLlm, Rule

LONG_S = 30.0
PROCESS_S = 110.0  # a start of everything, eight times over, on a machine that does other things too
ROOT = Path(__file__).parents[2]


def environment() -> dict[str, str]:
    """Variables of a person's shell: none of ours, and compiled modules are kept between starts."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RHAPSODE_")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    kept.setdefault("PYTHONPYCACHEPREFIX", str(Path(tempfile.gettempdir()) / "rhapsode-tests-bytecode"))
    return kept


@dataclass
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Terminal:
    """Runs `rhapsode` on one data folder, whose language model is scripted."""

    data: Path
    fake: FakeLlm | None
    processes: list[asyncio.subprocess.Process] = field(default_factory=list)

    async def start(self, *words: str, **variables: str) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "server", *words, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env={**environment(), "RHAPSODE_DATA": str(self.data), **variables},
        )  # fmt: skip
        self.processes.append(process)
        return process

    async def run(self, *words: str, **variables: str) -> Ran:
        process = await self.start(*words, **variables)
        out, err = await asyncio.wait_for(process.communicate(), PROCESS_S)
        return Ran(process.returncode or 0, out.decode(), err.decode())

    async def serve(self) -> tuple[asyncio.subprocess.Process, str]:
        """Start a server and return it with its address, code included."""
        process = await self.start("serve", "--port", "0", "--no-browser")
        assert process.stdout
        line = await asyncio.wait_for(process.stdout.readline(), LONG_S)
        return process, line.decode().split(": ", 1)[1].strip()

    async def end(self) -> None:
        for process in self.processes:
            if process.returncode is None:
                process.kill()
                await process.communicate()


RULES = [
    Rule(with_schema=True, match="pirate", json={"tool": "none"}),
    Rule(match="slow pirate", reply="Arr at last.", first_ms=1500),
    Rule(match="pirate", reply="Arr, I be Rhapsode."),
]


def write_settings(data: Path, url: str) -> None:
    """Let the scripted model serve, and fetch nothing."""
    data.mkdir(parents=True, exist_ok=True)
    served = {"url": url, "model": "fake", "context": 8192, "profile": "native", "json_mode": "schema"}
    (data / "settings.toml").write_text(tomli_w.dumps({"models": {"tasks": {"llm": served}, "fetch": False}}))


@pytest.fixture
async def terminal(tmp_path: Path) -> AsyncIterator[Terminal]:
    """A terminal on a folder that nobody serves."""
    async with FakeLlm([rule.model_copy() for rule in RULES]) as fake:
        write_settings(tmp_path / "data", fake.where.url)
        terminal = Terminal(tmp_path / "data", fake)
        yield terminal
        await terminal.end()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that a server owns while the tests of this file run."""
    place = tmp_path_factory.mktemp("served")
    (place / "rules.json").write_text(json.dumps([rule.model_dump(by_alias=True) for rule in RULES]))
    fake_words = ["-m", "tools.models.fake_llm", "--script", str(place / "rules.json")]
    with ExitStack() as stack:
        fake = stack.enter_context(subprocess.Popen([sys.executable, *fake_words], cwd=ROOT, stdout=subprocess.PIPE))
        stack.callback(fake.kill)
        assert fake.stdout
        write_settings(place / "data", json.loads(fake.stdout.readline())["url"])
        words = ["-m", "server", "serve", "--port", "0", "--no-browser", "--data", str(place / "data")]
        server = stack.enter_context(
            subprocess.Popen([sys.executable, *words], cwd=ROOT, stdout=subprocess.PIPE, env=environment())
        )
        stack.callback(server.kill)
        assert server.stdout
        assert server.stdout.readline().startswith(b"Rhapsode: http://127.0.0.1:")
        yield place / "data"
        server.terminate()
        assert server.wait(LONG_S) == 0


@pytest.fixture
async def served(folder: Path) -> AsyncIterator[Terminal]:
    """A terminal on a folder that a server owns."""
    terminal = Terminal(folder, None)
    yield terminal
    await terminal.end()


async def test_ask_prints_the_json_that_programs_rely_on(served: Terminal) -> None:
    ran = await served.run("ask", "Talk like a pirate", "--json")
    assert ran.code == 0, ran.err
    assert list(ran.json) == ["session", "turn", "reply", "calls", "memories", "assets"]
    assert ran.json["reply"] == "Arr, I be Rhapsode."
    assert (ran.json["calls"], ran.json["memories"], ran.json["assets"]) == ([], [], [])
    again = await served.run("ask", "Once more, pirate", "--session", ran.json["session"])
    assert (again.code, again.out.strip()) == (0, "Arr, I be Rhapsode.")


@pytest.mark.fault
async def test_eight_at_once_on_an_empty_folder_all_succeed(terminal: Terminal) -> None:
    rans = await asyncio.gather(*(terminal.run("ask", f"pirate number {number}", "--json") for number in range(8)))
    assert [ran.code for ran in rans] == [0] * 8, [ran.err for ran in rans]
    assert {ran.json["reply"] for ran in rans} == {"Arr, I be Rhapsode."}
    assert len({ran.json["session"] for ran in rans}) == 8
    assert address_of(terminal.data) is None
    ownership = Ownership.take(terminal.data)
    assert ownership is not None
    ownership.release()


@pytest.mark.fault
async def test_a_server_that_is_killed_under_a_question_is_replaced_and_the_answer_comes_once(
    terminal: Terminal,
) -> None:
    assert terminal.fake
    fake = terminal.fake
    server, _ = await terminal.serve()
    await eventually(lambda: address_of(terminal.data), LONG_S)
    asking = asyncio.create_task(terminal.run("ask", "slow pirate", "--json"))
    await eventually(lambda: any("slow pirate" in str(request.body) for request in fake.requests), LONG_S)
    server.send_signal(signal.SIGKILL)
    ran = await asking
    assert ran.code == 0, ran.err
    assert ran.json["reply"] == "Arr at last."
    listed = await terminal.run("ask", "pirate", "--session", ran.json["session"], "--json")
    assert listed.code == 0, listed.err


async def test_a_tool_is_run_by_name_on_an_attached_file(served: Terminal, tmp_path: Path) -> None:
    made = await served.run("tool", "new", "shout_words", "--plugin")
    assert made.code == 0, made.err
    plugin = served.data / "plugins" / "shout_words.py"
    assert str(plugin) in made.out
    ran = await served.run("tool", "run", "shout_words", "--params", '{"colour": "#ff0000", "stripes": 3}', "--json")
    assert ran.code == 0, ran.err
    result = ran.json
    assert list(result) == ["session", "turn", "reply", "calls", "memories", "assets"]
    assert result["turn"] is None
    assert [(call["tool"], call["args"]["colour"], call["status"]) for call in result["calls"]] == [
        ("shout_words", "#ff0000", "finished")
    ]
    asset = result["assets"][0]
    picture = await asyncio.to_thread(Path(asset["path"]).read_bytes)
    assert picture[:4] == b"\x89PNG"
    assert asset["made_by"]["method"] == "stripes by code"


async def test_a_tool_that_refuses_ends_with_words_and_code_one(served: Terminal) -> None:
    await served.run("tool", "new", "shout_words", "--plugin")
    ran = await served.run("tool", "run", "shout_words", "--params", '{"colour": "loud"}', "--json")
    assert ran.code == 1
    assert "no colour" in ran.err
    assert ran.json["calls"][0]["status"] == "failed"
    ran = await served.run("tool", "run", "shout_word")
    assert (ran.code, "shout_words" in ran.err) == (1, True)
    ran = await served.run("tool", "run", "shout_words", "--params", "{")
    assert (ran.code, "JSON" in ran.err) == (2, True)


async def test_a_new_tool_passes_its_own_tests_and_the_check(served: Terminal, tmp_path: Path) -> None:
    project = tmp_path / "wave"
    assert (await served.run("tool", "new", "wave_hands", "--folder", str(project))).code == 0
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", f"pythonpath={project} {ROOT}", "-c", os.devnull,
        "--rootdir", str(project), str(project / "tests"), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await asyncio.wait_for(process.communicate(), LONG_S)
    assert process.returncode == 0, out.decode()
    again = await served.run("tool", "new", "wave_hands", "--folder", str(project))
    assert (again.code, "not empty" in again.err) == (1, True)
    assert (await served.run("tool", "new", "Wave-Hands")).code == 2
    await served.run("tool", "new", "wave_hands", "--plugin")
    checked = await served.run("tool", "check", "wave_hands")
    assert checked.code == 0, checked.out
    listed = await served.run("tool", "list", "--json")
    assert "wave_hands" in [tool["name"] for tool in listed.json["tools"]]


async def test_a_second_server_on_the_folder_prints_the_first_ones_address_with_a_fresh_code(served: Terminal) -> None:
    second = await served.run("serve", "--no-browser")
    assert second.code == 0, second.err
    url, _, code = second.out.split(": ", 1)[1].strip().partition("/#code=")
    async with aiohttp.ClientSession(url) as http:
        for status in (200, 401):
            async with http.post("/api/sign-in", json={"code": code}) as answer:
                assert answer.status == status


async def test_other_machines_are_kept_out_until_there_is_a_token(terminal: Terminal) -> None:
    refused = await terminal.run("serve", "--host", "0.0.0.0", "--port", "0")
    assert (refused.code, "rhapsode token" in refused.err) == (2, True)
    token = await terminal.run("token", "--label", "phone")
    assert token.out.startswith("rh_")
    refused = await terminal.run("serve", "--host", "0.0.0.0", "--port", "0")
    assert (refused.code, "hosts" in refused.err) == (2, True)
    listed = await terminal.run("token", "--list")
    assert "phone" in listed.out
    assert token.out.strip() not in listed.out
    assert (await terminal.run("token", "--revoke", listed.out[:8])).code == 0
    assert (await terminal.run("token", "--list")).out == ""


async def test_wrong_settings_end_with_the_nearest_right_name(terminal: Terminal) -> None:
    ran = await terminal.run("ask", "hi", RHAPSODE_PROT="1")
    assert (ran.code, "RHAPSODE_PORT" in ran.err, ran.out) == (2, True, "")
    (terminal.data / "settings.toml").write_text("prot = 1\n")
    ran = await terminal.run("ask", "hi")
    assert (ran.code, "`port`" in ran.err) == (2, True)


async def test_the_doctor_explains_and_is_read_by_programs(terminal: Terminal) -> None:
    report = (await terminal.run("doctor", "--json")).json
    assert {"models", "tools", "problems", "ok", "machine", "data"} <= report.keys()
    speech = next(row for row in report["models"] if row["task"] == "speech.synthesis")
    assert speech["licence"]
    assert speech["author"]
    words = await terminal.run("doctor")
    assert "speech.synthesis" in words.out
    (terminal.data / "secrets.json").write_text('{"tokens": [], "cookies": []}')
    (terminal.data / "secrets.json").chmod(0o644)
    ran = await terminal.run("doctor")
    assert (ran.code, "chmod 600" in ran.out) == (1, True)


async def test_models_use_asks_the_endpoint_first_and_writes_what_it_found(served: Terminal) -> None:
    url = tomllib.loads((served.data / "settings.toml").read_text())["models"]["tasks"]["llm"]["url"]
    ran = await served.run("models", "use", url, "--model", "fake", "--key", "sk-secret")
    assert ran.code == 0, ran.err
    written = (served.data / "settings.toml").read_text()
    assert "sk-secret" not in written
    assert "sk-secret" in (served.data / "secrets.json").read_text()
    dead = await served.run("models", "use", "http://127.0.0.1:9/v1")
    assert (dead.code, dead.err != "") == (1, True)
    assert (served.data / "settings.toml").read_text() == written
    nothing = await served.run("models", "use", "no-such-thing")
    assert (nothing.code, "ollama" in nothing.err) == (1, True)


async def test_a_turn_that_waits_for_an_answer_ends_with_code_three_and_the_question(terminal: Terminal) -> None:
    from server.ask import Outcome

    outcome = Outcome(terminal.data, "s", "t1")
    outcome.fold(
        {"kind": "question.asked", "turn": "t1", "data": {"question": "q", "text": "Which?", "choices": ["a"]}}
    )
    assert outcome.over
    assert outcome.question
    outcome.fold({"kind": "question.answered", "turn": "t1", "data": {"question": "q", "answer": "a"}})
    assert not outcome.over
