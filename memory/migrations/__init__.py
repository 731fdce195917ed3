"""Alembic revisions of the database. Run by ``memory.migrate`` at start; there is no command to type."""
