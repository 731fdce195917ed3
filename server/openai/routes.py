"""``/v1/models`` and ``/v1/chat/completions``: the agent as model ``rhapsode``, with a token as the API key."""

from typing import Annotated, Any

from fastapi import APIRouter, Header
from sse_starlette import EventSourceResponse
from starlette.responses import JSONResponse, Response

from memory.ids import new_id
from server.commands import execute
from server.house import Here, House, Json, Who
from server.openai.conversation import Exchange, Request, read, session_of
from server.openai.pictures import save_pictures
from server.openai.reply import Following, chunks, completion
from server.refusal import Refusal
from server.wire import Say

router = APIRouter(prefix="/v1", tags=["openai"])

MODEL = {"id": "rhapsode", "object": "model", "created": 0, "owned_by": "rhapsode"}


@router.get("/models")
async def models(who: Who) -> Json:
    """The one model."""
    return {"object": "list", "data": [MODEL]}


@router.get("/models/{model}")
async def model(who: Who, model: str) -> Json:
    """The one model."""
    _known(model)
    return MODEL


@router.post("/chat/completions", response_model=None)
async def chat(
    house: Here, who: Who, body: Request, idempotency_key: Annotated[str | None, Header(max_length=100)] = None
) -> Response:
    """Say the last user message to the agent, in the session that the history belongs to, and answer when its turn ends."""
    _known(body.model)
    exchange = read(body.messages)
    session = await session_of(house, who, body, exchange)
    following = await _say(house, who, session, exchange, idempotency_key or new_id("command"))
    if body.stream:
        return EventSourceResponse(_remembering(house, who, exchange, following), ping=15, sep="\n")
    async for _ in following.texts():
        pass
    if following.failure:
        raise following.failure
    house.conversations.remember(who.owner, exchange, following.reply, session)
    return JSONResponse(completion(following))


async def _say(house: House, who: Who, session: str, exchange: Exchange, command: str) -> Following:
    """Say it; where the session's turn waits for an answer, it is that."""
    assets = await save_pictures(house, who, session, exchange.pictures, command)
    ack = await execute(house, who, session, Say(id=command, text=exchange.said, assets=tuple(assets)))
    if ack.turn is None:
        raise Refusal(409, "no_turn", "This opened no turn.")
    return Following(house, who.owner, session, ack.turn, ack.seq)


async def _remembering(house: House, who: Who, exchange: Exchange, following: Following) -> Any:
    async for chunk in chunks(following):
        yield chunk
    if not following.failure:
        house.conversations.remember(who.owner, exchange, following.reply, following.session)


def _known(name: str) -> None:
    if name != MODEL["id"]:
        raise Refusal(404, "model_not_found", f"There is no model {name!r} here.", "Ask for `rhapsode`.")
