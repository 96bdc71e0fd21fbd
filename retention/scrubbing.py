"""What a deletion leaves behind in the database's files, and how it is removed.

SQLite: ``secure_delete`` zeroes what is deleted, yet rebalanced pages keep scraps of moved rows (measured: some in
most files of 3,000 rows), and the journal keeps whole pages. So the file is rewritten (VACUUM, its scratch copy in
memory) and the journal emptied (checkpoint TRUNCATE). The full-text index removes words one by one from every list
they stand in, 3 ms a document; a purge lets it mark them only (``words_in_bulk``), and its lists are written anew
before the file is (optimize: 0.2 s for 20,000 documents).

PostgreSQL: deleted and updated rows stay as dead versions, and the planner's statistics hold sample values. So every
table but the log (which never loses a row) is rewritten with fresh statistics (VACUUM FULL, ANALYZE), once no older
transaction can still see the dead versions; the statistics of tables that have become empty are cleared, for ANALYZE
leaves them as they were; then the statistics table itself is rewritten.

What remains is in PostgreSQL's write-ahead log: its segments in ``pg_wal`` hold copies of the rows until the server
removes or overwrites them. Where the role may, the segment is closed and a checkpoint taken, so that the server needs
them no longer; with ``wal_recycle = off`` and a small ``min_wal_size`` in postgresql.conf it then removes them instead
of keeping them for reuse. WAL archives and standbys count as backups and go with them: sealed pages in the vault cannot
be opened from them, since the keys are gone, but recognised text and entered data can still be read there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from records.database import BUSY_SECONDS, Database
from records.errors import OfficeError

#: How long to wait for others to finish what they began before the deletion, in seconds.
PATIENCE = 30.0
_NEVER_LOSES_ROWS = "audit_log"
# SQLite's own list of tables: what keeps words is looked for there, whoever made it and however many there are.
_FULL_TEXT = "SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE % USING fts5%' ORDER BY name"


class NotScrubbed(OfficeError):
    """The deletion stands, but its traces in the database's files could not be removed yet."""

    code = "retention.not_scrubbed"
    zh = "内容已删除,但数据库文件中的残迹尚未清除({why})。下次执行时会继续。"
    en = "The content is deleted, but traces in the database's files are not removed yet ({why}). The next run goes on."


def words_in_bulk(session: Session) -> None:
    """Let the full-text index mark what this transaction deletes, for ``scrub`` to remove; until then it stays so."""
    if session.get_bind().dialect.name == "sqlite":
        for table in session.scalars(text(_FULL_TEXT)).all():
            session.execute(text(f"INSERT INTO {table}({table}, rank) VALUES('secure-delete', 0)"))


def scrub(database: Database, patience: float = PATIENCE) -> None:
    """Remove what committed deletions left in the database's files. Raises NotScrubbed; safe to repeat."""
    if database.is_sqlite:
        _scrub_sqlite(database, patience)
    else:
        _scrub_postgresql(database, patience)


def _scrub_sqlite(database: Database, patience: float) -> None:
    with _plain_connection(database) as connection:
        cursor = connection.cursor()
        try:
            cursor.execute(f"PRAGMA busy_timeout={int(patience * 1000)}")
            for (table,) in cursor.execute(_FULL_TEXT).fetchall():
                cursor.execute(f"INSERT INTO {table}({table}) VALUES('optimize')")
                cursor.execute(f"INSERT INTO {table}({table}, rank) VALUES('secure-delete', 1)")
            cursor.execute("VACUUM")
            busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except connection.Error as error:
            raise NotScrubbed(why=str(error)) from error
        finally:
            cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
            cursor.close()
    if busy:
        raise NotScrubbed(why="有人正在读取 / somebody is reading")


@contextmanager
def _plain_connection(database: Database) -> Iterator[Any]:
    """The driver's own connection, outside any transaction: neither VACUUM nor the checkpoint works inside one."""
    borrowed = database.engine.raw_connection()
    try:
        yield borrowed.driver_connection
    finally:
        borrowed.close()


def _scrub_postgresql(database: Database, patience: float) -> None:
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        try:
            _wait_for_older(connection, patience)
            connection.execute(text(f"SET lock_timeout = '{int(patience * 1000)}ms'"))
            # Not a wait for the disk at each of a hundred tables: whoever settles the lines commits behind all of them.
            connection.execute(text("SET synchronous_commit = off"))
            for table in _tables(connection):
                connection.execute(text(f"VACUUM (FULL, ANALYZE) {table}"))
        except DBAPIError as error:
            raise NotScrubbed(why=str(error.orig)) from error
        finally:
            connection.execute(text("RESET lock_timeout"))
            connection.execute(text("RESET synchronous_commit"))
        for statement in (
            *_forget_samples(connection),
            "VACUUM FULL pg_catalog.pg_statistic",
            "SELECT pg_switch_wal()",
            "CHECKPOINT",
        ):
            _where_permitted(connection, statement)


def _wait_for_older(connection: Connection, patience: float) -> None:
    # A row version that an open snapshot may still see survives even VACUUM FULL.
    fence = connection.scalar(text("SELECT CAST(pg_current_xact_id() AS xid)::text"))
    older = text(
        "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
        " AND backend_xmin IS NOT NULL AND age(backend_xmin) > age(CAST(CAST(:fence AS text) AS xid))"
    )
    until = time.monotonic() + patience
    while connection.scalar(older, {"fence": fence}):
        if time.monotonic() > until:
            raise NotScrubbed(why="有未结束的旧事务 / an older transaction is still open")
        time.sleep(0.05)


def _tables(connection: Connection) -> list[str]:
    query = text(
        "SELECT quote_ident(tablename) FROM pg_tables"
        " WHERE schemaname = current_schema() AND tablename <> :log ORDER BY tablename"
    )
    return list(connection.scalars(query, {"log": _NEVER_LOSES_ROWS}))


def _forget_samples(connection: Connection) -> list[str]:
    """ANALYZE leaves the statistics of a table that has become empty as they were, sample values and all."""
    empty = [
        table for table in _tables(connection) if not connection.scalar(text(f"SELECT EXISTS (SELECT FROM {table})"))
    ]
    if connection.scalar(text("SELECT to_regproc('pg_clear_attribute_stats')")) is None:  # before PostgreSQL 18
        return [f"DELETE FROM pg_catalog.pg_statistic WHERE starelid = '{table}'::regclass" for table in empty]
    return [
        "SELECT pg_clear_attribute_stats(schemaname, tablename, attname, inherited) FROM pg_stats"
        f" WHERE schemaname = current_schema() AND quote_ident(tablename) = '{table}'"
        for table in empty
    ]


def _where_permitted(connection: Connection, statement: str) -> None:
    try:
        connection.execute(text(statement))
    except DBAPIError as error:
        if (
            getattr(error.orig, "sqlstate", "") != "42501"
        ):  # insufficient_privilege: the administrator's part, see above
            raise NotScrubbed(why=str(error.orig)) from error
