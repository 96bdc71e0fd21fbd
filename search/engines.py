"""The two full-text engines, inside the records' own database, behind one small protocol.

Both keep a table ``search_words`` beside ``search_entries``: a place and its tokens. Neither parses text of its own:
they get tokens, and hold them as they are. Both are asked for the newest places first, and stop when there are enough.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import BigInteger, ColumnElement, String, bindparam, column, func, select, table, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from search.analysis import words_tokens
from search.expressions import NOTHING, Either, Every, Expression, Token, Without
from search.tables import LIVE, WORDS, state_of

#: Every document has it: all documents but some are these without those.
ANY_DOCUMENT = "§"
#: The first and the last place there can be.
FIRST, LAST = 0, (1 << 62)


@dataclass(frozen=True)
class Reach:
    """Where to look: places from ``first`` to ``last``, both included; of these dossiers only, unless None."""

    first: int = FIRST
    last: int = LAST
    dossiers: tuple[int, ...] | None = None


#: A document as the engine takes it: place, words, and facts, as in ``SearchEntry``.
Kept = tuple[int, str, str]
#: Tells all that should be kept, anew each time it is called.
Telling = Callable[[], Iterable[Kept]]


def tokens_of(words: str, facts: str) -> set[str]:
    """Every token of an entry, by what the entry holds."""
    return {ANY_DOCUMENT, *words_tokens(words), *facts.split()}


class Engine(Protocol):
    """What search needs of a database: to keep tokens by place, and to say which places an expression names."""

    def create(self, connection: Connection, entries: str = LIVE) -> None:
        """Make the engine's own table beside a table of entries."""

    def drop(self, connection: Connection, entries: str = LIVE) -> None:
        """Remove it, and every word in it."""

    def put(self, session: Session, kept: Sequence[Kept], entries: str = LIVE) -> None:
        """Keep the tokens of new places."""

    def remove(self, session: Session, kept: Sequence[Kept], entries: str = LIVE) -> None:
        """Forget places and every token of theirs."""

    def newest(self, session: Session, asked: Expression, reach: Reach, limit: int) -> list[int]:
        """The newest places in an expression of tokens, newest first; fewer than ``limit`` only when these are all."""

    def contains(self, inside: ColumnElement[str], fragment: str) -> ColumnElement[bool]:
        """The condition that a text holds a fragment, character by character."""

    def places(self, session: Session) -> set[int]:
        """All places that are kept, for the check."""

    def disagreeing(self, session: Session, kept: Telling) -> set[int]:
        """Places of which other tokens are kept than should be, for the check."""

    def is_outgrown(self, session: Session) -> bool:
        """Whether the newest part has become so large that common words are slow to answer."""

    def is_sound(self, session: Session) -> bool:
        """Whether the engine's own structures are there and agree with themselves."""


def engine_for(session: Session) -> Engine:
    """The engine of the session's database."""
    name: str = session.get_bind().dialect.name
    return _ENGINES[name]


class _Sqlite:
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

    def newest(self, session: Session, asked: Expression, reach: Reach, limit: int) -> list[int]:
        if asked == NOTHING:
            return []
        # FTS5 walks its lists backwards and stops: a page costs little however much there is to find. The plus keeps
        # it from looking up each place of the dossiers in every list instead.
        own = (
            " AND +rowid IN (SELECT place FROM search_entries WHERE place BETWEEN :first AND :last"
            " AND dossier_id IN (SELECT value FROM json_each(:dossiers)))"
        )
        query = (
            "SELECT rowid FROM search_words WHERE search_words MATCH :asked AND rowid BETWEEN :first AND :last"
            f"{'' if reach.dossiers is None else own} ORDER BY rowid DESC LIMIT :limit"
        )
        values = {"asked": _fts5(asked), "first": reach.first, "last": reach.last, "limit": limit}
        return list(session.scalars(text(query), {**values, "dossiers": json.dumps(reach.dossiers)}))

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


class _Postgresql:
    """PostgreSQL's tsvector under GIN, in parts by place: GIN cannot walk newest first, so the newest part goes first.

    A part is a partition of ``search_words`` with an index of its own; ``SearchState.parts`` names them.
    """

    _KEPT = 1000
    #: Rows of a newest part that are too many.
    _OUTGROWN = 200_000
    #: How many parts are asked at once: the newest alone, then ever more.
    _GROUPS = (1, 1, 2, 4, 8)

    def create(self, connection: Connection, entries: str = LIVE) -> None:
        name = WORDS[entries]
        connection.exec_driver_sql(
            f"CREATE TABLE {name} (place BIGINT PRIMARY KEY, tokens TSVECTOR NOT NULL) PARTITION BY RANGE (place)"
        )
        if entries == LIVE:
            add_part(connection, name, "search_words_whole", None, None)
            index_part(connection, "search_words_whole")
            connection.exec_driver_sql("UPDATE search_state SET parts = '[[\"search_words_whole\", 0]]'")

    def drop(self, connection: Connection, entries: str = LIVE) -> None:
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {WORDS[entries]}")

    def put(self, session: Session, kept: Sequence[Kept], entries: str = LIVE) -> None:
        if not kept:
            return
        rows = [{"at": place, "own": sorted(tokens_of(words, facts))} for place, words, facts in kept]
        own = table(WORDS[entries], column("place", BigInteger), column("tokens"))
        vector = func.array_to_tsvector(bindparam("own", type_=ARRAY(String)))
        new = upsert(own).values({"place": bindparam("at"), "tokens": vector})
        # Two clerks may add pages to one document at once: the later one writes what both know.
        replacing = new.on_conflict_do_update(index_elements=["place"], set_={"tokens": new.excluded.tokens})
        session.execute(replacing, rows)

    def remove(self, session: Session, kept: Sequence[Kept], entries: str = LIVE) -> None:
        places = [place for place, _, _ in kept]
        if places:
            session.execute(text(f"DELETE FROM {WORDS[entries]} WHERE place = ANY(:places)"), {"places": places})

    def newest(self, session: Session, asked: Expression, reach: Reach, limit: int) -> list[int]:
        if asked == NOTHING:
            return []
        # The planner does not know what it costs to unpack the tokens of a row: it would rather read all rows.
        session.execute(_ONLY_BY_INDEX)
        found: list[int] = []
        for first, last, names in _groups(state_of(session).parts, reach, self._GROUPS):
            values = {"asked": _tsquery(asked), "first": first, "last": last, "limit": limit - len(found)}
            query = _newest_in(names, owned=reach.dossiers is not None)
            found += session.scalars(query, {**values, "dossiers": list(reach.dossiers or ())})
            if len(found) >= limit:
                break
        session.execute(_BY_ANY_WAY)
        return found

    def contains(self, inside: ColumnElement[str], fragment: str) -> ColumnElement[bool]:
        return func.strpos(inside, fragment) > 0

    def places(self, session: Session) -> set[int]:
        return set(session.scalars(text("SELECT place FROM search_words")))

    def disagreeing(self, session: Session, kept: Telling) -> set[int]:
        different: set[int] = set()
        heap: dict[int, set[str]] = {}
        for place, words, facts in kept():
            heap[place] = tokens_of(words, facts)
            if len(heap) == self._KEPT:
                different |= self._differing(session, heap)
                heap = {}
        return different | self._differing(session, heap)

    @staticmethod
    def _differing(session: Session, expected: Mapping[int, set[str]]) -> set[int]:
        query = text("SELECT place, tsvector_to_array(tokens) FROM search_words WHERE place = ANY(:places)")
        held = {place: set(tokens) for place, tokens in session.execute(query, {"places": list(expected)})}
        return {place for place, tokens in expected.items() if held.get(place) != tokens}

    def is_outgrown(self, session: Session) -> bool:
        newest = next(iter(json.loads(state_of(session).parts)), ("", 0))[0]
        rows = text("SELECT reltuples FROM pg_class WHERE oid = to_regclass(:newest)")
        return (session.scalar(rows, {"newest": newest}) or 0) > self._OUTGROWN

    def is_sound(self, session: Session) -> bool:
        # The server keeps table and index together itself.
        return bool(session.scalar(select(func.count(func.to_regclass("search_words")))))


_ONLY_BY_INDEX = text("SELECT set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'off', true)")
_BY_ANY_WAY = text("SELECT set_config('enable_seqscan', 'on', true), set_config('enable_indexscan', 'on', true)")


def add_part(connection: Connection, whole: str, name: str, first: int | None, after: int | None) -> None:
    """Make a part of PostgreSQL's table, from a place up to another one; None: without end."""
    begin, end = ("MINVALUE" if first is None else first), ("MAXVALUE" if after is None else after)
    connection.exec_driver_sql(f"CREATE TABLE {name} PARTITION OF {whole} FOR VALUES FROM ({begin}) TO ({end})")


def index_part(connection: Connection, name: str, *, concurrently: bool = False) -> None:
    """Index the tokens of a part; ``concurrently`` lets others write meanwhile, outside any transaction."""
    how = "CONCURRENTLY " if concurrently else ""
    # No pending list: a word is in the index proper when the act commits, and gone when it is rebuilt.
    connection.exec_driver_sql(f"CREATE INDEX {how}{name}_tokens ON {name} USING GIN (tokens) WITH (fastupdate = off)")


def _groups(parts: str, reach: Reach, sizes: Sequence[int]) -> Iterator[tuple[int, int, list[str]]]:
    """The parts that reach into these places, newest first, in groups: first and last place, and names."""
    after, left = LAST, []
    for name, begins in json.loads(parts):
        if begins <= reach.last and after > reach.first:
            left.append((max(begins, reach.first), min(after - 1, reach.last), name))
        after = begins
    most = iter(sizes)
    while left:
        size = next(most, len(left))
        group, left = left[:size], left[size:]
        yield group[-1][0], group[0][1], [name for _, _, name in group]


def _newest_in(names: Sequence[str], *, owned: bool) -> Any:
    # A sum is no reason to look through the key instead of the words.
    part = "SELECT place FROM {} WHERE tokens @@ CAST(:asked AS tsquery) AND place + 0 BETWEEN :first AND :last"
    own = (
        " WHERE place IN (SELECT place FROM search_entries"
        " WHERE dossier_id = ANY(:dossiers) AND place BETWEEN :first AND :last)"
    )
    parts = " UNION ALL ".join(part.format(name) for name in names)
    return text(f"SELECT place FROM ({parts}) AS found{own if owned else ''} ORDER BY place DESC LIMIT :limit")


def _tsquery(expression: Expression) -> str:
    """An expression of tokens in tsquery's syntax, every token quoted."""
    match expression:
        case Token(word, prefix):
            return f"'{word}'{':*' if prefix else ''}"
        case Every(children):
            # A negation alone would read every list of the index.
            wanted = [_tsquery(child) for child in children if not isinstance(child, Without)] or [f"'{ANY_DOCUMENT}'"]
            barred = [f"!{_tsquery(child.child)}" for child in children if isinstance(child, Without)]
            return f"({' & '.join([*wanted, *barred])})"
        case Either(children):
            return f"({' | '.join(_tsquery(child) for child in children)})"
        case Without(child):
            return f"('{ANY_DOCUMENT}' & !{_tsquery(child)})"
        case _:
            raise TypeError(f"not of tokens alone: {expression}")


_ENGINES: dict[str, Engine] = {"sqlite": _Sqlite(), "postgresql": _Postgresql()}
