"""The beginnings of prompts that never change, kept as slot files, so that the first request is as quick as the hundredth.

A file is named by purpose and by a hash of the model, the engine and the messages: any change makes another file. Only static
prefixes are ever saved, never a word of a conversation, so erasing has nothing to look for here.
"""

import contextlib
import hashlib
import json
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import version

import aiohttp

from tools.models.chat import ChatClient, slot_of
from tools.models.endpoint import ChatError, Endpoint, Purpose
from tools.models.llm_process import LlmProcess

logger = logging.getLogger(__name__)
Prefixes = Mapping[Purpose, Sequence[dict[str, str]]]
KEPT = 12
"""Files kept; the oldest go first."""


def slot_file(child: LlmProcess, purpose: Purpose, messages: Sequence[dict[str, str]]) -> str:
    """Name of the file that holds a prefix for this model and engine."""
    config = child.config
    about = [config.sha256 or str(config.path), config.context, version("xllamacpp"), list(messages)]
    digest = hashlib.sha256(json.dumps(about, ensure_ascii=False).encode()).hexdigest()
    return f"{purpose}-{digest[:40]}.bin"


async def restore(child: LlmProcess, prefixes: Prefixes) -> list[Purpose]:
    """Load saved prefixes into their slots; returns the purposes that have no file yet. Takes milliseconds."""
    left: list[Purpose] = []
    for purpose, messages in prefixes.items():
        slot = slot_of(purpose, child.config.slots, Counter())
        name = slot_file(child, purpose, messages)
        path = child.config.slot_folder / name
        if slot is None:
            continue
        if not path.exists():
            left.append(purpose)
            continue
        try:
            await child.ask("POST", f"/slots/{slot}?action=restore", {"filename": name})
            path.touch()
        except (aiohttp.ClientError, TimeoutError) as error:
            logger.warning("The saved prompt for %s could not be loaded (%s); it is made again.", purpose, error)
            path.unlink(missing_ok=True)
            left.append(purpose)
    return left


async def make(child: LlmProcess, purpose: Purpose, messages: Sequence[dict[str, str]]) -> None:
    """Have the model read a prefix once, and save what its slot then holds."""

    async def endpoint() -> Endpoint:
        return child.endpoint

    slot = slot_of(purpose, child.config.slots, Counter())
    begun = [*messages, {"role": "user", "content": "."}]
    folder, name = child.config.slot_folder, slot_file(child, purpose, messages)
    with contextlib.suppress(ChatError, aiohttp.ClientError, TimeoutError):
        async with ChatClient(endpoint) as client:
            answer = await client.chat(begun, max_tokens=1, temperature=0, purpose=purpose)
        saved = await child.ask("POST", f"/slots/{slot}?action=save", {"filename": name + ".new"})
        if abs(saved["n_saved"] - answer.usage.prompt) <= 1:
            (folder / (name + ".new")).replace(folder / name)
    (folder / (name + ".new")).unlink(missing_ok=True)  # somebody's words came between: not ours to keep
    kept = sorted(folder.glob("*.bin"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in kept[KEPT:]:
        path.unlink(missing_ok=True)
