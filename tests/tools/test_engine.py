"""Jobs run in processes of their own, follow from their facts, and end in exactly one fact."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from memory.errors import LogError
from memory.log import Fence
from memory.signing import Signing
from tools.engine import EngineSettings
from tools.process import Lane


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def live(house: Any) -> list[dict[str, Any]]:
    """What a listener that joins now is told."""
    listener = house.feed.listen(house.session)
    items = listener.take()
    listener.close()
    return items


# --- results ----------------------------------------------------------------------------------------------------------


async def test_a_job_starts_by_its_fact_alone_and_ends_in_its_result(house: Any) -> None:
    turn = await house.say("把这句话再说一遍")
    job = await house.start("echo", turn, text="hello")
    fact = await house.end(job)
    assert (fact.kind, fact.text) == ("job.finished", "hello")
    assert (fact.data["request"], fact.data["language"]) == ("把这句话再说一遍", "zh")
    assert fact.data["pid"] != os.getpid()
    assert await house.kinds(job) == ["tool.called", "job.finished"]


async def test_a_result_and_its_assets_are_committed_together_with_their_provenance(house: Any) -> None:
    fact = await house.do("paint", size=20, seed=5)
    row = await house.assets.get(fact.assets[0], reader="ann")
    assert (row.media, row.name, row.meta) == ("image/png", "paint.png", {"width": 20, "height": 20})
    assert (row.provenance.tool, row.provenance.method, row.provenance.seed) == ("paint", "plain colour", 5)
    assert row.provenance.params == {"size": 20, "seed": 5}
    assert house.assets.path(row.blob).stat().st_size == row.size
    assert await house.kinds(fact.job) == ["tool.called", "asset.saved", "job.finished"]
    assert not list((house.data / "staging").glob("job_*"))


async def test_a_result_is_signed_with_how_it_was_made(open_house: Any, tmp_path: Path) -> None:
    signing = Signing(tmp_path)
    async with open_house(tmp_path, signing=signing) as house:
        fact = await house.do("frame", size=20, seed=5)
        row = await house.assets.get(fact.assets[0])
        said = signing.read(house.assets.path(row.blob), row.media)
        assert said is not None
        assert (said.state, said.provenance["tool"], said.provenance["seed"]) == ("Trusted", "frame", 5)
        assert said.ingredients  # the square inside has credentials of its own


async def test_the_same_seed_paints_the_same_pixels_and_no_seed_paints_others(house: Any) -> None:
    facts = [await house.do("paint", **args) for args in ({"seed": 5}, {"seed": 5}, {}, {})]
    pixels = [(await house.assets.get(fact.assets[0])).pixels for fact in facts]
    assert pixels[0] == pixels[1]
    assert len(set(pixels)) == 3


async def test_words_that_point_at_an_asset_are_resolved_before_the_tool_runs(house: Any) -> None:
    painted = [await house.do("paint", size=size) for size in (11, 22, 33)]
    second = await house.do("measure", image="the second picture")
    assert (second.text, second.data["id"]) == ("It is 22 wide.", painted[1].assets[0])
    assert (await house.do("measure", image="那张图")).text == "It is 33 wide."
    lost = await house.do("measure", image="the last song")
    assert (lost.kind, lost.bug) == ("job.failed", False)
    assert "'the last song'" in lost.error


async def test_progress_with_a_preview_is_live_while_the_job_runs_and_gone_when_it_ended(
    house: Any, until: Any, tmp_path: Path
) -> None:
    job = await house.start("endless", folder=str(tmp_path))
    seen: list[dict[str, Any]] = []

    def going_on() -> bool:
        seen.extend(item for item in live(house) if item["kind"] == "job.progress")
        return bool(seen)

    await until(going_on)
    assert (seen[0]["job"], seen[0]["share"], seen[0]["stage"]) == (job, 0.2, "going on")
    await house.log.cancel(house.session, "job", job)
    await house.end(job)
    await until(lambda: live(house) == [])


# --- failures ---------------------------------------------------------------------------------------------------------


async def test_a_refusal_reaches_the_model_in_the_tools_own_words(house: Any) -> None:
    fact = await house.do("refuse")
    assert (fact.error, fact.bug) == ("Give a shorter text, at most 10 words.", False)


async def test_a_missing_model_names_what_mends_it(house: Any) -> None:
    fact = await house.do("lacking")
    assert (fact.error, fact.fix) == (
        "Nothing here can do test.magic.",
        "This program was started without models.",
    )


async def test_a_bug_is_told_safely_and_logged_with_its_job_and_the_worker_goes_on(
    house: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        fact = await house.do("broken")
    assert fact.bug
    assert fact.job in fact.error
    assert "division" not in fact.error
    assert any(
        "ZeroDivisionError" in record.getMessage() and fact.job in record.getMessage() for record in caplog.records
    )
    assert any("a print must not break the pipe" in record.getMessage() for record in caplog.records)
    assert (await house.do("echo", text="still here")).text == "still here"


async def test_a_tool_that_is_gone_and_arguments_that_do_not_fit_fail_in_words(house: Any) -> None:
    assert "no tool called 'vanished'" in (await house.do("vanished")).error
    assert "'txt'" in (await house.do("echo", txt="a")).error


async def test_a_job_over_its_deadline_is_stopped_and_says_so(open_house: Any, tmp_path: Path, until: Any) -> None:
    settings = EngineSettings(deadlines={"instant": 9.0, "quick": 9.0, "slow": 0.3}, grace_s=0.2)
    async with open_house(tmp_path, settings=settings) as house:
        fact = await house.do("deaf", folder=str(tmp_path))
        assert "longer than" in fact.error
        pid = int((tmp_path / "began").read_text())
        await until(lambda: not alive(pid))
        assert (await house.do("paint", seed=1)).kind == "job.finished"


async def test_a_worker_that_dies_once_has_its_job_run_again_with_the_same_seed(house: Any, tmp_path: Path) -> None:
    job = await house.start("crash_once", folder=str(tmp_path))
    fact = await house.end(job)
    assert fact.text == "Done at last."
    assert await house.kinds(job) == ["tool.called", "job.retried", "job.finished"]
    events = await house.log.events(house.session)
    retried = next(event.fact for event in events if event.kind == "job.retried")
    assert retried.attempt == 2
    assert "SIGKILL" in retried.reason


async def test_a_job_that_kills_its_worker_every_time_fails_after_the_third(house: Any, tmp_path: Path) -> None:
    job = await house.start("crash", folder=str(tmp_path))
    fact = await house.end(job)
    assert (fact.kind, fact.bug) == ("job.failed", False)
    assert "3 times" in fact.error
    assert (tmp_path / "began").read_text() == "xxx"
    assert await house.kinds(job) == ["tool.called", "job.retried", "job.retried", "job.failed"]


# --- cancelling -------------------------------------------------------------------------------------------------------


async def test_a_cancelled_tool_stops_at_its_next_word_of_progress_and_the_worker_lives_on(
    house: Any, until: Any, tmp_path: Path
) -> None:
    job = await house.start("endless", folder=str(tmp_path))
    await until((tmp_path / "began").exists)
    pid = int((tmp_path / "began").read_text())
    await house.log.cancel(house.session, "job", job)
    after = await house.do("paint", seed=1)
    assert after.data["pid"] == pid
    assert await house.kinds(job) == ["tool.called", "job.cancelled"]


async def test_a_tool_that_does_not_listen_is_killed_and_what_it_staged_is_no_asset(
    open_house: Any, until: Any, tmp_path: Path
) -> None:
    async with open_house(tmp_path, settings=EngineSettings(grace_s=0.3)) as house:
        job = await house.start("deaf", folder=str(tmp_path))
        await until((tmp_path / "began").exists)
        await until(lambda: list((tmp_path / "staging").glob("job_*/*")))
        await house.log.cancel(house.session, "job", job)
        pid = int((tmp_path / "began").read_text())
        await until(lambda: not alive(pid))
        await until(lambda: not list((tmp_path / "staging").glob("job_*")))
        assert await house.assets.listed(house.session) == []
        assert (await house.do("paint", seed=1)).data["pid"] != pid


async def test_a_job_that_waits_in_the_queue_is_cancelled_without_being_run(
    house: Any, until: Any, tmp_path: Path
) -> None:
    first = await house.start("endless", folder=str(tmp_path))
    await until((tmp_path / "began").exists)
    (tmp_path / "second").mkdir()
    second = await house.start("endless", folder=str(tmp_path / "second"))
    await house.log.cancel(house.session, "job", second)
    await house.log.cancel(house.session, "job", first)
    assert (await house.do("paint", seed=1)).kind == "job.finished"
    assert not (tmp_path / "second" / "began").exists()


async def test_instant_tools_do_not_wait_for_a_render(house: Any, until: Any, tmp_path: Path) -> None:
    render = await house.start("endless", folder=str(tmp_path))
    await until((tmp_path / "began").exists)
    assert (await house.do("echo", text="quick")).text == "quick"
    await house.log.cancel(house.session, "job", render)


# --- children ---------------------------------------------------------------------------------------------------------


async def test_a_child_runs_on_its_parents_worker_so_that_one_worker_suffices(house: Any) -> None:
    job = await house.start("frame", size=30, seed=2)
    fact = await house.end(job)
    assert fact.text == "It is 32 wide."
    assert fact.data["child"]["pid"] == fact.data["pid"]
    rows = {row.tool: row for row in await house.log.jobs(house.session)}
    assert rows["paint"].parent_job == rows["measure"].parent_job == job
    assert {row.state for row in rows.values()} == {"finished"}
    framed, inner = await house.assets.get(fact.assets[0]), (await house.assets.listed(house.session))[0]
    assert framed.provenance.parents == (inner.id,)
    assert fact.data["measured"]["id"] == framed.id


async def test_two_workers_with_many_parents_never_wait_for_one_another(open_house: Any, tmp_path: Path) -> None:
    lanes = (Lane("light"), Lane("heavy", processes=2))
    async with open_house(tmp_path, settings=EngineSettings(lanes=lanes)) as house:
        jobs = [await house.start("frame", size=10 + number, seed=number) for number in range(6)]
        facts = [await house.end(job) for job in jobs]
        assert [fact.text for fact in facts] == [f"It is {12 + number} wide." for number in range(6)]


async def test_cancelling_a_parent_ends_its_child_and_frees_the_worker(house: Any, until: Any, tmp_path: Path) -> None:
    (house.data / "plugins" / "parent.py").write_text(
        "from pydantic import BaseModel\nfrom rhapsode import *\n"
        "class Where(BaseModel):\n    folder: str\n"
        "@tool('parent', Where)\ndef parent(params, ctx):\n"
        "    '''Wait for an endless child.'''\n    return ctx.call('endless', folder=params.folder)\n"
    )
    house.registry.reload()
    job = await house.start("parent", folder=str(tmp_path))
    await until((tmp_path / "began").exists)
    await house.log.cancel(house.session, "job", job)
    assert {row.state for row in await house.log.jobs(house.session)} == {"cancelled"}
    assert (await house.do("paint", seed=1)).kind == "job.finished"


# --- stopping and starting --------------------------------------------------------------------------------------------


async def test_a_clean_stop_hands_jobs_back_uncounted_and_the_next_start_runs_them(
    open_house: Any, until: Any, tmp_path: Path
) -> None:
    async with open_house(tmp_path) as house:
        job = await house.start("endless", folder=str(tmp_path))
        await until((tmp_path / "began").exists)
        workers = [worker.pid for worker in house.engine.workers]
    assert not any(alive(pid) for pid in workers)
    async with open_house(tmp_path) as house:
        await until(lambda: (tmp_path / "began").read_text().count("\n") == 2)
        row = await house.log.job(job)
        assert (row.state, row.attempt, row.lost) == ("running", 2, 0)
        await house.log.cancel(row.session, "job", job)


async def test_a_worker_whose_lease_was_taken_over_is_stopped_and_commits_nothing(
    open_house: Any, until: Any, tmp_path: Path
) -> None:
    async with open_house(tmp_path, settings=EngineSettings(lease_s=1.5)) as house:
        job = await house.start("endless", folder=str(tmp_path))
        await until((tmp_path / "began").exists)
        await house.log.take_over("another holder")
        taken = await house.log.take_job("another holder", lanes=["heavy"], lease_s=60)
        assert taken is not None
        assert (taken.job, taken.epoch) == (job, 2)
        await until(lambda: not any(worker.stack for worker in house.engine.workers))
        with pytest.raises(LogError):
            await house.log.lost(Fence("job", job, 1), "too late")
        assert (await house.log.job(job)).state == "running"


async def test_new_tools_are_there_after_a_reload_in_fresh_workers(house: Any) -> None:
    old = (await house.do("echo", text="a")).data["pid"]
    (house.data / "plugins" / "late.py").write_text(
        "from pydantic import BaseModel\nfrom rhapsode import *\n"
        "class P(BaseModel):\n    pass\n"
        "@tool('late', P, cost='instant')\ndef late(params, ctx):\n    '''Come late.'''\n    return Result('Here I am.')\n"
    )
    house.registry.reload()
    assert (await house.do("late")).text == "Here I am."
    assert (await house.do("echo", text="b")).data["pid"] != old


async def test_the_llm_is_told_while_heavy_jobs_compute(open_house: Any, until: Any, tmp_path: Path) -> None:
    told: list[int] = []
    async with open_house(tmp_path, on_busy=told.append) as house:
        await house.do("echo", text="light work is none")
        await house.do("paint", seed=1)
        await until(lambda: told[-1:] == [0])
        assert told == [1, 0]


# --- what a tool asks for ---------------------------------------------------------------------------------------------

ASKING = '''
from pydantic import BaseModel
import numpy as np
from rhapsode import *
class P(BaseModel):
    text: str = "x"
@tool("asking", P, cost="instant")
def asking(params, ctx):
    """Ask for everything."""
    said = ctx.chat([{"role": "user", "content": params.text}], max_tokens=5)
    vectors = ctx.embed(["a", "b"], "passage")
    kept = ctx.memory.keep("The boat is green.")
    found = ctx.memory.search("boat")
    ctx.memory.forget(kept.id)
    ctx.sound(np.array([0.0, 0.5, -1.0]), 8000)
    shout = ctx.model("test.shout")
    saved = ctx.save(shout(said).encode(), method="shouting")
    return Result(said, [saved], {"shape": vectors.shape, "found": [f.text for f in found], "seed": ctx.seed})
@loader("test.shout", "loud")
def load(chosen):
    return str.upper
'''


class Answer:
    text, model = "well said", "tiny"


class Talker:
    """A language model that always says the same and can be down at first."""

    def __init__(self, failures: Sequence[Exception] = ()) -> None:
        self.asked: list[dict[str, Any]] = []
        self._failures = iter(failures)

    async def chat(self, messages: Any, **options: Any) -> Answer:
        self.asked.append({"messages": messages, **options})
        if failure := next(self._failures, None):
            raise failure
        return Answer()


class Shelf:
    """Memories and models that a test can look into; also an embedder."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[str, str]] = {}

    async def keep(self, session: str, text: str, *, owner: str, **options: Any) -> Any:
        self.memory, self.text, self.score = f"memory_{len(self.kept)}", text, 1.0
        self.kept[self.memory] = (owner, text)
        return self

    async def search(self, query: str, *, owner: str, session: str, k: int = 5) -> list[Any]:
        return [self]

    async def forget(self, session: str, memory: str, *, owner: str, **options: Any) -> None:
        del self.kept[memory]

    async def embed(self, texts: list[str], role: str) -> np.ndarray:
        return np.eye(len(texts), 384, dtype=np.float32)

    async def ready(self, task: str, *, progress: Any = None) -> Any:
        from tools.loaders import Chosen

        progress(0.5, "Fetching the shouter")
        return Chosen(task, "shouter", "loud", "code", sha256="ab" * 32, licence="MIT")


async def test_a_tool_reaches_chat_vectors_memory_sound_and_models_over_the_pipe(
    open_house: Any, tmp_path: Path
) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "asking.py").write_text(ASKING)
    talker, shelf = Talker(), Shelf()
    async with open_house(tmp_path, chat=talker, models=shelf, recall=shelf, embedder=shelf) as house:
        listener = house.feed.listen(house.session)
        fact = await house.do("asking", text="speak")
        assert (fact.kind, fact.text) == ("job.finished", "well said")
        assert fact.data["shape"] == [2, 384]
        assert fact.data["found"] == ["The boat is green."]
        assert shelf.kept == {}
        asked = talker.asked[0]
        assert (asked["messages"][0]["content"], asked["max_tokens"], asked["purpose"]) == ("speak", 5, "job")
        assert asked["seed"] == fact.data["seed"]
        row = await house.assets.get(fact.assets[0])
        assert house.assets.path(row.blob).read_bytes() == b"WELL SAID"
        assert [(made.task, made.model, made.licence) for made in row.provenance.made_by] == [
            ("chat", "tiny", None),
            ("test.shout", "shouter", "MIT"),
        ]
        chunk = next(item for item in listener.take() if item["kind"] == "audio.chunk")
        assert (chunk["sample_rate"], chunk["pcm"]) == (8000, "AAD/PwGA")
        listener.close()


async def test_a_language_model_that_died_is_asked_again(open_house: Any, tmp_path: Path) -> None:
    from tools.models.endpoint import Unreachable

    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "asking.py").write_text(ASKING)
    talker, shelf = Talker([Unreachable("It is starting.")]), Shelf()
    async with open_house(tmp_path, chat=talker, models=shelf, recall=shelf, embedder=shelf) as house:
        assert (await house.do("asking")).kind == "job.finished"
        assert len(talker.asked) == 2


async def test_what_the_program_was_not_given_is_missing_in_words(open_house: Any, tmp_path: Path) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "asking.py").write_text(ASKING)
    async with open_house(tmp_path) as house:
        fact = await house.do("asking")
        assert fact.error == "Nothing here can do chat."
        assert "rhapsode models" in fact.fix


async def test_idle_workers_give_up_their_models(open_house: Any, until: Any, tmp_path: Path) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "asking.py").write_text(ASKING.replace('"test.shout", "loud"', '"test.shout", memory=4096'))
    talker, shelf = Talker(), Shelf()
    parts = {"chat": talker, "models": shelf, "recall": shelf, "embedder": shelf}
    async with open_house(tmp_path, settings=EngineSettings(idle_s=0.4), **parts) as house:
        await house.do("asking")
        light = next(worker for worker in house.engine.workers if worker.lane.name == "light")
        assert light.resident >= 4096
        await until(lambda: light.resident == 0)
        assert (await house.do("asking")).kind == "job.finished"


async def test_jobs_started_all_at_once_all_end(house: Any) -> None:
    jobs = await asyncio.gather(*(house.start("echo", text=str(number)) for number in range(40)))
    facts = [await house.end(job) for job in jobs]
    assert [fact.text for fact in facts] == [str(number) for number in range(40)]
