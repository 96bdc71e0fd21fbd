"""Pages to be scanned again, and documents that lack pages: what a list, a page and a command say of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.scanning.filing import rescans
from forms.scanning.looking import quality
from forms.scanning.looking.quality import Fault
from forms.tables import Rescan, ScanBatch, ScanPage
from records import access, documents
from records.errors import NotFound
from records.tables import Document, Page
from records.users import Actor, Role


@dataclass(frozen=True)
class Asked:
    """A page that is to be scanned again. What stands in a dossier is told only to whom it is told elsewhere too."""

    id: int
    document_id: int | None
    serial: str | None
    form_code: str | None
    page: int
    batch_id: int | None
    cause: str
    why_zh: str
    why_en: str
    asked_by: int | None
    asked_at: datetime
    open: bool


@dataclass(frozen=True)
class Lacking:
    """A document that has fewer pages than were printed: which of them are missing."""

    document_id: int
    serial: str | None
    form_code: str
    missing: tuple[int, ...]
    expected: int
    open: bool


@dataclass(frozen=True)
class Care:
    """What is known of one page's scan: measures, faults, an open ask, and the scans that it replaced."""

    measured: Mapping[str, Any] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    asked: Rescan | None = None
    older: tuple[Document, ...] = ()
    missing: tuple[int, ...] = ()


def asked(session: Session, actor: Actor) -> list[Asked]:
    """The pages that ask to be scanned again, the oldest ask first."""
    return [_asked(session, actor, ask) for ask in rescans.open_asks(session)]


def _asked(session: Session, actor: Actor, ask: Rescan) -> Asked:
    document = session.scalar(select(Document).join(Page).where(Page.id == ask.page_id))
    scanned = _scan_page(session, ask)
    seen = document is not None and access.may_see_document(session, actor, document).allowed
    told = seen or actor.role == Role.ARCHIVIST or actor.id == ask.asked_by
    zh, en = _why(ask, scanned.quality if scanned else {})
    return Asked(
        id=ask.id,
        document_id=document.id if document else None,
        serial=document.serial if document else scanned.serial if scanned else None,
        form_code=document.form_code if document else None,
        page=scanned.page_no or scanned.position if scanned else 1,
        batch_id=scanned.batch_id if scanned else None,
        cause=ask.cause,
        why_zh=zh if told or ask.cause == "quality" else "",
        why_en=en if told or ask.cause == "quality" else "",
        asked_by=ask.asked_by,
        asked_at=ask.asked_at,
        open=seen,
    )


def _scan_page(session: Session, ask: Rescan) -> ScanPage | None:
    """The page of a batch that an ask is about."""
    if ask.scan_page_id is not None:
        return session.get(ScanPage, ask.scan_page_id)
    return session.scalar(select(ScanPage).where(ScanPage.page_id == ask.page_id, ScanPage.state == "filed").limit(1))


def _why(ask: Rescan, measured: Mapping[str, Any]) -> tuple[str, str]:
    if ask.cause != "quality":
        return ask.reason, ask.reason
    bad = [fault for fault in quality.faults(measured) if fault.key in ask.reason.split()]
    return "、".join(fault.zh for fault in bad) or ask.reason, ", ".join(fault.en for fault in bad) or ask.reason


def lacking(session: Session, actor: Actor) -> list[Lacking]:
    """The documents of which pages are missing, the latest first."""
    missing = documents.missing_pages(session)
    found = documents.documents_by_id(session, list(missing))
    return [
        Lacking(
            document_id=one.id,
            serial=one.serial,
            form_code=one.form_code,
            missing=tuple(missing[one.id]),
            expected=one.expected_pages,
            open=access.may_see_document(session, actor, one).allowed,
        )
        for one in sorted(found.values(), key=lambda one: -one.id)
    ]


def care(session: Session, document: Document, position: int) -> Care:
    """What is known of the scan of one page of a document."""
    page = page_at(session, document.id, position)
    measured = rescans.measured_on(session, [page.id]).get(page.id, {})
    return Care(
        measured=measured,
        faults=tuple(quality.faults(measured)),
        asked=rescans.asked_for(session, page),
        older=tuple(one for one in documents.older_versions(session, document) if _is_of(one, position)),
        missing=tuple(documents.missing_pages(session, [document.id]).get(document.id, ())),
    )


def _is_of(older: Document, position: int) -> bool:
    """Whether an older version is of the page at a position; a version keeps one page."""
    return any(page.position == position for page in older.pages)


def page_at(session: Session, document_id: int, position: int) -> Page:
    """The page at a position of a document. Raises NotFound."""
    page = session.scalar(select(Page).where(Page.document_id == document_id, Page.position == position))
    if page is None:
        raise NotFound(what=f"文件 {document_id} 第 {position} 页")
    return page


def missing_in(session: Session, batch: ScanBatch) -> dict[int, list[int]]:
    """Of the documents that pages of a batch were filed in: which lack which pages."""
    filed = select(Page.document_id).join(ScanPage, ScanPage.page_id == Page.id).where(ScanPage.batch_id == batch.id)
    return documents.missing_pages(session, set(session.scalars(filed)))
