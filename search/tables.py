"""What the index knows of each document: whose it is, when it is dated, and its words in normal form."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, Integer, String, Text
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, mapped_column

from records.database import Base, Digest

#: What a purge must rewrite on PostgreSQL (VACUUM FULL): deleted words stay in its pages and its index until then.
TABLES_WITH_WORDS = ("search_entries", "search_words")

#: Document ids stay below this in ``place``; SQLite and PostgreSQL integers of the records do.
_ID_BITS = 32


class SearchEntry(Base):
    """One findable document. It names no foreign key: the index is disposable and never stands in a record's way.

    ``place`` orders everything newest first and is the key of the engine's own table (see ``place_of``).
    ``words`` and ``owners`` are text in normal form (see ``search.analysis.normal_form``), for what tokens alone
    cannot decide. ``digest`` covers all that was indexed, ``analysis`` is the version of the tokenizer that cut it.
    """

    __tablename__ = "search_entries"

    document_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    place: Mapped[int] = mapped_column(BigInteger, unique=True)
    dossier_id: Mapped[int | None] = mapped_column(Integer, index=True)
    series: Mapped[str | None] = mapped_column(String(8))
    unit_code: Mapped[str] = mapped_column(String(32), default="")
    form_code: Mapped[str] = mapped_column(String(16))
    dated: Mapped[date]
    analysis: Mapped[str] = mapped_column(String(24))
    digest: Mapped[str] = mapped_column(Digest)
    owners: Mapped[str] = mapped_column(Text, default="")
    words: Mapped[str] = mapped_column(Text)


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


# FTS5 keeps its own copy of the tokens: it needs them to take a document out of its segments word by word.
# A contentless table that can delete only marks the row, and its words stay in the file until a merge.
# The ascii tokenizer takes every character above 127 as part of a word, so no table of Unicode 6.1 decides.
_CREATE = {
    "sqlite": (
        "CREATE VIRTUAL TABLE search_words USING fts5(tokens, detail=none, columnsize=0, tokenize='ascii')",
        "INSERT INTO search_words(search_words, rank) VALUES('secure-delete', 1)",
    ),
    "postgresql": (
        "CREATE TABLE search_words (place BIGINT PRIMARY KEY, tokens TSVECTOR NOT NULL)",
        # No pending list: a word is in the index proper when the act commits, and gone when it is rebuilt.
        "CREATE INDEX search_words_tokens ON search_words USING GIN (tokens) WITH (fastupdate = off)",
    ),
}


def create(connection: Connection) -> None:
    """Make the engine's own table ``search_words``; a migration calls this beside the mapped tables."""
    for statement in _CREATE[connection.dialect.name]:
        connection.exec_driver_sql(statement)


def drop(connection: Connection) -> None:
    """Remove the engine's own table, and every word in it."""
    connection.exec_driver_sql("DROP TABLE IF EXISTS search_words")
