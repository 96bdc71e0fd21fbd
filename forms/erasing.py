"""What the forms floor holds of destroyed records, erased: entered data, reasons, scans; the numbers themselves stay.

Called inside the destroying transaction, before the records' pages are deleted. The master of a scan batch that held
such a page goes as a whole, with its key, so that no old backup can show it: every other page of the batch is either
filed under a key of its own, or waits in the tray and is sealed anew under a fresh key.

Everything is done for all the records of the transaction at once: a destruction of thousands asks the database as
often as one of a single record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from forms.scanning.tray.tray_tables import TrayActLine, TrayText
from forms.tables import Book, BookHandover, Reprint, Rescan, ScanBatch, ScanPage, Serial
from records import clock
from records.errors import OfficeError
from records.leaving import Leaving
from records.tables import Blob, Document, Dossier, Key, Page
from records.vault import Vault

#: What is erased was asked for by its columns, never loaded: there is nothing to bring up to date in the session.
_UNSEEN = {"synchronize_session": False}
#: The id, text, book and dossier of a number.
_Number = Row[int, str, int | None, int | None]
#: The id, batch, blob and number of a page that was scanned.
_Scanned = Row[int, int, int | None, str | None]


class BatchStillWorking(OfficeError):
    """A scan that holds such a page is still being filed; its master is the only copy of pages not yet filed."""

    code = "scan.still_working"
    zh = "扫描批次 {batch} 还在归档,其中的页暂不能销毁;请待其完成后再运行。"
    en = "Scan batch {batch} is still being filed; run the destruction again when it is done."


class _Whose:
    """Which of the records something belongs to, so that each record's line can say how much of it went."""

    def __init__(self, session: Session, leaving: Sequence[Leaving]) -> None:
        self.document_ids = [id_ for one in leaving for id_ in one.document_ids]
        self.dossier_ids = [one.dossier_id for one in leaving if one.dossier_id is not None]
        self.book_ids = [one.book_id for one in leaving if one.book_id is not None]
        self.counts: list[Counter[str]] = [Counter() for _ in leaving]
        place = {id_: at for at, one in enumerate(leaving) for id_ in one.document_ids}
        self._dossiers = {one.dossier_id: at for at, one in enumerate(leaving) if one.dossier_id is not None}
        self._books = {one.book_id: at for at, one in enumerate(leaving) if one.book_id is not None}
        query = select(Document.id, Document.serial).where(Document.id.in_(self.document_ids))
        self._serials = {serial: place[id_] for id_, serial in session.execute(query)}

    def note(self, serial: _Number) -> None:
        """A number goes; it is its dossier's, its document's or its book's."""
        at = self._dossiers.get(serial.dossier_id, self._serials.get(serial.text, self._books.get(serial.book_id, 0)))
        self._serials[serial.text] = at
        self.counts[at]["serials"] += 1

    def count(self, what: str, serial: str | None, number: int = 1) -> None:
        """So many of something go with the record that bears the number; with the first where none does."""
        self.counts[self._serials.get(serial, 0)][what] += number


def erase_traces(session: Session, vault: Vault, leaving: Sequence[Leaving]) -> list[Counter[str]]:
    """Erase what forms and scans hold of these records; says for each of them how much of what.

    Serials of the dossiers, and those none of whose documents is left, become ``destroyed``. A closed book without a
    document left is destroyed with all its pages. Raises BatchStillWorking, and what Vault.open raises.
    """
    whose = _Whose(session, leaving)
    serials = _serials(session, whose)
    for serial in serials:
        whose.note(serial)
    scans = _scan_pages(session, whose, [serial.text for serial in serials])
    for page in scans:
        whose.count("scan_pages", page.serial)
    _erase_serials(session, serials, whose)
    _erase_rescans(session, whose.document_ids, scans)
    _erase_scan_pages(session, vault, scans)
    _erase_masters(session, vault, scans, whose)
    session.flush()
    return whose.counts


def _serials(session: Session, whose: _Whose) -> list[_Number]:
    going, other = Document.id.in_(whose.document_ids), aliased(Document)
    left = exists().where(other.state != "destroyed", other.id.not_in(whose.document_ids))
    serials = select(Document.serial).where(going, ~left.where(other.serial == Document.serial))
    # A book of which no page was ever filed is named by its id alone.
    books = or_(Book.id.in_(select(Document.book_id).where(going)), Book.id.in_(whose.book_ids))
    whole = ~left.where(other.book_id == Book.id)
    ended = select(Book.id).where(books, whole, Book.state.in_(("closed", "transferred")))
    # Each by its own index: one question with OR between them would read every number of the office.
    by = (Serial.text.in_(serials), Serial.book_id.in_(ended), Serial.dossier_id.in_(whose.dossier_ids))
    number = select(Serial.id, Serial.text, Serial.book_id, Serial.dossier_id)
    found = {serial.id: serial for wanted in by for serial in session.execute(number.where(wanted))}
    return [found[id_] for id_ in sorted(found)]


def _erase_serials(session: Session, serials: Sequence[_Number], whose: _Whose) -> None:
    """Empty the numbers' rows, and what is told of their reprints and books."""
    numbers = {serial.id: serial.text for serial in serials}
    empty: dict[str, Any] = {"state": "destroyed", "entered": {}, "state_reason": "", "finder": None, "state_by": None}
    emptied = update(Serial).where(Serial.id.in_(numbers)).values(**empty, state_at=clock.now())
    session.execute(emptied.execution_options(**_UNSEEN))
    reprints = list(session.scalars(select(Reprint.serial_id).where(Reprint.serial_id.in_(numbers))))
    session.execute(
        update(Reprint).where(Reprint.serial_id.in_(numbers)).values(reason="").execution_options(**_UNSEEN)
    )
    for serial_id in reprints:
        whose.count("reprints", numbers[serial_id])
    _erase_books(session, {serial.book_id for serial in serials if serial.book_id})


def _erase_books(session: Session, book_ids: Collection[int]) -> None:
    """Who had a book none of whose numbers is left."""
    in_use = select(Serial.book_id).where(Serial.book_id.in_(book_ids), Serial.state != "destroyed")
    emptied = set(book_ids) - set(session.scalars(in_use.distinct()))
    for book in session.scalars(select(Book).where(Book.id.in_(emptied))):
        book.issued_to = ""
        if book.state in ("closed", "transferred"):
            book.state = "destroyed"
    silent = update(BookHandover).where(BookHandover.book_id.in_(emptied)).values(giver="", taker="")
    session.execute(silent.execution_options(**_UNSEEN))


def _scan_pages(session: Session, whose: _Whose, serials: Sequence[str]) -> list[_Scanned]:
    """Every page that was scanned of them: filed, scanned twice, refused or still in the tray, and labels' pictures."""
    filed = select(Page.id).where(Page.document_id.in_(whose.document_ids))
    by: list[ColumnElement[bool]] = [ScanPage.page_id.in_(filed), ScanPage.serial.in_(serials)]
    numbers = session.scalars(select(Dossier.number).where(Dossier.id.in_(whose.dossier_ids))).all()
    if numbers:
        # A label names the owner; which dossier's it is, its sentence alone tells.
        named = or_(*(ScanPage.reason_zh.contains(number, autoescape=True) for number in numbers))
        by.append(ScanPage.reason.in_(("label", "label_on_page")) & named)
    scanned = select(ScanPage.id, ScanPage.batch_id, ScanPage.blob_id, ScanPage.serial)
    found = {page.id: page for wanted in by for page in session.execute(scanned.where(wanted))}
    return [found[id_] for id_ in sorted(found)]


def _erase_rescans(session: Session, document_ids: Sequence[int], scans: Sequence[_Scanned]) -> None:
    """Who asked for a page to be scanned again, and why: gone with the page."""
    pages = select(Page.id).where(Page.document_id.in_(document_ids))
    for about in (Rescan.page_id.in_(pages), Rescan.scan_page_id.in_([page.id for page in scans])):
        session.execute(delete(Rescan).where(about).execution_options(**_UNSEEN))


def _erase_scan_pages(session: Session, vault: Vault, scans: Sequence[_Scanned]) -> None:
    ids, blobs = [page.id for page in scans], [page.blob_id for page in scans if page.blob_id is not None]
    for kept in (TrayText, TrayActLine):
        session.execute(delete(kept).where(kept.scan_page_id.in_(ids)).execution_options(**_UNSEEN))
    empty: dict[str, Any] = {"state": "destroyed", "page_id": None, "blob_id": None, "digest": None, "suggested": None}
    empty |= {"reason_zh": "", "reason_en": "", "signatures": {}, "quality": {}}
    emptied = update(ScanPage).where(ScanPage.id.in_(ids)).values(**empty)
    session.execute(emptied.execution_options(**_UNSEEN))
    _release_all(session, vault, blobs)


def _erase_masters(session: Session, vault: Vault, scans: Sequence[_Scanned], whose: _Whose) -> None:
    """Forget the files as received, their names, and their keys."""
    first: dict[int, str | None] = {}
    for page in scans:
        first.setdefault(page.batch_id, page.serial)
    batches = session.scalars(select(ScanBatch).where(ScanBatch.id.in_(first)).order_by(ScanBatch.id)).all()
    for batch in batches:
        if batch.state != "filed":
            raise BatchStillWorking(batch=batch.id)
        whose.count("masters", first[batch.id], int(batch.blob_id is not None))
    old, masters = [batch.key_id for batch in batches], [batch.blob_id for batch in batches if batch.blob_id]
    for batch, key in zip(batches, vault.new_keys(session, "batch", len(batches)), strict=True):
        batch.blob_id, batch.name, batch.key_id = None, "", key.id
    session.flush()
    _release_all(session, vault, masters)
    _seal_anew(session, vault, batches)
    vault.destroy_keys(session, old)


def _seal_anew(session: Session, vault: Vault, batches: Sequence[ScanBatch]) -> None:
    """Seal what waits of batches under their fresh keys: the old must go, or a backup would open the old masters."""
    keys = {batch.id: batch.key_id for batch in batches}
    waiting = select(ScanPage).where(ScanPage.batch_id.in_(keys), ScanPage.blob_id.is_not(None)).order_by(ScanPage.id)
    left = []
    for page in session.scalars(waiting):
        old, key = session.get_one(Blob, page.blob_id), session.get_one(Key, keys[page.batch_id])
        page.blob_id = vault.store(session, key, vault.open(old), old.media_type).id
        left.append(old.id)
    session.flush()
    _release_all(session, vault, left)


def release(session: Session, vault: Vault, blob_id: int | None) -> None:
    """Forget a blob unless something else still points to it: the same bytes under one key are one blob."""
    if blob_id is not None:
        session.flush()
        _release_all(session, vault, [blob_id])


def _release_all(session: Session, vault: Vault, blob_ids: Collection[int]) -> None:
    held: set[int | None] = set()
    for holder in (ScanPage.blob_id, ScanBatch.blob_id, Page.blob_id):
        held |= set(session.scalars(select(holder).where(holder.in_(blob_ids))))
    vault.forget_all(session, set(blob_ids) - held)
