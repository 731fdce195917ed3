"""Sessions as their people see them: which are mine, who takes part, what may I read.

A story's branches share the members of their root. Nobody but the owner and the members reads anything of a session.
"""

from sqlalchemy import select

from memory import read, tables
from memory.append import Appended, Command
from memory.errors import NotYours
from memory.events import Draft, MemberJoined, MemberLeft, SessionChanged
from memory.log import Log
from memory.rows import SessionRow

__all__ = ["SessionRow", "change", "join", "leave", "may_read", "members", "require", "sessions_of"]


async def sessions_of(log: Log, who: str) -> list[SessionRow]:
    """Sessions that a person owns or has joined, latest change first; erased ones are gone."""
    return await log.read(lambda c: read.sessions_of(c, who))


async def may_read(log: Log, session: str, who: str) -> bool:
    """Whether a person owns the session or is a member of it.

    Raises:
        UnknownSession: there is no such session.
    """
    return await log.read(lambda c: read.may_read(c, session, who))


async def require(log: Log, session: str, who: str) -> None:
    """Refuse whoever may not read the session.

    Raises:
        UnknownSession: there is no such session.
        NotYours: it is somebody else's.
    """
    if not await may_read(log, session, who):
        raise NotYours(f"Session {session} belongs to somebody else.")


async def members(log: Log, session: str) -> list[str]:
    """Members beside the owner, in the order in which they joined (of the root, for a branch)."""
    columns = tables.members.c
    root = select(tables.sessions.c.root).where(tables.sessions.c.id == session).scalar_subquery()
    query = select(columns.member).where(columns.session == root).order_by(columns.seq)
    return await log.read(lambda c: list(c.execute(query).scalars()))


async def join(log: Log, session: str, member: str, *, command: Command | None = None) -> Appended:
    """Let a person read and write the session from here on."""
    return await log.append(session, [Draft(fact=MemberJoined(member=member), by="user")], command=command)


async def leave(log: Log, session: str, member: str, *, command: Command | None = None) -> Appended:
    """Take a person out of the session."""
    return await log.append(session, [Draft(fact=MemberLeft(member=member), by="user")], command=command)


async def change(
    log: Log,
    session: str,
    *,
    title: str | None = None,
    settings: dict[str, object] | None = None,
    command: Command | None = None,
) -> Appended:
    """Change title or settings; what is None stays."""
    fact = SessionChanged(title=title, settings=settings)
    return await log.append(session, [Draft(fact=fact, by="user")], command=command)
