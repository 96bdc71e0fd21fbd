"""Engine, transactions and column types: SQLite by default, PostgreSQL when several machines share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pysqlite3.dbapi2 as sqlite
from sqlalchemy import DateTime, Dialect, Engine, String, create_engine, event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

BeforeCommit = Callable[[Session], None]

BUSY_SECONDS = 30


class Instant(TypeDecorator[datetime]):
    """A moment in UTC. SQLite keeps no zone, so it is put back on reading; a naive moment is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database: always UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database: aware, UTC."""
        del dialect  # SQLAlchemy hands it over; both engines are read alike
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Digest(TypeDecorator[str]):
    """A SHA-256 of bytes as they were received, 64 lower-case hexadecimal digits."""

    impl = String(64)
    cache_ok = True


class SerialText(TypeDecorator[str]):
    """A page's serial as printed, ``HF-01-2026-000123-7``."""

    impl = String(32)
    cache_ok = True


class Base(DeclarativeBase):
    """The mapped classes of every floor stand on this base, so that one migration history covers them all."""

    type_annotation_map = {datetime: Instant}  # noqa: RUF012 - SQLAlchemy reads it as a plain class attribute


class Database:
    """One database, and the only ways in: ``transaction`` to act, ``reading`` to look.

    ``before_commit`` holds what must happen inside every acting transaction before it commits (the search index
    brings itself up to date there). The floors below cannot know who listens; the composition root registers.
    """

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)
        self._reader = self.engine.execution_options(yedang_reading=True)
        self.before_commit: list[BeforeCommit] = []

    @property
    def is_sqlite(self) -> bool:
        """Whether the records live in one SQLite file."""
        return self.engine.dialect.name == "sqlite"

    @property
    def file(self) -> Path | None:
        """The SQLite file, or None on PostgreSQL."""
        return Path(self.engine.url.database) if self.is_sqlite and self.engine.url.database else None

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One act of the office: commits once at the end, or leaves nothing behind."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session
            session.flush()
            for listener in self.before_commit:
                listener(session)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A look that writes nothing and does not wait for writers."""
        with Session(self._reader, expire_on_commit=False) as session:
            yield session

    def close(self) -> None:
        """Let go of every connection (before a fork, a restore, or the end of a test)."""
        self.engine.dispose()


def make_engine(url: str) -> Engine:
    """An engine set up as the records need it: durable, with foreign keys, and erasing what it deletes."""
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, module=sqlite, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own BEGIN comes too late for a read that is followed by a write: we say BEGIN ourselves.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON", "temp_store=MEMORY"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # IMMEDIATE takes the write lock at once: two clerks wait for each other instead of failing half-way.
    reading = connection.get_execution_options().get("yedang_reading")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
