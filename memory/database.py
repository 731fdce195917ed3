"""Opens the database: SQLite in WAL mode by default, PostgreSQL by URL.

There are two engines on one database. The *writer* has one connection, used by the log's writer thread alone, and each of
its transactions begins as a writing one, so that SQLite never has to upgrade a lock half way. The *readers* are a small
pool that can only read. ``synchronous`` is the price of power loss: ``full`` syncs every commit to the disk, ``normal``
may lose the last commits when the power fails (never when a process is killed).
"""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError

from memory.errors import LogError, StorageFull

Synchronous = Literal["full", "normal"]

READERS = 4
_BUSY_MS = 10_000
_REWRITE_S = 600


@dataclass(frozen=True, slots=True)
class Database:
    """The two engines. ``file`` is the SQLite file, None on PostgreSQL."""

    writer: Engine
    readers: Engine
    file: Path | None

    def close(self) -> None:
        """Close every connection."""
        self.writer.dispose()
        self.readers.dispose()


def connect(url: str, *, synchronous: Synchronous = "full") -> Database:
    """Make the engines of a database; nothing is opened yet.

    Raises:
        ValueError: the URL is neither a SQLite file nor PostgreSQL through pg8000.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed, synchronous)
    if parsed.drivername == "postgresql+pg8000":
        return _postgres(parsed, synchronous)
    raise ValueError(f"{parsed.drivername}: use sqlite:///<file> or postgresql+pg8000://<user>@<host>/<database>.")


def _sqlite(url: URL, synchronous: Synchronous) -> Database:
    if not url.database or url.database == ":memory:":
        raise ValueError("The log needs a file, such as sqlite:////home/me/rhapsode.db; one in memory would be lost.")
    engines = []
    for role, size, begin in (("writer", 1, "BEGIN IMMEDIATE"), ("reader", READERS, "BEGIN")):
        # An erasure holds the writer's connection while it rewrites the file; appends wait for it rather than fail.
        engine = create_engine(url, pool_size=size, max_overflow=0, pool_timeout=_REWRITE_S)
        event.listen(engine, "connect", _sqlite_setup(role, synchronous))
        event.listen(engine, "begin", lambda connection, words=begin: connection.exec_driver_sql(words))
        engines.append(engine)
    return Database(engines[0], engines[1], Path(url.database))


def _sqlite_setup(role: str, synchronous: Synchronous) -> Any:
    def setup(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None  # we begin and commit; the driver must not
        for pragma in (
            f"busy_timeout={_BUSY_MS}",
            "journal_mode=WAL",
            f"synchronous={synchronous}",
            "foreign_keys=ON",
            "secure_delete=ON",
            f"query_only={'ON' if role == 'reader' else 'OFF'}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    return setup


def _postgres(url: URL, synchronous: Synchronous) -> Database:
    writer = create_engine(url, pool_size=1, max_overflow=0, pool_pre_ping=True, pool_timeout=_REWRITE_S)
    readers = create_engine(url, pool_size=READERS, max_overflow=0, pool_pre_ping=True)

    def setup(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"SET synchronous_commit = {'on' if synchronous == 'full' else 'off'}")
        cursor.close()
        connection.commit()

    event.listen(writer, "connect", setup)
    return Database(writer, readers, None)


_SQLITE_STORAGE = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_CORRUPT")
_POSTGRES_STORAGE = ("53100", "58030")


def in_words(error: DBAPIError) -> LogError:
    """What a database error means to the person who runs Rhapsode."""
    return words_of(error.orig if error.orig is not None else error)


def words_of(error: BaseException) -> LogError:
    """What an error of the driver itself means to that person."""
    name = getattr(error, "sqlite_errorname", "") or ""
    detail = error.args[0] if error.args else error
    code = detail.get("C", "") if isinstance(detail, dict) else ""
    said = detail.get("M", "") if isinstance(detail, dict) else str(detail)
    if name.startswith(_SQLITE_STORAGE) or code in _POSTGRES_STORAGE:
        return StorageFull(
            f"The data folder could not be written ({said}). Nothing of this request was kept: "
            "free some space on its disk, or mend the disk, and send it again."
        )
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return LogError("Another program holds the database. Close it (a database browser, a backup) and try again.")
    return LogError(f"The database refused a statement: {said}")
