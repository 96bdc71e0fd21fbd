"""A page whose code is spoiled is known by what is printed beside it; a misread letter never files it elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from forms import numbering
from forms.marks import PageMark
from forms.scanning.imitation import samples
from forms.scanning.reading import printed_numbers
from forms.tables import ScanPage

SECRET = b"the page secret of this office"
DPI = 200 / 25.4
# What stands on paper, what recognition makes of it now and then, and what a blot may leave.
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789*-- 编号核验重印|lo·"


@pytest.fixture
def database(sqlite_database):
    """What is read on paper does not depend on the database."""
    return sqlite_database


@st.composite
def printed(draw):
    """A page's mark, and the line that stands on it."""
    code = draw(st.sampled_from(["RZ-08", "HF-01", "YS-02", "ZX-14"]))
    serial = numbering.compose(code, draw(st.integers(2024, 2031)), draw(st.integers(1, 1_200_000)))
    pages = draw(st.integers(1, 300))
    mark = PageMark(serial, draw(st.integers(1, pages)), pages, draw(st.integers(1, 3)), draw(st.integers(1, 12)))
    return mark, f"编号 {mark.serial} 核验 {mark.proof(SECRET)}"


@given(printed())
def test_what_is_printed_proves_the_page_with_and_without_its_hyphens(line):
    mark, text = line
    assert printed_numbers.understand([text], SECRET).mark == mark
    assert printed_numbers.understand([text.replace("-", "").replace(" ", "")], SECRET).mark == mark
    assert printed_numbers.understand([text], b"another office").mark is None


@settings(max_examples=400)
@given(printed(), st.data())
def test_a_misread_line_proves_its_own_page_or_none(line, data):
    mark, text = line
    letters = list(text)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(letters) - 1))
        act = data.draw(st.sampled_from(["change", "lose", "add"]))
        other = data.draw(st.sampled_from(LETTERS))
        letters[place : place + (act != "add")] = [] if act == "lose" else [other]
        if not letters:
            break
    spelled = printed_numbers.understand(["".join(letters)], SECRET)
    assert spelled is None or spelled.mark in (None, mark)


@settings(max_examples=200)
@given(printed(), printed())
def test_the_proof_of_one_page_never_proves_another(one, other):
    serial, proof = one[1].split("核验")[0], other[1].split("核验")[1]
    spelled = printed_numbers.understand([f"{serial}核验{proof}", serial, proof], SECRET)
    assert spelled is None or spelled.mark is None or one[0].serial == other[0].serial


def test_letters_that_look_like_digits_are_told_by_where_they_stand():
    serial = numbering.compose("RZ-08", 2026, 10)
    mark = PageMark(serial, 1, 1, 1, 1)
    text = f"编号 {serial[:5]}-2O26-OOOOlO-{serial[-1]} 核验 {mark.proof(SECRET)}"
    assert printed_numbers.understand([text], SECRET).mark == mark
    tag = mark.proof(SECRET)[-8:]
    looks = tag.replace("O", "0").replace("I", "1").replace("B", "8")
    assert printed_numbers.understand([text.replace(tag, looks)], SECRET).mark == mark


def _gray(image):
    return np.asarray(image.convert("L"))


def _without_code(image, paper):
    """The page with a hole burnt where its code was."""
    spoiled = image.copy()
    left, top, side = (value * DPI for value in paper)
    ImageDraw.Draw(spoiled).ellipse((left - 10, top - 10, left + side + 10, top + side + 10), fill=(96, 80, 60))
    return spoiled


@pytest.mark.parametrize("turn", [0, 3])
def test_a_page_whose_code_is_burnt_out_is_filed_by_what_is_printed_beside_it(
    database, actors, make_unit, make_sheet, scan_in, turn
):
    with database.transaction() as session:
        unit, dossier = make_unit(session)
        sheet = make_sheet(session, actors.staff, "RZ-08", unit=unit)
    signed = _without_code(sheet.signed(2, ["owner"]), (156.0, 20.0, 26.0))
    (fate,) = scan_in(database, actors.staff, [samples.degrade(signed, "medium", 4, turn=turn)])
    assert (fate.state, fate.serial, fate.page_no, fate.copy) == ("filed", sheet.serials[0], 1, 2)
    assert {key: one["signed"] for key, one in fate.signatures.items()} == {"owner": True, "handover": False}
    with database.reading() as session:
        assert fate.dossier_number == session.merge(dossier).number


def test_a_number_that_is_not_proven_waits_with_its_suggestion(database, actors, make_unit, make_sheet, scan_in, desk):
    with database.transaction() as session:
        unit, _ = make_unit(session)
        sheet = make_sheet(session, actors.staff, "RZ-08", unit=unit)
    spoiled = _without_code(sheet.images[0], (156.0, 20.0, 26.0))
    # A blot over the proof as well: only the serial is left to read.
    ImageDraw.Draw(spoiled).rectangle((84 * DPI, 44 * DPI, 130 * DPI, 50 * DPI), fill="white")
    (fate,) = scan_in(database, actors.staff, [spoiled])
    assert (fate.state, fate.reason, fate.serial) == ("tray", "no_code", None)
    with database.reading() as session:
        page = session.get_one(ScanPage, fate.scan_page_id)
        assert page.suggested == sheet.serials[0]


def test_a_copied_number_on_another_offices_paper_is_only_a_suggestion(database, actors, make_sheet, scan_in, desk):
    with database.transaction() as session:
        sheet = make_sheet(session, actors.staff, "TS-02")
    page = _without_code(sheet.images[0], (156.0, 20.0, 26.0))
    reading = printed_numbers.read(_gray(page), b"the secret of the office that reads it")
    assert (reading.found, reading.suggested) == (None, sheet.serials[0])


def test_a_white_page_is_not_searched(monkeypatch):
    monkeypatch.setattr(printed_numbers, "_engine", lambda: pytest.fail("nothing is there to recognise"))
    white = _gray(Image.new("RGB", (1654, 2339), "white"))
    assert printed_numbers.read(white, SECRET).reason == "no_code"
