"""Statements of the hot path, compiled once per database and run by their text.

Building a Core statement and looking its compiled form up costs more than SQLite needs to run it; an append runs four.
They are written in Core all the same, so that both databases get their own words.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult, Executable


class Prepared:
    """One statement with named parameters. ``columns`` are those that an insert names."""

    def __init__(self, statement: Executable, columns: Sequence[str] | None = None) -> None:
        self._statement, self._columns = statement, columns
        self._compiled: dict[str, tuple[str, tuple[str, ...]]] = {}

    def __call__(self, connection: Connection, **values: Any) -> CursorResult[Any]:
        """Run it with these parameters."""
        text, names = self._text(connection)
        return connection.exec_driver_sql(text, tuple(values[name] for name in names))

    def each(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run it once a row."""
        text, names = self._text(connection)
        connection.exec_driver_sql(text, [tuple(row[name] for name in names) for row in rows])

    def _text(self, connection: Connection) -> tuple[str, tuple[str, ...]]:
        known = self._compiled.get(connection.dialect.name)
        if known is None:
            compiled: Any = self._statement.compile(dialect=connection.dialect, column_keys=self._columns)  # type: ignore[attr-defined]
            known = self._compiled[connection.dialect.name] = (str(compiled), tuple(compiled.positiontup))
        return known
