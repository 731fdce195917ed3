"""Facts of a turn: what a person, the model and the guard said, and how it ended."""

from datetime import datetime
from typing import Any, Literal

from memory.values import Call, Value


class UserSaid(Value):
    """A person's words. Opens the turn named in the envelope."""

    kind: Literal["user.said"] = "user.said"
    v: Literal[1] = 1
    text: str
    assets: tuple[str, ...] = ()


class TurnWoken(Value):
    """A slow job ended after its turn was done, and the agent wants to speak of it: opens the turn of the envelope, once a job."""

    kind: Literal["turn.woken"] = "turn.woken"
    v: Literal[1] = 1
    job: str


class TurnTaken(Value):
    """A process took the turn up under a new epoch. ``attempt`` counts from 1; a higher one voids shown text of lower ones."""

    kind: Literal["turn.taken"] = "turn.taken"
    v: Literal[1] = 1
    epoch: int
    attempt: int


class ModelAnswered(Value):
    """One whole message of the model, kept before any of its calls runs, so that a resumed turn never thinks twice.

    ``step`` counts the model's messages within the turn from 0. ``raw`` keeps the provider's message where it differs.
    """

    kind: Literal["model.answered"] = "model.answered"
    v: Literal[1] = 1
    step: int
    text: str
    calls: tuple[Call, ...] = ()
    model: str = ""
    raw: dict[str, Any] | None = None


class AgentSaid(Value):
    """Final words of one part of the reply; replaces every delta of it. ``memories`` were used in writing it."""

    kind: Literal["agent.said"] = "agent.said"
    v: Literal[1] = 1
    attempt: int
    part: int
    text: str
    model: str = ""
    memories: tuple[str, ...] = ()


class QuestionAsked(Value):
    """The turn waits for an answer; no process is held. After ``deadline`` the answer is none."""

    kind: Literal["question.asked"] = "question.asked"
    v: Literal[1] = 1
    question: str
    text: str
    choices: tuple[str, ...] = ()
    deadline: datetime | None = None


class QuestionAnswered(Value):
    """The answer to a question; takes its turn up again."""

    kind: Literal["question.answered"] = "question.answered"
    v: Literal[1] = 1
    question: str
    answer: str | None


class TextWithheld(Value):
    """Words that a guard held back; the words themselves are not kept."""

    kind: Literal["text.withheld"] = "text.withheld"
    v: Literal[1] = 1
    part: int
    reason: str


class CancelAsked(Value):
    """A person wants a turn or a job stopped. What came of it is the terminal fact that follows."""

    kind: Literal["cancel.asked"] = "cancel.asked"
    v: Literal[1] = 1
    target: Literal["turn", "job"]
    id: str


class TurnDone(Value):
    """Terminal: the reply is complete. Slow jobs may end later."""

    kind: Literal["turn.done"] = "turn.done"
    v: Literal[1] = 1
    jobs: tuple[str, ...] = ()


class TurnFailed(Value):
    """Terminal. ``error`` is safe words for a person; ``fix`` a command that mends it."""

    kind: Literal["turn.failed"] = "turn.failed"
    v: Literal[1] = 1
    error: str
    fix: str | None = None


class TurnCancelled(Value):
    """Terminal: a person stopped the turn; its open jobs were cancelled in the same transaction."""

    kind: Literal["turn.cancelled"] = "turn.cancelled"
    v: Literal[1] = 1
