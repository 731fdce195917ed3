"""Which session a stateless request belongs to.

OpenAI's clients send the whole history every time and no id. The rule, in this order:

1. ``metadata.session`` names a session of the asker: only the last user message is said in it.
2. The history, up to the last user message, is one that this process answered before: the same session goes on.
3. Otherwise a new session is made, and the history is written into it as ended turns, in one transaction, so that the
   agent reads it like any other past. ``system`` messages become the session's ``instructions``.

So editing an earlier message makes a new session, as a branch would, and a restart costs nothing but a second copy of the
history.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from typing import Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field

from memory.events import AgentSaid, Draft, TurnDone, UserSaid
from memory.ids import new_id
from memory.log import Command as Idempotent
from server.auth import Principal
from server.house import House
from server.refusal import Refusal
from server.wire import TEXT_LIMIT, Plain, Words

KNOWN = 1024
"""Conversations whose session this process remembers."""


class Message(BaseModel):
    """One message of a request. What we do not use is ignored, as OpenAI's servers do."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Words | list[Plain] | None = None

    def text(self) -> str:
        """The words of the message."""
        if isinstance(self.content, list):
            words = (part.get("text") for part in self.content if part.get("type") in ("text", "input_text"))
            return "\n".join(word for word in words if isinstance(word, str))
        return self.content or ""

    def pictures(self) -> list[str]:
        """URLs of pictures in the message."""
        parts = self.content if isinstance(self.content, list) else []
        urls = (part.get("image_url") for part in parts if part.get("type") == "image_url")
        found = [url.get("url") if isinstance(url, dict) else url for url in urls]
        return [url for url in found if isinstance(url, str)]


class Request(BaseModel):
    """A chat completion request. Sampling parameters are accepted and ignored: the agent's settings hold."""

    model_config = ConfigDict(extra="ignore")

    model: str = "rhapsode"
    messages: list[Message] = Field(min_length=1, max_length=2000)
    stream: bool = False
    metadata: dict[str, Words] | None = None


class Exchange(BaseModel):
    """What a request comes to: the history, what is said now, and the instructions over both."""

    instructions: str
    history: list[tuple[str, str]]
    said: str
    pictures: list[str]

    def key(self, owner: str) -> str:
        """What the next request's history will hash to, were ``said`` answered by nothing."""
        return digest(owner, self.instructions, self.history)


def digest(owner: str, instructions: str, history: Sequence[tuple[str, str]]) -> str:
    """A hash of a conversation up to some reply."""
    return hashlib.sha256(orjson.dumps([owner, instructions, [list(pair) for pair in history]])).hexdigest()


def read(messages: Sequence[Message]) -> Exchange:
    """Split messages into instructions, ended exchanges, and what is said now.

    Raises:
        Refusal: the last words are not the user's, or there are none.
    """
    instructions = [message.text() for message in messages if message.role in ("system", "developer")]
    pairs: list[tuple[str, str]] = []
    asked: list[str] = []
    pictures: list[str] = []
    for message in messages:
        if message.role == "user":
            asked.append(message.text())
            pictures = message.pictures()
        elif message.role == "assistant" and (asked or message.text()):
            pairs.append(("\n\n".join(asked), message.text()))
            asked, pictures = [], []
    said = "\n\n".join(asked)
    if not (said.strip() or pictures):
        raise Refusal(400, "no_user_message", "The last message must be the user's, with some words in it.")
    if len(said) > TEXT_LIMIT:
        raise Refusal(413, "too_long", f"{TEXT_LIMIT:,} characters are read at once.", "Send the text as a file.")
    return Exchange(instructions="\n\n".join(instructions), history=pairs, said=said, pictures=pictures)


class Conversations:
    """Sessions of conversations that were answered lately, by the hash of all that was said."""

    def __init__(self) -> None:
        self._sessions: OrderedDict[str, str] = OrderedDict()

    def remember(self, owner: str, exchange: Exchange, reply: str, session: str) -> None:
        """Note that ``session`` now holds the exchange and its reply."""
        history = [*exchange.history, (exchange.said, reply)]
        self._sessions[digest(owner, exchange.instructions, history)] = session
        while len(self._sessions) > KNOWN:
            self._sessions.popitem(last=False)

    def find(self, owner: str, exchange: Exchange) -> str | None:
        """The session that holds the history, once: the next reply moves on, an edit starts anew."""
        return self._sessions.pop(exchange.key(owner), None) if exchange.history else None


async def session_of(house: House, who: Principal, request: Request, exchange: Exchange) -> str:
    """The session that a request belongs to, made if need be."""
    named = (request.metadata or {}).get("session")
    if named is not None:
        await house.readable(named, who)
        return named
    known = house.conversations.find(who.owner, exchange)
    return known if known is not None else await _begin(house, who, exchange)


async def _begin(house: House, who: Principal, exchange: Exchange) -> str:
    title = (exchange.history[0][0] if exchange.history else exchange.said).strip()[:60]
    settings = {"via": "openai", **({"instructions": exchange.instructions} if exchange.instructions else {})}
    made = await house.log.make_session(
        who.owner, title=title, settings=settings, command=Idempotent(who.owner, new_id("command"), {"make": "session"})
    )
    session = made.events[0].session
    past: list[Draft] = []
    for asked, answered in exchange.history:
        turn = new_id("turn")
        past.append(Draft(fact=UserSaid(text=asked), by="user", turn=turn))
        past.append(Draft(fact=AgentSaid(attempt=0, part=0, text=answered), by="agent", turn=turn))
        past.append(Draft(fact=TurnDone(), by="engine", turn=turn))
    if past:
        await house.log.append(session, past)
    return session
