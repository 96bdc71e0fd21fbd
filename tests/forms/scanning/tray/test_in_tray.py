"""What the tray promises: a person decides once, only filing staff look, and every look is logged."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from sqlalchemy import select

from forms.scanning.opening.masters import UnreadablePage
from forms.scanning.tray import in_tray, placing
from forms.scanning.tray.in_tray import NotInTray
from forms.scanning.tray.placing import NoDossier, RecordDestroyed
from forms.tables import Serial
from records import audit, clock, units
from records.audit import Verb
from records.documents import PageAlreadyFiled
from records.errors import BadInput, NotAllowed
from records.tables import AuditEntry, Blob, Document, Fact


def _blank(shade: int = 255) -> Image.Image:
    return Image.new("RGB", (827, 1169), (shade, shade, shade))


def _waiting(database):
    with database.reading() as session:
        return [page.id for page in in_tray.waiting(session)]


def test_a_page_without_a_number_is_placed_in_the_dossier_that_a_person_names(
    database, actors, make_unit, scan_in, desk
):
    with database.transaction() as session:
        unit, dossier = make_unit(session)
    scan_in(database, actors.archivist, [_blank()])
    [page_id] = _waiting(database)
    with database.transaction() as session:
        page = in_tray.find(session, page_id)
        batch_blob = page.blob_id
        document = placing.place(
            session, desk, actors.archivist, page, form_code="RZ-15", unit=units.find_unit(session, unit.code)
        )
        assert (document.dossier_id, document.section, document.rule) == (dossier.id, "id_copies", "OWNER")
    with database.transaction() as session:
        filed = session.get_one(Document, document.id)
        assert [desk.vault.open(one.blob)[:4] for one in filed.pages] == [b"%PDF"]
        # The tray's own copy is gone; the master stays.
        assert session.get(Blob, batch_blob) is None
        assert desk.vault.discard_forgotten(session) == 1
        assert audit.verify(session) is None
    assert _waiting(database) == []


def test_a_single_picture_stays_in_the_vault_as_the_master_it_is(database, actors, make_unit, scan_in, desk):
    with database.transaction() as session:
        unit, _ = make_unit(session)
    out = io.BytesIO()
    _blank().save(out, "PNG")
    scan_in(database, actors.archivist, out.getvalue(), "证件.png")
    with database.transaction() as session:
        [page] = in_tray.waiting(session)
        master = page.batch.blob_id
        assert page.blob_id == master
        placing.place(
            session, desk, actors.archivist, page, form_code="RZ-15", unit=units.find_unit(session, unit.code)
        )
    with database.reading() as session:
        assert desk.vault.open(session.get_one(Blob, master)) == out.getvalue()


def test_a_number_without_a_unit_gets_it_and_its_other_pages_follow(
    database, actors, make_unit, make_sheet, scan_in, desk
):
    with database.transaction() as session:
        unit, dossier = make_unit(session)
        sheet = make_sheet(session, actors.staff, "ZX-10", lines=90)
    scan_in(database, actors.archivist, sheet.images[:1])
    with database.transaction() as session:
        [page] = in_tray.waiting(session)
        assert placing.suggestion(session, page) == ("ZX-10", None)
        with pytest.raises(BadInput):
            placing.place(
                session, desk, actors.archivist, page, form_code="RZ-08", unit=units.find_unit(session, unit.code)
            )
        first = placing.place(
            session, desk, actors.archivist, page, form_code="ZX-10", unit=units.find_unit(session, unit.code)
        )
        assert session.scalar(select(Serial.state)) == "returned"
    rest = scan_in(database, actors.archivist, sheet.images[1:])
    assert {(fate.state, fate.document_id) for fate in rest} == {("filed", first.id)}
    assert {fate.dossier_number for fate in rest} == {dossier.number}


def test_a_further_page_of_a_word_document_joins_it(database, actors, make_unit, word, scan_in, desk):
    with database.transaction() as session:
        unit, _ = make_unit(session)
        images = word(session, actors.staff, "RZ-03", unit, 2)
    [first] = scan_in(database, actors.archivist, images[:1])
    scan_in(database, actors.archivist, images[1:])
    with database.transaction() as session:
        [page] = in_tray.waiting(session)
        code, suggested = placing.suggestion(session, page)
        document = placing.place(session, desk, actors.archivist, page, form_code=code, unit=suggested)
        assert document.id == first.document_id
    with database.reading() as session:
        assert [page.position for page in session.get_one(Document, document.id).pages] == [1, 2]


def test_the_same_bytes_in_the_tray_twice_are_filed_once(database, actors, make_unit, scan_in, desk):
    with database.transaction() as session:
        unit, _ = make_unit(session)
    scan_in(database, actors.archivist, [_blank(), _blank()])
    with database.transaction() as session:
        first, second = in_tray.waiting(session)
        home = units.find_unit(session, unit.code)
        placing.place(session, desk, actors.archivist, first, form_code="RZ-15", unit=home)
        with pytest.raises(PageAlreadyFiled):
            placing.place(session, desk, actors.archivist, second, form_code="RZ-15", unit=home)
        in_tray.refuse(session, desk, actors.archivist, second, "重复")
    assert _waiting(database) == []


def test_a_decision_is_made_once(database, actors, scan_in, desk):
    scan_in(database, actors.archivist, [_blank()])
    with database.transaction() as session:
        [page] = in_tray.waiting(session)
        with pytest.raises(BadInput):
            in_tray.refuse(session, desk, actors.archivist, page, "  ")
        in_tray.refuse(session, desk, actors.archivist, page, "客户的购物小票")
        with pytest.raises(NotInTray):
            placing.place(session, desk, actors.archivist, page, form_code="HF-01")
        with pytest.raises(NotInTray):
            in_tray.image(session, desk, actors.archivist, page)
        assert all("小票" not in entry.details for entry in audit.entries(session))


def test_what_cannot_be_is_refused_with_a_sentence(database, actors, make_unit, make_sheet, scan_in, desk):
    with database.transaction() as session:
        _, dossier = make_unit(session)
        empty = units.add_unit(session, actors.manager, "东光花园", "9-1-101")
        sheet = make_sheet(session, actors.staff, "RZ-07", unit=units.find_unit(session, "3-2-1201"))
        dossier.state = "destroyed"
    scan_in(database, actors.archivist, [_blank(), sheet.images[0]])
    with database.transaction() as session:
        blank, destroyed = in_tray.waiting(session)
        home = units.find_unit(session, empty.code)
        with pytest.raises(NoDossier):
            placing.place(session, desk, actors.archivist, blank, form_code="RZ-15", unit=home)
        with pytest.raises(BadInput):
            placing.place(session, desk, actors.archivist, blank, form_code="RZ-15")
        with pytest.raises(BadInput):
            placing.place(session, desk, actors.archivist, blank, form_code="RZ-15", unit=home, section="garden")
        with pytest.raises(RecordDestroyed):
            placing.place(session, desk, actors.archivist, destroyed, form_code="RZ-15", unit=home)


def test_only_filing_staff_see_a_tray_page_and_each_look_is_logged(database, actors, scan_in, desk):
    scan_in(database, actors.archivist, [_blank(), _blank(200)])
    with database.transaction() as session:
        first, second = in_tray.waiting(session)
        shown = Image.open(io.BytesIO(in_tray.image(session, desk, actors.archivist, first)))
        assert shown.format == "JPEG"
        for nobody in (actors.manager, actors.supervisor, actors.admin):
            with pytest.raises(NotAllowed):
                in_tray.image(session, desk, nobody, second)
        looks = session.scalars(select(AuditEntry).where(AuditEntry.verb == str(Verb.TRAY_SHOWN))).all()
        assert [(look.actor, look.subject) for look in looks] == [(f"user:{actors.archivist.id}", f"scan:{first.id}")]


def test_a_damaged_page_is_not_filed_by_hand(database, actors, scan_in, desk):
    out = io.BytesIO()
    _blank().save(out, "TIFF", save_all=True, append_images=[_blank(90)], compression="tiff_deflate")
    with Image.open(out) as tiff:
        tiff.seek(1)
        [start, *_], [length, *_] = tiff.tag_v2[273], tiff.tag_v2[279]
    spoiled = out.getvalue()[:start] + bytes(length) + out.getvalue()[start + length :]
    fates = scan_in(database, actors.archivist, spoiled)
    assert [fate.reason for fate in fates] == ["no_code", "unreadable"]
    with database.transaction() as session:
        _, page = in_tray.waiting(session)
        with pytest.raises(UnreadablePage):
            placing.place(session, desk, actors.archivist, page, form_code="HF-01")
        in_tray.refuse(session, desk, actors.archivist, page, "重新扫描")


def test_a_sheet_outside_dossiers_is_archived_by_being_filed(database, actors, make_unit, scan_in, desk):
    with database.transaction() as session:
        unit, _ = make_unit(session)
    scan_in(database, actors.archivist, [_blank(), _blank(250)])
    first, second = _waiting(database)
    with database.transaction() as session:
        there = units.find_unit(session, unit.code)
        archived = placing.place(
            session, desk, actors.archivist, in_tray.find(session, first), form_code="WZ-01", unit=there
        )
        placing.place(session, desk, actors.archivist, in_tray.find(session, second), form_code="RZ-15", unit=there)
        found = session.scalars(select(Fact).where(Fact.subject_kind == "document")).all()
        assert [(fact.kind, fact.subject_id, fact.on) for fact in found] == [("archived", archived.id, clock.today())]
