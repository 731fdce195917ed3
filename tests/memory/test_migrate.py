"""The database's form: made once, backed up before it changes, refused when it is newer."""

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from memory.database import connect
from memory.log import Log, NewerDatabase
from memory.migrate import SHIPPED, Revisions, back_up, backups, migrate, revision
from memory.tables import metadata


def test_the_revisions_make_exactly_the_tables_that_the_program_reads(url: str) -> None:
    database = connect(url)
    assert migrate(database) in (None, SHIPPED.head)
    with database.readers.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    database.close()


def test_the_known_revisions_are_those_that_are_shipped() -> None:
    shipped = ScriptDirectory(str(SHIPPED.folder))
    assert [script.revision for script in shipped.walk_revisions()][::-1] == list(SHIPPED.names)


def test_a_second_start_changes_nothing_and_does_not_load_alembic(tmp_path: Path) -> None:
    program = (
        "import sys; from memory.database import connect; from memory.migrate import migrate;"
        f"print(migrate(connect('sqlite:///{tmp_path}/a.db')), 'alembic' in sys.modules)"
    )
    said = [subprocess.check_output([sys.executable, "-c", program], text=True).split() for _ in range(2)]
    assert said == [["None", "True"], [SHIPPED.head, "False"]]
    assert [path.name for path in tmp_path.iterdir() if "before" in path.name] == []


async def test_a_newer_database_is_refused_untouched(url: str, clock: Any) -> None:
    await (await Log.open(url, clock=clock)).close()
    database = connect(url)
    with database.writer.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    try:
        with pytest.raises(NewerDatabase, match=r"9999.*Update Rhapsode"):
            await Log.open(url, clock=clock)
        assert revision(database.readers) == "9999"
    finally:
        with database.writer.begin() as connection:
            connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{SHIPPED.head}'")
        database.close()


NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("sessions") as table:
        table.add_column(sa.Column("colour", sa.Text(), nullable=False, server_default="blue"))
"""


def next_revisions(folder: Path, source: str) -> Revisions:
    """Our revisions and one more, as a later release will have it."""
    shutil.copytree(SHIPPED.folder, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "v0002_next.py").write_text(source)
    return Revisions(folder, (*SHIPPED.names, "0002"))


@pytest.fixture
async def older(tmp_path: Path, talk_on: Any, clock: Any) -> str:
    """A database of the shipped revision with one session in it."""
    url = f"sqlite:///{tmp_path}/rhapsode.db"
    log = await Log.open(url, clock=clock)
    await talk_on(log).session(title="from before")
    await log.close()
    return url


def rows(file: Path, query: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(file)
    found = connection.execute(query).fetchall()
    connection.close()
    return found


def test_an_older_file_is_copied_and_then_brought_to_the_new_form(older: str, tmp_path: Path) -> None:
    database = connect(older)
    assert migrate(database, next_revisions(tmp_path / "next", NEXT)) == SHIPPED.head
    assert revision(database.readers) == "0002"
    database.close()
    assert rows(tmp_path / "rhapsode.db", "SELECT title, colour FROM sessions") == [("from before", "blue")]
    copy = tmp_path / f"rhapsode.db.before-{SHIPPED.head}"
    assert rows(copy, "SELECT title FROM sessions") == [("from before",)]
    assert "colour" not in [column[1] for column in rows(copy, "PRAGMA table_info(sessions)")]


def test_a_migration_that_breaks_leaves_the_old_form(older: str, tmp_path: Path) -> None:
    database = connect(older)
    with pytest.raises(RuntimeError):
        migrate(database, next_revisions(tmp_path / "next", NEXT + "    raise RuntimeError\n"))
    assert revision(database.readers) == SHIPPED.head
    database.close()
    assert "colour" not in [column[1] for column in rows(tmp_path / "rhapsode.db", "PRAGMA table_info(sessions)")]


async def test_a_copy_holds_what_is_still_in_the_write_ahead_log_and_replaces_older_copies(
    tmp_path: Path, talk_on: Any, clock: Any
) -> None:
    file = tmp_path / "rhapsode.db"
    log = await Log.open(f"sqlite:///{file}", clock=clock)
    (tmp_path / "rhapsode.db.before-0000").write_bytes(b"old")
    session = await talk_on(log).session()
    copy = back_up(file, "0001")
    assert rows(copy, "SELECT id FROM sessions") == [(session,)]
    assert backups(file) == [copy]
    await log.close()
