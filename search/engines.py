"""The two full-text engines, inside the records' own database, behind one small protocol.

Both keep a table ``search_words`` beside ``search_entries``: a place and its tokens. Neither parses text of its own:
they get tokens, and hold them as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    String,
    and_,
    bindparam,
    cast,
    column,
    delete,
    false,
    func,
    insert,
    not_,
    or_,
    select,
    table,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from search.expressions import Either, Every, Expression, Fragment, Scope, Span, Token, Without
from search.tables import SearchEntry

#: Every document has it: all documents but some are these without those.
ANY_DOCUMENT = "§"


class Engine(Protocol):
    """What search needs of a database: to keep tokens by place, and to say which places an expression names."""

    @property
    def place(self) -> ColumnElement[int]:
        """The place column of the engine's table, to select, order and join by."""

    def put(self, session: Session, tokens: Mapping[int, Iterable[str]]) -> None:
        """Keep the tokens of new places."""

    def remove(self, session: Session, places: Sequence[int]) -> None:
        """Forget places and every token of theirs."""

    def has(self, expression: Expression) -> ColumnElement[bool]:
        """The condition that the engine's row is in an expression of tokens."""

    def contains(self, inside: ColumnElement[str], fragment: str) -> ColumnElement[bool]:
        """The condition that a text holds a fragment, character by character."""

    def page(
        self, session: Session, found: Select[int], limit: int, offset: int, before: int | None = None
    ) -> tuple[int, Sequence[int]]:
        """How many places were found, and those of one page, newest first; of those before a place, where given."""

    def tokens(self, session: Session, places: Sequence[int]) -> dict[int, set[str]]:
        """What is kept for these places, for the check."""

    def places(self, session: Session) -> set[int]:
        """All places that are kept, for the check."""

    def is_sound(self, session: Session) -> bool:
        """Whether the engine's own structures agree with what they hold."""


def engine_for(session: Session) -> Engine:
    """The engine of the session's database."""
    name: str = session.get_bind().dialect.name
    return _ENGINES[name]


class _Sqlite:
    """SQLite's FTS5."""

    table = table("search_words", column("rowid", BigInteger), column("tokens", String), column("search_words", String))
    place: ColumnElement[int] = table.c.rowid

    def put(self, session: Session, tokens: Mapping[int, Iterable[str]]) -> None:
        rows = [{"rowid": place, "tokens": " ".join([ANY_DOCUMENT, *sorted(own)])} for place, own in tokens.items()]
        if rows:
            session.execute(insert(self.table), rows)

    def remove(self, session: Session, places: Sequence[int]) -> None:
        for place in places:
            session.execute(delete(self.table).where(self.place == place))

    def has(self, expression: Expression) -> ColumnElement[bool]:
        if expression == Either(()):
            return false()
        asked: ColumnElement[bool] = self.table.c.search_words.op("MATCH", is_comparison=True)(_fts5(expression))
        return asked

    def contains(self, inside: ColumnElement[str], fragment: str) -> ColumnElement[bool]:
        return func.instr(inside, fragment) > 0

    def page(
        self, session: Session, found: Select[int], limit: int, offset: int, before: int | None = None
    ) -> tuple[int, Sequence[int]]:
        total = session.scalar(found.with_only_columns(func.count(self.place))) or 0
        # FTS5 walks its lists backwards and stops: a page costs little however much was found.
        rest = found if before is None else found.where(self.place < before)
        newest = rest.order_by(self.place.desc()).limit(limit).offset(offset)
        return total, session.scalars(newest).all() if total else ()

    def tokens(self, session: Session, places: Sequence[int]) -> dict[int, set[str]]:
        rows = session.execute(select(self.place, self.table.c.tokens).where(self.place.in_(places)))
        return {place: set(kept.split(" ")) - {ANY_DOCUMENT} for place, kept in rows}

    def places(self, session: Session) -> set[int]:
        return set(session.scalars(select(self.place)))

    def is_sound(self, session: Session) -> bool:
        return session.scalars(text("PRAGMA integrity_check(search_words)")).all() == ["ok"]


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
    """PostgreSQL's tsvector under a GIN index."""

    table = table("search_words", column("place", BigInteger), column("tokens"))
    place: ColumnElement[int] = table.c.place

    def put(self, session: Session, tokens: Mapping[int, Iterable[str]]) -> None:
        rows = [{"at": place, "own": [ANY_DOCUMENT, *sorted(own)]} for place, own in tokens.items()]
        vector = func.array_to_tsvector(bindparam("own", type_=ARRAY(String)))
        if rows:
            new = upsert(self.table).values({"place": bindparam("at"), "tokens": vector})
            # Two clerks may add pages to one document at once: the later one writes what both know.
            replacing = new.on_conflict_do_update(index_elements=["place"], set_={"tokens": new.excluded.tokens})
            session.execute(replacing, rows)

    def remove(self, session: Session, places: Sequence[int]) -> None:
        session.execute(delete(self.table).where(self.place.in_(places)))

    def has(self, expression: Expression) -> ColumnElement[bool]:
        if expression == Either(()):
            return false()
        asked: ColumnElement[bool] = self.table.c.tokens.op("@@", is_comparison=True)(
            cast(_tsquery(expression), TSQUERY)
        )
        return asked

    def contains(self, inside: ColumnElement[str], fragment: str) -> ColumnElement[bool]:
        return func.strpos(inside, fragment) > 0

    def page(
        self, session: Session, found: Select[int], limit: int, offset: int, before: int | None = None
    ) -> tuple[int, Sequence[int]]:
        # The planner does not know what it costs to unpack the tokens of a row: it would rather read all rows, or
        # walk back through the places, than ask the index (20,000 documents: 100 ms instead of 10).
        every_place = found.cte("found").prefix_with("MATERIALIZED", dialect="postgresql")
        place = every_place.c.place
        total_found = select(func.count()).select_from(every_place).scalar_subquery()
        newest = select(place, total_found).order_by(place.desc()).limit(limit).offset(offset)
        if before is not None:
            newest = newest.where(place < before)
        session.execute(text("SET LOCAL enable_seqscan = off"))
        rows = session.execute(newest).all()
        total = rows[0][1] if rows else session.scalar(select(func.count()).select_from(every_place)) or 0
        session.execute(text("SET LOCAL enable_seqscan TO DEFAULT"))
        return total, [row[0] for row in rows]

    def tokens(self, session: Session, places: Sequence[int]) -> dict[int, set[str]]:
        kept = func.tsvector_to_array(self.table.c.tokens)
        rows = session.execute(select(self.place, kept).where(self.place.in_(places)))
        return {place: set(words) - {ANY_DOCUMENT} for place, words in rows}

    def places(self, session: Session) -> set[int]:
        return set(session.scalars(select(self.place)))

    def is_sound(self, session: Session) -> bool:  # noqa: ARG002 - the server keeps table and index together itself
        return True


def _tsquery(expression: Expression) -> str:
    """An expression of tokens in tsquery's syntax, every token quoted."""
    match expression:
        case Token(word, prefix):
            return f"'{word}'{':*' if prefix else ''}"
        case Every(children):
            return f"({' & '.join(_tsquery(child) for child in children)})" if children else f"'{ANY_DOCUMENT}'"
        case Either(children):
            return f"({' | '.join(_tsquery(child) for child in children)})"
        case Without(child):
            return f"!{_tsquery(child)}"
        case _:
            raise TypeError(f"not of tokens alone: {expression}")


def decides(engine: Engine, expression: Expression) -> ColumnElement[bool]:
    """The condition that the engine's row, joined with its entry, is in any expression."""
    decided: ColumnElement[bool]
    match expression:
        case Token():
            decided = SearchEntry.place.in_(select(engine.place).where(engine.has(expression)))
        case Fragment(name, fragment):
            inside = SearchEntry.owners if name == "owners" else SearchEntry.words
            decided = engine.contains(inside.expression, fragment)
        case Span(first, last):
            decided = SearchEntry.place.between(first, last)
        case Scope(dossiers, series):
            whose = SearchEntry.dossier_id
            decided = or_(whose.in_(dossiers), and_(whose.is_(None), true() if series else false()))
        case Every(children):
            decided = and_(true(), *(decides(engine, child) for child in children))
        case Either(children):
            decided = or_(false(), *(decides(engine, child) for child in children))
        case Without(child):
            decided = not_(decides(engine, child))
    return decided


_ENGINES: dict[str, Engine] = {"sqlite": _Sqlite(), "postgresql": _Postgresql()}
