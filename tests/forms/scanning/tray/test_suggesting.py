"""What the tray suggests: the number on a page, its title and unit, its neighbours; and that texts die there."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw
from sqlalchemy import func, select

from forms.scanning.reading.recogniser import Line
from forms.scanning.tray import in_tray, placing, suggesting, tray_texts
from forms.scanning.tray.tray_tables import TrayText
from forms.tables import ScanPage
from records import units


class Reads:
    """A reader who finds the same lines on every page."""

    def __init__(self, *lines: str) -> None:
        self.lines = lines

    def page(self, _image):
        return [Line(text, 10, 40 * place, 300, 40 * place + 30) for place, text in enumerate(self.lines)]

    def places(self, _picture):
        return []

    def strips(self, _pictures):
        return []


def _paper(number: int) -> Image.Image:
    image = Image.new("RGB", (827, 1169), "white")
    draw = ImageDraw.Draw(image)
    for line in range(2 + number):
        draw.rectangle((120, 200 + 50 * line, 700, 215 + 50 * line), fill=(30, 30, 30))
    return image


def _read(database, desk, *lines):
    while tray_texts.work_once(database, desk, Reads(*lines)):
        pass


def _found(session, desk):
    return suggesting.suggestions(session, desk, in_tray.waiting(session)[0])


def test_the_title_and_the_unit_on_the_page_are_suggested_together(database, actors, desk, make_unit, scan_in):
    with database.transaction() as session:
        make_unit(session)
    scan_in(database, actors.archivist, [_paper(1)])
    _read(database, desk, "某某物业", "业主验房单", "房号: 3栋2单元1201", "日期 2026-11-23 电话 138-0000-1111")
    with database.reading() as session:
        [first] = _found(session, desk)
        assert (first.kind, first.form_code, first.unit.code) == ("place", "RZ-08", "3-2-1201")
        guess = suggesting.guess(session, desk, in_tray.waiting(session)[0])
        assert (guess.form_code, guess.unit.code) == ("RZ-08", "3-2-1201")


def test_a_copy_of_an_identity_card_is_known_by_its_words(database, actors, desk, make_unit, scan_in):
    with database.transaction() as session:
        make_unit(session)
    scan_in(database, actors.archivist, [_paper(1)])
    _read(database, desk, "中华人民共和国", "居民身份证", "有效期限 2020.01.01-2040.01.01")
    with database.reading() as session:
        assert suggesting.guess(session, desk, in_tray.waiting(session)[0]).form_code == "RZ-15"


@pytest.mark.parametrize("spoiled", [False, True])
def test_a_number_read_as_text_is_the_first_suggestion_and_only_with_its_check(
    database, actors, desk, make_unit, make_sheet, scan_in, spoiled
):
    with database.transaction() as session:
        unit, _ = make_unit(session)
        sheet = make_sheet(session, actors.staff, "RZ-08", unit=unit)
    serial = sheet.serials[0]
    written = serial[:-1] + ("A" if serial[-1] != "A" else "B") if spoiled else serial
    scan_in(database, actors.archivist, [_paper(1)])
    _read(database, desk, f"编号 {written.lower()}")
    with database.reading() as session:
        found = [(one.kind, one.serial) for one in _found(session, desk)]
        assert found == ([] if spoiled else [("number", serial)])


def test_the_neighbours_document_and_unit_are_suggested(database, actors, desk, make_unit, scan_in):
    with database.transaction() as session:
        unit, _ = make_unit(session)
    scan_in(database, actors.archivist, [_paper(1), _paper(5)])
    with database.transaction() as session:
        first = in_tray.waiting(session)[0]
        home = units.find_unit(session, unit.code)
        document = placing.place(session, desk, actors.archivist, first, form_code="RZ-15", unit=home)
    _read(database, desk, "不动产权证书")
    with database.reading() as session:
        told = [(one.kind, one.form_code, one.document_id) for one in _found(session, desk)]
        assert told == [("place", "RZ-16", None), ("append", "RZ-15", document.id)]


def test_what_was_read_dies_when_the_page_leaves_the_tray(database, actors, desk, scan_in):
    scan_in(database, actors.archivist, [_paper(1), _paper(5), _paper(8)])
    _read(database, desk, "一封别人的信")
    with database.transaction() as session:
        one, two, three = in_tray.waiting(session)
        assert tray_texts.text_of(session, one) == "一封别人的信"
        placing.place(session, desk, actors.archivist, one, form_code="HF-03")
        in_tray.refuse(session, desk, actors.archivist, two, "不是我们的")
        # Turned, it is read again.
        in_tray.rotate(session, actors.archivist, [three], 180)
        assert session.scalar(select(func.count()).select_from(TrayText)) == 0
    _read(database, desk, "正过来的信")
    with database.reading() as session:
        assert session.scalars(select(TrayText.text)).all() == ["正过来的信"]
        assert list(tray_texts.findings(session)) == []


def test_a_reader_who_comes_too_late_writes_nothing(database, actors, desk, scan_in):
    scan_in(database, actors.archivist, [_paper(1)])

    class Slow(Reads):
        def page(self, image):
            with database.transaction() as session:
                in_tray.refuse(session, desk, actors.archivist, in_tray.waiting(session)[0], "退回")
            return super().page(image)

    assert tray_texts.work_once(database, desk, Slow("太晚了"))
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(TrayText)) == 0
        assert session.scalar(select(ScanPage.state)) == "refused"
