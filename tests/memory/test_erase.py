"""Erasing: what a person takes away is found nowhere."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from memory.assets import Assets
from memory.erase import Target, erase, finish
from memory.events import (
    AgentSaid,
    AssetSaved,
    ContentErased,
    Draft,
    Erased,
    JobFinished,
    MemoryForgotten,
    MemoryKept,
    ModelAnswered,
    NotesMade,
    Provenance,
    SessionChanged,
    TurnDone,
    UserSaid,
)
from memory.ids import new_id
from memory.log import Command, Ended, Log, NotYours, UnknownAsset, UnknownSession
from memory.migrate import back_up
from memory.sessions import sessions_of

PHRASE = "zanzibar-marmalade-7731"


def traces(folder: Path) -> list[str]:
    """Every file of the data folder that still holds the phrase."""
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and PHRASE.encode() in path.read_bytes()
    )


def marks(folder: Path) -> list[str]:
    """What says that an erasure is under way."""
    return [path.name for path in folder.glob("erasing*")]


@pytest.fixture
def assets(log: Log, tmp_path: Path) -> Assets:
    return Assets(log, tmp_path)


class Story:
    """A conversation in which the phrase went everywhere it can go."""

    def __init__(self, log: Log, talk: Any, assets: Assets) -> None:
        self.log, self.talk, self.assets = log, talk, assets
        self.session = self.turn = self.memory = self.picture = ""

    async def plant(self) -> "Story":
        self.session = await self.talk.session(title="Nothing yet")
        said = f"Draw a {PHRASE} and remember that I like it"
        command = Command("ada", "c-1", {"name": "say", "text": said})
        self.turn = await self.talk.say(self.session, said, command=command)
        lease = await self.talk.take()
        job = await self.talk.call(lease, args={"prompt": PHRASE})
        run = await self.talk.take_job()
        await self.make_picture(run)
        await self.talk.finish(run, f"Drew {PHRASE}.")
        self.memory = new_id("memory")
        source = (self.session, 2)
        facts = [
            ModelAnswered(step=0, text=f"Here is {PHRASE}", raw={"content": PHRASE}),
            MemoryKept(memory=self.memory, text=f"Ada likes {PHRASE}", scope_key="ada", sources=(source,)),
            AgentSaid(attempt=1, part=0, text=f"I drew {PHRASE}.", memories=(self.memory,)),
            SessionChanged(title=f"A {PHRASE} picture"),
            TurnDone(jobs=(job,)),
        ]
        await self.log.append(
            self.session, [Draft(fact=fact, by="agent", turn=lease.turn) for fact in facts], fence=lease.fence
        )
        head = await self.log.head(self.session)
        notes = Draft(fact=NotesMade(upto=head, text=f"They spoke of {PHRASE}."), by="agent")
        await self.log.append(self.session, [notes])
        return self

    async def make_picture(self, run: Any) -> None:
        staged = await self.assets.stage(b"PNG " + PHRASE.encode())
        small = self.assets.folder / "thumbnails" / staged.blob[:2] / f"{staged.blob}-256.webp"
        small.parent.mkdir(parents=True)
        small.write_bytes(b"small " + PHRASE.encode())
        self.picture = new_id("asset")
        fact = AssetSaved(
            asset=self.picture,
            media="image/png",
            blob=staged.blob,
            size=staged.size,
            name=f"{PHRASE}.png",
            job=run.job,
            meta={"caption": PHRASE},
            provenance=Provenance(tool="draw_picture", method="illustrator", params={"prompt": PHRASE}),
        )
        await self.log.append(self.session, [Draft(fact=fact, by="tool", turn=run.turn)], fence=run.fence)

    async def erase(self, who: str = "ada", **target: Any) -> Any:
        return await erase(self.log, self.assets, Target(self.session, **target), who=who)


@pytest.fixture
async def story(log: Log, talk: Any, assets: Assets) -> Story:
    return await Story(log, talk, assets).plant()


async def everything(log: Log, session: str) -> str:
    return "\n".join(event.model_dump_json() for event in await log.events(session))


async def test_erasing_what_a_person_said_takes_all_that_came_of_it(log: Log, story: Story, tmp_path: Path) -> None:
    before = await log.events(story.session)
    assert PHRASE in await everything(log, story.session)
    appended = await story.erase(seqs=(2,))
    assert traces(tmp_path) == []
    assert PHRASE not in await everything(log, story.session)
    after = await log.events(story.session)
    kept = [event.fact.was if isinstance(event.fact, Erased) else event.kind for event in after]
    assert kept == [event.kind for event in before] + ["content.erased"]
    assert [event.seq for event in after] == list(range(1, len(before) + 2))
    said = appended.last.fact
    assert isinstance(said, ContentErased)
    assert 2 in said.seqs
    assert said.memories == (story.memory,)
    assert said.assets == (story.picture,)
    assert {event.kind for event in after if event.seq in said.seqs} == {"erased"}
    row = await log.session(story.session)
    assert row.title == "Nothing yet"
    with pytest.raises(UnknownAsset):
        await story.assets.get(story.picture)


async def test_erasing_a_memory_takes_its_sources_and_the_replies_that_used_it(
    log: Log, talk: Any, story: Story, tmp_path: Path
) -> None:
    other = await talk.session()
    lease_turn = await talk.say(other, "What do I like?")
    lease = await talk.take()
    reply = AgentSaid(attempt=1, part=0, text=f"You like {PHRASE}!", memories=(story.memory,))
    drafts = [Draft(fact=fact, by="agent", turn=lease_turn) for fact in (reply, TurnDone())]
    await log.append(other, drafts, fence=lease.fence)
    await log.append(other, [Draft(fact=MemoryForgotten(memory=story.memory, reason=PHRASE), by="user")])
    await story.erase(memory=story.memory)
    assert traces(tmp_path) == []
    assert PHRASE not in await everything(log, other)
    facts = {event.seq: event.fact for event in await log.events(other)}
    assert isinstance(facts[2], UserSaid)  # the question itself was not made from the memory
    assert [fact.seqs for fact in facts.values() if isinstance(fact, ContentErased)] == [(4, 6)]


async def test_erasing_a_session_leaves_its_skeleton_and_nothing_else(
    log: Log, talk: Any, story: Story, tmp_path: Path
) -> None:
    head = await log.head(story.session)
    branch = (await log.make_session("ada", title=PHRASE, parent=(story.session, head))).last.session
    await talk.say(branch, f"In the branch: {PHRASE}")
    await story.erase(whole=True)
    assert traces(tmp_path) == []
    for session in (story.session, branch):
        with pytest.raises(UnknownSession):
            await log.events(session)
        with pytest.raises(UnknownSession):
            await talk.say(session)
    assert await sessions_of(log, "ada") == []


async def test_a_branch_that_shares_the_words_loses_them_too(log: Log, talk: Any, story: Story, tmp_path: Path) -> None:
    head = await log.head(story.session)
    branch = (await log.make_session("ada", parent=(story.session, head))).last.session
    turn = await talk.whole_turn(branch, "Something else")
    quoting = f"As you said: Draw a {PHRASE} and remember that I like it"
    facts = [ModelAnswered(step=1, text=quoting), NotesMade(upto=head + 2, text=PHRASE)]
    await log.append(branch, [Draft(fact=fact, by="agent") for fact in facts])
    await erase(log, story.assets, Target(branch, seqs=(2,)), who="ada")  # its seq 2 lies in the parent
    assert traces(tmp_path) == []
    assert PHRASE not in await everything(log, branch)
    assert "Something else" in await everything(log, branch)
    assert (await log.turn_end(turn)).kind == "turn.done"


async def test_erasing_stops_what_still_runs(log: Log, talk: Any, assets: Assets, tmp_path: Path) -> None:
    session = await talk.session()
    turn = await talk.say(session, PHRASE)
    lease = await talk.take()
    job = await talk.call(lease, args={"prompt": PHRASE})
    run = await talk.take_job()
    await erase(log, assets, Target(session, seqs=(2,)), who="ada")
    with pytest.raises(Ended):
        await talk.finish(run, PHRASE)
    with pytest.raises(Ended):
        await log.append(
            session, [Draft(fact=AgentSaid(attempt=1, part=0, text=PHRASE), by="agent", turn=turn)], fence=lease.fence
        )
    assert traces(tmp_path) == []
    row = await log.job(job)
    assert row is not None
    assert (row.state, row.args, row.title) == ("cancelled", {}, "")


async def test_an_unfinished_erasure_is_finished_at_the_next_start(log: Log, story: Story, tmp_path: Path) -> None:
    async def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await erase(log, story.assets, Target(story.session, seqs=(2,)), who="ada", derived=[interrupted])
    assert PHRASE not in await everything(log, story.session)
    rebuilt: list[str] = []

    async def rebuild() -> None:
        rebuilt.append("vectors")

    assert await finish(log, story.assets, derived=[rebuild])
    assert rebuilt == ["vectors"]
    assert traces(tmp_path) == []
    assert not await finish(log, story.assets)


async def test_what_was_derived_elsewhere_is_rebuilt_after_the_words_are_gone(
    log: Log, story: Story, tmp_path: Path
) -> None:
    vectors = tmp_path / "chroma" / "index.bin"
    vectors.parent.mkdir()
    vectors.write_text(PHRASE)

    async def rebuild() -> None:
        vectors.write_text(await everything(log, story.session))

    await erase(log, story.assets, Target(story.session, seqs=(2,)), who="ada", derived=[rebuild])
    assert traces(tmp_path) == []


async def test_only_the_owner_erases(log: Log, story: Story) -> None:
    with pytest.raises(NotYours, match="Only the owner"):
        await story.erase(who="bob", seqs=(2,))
    bobs = (await log.make_session("bob")).last.session
    with pytest.raises(NotYours, match="no memory"):
        await erase(log, story.assets, Target(bobs, memory=story.memory), who="bob")
    assert PHRASE in await everything(log, story.session)


async def test_the_erasing_command_sent_twice_erases_once(log: Log, story: Story) -> None:
    command = Command("ada", "c-erase", {"name": "erase", "seqs": [2]})
    target = Target(story.session, seqs=(2,))
    first = await erase(log, story.assets, target, who="ada", command=command)
    second = await erase(log, story.assets, target, who="ada", command=command)
    assert second.repeated
    assert second.events == first.events


async def test_an_erased_request_that_is_sent_again_stays_erased(log: Log, story: Story, tmp_path: Path) -> None:
    await story.erase(seqs=(2,))
    said = Draft(fact=UserSaid(text=PHRASE), by="user", turn=new_id("turn"))
    again = await log.append(story.session, [said], command=Command("ada", "c-1", {"name": "say", "text": PHRASE}))
    assert again.repeated
    assert traces(tmp_path) == []


async def test_a_picture_s_descendants_go_with_it_and_its_siblings_stay(
    log: Log, talk: Any, assets: Assets, tmp_path: Path
) -> None:
    session = await talk.session()
    blobs = {}
    for name, parents in (("photo", ()), ("sibling", ()), ("cut", ("photo",)), ("framed", ("cut",))):
        staged = await assets.stage(name.encode() * 9)
        blobs[name] = staged.path
        fact = talk.picture(name, staged.blob, parents=parents)
        await log.append(session, [Draft(fact=fact, by="user")])
    await erase(log, assets, Target(session, seqs=(2,)), who="ada")
    assert [row.id for row in await assets.listed(session)] == ["sibling"]
    assert {name: path.exists() for name, path in blobs.items()} == {
        "photo": False, "sibling": True, "cut": False, "framed": False,
    }  # fmt: skip


async def test_bytes_that_another_asset_shares_stay(log: Log, talk: Any, assets: Assets) -> None:
    session, other = await talk.session(), await talk.session("bob")
    staged = await assets.stage(b"the same bytes")
    await log.append(session, [Draft(fact=talk.picture("mine", staged.blob), by="user")])
    await log.append(other, [Draft(fact=talk.picture("his", staged.blob), by="user")])
    await erase(log, assets, Target(session, whole=True), who="ada")
    assert staged.path.exists()
    assert (await assets.get("his")).blob == staged.blob
    await erase(log, assets, Target(other, whole=True), who="bob")
    assert not staged.path.exists()


async def test_an_upload_goes_with_the_last_message_that_shows_it(log: Log, talk: Any, assets: Assets) -> None:
    session = await talk.session()
    staged = await assets.stage(b"a photo")
    await log.append(session, [Draft(fact=talk.picture("photo", staged.blob), by="user")])  # 2
    for _ in range(2):
        await talk.say(session, "look", assets=("photo",))  # 3 and 4
    await erase(log, assets, Target(session, seqs=(3,)), who="ada")
    assert staged.path.exists()
    await erase(log, assets, Target(session, seqs=(4,)), who="ada")
    assert not staged.path.exists()


async def test_what_others_said_and_what_has_no_words_stays(log: Log, talk: Any, assets: Assets) -> None:
    session = await talk.session()
    first = await talk.whole_turn(session, "Keep me")
    second = await talk.whole_turn(session, "Take me")
    await erase(log, assets, Target(session, seqs=(5,)), who="ada")
    kinds = [event.kind for event in await log.events(session)]
    assert kinds == [
        "session.made",
        "user.said",
        "turn.taken",
        "turn.done",
        "erased",
        "turn.taken",
        "turn.done",
        "content.erased",
    ]
    assert (await log.turn_end(first)).seq == 4
    assert (await log.turn_end(second)).seq == 7


async def test_a_copy_made_before_a_migration_goes_too(
    tmp_path: Path, clock: Any, talk_on: Callable[[Log], Any]
) -> None:
    log = await Log.open(f"sqlite:///{tmp_path}/rhapsode.db", clock=clock)
    story = await Story(log, talk_on(log), Assets(log, tmp_path)).plant()
    copy = back_up(tmp_path / "rhapsode.db", "0000")
    assert any(trace.endswith("before-0000") for trace in traces(tmp_path))
    await story.erase(seqs=(2,))
    assert not copy.exists()
    assert traces(tmp_path) == []
    await log.close()
    assert traces(tmp_path) == []


async def test_a_finished_job_s_fact_can_be_erased_alone(log: Log, story: Story) -> None:
    finished = next(event for event in await log.events(story.session) if isinstance(event.fact, JobFinished))
    await story.erase(seqs=(finished.seq,))
    facts = [event.fact for event in await log.events(story.session)]
    assert any(isinstance(fact, UserSaid) for fact in facts)
    assert [fact.was for fact in facts if isinstance(fact, Erased)].count("job.finished") == 1
    with pytest.raises(UnknownAsset):
        await story.assets.get(story.picture)


async def test_free_pages_that_another_program_left_are_cleaned_too(
    tmp_path: Path, clock: Any, talk_on: Callable[[Log], Any]
) -> None:
    log = await Log.open(f"sqlite:///{tmp_path}/rhapsode.db", clock=clock)
    story = await Story(log, talk_on(log), Assets(log, tmp_path)).plant()
    careless = sqlite3.connect(tmp_path / "rhapsode.db", isolation_level=None)
    careless.execute("PRAGMA secure_delete=OFF")
    careless.execute("CREATE TABLE copies AS SELECT payload FROM events")
    careless.execute("DROP TABLE copies")
    careless.close()
    await story.erase(whole=True)
    assert traces(tmp_path) == []
    await log.close()


async def test_erasures_at_once_all_leave_nothing_behind(
    log: Log, talk: Any, assets: Assets, story: Story, tmp_path: Path
) -> None:
    """Each commits while another cleans up: what the other has looked for already, it must look for itself."""
    targets = [story.session]
    for number in range(4):
        targets.append(await talk.session(title=f"{PHRASE} {number}"))
        staged = await assets.stage(f"{PHRASE} {number}".encode())
        fact = AssetSaved(
            asset=new_id("asset"), media="text/plain", blob=staged.blob, size=staged.size, name="a.txt",
            provenance=Provenance(tool="upload", method="upload"),
        )  # fmt: skip
        await log.append(targets[-1], [Draft(fact=fact, by="user")])

    cleaning, most = 0, 0

    async def clean() -> None:
        nonlocal cleaning, most
        cleaning, most = cleaning + 1, max(most, cleaning + 1)
        if following:
            tasks.append(asyncio.create_task(take(following.pop(0))))
        await asyncio.sleep(0)
        cleaning -= 1

    async def take(session: str) -> None:
        await erase(log, assets, Target(session, whole=True), who="ada", derived=[clean])

    following, tasks = targets[1:], [asyncio.create_task(take(targets[0]))]
    for task in tasks:
        await task
    assert len(tasks) == len(targets), "an erasure was not cleaned up after"
    assert most == 1, "two cleaned up at once"
    assert traces(tmp_path) == []
    assert marks(tmp_path) == []


async def test_a_refused_erasure_leaves_nothing_for_the_next_start(
    log: Log, assets: Assets, story: Story, tmp_path: Path
) -> None:
    with pytest.raises(NotYours):
        await erase(log, assets, Target(story.session, whole=True), who="bob")
    with pytest.raises(UnknownSession):
        await erase(log, assets, Target("session_none", whole=True), who="ada")
    assert marks(tmp_path) == []
    assert not await finish(log, assets)


async def test_a_mark_of_an_older_program_is_honoured(log: Log, assets: Assets, tmp_path: Path) -> None:
    (tmp_path / "erasing").touch()
    assert await finish(log, assets)
    assert marks(tmp_path) == []
