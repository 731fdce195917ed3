"""What the log refuses, each with words that say what to do next.

LogError
├── UnknownSession, UnknownTurn, UnknownJob, UnknownAsset    there is no such thing, or it was erased
├── NotYours           it belongs to somebody else
├── Fenced             the writer's lease ran out or was taken over: stop, change nothing
├── Ended              the turn or job has its terminal fact
├── CommandConflict    the same command id with another body (409)
├── Duplicate          a fact that may exist once exists already: the call, the wake-up, the turn
├── CannotFork         a branch was asked for in the middle of a turn
├── StorageFull        the disk is full or failing; nothing of the request was kept
├── NewerDatabase      a newer Rhapsode wrote this data folder
└── Closed             the log was closed
"""


class LogError(Exception):
    """Base of everything that the log refuses."""


class UnknownSession(LogError):
    """There is no such session, or it was erased."""


class UnknownTurn(LogError):
    """There is no such turn."""


class UnknownJob(LogError):
    """There is no such job."""


class UnknownAsset(LogError):
    """There is no such asset, it was erased, or the reader may not see it. The three look alike on purpose."""


class NotYours(LogError):
    """The reader is neither the owner nor a member."""


class Fenced(LogError):
    """The writer no longer holds the lease: another took over, or it ran out. Stop and discard the work."""


class Ended(LogError):
    """The turn or job has its terminal fact already."""


class CommandConflict(LogError):
    """The command id was used before with another body."""


class Duplicate(LogError):
    """A fact that may exist only once exists already."""


class CannotFork(LogError):
    """A branch may start only where no turn is under way."""


class StorageFull(LogError):
    """The data folder could not be written. Nothing of the request was kept; it can be sent again."""


class NewerDatabase(LogError):
    """The database was written by a newer program, which this one must not touch."""


class Closed(LogError):
    """The log was closed; the program is stopping."""
