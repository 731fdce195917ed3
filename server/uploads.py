"""An upload on its way into the log: staged, judged by its bytes, then a fact.

The blob is on disk before the fact names it. One that is refused, or whose fact never came, is swept up a day later.
"""

import asyncio
from collections.abc import AsyncIterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from memory.events import AssetSaved, Draft, Provenance
from memory.ids import new_id
from memory.log import Command as Idempotent
from memory.rows import AssetRow
from server.auth import Principal
from server.house import House
from server.limits import Inspected, bounded, clean_name, inspect
from server.refusal import Refusal
from server.settings import Limits
from tools.staging import describe

DECODING = ThreadPoolExecutor(2, thread_name_prefix="decode")
"""Where pictures of people are decoded: each may take hundreds of megabytes, so only two at once."""


async def save_upload(
    house: House, who: Principal, session: str, body: AsyncIterable[bytes], name: str, command: str
) -> AssetRow:
    """Keep a file that a person sent. The same ``command`` again answers with the same asset.

    Raises:
        Refusal: it is empty, too large, harmful when decoded, or not what it seems.
    """
    limits = house.settings.limits
    staged = await house.assets.stage(bounded(body, limits.upload_mb * 1_000_000))
    if not staged.size:
        raise Refusal(422, "empty", "This file is empty.", "Send one with something in it.")
    loop = asyncio.get_running_loop()
    found, pixels = await loop.run_in_executor(DECODING, _judge, staged.path, limits)
    fact = AssetSaved(
        asset=new_id("asset"),
        media=found.media,
        blob=staged.blob,
        size=staged.size,
        name=clean_name(name),
        pixels=pixels,
        meta=found.meta,
        provenance=Provenance(tool="upload", method="upload"),
    )
    body_of = {"upload": staged.blob, "name": fact.name, "session": session}
    draft = Draft(fact=fact, by="user")
    appended = await house.log.append(session, [draft], command=Idempotent(who.owner, command, body_of))
    saved = appended.events[0].fact
    assert isinstance(saved, AssetSaved)
    return await house.assets.get(saved.asset, reader=who.owner)


def _judge(path: Path, limits: Limits) -> tuple[Inspected, str | None]:
    """Inspect a staged file, then decode it, which is safe by then."""
    found = inspect(path, limits)
    try:
        pixels, _ = describe(path, found.media)
    except (OSError, ValueError, SyntaxError, MemoryError) as error:
        raise Refusal(
            415, "broken", f"This looks like {found.media}, but cannot be decoded.", "Save it again."
        ) from error
    return found, pixels
