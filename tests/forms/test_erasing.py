"""Destruction: nothing of what was entered or scanned remains, every number does, and neighbours keep their pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from forms import books, erasing, numbering
from forms.catalogue import load_catalogue
from forms.scanning.tray import tray_journal
from forms.scanning.tray.tray_tables import TrayActLine, TrayText
from forms.tables import Book, Reprint, ScanBatch, ScanPage, Serial
from records import clock, documents
from records.database import Base, Database
from records.documents import NewPage, Placing
from records.leaving import Leaving
from records.tables import Blob, Document, Key, Page, Unit
from records.users import Actor
from records.vault import Vault

CATALOGUE = load_catalogue()
SHEET, BOOK_FORM = CATALOGUE.form("ZX-01"), CATALOGUE.form("HF-01")
FORMS_TABLES = ("counters", "layouts", "print_runs", "books", "serials", "reprints", "scan_batches", "scan_pages")
SECRETS = ("王建国", "13800001111", "敲掉承重墙", "王家的申请")


def everything_kept(session: Session) -> str:
    """All that the forms floor's tables hold, as text (SQLite keeps JSON with its letters escaped)."""
    names = [name for name in Base.metadata.tables if name in FORMS_TABLES]
    assert len(names) == len(FORMS_TABLES)
    kept = " ".join(str(tuple(row)) for name in names for row in session.execute(text(f"SELECT * FROM {name}")))
    return re.sub(r"\\+u([0-9a-f]{4})", lambda escape: chr(int(escape[1], 16)), kept)


@dataclass
class Desk:
    """Prints and scans by hand, as issuing and intake do."""

    session: Session
    vault: Vault
    actor: Actor

    def sheet(self, unit: Unit, dossier_id: int) -> Serial:
        serial = numbering.take_numbers(self.session, self.actor, SHEET, 1)[0]
        serial.state, serial.unit_id, serial.dossier_id = "issued", unit.id, dossier_id
        serial.entered = {"owner": "王建国", "phone": "13800001111", "works": "敲掉承重墙"}
        reprint = Reprint(serial_id=serial.id, reason="王建国弄湿了", printed_by=self.actor.id, printed_at=clock.now())
        self.session.add(reprint)
        return serial

    def batch(self, name: str, master: bytes) -> ScanBatch:
        key = self.vault.new_key(self.session, "batch")
        batch = ScanBatch(
            digest=str(len(name)) * 64,
            name=name,
            media_type="application/pdf",
            size=len(master),
            page_count=2,
            key_id=key.id,
            blob_id=self.vault.store(self.session, key, master, "application/pdf").id,
            state="filed",
            received_by=self.actor.id,
            received_at=clock.now(),
        )
        self.session.add(batch)
        self.session.flush()
        return batch

    def filed(self, batch: ScanBatch, position: int, serial: Serial, data: bytes, copy: int = 1, **placing: Any) -> int:
        """File a scanned page; gives the document's id."""
        place = Placing(serial.form_code, "标题", "OWNER", serial=serial.text, copy=copy, **placing)
        document = documents.file_document(self.session, self.vault, self.actor, place)
        page = documents.add_page(self.session, self.vault, document, NewPage(data, "image/png"))
        books.mark_returned(self.session, None, serial)
        self.session.add(
            ScanPage(
                batch_id=batch.id,
                position=position,
                state="filed",
                page_id=page.id,
                serial=serial.text,
                digest="a" * 64,
                signatures={"owner": {"ink": 0.3}},
            )
        )
        self.session.flush()
        return document.id

    def waiting(self, batch: ScanBatch, position: int, data: bytes, serial: str | None = None) -> ScanPage:
        """A page in the tray."""
        key = self.session.get_one(Key, batch.key_id)
        blob = self.vault.store(self.session, key, data, "image/png")
        page = ScanPage(batch_id=batch.id, position=position, state="tray", blob_id=blob.id, serial=serial)
        page.reason_zh = "王建国的页看不清"
        self.session.add(page)
        self.session.flush()
        return page

    def erase(self, ids: Sequence[int], dossier_id: int | None = None) -> dict[str, int]:
        """Erase as a purge does: traces first, then pages, then the tombstones."""
        (counts,) = erasing.erase_traces(self.session, self.vault, [Leaving(tuple(ids), dossier_id)])
        self.session.execute(delete(Page).where(Page.document_id.in_(ids)))
        for document in self.session.scalars(select(Document).where(Document.id.in_(ids))):
            document.state = "destroyed"
        self.session.flush()
        return counts


def test_what_the_tray_kept_of_a_page_goes_with_the_record(
    database: Database, make_desk: Any, make_unit: Any, actors: Any
) -> None:
    with database.transaction() as session:
        desk = make_desk(session)
        unit, dossier = make_unit(session)
        serial, other = desk.sheet(unit, dossier.id), desk.sheet(unit, None)
        batch = desk.batch("一批.pdf", b"master")
        document = desk.filed(batch, 1, serial, b"page", dossier=dossier, unit=unit)
        waits, stays = desk.waiting(batch, 2, b"again", serial.text), desk.waiting(batch, 3, b"other", other.text)
        act = tray_journal.begin(session, actors.staff, "refused", [waits, stays])
        for page in (waits, stays):
            tray_journal.note(session, act, page)
            session.add(TrayText(scan_page_id=page.id, reading="done", text="王建国的身份证"))
        session.flush()
        desk.erase([document], dossier.id)
        assert session.scalars(select(TrayText.scan_page_id)).all() == [stays.id]
        assert session.scalars(select(TrayActLine.scan_page_id)).all() == [stays.id]


@pytest.fixture
def make_desk(vault: Vault, actors: Any) -> Callable[[Session], Desk]:
    return lambda session: Desk(session, vault, actors.staff)


def test_nothing_entered_or_scanned_remains_and_every_number_does(
    database: Database, make_desk: Any, make_unit: Any, vault: Vault
) -> None:
    with database.transaction() as session:
        desk = make_desk(session)
        unit, dossier = make_unit(session)
        first, never_returned = desk.sheet(unit, dossier.id), desk.sheet(unit, dossier.id)
        batch = desk.batch("王家的申请.pdf", b"master")
        document = desk.filed(batch, 1, first, b"page", dossier=dossier, unit=unit)
        desk.waiting(batch, 2, b"second try", serial=first.text)
        numbers = [first.text, never_returned.text]
        assert all(secret in everything_kept(session) for secret in SECRETS)
        counts = desk.erase([document], dossier.id)
    with database.reading() as session:
        kept = everything_kept(session)
        assert not any(secret in kept for secret in SECRETS)
        assert [(s.text, s.state, s.entered) for s in session.scalars(select(Serial).order_by(Serial.id))] == [
            (number, "destroyed", {}) for number in numbers
        ]
        assert counts == {"serials": 2, "reprints": 2, "scan_pages": 2, "masters": 1}
        assert {page.state for page in session.scalars(select(ScanPage))} == {"destroyed"}


def test_the_key_of_a_batch_goes_with_its_master_and_the_tray_is_sealed_anew(
    database: Database, make_desk: Any, make_unit: Any, vault: Vault
) -> None:
    with database.transaction() as session:
        desk = make_desk(session)
        unit, dossier = make_unit(session)
        batch = desk.batch("a.pdf", b"master")
        old_key = batch.key_id
        document = desk.filed(batch, 1, desk.sheet(unit, dossier.id), b"page", dossier=dossier, unit=unit)
        waiting = desk.waiting(batch, 2, b"somebody else's page").id
        desk.erase([document], dossier.id)
    with database.reading() as session:
        batch = session.scalars(select(ScanBatch)).one()
        assert (batch.blob_id, batch.name) == (None, "")
        assert session.get_one(Key, old_key).wrapped is None
        assert session.scalars(select(Blob).where(Blob.key_id == old_key)).all() == []
        page = session.get_one(ScanPage, waiting)
        assert page.state == "tray"
        assert vault.open(session.get_one(Blob, page.blob_id)) == b"somebody else's page"


def test_other_dossiers_and_batches_are_left_alone(
    database: Database, make_desk: Any, make_unit: Any, vault: Vault
) -> None:
    with database.transaction() as session:
        desk = make_desk(session)
        unit, dossier = make_unit(session)
        other_unit, other = make_unit(session, "3-2-1202", owner="李四")
        neighbour = desk.sheet(other_unit, other.id)
        batch, apart = desk.batch("a.pdf", b"master"), desk.batch("bb.pdf", b"other master")
        document = desk.filed(batch, 1, desk.sheet(unit, dossier.id), b"page", dossier=dossier, unit=unit)
        kept = desk.filed(apart, 1, neighbour, b"neighbour's page", dossier=other, unit=other_unit)
        desk.erase([document], dossier.id)
        assert (neighbour.state, neighbour.entered["works"]) == ("returned", "敲掉承重墙")
        assert vault.open(session.get_one(Blob, apart.blob_id)) == b"other master"
        page = session.scalars(select(ScanPage).where(ScanPage.batch_id == apart.id)).one()
        assert session.get_one(Page, page.page_id).document_id == kept


def test_a_number_lives_until_its_last_copy_is_destroyed(database: Database, make_desk: Any, make_unit: Any) -> None:
    with database.transaction() as session:
        desk = make_desk(session)
        unit, _ = make_unit(session)
        serial = desk.sheet(unit, None)
        batch = desk.batch("a.pdf", b"master")
        copies = [desk.filed(batch, n, serial, b"page %d" % n, copy=n, series="ZX") for n in (1, 2)]
        desk.erase(copies[:1])
        session.refresh(serial)
        assert (serial.state, serial.entered["owner"]) == ("returned", "王建国")
        desk.erase(copies[1:])
        session.refresh(serial)
        assert (serial.state, serial.entered) == ("destroyed", {})


def test_a_destroyed_book_leaves_its_numbers_but_no_reason_and_no_name(
    database: Database, make_desk: Any, actors: Any
) -> None:
    with database.transaction() as session:
        desk = make_desk(session)
        book = books.create(session, actors.staff, BOOK_FORM, 3)
        books.issue(session, actors.staff, book, "领用人赵六")
        batch = desk.batch("book.pdf", b"master")
        document = desk.filed(batch, 1, book.serials[0], b"page", series="HF", book_id=book.id)
        books.void(session, actors.staff, book.serials[1].text, "王建国写错")
        books.report_missing(session, actors.supervisor, book.serials[2].text, "王建国撕走")
        books.sign_missing(session, actors.manager, book.serials[2].text)
        books.close(session, actors.supervisor, book)
        desk.erase([document])
        session.expire_all()
        kept = everything_kept(session)
        assert "王建国" not in kept
        assert "赵六" not in kept
        assert {page.state for page in books.reconcile(session, book).pages} == {"destroyed"}
        assert session.scalars(select(Book.number)).all() == [book.number]


def test_a_page_of_a_book_in_use_takes_no_other_page_with_it(database: Database, make_desk: Any, actors: Any) -> None:
    with database.transaction() as session:
        desk = make_desk(session)
        book = books.create(session, actors.staff, BOOK_FORM, 2)
        books.issue(session, actors.staff, book, "赵六")
        batch = desk.batch("book.pdf", b"master")
        document = desk.filed(batch, 1, book.serials[0], b"page", series="HF", book_id=book.id)
        desk.erase([document])
        assert [page.state for page in books.reconcile(session, book).pages] == ["destroyed", "issued"]
        assert book.issued_to == "赵六"


def test_a_batch_that_is_still_being_filed_keeps_its_master(database: Database, make_desk: Any, make_unit: Any) -> None:
    with database.transaction() as session:
        desk = make_desk(session)
        unit, dossier = make_unit(session)
        batch = desk.batch("a.pdf", b"master")
        document = desk.filed(batch, 1, desk.sheet(unit, dossier.id), b"page", dossier=dossier, unit=unit)
        batch.state = "received"
        with pytest.raises(erasing.BatchStillWorking):
            erasing.erase_traces(session, desk.vault, [Leaving((document,), dossier.id)])
        assert batch.blob_id is not None


def test_a_photo_that_is_page_and_master_in_one_is_forgotten_once(
    database: Database, make_desk: Any, make_unit: Any
) -> None:
    with database.transaction() as session:
        desk = make_desk(session)
        unit, dossier = make_unit(session)
        serial = desk.sheet(unit, dossier.id)
        batch = desk.batch("photo.jpg", b"the same bytes")
        page = desk.waiting(batch, 1, b"the same bytes", serial=serial.text)
        assert page.blob_id == batch.blob_id
        desk.erase([], dossier.id)
        assert session.scalars(select(Blob)).all() == []
