"""PostgreSQL's tsvector under GIN as the engine of search, in parts by place."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import ceil
from typing import NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Integer, String, bindparam, column, func, select, table, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from search.analysis import scope_token
from search.engine import ANY_DOCUMENT, LAST, Decision, Kept, Looked, Reach, Telling, dossier_in, look, tokens_of
from search.expressions import Either, Every, Expression, Token, Without
from search.tables import LIVE, WORDS, as_array, state_of

#: Where the newest part has next to nothing, all others are looked at together.
_HARDLY_ANY = 1e-6


class Gin:
    """PostgreSQL's tsvector under GIN, in parts by place: GIN cannot walk newest first, so the newest part goes first.

    A part is a partition of ``search_words`` with an index of its own; ``SearchState.parts`` names them.
    """

    _KEPT = 1000
    #: Rows of a newest part that are too many.
    _OUTGROWN = 200_000

    def create(self, connection: Connection, entries: str = LIVE) -> None:
        name = WORDS[entries]
        connection.exec_driver_sql(
            f"CREATE TABLE {name} (place BIGINT PRIMARY KEY, dossier_id INTEGER, tokens TSVECTOR NOT NULL)"
            " PARTITION BY RANGE (place)"
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
        rows = [
            {"at": place, "whose": dossier_in(facts), "own": sorted(tokens_of(words, facts))}
            for place, words, facts in kept
        ]
        own = table(WORDS[entries], column("place", BigInteger), column("dossier_id", Integer), column("tokens"))
        vector = func.array_to_tsvector(bindparam("own", type_=ARRAY(String)))
        new = upsert(own).values({"place": bindparam("at"), "dossier_id": bindparam("whose"), "tokens": vector})
        # Two clerks may add pages to one document at once: the later one writes what both know.
        both = {"dossier_id": new.excluded.dossier_id, "tokens": new.excluded.tokens}
        replacing = new.on_conflict_do_update(index_elements=["place"], set_=both)
        session.execute(replacing, rows)

    def remove(self, session: Session, kept: Sequence[Kept], entries: str = LIVE) -> None:
        places = [place for place, _, _ in kept]
        if places:
            session.execute(text(f"DELETE FROM {WORDS[entries]} WHERE place = ANY(:places)"), {"places": places})

    def newest(self, session: Session, asked: Expression, reach: Reach, limit: int, decided: Decision) -> Looked:
        session.execute(_AS_AN_INDEX)
        owned = reach.dossiers is not None
        values = {"asked": _tsquery(asked), "dossiers": as_array(reach.dossiers or ())}
        whole, left, size = Looked([], 0, reach.last), _parts_within(state_of(session).parts, reach), 1
        while left and whole.candidates < limit:
            group, left = left[:size], left[size:]
            around = {"first": group[-1].first, "last": group[0].last, "limit": limit - whole.candidates}
            found = look(session, _newest_in([part.name for part in group], owned=owned), {**values, **around}, decided)
            whole = Looked(whole.places + found.places, whole.candidates + found.candidates, found.oldest)
            # As many parts more as are likely to hold what is missing; the older ones are larger.
            size = ceil((limit - whole.candidates) / (found.candidates / len(group) * 2 + _HARDLY_ANY))
        session.execute(_BY_ANY_WAY)
        return whole

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
        query = text("SELECT place, dossier_id, tsvector_to_array(tokens) FROM search_words WHERE place = ANY(:places)")
        rows = session.execute(query, {"places": list(expected)})
        held = {place: set(tokens) for place, whose, tokens in rows if scope_token(whose) in tokens}
        return {place for place, tokens in expected.items() if held.get(place) != tokens}

    def is_outgrown(self, session: Session) -> bool:
        newest = next(iter(json.loads(state_of(session).parts)), ("", 0))[0]
        rows = text("SELECT reltuples FROM pg_class WHERE oid = to_regclass(:newest)")
        return (session.scalar(rows, {"newest": newest}) or 0) > self._OUTGROWN

    def is_sound(self, session: Session) -> bool:
        # The server keeps table and index together itself.
        return bool(session.scalar(select(func.count(func.to_regclass("search_words")))))


# The planner does not know what it costs to unpack the tokens of a row: it would rather read all rows. Nor how few the
# candidates are beside the entries. And to start other processes takes longer than to look for a word that is nowhere.
_PLANS = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin")
_AS_AN_INDEX = text(
    "SELECT set_config('max_parallel_workers_per_gather', '0', true), "
    + ", ".join(f"set_config('{name}', 'off', true)" for name in _PLANS)
)
_BY_ANY_WAY = text("SELECT " + ", ".join(f"set_config('{name}', 'on', true)" for name in _PLANS))


def add_part(connection: Connection, whole: str, name: str, first: int | None, after: int | None) -> None:
    """Make a part of PostgreSQL's table, from a place up to another one; None: without end."""
    begin, end = ("MINVALUE" if first is None else first), ("MAXVALUE" if after is None else after)
    connection.exec_driver_sql(f"CREATE TABLE {name} PARTITION OF {whole} FOR VALUES FROM ({begin}) TO ({end})")


def index_part(connection: Connection, name: str, *, concurrently: bool = False) -> None:
    """Index the tokens of a part; ``concurrently`` lets others write meanwhile, outside any transaction."""
    how = "CONCURRENTLY " if concurrently else ""
    # No pending list: a word is in the index proper when the act commits, and gone when it is rebuilt.
    connection.exec_driver_sql(f"CREATE INDEX {how}{name}_tokens ON {name} USING GIN (tokens) WITH (fastupdate = off)")


class _Part(NamedTuple):
    name: str
    first: int
    last: int


def _parts_within(parts: str, reach: Reach) -> list[_Part]:
    """The parts that reach into these places, newest first, with the first and last place to look at in each."""
    after, within = LAST, []
    for name, begins in json.loads(parts):
        if begins <= reach.last and after > reach.first:
            within.append(_Part(name, max(begins, reach.first), min(after - 1, reach.last)))
        after = begins
    return within


def _newest_in(names: Sequence[str], *, owned: bool) -> str:
    # A sum is no reason to look through the key instead of the words.
    those = "tokens @@ CAST(:asked AS tsquery) AND place + 0 BETWEEN :first AND :last"
    parts = " UNION ALL ".join(f"SELECT place, dossier_id FROM {name} WHERE {those}" for name in names)
    # An array would be gone through for each row, and each part would hash its own copy: so one set, after the parts.
    theirs = "SELECT unnest(CAST(CAST(:dossiers AS TEXT) AS INTEGER[]))"
    owned_by = f" WHERE (dossier_id IN ({theirs})) IS TRUE" if owned else ""
    return f"SELECT place FROM ({parts} OFFSET 0) AS found{owned_by} ORDER BY place + 0 DESC LIMIT :limit"


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
