"""What a hold is meant for, by how it is written: a unit, a dossier's number, a document's serial, or a series."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms import numbering
from forms.tables import Book
from records import dossiers, identifiers, units
from records.errors import BadInput, NotFound
from records.tables import Document
from retention import states


def target_of(session: Session, text: str) -> tuple[str, int | str]:
    """Kind and target as ``retention.holds.place`` takes them. Raises BadInput (nothing written), NotFound."""
    clean = text.strip().upper()
    if not clean:
        raise BadInput(what="没有写明冻结什么 / say what to hold")
    if numbering.is_valid(clean):
        return "document", _document(session, numbering.validate(clean))
    if clean.startswith("DA-"):
        return "dossier", dossiers.find_dossier(session, clean).id
    if identifiers.is_valid(text):
        return "unit", units.find_unit(session, text, closed=True).id
    return "series", clean


def record_of(session: Session, text: str) -> tuple[str, int]:
    """Kind and id of the record of a dossier's, book's or document's number. Raises NotFound."""
    clean = text.strip().upper()
    if clean.startswith("DA-") and not numbering.is_valid(clean):
        return "dossier", dossiers.find_dossier(session, clean).id
    book = session.scalar(select(Book.id).where(Book.number == clean))
    if book is not None:
        return "book", book
    serial = numbering.validate(clean) if numbering.is_valid(clean) else clean
    found = session.scalars(select(Document.id).where(Document.serial == serial).order_by(Document.id.desc())).first()
    if found is None:
        raise NotFound(what=f"已归档的文件 {text}")
    return states.record_of(session, [found])[found]


def _document(session: Session, serial: str) -> int:
    found = session.scalar(select(Document.id).where(Document.serial == serial, Document.state != "destroyed"))
    if found is None:
        raise NotFound(what=f"已归档的文件 {serial}")
    return found
