"""The log: chained, append-only, and honest about tampering."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from records import audit
from records.audit import Verb
from records.database import Database


@pytest.fixture
def start(database: Database) -> int:
    """How many entries the log has before the test (the people of the office were signed up)."""
    with database.reading() as session:
        return audit.head(session)[0]


def _write(database: Database, n: int) -> None:
    with database.transaction() as session:
        for i in range(n):
            audit.append(session, 7, Verb.CHECKED, f"unit:{i}", {"round": i})


def test_the_chain_holds_over_many_transactions(database: Database, start: int) -> None:
    _write(database, 3)
    _write(database, 2)
    with database.reading() as session:
        assert audit.verify(session) is None
        assert audit.head(session)[0] == start + 5


@pytest.mark.parametrize("statement", ["UPDATE audit_log SET subject = 'unit:9'", "DELETE FROM audit_log"])
def test_the_database_refuses_to_change_the_log(database: Database, statement: str) -> None:
    _write(database, 2)
    with pytest.raises(DBAPIError, match="append-only"), database.transaction() as session:
        session.execute(text(statement))


def _tamper(database: Database, statement: str, bad: int) -> None:
    with database.transaction() as session:
        if database.is_sqlite:
            session.execute(text("DROP TRIGGER audit_log_no_update"))
            session.execute(text("DROP TRIGGER audit_log_no_delete"))
        else:
            session.execute(text("ALTER TABLE audit_log DISABLE TRIGGER ALL"))
        session.execute(text(statement), {"bad": bad})


@pytest.mark.parametrize(
    ("statement", "offset"),
    [
        ("UPDATE audit_log SET details = '{}' WHERE seq = :bad", 3),
        ("DELETE FROM audit_log WHERE seq = :bad", 3),
        ("UPDATE audit_log SET actor = 'user:8' WHERE seq = :bad", 5),
    ],
)
def test_verify_names_the_first_bad_entry_after_tampering(
    database: Database, start: int, statement: str, offset: int
) -> None:
    _write(database, 6)
    _tamper(database, statement, bad=start + offset)
    with database.reading() as session:
        finding = audit.verify(session)
    assert finding is not None
    assert finding.seq == start + offset + statement.startswith("DELETE")


def test_two_writers_at_once_never_share_a_predecessor(database: Database, start: int) -> None:
    threads = [threading.Thread(target=lambda: [_write(database, 2) for _ in range(10)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        assert audit.head(session)[0] == start + 80
        assert audit.verify(session) is None


def test_an_act_that_fails_leaves_no_entry(database: Database, start: int) -> None:
    with pytest.raises(RuntimeError), database.transaction() as session:
        audit.append(session, 7, Verb.CHECKED, "unit:1")
        raise RuntimeError
    with database.reading() as session:
        assert audit.head(session)[0] == start
