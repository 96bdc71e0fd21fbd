"""What the tray's way back promises: until the end of the day as if it had not been, and closed with a reason after."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from PIL import Image, ImageDraw
from sqlalchemy import func, select, update

from forms import books
from forms.printing import issuing
from forms.scanning.imitation import samples
from forms.scanning.tray import in_tray, placing, suggesting, tray_journal, undoing, waiting_groups
from forms.scanning.tray.in_tray import NotInTray, NotYourTray
from forms.scanning.tray.tray_tables import TrayAct, TrayActLine
from forms.scanning.tray.undoing import NotUndoable
from forms.tables import Rescan, ScanPage, Serial
from records import access, audit, clock, units
from records.documents import PageAlreadyFiled
from records.errors import BadInput, NotAllowed, NotFound
from records.tables import Blob, Document, Page
from search.index import Index


def _paper(number: int) -> Image.Image:
    image = Image.new("RGB", (827, 1169), "white")
    draw = ImageDraw.Draw(image)
    for line in range(2 + number):
        draw.rectangle((120, 200 + 50 * line, 700, 215 + 50 * line), fill=(30, 30, 30))
    return image


@pytest.fixture
def pile(database, actors, make_unit, scan_in):
    """Three papers without a number in the archivist's tray, and a home with a dossier."""
    with database.transaction() as session:
        unit, _ = make_unit(session)
    scan_in(database, actors.archivist, [_paper(1), _paper(4), _paper(9)])
    return unit.code


def _pages(session):
    return list(session.scalars(select(ScanPage).order_by(ScanPage.position)))


def _last(session, actor):
    act = tray_journal.last_of(session, actor)
    assert act is not None
    return act.id


def _undo(database, desk, actor):
    with database.transaction() as session:
        return undoing.undo(session, desk, actor, undoing.lock(session, actor, _last(session, actor)))


def _intact(database, desk):
    """Every blob opens, none is left over, and the log holds."""
    with database.transaction() as session:
        desk.vault.discard_forgotten(session)
        for blob in session.scalars(select(Blob)):
            desk.vault.open(blob)
        held = {page.blob_id for page in session.scalars(select(ScanPage))} | set(session.scalars(select(Page.blob_id)))
        held |= {page.batch.blob_id for page in session.scalars(select(ScanPage))}
        assert set(session.scalars(select(Blob.id))) <= held
        assert audit.verify(session) is None


def test_a_placing_is_taken_back_as_if_it_had_not_been(database, actors, desk, pile):
    index = Index({}, {})
    database.before_commit.append(index.follow)
    with database.transaction() as session:
        first = in_tray.waiting(session)[0]
        digest = desk.vault.open(session.get_one(Blob, first.blob_id))
        home = units.find_unit(session, pile)
        document = placing.place(session, desk, actors.archivist, first, form_code="RZ-15", unit=home)
    _intact(database, desk)
    _undo(database, desk, actors.archivist)
    _intact(database, desk)
    with database.transaction() as session:
        [page, *_rest] = in_tray.waiting(session, actors.archivist)
        assert (page.id, page.page_id, page.reason) == (first.id, None, "no_code")
        assert desk.vault.open(session.get_one(Blob, page.blob_id)) == digest
        gone = session.get_one(Document, document.id)
        assert (gone.state, gone.dossier_id, gone.unit_id, gone.pages) == ("withdrawn", None, None, [])
        assert session.scalar(select(func.count()).select_from(Page)) == 0
        assert list(index.findings(session)) == []
        # The same page goes where it belongs, and its bytes are there, whatever was forgotten in between.
        again = placing.place(session, desk, actors.archivist, page, form_code="RZ-15", unit=home)
        assert again.id != document.id
    _intact(database, desk)


def test_a_document_outside_dossiers_is_withdrawn_with_its_key(database, actors, desk, pile):
    with database.transaction() as session:
        document = placing.place(session, desk, actors.archivist, in_tray.waiting(session)[0], form_code="HF-03")
        key = document.key_id
    _undo(database, desk, actors.archivist)
    with database.reading() as session:
        gone = session.get_one(Document, document.id)
        assert (gone.state, gone.key_id, gone.key.wrapped) == ("withdrawn", key, None)
        assert not access.may_see_document(session, actors.staff, gone).allowed
    _intact(database, desk)


def test_pages_are_joined_in_the_order_given_and_parted_again(database, actors, desk, pile):
    with database.transaction() as session:
        one, two, three = in_tray.waiting(session)
        home = units.find_unit(session, pile)
        chosen = [three, one]
        document = placing.join(session, desk, actors.archivist, chosen, form_code="RZ-15", unit=home)
        assert document.expected_pages == 2
        order = session.scalars(select(ScanPage.position).join(Page).order_by(Page.position)).all()
        assert list(order) == [3, 1]
        placing.append(session, desk, actors.archivist, [two], document)
        with pytest.raises(BadInput):
            placing.join(session, desk, actors.archivist, [], form_code="RZ-15", unit=home)
        joined = session.scalars(select(TrayAct.id).where(TrayAct.kind == "joined")).one()
        with pytest.raises(NotUndoable, match="又归入了别的页"):
            undoing.undo(session, desk, actors.archivist, undoing.lock(session, actors.archivist, joined))
    _undo(database, desk, actors.archivist)
    _undo(database, desk, actors.archivist)
    with database.reading() as session:
        assert [page.position for page in in_tray.waiting(session)] == [1, 2, 3]
    _intact(database, desk)


def test_turning_refusing_and_asking_for_a_rescan_are_taken_back(database, actors, desk, pile):
    with database.transaction() as session:
        one, two, three = in_tray.waiting(session)
        in_tray.rotate(session, actors.archivist, [one], 90)
        in_tray.rotate(session, actors.archivist, [one], 180)
        assert one.rotation == 270
        in_tray.send_back(session, desk, actors.archivist, [two, three], "拍糊了", rescan=True)
        assert session.scalar(select(func.count()).select_from(Rescan).where(Rescan.state == "asked")) == 2
        assert (two.state, two.blob_id) == ("rescan", None)
    with database.transaction() as session:
        in_tray.refuse(session, desk, actors.archivist, in_tray.waiting(session)[0], "购物小票")
    for _ in range(4):
        _undo(database, desk, actors.archivist)
    with database.transaction() as session:
        pages = in_tray.waiting(session)
        assert [(page.rotation, page.reason) for page in pages] == [(0, "no_code")] * 3
        assert set(session.scalars(select(Rescan.state))) == {"withdrawn"}
        for page in pages:
            assert in_tray.image(session, desk, actors.archivist, page)[:2] == b"\xff\xd8"
    _intact(database, desk)


def test_a_number_read_by_a_person_files_the_page_and_gives_it_back(
    database, actors, desk, make_unit, make_sheet, scan_in
):
    with database.transaction() as session:
        unit, dossier = make_unit(session)
        sheet = make_sheet(session, actors.staff, "RZ-08", unit=unit)
    spoiled = sheet.images[0].copy()
    ImageDraw.Draw(spoiled).rectangle((0, 0, spoiled.width, 800), fill="white")
    scan_in(database, actors.archivist, [spoiled])
    with database.transaction() as session:
        [page] = in_tray.waiting(session)
        document = placing.place_under_number(session, desk, actors.archivist, page, sheet.serials[0].lower())
        assert (document.serial, document.dossier_id) == (sheet.serials[0], dossier.id)
        assert session.scalar(select(Serial.state)) == "returned"
    _undo(database, desk, actors.archivist)
    with database.transaction() as session:
        [page] = in_tray.waiting(session)
        assert (page.serial, session.scalar(select(Serial.state))) == (None, "issued")
        placing.place_under_number(session, desk, actors.archivist, page, sheet.serials[0])
    fates = scan_in(database, actors.archivist, sheet.images[:1])
    assert fates[0].state == "duplicate"
    with database.transaction() as session, pytest.raises(NotUndoable, match="又扫到了同一页"):
        act = undoing.lock(session, actors.archivist, _last(session, actors.archivist))
        undoing.undo(session, desk, actors.archivist, act)


def test_the_way_back_closes_when_the_document_was_looked_at(database, actors, desk, pile):
    with database.transaction() as session:
        document = placing.place(session, desk, actors.archivist, in_tray.waiting(session)[0], form_code="HF-03")
    with database.transaction() as session:
        filed = session.get_one(Document, document.id)
        access.log_shown(session, actors.staff, filed, 1, access.may_see_document(session, actors.staff, filed))
    with pytest.raises(NotUndoable, match="已经有人查看"):
        _undo(database, desk, actors.archivist)


def test_the_way_back_is_the_doers_and_ends_with_the_day(database, actors, desk, make_unit, scan_in):
    with database.transaction() as session:
        unit, _ = make_unit(session)
    scan_in(database, actors.staff, [_paper(2)])
    with database.transaction() as session:
        placing.place(session, desk, actors.staff, in_tray.waiting(session)[0], form_code="RZ-15", unit=unit)
        act_id = _last(session, actors.staff)
        for nobody in (actors.supervisor, actors.manager):
            with pytest.raises(NotAllowed):
                undoing.lock(session, nobody, act_id)
        # An archivist keeps the dossiers and may take back a clerk's mistake.
        assert undoing.lock(session, actors.archivist, act_id).id == act_id
        session.execute(update(TrayAct).values(on=clock.today() - timedelta(days=1)))
    with database.transaction() as session, pytest.raises(NotUndoable, match="当天"):
        undoing.lock(session, actors.staff, act_id)
    with database.transaction() as session:
        assert tray_journal.has_past(session)
        assert tray_journal.forget_past(session) == 1
        assert session.scalar(select(func.count()).select_from(TrayActLine)) == 0
        with pytest.raises(NotFound):
            undoing.lock(session, actors.staff, act_id)


def test_a_group_filed_in_one_act_waits_again_as_a_group(database, actors, desk, make_unit, shop, scan_in):
    with database.transaction() as session:
        unit, _ = make_unit(session)
        printed = issuing.print_sheets(session, shop, actors.staff, shop.catalogue.form("RZ-15"), unit=unit, values={})
        [sheet] = samples.rasterise(printed.data, 150)
    fates = scan_in(database, actors.archivist, [sheet, _paper(1), _paper(2), _paper(3)])
    with database.transaction() as session:
        in_tray.split(session, actors.archivist, [in_tray.find(session, fates[3].scan_page_id)])
    with pytest.raises(BadInput), database.transaction() as session:
        in_tray.split(session, actors.archivist, [in_tray.find(session, fates[0].scan_page_id)])
    with database.transaction() as session:
        cover = in_tray.find(session, fates[0].scan_page_id)
        assert suggesting.suggestions(session, desk, cover) == []
        waiting_groups.file_anyway(session, desk, actors.archivist, cover)
        assert [page.position for page in in_tray.waiting(session)] == [4]
        assert session.scalar(select(Serial.state)) == "returned"
    _undo(database, desk, actors.archivist)
    with database.reading() as session:
        assert [page.reason for page in in_tray.waiting(session)] == ["group_uncounted"] * 3 + ["apart"]
        assert session.scalar(select(Serial.state)) == "issued"
    _undo(database, desk, actors.archivist)
    with database.reading() as session:
        assert [page.reason for page in in_tray.waiting(session)] == ["group_uncounted"] * 4
    _intact(database, desk)


def test_a_closed_book_keeps_what_was_filed_in_it(database, actors, desk, make_book, scan_in):
    with database.transaction() as session:
        book, sheet = make_book(session, actors.supervisor, "HF-01", 1)
    scan_in(database, actors.archivist, [_paper(3)])
    with database.transaction() as session:
        [page] = in_tray.waiting(session)
        placing.place_under_number(session, desk, actors.archivist, page, sheet.serials[0])
        books.close(session, actors.supervisor, books.find_book(session, book.number))
    with pytest.raises(NotUndoable, match="又有了别的登记"):
        _undo(database, desk, actors.archivist)


def test_only_its_filer_sees_a_page_until_an_archivist_takes_the_batch_over(database, actors, desk, scan_in):
    scan_in(database, actors.staff, [_paper(1), _paper(2)])
    with database.transaction() as session:
        page = in_tray.waiting(session)[0]
        with pytest.raises(NotYourTray):
            in_tray.image(session, desk, actors.archivist, page)
        [others] = in_tray.with_others(session, actors.archivist)
        assert (others.keeper, others.pages, others.mine_to_take) == ("staff", 2, True)
        assert in_tray.take_over(session, actors.archivist, page.batch) == 2
        assert in_tray.waiting(session, actors.staff) == []
        with pytest.raises(NotYourTray):
            in_tray.refuse(session, desk, actors.staff, page, "不是我们的")
        with pytest.raises(BadInput):
            in_tray.take_over(session, actors.archivist, page.batch)
        # Back from holiday, whoever received it may take it back; nobody else below an archivist may.
        assert in_tray.take_over(session, actors.staff, page.batch) == 2
        with pytest.raises(NotAllowed):
            in_tray.take_over(session, actors.supervisor, page.batch)


def test_of_two_hands_on_one_page_exactly_one_wins(database, actors, desk, pile):
    with database.reading() as session:
        first = in_tray.waiting(session)[0].id
    told: list[str] = []
    start = threading.Barrier(2)

    def decide(form: str) -> None:
        start.wait()
        try:
            with database.transaction() as session:
                page = in_tray.find(session, first)
                placing.place(
                    session, desk, actors.archivist, page, form_code=form, unit=units.find_unit(session, pile)
                )
            told.append("filed")
        except (NotInTray, PageAlreadyFiled) as error:
            told.append(error.code)

    hands = [threading.Thread(target=decide, args=(form,)) for form in ("RZ-15", "RZ-16")]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert sorted(told) == ["filed", "tray.not_there"]
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Document)) == 1


def test_of_two_who_take_the_same_act_back_one_is_told(database, actors, desk, pile):
    with database.transaction() as session:
        placing.place(session, desk, actors.archivist, in_tray.waiting(session)[0], form_code="HF-03")
        act_id = _last(session, actors.archivist)
    told: list[str] = []
    start = threading.Barrier(2)

    def take_back() -> None:
        start.wait()
        try:
            with database.transaction() as session:
                undoing.undo(session, desk, actors.archivist, undoing.lock(session, actors.archivist, act_id))
            told.append("undone")
        except NotUndoable as error:
            told.append(error.sentence())

    hands = [threading.Thread(target=take_back) for _ in range(2)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert sorted(told) == sorted(["undone", "这一步不能撤销了:archivist 已经撤销。"])
    _intact(database, desk)
