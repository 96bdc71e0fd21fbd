"""The database itself refuses to change the audit log: triggers against UPDATE and DELETE, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

_SQLITE = (
    """CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
       BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
    """CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
       BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
)
_POSTGRESQL = (
    """CREATE FUNCTION audit_log_refuse() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$""",
    """CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log
       FOR EACH ROW EXECUTE FUNCTION audit_log_refuse()""",
    """CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE ON audit_log
       FOR EACH STATEMENT EXECUTE FUNCTION audit_log_refuse()""",
)


def create(connection: Connection) -> None:
    """Create the triggers; called once by the migration that creates the log."""
    for statement in _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL:
        connection.exec_driver_sql(statement)


@contextmanager
def suspended(connection: Connection) -> Iterator[None]:
    """Let a restore clear the log before the restored one comes in; part of its transaction, so never left open."""
    sqlite = connection.dialect.name == "sqlite"
    connection.exec_driver_sql(
        "DROP TRIGGER audit_log_no_delete" if sqlite else "ALTER TABLE audit_log DISABLE TRIGGER USER"
    )
    yield
    connection.exec_driver_sql(_SQLITE[1] if sqlite else "ALTER TABLE audit_log ENABLE TRIGGER USER")
