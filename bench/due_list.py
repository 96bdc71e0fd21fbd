"""Measures the due list over a million documents on SQLite: how long 鉴定 takes to know what its rules let go."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert, text

from bench.report import Section, median_seconds
from records.database import Database
from records.tables import Document, Fact, Key, User
from retention import disposition
from retention.schedule import load_schedule
from web import schema

ON = date(2026, 11, 23)
DOCUMENTS = 1_000_000
#: One in so many documents is older than its rule; the others were archived since.
ONE_DUE_IN = 20
_RULES = (("KEYS", "YS-01", 2), ("PATROL", "XC-01", 2), ("CALLBACK", "HF-02", 2), ("VIOL_MAJOR", "WZ-01", 5))
_STARTS = {"CALLBACK": "transferred"}
_THEN = datetime(2020, 1, 1, tzinfo=UTC)


def measure(documents: int = DOCUMENTS) -> Section:
    """The section of docs/benchmarks.md."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite+pysqlite:///{Path(folder) / 'office.sqlite'}")
        schema.upgrade(database)
        _fill(database, documents)
        start = time.perf_counter()
        found = _due(database)
        first = time.perf_counter() - start
        again, plain = median_seconds(lambda: _due(database)), median_seconds(lambda: _joined(database))
        database.close()
    return Section(
        "Due list over a million documents",
        ["act", "seconds", "records", "promised"],
        [
            [
                "ours: what is due, each with its fact, rule and sentence; first time",
                f"{first:.1f}",
                f"{found:,}",
                "5 s",
            ],
            ["ours, again", f"{again:.1f}", f"{found:,}", "5 s"],
            ["SQLite alone: every document joined with its fact, counted", f"{plain:.1f}", f"{documents:,}", ""],
        ],
        [
            f"{documents:,} documents under four rules with a fact each; one in {ONE_DUE_IN} is due. SQLite, one core.",
            "Holds, decisions to keep, open lists and corrections of facts are looked at as in the office.",
        ],
    )


def _fill(database: Database, documents: int) -> None:
    with database.transaction() as session:
        session.execute(
            insert(User), [{"name": "档案员", "role": "archivist", "password_hash": "-", "created_at": _THEN}]
        )
        session.execute(insert(Key), [{"scope": "series", "recipient": "age1", "created_at": _THEN}])
        for start in range(0, documents, 50_000):
            numbers = range(start + 1, min(start + 50_000, documents) + 1)
            session.execute(insert(Document), [_document(number) for number in numbers])
            session.execute(insert(Fact), [_fact(number) for number in numbers])


def _document(number: int) -> dict[str, object]:
    rule, form, _years = _RULES[number % len(_RULES)]
    named = {
        "form_code": form,
        "title": form,
        "serial": f"{form}-2020-{number:06d}-0",
        "series": form[:2],
        "rule": rule,
    }
    return {**named, "id": number, "dated": _THEN.date(), "filed_at": _THEN, "filed_by": 1, "key_id": 1}


def _fact(number: int) -> dict[str, object]:
    rule, _form, years = _RULES[number % len(_RULES)]
    last = ON - timedelta(days=365 * years + 2)
    due = number // len(_RULES) % ONE_DUE_IN == 0
    day = last - timedelta(days=number % 300) if due else last + timedelta(days=5 + number % 600)
    kind = _STARTS.get(rule, "archived")
    about = {"kind": kind, "subject_kind": "document", "subject_id": number, "on": day}
    return {**about, "recorded_at": _THEN, "recorded_by": 1}


def _due(database: Database) -> int:
    with database.reading() as session:
        return len(disposition.due(session, load_schedule(), ON))


def _joined(database: Database) -> int:
    joined = "facts f ON f.subject_id = d.id AND f.subject_kind = 'document'"
    query = f'SELECT count(*) FROM documents d JOIN {joined} AND f."on" > d.dated'
    with database.reading() as session:
        return int(session.scalar(text(query)) or 0)
