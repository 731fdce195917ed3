"""What can be done and what is kept: tools, models, jobs, memories."""

import asyncio
import shutil
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query

from server.house import Here, Json, Who
from server.refusal import Refusal

router = APIRouter(prefix="/api", tags=["library"])


@router.get("/tools")
async def tools(house: Here, who: Who) -> list[Json]:
    """Every tool: its parameters as JSON schema, and what is missing where it cannot work here."""
    registry = house.registry
    return [
        {
            "name": tool.name,
            "title": tool.title,
            "about": tool.doc,
            "parameters": tool.params.model_json_schema(),
            "makes": tool.makes,
            "cost": tool.cost,
            "effect": tool.effect,
            "examples": tool.examples,
            "needs": tool.needs,
            "missing": [asdict(missing) for missing in registry.missing(tool)],
            "origin": registry.origins.get(tool.name, ""),
        }
        for tool in sorted(registry.tools.values(), key=lambda tool: tool.name)
    ]


@router.post("/tools/reload")
async def reload(house: Here, who: Who) -> Json:
    """Look for new and changed tools, in the plug-ins folder and among installed packages."""
    house.registry.reload()
    await house.agent.reload()
    broken = [asdict(each) for each in house.registry.broken]
    return {"tools": sorted(house.registry.tools), "broken": broken}


@router.get("/models")
async def models(house: Here, who: Who) -> list[Json]:
    """Models, how far each is, and what to do where one cannot be had."""
    return house.models.report()


@router.get("/jobs")
async def jobs(
    house: Here, who: Who, session: Annotated[str, Query()], open_only: Annotated[bool, Query()] = False
) -> list[Json]:
    """Jobs of a session, oldest first."""
    await house.readable(session, who)
    names = ("id", "turn", "call", "tool", "title", "args", "state", "attempt", "attempt_no", "parent_job", "queued_at")
    rows = await house.log.jobs(session, open_only=open_only)
    return [{name: getattr(row, name) for name in names} for row in rows]


@router.get("/memories")
async def memories(
    house: Here,
    who: Who,
    q: Annotated[str | None, Query(max_length=2000)] = None,
    k: Annotated[int, Query(ge=1, le=50)] = 20,
) -> list[Json]:
    """What is remembered of whoever asks: near ``q``, nearest first, or everything, newest first."""
    if q and q.strip():
        found = await house.recall.search(q, owner=who.owner, session=None, k=k)
        return [
            {"memory": row.memory, "text": row.text, "scope": row.scope, "at": row.at, "score": row.score}
            for row in found
        ]
    rows = await house.recall.listed(who.owner)
    return [{"memory": row.id, "text": row.text, "scope": row.scope, "at": row.at} for row in rows]


@router.post("/rebuild")
async def rebuild(house: Here, who: Who) -> Json:
    """Make everything that is derived from the log again. Only for the terminal of this machine."""
    if who.via != "key":
        raise Refusal(403, "terminal_only", "Only the terminal of this machine may do that.", "Run `rhapsode rebuild`.")
    memories = await house.recall.rebuild()
    await asyncio.to_thread(shutil.rmtree, house.thumbnails(), ignore_errors=True)
    return {"memories": memories}
