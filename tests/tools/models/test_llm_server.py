"""The served model on real llama.cpp with the smallest real weights, and on the fake where the weights are not the point."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from tests.tools.models import packages
from tools.errors import ModelMissing
from tools.models.catalogue import Catalogue, Entry, Source
from tools.models.chat import ChatClient
from tools.models.endpoint import TooLong
from tools.models.fake_llm import FakeLlm
from tools.models.fetch import Fetcher
from tools.models.llm_server import Llm
from tools.models.resolve import Choice, Models, ModelSettings

SMALLEST = "smollm2-135m"
CHOICE = [{"role": "system", "content": "You choose a tool. " + "A request to draw becomes draw_picture. " * 12}]
CHAT = [{"role": "system", "content": "You are kind and brief."}]


@pytest.fixture(scope="module")
def weights() -> Path:
    """The smallest real model, in the user's cache."""
    return asyncio.run(Fetcher().fetch(Catalogue.load()[SMALLEST]))


def settings(use: str = SMALLEST, **more: object) -> ModelSettings:
    return ModelSettings(tasks={"llm": Choice(use=use)}, threads=1, **more)  # type: ignore[arg-type]


@asynccontextmanager
async def serving(models: Models, folder: Path, wait_s: float = 60) -> AsyncIterator[Llm]:
    llm = Llm(models, models.settings, folder / "slots", wait_s=wait_s)
    parts = [asyncio.create_task(llm.start()), asyncio.create_task(models.run())]
    try:
        yield llm
    finally:
        await llm.stop()
        await asyncio.wait_for(parts[0], 10)
        parts[1].cancel()
        await asyncio.gather(*parts, return_exceptions=True)


async def until(holds: Callable[[], bool], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.01)


@pytest.mark.models
async def test_it_answers_in_words_and_in_json_and_says_when_a_text_is_too_long(weights: Path, tmp_path: Path) -> None:
    async with serving(Models(settings()), tmp_path) as llm, ChatClient(llm.endpoint) as client:
        shown: list[str] = []
        answer = await client.chat([{"role": "user", "content": "Say hello."}], max_tokens=12, on_delta=shown.append)
        schema = {"type": "object", "properties": {"tool": {"enum": ["draw", "chat"]}}, "required": ["tool"]}
        choice = await client.chat(
            [*CHOICE, {"role": "user", "content": "Draw."}],
            schema=schema,
            max_tokens=40,
            temperature=0,
            purpose="choice",
        )
        with pytest.raises(TooLong, match="8192 tokens"):
            await client.chat([{"role": "user", "content": "word " * 9000}], purpose="job")
        endpoint = await llm.endpoint()
        assert llm.report() == {"state": "ready", "model": "SmolLM2 135M Instruct (Q4_1)"}
    assert answer.text == "".join(shown) != ""
    assert choice.text.replace(" ", "").replace("\n", "") in ('{"tool":"draw"}', '{"tool":"chat"}')
    assert endpoint.context >= 8192
    assert endpoint.slots == 4
    assert (endpoint.sha256, endpoint.licence) == (Catalogue.load()[SMALLEST].sha256, "Apache-2.0")


@pytest.mark.models
async def test_saved_prefixes_serve_the_first_request_after_a_start_and_jobs_never_evict_them(
    weights: Path, tmp_path: Path
) -> None:
    async with serving(Models(settings()), tmp_path) as llm, ChatClient(llm.endpoint) as client:
        await llm.warm({"choice": CHOICE, "chat": CHAT})
        await llm.endpoint()
        saved = sorted(path.name.partition("-")[0] for path in (tmp_path / "slots").iterdir())
        for number in range(3):
            await client.chat([{"role": "user", "content": f"{number} stones. " * 60}], max_tokens=2, purpose="job")
        after_jobs = await client.chat(
            [*CHOICE, {"role": "user", "content": "Draw a cat."}], max_tokens=2, purpose="choice"
        )
    async with serving(Models(settings()), tmp_path) as llm, ChatClient(llm.endpoint) as client:
        await llm.warm({"choice": CHOICE, "chat": CHAT})
        first = await client.chat([*CHOICE, {"role": "user", "content": "Draw a cow."}], max_tokens=2, purpose="choice")
    assert saved == ["chat", "choice"]
    for answer in (after_jobs, first):
        assert answer.usage.prompt - answer.usage.cached < 20 < answer.usage.cached


@pytest.mark.models
async def test_a_conversation_is_never_in_a_saved_prefix(weights: Path, tmp_path: Path) -> None:
    async with serving(Models(settings()), tmp_path) as llm, ChatClient(llm.endpoint) as client:
        await llm.endpoint()
        asking = asyncio.create_task(
            client.chat([*CHOICE, {"role": "user", "content": "My secret is zyzzyva."}], max_tokens=3, purpose="choice")
        )
        await llm.warm({"choice": CHOICE})
        await asking
    for path in (tmp_path / "slots").iterdir():
        assert path.suffix == ".bin"
    with_secret, without = await tokens_of(tmp_path, "My secret is zyzzyva."), await tokens_of(tmp_path, ".")
    sizes = {path.stat().st_size for path in (tmp_path / "slots").glob("*.bin")}
    assert with_secret > without + 4
    assert all(size < with_secret * 23_100 for size in sizes)


async def tokens_of(tmp_path: Path, words: str) -> int:
    async with serving(Models(settings()), tmp_path / "count") as llm, ChatClient(llm.endpoint) as client:
        answer = await client.chat([*CHOICE, {"role": "user", "content": words}], max_tokens=1, purpose="story")
    return answer.usage.prompt


@pytest.mark.models
@pytest.mark.fault
async def test_killed_while_it_answers_it_is_up_again_and_the_next_request_waits_for_it(
    weights: Path, tmp_path: Path
) -> None:
    async with serving(Models(settings()), tmp_path) as llm, ChatClient(llm.endpoint) as client:
        first = asyncio.create_task(client.chat([{"role": "user", "content": "Count to fifty."}], max_tokens=300))
        await until(lambda: llm.pid is not None)
        await llm.endpoint()
        await asyncio.sleep(0.2)
        assert llm.pid is not None
        before = llm.pid
        os.kill(before, signal.SIGKILL)
        answer = await asyncio.wait_for(first, 60)
        assert answer.text
        assert llm.pid != before
        assert llm.restarts == 1


PARENT = """
import asyncio, sys
from pathlib import Path
from tools.models.resolve import Choice, Models, ModelSettings
from tools.models.llm_server import Llm
async def main():
    settings = ModelSettings(tasks={"llm": Choice(use="smollm2-135m")}, threads=1)
    llm = Llm(Models(settings), settings, Path(sys.argv[1]))
    running = asyncio.create_task(llm.start())
    await llm.endpoint()
    print(llm.pid, flush=True)
    await running
asyncio.run(main())
"""


@pytest.mark.models
@pytest.mark.fault
def test_it_ends_with_a_parent_that_was_killed(weights: Path, tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
        parent.wait()
    _, alive = psutil.wait_procs([child], timeout=10)
    assert not alive


@pytest.mark.models
async def test_it_starts_on_the_small_model_and_moves_to_the_default_without_losing_an_answer(
    weights: Path, tmp_path: Path
) -> None:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    small = Catalogue.load()[SMALLEST].model_copy(update={"rank": 1})
    copy = weights.read_bytes() + b"\0" * 32  # noqa: ASYNC240 -- a test's set-up
    default: Entry = packages.entry_of(
        packages.file_of("default.gguf", copy), sources=(Source(file=str(shelf)),), name="default"
    ).model_copy(update={"tasks": ("llm",), "kind": "gguf", "engine": "llama.cpp", "rank": 2, "title": "The default"})
    models = Models(
        ModelSettings(threads=1), catalogue=Catalogue([default, small]), fetcher=Fetcher(tmp_path / "cache")
    )
    await models.fetcher.fetch(small, sources=(Source(file=str(weights)),))
    async with serving(models, tmp_path) as llm, ChatClient(llm.endpoint) as client:
        assert (await llm.endpoint()).model == small.title
        old, begun = llm.pid, asyncio.Event()
        long = asyncio.create_task(
            client.chat(
                [{"role": "user", "content": "Tell a long tale."}], max_tokens=120, on_delta=lambda _: begun.set()
            )
        )
        await asyncio.wait_for(begun.wait(), 30)
        (shelf / "default.gguf").write_bytes(copy)
        models.downloads.want(default)
        await until(lambda: llm.report().get("model") == "The default")
        answer = await asyncio.wait_for(long, 60)
        now = await client.chat([{"role": "user", "content": "Hello"}], max_tokens=2)
        assert old is not None
        await until(lambda: not psutil.pid_exists(old) or psutil.Process(old).status() == psutil.STATUS_ZOMBIE)
    assert (answer.model, now.model) == (small.title, "The default")
    assert answer.usage.answer > 20


@pytest.mark.models
async def test_a_damaged_file_is_named_and_fetched_again(weights: Path, tmp_path: Path) -> None:
    entry = Catalogue.load()[SMALLEST].model_copy(update={"sources": (Source(file=str(weights)),)})
    models = Models(settings(), catalogue=Catalogue([entry]), fetcher=Fetcher(tmp_path / "cache"))
    place = await models.fetcher.fetch(entry)
    place.write_bytes(b"GGUF" + b"\xff" * (entry.bytes - 4))
    seen: list[str] = []
    models.downloads.on_change(lambda state: seen.append(state.state))
    async with serving(models, tmp_path) as llm:
        assert (await llm.endpoint()).model == entry.title
    assert "downloading" in seen
    assert models.fetcher.verify(entry) == []


async def test_a_file_that_is_no_model_fails_with_the_reason_and_the_fix(tmp_path: Path) -> None:
    (tmp_path / "mine.gguf").write_bytes(b"not a model at all")
    async with serving(Models(settings(str(tmp_path / "mine.gguf"))), tmp_path) as llm:
        await until(lambda: llm.report()["state"] == "failed")
        with pytest.raises(ModelMissing, match=r"does not begin with GGUF.*rhapsode models"):
            await llm.endpoint()
        assert not llm.ready


async def test_without_any_model_the_fix_is_named_at_once(tmp_path: Path) -> None:
    models = Models(settings(fetch=False), fetcher=Fetcher(tmp_path / "cache"))
    async with serving(models, tmp_path) as llm:
        await until(lambda: llm.report()["state"] == "missing")
        with pytest.raises(ModelMissing, match=f"rhapsode models pull {SMALLEST}"):
            await llm.endpoint()
        assert llm.report()["fix"] == f"rhapsode models pull {SMALLEST}"


async def test_a_remote_endpoint_is_probed_and_used_without_a_child(tmp_path: Path) -> None:
    async with FakeLlm(key="sk-1") as fake:
        chosen = Choice(url=fake.where.url, key="mine", profile="native")
        models = Models(ModelSettings(tasks={"llm": chosen}), tmp_path)
        models.keys.set("mine", "sk-1")
        async with serving(models, tmp_path) as llm, ChatClient(llm.endpoint) as client:
            answer = await client.chat([{"role": "user", "content": "Hi"}])
            assert (llm.pid, llm.report()["state"], (await llm.endpoint()).profile) == (None, "ready", "native")
        assert all("id_slot" not in request.body for request in fake.requests)
    assert answer.text == "You said: Hi"


async def test_a_remote_endpoint_that_is_down_says_so_and_is_found_when_it_comes_up(tmp_path: Path) -> None:
    fake = FakeLlm()
    await fake.start()
    port = int(fake.where.url.rpartition(":")[2].partition("/")[0])
    await fake.stop()
    models = Models(ModelSettings(tasks={"llm": Choice(url=fake.where.url)}), tmp_path)
    async with serving(models, tmp_path) as llm:
        await until(lambda: llm.report()["state"] == "failed")
        assert "Is it running?" in llm.report()["error"]
        await fake.start(port)
        await until(lambda: llm.ready)
        await fake.stop()


def waiting(llm: Llm) -> Awaitable[object]:
    return llm.endpoint()


async def test_a_model_on_its_way_is_waited_for_but_not_for_ever(tmp_path: Path) -> None:
    entry = packages.entry_of(
        packages.file_of("slow.gguf", b"x"), sources=(Source(file=str(tmp_path / "later")),), name="slow"
    ).model_copy(update={"tasks": ("llm",)})
    models = Models(ModelSettings(), catalogue=Catalogue([entry]), fetcher=Fetcher(tmp_path / "cache"))
    llm = Llm(models, models.settings, tmp_path, wait_s=0.05)
    with pytest.raises(ModelMissing, match="still starting"):
        await waiting(llm)


@pytest.mark.models
@pytest.mark.fault
async def test_a_child_that_hangs_is_ended_and_started_again(weights: Path, tmp_path: Path) -> None:
    models = Models(settings())
    llm = Llm(models, models.settings, tmp_path / "slots", patience_s=0.5)
    running = asyncio.create_task(llm.start())
    try:
        await llm.endpoint()
        assert llm.pid is not None
        before = llm.pid
        os.kill(before, signal.SIGSTOP)
        await until(lambda: llm.ready and llm.pid not in (None, before))
        assert llm.restarts == 1
    finally:
        await llm.stop()
        await asyncio.wait_for(running, 10)
