"""Filed sheets whose signatures are not complete 签名不全 (handbook RZ 4.5.9): what is missing, and since when.

A sheet is filed all the same; it stands here until its signatures are there. Where the scan does not tell (a fine pen,
a photograph), somebody who holds the paper says what is there, and what a person said is not judged again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from forms.catalogue import Catalogue, Form, UnknownForm
from records import audit, changes, clock
from records.audit import Verb
from records.errors import NotFound
from records.tables import Document, Page, Unit
from records.users import OFFICE_ROLES, Actor


@dataclass(frozen=True)
class Unsigned:
    """A filed sheet: ``missing`` and ``unclear`` are keys of its places to sign; ``since``: the local day of filing."""

    document_id: int
    form_code: str
    serial: str
    copy: int
    unit: str
    missing: tuple[str, ...]
    unclear: tuple[str, ...]
    since: date


# The first page asks this of everybody: columns are read three times as fast as whole documents.
_COLUMNS = (
    Document.id,
    Document.form_code,
    Document.serial,
    Document.copy,
    Document.filed_at,
    Document.signatures,
)


def unsigned(session: Session, catalogue: Catalogue) -> list[Unsigned]:
    """Every sheet filed and not destroyed that lacks a signature, the longest waiting first.

    Registers and pages of books are signed line by line and are not judged as a whole.
    """
    query = (
        select(*_COLUMNS, Unit.code.label("unit"))
        .outerjoin(Unit, Unit.id == Document.unit_id)
        .where(Document.lacks_signature, Document.state == "filed")
        .where(Document.book_id.is_(None), Document.serial.is_not(None))
        .order_by(Document.filed_at, Document.id)
    )
    found = (_unsigned(catalogue, row) for row in session.execute(query))
    return [one for one in found if one is not None]


def _unsigned(catalogue: Catalogue, row: Row[Any]) -> Unsigned | None:
    wanted = _places(catalogue, row.form_code)
    judged = {key: one.get("signed") for key, one in row.signatures.items() if key in wanted}
    missing = tuple(key for key, signed in judged.items() if signed is False)
    unclear = tuple(key for key, signed in judged.items() if signed is None)
    if not missing and not unclear:
        return None
    since = clock.local_date(row.filed_at)
    return Unsigned(row.id, row.form_code, row.serial, row.copy, row.unit or "", missing, unclear, since)


def _places(catalogue: Catalogue, code: str) -> frozenset[str]:
    try:
        return frozenset(place.key for place in catalogue.form(code).signatures if place.column is None)
    except UnknownForm:
        return frozenset()


def names(form: Form) -> Mapping[str, tuple[str, str]]:
    """What a form's places to sign are called, by key: Chinese, English."""
    return {place.key: (place.zh, place.en) for place in form.signatures}


def judge(session: Session, actor: Actor, document_id: int, key: str, signed: bool) -> Document:
    """A person who holds the paper says whether a place is signed. Raises NotFound, NotAllowed."""
    actor.require("核对签名", *OFFICE_ROLES)
    audit.lock(session)
    document = session.get(Document, document_id, populate_existing=True)
    if document is None or document.state != "filed" or key not in document.signatures:
        raise NotFound(what=f"签名 {document_id} {key}")
    document.signatures = _judged(document.signatures, key, signed, actor)
    pages = select(Page).where(Page.document_id == document.id)
    for page in session.scalars(pages):
        if key in page.signatures:
            page.signatures = _judged(page.signatures, key, signed, actor)
    # Whether it lacks a signature is asked for in a search.
    changes.touch(session, [document.id])
    details = {"key": key, "signed": signed}
    audit.append(session, actor.id, Verb.SIGNATURE_JUDGED, f"document:{document.id}", details)
    return document


def _judged(signatures: Mapping[str, Any], key: str, signed: bool, actor: Actor) -> dict[str, Any]:
    return {**signatures, key: {**signatures[key], "signed": signed, "by": actor.id}}
