"""A page asked for again is replaced by its better scan as a new version; without an ask nothing is replaced."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image
from sqlalchemy import func, select

from forms.erasing import erase_traces
from forms.scanning.filing import rescans
from forms.scanning.imitation import samples
from forms.scanning.looking import quality
from forms.tables import Rescan, ScanPage
from records import audit, documents, verify
from records.errors import BadInput, NotAllowed
from records.leaving import Leaving
from records.tables import Document, Page


@pytest.fixture
def sheet(database, actors, make_unit, make_sheet):
    """A form of two pages for a unit."""
    with database.transaction() as session:
        unit, _ = make_unit(session)
        return make_sheet(session, actors.staff, "ZX-10", unit=unit, lines=90)


def blurred(image: Image.Image) -> Image.Image:
    """The page from a scanner out of focus."""
    return Image.fromarray(cv2.GaussianBlur(np.asarray(image), (0, 0), 3.4))


def _page(session, document_id: int, position: int) -> Page:
    query = select(Page).where(Page.document_id == document_id, Page.position == position)
    return session.scalars(query).one()


def test_a_rescan_that_a_person_asked_for_becomes_the_new_version(database, actors, desk, sheet, scan_in):
    first = scan_in(database, actors.staff, sheet.images)
    document_id = first[1].document_id
    with database.transaction() as session:
        page = _page(session, document_id, 2)
        before, old_blob = page.id, page.blob_id
        ask = rescans.ask_rescan(session, actors.archivist, page, "右下角折了")
        assert rescans.ask_rescan(session, actors.staff, page, "再问一次").id == ask.id
    again = scan_in(database, actors.staff, [samples.degrade(sheet.images[1], "clean", 7)])
    assert [(fate.state, fate.reason, fate.document_id) for fate in again] == [("filed", "rescanned", document_id)]
    with database.reading() as session:
        document = session.get_one(Document, document_id)
        page = _page(session, document_id, 2)
        assert (page.id, page.reading, len(document.pages)) == (before, "waiting", len(sheet.images))
        assert page.blob_id != old_blob
        (older,) = documents.older_versions(session, document)
        assert (older.state, older.serial, older.dossier_id) == ("superseded", document.serial, document.dossier_id)
        assert [(one.position, one.blob_id) for one in older.pages] == [(2, old_blob)]
        assert session.get_one(Rescan, ask.id).state == "done"
        assert session.get_one(ScanPage, first[1].scan_page_id).page_id == older.pages[0].id
        assert session.get_one(ScanPage, again[0].scan_page_id).page_id == page.id
        assert audit.verify(session) is None
        assert [*verify.check_records(session), *verify.check_vault(session, desk.vault)] == []


def test_without_an_ask_a_second_scan_stays_a_duplicate(database, actors, sheet, scan_in):
    scan_in(database, actors.staff, sheet.images)
    again = scan_in(database, actors.staff, [samples.degrade(sheet.images[1], "clean", 7)])
    assert [fate.state for fate in again] == ["duplicate"]
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Document)) == 1


def test_a_bad_page_asks_by_itself_and_only_a_better_scan_takes_its_place(database, actors, sheet, scan_in):
    bad = scan_in(database, actors.staff, [sheet.images[0], blurred(sheet.images[1])])
    assert [fate.state for fate in bad] == ["filed", "filed"]
    with database.reading() as session:
        (ask,) = rescans.open_asks(session)
        assert (ask.cause, ask.reason, ask.asked_by) == ("quality", "blur", None)
        assert rescans.measured_on(session, [ask.page_id])[ask.page_id]["blur"] >= 0.65
    still_bad = scan_in(database, actors.staff, [blurred(sheet.images[1].rotate(0.3, fillcolor="white"))])
    assert [(fate.state, fate.reason) for fate in still_bad] == [("duplicate", "rescan_no_better")]
    good = scan_in(database, actors.staff, [sheet.images[1]])
    assert [(fate.state, fate.reason) for fate in good] == [("filed", "rescanned")]
    with database.reading() as session:
        assert rescans.open_asks(session) == []


def test_the_very_bytes_that_were_replaced_do_not_come_back(database, actors, sheet, scan_in):
    old = blurred(sheet.images[1])
    scan_in(database, actors.staff, [sheet.images[0], old])
    scan_in(database, actors.staff, [sheet.images[1]])
    with database.transaction() as session:
        page = session.scalars(select(Page).join(Document).where(Document.state == "filed", Page.position == 2)).one()
        rescans.ask_rescan(session, actors.staff, page, "看不清")
    again = scan_in(database, actors.staff, [old, sheet.images[0]])
    assert [fate.state for fate in again] == ["duplicate", "duplicate"]


def test_signatures_are_those_of_the_new_scan(database, actors, make_unit, make_sheet, scan_in):
    with database.transaction() as session:
        unit, _ = make_unit(session)
        sheet = make_sheet(session, actors.staff, "RZ-08", unit=unit)
    unsigned = scan_in(database, actors.staff, [sheet.images[0]])
    with database.transaction() as session:
        rescans.ask_rescan(session, actors.staff, _page(session, unsigned[0].document_id, 1), "补签后重扫")
    scan_in(database, actors.staff, [sheet.signed(1, ["owner", "handover"])])
    with database.reading() as session:
        document = session.get_one(Document, unsigned[0].document_id)
        assert {one["signed"] for one in document.signatures.values()} == {True}
        (older,) = documents.older_versions(session, document)
        assert {one["signed"] for one in older.signatures.values()} == {False}


def test_a_page_asked_for_from_the_tray_is_done_when_its_number_is_filed(
    database, actors, make_unit, make_sheet, scan_in
):
    with database.transaction() as session:
        unit, _ = make_unit(session)
        sheet = make_sheet(session, actors.staff, "RZ-08", unit=unit)
    waiting = scan_in(database, actors.staff, [Image.new("L", (600, 800), 90)])
    with database.transaction() as session:
        row = session.get_one(ScanPage, waiting[0].scan_page_id)
        row.suggested = sheet.serials[0]
        ask = rescans.ask_rescan(session, actors.staff, row, "码糊了")
    scan_in(database, actors.staff, sheet.images[:1])
    with database.reading() as session:
        assert session.get_one(Rescan, ask.id).state == "done"


def test_an_ask_needs_a_reason_and_an_office_role_and_can_be_withdrawn_once(database, actors, sheet, scan_in):
    fates = scan_in(database, actors.staff, sheet.images)
    with database.transaction() as session:
        page = _page(session, fates[0].document_id, 1)
        with pytest.raises(BadInput):
            rescans.ask_rescan(session, actors.staff, page, "  ")
        with pytest.raises(NotAllowed):
            rescans.ask_rescan(session, actors.admin, page, "糊")
        ask = rescans.ask_rescan(session, actors.staff, page, "糊")
        rescans.withdraw_rescan(session, actors.staff, ask)
        with pytest.raises(BadInput):
            rescans.withdraw_rescan(session, actors.staff, ask)
        assert rescans.asked_for(session, page) is None


def test_with_its_record_every_version_and_every_ask_is_destroyed(database, actors, desk, sheet, scan_in):
    scan_in(database, actors.staff, [sheet.images[0], blurred(sheet.images[1])])
    scan_in(database, actors.staff, [sheet.images[1]])
    with database.transaction() as session:
        page = session.scalars(select(Page).join(Document).where(Document.state == "filed", Page.position == 1)).one()
        rescans.ask_rescan(session, actors.staff, page, "业主王建国说看不清")
        dossier_id = page.document.dossier_id
        ids = list(session.scalars(select(Document.id)))
        assert len(ids) == 2
        erase_traces(session, desk.vault, [Leaving(tuple(ids), dossier_id)])
        assert session.scalar(select(func.count()).select_from(Rescan)) == 0
        assert not any(session.scalars(select(ScanPage.quality)))


def test_every_threshold_has_its_source_and_a_rescan_is_never_asked_before_a_remark():
    for row in quality.thresholds():
        assert len(row.source) > 20
        if row.rescan is not None:
            assert row.rescan < row.remark if row.below else row.rescan > row.remark
