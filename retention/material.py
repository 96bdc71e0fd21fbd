"""What a record consists of: a dossier, a book or a document outside dossiers, kept and destroyed as one.

A dossier is one record with all that is filed in it (handbook DA 4.2.3). A book is one record with all its pages.
Any other document is a record together with the older scans that it supersedes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from records.book_tables import BookRecord
from records.facts import FactKind
from records.tables import Document, Dossier, Fact, Ownership

RecordKind = Literal["dossier", "book", "document"]


class Piece(NamedTuple):
    """A document as far as keeping and destroying it is concerned: nothing of its content."""

    id: int
    dossier_id: int | None
    book_id: int | None
    unit_id: int | None
    series: str | None
    form_code: str
    serial: str | None
    copy: int
    rule: str
    supersedes_id: int | None
    key_id: int

    @property
    def procedure(self) -> str:
        """The procedure that the form belongs to, ``HF`` of ``HF-01``."""
        return self.form_code.partition("-")[0]


class Following(NamedTuple):
    """A rule that a record follows, the form that brought it, and the unit that it tells of."""

    rule: str
    form_code: str
    unit_id: int | None


@dataclass(frozen=True)
class Material:
    """A record and the documents in it. ``reference`` and ``unit_id``: number and unit of a dossier.

    ``bare``: what a book follows of which no page is filed.
    """

    kind: RecordKind
    id: int
    pieces: tuple[Piece, ...]
    reference: str = ""
    unit_id: int | None = None
    bare: Following | None = None

    @property
    def following(self) -> list[Following]:
        """The rules that it follows, of each document in it."""
        found = [Following(piece.rule, piece.form_code, piece.unit_id) for piece in self.pieces]
        return [self.bare] if self.bare else list(dict.fromkeys(found))

    @property
    def target(self) -> tuple[RecordKind, int]:
        """Kind and id: how facts, holds, decisions and certificate lines name the record."""
        return self.kind, self.id

    @property
    def serials(self) -> list[str]:
        """The serials on its documents, each once, in order."""
        return sorted({piece.serial for piece in self.pieces if piece.serial})

    @property
    def units(self) -> set[int]:
        """The units that it tells of."""
        found = {piece.unit_id for piece in self.pieces} | {self.unit_id}
        return {unit for unit in found if unit is not None}


def pieces(session: Session, *conditions: ColumnElement[bool]) -> list[Piece]:
    """The documents for which the conditions hold and which are not destroyed, by id."""
    query = (
        select(
            Document.id,
            Document.dossier_id,
            Document.book_id,
            Document.unit_id,
            Document.series,
            Document.form_code,
            Document.serial,
            Document.copy,
            Document.rule,
            Document.supersedes_id,
            Document.key_id,
        )
        .where(Document.state != "destroyed", *conditions)
        .order_by(Document.id)
    )
    return [Piece._make(row) for row in session.execute(query)]


def dossiers(session: Session, *conditions: ColumnElement[bool]) -> list[Material]:
    """The dossiers for which the conditions (on Dossier and Ownership) hold, each with all that is filed in it."""
    query = (
        select(Dossier.id, Dossier.number, Ownership.unit_id)
        .join(Ownership, Ownership.id == Dossier.ownership_id)
        .where(Dossier.state != "destroyed", *conditions)
    )
    inside: dict[int | None, list[Piece]] = {}
    for piece in pieces(session, Document.dossier_id.in_(query.with_only_columns(Dossier.id))):
        inside.setdefault(piece.dossier_id, []).append(piece)
    return [
        Material("dossier", id_, tuple(inside.get(id_, ())), number, unit)
        for id_, number, unit in session.execute(query.order_by(Dossier.id))
    ]


def outside_dossiers(session: Session, *conditions: ColumnElement[bool]) -> list[Material]:
    """The books and single documents outside dossiers that hold a document for which the conditions hold."""
    return books(session, *conditions) + singles(session, *conditions)


def books(session: Session, *conditions: ColumnElement[bool]) -> list[Material]:
    """The books, each with all its pages, that hold a document for which the conditions hold."""
    outside = Document.dossier_id.is_(None)
    wanted = select(Document.book_id).where(outside, Document.book_id.is_not(None), *conditions)
    pages: dict[int, list[Piece]] = {}
    for piece in pieces(session, outside, Document.book_id.in_(wanted)):
        pages.setdefault(piece.book_id or 0, []).append(piece)
    return [Material("book", id_, tuple(found)) for id_, found in pages.items()]


def bare_books(session: Session, *conditions: ColumnElement[bool]) -> list[Material]:
    """The completed books for which the conditions (on BookRecord) hold and of which no page is filed.

    Every page of such a book was voided, cancelled or lost; its paper is kept all the same.
    """
    completed = select(Fact.subject_id).where(Fact.subject_kind == "book", Fact.kind == FactKind.BOOK_COMPLETED)
    filed = select(Document.book_id).where(Document.book_id == BookRecord.book_id, Document.state != "destroyed")
    query = select(BookRecord.book_id, BookRecord.rule, BookRecord.form_code).where(
        BookRecord.destroyed.is_(False), BookRecord.book_id.in_(completed), ~filed.exists(), *conditions
    )
    return [
        Material("book", id_, (), bare=Following(rule, form_code, None))
        for id_, rule, form_code in session.execute(query.order_by(BookRecord.book_id))
    ]


def singles(session: Session, *conditions: ColumnElement[bool]) -> list[Material]:
    """The filed documents outside dossiers and books for which the conditions hold, each with its older scans."""
    outside = Document.dossier_id.is_(None)
    found = pieces(session, outside, Document.book_id.is_(None), Document.state == "filed", *conditions)
    return [Material("document", piece.id, (piece, *_older(session, piece))) for piece in found]


def _older(session: Session, piece: Piece) -> list[Piece]:
    if piece.supersedes_id is None:
        return []
    found = pieces(session, Document.id == piece.supersedes_id)
    return found + [older for one in found for older in _older(session, one)]


def find(session: Session, kind: str, id_: int) -> Material | None:
    """The record of a kind and id, or None when there is none or it is destroyed."""
    return find_all(session, [(kind, id_)]).get((kind, id_))


def find_all(session: Session, targets: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Material]:
    """The records of these kinds and ids, as far as they are there and not destroyed."""
    ids: dict[str, list[int]] = {"dossier": [], "book": [], "document": []}
    for kind, id_ in targets:
        ids[kind].append(id_)
    found = dossiers(session, Dossier.id.in_(ids["dossier"])) if ids["dossier"] else []
    if ids["book"]:
        found += books(session, Document.book_id.in_(ids["book"]))
        found += bare_books(session, BookRecord.book_id.in_(ids["book"]))
    found += singles(session, Document.id.in_(ids["document"])) if ids["document"] else []
    return {(one.kind, one.id): one for one in found}
