"""What became of each page of a batch that was received."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.tables import ScanBatch, ScanPage
from records.errors import NotFound
from records.tables import Document, Dossier, Page


@dataclass(frozen=True)
class PageFate:
    """What became of a page of a batch. ``state``: received, filed, tray, duplicate, blank, refused.

    Of a duplicate, ``document_id`` is where the page is filed already. ``signatures``: per key {"ink", "signed"}.
    ``reason`` is a key of forms.scanning.reasons, empty for a page filed without remark. ``quality``: what
    forms.scanning.looking.quality measured.
    """

    position: int
    state: str
    serial: str | None
    page_no: int | None
    copy: int | None
    document_id: int | None
    dossier_number: str | None
    section: str | None
    signatures: Mapping[str, Any]
    reason_zh: str
    reason_en: str
    reason: str = ""
    scan_page_id: int = 0
    form_code: str | None = None
    title: str | None = None
    quality: Mapping[str, float] = field(default_factory=dict)


def find(session: Session, batch_id: int) -> ScanBatch:
    """A batch by its id. Raises NotFound."""
    batch = session.get(ScanBatch, batch_id)
    if batch is None:
        raise NotFound(what=f"扫描批次 {batch_id}")
    return batch


def fates(session: Session, batch_id: int) -> list[PageFate]:
    """What became of each page of a batch, in the batch's order. Raises NotFound."""
    find(session, batch_id)
    query = (
        select(ScanPage, Document, Dossier.number)
        .outerjoin(Page, Page.id == ScanPage.page_id)
        .outerjoin(Document, Document.id == Page.document_id)
        .outerjoin(Dossier, Dossier.id == Document.dossier_id)
        .where(ScanPage.batch_id == batch_id)
        .order_by(ScanPage.position)
    )
    return [_fate(row, document, dossier) for row, document, dossier in session.execute(query)]


def _fate(row: ScanPage, document: Document | None, dossier_number: str | None) -> PageFate:
    return PageFate(
        position=row.position,
        state=row.state,
        serial=row.serial,
        page_no=row.page_no,
        copy=row.copy,
        document_id=document.id if document else None,
        dossier_number=dossier_number,
        section=document.section if document else None,
        signatures=row.signatures,
        reason_zh=row.reason_zh,
        reason_en=row.reason_en,
        reason=row.reason,
        scan_page_id=row.id,
        form_code=document.form_code if document else None,
        title=document.title if document else None,
        quality=row.quality,
    )
