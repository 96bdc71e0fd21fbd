"""What the index knows of each document: whose it is, when it is dated, its words; and which index is in force."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    any_,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from records.database import Base, Digest

_Column = (
    ColumnElement[int] | ColumnElement[int | None] | InstrumentedAttribute[int] | InstrumentedAttribute[int | None]
)
#: Document ids stay below this in ``place``; SQLite and PostgreSQL integers of the records do.
_ID_BITS = 32


class SearchEntry(Base):
    """One findable document. It names no foreign key: the index is disposable and never stands in a record's way.

    ``place`` orders everything newest first and is the key of the engine's own table (see ``place_of``).
    ``words`` and ``owners`` are text in normal form (see ``search.analysis.normal_form``), ``facts`` the tokens that
    are not of words, with a space around each: together they decide what tokens alone cannot, and name every token
    that the engine holds for the document. ``digest`` covers all that was indexed, ``analysis`` is the version of the
    tokenizer that cut it. No index has a name of its own: a shadow takes this table's place by its name alone.
    """

    __tablename__ = "search_entries"
    __table_args__ = (UniqueConstraint("place", "dossier_id"), UniqueConstraint("dossier_id", "place"))

    document_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    place: Mapped[int] = mapped_column(BigInteger)
    dossier_id: Mapped[int | None] = mapped_column(Integer)
    series: Mapped[str | None] = mapped_column(String(8))
    unit_code: Mapped[str] = mapped_column(String(32), default="")
    form_code: Mapped[str] = mapped_column(String(16))
    dated: Mapped[date]
    analysis: Mapped[str] = mapped_column(String(24))
    digest: Mapped[str] = mapped_column(Digest)
    owners: Mapped[str] = mapped_column(Text, default="")
    facts: Mapped[str] = mapped_column(Text, default="")
    words: Mapped[str] = mapped_column(Text)


class SearchState(Base):
    """The one row that says which index is in force, and how far its shadow is.

    ``analysis``: the tokenizer of the index in force, empty before the first. ``parts``: where the parts of the index
    begin, as a list of (name, first place) in JSON, newest first (PostgreSQL). ``building``: the tokenizer of the
    shadow, None when there is none; ``leased_until``: how long its builder counts as alive; ``done`` of ``total``
    documents are in it.
    """

    __tablename__ = "search_state"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    analysis: Mapped[str] = mapped_column(String(24), default="", server_default="")
    generation: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    parts: Mapped[str] = mapped_column(Text, default="[]", server_default="[]")
    building: Mapped[str | None] = mapped_column(String(24))
    leased_until: Mapped[datetime | None]
    done: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    total: Mapped[int] = mapped_column(Integer, default=0, server_default="0")


class SearchPending(Base):
    """A document that an act has touched while the shadow is built: it is indexed there before the shadow is used."""

    __tablename__ = "search_pending"

    document_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)


#: The entries in force, those of the shadow, and on SQLite those that were replaced and are being cleared away.
LIVE, SHADOW, OLD = "search_entries", "search_shadow_entries", "search_old_entries"
_ELSEWHERE = MetaData()
_ENTRIES: Table = SearchEntry.metadata.tables[LIVE]
ENTRIES: dict[str, Table] = {
    LIVE: _ENTRIES,
    **{name: _ENTRIES.to_metadata(_ELSEWHERE, name=name) for name in (SHADOW, OLD)},
}
#: The engine's own table beside each of these.
WORDS = {LIVE: "search_words", SHADOW: "search_shadow_words", OLD: "search_old_words"}


def place_of(dated: date, document_id: int) -> int:
    """The place of a document in the order by date, then by filing; larger is newer.

    >>> place_of(date(2026, 3, 31), 7) < place_of(date(2026, 4, 1), 3)
    True
    """
    return dated.toordinal() << _ID_BITS | document_id


def document_at(place: int) -> int:
    """The document of a place."""
    return place & ((1 << _ID_BITS) - 1)


def places_between(since: date, until: date) -> tuple[int, int]:
    """The first and the last place of the days from ``since`` to ``until``, both included."""
    return since.toordinal() << _ID_BITS, ((until.toordinal() + 1) << _ID_BITS) - 1


def chosen(session: Session, column: _Column, among: Sequence[int]) -> ColumnElement[bool]:
    """The condition that a column is one of these numbers, however many: one parameter, not thousands."""
    if session.get_bind().dialect.name == "sqlite":
        given = func.json_each(json.dumps(list(among))).table_valued("value")
        return column.in_(select(given.c.value))
    return column == any_(cast(literal(as_array(among), Text), ARRAY(BigInteger)))


def as_array(numbers: Iterable[int]) -> str:
    """Numbers as PostgreSQL writes an array of them: one text, where its driver would look at each.

    >>> as_array([3, 5])
    '{3,5}'
    """
    return f"{{{','.join(map(str, numbers))}}}"


def state_of(session: Session, *, hold: bool = False) -> SearchState:
    """Which index is in force; ``hold`` keeps it so until the act ends (others that hold it do not wait)."""
    query = select(SearchState).where(SearchState.id == 1).execution_options(populate_existing=True)
    state = session.scalar(query.with_for_update(read=True, key_share=True) if hold else query)
    return state or SearchState(id=1, analysis="", generation=0, parts="[]", building=None, done=0, total=0)
