"""Assets: bytes are on disk before their fact, and access goes by the row."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from memory.assets import Assets, TooLarge
from memory.events import Draft, MemberJoined, UserSaid
from memory.ids import new_id
from memory.log import Log, StorageFull, UnknownAsset


@pytest.fixture
def assets(log: Log, tmp_path: Path, clock: Any) -> Assets:
    return Assets(log, tmp_path, clock=clock)


async def saved(log: Log, talk: Any, session: str, blob: str, **fields: Any) -> str:
    asset = fields.pop("asset", None) or new_id("asset")
    to = fields.pop("to", None)
    await log.append(session, [Draft(fact=talk.picture(asset, blob, **fields), by="user", to=to)])
    return str(asset)


async def test_bytes_files_and_streams_are_staged_under_their_hash(assets: Assets, tmp_path: Path) -> None:
    content = os.urandom(3_000_000)
    file = tmp_path / "in.bin"
    file.write_bytes(content)

    async def stream() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 70_001):
            yield content[start : start + 70_001]

    staged = [await assets.stage(source) for source in (content, file, stream())]
    assert {one.blob for one in staged} == {staged[0].blob}
    assert staged[0].size == len(content)
    assert staged[0].path == tmp_path / "blobs" / staged[0].blob[:2] / staged[0].blob
    assert staged[0].path.read_bytes() == content
    assert not list((tmp_path / "staging").glob("part_*"))


async def test_an_empty_file_is_a_file(assets: Assets) -> None:
    staged = await assets.stage(b"")
    assert (staged.size, staged.path.read_bytes()) == (0, b"")


async def test_more_than_the_limit_is_refused_and_leaves_nothing(assets: Assets, tmp_path: Path) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 1000

    with pytest.raises(TooLarge, match="10,000 bytes"):
        await assets.stage(endless(), limit=10_000)
    assert not [*(tmp_path / "staging").glob("part_*"), *(tmp_path / "blobs").glob("??/*")]
    assert (await assets.stage(b"x" * 10_000, limit=10_000)).size == 10_000


async def test_a_stream_that_breaks_off_leaves_nothing(assets: Assets, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionResetError("gone")

    with pytest.raises((ConnectionResetError, StorageFull)):
        await assets.stage(broken())
    assert not list((tmp_path / "staging").glob("part_*"))
    assert not list((tmp_path / "blobs").glob("??/*"))


async def test_an_asset_is_read_by_its_owner_and_by_nobody_else(log: Log, talk: Any, assets: Assets) -> None:
    session = await talk.session("ada")
    asset = await saved(log, talk, session, (await assets.stage(b"1")).blob)
    row = await assets.get(asset, reader="ada")
    assert (row.owner, row.session, row.provenance.method) == ("ada", session, "illustrator")
    for id, reader in ((asset, "eve"), ("asset_none", "ada")):
        with pytest.raises(UnknownAsset, match="Attach the file again"):
            await assets.get(id, reader=reader)


async def test_members_read_what_a_session_made_or_shows(log: Log, talk: Any, assets: Assets) -> None:
    made_here, other = await talk.session("ada"), await talk.session("ada")
    blob = (await assets.stage(b"1")).blob
    asset = await saved(log, talk, other, blob)
    await log.append(made_here, [Draft(fact=MemberJoined(member="bob"), by="user")])
    with pytest.raises(UnknownAsset):
        await assets.get(asset, reader="bob")
    await talk.say(made_here, "look", assets=(asset,))
    assert (await assets.get(asset, reader="bob")).id == asset
    own = await saved(log, talk, made_here, blob)
    assert (await assets.get(own, reader="bob")).id == own


async def test_knowing_the_bytes_does_not_open_somebody_s_asset(log: Log, talk: Any, assets: Assets) -> None:
    adas, eves = await talk.session("ada"), await talk.session("eve")
    secret = await saved(log, talk, adas, (await assets.stage(b"secret")).blob)
    mine = await saved(log, talk, eves, (await assets.stage(b"secret")).blob)
    assert (await assets.get(mine, reader="eve")).blob == (await assets.get(secret)).blob
    with pytest.raises(UnknownAsset):
        await assets.get(secret, reader="eve")


async def test_what_was_made_for_some_is_read_by_them_only(log: Log, talk: Any, assets: Assets) -> None:
    session = await talk.session("master")
    for member in ("bob", "eve"):
        await log.append(session, [Draft(fact=MemberJoined(member=member), by="user")])
    asset = await saved(log, talk, session, (await assets.stage(b"map")).blob, to=("bob",))
    assert (await assets.get(asset, reader="bob")).to == ("bob",)
    with pytest.raises(UnknownAsset):
        await assets.get(asset, reader="eve")


async def test_assets_of_a_session_come_oldest_first(log: Log, talk: Any, assets: Assets) -> None:
    session, other = await talk.session(), await talk.session()
    blob = (await assets.stage(b"1")).blob
    elsewhere = await saved(log, talk, other, blob)
    first = await saved(log, talk, session, blob)
    await talk.say(session, "look", assets=(elsewhere,))
    second = await saved(log, talk, session, blob)
    await talk.say(session, "and again", assets=(first, elsewhere))
    assert [row.id for row in await assets.listed(session)] == [first, elsewhere, second]


async def test_a_branch_lists_what_its_prefix_made_and_not_what_came_after(log: Log, talk: Any, assets: Assets) -> None:
    root = await talk.session()
    blob = (await assets.stage(b"1")).blob
    before = await saved(log, talk, root, blob)
    branch = await talk.session(parent=(root, 2))
    after = await saved(log, talk, root, blob)
    own = await saved(log, talk, branch, blob)
    assert [row.id for row in await assets.listed(branch)] == [before, own]
    assert [row.id for row in await assets.listed(root)] == [before, after]


async def test_lineage_goes_both_ways(log: Log, talk: Any, assets: Assets) -> None:
    session = await talk.session()
    blob = (await assets.stage(b"1")).blob
    for asset, parents in (
        ("photo", ()),
        ("mask", ()),
        ("cut", ("photo", "mask")),
        ("framed", ("cut",)),
        ("small", ("photo",)),
    ):
        await saved(log, talk, session, blob, asset=asset, parents=parents)
    lineage = await assets.lineage("cut")
    assert [row.id for row in lineage.ancestors] == ["mask", "photo"]
    assert [row.id for row in lineage.descendants] == ["framed"]
    assert {row.id for row in (await assets.lineage("photo")).descendants} == {"cut", "small", "framed"}
    assert {row.id for row in (await assets.lineage("framed")).ancestors} == {"cut", "photo", "mask"}


async def test_a_result_s_assets_belong_to_whoever_asked_for_the_job(log: Log, talk: Any, assets: Assets) -> None:
    from memory.log import Command

    session = await talk.session("ada")
    await log.append(session, [Draft(fact=MemberJoined(member="bob"), by="user")])
    await talk.say(session, "draw", command=Command("bob", "c-1", {}))
    lease = await talk.take()
    assert lease.owner == "bob"
    await talk.call(lease)
    run = await talk.take_job()
    picture = talk.picture("asset-1", (await assets.stage(b"1")).blob, job=run.job)
    await talk.finish(run, assets=(picture,))
    assert (await assets.get("asset-1")).owner == "bob"


async def test_a_blob_without_an_asset_goes_after_a_day(
    log: Log, talk: Any, assets: Assets, clock: Any, tmp_path: Path
) -> None:
    session = await talk.session()
    kept, orphan = await assets.stage(b"kept"), await assets.stage(b"orphan")
    await saved(log, talk, session, kept.blob)
    part = tmp_path / "staging" / "part_crashed"
    part.write_bytes(b"half")
    clock.now = orphan.path.stat().st_mtime + 24 * 3600 - 5
    assert await assets.sweep() == 0
    clock.forward(10)
    assert await assets.sweep() == 1
    assert (kept.path.exists(), orphan.path.exists(), part.exists()) == (True, False, False)


async def test_a_blob_that_is_staged_again_is_young_again(assets: Assets, clock: Any) -> None:
    first = await assets.stage(b"again")
    os.utime(first.path, (0, 0))
    await assets.stage(b"again")
    clock.now = 100_000.0  # more than a day after the first staging
    assert await assets.sweep() == 0
    assert first.path.exists()


async def test_sweeping_and_staging_the_same_bytes_at_once_never_loses_them(
    log: Log, talk: Any, assets: Assets, clock: Any
) -> None:
    for _ in range(10):
        old = await assets.stage(b"contended")
        os.utime(old.path, (0, 0))
        clock.now = 100_000.0  # over a day after the blob's, long before anything that is written now
        staged, _ = await asyncio.gather(assets.stage(b"contended"), assets.sweep())
        assert staged.path.read_bytes() == b"contended"


def test_a_name_that_is_no_hash_leads_nowhere(tmp_path: Path) -> None:
    class NoLog:
        pass

    assets = Assets(NoLog(), tmp_path)  # type: ignore[arg-type]
    for name in ("../../etc/passwd", "a" * 63, "A" * 64, "", "a" * 64 + "/"):
        with pytest.raises(UnknownAsset):
            assets.path(name)


async def test_an_uploading_message_shows_its_picture_to_whoever_reads_the_session(
    log: Log, talk: Any, assets: Assets
) -> None:
    private, shared = await talk.session("ada"), await talk.session("ada")
    photo = await saved(log, talk, private, (await assets.stage(b"photo")).blob)
    await log.append(shared, [Draft(fact=MemberJoined(member="bob"), by="user")])
    whisper = Draft(fact=UserSaid(text="psst", assets=(photo,)), by="user", turn=new_id("turn"), to=("ada",))
    await log.append(shared, [whisper])
    with pytest.raises(UnknownAsset):
        await assets.get(photo, reader="bob")
