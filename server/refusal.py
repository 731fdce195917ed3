"""A refusal: the one way in which the door says no.

Every error that leaves the server has the same fields, ``{status, code, error, fix?}``: a word for programs, a sentence for
people, and what to do next. Routes raise :class:`Refusal`; the application turns it into a response, the socket into a
``refused`` frame, the OpenAI routes into OpenAI's shape.
"""

from typing import Any

from memory.errors import (
    CannotFork,
    Closed,
    CommandConflict,
    Duplicate,
    Ended,
    Fenced,
    LogError,
    NotYours,
    StorageFull,
    UnknownAsset,
    UnknownJob,
    UnknownSession,
    UnknownTurn,
)
from tools.errors import ModelMissing, ToolError


class Refusal(Exception):
    """Something asked for is refused. ``status`` is the HTTP status, also told to sockets."""

    def __init__(self, status: int, code: str, error: str, fix: str | None = None) -> None:
        super().__init__(error)
        self.status, self.code, self.error, self.fix = status, code, error, fix

    def body(self) -> dict[str, Any]:
        """The refusal as it is sent."""
        body: dict[str, Any] = {"status": self.status, "code": self.code, "error": self.error}
        return body if self.fix is None else {**body, "fix": self.fix}


NOT_FOUND = "There is nothing here by that name, or it is not yours."


def refusal_of(error: BaseException) -> Refusal | None:
    """Translate what memory and tools raise into a refusal; None for anything that is a bug."""
    match error:
        case Refusal():
            return error
        case UnknownSession() | NotYours() | UnknownAsset() | UnknownTurn() | UnknownJob():
            return Refusal(404, "not_found", NOT_FOUND)
        case CommandConflict():
            return Refusal(
                409,
                "conflict",
                "This command id was used before with another body.",
                "Send the new command with a new id.",
            )
        case Ended() | Fenced():
            return Refusal(409, "ended", str(error) or "This has ended already.")
        case Duplicate() | CannotFork():
            return Refusal(409, "duplicate" if isinstance(error, Duplicate) else "fork", str(error))
        case Closed():
            return Refusal(503, "stopping", "The server is stopping.", "Send it again in a few seconds.")
        case StorageFull():
            return Refusal(
                507, "storage_full", "The disk is full, so nothing was changed.", "Free some space and send it again."
            )
        case LogError():
            return _of_log(error)
        case ModelMissing():
            return Refusal(503, "model_missing", str(error), error.fix)
        case ToolError():
            return Refusal(422, "tool", str(error))
    return None


def _of_log(error: LogError) -> Refusal:
    """What the log's other refusals are by their nature: nothing there, wrong in itself, or not now."""
    if isinstance(error, LookupError):
        return Refusal(404, "not_found", str(error))
    return Refusal(422 if isinstance(error, ValueError) else 409, "refused", str(error))
