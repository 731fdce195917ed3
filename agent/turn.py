"""One attempt at one turn: the facts it continues from, and how it says, calls and waits.

A turn is whatever its facts say it is. A process that takes it up reads them, and every step that has a fact is not taken
again: a recorded answer of the model is not thought twice, a job that was called is waited for and not called twice.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.guard import clean_request
from agent.language import Language, language_of
from memory.assets import Assets
from memory.events import (
    AgentSaid,
    Draft,
    Event,
    Fact,
    MemoryKept,
    ModelAnswered,
    QuestionAnswered,
    QuestionAsked,
    ToolAnswered,
    ToolCalled,
    UserSaid,
)
from memory.feed import Feed
from memory.log import Log, TurnLease
from memory.recall import Recalled
from memory.rows import AssetRow

logger = logging.getLogger(__name__)


class Waiting(Exception):
    """The turn asked a question and ends this attempt; the answer takes it up again."""


@dataclass(slots=True)
class Turn:
    """One attempt at a turn. ``step`` counts the model's messages so far in this attempt."""

    lease: TurnLease
    log: Log
    feed: Feed
    events: list[Event]
    request: str
    said: UserSaid
    seq: int
    language: Language
    things: list[AssetRow]
    attached: list[AssetRow]
    instructions: str = ""
    answered: dict[int, ModelAnswered] = field(default_factory=dict)
    called: dict[str, ToolCalled] = field(default_factory=dict)
    told: dict[str, ToolAnswered] = field(default_factory=dict)
    questions: dict[str, QuestionAsked] = field(default_factory=dict)
    replies: dict[str, QuestionAnswered] = field(default_factory=dict)
    reply: AgentSaid | None = None
    kept: list[MemoryKept] = field(default_factory=list)
    memories: list[Recalled] = field(default_factory=list)
    step: int = -1
    notices: list[str] = field(default_factory=list)

    @classmethod
    async def read(cls, lease: TurnLease, log: Log, feed: Feed, assets: Assets) -> "Turn":
        """Read a taken turn from the log."""
        events = await log.events(lease.session, reader=lease.owner)
        opening = next(event for event in events if event.turn == lease.turn and isinstance(event.fact, UserSaid))
        said = opening.fact
        assert isinstance(said, UserSaid)
        things = await assets.listed(lease.session)
        settings = (await log.session(lease.session)).settings
        attached = [thing for thing in things if thing.id in said.assets]
        request = clean_request(said.text)
        turn = cls(
            lease, log, feed, events, request, said, opening.seq,
            language_of(request, _language_before(events, opening.seq)), things, attached,
            str(settings.get("instructions") or ""),
        )  # fmt: skip
        for event in events:
            if event.turn == lease.turn:
                turn.fold(event.fact)
        return turn

    def fold(self, fact: Fact) -> None:
        """Take in one of the turn's own facts."""
        match fact:
            case ModelAnswered(step=step):
                self.answered[step] = fact
            case ToolCalled(call=call):
                self.called[call] = fact
            case ToolAnswered(call=call):
                self.told[call] = fact
            case QuestionAsked(question=question):
                self.questions[question] = fact
            case QuestionAnswered(question=question):
                self.replies[question] = fact
            case AgentSaid():
                self.reply = fact
            case MemoryKept():
                self.kept.append(fact)

    async def append(self, *facts: Fact, by: Any = "agent") -> Sequence[Event]:
        """Append facts of this turn under its epoch and fold them in. Raises Fenced when the turn was taken from us."""
        drafts = [Draft(fact=fact, by=by, turn=self.lease.turn) for fact in facts]
        appended = await self.log.append(self.lease.session, drafts, fence=self.lease.fence)
        for fact in facts:
            self.fold(fact)
        return appended.events

    def say(self, delta: str) -> None:
        """Show a piece of the reply as it is written."""
        self.feed.say(self.lease.session, self.lease.turn, self.lease.attempt, max(self.step, 0), delta)

    @property
    def session(self) -> str:
        """The session that the turn belongs to."""
        return self.lease.session

    @property
    def recent_requests(self) -> list[str]:
        """The last two things the person said before this."""
        before = [event.fact.text for event in self.events if isinstance(event.fact, UserSaid) and event.seq < self.seq]
        return before[-2:]


def _language_before(events: Sequence[Event], seq: int) -> Language:
    """The language of what was said before, for requests without letters."""
    language: Language = "en"
    for event in events:
        if event.seq < seq and isinstance(event.fact, UserSaid):
            language = language_of(event.fact.text, language)
    return language
