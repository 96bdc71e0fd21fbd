"""The shadow of the index: what acts must do for it while it is built, and what is left of an index it replaced.

An act that touches a document while a shadow is built takes the document's words out of the shadow at once, in its own
transaction, and leaves a note; the builder indexes what is noted before the shadow takes the index's place. So what is
destroyed meanwhile is in neither, and what is filed meanwhile is in both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from records.database import Database
from records.tables import Document
from search.engines import engine_for
from search.tables import ENTRIES, OLD, SHADOW, WORDS, SearchPending, chosen, state_of

#: Rows of a replaced index that go in one transaction: others wait no longer than that for theirs.
_ROWS = 2_000


def note(session: Session, document_ids: Sequence[int]) -> None:
    """Say that documents were touched, to whoever builds a shadow; their words in it are gone with this act."""
    # Held: nobody begins a shadow, or puts it in force, between this look and the end of the act.
    building = state_of(session, hold=True).building is not None
    if building:
        dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
        new = dialect.insert(SearchPending).on_conflict_do_nothing()
        session.execute(new, [{"document_id": document_id} for document_id in document_ids])
        forget(session, document_ids, SHADOW)
    for leftover in (OLD,) if building else (OLD, SHADOW):
        # What is destroyed is not to stand in what only waits to be cleared away.
        if is_there(session, leftover) and _some_are_gone(session, document_ids):
            drop(session, leftover)


def forget(session: Session, document_ids: Sequence[int], entries: str) -> None:
    """Take documents out of these entries and of the engine's table beside them."""
    kept = ENTRIES[entries].c
    mine = chosen(session, kept.document_id, document_ids)
    rows = session.execute(select(kept.place, kept.words, kept.facts).where(mine)).all()
    if rows:
        engine_for(session).remove(session, [(row.place, row.words, row.facts) for row in rows], entries)
        session.execute(delete(ENTRIES[entries]).where(mine))


def is_there(session: Session, entries: str) -> bool:
    """Whether these entries have a table; only SQLite keeps a replaced one for a while."""
    if session.get_bind().dialect.name != "sqlite":
        return bool(session.scalar(select(func.count(func.to_regclass(entries))))) if entries != OLD else False
    named = text("SELECT count(*) FROM sqlite_schema WHERE name IN (:entries, :words)")
    return bool(session.scalar(named, {"entries": entries, "words": WORDS[entries]}))


def drop(session: Session, entries: str) -> None:
    """Remove entries and their words in one go."""
    connection = session.connection()
    engine_for(session).drop(connection, entries)
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {entries}")


def clear(database: Database, entries: str) -> None:
    """Remove entries and their words in small steps: to overwrite a large table takes longer than others wait."""
    if database.is_sqlite:
        names = ((f"{WORDS[entries]}_data", "id"), (entries, "document_id"))
        while any(_clear_some(database, name, key) for name, key in names):
            pass
    with database.transaction() as session:
        if is_there(session, entries):
            drop(session, entries)


def _clear_some(database: Database, name: str, key: str) -> bool:
    with database.transaction() as session:
        connection = session.connection()
        there: Any = connection.exec_driver_sql("SELECT count(*) FROM sqlite_schema WHERE name = ?", (name,)).scalar()
        some = f"DELETE FROM {name} WHERE {key} IN (SELECT {key} FROM {name} LIMIT {_ROWS})"
        return bool(there) and connection.exec_driver_sql(some).rowcount > 0


def _some_are_gone(session: Session, document_ids: Sequence[int]) -> bool:
    filed = select(func.count()).where(chosen(session, Document.id, document_ids), Document.state == "filed")
    return (session.scalar(filed) or 0) < len(document_ids)
