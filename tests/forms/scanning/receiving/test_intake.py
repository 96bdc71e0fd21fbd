"""What filing promises: every page once, in its dossier and in its order, or in the tray with a reason."""

from __future__ import annotations

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor

import pikepdf
from sqlalchemy import func, select

from forms import books
from forms.scanning.imitation import samples
from forms.scanning.receiving import batch_work, intake
from forms.tables import ScanBatch, ScanPage, Serial
from records import audit, clock, documents
from records.tables import Blob, Document, Page


def test_a_signed_form_is_filed_in_the_dossier_of_its_unit(database, actors, make_unit, make_sheet, scan_in):
    with database.transaction() as session:
        unit, dossier = make_unit(session)
        sheet = make_sheet(session, actors.staff, "RZ-08", unit=unit)
    keys = [box["key"] for box in sheet.boxes[0] if box["kind"] != "field"]
    pages = [samples.degrade(sheet.signed(1, keys[:1]), "medium", 3)]
    pages += [samples.degrade(image, "clean", 4) for image in sheet.images[1:]]
    fates = scan_in(database, actors.staff, pages)
    assert {fate.state for fate in fates} == {"filed"}
    first = fates[0]
    assert (first.serial, first.page_no, first.copy) == (sheet.serials[0], 1, 1)
    assert first.dossier_number == dossier.number
    assert first.section is not None
    assert [first.signatures[key]["signed"] for key in keys] == [True] + [False] * (len(keys) - 1)
    with database.reading() as session:
        document = session.get_one(Document, first.document_id)
        assert (document.dossier_id, document.unit_id, document.rule) == (dossier.id, unit.id, "OWNER")
        assert session.scalar(select(Serial.state)) == "returned"
        assert audit.verify(session) is None


def test_pages_come_in_any_order_and_lie_in_page_order(database, actors, make_unit, make_sheet, scan_in, desk):
    with database.transaction() as session:
        unit, _ = make_unit(session)
        sheet = make_sheet(session, actors.staff, "ZX-10", unit=unit, lines=90)
    assert len(sheet.images) > 1
    turned = [samples.degrade(image, "clean", n, turn=n % 4) for n, image in enumerate(sheet.images)]
    fates = scan_in(database, actors.archivist, turned[::-1])
    assert [fate.page_no for fate in fates] == list(range(len(fates), 0, -1))
    with database.reading() as session:
        document = session.get_one(Document, fates[0].document_id)
        assert [page.position for page in document.pages] == list(range(1, len(document.pages) + 1))
        assert document.expected_pages == len(document.pages)
        for page in document.pages:
            assert desk.vault.open(page.blob).startswith(b"%PDF")
            assert page.rotation == (360 - 90 * ((page.position - 1) % 4)) % 360


def test_the_same_file_twice_files_nothing_twice_and_says_so(database, actors, make_book, scan_in, desk):
    with database.transaction() as session:
        _, sheet = make_book(session, actors.supervisor, "HF-01", 2)
    data = samples.scan_pdf(sheet.images)
    first = scan_in(database, actors.staff, data)
    with database.transaction() as session:
        known = intake.find_batch(session, hashlib.sha256(data).hexdigest())
        assert known is not None
        assert f"第 {known.id} 批" in intake.already_received(known)[0]
        assert intake.receive(session, desk, actors.archivist, "again.pdf", data).id == known.id
    assert scan_in(database, actors.staff, data) == first
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Page)) == 2
        assert session.scalar(select(func.count()).select_from(ScanBatch)) == 1


def test_a_page_scanned_again_is_a_duplicate_that_names_its_document(database, actors, make_book, scan_in):
    with database.transaction() as session:
        _, sheet = make_book(session, actors.supervisor, "HF-01", 2)
    first = scan_in(database, actors.staff, sheet.images[:1])
    again = scan_in(database, actors.staff, [samples.degrade(sheet.images[0], "medium", 5), sheet.images[1]])
    assert [fate.state for fate in again] == ["duplicate", "filed"]
    assert again[0].document_id == first[0].document_id
    assert f"第 {first[0].document_id} 号文件" in again[0].reason_zh
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Page)) == 2


def test_each_page_of_a_book_is_a_document_of_its_series_and_counts_as_used(database, actors, make_book, scan_in):
    with database.transaction() as session:
        book, sheet = make_book(session, actors.supervisor, "HF-01", 3)
    fates = scan_in(database, actors.staff, [sheet.images[2], sheet.images[0]])
    assert [fate.serial for fate in fates] == [sheet.serials[2], sheet.serials[0]]
    with database.transaction() as session:
        row = session.get_one(Document, fates[0].document_id)
        assert (row.series, row.dossier_id, row.book_id, row.rule) == ("HF", None, book.id, "CALLBACK")
        assert row.title.endswith("第3页")
        account = books.reconcile(session, books.find_book(session, book.number))
        assert [page.serial for page in account.open] == [sheet.serials[1]]


def test_what_proves_nothing_waits_in_the_tray_with_its_reason(database, actors, make_book, scan_in, strangers):
    with database.transaction() as session:
        _, sheet = make_book(session, actors.supervisor, "HF-01", 1)
    pages = strangers(sheet.serials[0])
    fates = scan_in(database, actors.staff, [*pages.values(), sheet.images[0]])
    assert [fate.reason for fate in fates[:-1]] == list(pages)
    assert {fate.state for fate in fates[:-1]} == {"tray"}
    assert all(fate.document_id is None and fate.reason_zh and fate.reason_en for fate in fates[:-1])
    assert fates[-1].state == "filed"


def test_a_unit_form_printed_without_its_unit_waits_for_a_person(database, actors, make_sheet, scan_in):
    with database.transaction() as session:
        sheet = make_sheet(session, actors.staff, "RZ-08")
    [fate, *_] = scan_in(database, actors.staff, sheet.images)
    assert (fate.state, fate.reason, fate.serial) == ("tray", "no_unit", sheet.serials[0])


def test_voided_and_missing_pages_are_filed_and_the_clerk_is_told(database, actors, make_book, scan_in):
    with database.transaction() as session:
        _, sheet = make_book(session, actors.supervisor, "HF-01", 3)
        books.void(session, actors.staff, sheet.serials[0], "写错")
        books.report_missing(session, actors.supervisor, sheet.serials[1], "找不到")
    fates = scan_in(database, actors.staff, sheet.images)
    assert [(fate.state, fate.reason) for fate in fates] == [("filed", "voided"), ("filed", "missing"), ("filed", "")]
    with database.reading() as session:
        states = session.scalars(select(Serial.state).order_by(Serial.page_no)).all()
    assert states == ["voided", "returned", "returned"]


def test_a_page_of_a_book_never_issued_is_filed_and_said(database, actors, make_book, scan_in):
    with database.transaction() as session:
        _, sheet = make_book(session, actors.supervisor, "HF-01", 1, issued=False)
    [fate] = scan_in(database, actors.staff, sheet.images)
    assert (fate.state, fate.reason) == ("filed", "book_not_issued")


def test_a_page_of_a_destroyed_record_is_not_filed_again(database, actors, make_unit, make_sheet, scan_in):
    with database.transaction() as session:
        unit, dossier = make_unit(session)
        sheet = make_sheet(session, actors.staff, "RZ-08", unit=unit)
        dossier.state = "destroyed"
        for serial in session.scalars(select(Serial).where(Serial.dossier_id == dossier.id)):
            serial.state, serial.state_at = "destroyed", clock.now()
    [fate, *_] = scan_in(database, actors.staff, sheet.images)
    assert (fate.state, fate.reason, fate.document_id) == ("tray", "destroyed", None)
    assert f"已于 {clock.today()} 销毁" in fate.reason_zh


def test_pages_of_a_word_document_are_one_document_and_a_later_one_asks(database, actors, make_unit, word, scan_in):
    with database.transaction() as session:
        unit, _ = make_unit(session)
        images = word(session, actors.staff, "RZ-03", unit, 3)
    fates = scan_in(database, actors.staff, images[:2])
    assert [fate.state for fate in fates] == ["filed", "filed"]
    assert len({fate.document_id for fate in fates}) == 1
    [late] = scan_in(database, actors.staff, images[2:])
    assert (late.state, late.reason) == ("tray", "more_pages")
    with database.reading() as session:
        assert [page.position for page in session.get_one(Document, fates[0].document_id).pages] == [1, 2]


def test_the_master_is_kept_as_received(database, actors, make_book, scan_in, desk):
    with database.transaction() as session:
        _, sheet = make_book(session, actors.supervisor, "HF-01", 1)
    data = samples.scan_pdf(sheet.images)
    scan_in(database, actors.staff, data, r"C:\scans\今天 的.pdf")
    with database.reading() as session:
        batch = session.scalars(select(ScanBatch)).one()
        assert (batch.name, batch.state, batch.size) == ("今天 的.pdf", "filed", len(data))
        assert desk.vault.open(session.get_one(Blob, batch.blob_id)) == data


def test_nothing_of_what_a_page_holds_is_in_the_log(database, actors, make_unit, make_sheet, scan_in):
    with database.transaction() as session:
        unit, _ = make_unit(session, owner="欧阳少恭")
        sheet = make_sheet(session, actors.staff, "RZ-08", unit=unit)
    scan_in(database, actors.staff, sheet.images, "欧阳少恭 1.pdf")
    with database.reading() as session:
        assert all("欧阳" not in entry.details for entry in audit.entries(session))


def test_a_bad_page_does_not_harm_its_neighbours(database, actors, make_book, scan_in):
    with database.transaction() as session:
        _, sheet = make_book(session, actors.supervisor, "HF-01", 2)
    pages = [sheet.images[0], sheet.images[0], sheet.images[1]]
    spoiled = _spoil_second_picture(samples.scan_pdf(pages))
    fates = scan_in(database, actors.staff, spoiled)
    assert [(fate.state, fate.reason) for fate in fates] == [("filed", ""), ("tray", "unreadable"), ("filed", "")]


def _spoil_second_picture(data: bytes) -> bytes:
    """Cut the second page's JPEG short, inside a PDF that is whole."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        stream = pdf.pages[1].obj.Resources.XObject.Scan
        stream.write(stream.read_raw_bytes()[:5000], filter=pikepdf.Name.DCTDecode)
        pdf.save(out)
    return out.getvalue()


def test_two_hands_on_one_batch_file_each_page_once(database, actors, make_book, desk):
    with database.transaction() as session:
        _, sheet = make_book(session, actors.supervisor, "HF-01", 3)
        batch = intake.receive(session, desk, actors.staff, "a.pdf", samples.scan_pdf(sheet.images))
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(batch_work.work_batch, database, desk, actors.staff, batch.id) for _ in range(2)]
        first, second = (job.result() for job in jobs)
    assert first == second
    assert {fate.state for fate in first} == {"filed"}
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Page)) == 3
        assert session.scalar(select(func.count()).select_from(ScanPage)) == 3
        assert documents.documents_by_id(session, [first[0].document_id or 0])
