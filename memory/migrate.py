"""Brings a database to the form that this program reads, or refuses it.

The revision is read with one statement; Alembic is imported only when there is something to do, so that a usual start does
not pay for it. An existing SQLite file is copied next to itself first (``rhapsode.db.before-0002``); the newest copy is
kept, and erasing removes it. A revision that this program does not know was written by a newer one: hands off.
"""

import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from memory.database import Database
from memory.errors import NewerDatabase


@dataclass(frozen=True, slots=True)
class Revisions:
    """A folder of Alembic revisions and their names, oldest first."""

    folder: Path
    names: tuple[str, ...]

    @property
    def head(self) -> str:
        """The newest revision."""
        return self.names[-1]


SHIPPED = Revisions(Path(__file__).with_name("migrations"), ("0001",))
"""The revisions of this program; the last is what ``memory.tables`` describes."""


def migrate(database: Database, revisions: Revisions = SHIPPED) -> str | None:
    """Bring the database to the newest revision; returns the one that it had, None for a new one.

    Raises:
        NewerDatabase: a newer program wrote it.
    """
    if database.file is not None:
        keep_private(database.file)
    had = revision(database.readers)
    if had == revisions.head:
        return had
    if had is not None and had not in revisions.names:
        raise NewerDatabase(
            f"This data folder was written by a newer Rhapsode (database revision {had}, this program knows up to "
            f"{revisions.head}). Update Rhapsode, or choose another folder with --data."
        )
    if had is not None and database.file is not None:
        back_up(database.file, had)
    with database.writer.begin() as connection:
        _upgrade(connection, revisions)
    return had


def revision(engine: Engine) -> str | None:
    """The revision of a database, None when it is empty."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(connection: Connection, revisions: Revisions) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(revisions.folder))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, revisions.head)


def back_up(file: Path, before: str) -> Path:
    """Copy a SQLite file, its write-ahead log included, and remove older copies."""
    copy = file.with_name(f"{file.name}.before-{before}")
    temporary = copy.with_suffix(".part")
    temporary.unlink(missing_ok=True)
    keep_private(temporary)
    source, target = sqlite3.connect(file), sqlite3.connect(temporary)
    try:
        source.backup(target)
    finally:
        source.close()
        target.close()
    temporary.replace(copy)
    for older in backups(file):
        if older != copy:
            older.unlink()
    return copy


def keep_private(file: Path) -> None:
    """Let nobody else on this machine read a database; SQLite gives its companions the same mode."""
    with contextlib.suppress(OSError):  # opening it says in words what is wrong with the folder
        file.touch(mode=0o600)
        file.chmod(0o600)


def backups(file: Path) -> list[Path]:
    """Copies that migrations made of a SQLite file."""
    return sorted(path for path in file.parent.glob(f"{file.name}.before-*"))
