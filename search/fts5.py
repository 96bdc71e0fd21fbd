"""SQLite's FTS5 as the engine of search: tokens without a copy of what they are of."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from search.engine import ANY_DOCUMENT, Decision, Kept, Looked, Reach, Telling, look, tokens_of
from search.expressions import Either, Every, Expression, Token, Without
from search.tables import LIVE, WORDS, SearchEntry, chosen


class Fts5:
    """SQLite's FTS5, without a copy of what it indexes: a document is taken out by the tokens that its entry names."""

    # Tokens of documents without their places in them; one character as a beginning has an index of its own. The ascii
    # tokenizer takes every character above 127 as part of a word, so no table of Unicode 6.1 decides.
    _SHAPE = "fts5(tokens, content='', detail=none, columnsize=0, prefix='1', tokenize='ascii')"
    #: Terms are compared in this many heaps; of many heaps that differ, some name enough documents.
    _HEAPS, _MOST_HEAPS = 1 << 16, 2000

    def create(self, connection: Connection, entries: str = LIVE) -> None:
        words = WORDS[entries]
        connection.exec_driver_sql(f"CREATE VIRTUAL TABLE {words} USING {self._SHAPE}")
        connection.exec_driver_sql(f"INSERT INTO {words}({words}, rank) VALUES('secure-delete', 1)")

    def drop(self, connection: Connection, entries: str = LIVE) -> None:
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {WORDS[entries]}")

    def put(self, session: Session, kept: Sequence[Kept], entries: str = LIVE) -> None:
        rows = [{"place": place, "tokens": " ".join(tokens_of(words, facts))} for place, words, facts in kept]
        if rows:
            session.execute(text(f"INSERT INTO {WORDS[entries]}(rowid, tokens) VALUES(:place, :tokens)"), rows)

    def remove(self, session: Session, kept: Sequence[Kept], entries: str = LIVE) -> None:
        name = WORDS[entries]
        rows = [{"place": place, "tokens": " ".join(tokens_of(words, facts))} for place, words, facts in kept]
        if rows:
            taken = text(f"INSERT INTO {name}({name}, rowid, tokens) VALUES('delete', :place, :tokens)")
            session.execute(taken, rows)

    def newest(self, session: Session, asked: Expression, reach: Reach, limit: int, decided: Decision) -> Looked:
        # FTS5 walks its lists backwards and stops: a page costs little however much there is to find. The plus keeps
        # it from looking up each place of the dossiers in every list instead.
        own = (
            " AND +rowid IN (SELECT place FROM search_entries WHERE place BETWEEN :first AND :last"
            " AND dossier_id IN (SELECT value FROM json_each(:dossiers)))"
        )
        query = (
            "SELECT rowid AS place FROM search_words WHERE search_words MATCH :asked AND rowid BETWEEN :first AND :last"
            f"{own if reach.dossiers is not None and reach.rare else ''} ORDER BY rowid DESC LIMIT :limit"
        )
        if reach.dossiers is not None and not reach.rare:
            theirs = chosen(session, SearchEntry.dossier_id + 0, reach.dossiers)
            decided = theirs if decided is None else and_(theirs, decided)
        values = {"asked": _fts5(asked), "first": reach.first, "last": reach.last, "limit": limit}
        return look(session, query, {**values, "dossiers": json.dumps(reach.dossiers)}, decided)

    def contains(self, inside: ColumnElement[str], fragment: str) -> ColumnElement[bool]:
        return func.instr(inside, fragment) > 0

    def places(self, session: Session) -> set[int]:
        every = text("SELECT rowid FROM search_words WHERE search_words MATCH :asked")
        return set(session.scalars(every, {"asked": f'"{ANY_DOCUMENT}"'}))

    def disagreeing(self, session: Session, kept: Telling) -> set[int]:
        heaps = [0] * self._HEAPS
        for _, words, facts in kept():
            for token in tokens_of(words, facts):
                heaps[hash(token) % self._HEAPS] += 1
        for term, documents in self._terms(session):
            heaps[hash(term) % self._HEAPS] -= documents
        wrong = frozenset([at for at, left in enumerate(heaps) if left][: self._MOST_HEAPS])
        return self._in_heaps(session, kept, wrong) if wrong else set()

    def _in_heaps(self, session: Session, kept: Telling, wrong: frozenset[int]) -> set[int]:
        expected: defaultdict[str, set[int]] = defaultdict(set)
        for place, words, facts in kept():
            for token in tokens_of(words, facts):
                if hash(token) % self._HEAPS in wrong:
                    expected[token].add(place)
        terms = {term for term, _ in self._terms(session) if hash(term) % self._HEAPS in wrong} | set(expected)
        found = text("SELECT rowid FROM search_words WHERE search_words MATCH :asked")
        different: set[int] = set()
        for term in terms:
            different |= expected[term] ^ set(session.scalars(found, {"asked": f'"{term}"'}))
        return different

    @staticmethod
    def _terms(session: Session) -> Iterator[Any]:
        """Every term that FTS5 keeps, and in how many documents."""
        session.execute(text("DROP TABLE IF EXISTS temp.search_terms"))
        session.execute(text("CREATE VIRTUAL TABLE temp.search_terms USING fts5vocab(main, search_words, row)"))
        # As bytes: a broken segment may tell of terms that are no text.
        for term, documents in session.execute(text("SELECT CAST(term AS BLOB), doc FROM temp.search_terms")).all():
            yield term.decode(errors="replace"), documents
        session.execute(text("DROP TABLE temp.search_terms"))

    def is_outgrown(self, session: Session) -> bool:  # noqa: ARG002 - FTS5 walks its lists backwards, however long
        return False

    def is_sound(self, session: Session) -> bool:
        there = session.scalar(select(func.count()).select_from(func.pragma_table_list("search_words")))
        return bool(there) and session.scalars(text("PRAGMA integrity_check(search_words)")).all() == ["ok"]


def _fts5(expression: Expression) -> str:
    """An expression of tokens in FTS5's syntax. Tokens hold letters, digits, characters and § only, and are quoted."""
    match expression:
        case Token(word, prefix):
            return f'"{word}"{" *" if prefix else ""}'
        case Every(children):
            wanted = [_fts5(child) for child in children if not isinstance(child, Without)] or [f'"{ANY_DOCUMENT}"']
            barred = [_fts5(child.child) for child in children if isinstance(child, Without)]
            asked = f"({' AND '.join(wanted)})"
            return f"({asked} NOT ({' OR '.join(barred)}))" if barred else asked
        case Either(children):
            return f"({' OR '.join(_fts5(child) for child in children)})"
        case Without(child):
            return f'("{ANY_DOCUMENT}" NOT {_fts5(child)})'
        case _:
            raise TypeError(f"not of tokens alone: {expression}")
