"""Filing documents 文件: page bytes to the vault first, then the record; a better scan supersedes, never overwrites."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session

from records import audit, changes, clock, readings
from records.audit import Verb
from records.errors import OfficeError
from records.readings import FieldRead
from records.tables import Document, Dossier, Key, Page, Unit
from records.users import Actor
from records.vault import Vault


class PageAlreadyFiled(OfficeError):
    """This page of this document is already filed."""

    code = "document.page_already_filed"
    zh = "{serial} 第 {position} 页已经归档。"
    en = "Page {position} of {serial} is already filed."


class DossierClosedToFiling(OfficeError):
    """A destroyed dossier takes nothing more."""

    code = "document.dossier_destroyed"
    zh = "档案 {number} 已销毁,不能再归入文件。"
    en = "Dossier {number} has been destroyed; nothing more is filed in it."


@dataclass(frozen=True)
class Placing:
    """Where a document belongs and what it is; the caller (who knows the catalogue) decides it.

    ``dossier`` set: it goes into that dossier's ``section``; otherwise into the ``series`` of its procedure.
    ``rule`` is the key of its retention rule. ``expected_pages``: of one copy, as printed.
    """

    form_code: str
    title: str
    rule: str
    dossier: Dossier | None = None
    section: str | None = None
    series: str | None = None
    unit: Unit | None = None
    serial: str | None = None
    copy: int = 1
    book_id: int | None = None
    dated: date = field(default_factory=clock.today)
    entered: Mapping[str, Any] = field(default_factory=dict)
    expected_pages: int = 1


@dataclass(frozen=True)
class NewPage:
    """A page to file: its bytes (one-page PDF, JPEG or PNG, untouched), the turn that puts it upright, its ink.

    ``signatures``: per signature key, {"ink": share of dark pixels 0..1, "signed": true | false | null (unclear)}.
    """

    data: bytes
    media_type: str
    position: int = 1
    rotation: int = 0
    signatures: Mapping[str, Any] = field(default_factory=dict)


def file_document(session: Session, vault: Vault, actor: Actor, placing: Placing) -> Document:
    """Register a document without pages yet; ``add_page`` fills it. Raises DossierClosedToFiling."""
    audit.lock(session)
    dossier = placing.dossier
    if dossier is not None:
        # The lock makes a destruction of the dossier wait for this filing, and this filing for the destruction.
        state = select(Dossier.state).where(Dossier.id == dossier.id).with_for_update(read=True)
        if session.scalar(state) == "destroyed":
            raise DossierClosedToFiling(number=dossier.number)
    key = dossier.key if dossier is not None else vault.document_key(session, placing.series)
    document = Document(
        dossier_id=dossier.id if dossier else None,
        series=None if dossier else placing.series,
        section=placing.section if dossier else None,
        unit_id=placing.unit.id if placing.unit else None,
        form_code=placing.form_code,
        title=placing.title,
        serial=placing.serial,
        copy=placing.copy,
        book_id=placing.book_id,
        dated=placing.dated,
        filed_at=clock.now(),
        filed_by=actor.id,
        rule=placing.rule,
        state="filed",
        key_id=key.id,
        entered=dict(placing.entered),
        expected_pages=placing.expected_pages,
        signatures={},
    )
    session.add(document)
    session.flush()
    changes.touch(session, [document.id])
    details = {"serial": placing.serial, "form": placing.form_code, "dossier": document.dossier_id}
    audit.append(session, actor.id, Verb.DOCUMENT_FILED, f"document:{document.id}", details)
    return document


def find_document(session: Session, serial: str, copy: int) -> Document | None:
    """The filed document of a serial and copy 联, or None; it is not destroyed before this transaction ends."""
    query = select(Document).where(Document.serial == serial, Document.copy == copy, Document.state == "filed")
    return session.scalar(query.with_for_update(read=True))


def add_page(session: Session, vault: Vault, document: Document, page: NewPage) -> Page:
    """File a page at its position in the document, whatever order pages arrive in. Raises PageAlreadyFiled."""
    taken = select(Page.id).where(Page.document_id == document.id, Page.position == page.position)
    if session.scalar(taken) is not None:
        raise PageAlreadyFiled(serial=document.serial or document.id, position=page.position)
    key = session.get_one(Key, document.key_id)
    blob = vault.store(session, key, page.data, page.media_type)
    row = Page(
        document_id=document.id,
        position=page.position,
        blob_id=blob.id,
        rotation=page.rotation,
        reading="waiting",
        signatures=dict(page.signatures),
    )
    session.add(row)
    session.flush()
    document.signatures = {**document.signatures, **page.signatures}
    changes.touch(session, [document.id])
    return row


def supersede_page(session: Session, vault: Vault, actor: Actor, page: Page, new: NewPage) -> Document:
    """Put a better scan in a page's place, and keep the older one until disposal: as a superseded document of its own.

    The document and its page stay the same records, with the corrections that people made; the new scan waits to be
    read. Returns the older version, which lies where the document lies and is destroyed with it.
    """
    document = page.document
    own = {"id", "state", "supersedes_id", "expected_pages"}
    same = {column.key: getattr(document, column.key) for column in inspect(Document).column_attrs}
    older = Document(**{key: value for key, value in same.items() if key not in own})
    older.state, older.supersedes_id, older.expected_pages = "superseded", document.supersedes_id, 1
    session.add(older)
    session.flush()
    session.add(
        Page(
            document_id=older.id,
            position=page.position,
            blob_id=page.blob_id,
            rotation=page.rotation,
            reading="done",
            signatures=page.signatures,
        )
    )
    document.supersedes_id = older.id
    page.blob_id = vault.store(session, session.get_one(Key, document.key_id), new.data, new.media_type).id
    page.rotation, page.signatures = new.rotation, dict(new.signatures)
    page.reading, page.leased_until = "waiting", None
    session.flush()
    session.refresh(page, ["blob"])
    ink = session.scalars(select(Page.signatures).where(Page.document_id == document.id).order_by(Page.position))
    document.signatures = {key: value for found in ink for key, value in found.items()}
    changes.touch(session, [document.id, older.id])
    details = {"page": page.position, "older": older.id}
    audit.append(session, actor.id, Verb.DOCUMENT_SUPERSEDED, f"document:{document.id}", details)
    return older


def older_versions(session: Session, document: Document) -> list[Document]:
    """The scans that better ones have replaced in a document, the latest first."""
    found: list[Document] = []
    while document.supersedes_id is not None:
        document = session.get_one(Document, document.supersedes_id)
        if document.state != "destroyed":
            found.append(document)
    return found


def missing_pages(session: Session, document_ids: Collection[int] | None = None) -> dict[int, list[int]]:
    """The positions of the pages that filed documents (these, or all) lack of what was printed, by document."""
    wanted = select(Document.id, Document.expected_pages, Page.position)
    wanted = wanted.outerjoin(Page, Page.document_id == Document.id)
    counted = select(Page.document_id, func.count().label("have")).group_by(Page.document_id)
    if document_ids is not None:  # inside too, or the pages of the whole office are counted for one document
        counted = counted.where(Page.document_id.in_(document_ids))
    few = counted.subquery()
    short = wanted.outerjoin(few, few.c.document_id == Document.id).where(
        Document.state == "filed", Document.expected_pages > func.coalesce(few.c.have, 0)
    )
    if document_ids is not None:
        short = short.where(Document.id.in_(document_ids))
    have: dict[int, set[int | None]] = {}
    expected: dict[int, int] = {}
    for document_id, pages, position in session.execute(short):
        have.setdefault(document_id, set()).add(position)
        expected[document_id] = pages
    return {id_: [n for n in range(1, expected[id_] + 1) if n not in there] for id_, there in have.items()}


def set_page_text(session: Session, page: Page, text: str) -> None:
    """Keep what recognition read on a page as a whole; the search index follows in the same transaction."""
    readings.keep(session, page, {readings.WHOLE: FieldRead(text, "recognised")})


def documents_by_id(session: Session, ids: Sequence[int]) -> dict[int, Document]:
    """Documents by id, in one query."""
    return {row.id: row for row in session.scalars(select(Document).where(Document.id.in_(ids)))}
