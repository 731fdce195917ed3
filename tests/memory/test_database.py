"""How the database is opened: durable, strict, and read-only for readers."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError, OperationalError

from memory.database import Synchronous, connect, in_words
from memory.errors import LogError, StorageFull


@pytest.mark.parametrize(("synchronous", "level"), [("full", 2), ("normal", 1)])
def test_sqlite_is_opened_as_the_rules_say(tmp_path: Path, synchronous: Synchronous, level: int) -> None:
    database = connect(f"sqlite:///{tmp_path}/a.db", synchronous=synchronous)
    with database.writer.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
        }
    database.close()
    assert found == {
        "journal_mode": "wal", "synchronous": level, "foreign_keys": 1, "secure_delete": 1, "busy_timeout": 10_000,
    }  # fmt: skip


def test_readers_cannot_write(tmp_path: Path) -> None:
    database = connect(f"sqlite:///{tmp_path}/a.db")
    with database.writer.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (x)")
    with database.readers.connect() as connection, pytest.raises(OperationalError):
        connection.exec_driver_sql("INSERT INTO t VALUES (1)")
    database.close()


def test_a_locked_database_is_said_in_words(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    database = connect(url)
    impatient = create_engine(url, connect_args={"timeout": 0})
    with database.writer.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (x)")
        with impatient.connect() as other, pytest.raises(DBAPIError) as caught:
            other.exec_driver_sql("CREATE TABLE u (x)")
    impatient.dispose()
    database.close()
    said = in_words(caught.value)
    assert type(said) is LogError
    assert "Another program holds the database" in str(said)
    assert not isinstance(said, StorageFull)


def test_what_is_no_database_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"this is no database, however long one looks at it" * 100)
    database = connect(f"sqlite:///{tmp_path}/a.db")
    with pytest.raises(DBAPIError) as caught, database.readers.connect():
        pass
    database.close()
    assert "not a database" in str(in_words(caught.value))
