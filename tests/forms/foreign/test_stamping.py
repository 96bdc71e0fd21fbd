"""Foreign PDFs get number and code where they have room; nothing on them changes, and their scan finds its dossier."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pikepdf
import pypdfium2
import pytest
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import select

from forms import numbers_check
from forms.catalogue import load_catalogue
from forms.drawing.typeface import load_typeface
from forms.foreign import stamping
from forms.foreign.foreign_pages import block_for
from forms.foreign.stamping import ForeignPdfEncrypted, ForeignPdfUnusable, NotFromElsewhere, examine, stamp
from forms.printing.reprinting import StampedPaper, reprint
from forms.printing.shop import PrintShop
from forms.scanning.desk import ScanDesk
from forms.scanning.imitation import samples
from forms.scanning.receiving import batch_work, intake
from forms.tables import PrintRun, Serial
from records import dossiers, units, users
from records.database import Database
from records.errors import BadInput, NotAllowed
from records.tables import Document
from records.vault import Vault

SECRET = bytes(32)
CATALOGUE = load_catalogue()
FORM = CATALOGUE.form("RZ-12")
A4 = (595.0, 842.0)


@pytest.fixture(scope="module")
def shop() -> PrintShop:
    return PrintShop(CATALOGUE, load_typeface(), SECRET, "东光物业客服中心")


def paper(pages: int = 1, size: tuple[float, float] = A4, full: bool = False, form: bool = False) -> bytes:
    """A file from elsewhere: text, on ``full`` pages lines from edge to edge, with a field to fill in."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=size, invariant=1)
    for number in range(pages):
        canvas.setFont("Helvetica", 11)
        for y in range(72, int(size[1]) - 72, 14):
            canvas.drawString(72, y, f"Manual of the house, page {number}, line {y}")
        if full:
            for x in range(0, int(size[0]), 6):
                canvas.line(x, 0, x, size[1])
        if form:
            place = {"x": size[0] - 160, "y": size[1] - 140, "width": 150, "height": 130}
            canvas.acroForm.textfield(name=f"field{number}", borderWidth=0, fillColor=None, **place)
            canvas.linkURL("http://example.org/", (20, 20, 60, 60))
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def edited(data: bytes, edit: Callable[[pikepdf.Page], object]) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as opened:
        for page in opened.pages:
            edit(page)
        opened.save(out)
    return out.getvalue()


def turned(angle: int) -> Callable[[pikepdf.Page], object]:
    return lambda page: page.obj.__setitem__("/Rotate", angle)


def cropped(page: pikepdf.Page) -> None:
    page.obj["/CropBox"] = pikepdf.Array([60, 50, 560, 800])


def both(page: pikepdf.Page) -> None:
    cropped(page)
    turned(90)(page)


def stamped(shop: PrintShop, data: bytes) -> tuple[stamping.Foreign, bytes]:
    foreign = examine(shop, FORM, "手册.pdf", data)
    mark = stamping.PageMark("RZ-12-2026-000001-A", 1, len(foreign.spots), 1, 1)
    return foreign, stamping._stamped(foreign, shop, mark, "x")


def picture(data: bytes, number: int = 0) -> Any:
    with pypdfium2.PdfDocument(data) as document:
        return document[number].render(scale=150 / 72, grayscale=True).to_numpy().copy()


SHAPES: dict[str, bytes] = {
    "plain": paper(),
    "landscape": paper(size=(842, 595)),
    "letter": paper(size=(612, 792)),
    "a3": paper(size=(842, 1191)),
    **{f"turned {angle}": edited(paper(), turned(angle)) for angle in (90, 180, 270)},
    "cropped": edited(paper(), cropped),
    "cropped and turned": edited(paper(), both),
    "box not at zero": edited(
        paper(), lambda page: page.obj.__setitem__("/MediaBox", pikepdf.Array([-90, -40, 505, 802]))
    ),
    "box upside down": edited(paper(), lambda page: page.obj.__setitem__("/MediaBox", pikepdf.Array([595, 842, 0, 0]))),
    "larger unit": edited(paper(size=(300, 420)), lambda page: page.obj.__setitem__("/UserUnit", 2)),
    "states left open": edited(paper(), lambda page: page.contents_add(b"q .5 0 0 .5 90 90 cm", prepend=True)),
    "states closed twice": edited(paper(), lambda page: page.contents_add(b"Q Q Q")),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_code_goes_where_there_is_room_and_no_pixel_elsewhere_changes(shop: PrintShop, shape: str) -> None:
    foreign, made = stamped(shop, SHAPES[shape])
    spot = foreign.spots[0]
    before, after = picture(SHAPES[shape]), picture(made)
    assert spot.band == 0
    assert before.shape == after.shape
    changed = np.argwhere(before != after)
    unit = 2 if shape == "larger unit" else 1
    per_mm = 150 / 25.4 / unit
    top, left = changed.min(axis=0) / per_mm
    low, right = changed.max(axis=0) / per_mm
    block = block_for(spot.side)
    assert spot.x - 1 <= left and right <= spot.x + block.width + 1
    assert spot.y - 1 <= top and low <= spot.y + block.height + 1
    # What lay under the block was empty paper.
    under = before[int(top * per_mm) : int(low * per_mm), int(left * per_mm) : int(right * per_mm)]
    assert under.min() > 240


@pytest.mark.parametrize("angle", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", [False, True])
def test_a_page_without_room_becomes_taller_and_shows_no_more_and_no_less(
    shop: PrintShop, angle: int, crop: bool
) -> None:
    data = edited(paper(full=True), both if crop else turned(0))
    data = edited(data, turned(angle))
    foreign, made = stamped(shop, data)
    before, after = picture(data), picture(made)
    band = after.shape[0] - before.shape[0]
    assert foreign.banded == [1]
    assert abs(band / 150 * 25.4 - foreign.spots[0].band) < 0.5
    assert after.shape[1] == before.shape[1]
    assert np.mean(np.abs(after[band:].astype(int) - before) > 96) < 0.02


def test_fields_links_and_notes_are_kept_and_not_covered(shop: PrintShop) -> None:
    foreign, made = stamped(shop, paper(form=True))
    with pikepdf.open(io.BytesIO(made)) as opened:
        assert {str(note.Subtype) for note in opened.pages[0].Annots} == {"/Widget", "/Link"}
        assert len(opened.Root.AcroForm.Fields) == 1
    spot = foreign.spots[0]
    assert spot.x + block_for(spot.side).width < 210 - 160 / 72 * 25.4 or spot.y > 140 / 72 * 25.4


def test_an_empty_box_to_write_in_stays_empty(shop: PrintShop) -> None:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    canvas.rect(30, 30, 535, 782)
    canvas.drawString(60, 60, "Sign here")
    canvas.save()
    assert stamped(shop, out.getvalue())[0].banded == [1]


def test_pages_that_share_their_content_each_get_their_own_code(shop: PrintShop) -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(paper())) as opened:
        opened.pages.append(opened.pages[0])
        opened.pages.append(opened.pages[0])
        opened.save(out)
    foreign, _ = stamped(shop, out.getvalue())
    assert len(foreign.spots) == 3


def test_the_same_file_and_number_make_the_same_bytes(shop: PrintShop) -> None:
    assert stamped(shop, paper(pages=2))[1] == stamped(shop, paper(pages=2))[1]


def encrypted(**words: str) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(paper())) as opened:
        opened.save(out, encryption=pikepdf.Encryption(**words))
    return out.getvalue()


@pytest.mark.parametrize("data", [encrypted(owner="a", user="b"), encrypted(owner="a", user="")])
def test_a_protected_file_is_refused(shop: PrintShop, data: bytes) -> None:
    with pytest.raises(ForeignPdfEncrypted):
        examine(shop, FORM, "手册.pdf", data)


def test_a_damaged_file_is_repaired_or_refused_in_a_sentence(shop: PrintShop) -> None:
    whole = paper(pages=2)
    lost_table = whole[: whole.rindex(b"xref")]
    assert len(examine(shop, FORM, "手册.pdf", lost_table).spots) == 2
    for bad in (b"", b"no pdf", b"%PDF-1.7\n", whole[:300], paper(size=(100, 100))):
        with pytest.raises(ForeignPdfUnusable) as refused:
            examine(shop, FORM, "手册.pdf", bad)
        assert refused.value.sentence("en")


@pytest.mark.parametrize("cut", range(200, 1500, 97))
def test_a_file_cut_anywhere_is_stamped_or_refused_and_never_a_fault(shop: PrintShop, cut: int) -> None:
    try:
        examine(shop, FORM, "手册.pdf", paper()[:cut])
    except ForeignPdfUnusable as refused:
        assert "手册.pdf" in str(refused)


def test_only_papers_from_elsewhere_are_stamped(shop: PrintShop) -> None:
    with pytest.raises(NotFromElsewhere, match="RZ-12"):
        examine(shop, CATALOGUE.form("ZX-01"), "手册.pdf", paper())


def test_a_units_papers_need_their_unit_and_an_office_hand(database: Database, actors: Any, shop: PrintShop) -> None:
    foreign = examine(shop, FORM, "手册.pdf", paper())
    with database.transaction() as session:
        with pytest.raises(BadInput):
            stamp(session, shop, actors.staff, FORM, foreign)
        with pytest.raises(NotAllowed):
            stamp(session, shop, actors.admin, FORM, foreign)
        assert session.scalars(select(PrintRun)).all() == []


def test_the_scan_of_a_stamped_file_is_filed_page_by_page_in_the_units_dossier(
    database: Database, actors: Any, shop: PrintShop, make_unit: Any, vault: Vault
) -> None:
    data = edited(paper(pages=3), turned(90)) if database.is_sqlite else paper(pages=3)
    foreign = examine(shop, FORM, "手册.pdf", data)
    with database.transaction() as session:
        unit, dossier = make_unit(session)
        made = stamp(session, shop, actors.staff, FORM, foreign, unit=unit)
        number = dossier.number
        serial = session.scalars(select(Serial)).one()
        assert (serial.state, serial.page_count, serial.dossier_id) == ("issued", 3, dossier.id)
        assert numbers_check.findings(session) == []
    desk = ScanDesk(CATALOGUE, vault, SECRET)
    images = [samples.degrade(image, "medium", seed) for seed, image in enumerate(samples.rasterise(made.file.data))]
    with database.transaction() as session:
        batch = intake.receive(session, desk, actors.staff, "扫描.pdf", samples.scan_pdf(images)).id
    fates = batch_work.work_batch(database, desk, actors.staff, batch)
    assert [one.reason for one in fates] == [""] * 3
    assert [(one.state, one.page_no, one.dossier_number) for one in fates] == [("filed", n, number) for n in (1, 2, 3)]
    with database.reading() as session:
        document = session.scalars(select(Document)).one()
        assert (document.serial, len(document.pages), document.expected_pages) == (made.serial, 3, 3)


def test_one_signed_page_alone_is_filed_at_its_place_and_a_strange_page_behind_it_waits(
    sqlite_database: Database, shop: PrintShop, vault: Vault
) -> None:
    foreign = examine(shop, FORM, "手册.pdf", paper(pages=3))
    with sqlite_database.transaction() as session:
        staff, archivist = users.find_actor(session, "staff"), users.find_actor(session, "archivist")
        unit = units.add_unit(session, archivist, "东光花园", "3-2-1201")
        dossiers.start_ownership(session, vault, archivist, unit, [dossiers.NewOwner("王建国")], date(2020, 1, 15))
        made = stamp(session, shop, staff, FORM, foreign, unit=unit)
        with pytest.raises(StampedPaper):
            reprint(session, shop, staff, made.serial, "卡纸")
    desk = ScanDesk(CATALOGUE, vault, SECRET)
    images = [list(samples.rasterise(made.file.data))[1], *samples.rasterise(paper(pages=1))]
    with sqlite_database.transaction() as session:
        batch = intake.receive(session, desk, staff, "扫描.pdf", samples.scan_pdf(images)).id
    fates = batch_work.work_batch(sqlite_database, desk, staff, batch)
    assert [(one.state, one.page_no, one.reason) for one in fates] == [("filed", 2, ""), ("tray", None, "no_code")]


def test_a_page_whose_room_suffices_for_the_smallest_code_only_gets_that_one(shop: PrintShop) -> None:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    high, wide = block_for(22.0).height + 9, block_for(22.0).width + 9
    points = 72 / 25.4
    for x in range(0, 595, 5):
        canvas.line(x, 0, x, 842 - (high * points if x > 595 - wide * points else 0))
    canvas.save()
    spot = examine(shop, FORM, "手册.pdf", out.getvalue()).spots[0]
    assert (spot.side, spot.band) == (22.0, 0.0)
