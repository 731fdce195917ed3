"""Alembic's entry: runs the revisions on the connection that ``memory.migrate`` hands over, in its transaction."""

from alembic import context

from memory.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter most things in place
    transactional_ddl=False,  # the caller's transaction holds all revisions, on SQLite too
)
context.run_migrations()
