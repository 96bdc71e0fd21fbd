"""What the forms floor holds of a destroyed record, erased: entered data, reasons, scans; the numbers themselves stay.

Called inside the destroying transaction, before the record's pages are deleted. The master of a scan batch that held
such a page goes as a whole, with its key, so that no old backup can show it: every other page of the batch is either
filed under a key of its own, or waits in the tray and is sealed anew under a fresh key.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from forms.scanning.tray_tables import TrayActLine, TrayText
from forms.tables import Book, BookHandover, Reprint, Rescan, ScanBatch, ScanPage, Serial
from records import clock
from records.errors import OfficeError
from records.tables import Blob, Document, Dossier, Key, Page
from records.vault import Vault


class BatchStillWorking(OfficeError):
    """A scan that holds such a page is still being filed; its master is the only copy of pages not yet filed."""

    code = "scan.still_working"
    zh = "扫描批次 {batch} 还在归档,其中的页暂不能销毁;请待其完成后再运行。"
    en = "Scan batch {batch} is still being filed; run the destruction again when it is done."


def erase_traces(session: Session, vault: Vault, document_ids: Sequence[int], dossier_id: int | None) -> dict[str, int]:
    """Erase what forms and scans hold of these documents and of this dossier; says how much of each.

    Serials of the dossier, and those none of whose documents is left, become ``destroyed``. A closed book without a
    document left is destroyed with all its pages. Raises BatchStillWorking, and what Vault.open raises.
    """
    serials = _serials(session, document_ids, dossier_id)
    scans = _scan_pages(session, document_ids, [serial.text for serial in serials], dossier_id)
    batches = session.scalars(select(ScanBatch).where(ScanBatch.id.in_({page.batch_id for page in scans}))).all()
    reprints = _erase_serials(session, serials)
    _erase_rescans(session, document_ids, scans)
    for page in scans:
        _erase_scan_page(session, vault, page)
    masters = sum(_erase_master(session, vault, batch) for batch in batches)
    session.flush()
    return {"serials": len(serials), "reprints": reprints, "scan_pages": len(scans), "masters": masters}


def _serials(session: Session, document_ids: Sequence[int], dossier_id: int | None) -> list[Serial]:
    going, other = Document.id.in_(document_ids), aliased(Document)
    left = exists().where(other.state != "destroyed", other.id.not_in(document_ids))
    serials = select(Document.serial).where(going, ~left.where(other.serial == Document.serial))
    books = select(Document.book_id).where(going, ~left.where(other.book_id == Document.book_id))
    ended = select(Book.id).where(Book.id.in_(books), Book.state.in_(("closed", "transferred")))
    wanted = or_(Serial.text.in_(serials), Serial.book_id.in_(ended))
    if dossier_id is not None:
        wanted = wanted | (Serial.dossier_id == dossier_id)
    return list(session.scalars(select(Serial).where(wanted).order_by(Serial.id)))


def _erase_serials(session: Session, serials: Sequence[Serial]) -> int:
    """Empty the numbers' rows; returns how many reprints lost their reason."""
    for serial in serials:
        serial.state, serial.entered, serial.state_reason, serial.finder = "destroyed", {}, "", None
        serial.state_by, serial.state_at = None, clock.now()
    session.flush()
    reprints = list(session.scalars(select(Reprint).where(Reprint.serial_id.in_([serial.id for serial in serials]))))
    for reprint in reprints:
        reprint.reason = ""
    in_use = select(Serial.book_id).where(Serial.state != "destroyed", Serial.book_id.is_not(None))
    emptied = Book.id.in_({serial.book_id for serial in serials if serial.book_id}) & Book.id.not_in(in_use)
    for book in session.scalars(select(Book).where(emptied)):
        book.issued_to = ""
        if book.state in ("closed", "transferred"):
            book.state = "destroyed"
        for handover in session.scalars(select(BookHandover).where(BookHandover.book_id == book.id)):
            handover.giver, handover.taker = "", ""
    return len(reprints)


def _scan_pages(
    session: Session, document_ids: Sequence[int], serials: Sequence[str], dossier_id: int | None
) -> list[ScanPage]:
    """Every page that was scanned of them: filed, scanned twice, refused or still in the tray, and labels' pictures."""
    filed = select(Page.id).where(Page.document_id.in_(document_ids))
    wanted = or_(ScanPage.page_id.in_(filed), ScanPage.serial.in_(serials))
    number = session.scalar(select(Dossier.number).where(Dossier.id == dossier_id))
    if number is not None:
        # A label names the owner; which dossier's it is, its sentence alone tells.
        wanted |= ScanPage.reason.startswith("label") & ScanPage.reason_zh.contains(number, autoescape=True)
    return list(session.scalars(select(ScanPage).where(wanted).order_by(ScanPage.id)))


def _erase_rescans(session: Session, document_ids: Sequence[int], scans: Sequence[ScanPage]) -> None:
    """Who asked for a page to be scanned again, and why: gone with the page."""
    pages = select(Page.id).where(Page.document_id.in_(document_ids))
    about = or_(Rescan.page_id.in_(pages), Rescan.scan_page_id.in_([page.id for page in scans]))
    session.execute(delete(Rescan).where(about))


def _erase_scan_page(session: Session, vault: Vault, page: ScanPage) -> None:
    blob_id = page.blob_id
    page.state, page.page_id, page.blob_id, page.digest = "destroyed", None, None, None
    page.suggested = None
    page.reason_zh, page.reason_en, page.signatures, page.quality = "", "", {}, {}
    for kept in (TrayText, TrayActLine):
        session.execute(delete(kept).where(kept.scan_page_id == page.id))
    release(session, vault, blob_id)


def _erase_master(session: Session, vault: Vault, batch: ScanBatch) -> bool:
    """Forget the file as received, its name, and its key; whether there was a master still."""
    if batch.state != "filed":
        raise BatchStillWorking(batch=batch.id)
    had_master, master, old = batch.blob_id is not None, batch.blob_id, session.get_one(Key, batch.key_id)
    batch.blob_id, batch.name = None, ""
    release(session, vault, master)
    _seal_anew(session, vault, batch)
    vault.destroy_key(old)
    return had_master


def _seal_anew(session: Session, vault: Vault, batch: ScanBatch) -> None:
    """Seal what waits of the batch under a fresh key: the old one must go, or a backup would open the old master."""
    waiting = select(ScanPage).where(ScanPage.batch_id == batch.id, ScanPage.blob_id.is_not(None))
    key = vault.new_key(session, "batch")
    batch.key_id = key.id
    for page in session.scalars(waiting):
        old = session.get_one(Blob, page.blob_id)
        page.blob_id = vault.store(session, key, vault.open(old), old.media_type).id
        release(session, vault, old.id)


def release(session: Session, vault: Vault, blob_id: int | None) -> None:
    """Forget a blob unless something else still points to it: the same bytes under one key are one blob."""
    if blob_id is None:
        return
    session.flush()
    holders = (ScanPage.blob_id, ScanBatch.blob_id, Page.blob_id)
    if not any(session.scalar(select(func.count()).where(holder == blob_id)) for holder in holders):
        vault.forget(session, session.get_one(Blob, blob_id))
        session.flush()
