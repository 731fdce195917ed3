"""Recall on its real parts: SQLite, Chroma and the embedder's own process."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from memory.append import Command, Fence
from memory.assets import Assets
from memory.chroma import ChromaIndex
from memory.erase import Target, erase
from memory.errors import CommandConflict, Fenced, NotYours, UnknownSession
from memory.events import AgentSaid, Draft, MemberJoined, MemoryForgotten, MemoryKept, SessionChanged, UserSaid
from memory.exact import ExactIndex
from memory.ids import new_id
from memory.likeness import Likeness
from memory.log import Log
from memory.recall import NothingToKeep, Recall, UnknownMemory
from tools.models.embed import ServedEmbedder

pytestmark = pytest.mark.asyncio(loop_scope="module")

Open = Callable[..., Awaitable[Recall]]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def embedder(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServedEmbedder]:
    served = ServedEmbedder()
    yield served
    await served.close()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def centres(embedder: ServedEmbedder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedder's centres, measured once for all tests of this file."""
    folder = tmp_path_factory.mktemp("centres")
    await Likeness.of(embedder, folder)
    return folder


@pytest_asyncio.fixture(loop_scope="module")
async def log(tmp_path: Path) -> AsyncIterator[Log]:
    opened = await Log.open(f"sqlite:///{tmp_path}/rhapsode.db", synchronous="normal")
    yield opened
    await opened.close()


@pytest_asyncio.fixture(loop_scope="module")
async def open_recall(log: Log, embedder: ServedEmbedder, centres: Path, tmp_path: Path) -> AsyncIterator[Open]:
    opened: list[Recall] = []

    async def make(**options: object) -> Recall:
        shutil.copytree(centres, tmp_path / "chroma", dirs_exist_ok=True)
        recall = Recall(log, embedder, tmp_path / "chroma", **options)  # type: ignore[arg-type]
        opened.append(recall)
        return recall

    yield make
    for recall in opened:
        await recall.close()


@pytest_asyncio.fixture(loop_scope="module")
async def recall(open_recall: Open) -> Recall:
    return await open_recall()


async def session(log: Log, owner: str = "mia", **options: object) -> str:
    return (await log.make_session(owner, **options)).events[0].session  # type: ignore[arg-type]


async def texts(
    recall: Recall, query: str, where: str | None = None, owner: str = "mia", **options: object
) -> list[str]:
    found = await recall.search(query, owner=owner, session=where, **options)  # type: ignore[arg-type]
    return [one.text for one in found]


# --- keeping and finding ----------------------------------------------------------------------------------------------


async def test_what_was_kept_is_found_at_once_and_in_another_session(log: Log, recall: Recall) -> None:
    here = await session(log)
    kept = await recall.keep(here, "remember that my tortoise is called Balthazar", owner="mia")
    assert kept.text == "My tortoise is called Balthazar."
    found = await recall.search("What is my tortoise's name?", owner="mia", session=await session(log))
    assert [(one.memory, one.text, one.scope) for one in found] == [(kept.memory, kept.text, "user")]
    assert 0.27 <= found[0].score <= 1


@pytest.mark.parametrize("indexed", [False, True], ids=["before indexing", "after indexing"])
async def test_the_same_is_found_before_and_after_it_is_indexed(log: Log, recall: Recall, indexed: bool) -> None:
    here = await session(log)
    await recall.keep(here, "我的吉他放在阁楼上", owner="mia")
    await recall.keep(here, "My dentist is Dr Okafor.", owner="mia")
    if indexed:
        assert await recall.catch_up() == 2
    assert await texts(recall, "我的吉他在哪里？") == ["我的吉他放在阁楼上。"]
    assert await texts(recall, "who takes care of my teeth?") == ["My dentist is Dr Okafor."]
    assert await texts(recall, "Where is my guitar?") == ["我的吉他放在阁楼上。"]


async def test_what_is_not_relevant_does_not_come_back(log: Log, recall: Recall) -> None:
    here = await session(log)
    for sentence in ("My tortoise is called Balthazar.", "我的吉他放在阁楼上。", "I am allergic to shellfish."):
        await recall.keep(here, sentence, owner="mia")
    for query in ("What is the capital of Peru?", "画一座桥", "Thanks!", "把这段话翻译成法语", "Count to ten."):
        assert await texts(recall, query) == []


async def test_nothing_is_embedded_when_there_is_nothing_to_find(log: Log, tmp_path: Path) -> None:
    class Unreachable:
        async def embed(self, texts: object, role: object) -> object:
            raise AssertionError("asked to embed")

    recall = Recall(log, Unreachable(), tmp_path / "chroma")  # type: ignore[arg-type]
    assert await texts(recall, "What is my name?", await session(log)) == []
    assert await texts(recall, "   ") == []
    await recall.close()


async def test_the_most_relevant_comes_first_and_no_more_than_asked(log: Log, recall: Recall) -> None:
    here = await session(log)
    for sentence in ("My cat likes tuna.", "My cat is called Vesper.", "My cat sleeps in the wardrobe."):
        await recall.keep(here, sentence, owner="mia")
    assert (await texts(recall, "What is my cat called?"))[0] == "My cat is called Vesper."
    assert len(await texts(recall, "What do you know of my cat?", k=2)) == 2
    assert await texts(recall, "What is my cat called?", k=0) == []


async def test_a_code_is_found_by_its_letters(log: Log, recall: Recall) -> None:
    here = await session(log)
    await recall.keep(here, "The locker at the pool is QX-7731.", owner="mia")
    await recall.keep(here, "The locker at the station is BD-2090.", owner="mia")
    assert (await texts(recall, "what was QX-7731 again?"))[0].startswith("The locker at the pool")


async def test_owners_do_not_see_each_other(log: Log, recall: Recall) -> None:
    await recall.keep(await session(log, "mia"), "My passport number is L01X00T47.", owner="mia")
    await recall.keep(await session(log, "ben"), "My passport is in the drawer.", owner="ben")
    assert await texts(recall, "Where is my passport?", owner="ben") == ["My passport is in the drawer."]
    assert await texts(recall, "passport number", owner="eve") == []
    assert [row.text for row in await recall.listed("mia")] == ["My passport number is L01X00T47."]


async def test_listed_gives_what_is_in_force_newest_first(log: Log, recall: Recall) -> None:
    here = await session(log)
    first = await recall.keep(here, "I live in Ghent.", owner="mia")
    tea = await recall.keep(here, "I like tea.", owner="mia")
    second = await recall.keep(here, "I moved to Bruges.", owner="mia")
    assert second.superseded == (first.memory,)
    assert [row.id for row in await recall.listed("mia")] == [second.memory, tea.memory]


# --- superseding ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "query"),
    [
        ("My falcon is called Zephyr", "My falcon is called Mistral", "What is my falcon's name?"),
        (
            "My falcon is called Zephyr",
            "Actually, my falcon's name is Mistral, not Zephyr",
            "What is my falcon's name?",
        ),
        ("我的猎鹰叫阿风", "我的猎鹰叫小雷", "我的猎鹰叫什么名字？"),
        ("我的猎鹰的名字是阿风", "我的猎鹰现在叫小雷", "我的猎鹰叫什么名字？"),
        ("I live in Ghent", "我现在住在青岛", "Where do I live?"),
    ],
)
async def test_a_correction_takes_the_place_of_what_it_corrects(
    log: Log, recall: Recall, old: str, new: str, query: str
) -> None:
    here = await session(log)
    older = await recall.keep(here, old, owner="mia")
    newer = await recall.keep(await session(log), new, owner="mia")
    assert newer.superseded == (older.memory,)
    assert await texts(recall, query) == [newer.text]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("My falcon is called Zephyr", "My ferret is called Mistral"),
        ("My falcon is called Zephyr", "My falcon is afraid of thunder"),
        ("My friend is called Anna", "My friend is called Ruth"),
        ("I like jazz", "I like chess"),
        ("我的猎鹰叫阿风", "我的雪貂叫小雷"),
        ("我喜欢爵士乐", "我喜欢下棋"),
        ("我的朋友叫小安", "我的朋友叫小鲁"),
    ],
)
async def test_what_can_be_true_together_stays(log: Log, recall: Recall, one: str, other: str) -> None:
    here = await session(log)
    await recall.keep(here, one, owner="mia")
    assert (await recall.keep(here, other, owner="mia")).superseded == ()
    assert len(await recall.listed("mia")) == 2


async def test_saying_the_same_again_keeps_one(log: Log, recall: Recall) -> None:
    here = await session(log)
    first = await recall.keep(here, "I am allergic to shellfish.", owner="mia")
    again = await recall.keep(here, "remember: i am allergic to shellfish", owner="mia")
    assert again.superseded == (first.memory,)
    assert [row.id for row in await recall.listed("mia")] == [again.memory]


async def test_one_owner_corrects_nothing_of_another(log: Log, recall: Recall) -> None:
    await recall.keep(await session(log, "ben"), "My falcon is called Zephyr", owner="ben")
    kept = await recall.keep(await session(log, "mia"), "My falcon is called Mistral", owner="mia")
    assert kept.superseded == ()
    assert await texts(recall, "What is my falcon's name?", owner="ben") == ["My falcon is called Zephyr."]


# --- forgetting -------------------------------------------------------------------------------------------------------


async def test_a_forgotten_memory_is_found_no_more(log: Log, recall: Recall) -> None:
    here = await session(log)
    kept = await recall.keep(here, "My tortoise is called Balthazar.", owner="mia")
    await recall.catch_up()
    assert await texts(recall, "tortoise") != []
    await recall.forget(here, kept.memory, owner="mia", reason="asked for")
    assert await texts(recall, "tortoise") == []
    assert await recall.listed("mia") == []
    assert (await log.events(here))[-1].fact == MemoryForgotten(memory=kept.memory, reason="asked for")


async def test_forgetting_a_correction_forgets_what_it_replaced_and_undoing_it_does_not(
    log: Log, recall: Recall
) -> None:
    here = await session(log)
    await recall.keep(here, "My falcon is called Zephyr", owner="mia")
    second = await recall.keep(here, "My falcon is called Mistral", owner="mia")
    await recall.forget(here, second.memory, owner="mia", reason="undo")
    assert await texts(recall, "What is my falcon's name?") == ["My falcon is called Zephyr."]
    third = await recall.keep(here, "My falcon is called Sirocco", owner="mia")
    await recall.forget(here, third.memory, owner="mia")
    assert await texts(recall, "What is my falcon's name?") == []


async def test_nobody_forgets_for_another(log: Log, recall: Recall) -> None:
    here = await session(log)
    kept = await recall.keep(here, "My tortoise is called Balthazar.", owner="mia")
    for memory, who in ((kept.memory, "eve"), ("memory_none", "mia")):
        with pytest.raises(UnknownMemory, match="Search for it"):
            await recall.forget(await session(log, who), memory, owner=who)
    assert len(await recall.listed("mia")) == 1


# --- the log's rules --------------------------------------------------------------------------------------------------


async def test_the_same_command_keeps_once_and_tells_the_same(log: Log, recall: Recall) -> None:
    here = await session(log)
    command = Command("mia", "c1", {"keep": "I play the oboe"})
    first = await recall.keep(here, "I play the oboe", owner="mia", command=command)
    again = await recall.keep(here, "I play the oboe", owner="mia", command=command)
    assert (first.memory, first.text) == (again.memory, again.text)
    assert len(await recall.listed("mia")) == 1
    other = Command("mia", "c1", {"keep": "I play the harp"})
    with pytest.raises(CommandConflict):
        await recall.keep(here, "I play the harp", owner="mia", command=other)


async def test_a_turn_whose_lease_ran_out_keeps_nothing_and_one_in_force_signs_its_memories(
    log: Log, recall: Recall
) -> None:
    here, turn = await session(log), new_id("turn")
    await log.append(here, [Draft(fact=UserSaid(text="Remember I play the oboe"), by="user", turn=turn)])
    lease = await log.take_turn("me", lease_s=60)
    assert lease is not None
    await recall.keep(
        here,
        "I play the oboe",
        owner="mia",
        fence=lease.fence,
        sources=((here, lease.seq),) if hasattr(lease, "seq") else (),
    )
    assert (await log.events(here))[-1].turn == turn
    with pytest.raises(Fenced):
        await recall.keep(here, "I play the harp", owner="mia", fence=Fence(kind="turn", id=turn, epoch=99))
    assert [row.text for row in await recall.listed("mia")] == ["I play the oboe."]


@pytest.mark.parametrize("words", ["", "  \n", "remember that", "记住", "?!", "x" * 3000])
async def test_what_holds_no_sentence_is_refused_with_words(log: Log, recall: Recall, words: str) -> None:
    with pytest.raises(NothingToKeep, match=r"Say"):
        await recall.keep(await session(log), words, owner="mia")


async def test_a_memory_inherits_the_lowest_trust_and_the_narrowest_audience_of_its_sources(
    log: Log, recall: Recall
) -> None:
    here = await session(log)
    said = await log.append(
        here,
        [
            Draft(fact=UserSaid(text="The vault opens at dawn."), by="user", turn=new_id("turn"), to=("mia", "ben")),
            Draft(fact=AgentSaid(attempt=1, part=0, text="So it does."), by="agent", to=("mia", "eve")),
        ],
    )
    sources = tuple((event.session, event.seq) for event in said.events)
    await recall.keep(here, "The vault opens at dawn.", owner="mia", sources=sources)
    (row,) = await recall.listed("mia")
    assert (row.trust, row.to, row.sources) == ("model", ("mia",), sources)
    (found,) = await recall.search("When does the vault open?", owner="mia", session=here)
    assert (found.trust, found.sources) == ("model", sources)


async def test_a_memory_out_of_its_time_is_not_found(log: Log, recall: Recall) -> None:
    here, now = await session(log), datetime.now(UTC)
    for text, start, end in (
        ("The parking permit is green.", None, now - timedelta(days=1)),
        ("The parking permit is blue.", now - timedelta(days=1), now + timedelta(days=1)),
        ("The parking permit is red.", now + timedelta(days=1), None),
    ):
        fact = MemoryKept(memory=new_id("memory"), text=text, scope_key="mia", valid_from=start, valid_to=end)
        await log.append(here, [Draft(fact=fact, by="user")])
    assert await texts(recall, "Which colour is the parking permit?") == ["The parking permit is blue."]


# --- stories and branches ---------------------------------------------------------------------------------------------


async def test_a_story_remembers_for_itself_and_never_for_the_person(log: Log, recall: Recall) -> None:
    story, chat = await session(log, mode="story"), await session(log)
    kept = await recall.keep(story, "The lighthouse keeper is called Ingrid.", owner="mia")
    assert await texts(recall, "Who keeps the lighthouse?", story, scopes=("story",)) == [kept.text]
    assert await texts(recall, "Who keeps the lighthouse?", chat, scopes=("user", "story")) == []
    with pytest.raises(NothingToKeep, match="chat"):
        await recall.keep(story, "I like tea.", owner="mia", scope="user")


async def test_a_branch_sees_its_past_and_not_its_sisters(log: Log, recall: Recall) -> None:
    root = await session(log, mode="story")
    await recall.keep(root, "The lighthouse keeper is called Ingrid.", owner="mia")
    fork = await log.head(root)
    left, right = [await session(log, mode="story", parent=(root, fork)) for _ in range(2)]
    renamed = await recall.keep(left, "The lighthouse keeper is called Solveig.", owner="mia")
    assert len(renamed.superseded) == 1
    await recall.keep(root, "The lighthouse burnt down.", owner="mia")
    for indexed in (False, True):
        if indexed:
            await recall.catch_up()
        who = "Who is the lighthouse keeper?"
        assert await texts(recall, who, left, scopes=("story",)) == ["The lighthouse keeper is called Solveig."]
        assert await texts(recall, who, right, scopes=("story",)) == ["The lighthouse keeper is called Ingrid."]
        assert "The lighthouse burnt down." in await texts(recall, "lighthouse fire", root, scopes=("story",))
        assert "The lighthouse burnt down." not in await texts(recall, "lighthouse fire", right, scopes=("story",))


async def test_two_sisters_may_each_correct_the_same_past(log: Log, recall: Recall) -> None:
    root = await session(log, mode="story")
    await recall.keep(root, "The lighthouse keeper is called Ingrid.", owner="mia")
    fork = await log.head(root)
    left, right = [await session(log, mode="story", parent=(root, fork)) for _ in range(2)]
    await recall.keep(left, "The lighthouse keeper is called Solveig.", owner="mia")
    await recall.keep(right, "The lighthouse keeper is called Astrid.", owner="mia")
    who = "Who is the lighthouse keeper?"
    assert await texts(recall, who, left, scopes=("story",)) == ["The lighthouse keeper is called Solveig."]
    assert await texts(recall, who, right, scopes=("story",)) == ["The lighthouse keeper is called Astrid."]
    assert await texts(recall, who, root, scopes=("story",)) == ["The lighthouse keeper is called Ingrid."]


async def test_a_character_remembers_apart_from_another(log: Log, recall: Recall) -> None:
    story = await session(log, mode="story")
    await recall.keep(story, "The treasure is under the oak.", owner="mia", scope="character", scope_key="Ingrid")
    where = "Where is the treasure?"
    assert await texts(recall, where, story, scopes=("character:Ingrid",)) == ["The treasure is under the oak."]
    assert await texts(recall, where, story, scopes=("character",)) == ["The treasure is under the oak."]
    assert await texts(recall, where, story, scopes=("character:Olaf", "story", "room")) == []
    with pytest.raises(NothingToKeep, match="scope_key"):
        await recall.keep(story, "The treasure is gone.", owner="mia", scope="room")


async def test_a_story_is_read_by_its_members_only_and_each_line_by_its_audience(log: Log, recall: Recall) -> None:
    story = await session(log, mode="story")
    await log.append(story, [Draft(fact=MemberJoined(member="ben"), by="user")])
    await recall.keep(story, "The bridge is guarded by trolls.", owner="mia")
    secret = Draft(fact=UserSaid(text="psst"), by="user", turn=new_id("turn"), to=("mia",))
    event = (await log.append(story, [secret])).events[0]
    await recall.keep(story, "The bridge has a secret ladder.", owner="mia", sources=[(story, event.seq)])
    bridge = "What about the bridge?"
    assert len(await texts(recall, bridge, story, "mia", scopes=("story",))) == 2
    assert await texts(recall, bridge, story, "ben", scopes=("story",)) == ["The bridge is guarded by trolls."]
    with pytest.raises(NotYours):
        await texts(recall, bridge, story, "eve", scopes=("story",))
    with pytest.raises(UnknownSession):
        await texts(recall, bridge, "session_none", "eve", scopes=("story",))


async def test_in_company_a_person_s_own_memories_stay_out_until_the_session_says_otherwise(
    log: Log, recall: Recall
) -> None:
    here = await session(log)
    await recall.keep(here, "I am allergic to shellfish.", owner="mia")
    assert await texts(recall, "What am I allergic to?", here) != []
    await log.append(here, [Draft(fact=MemberJoined(member="ben"), by="user")])
    assert await texts(recall, "What am I allergic to?", here) == []
    await log.append(here, [Draft(fact=SessionChanged(settings={"recall_user": True}), by="user")])
    assert await texts(recall, "What am I allergic to?", here) != []


# --- the index --------------------------------------------------------------------------------------------------------


async def test_running_indexes_what_is_kept_behind_the_log(log: Log, recall: Recall, tmp_path: Path) -> None:
    task = asyncio.create_task(recall.run())
    await recall.keep(await session(log), "My tortoise is called Balthazar.", owner="mia")
    async with asyncio.timeout(30):
        while not (await recall.listed("mia"))[0].indexed:
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await recall.close()
    index = ChromaIndex(tmp_path / "chroma")
    assert index.count("user:mia") == 1
    index.close()


async def test_everything_can_be_made_again_from_the_log(log: Log, open_recall: Open, tmp_path: Path) -> None:
    recall, here = await open_recall(), await session(log)
    for sentence in ("My tortoise is called Balthazar.", "我的吉他放在阁楼上。"):
        await recall.keep(here, sentence, owner="mia")
    await recall.catch_up()
    assert await recall.rebuild() == 2
    assert await texts(recall, "tortoise") == ["My tortoise is called Balthazar."]
    await recall.close()
    shutil.rmtree(tmp_path / "chroma")
    again = await open_recall()
    assert await texts(again, "tortoise") == ["My tortoise is called Balthazar."]
    assert await again.catch_up() == 2
    assert await texts(again, "我的吉他在哪") == ["我的吉他放在阁楼上。"]


async def test_a_damaged_index_is_made_again(log: Log, open_recall: Open, tmp_path: Path) -> None:
    recall = await open_recall()
    await recall.keep(await session(log), "My tortoise is called Balthazar.", owner="mia")
    await recall.catch_up()
    await recall.close()
    (tmp_path / "chroma" / "chroma.sqlite3").write_bytes(b"this is no database" * 1000)
    again = await open_recall()
    assert await texts(again, "tortoise") == ["My tortoise is called Balthazar."]
    assert await again.catch_up() == 1


async def test_vectors_that_the_index_lost_are_noticed_and_made_again(
    log: Log, open_recall: Open, tmp_path: Path
) -> None:
    recall, here = await open_recall(), await session(log)
    kept = await recall.keep(here, "My tortoise is called Balthazar.", owner="mia")
    await recall.keep(here, "My dentist is Dr Okafor.", owner="mia")
    await recall.catch_up()
    await recall.close()
    index = ChromaIndex(tmp_path / "chroma")
    index.delete("user:mia", [kept.memory])
    index.close()
    again = await open_recall()
    assert await texts(again, "tortoise") == ["My tortoise is called Balthazar."]
    assert await again.catch_up() == 1


async def test_after_an_erasure_the_vector_is_gone_and_the_others_stay(
    log: Log, recall: Recall, tmp_path: Path
) -> None:
    here = await session(log)
    kept = await recall.keep(here, "My tortoise is called Balthazar.", owner="mia")
    await recall.keep(here, "My dentist is Dr Okafor.", owner="mia")
    await recall.catch_up()
    assert len(await texts(recall, "tortoise")) == 1
    assets = Assets(log, tmp_path)
    await erase(log, assets, Target(here, memory=kept.memory), who="mia", derived=[recall.catch_up])
    assert await texts(recall, "tortoise") == []
    assert await texts(recall, "dentist") == ["My dentist is Dr Okafor."]
    await recall.close()
    index = ChromaIndex(tmp_path / "chroma")
    assert kept.memory not in index.get("user:mia")[0]
    assert index.count("user:mia") == 1
    index.close()


@pytest.mark.parametrize("kind", [ChromaIndex, ExactIndex], ids=["chroma", "exact"])
async def test_a_collection_too_large_for_memory_is_searched_in_its_index(
    log: Log, open_recall: Open, tmp_path: Path, kind: type
) -> None:
    recall = await open_recall(index=kind(tmp_path / "chroma"), largest=3)
    here = await session(log)
    for number in range(12):
        await recall.keep(here, f"Box number {number} holds {number * 3} marbles.", owner="mia")
    tortoise = await recall.keep(here, "My tortoise is called Balthazar.", owner="mia")
    await recall.catch_up()
    assert await texts(recall, "What is my tortoise's name?") == [tortoise.text]
    await recall.keep(here, "My dentist is Dr Okafor.", owner="mia")
    assert await texts(recall, "Who is my dentist?") == ["My dentist is Dr Okafor."]
    await recall.forget(here, tortoise.memory, owner="mia")
    assert await texts(recall, "What is my tortoise's name?") == []


async def test_what_a_lineage_hides_does_not_crowd_out_what_it_shows(log: Log, recall: Recall) -> None:
    root = await session(log, mode="story")
    await recall.keep(root, "A raven named Corvin guards the tower.", owner="mia")
    branch = await session(log, mode="story", parent=(root, await log.head(root)))
    drafts = []
    for number in range(150):
        text = f"A raven named Corvin guards the tower on day {number}."
        fact = MemoryKept(memory=new_id("memory"), text=text, scope="story", scope_key=root)
        drafts.append(Draft(fact=fact, by="engine"))
    await log.append(root, drafts)
    await recall.catch_up()
    assert await texts(recall, "Which raven guards the tower?", branch, scopes=("story",)) == [
        "A raven named Corvin guards the tower."
    ]


async def test_recall_goes_on_after_its_embedder_was_down(log: Log, tmp_path: Path, embedder: ServedEmbedder) -> None:
    class Late:
        """Fails the first time it is asked."""

        failed = False

        async def embed(self, texts: list[str], role: str) -> object:
            if not self.failed:
                self.failed = True
                raise OSError("not yet")
            return await embedder.embed(texts, role)  # type: ignore[arg-type]

    recall = Recall(log, Late(), tmp_path / "chroma")  # type: ignore[arg-type]
    await recall.keep(await session(log), "My tortoise is called Balthazar.", owner="mia")
    task = asyncio.create_task(recall.run())
    async with asyncio.timeout(30):
        while not (await recall.listed("mia"))[0].indexed:
            await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await recall.close()
