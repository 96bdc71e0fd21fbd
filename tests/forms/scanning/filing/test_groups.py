"""What cover sheets promise: the papers behind one are filed with it when they are as many as expected, or all wait."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest
from PIL import Image, ImageDraw
from sqlalchemy import func, select

from forms import books
from forms.printing import issuing
from forms.scanning.imitation import samples
from forms.scanning.opening.masters import UnreadablePage
from forms.scanning.receiving import batch_work, intake
from forms.scanning.tray import in_tray, waiting_groups
from forms.scanning.tray.in_tray import NotInTray
from forms.tables import ScanPage, Serial
from records import audit
from records.errors import BadInput, NotAllowed
from records.tables import Document, Page
from tests.forms.scanning.receiving.test_kills import DYING, ROOT


def _paper(number: int, size: tuple[int, int] = (1240, 1754)) -> Image.Image:
    """A page from elsewhere: a copy of a certificate, without any code."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for line in range(3 + number):
        draw.rectangle((200, 300 + 60 * line, 900 - 30 * number, 320 + 60 * line), fill=(40, 40, 40))
    return image


def _white() -> Image.Image:
    return Image.new("RGB", (1240, 1754), "white")


@pytest.fixture
def cover(shop):
    """Print a cover sheet: ``cover(session, actor, unit, 3)``; its serial and its picture."""

    def make(session, actor, unit, pages, code="RZ-15"):
        values = {} if pages is None else {"expected_pages": pages}
        form = shop.catalogue.form(code)
        printed = issuing.print_sheets(session, shop, actor, form, unit=unit, values=values)
        [image] = samples.rasterise(printed.data, 150)
        return printed.serials[0], image

    return make


def _told(fates):
    return [(fate.state, fate.reason) for fate in fates]


def test_the_expected_pages_behind_a_cover_are_filed_with_it(database, actors, make_unit, cover, scan_in, desk):
    with database.transaction() as session:
        unit, dossier = make_unit(session)
        serial, sheet = cover(session, actors.staff, unit, 2)
        second, other = cover(session, actors.staff, unit, "3页", code="ZX-13")
    fates = scan_in(database, actors.staff, [sheet, _paper(1), _paper(2), other, *map(_paper, (3, 4, 5))])
    assert {fate.state for fate in fates} == {"filed"}
    assert [fate.serial for fate in fates] == [serial] * 3 + [second] * 4
    assert {fate.dossier_number for fate in fates} == {dossier.number}
    assert [fate.section for fate in fates] == ["id_copies"] * 3 + ["reno_apply"] * 4
    with database.reading() as session:
        for document_id, pages in ((fates[0].document_id, 3), (fates[3].document_id, 4)):
            document = session.get_one(Document, document_id)
            assert [page.position for page in document.pages] == list(range(1, pages + 1))
            assert document.expected_pages == pages
        assert set(session.scalars(select(Serial.state))) == {"returned"}
        assert audit.verify(session) is None


@pytest.mark.parametrize(("wanted", "found"), [(3, 2), (1, 2), (0, 2), (2, 0)])
def test_a_count_that_does_not_match_lets_the_whole_group_wait(
    database, actors, make_unit, cover, make_book, scan_in, wanted, found
):
    with database.transaction() as session:
        unit, _ = make_unit(session)
        _, sheet = cover(session, actors.staff, unit, wanted)
        _, book = make_book(session, actors.supervisor, "HF-01", 1)
    fates = scan_in(database, actors.staff, [sheet, *map(_paper, range(found)), book.images[0]])
    assert _told(fates) == [("tray", "group_pages")] * (found + 1) + [("filed", "")]
    assert f"应有 {wanted} 页" in fates[0].reason_zh
    assert f"扫到 {found} 页" in fates[0].reason_zh
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Document)) == 1


def test_a_cover_without_an_expectation_waits_and_is_filed_in_one_act(
    database, actors, make_unit, cover, scan_in, desk
):
    with database.transaction() as session:
        unit, dossier = make_unit(session)
        serial, sheet = cover(session, actors.staff, unit, None)
    fates = scan_in(database, actors.staff, [sheet, _paper(1), _paper(2)])
    assert _told(fates) == [("tray", "group_uncounted")] * 3
    with database.transaction() as session:
        page = in_tray.find(session, fates[1].scan_page_id)
        with pytest.raises(NotAllowed):
            waiting_groups.file_anyway(session, desk, actors.manager, page)
        document = waiting_groups.file_anyway(session, desk, actors.staff, page)
        assert (document.serial, document.dossier_id, document.section) == (serial, dossier.id, "id_copies")
    with database.transaction() as session:
        assert [page.position for page in session.get_one(Document, document.id).pages] == [1, 2, 3]
        assert in_tray.waiting(session) == []
        assert session.scalar(select(Serial.state)) == "returned"
        with pytest.raises(NotInTray):
            waiting_groups.file_anyway(session, desk, actors.staff, in_tray.find(session, fates[1].scan_page_id))
        assert audit.verify(session) is None


def test_what_a_person_refused_is_not_filed_with_its_group(database, actors, make_unit, cover, scan_in, desk):
    with database.transaction() as session:
        unit, _ = make_unit(session)
        _, sheet = cover(session, actors.staff, unit, 1)
    fates = scan_in(database, actors.staff, [sheet, _paper(1), _paper(2)])
    with database.transaction() as session:
        in_tray.refuse(session, desk, actors.staff, in_tray.find(session, fates[2].scan_page_id), "不是这一户的")
        document = waiting_groups.file_anyway(session, desk, actors.staff, in_tray.find(session, fates[0].scan_page_id))
        assert document.expected_pages == 2
    with database.reading() as session:
        states = session.scalars(select(ScanPage.state).order_by(ScanPage.position)).all()
        assert states == ["filed", "filed", "refused"]


def test_a_code_that_proves_nothing_inside_a_group_lets_it_wait(
    database, actors, make_unit, cover, make_book, scan_in, strangers
):
    with database.transaction() as session:
        unit, _ = make_unit(session)
        sheets = [cover(session, actors.staff, unit, 2)[1] for _ in range(4)]
        _, book = make_book(session, actors.supervisor, "HF-01", 2)
    bad = strangers(book.serials[0])
    # The count is right each time: a page of ours whose code and number are covered would be one of the papers.
    spoiled = book.images[1].copy()
    width, height = spoiled.size
    ImageDraw.Draw(spoiled).rectangle((0, 0, width, int(height * 0.18)), fill="white")
    pages = []
    for sheet, page in zip(sheets, (bad["foreign"], bad["forged"], bad["two_codes"], spoiled), strict=True):
        pages += [sheet, _paper(len(pages)), page]
    fates = scan_in(database, actors.staff, pages)
    assert _told(fates) == [("tray", "group_stranger")] * 12
    assert "第 3 页" in fates[0].reason_zh
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Page)) == 0


def test_blank_backs_behind_a_cover_do_not_count(database, actors, make_unit, cover, scan_in):
    with database.transaction() as session:
        unit, _ = make_unit(session)
        _, sheet = cover(session, actors.staff, unit, 2)
        _, short = cover(session, actors.staff, unit, 2)
    fates = scan_in(
        database, actors.staff, [sheet, _white(), _paper(1), _white(), _paper(2), short, _paper(3), _white()]
    )
    filed, blank, waits = ("filed", ""), ("blank", "blank_back"), ("tray", "group_pages")
    assert _told(fates) == [filed, blank, filed, blank, filed, waits, waits, waits]
    assert "另有空白 1 页" in fates[-1].reason_zh


def test_a_group_may_be_longer_than_a_chunk(database, actors, make_unit, cover, make_book, scan_in, monkeypatch):
    monkeypatch.setattr(batch_work, "CHUNK", 2)
    with database.transaction() as session:
        unit, _ = make_unit(session)
        _, sheet = cover(session, actors.staff, unit, 5)
        _, book = make_book(session, actors.supervisor, "HF-01", 2)
    pages = [book.images[0], sheet, *map(_paper, range(5)), book.images[1]]
    fates = scan_in(database, actors.staff, pages)
    assert {fate.state for fate in fates} == {"filed"}
    assert len({fate.document_id for fate in fates[1:7]}) == 1


def test_a_void_cover_and_one_that_comes_again_wait_with_their_papers(
    database, actors, make_unit, cover, scan_in, desk
):
    with database.transaction() as session:
        unit, _ = make_unit(session)
        _, sheet = cover(session, actors.staff, unit, 1)
        void, voided = cover(session, actors.staff, unit, 1)
        books.void(session, actors.staff, void, "写错")
    first = scan_in(database, actors.staff, [sheet, _paper(1), voided, _paper(2)])
    assert _told(first) == [("filed", "")] * 2 + [("tray", "group_void")] * 2
    # The same paper on the scanner again: other bytes, the same cover.
    again = scan_in(database, actors.staff, [samples.degrade(sheet, "clean", 3, 0), _paper(3)])
    assert _told(again) == [("tray", "group_again")] * 2
    twice = scan_in(database, actors.staff, [sheet, _paper(1), _paper(9)])
    assert _told(twice) == [("tray", "group_again")] * 3
    with database.transaction() as session, pytest.raises(BadInput):
        waiting_groups.file_anyway(session, desk, actors.staff, in_tray.find(session, again[0].scan_page_id))


def test_the_same_group_in_another_file_is_a_duplicate(database, actors, make_unit, cover, scan_in):
    with database.transaction() as session:
        unit, _ = make_unit(session)
        _, sheet = cover(session, actors.staff, unit, 1)
    scan_in(database, actors.staff, [sheet, _paper(1)])
    again = scan_in(database, actors.staff, samples.scan_pdf([sheet, _paper(1)]) + b"\n")
    assert [fate.state for fate in again] == ["duplicate"] * 2


def test_a_page_that_is_filed_elsewhere_does_not_slip_into_a_group(database, actors, make_unit, cover, scan_in):
    with database.transaction() as session:
        unit, _ = make_unit(session)
        _, one = cover(session, actors.staff, unit, 1)
        _, two = cover(session, actors.staff, unit, 1)
    fates = scan_in(database, actors.staff, [one, _paper(1), two, _paper(1)])
    assert _told(fates) == [("filed", "")] * 2 + [("tray", "group_known")] * 2


def test_an_unreadable_page_keeps_its_group_in_the_tray(database, actors, make_unit, cover, scan_in, desk):
    with database.transaction() as session:
        unit, _ = make_unit(session)
        _, sheet = cover(session, actors.staff, unit, 2)
    data = samples.scan_pdf([sheet, _paper(1), _paper(2)])
    third = data.rindex(b"\xff\xd8\xff")
    spoiled = data[: third + 600] + bytes(400) + data[third + 1000 :]
    spoiled = spoiled[: third + 4] + bytes(300) + spoiled[third + 304 :]
    fates = scan_in(database, actors.staff, spoiled)
    assert _told(fates) == [("tray", "group_stranger")] * 3
    with database.transaction() as session:
        page = in_tray.find(session, fates[0].scan_page_id)
        if in_tray.find(session, fates[2].scan_page_id).blob_id is None:
            with pytest.raises(UnreadablePage):
                waiting_groups.file_anyway(session, desk, actors.staff, page)


def test_killed_and_started_again_a_group_is_filed_once(
    database, actors, make_unit, make_book, cover, desk, home, monkeypatch
):
    with database.transaction() as session:
        unit, _ = make_unit(session)
        _, book = make_book(session, actors.supervisor, "HF-01", 2)
        _, full = cover(session, actors.staff, unit, 4)
        _, short = cover(session, actors.staff, unit, 4)
        pages = [book.images[0], full, *map(_paper, range(4)), short, _paper(5), _paper(6), book.images[1]]
        batch = intake.receive(session, desk, actors.staff, "a.pdf", samples.scan_pdf(pages))
    url = database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", DYING, url, str(home), str(actors.staff.id), str(batch.id), "12"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, capture_output=True)
    # None of the kills was a page's fault, however many of them hit the same page.
    monkeypatch.setattr(batch_work, "MOST_ATTEMPTS", 10**6)
    fates = batch_work.work_batch(database, replace(desk, lease=0.2), actors.staff, batch.id)
    assert [fate.state for fate in fates] == ["filed"] * 6 + ["tray"] * 3 + ["filed"]
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Page)) == 7
        assert len({fate.document_id for fate in fates[1:6]}) == 1
        assert audit.verify(session) is None
