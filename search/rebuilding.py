"""The index made anew in a shadow, from the records, while people search in the old one and file beside it.

A second process cuts the text; this one reads the records and writes. The shadow takes the index's place by its name,
in one short transaction. Killed at any moment it leaves the old index in force, and a shadow that the next one clears.
"""

from __future__ import annotations

import json
import multiprocessing
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from itertools import chain, groupby, repeat
from time import sleep
from typing import Any, Protocol

from sqlalchemy import Connection, delete, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from records import clock
from records.database import Database
from records.errors import OfficeError
from records.tables import Document
from search import analysis, shadow
from search.engine import Kept, tokens_of
from search.engines import engine_for
from search.gin import add_part, index_part
from search.sources import Analysed, Source, gather
from search.tables import ENTRIES, LIVE, OLD, SHADOW, WORDS, SearchPending, SearchState, chosen, place_of

Progress = Callable[[int, int], None]
#: A row of ``search_entries``, in the order of its columns, and the tokens of the document with spaces between.
Row = tuple[tuple[Any, ...], str]

#: Documents read, cut and written together; others wait for the database no longer than one batch takes.
_BATCH = 500
#: From how many documents on a second process is worth its start.
_WORTH_A_PROCESS = 5_000
#: How long a builder counts as alive after its last sign.
LEASE = timedelta(seconds=20)
#: Documents in the newest parts, and in all older ones (PostgreSQL): a common word is answered by the newest alone.
_NEWEST_PARTS, PART = (10_000, 20_000), 50_000
_FEW = 50
_PATIENCE_MS, _TRIES, _PAUSE = 700, 600, 0.3
#: lock_not_available, deadlock_detected.
_BUSY = ("55P03", "40P01")
_COLUMNS = tuple(column.name for column in ENTRIES[LIVE].c)


class RebuildRunning(OfficeError):
    """Somebody is rebuilding the index already."""

    code = "search.rebuild_running"
    zh = "索引正在重建({done}/{total}),请稍候。"
    en = "The index is being rebuilt already ({done} of {total}); please wait."


def rebuild(database: Database, progress: Progress | None = None) -> int:
    """Make the index anew and put it in force; the number of documents. Raises RebuildRunning."""
    _claim(database)
    try:
        return _build(database, progress or (lambda _done, _total: None))
    finally:
        with database.transaction() as session:
            # Not put in force: whoever comes next need not wait for the lease to end.
            session.execute(update(SearchState).where(SearchState.building.is_not(None)).values(leased_until=None))


def _build(database: Database, progress: Progress) -> int:
    # Of a builder that was killed, and of one that was killed just after its work.
    for leftover in (SHADOW, OLD):
        shadow.clear(database, leftover)
    with ExitStack() as stack:
        builder: _Builder = _Sqlite(database, stack) if database.is_sqlite else _Postgresql(database, stack)
        ids = _begin(database, builder)
        done = 0
        for rows in _analysed(database, ids, stack):
            builder.write(rows)
            done += _BATCH
            progress(min(done, len(ids)), len(ids))
        builder.finish()
    _put_in_force(database, builder)
    shadow.clear(database, OLD)
    return len(ids)


def _claim(database: Database) -> None:
    with database.transaction() as session:
        session.execute(text("INSERT INTO search_state (id) VALUES (1) ON CONFLICT (id) DO NOTHING"))
        state = _held(session)
        if state.leased_until is not None and state.leased_until > clock.now():
            raise RebuildRunning(done=state.done, total=state.total)
        state.building, state.leased_until, state.done, state.total = None, clock.now() + LEASE, 0, 0


def _held(session: Session) -> SearchState:
    """The state, held against everybody: whoever acts now is waited for."""
    query = select(SearchState).where(SearchState.id == 1).execution_options(populate_existing=True)
    return session.scalars(query.with_for_update()).one()


def _begin(database: Database, builder: _Builder) -> list[int]:
    """Make the shadow; the documents to be written, oldest first."""
    with database.transaction() as session:
        state = _held(session)
        ENTRIES[SHADOW].create(session.connection())
        engine_for(session).create(session.connection(), SHADOW)
        session.execute(delete(SearchPending))
        state.building, state.leased_until = analysis.VERSION, clock.now() + LEASE
    # Acts leave notes from here on: what this look does not see is noted. To look takes longer than others wait.
    with database.reading() as session:
        filed = select(Document.id, Document.dated).where(Document.state == "filed")
        rows = session.execute(filed.order_by(Document.dated, Document.id)).all()
    with database.transaction() as session:
        builder.begin(session.connection(), [place_of(row.dated, row.id) for row in rows], state.generation + 1)
        session.execute(update(SearchState).values(total=len(rows), leased_until=clock.now() + LEASE))
    return [row.id for row in rows]


def _analysed(database: Database, ids: Sequence[int], stack: ExitStack) -> Iterator[list[Row]]:
    """The rows of these documents in batches, cut in a process beside this one where there are many."""
    batches = [ids[start : start + _BATCH] for start in range(0, len(ids), _BATCH)]
    if len(ids) < _WORTH_A_PROCESS:
        for batch in batches:
            yield rows_of(_gathered(database, batch))
        return
    pool = stack.enter_context(ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")))
    ahead: list[Future[list[Row]]] = []
    for batch in batches:
        ahead.append(pool.submit(rows_of, _gathered(database, batch)))
        if len(ahead) > 3:
            yield ahead.pop(0).result()
    for future in ahead:
        yield future.result()


def _gathered(database: Database, ids: Sequence[int]) -> list[Source]:
    with database.reading() as session:
        found = {source.document_id: source for source in gather(session, ids)}
    return [found[document_id] for document_id in ids if document_id in found]


def rows_of(sources: Sequence[Source]) -> list[Row]:
    """Documents as rows of ``search_entries``, each with its tokens."""
    return [_row(source, source.analysed()) for source in sources]


def _row(source: Source, own: Analysed) -> Row:
    about = (source.dossier_id, source.series, source.unit_code, source.form_code, source.dated)
    entry = (source.document_id, source.place, *about, analysis.VERSION, own.digest, own.owners, own.facts, own.words)
    return entry, " ".join(tokens_of(own.words, own.facts))


class _Builder(Protocol):
    """How a database takes a shadow in: in bulk, beside everything else that goes on in it."""

    def begin(self, connection: Connection, places: Sequence[int], generation: int) -> None:
        """Prepare for documents at these places, oldest first, in the transaction that makes the shadow."""

    def write(self, rows: Sequence[Row]) -> None:
        """Write a batch, but what acts have touched, in a transaction of its own."""

    def finish(self) -> None:
        """End what goes on beside."""

    def swap(self, session: Session) -> str:
        """Put the shadow in the place of the index; the parts as in ``SearchState.parts``."""


class _Sqlite:
    """Entries and tokens in moderate transactions; FTS5 merges a little with each."""

    def __init__(self, database: Database, stack: ExitStack) -> None:
        self._connection = stack.enter_context(_at_ease(database))

    def begin(self, connection: Connection, places: Sequence[int], generation: int) -> None:
        del places, generation
        name = WORDS[SHADOW]
        # All tokens of a batch are gathered before they are written, and few segments are merged at a time.
        for setting, value in (("hashsize", 32_000_000), ("automerge", 8)):
            connection.exec_driver_sql(f"INSERT INTO {name}({name}, rank) VALUES('{setting}', {value})")

    def write(self, rows: Sequence[Row]) -> None:
        with Session(self._connection, join_transaction_mode="control_fully") as session, session.begin():
            noted = _noted(session, rows)
            _advance(session, len(rows))
            left = [row for row in rows if row[0][0] not in noted]
            if left:
                driver: Any = session.connection().connection.driver_connection
                marks = ", ".join("?" * len(_COLUMNS))
                columns = ", ".join(_COLUMNS)
                entries = [(*entry[:6], entry[6].isoformat(), *entry[7:]) for entry, _ in left]
                driver.executemany(f"INSERT INTO {SHADOW} ({columns}) VALUES ({marks})", entries)
                tokens = [(entry[1], tokens) for entry, tokens in left]
                driver.executemany(f"INSERT INTO {WORDS[SHADOW]}(rowid, tokens) VALUES(?, ?)", tokens)

    def finish(self) -> None:
        pass

    def swap(self, session: Session) -> str:
        connection = session.connection()
        for live, replaced in ((LIVE, OLD), (WORDS[LIVE], WORDS[OLD])):
            # A lost index is one of the reasons to rebuild.
            if connection.exec_driver_sql("SELECT 1 FROM sqlite_schema WHERE name = ?", (live,)).scalar():
                connection.exec_driver_sql(f"ALTER TABLE {live} RENAME TO {replaced}")
        for new, live in ((SHADOW, LIVE), (WORDS[SHADOW], WORDS[LIVE])):
            connection.exec_driver_sql(f"ALTER TABLE {new} RENAME TO {live}")
        return "[]"


@contextmanager
def _at_ease(database: Database) -> Iterator[Connection]:
    """A connection with more memory, which does not wait for the disk: the shadow counts only once it is in force."""
    usual = {"cache_size": -2000, "wal_autocheckpoint": 1000, "synchronous": "FULL"}
    eased = {"cache_size": -64_000, "wal_autocheckpoint": 8000, "synchronous": "NORMAL"}
    with database.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        try:
            for name, value in eased.items():
                driver.execute(f"PRAGMA {name}={value}")
            yield connection
        finally:
            connection.rollback()
            for name, value in usual.items():
                driver.execute(f"PRAGMA {name}={value}")


class _Postgresql:
    """Parts filled one after the other by COPY; a part that is full is indexed while the next one is filled."""

    def __init__(self, database: Database, stack: ExitStack) -> None:
        self._database = database
        self._connection = stack.enter_context(database.engine.connect())
        self._indexing = stack.enter_context(ThreadPoolExecutor(1))
        self._waiting: list[Future[None]] = []
        self._parts: list[tuple[str, int]] = []
        self._filled = 0

    def begin(self, connection: Connection, places: Sequence[int], generation: int) -> None:
        begins = [0, *(places[at] for at in _cuts(len(places)))]
        self._parts = [(f"search_words_g{generation}_{at}", first) for at, first in enumerate(begins)]
        for at, (name, first) in enumerate(self._parts):
            after = self._parts[at + 1][1] if at + 1 < len(self._parts) else None
            add_part(connection, WORDS[SHADOW], name, first if at else None, after)

    def write(self, rows: Sequence[Row]) -> None:
        with Session(self._connection, join_transaction_mode="control_fully") as session, session.begin():
            session.execute(text("SET LOCAL synchronous_commit = off"))
            # Who touches a document notes it first, and waits here: then its words are there to be taken out.
            session.execute(text("LOCK TABLE search_pending IN SHARE MODE"))
            noted = _noted(session, rows)
            left = [row for row in rows if row[0][0] not in noted]
            driver: Any = session.connection().connection.driver_connection
            with driver.cursor() as cursor:
                with cursor.copy(f"COPY {SHADOW} ({', '.join(_COLUMNS)}) FROM STDIN") as copy:
                    copy.write("".join(_line(entry) for entry, _ in left))
                for name, own in self._by_part(left):
                    with cursor.copy(f"COPY {name} (place, dossier_id, tokens) FROM STDIN") as copy:
                        copy.write("".join(_line((entry[1], entry[2], tokens)) for entry, tokens in own))
            _advance(session, len(rows))
        if left:
            self._index_up_to(self._part_of(left[0][0][1]))

    def _part_of(self, place: int) -> int:
        return bisect_right(self._parts, place, key=lambda part: part[1]) - 1

    def _by_part(self, rows: Sequence[Row]) -> Iterator[tuple[str, list[Row]]]:
        for at, own in groupby(rows, lambda row: self._part_of(row[0][1])):
            yield self._parts[at][0], list(own)

    def _index_up_to(self, at: int) -> None:
        for name, _ in self._parts[self._filled : at]:
            self._waiting.append(self._indexing.submit(self._index, name))
        self._filled = max(self._filled, at)

    def _index(self, name: str) -> None:
        with self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("SET maintenance_work_mem = '256MB'")
            try:
                index_part(connection, name, concurrently=True)
            finally:
                connection.exec_driver_sql("RESET maintenance_work_mem")

    def finish(self) -> None:
        self._index_up_to(len(self._parts))
        for one in self._waiting:
            while not one.done():
                sleep(_PAUSE)
                with self._database.transaction() as session:
                    _advance(session, 0)
            one.result()

    def swap(self, session: Session) -> str:
        connection = session.connection()
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_PATIENCE_MS}")
        for live in (WORDS[LIVE], LIVE):
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {live}")
        for new, live in ((SHADOW, LIVE), (WORDS[SHADOW], WORDS[LIVE])):
            connection.exec_driver_sql(f"ALTER TABLE {new} RENAME TO {live}")
        return json.dumps(self._parts[::-1])


def _cuts(documents: int) -> list[int]:
    """Where parts begin after the first, by the order of the documents, oldest first.

    >>> _cuts(150_000)
    [20000, 70000, 120000, 140000]
    """
    cuts: list[int] = []
    for size in chain(_NEWEST_PARTS, repeat(PART)):
        documents -= size
        if documents <= 0:
            return cuts[::-1]
        cuts.append(documents)
    return cuts


def _line(values: Sequence[Any]) -> str:
    """A row as COPY takes it. Normal forms, tokens, facts and codes hold no character that it would read as a sign."""
    return "\t".join("\\N" if value is None else str(value) for value in values) + "\n"


def _noted(session: Session, rows: Sequence[Row]) -> set[int]:
    own = [entry[0] for entry, _ in rows]
    noted = select(SearchPending.document_id).where(chosen(session, SearchPending.document_id, own))
    return set(session.scalars(noted))


def _advance(session: Session, documents: int) -> None:
    alive = {"done": SearchState.done + documents, "leased_until": clock.now() + LEASE}
    session.execute(update(SearchState).where(SearchState.id == 1).values(alive))


def _put_in_force(database: Database, builder: _Builder) -> None:
    """Index what acts have noted, until little is left; then the rest, and the names, in one short transaction."""
    while _index_noted(database) > _FEW:
        pass
    for attempt in range(_TRIES):
        try:
            with database.transaction() as session:
                _swap(session, builder)
        except DBAPIError as error:
            # Somebody looks at the old index just now, or waits for us while we wait for them.
            if database.is_sqlite or attempt == _TRIES - 1 or getattr(error.orig, "sqlstate", "") not in _BUSY:
                raise
            sleep(_PAUSE)
        else:
            return


def _swap(session: Session, builder: _Builder) -> None:
    # In the order of acts: the state, then the notes, then the index.
    state = _held(session)
    _write_noted(session)
    state.parts = builder.swap(session)
    state.analysis, state.generation = analysis.VERSION, state.generation + 1
    state.building, state.leased_until = None, None


def _index_noted(database: Database) -> int:
    with database.transaction() as session:
        _advance(session, 0)
        return _write_noted(session, _BATCH)


def _write_noted(session: Session, most: int | None = None) -> int:
    """Write what was noted into the shadow as it is now; how many."""
    if session.get_bind().dialect.name == "postgresql":
        # Whoever has noted something has ended by now, and nobody notes anything until we have.
        session.execute(text("LOCK TABLE search_pending IN EXCLUSIVE MODE"))
    noted = list(session.scalars(select(SearchPending.document_id).order_by(SearchPending.document_id).limit(most)))
    for start in range(0, len(noted), _BATCH):
        ids = noted[start : start + _BATCH]
        shadow.forget(session, ids, SHADOW)
        rows = rows_of(gather(session, ids))
        if rows:
            entries = [dict(zip(_COLUMNS, entry, strict=True)) for entry, _ in rows]
            session.execute(ENTRIES[SHADOW].insert(), entries)
            kept: list[Kept] = [(entry["place"], entry["words"], entry["facts"]) for entry in entries]
            engine_for(session).put(session, kept, SHADOW)
        session.execute(delete(SearchPending).where(chosen(session, SearchPending.document_id, ids)))
    return len(noted)
