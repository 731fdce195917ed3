"""The tables: one for facts, the others folds of it.

``events`` is the truth. Every other row is derived from facts in the transaction that appends them (``memory.fold``), except
the columns of a lease (``holder``, ``lease_until``, ``epoch``), which say who works on a row right now, and ``commands``,
which keeps hashes of bodies and never the bodies. ``seq`` comes from the locked session row and never from the database's
own counters, so that a log has no gaps. The two partial indexes let a turn and a job end once, whatever a program does.

Moments are whole microseconds since 1970 (UTC). JSON is text that we write and read ourselves.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("root", Text, nullable=False, index=True),  # itself, or the first ancestor: owns members and recall
    Column("parent", Text, ForeignKey("sessions.id"), index=True),
    Column("parent_seq", BigInteger),
    Column("owner", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("settings", Text, nullable=False),
    Column("head", BigInteger, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("erased", Boolean, nullable=False),
    Index("ix_sessions_owner_changed_at", "owner", "changed_at"),
)

events = Table(
    "events",
    metadata,
    Column("session", Text, ForeignKey("sessions.id"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("turn", Text),
    Column("job", Text),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("v", Integer, nullable=False),
    Column("by", Text, nullable=False),
    Column("cause", Text),
    Column("audience", Text),  # JSON list of members, null for all
    Column("payload", Text, nullable=False),
    Column("erased", Boolean, nullable=False),
    sqlite_with_rowid=False,
)

_TURN_END = text("kind IN ('turn.done', 'turn.failed', 'turn.cancelled')")
_JOB_END = text("kind IN ('job.finished', 'job.failed', 'job.cancelled')")
Index("ix_events_turn", events.c.turn, events.c.seq, sqlite_where=text("turn IS NOT NULL"))
Index("uq_events_turn_end", events.c.turn, unique=True, sqlite_where=_TURN_END, postgresql_where=_TURN_END)
Index("uq_events_job_end", events.c.job, unique=True, sqlite_where=_JOB_END, postgresql_where=_JOB_END)

members = Table(
    "members",
    metadata,
    Column("session", Text, ForeignKey("sessions.id"), primary_key=True),
    Column("member", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Index("ix_members_member", "member"),
)

turns = Table(
    "turns",
    metadata,
    Column("id", Text, primary_key=True),
    Column("session", Text, ForeignKey("sessions.id"), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("owner", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("holder", Text),
    Column("lease_until", Float(53)),
    Column("question", Text),
    Column("deadline", BigInteger),
    Column("woken_by", Text, unique=True),  # the job whose end opened this turn
    Column("end_seq", BigInteger),
    Index("ix_turns_session_seq", "session", "seq"),
    Index("ix_turns_state_opened_at", "state", "opened_at"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("session", Text, ForeignKey("sessions.id"), nullable=False),
    Column("turn", Text, nullable=False),  # "" where a program asked and no turn did, so that the key below holds
    Column("call", Text, nullable=False),
    Column("attempt_no", Integer, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("owner", Text, nullable=False),
    Column("tool", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("args", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("external", Boolean, nullable=False),
    Column("parent_job", Text),
    Column("state", Text, nullable=False),
    Column("queued_at", BigInteger, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("lost", Integer, nullable=False),
    Column("lost_reason", Text, nullable=False),
    Column("holder", Text),
    Column("lease_until", Float(53)),
    Column("answered", Text),  # status of the last tool.answered
    Column("end_seq", BigInteger),
    UniqueConstraint("session", "turn", "call", "attempt_no"),
    Index("ix_jobs_state_queued_at", "state", "queued_at"),
    Index("ix_jobs_turn", "turn"),
    Index("ix_jobs_parent_job", "parent_job"),
)

assets = Table(
    "assets",
    metadata,
    Column("id", Text, primary_key=True),
    Column("session", Text, ForeignKey("sessions.id"), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("owner", Text, nullable=False),
    Column("media", Text, nullable=False),
    Column("blob", Text, nullable=False, index=True),
    Column("size", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("pixels", Text),
    Column("job", Text),
    Column("meta", Text, nullable=False),
    Column("provenance", Text, nullable=False),
    Column("audience", Text),
    Column("at", BigInteger, nullable=False),
    Column("erased", Boolean, nullable=False),
    Index("ix_assets_session_seq", "session", "seq"),
)

asset_parents = Table(
    "asset_parents",
    metadata,
    Column("asset", Text, ForeignKey("assets.id"), primary_key=True),
    Column("parent", Text, primary_key=True, index=True),
)

shown = Table(
    "shown",  # an asset that a person put into a session: its readers may read the asset
    metadata,
    Column("asset", Text, primary_key=True),
    Column("session", Text, ForeignKey("sessions.id"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("audience", Text),
)

memories = Table(
    "memories",
    metadata,
    Column("id", Text, primary_key=True),
    Column("session", Text, ForeignKey("sessions.id"), nullable=False),  # origin, with seq
    Column("seq", BigInteger, nullable=False),
    Column("owner", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("scope_key", Text, nullable=False),
    Column("sources", Text, nullable=False),
    Column("valid_from", BigInteger),
    Column("valid_to", BigInteger),
    Column("superseded_by", Text),
    Column("trust", Text, nullable=False),
    Column("importance", Float, nullable=False),
    Column("audience", Text),
    Column("at", BigInteger, nullable=False),
    Column("forgotten", Boolean, nullable=False),
    Column("erased", Boolean, nullable=False),
    Column("indexed", Boolean, nullable=False),  # whether Chroma has its vector; recall's own cursor
    Index("ix_memories_scope_scope_key", "scope", "scope_key"),
    Index("ix_memories_indexed", "indexed"),
    Index("ix_memories_session_seq", "session", "seq"),
)

commands = Table(
    "commands",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("body_hash", Text, nullable=False),
    Column("session", Text, ForeignKey("sessions.id"), nullable=False),
    Column("first_seq", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    Index("ix_commands_session_first_seq", "session", "first_seq"),
)
