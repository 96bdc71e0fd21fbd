"""Labels and cards: as many on a sheet as fit, nothing clipped, codes that read, keyed and unlike any page's."""

from __future__ import annotations

import dataclasses
from datetime import date

import numpy as np
import pypdfium2
import pytest
import zxingcpp

from forms import label_marks, marks, pdf
from forms.drawing.typeface import load_typeface
from forms.label_marks import ForgedLabel, LabelMark
from forms.layout import labels
from forms.layout.dossier_pages import DossierFacts
from forms.layout.items import Code, Text
from forms.layout.labels import PlaceFacts
from forms.layout.note_sheet import note_pages
from forms.layout.out_card import OutCard, out_card
from forms.paper import A4
from records.errors import BadInput

SECRET = b"a page secret"
MARK = LabelMark("dossier", "DA-3-2-1201-01")
FACTS = DossierFacts(
    number=MARK.name,
    unit="B12栋2单元1201A",
    owners=("欧阳娜娜", "司马相如", "东光房地产开发有限责任公司"),
    since=date(2020, 5, 1),
    until=None,
    office="东光物业管理有限责任公司客户服务中心",
    secrecy="机密",
    retention="业主档案永久保存",
    documents=60,
    pages=120,
    estate="东光花园二期",
    place="A-03-2-05-Q",
)
PLACE = PlaceFacts("AB-03-2-05-Q", "AB室03架2层05盒", "东墙靠窗第三排", FACTS.office, MARK.text(SECRET))


def designs(key: str) -> labels.Drawing:
    size, code = labels.sizes()[key], MARK.text(SECRET)
    if key == "place":
        return labels.place(size, PLACE)
    return labels.spine(size, FACTS, code) if key == "spine" else labels.bag(size, FACTS, code)


def test_a_labels_code_is_proven_and_never_taken_for_a_page() -> None:
    text = MARK.text(SECRET)
    assert label_marks.read(SECRET, text) == MARK
    assert label_marks.read(SECRET, f" {text.lower().replace(':', '：')}\r\n") == MARK
    assert isinstance(marks.read(SECRET, text), marks.ForeignMark)
    assert label_marks.read(SECRET, "YD1:HF-01-2026-000123-7:3:50:1:1:ABCD2345") is None
    assert label_marks.read(SECRET, "DA-3-2-1201-01") is None
    for forged in (text[:-1] + "7" if text[-1] != "7" else text[:-1] + "6", text.replace("1201", "1202")):
        with pytest.raises(ForgedLabel):
            label_marks.read(SECRET, forged)
    with pytest.raises(ForgedLabel):
        label_marks.read(b"another office", text)


@pytest.mark.parametrize("key", ["spine", "bag", "place"])
def test_a_sheet_is_filled_and_goes_on_and_used_places_stay_free(key: str) -> None:
    size = labels.sizes()[key]
    sheets = labels.label_sheets(size, [designs(key)] * size.on_a_sheet, skip=2)
    codes = [sum(isinstance(item, Code) for item in sheet) for sheet in sheets]
    assert codes == [size.on_a_sheet - 2, 2]
    assert size.on_a_sheet >= 8
    with pytest.raises(BadInput):
        labels.label_sheets(size, [designs(key)], skip=size.on_a_sheet)


@pytest.mark.parametrize("key", ["spine", "bag", "place"])
def test_nothing_on_a_label_leaves_it_however_long_names_are(key: str) -> None:
    size, typeface = labels.sizes()[key], load_typeface()
    [sheet] = labels.label_sheets(size, [designs(key)])
    area = labels.places(size)[0]
    words = [item for item in sheet if isinstance(item, Text) and not item.text.startswith("沿裁切线")]
    assert words
    for item in words:
        assert area.x + 1.5 < item.x, item.text
        assert item.x + typeface.width(item.text, item.size, item.face) < area.x + area.w - 1.5, item.text
        assert area.y < item.y < area.y + area.h - 2.0, item.text


@pytest.mark.parametrize("key", ["spine", "bag", "place"])
def test_the_codes_of_a_whole_sheet_read_at_150_dpi(key: str) -> None:
    size = labels.sizes()[key]
    data = pdf.draw_pages(labels.label_sheets(size, [designs(key)] * size.on_a_sheet), title="标签")
    picture = np.asarray(pypdfium2.PdfDocument(data)[0].render(scale=150 / 72).to_pil().convert("L"))
    found = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    assert [one.text for one in found] == [MARK.text(SECRET)] * size.on_a_sheet


def test_card_and_slip_say_the_same_on_both_halves() -> None:
    card = OutCard(
        3, FACTS.number, FACTS.unit, FACTS.place, "刘悦", "林国栋", "周敏", date(2026, 11, 20), date(2026, 11, 30),
        60, 120, FACTS.office, FACTS.secrecy, LabelMark("loan", "3").text(SECRET),
    )  # fmt: skip
    words = [item.text for item in out_card(card) if isinstance(item, Text)]
    for told in (FACTS.number, FACTS.place, "刘悦", "林国栋", "2026年11月30日", "60 件　120 页"):
        assert words.count(told) == 2, told
    assert {"代卷卡", "借阅凭条"} <= set(words)


def test_a_note_sheet_says_everything_and_leaves_room_to_write() -> None:
    known = [f"缺页：《业主验房单》（RZ-08-2026-{number:06d}-X）应有 3 页，实有 2 页。" for number in range(90)]
    pages = note_pages(FACTS, known)
    words = [item.text for page in pages for item in page if isinstance(item, Text)]
    assert len(pages) == 3
    assert all(any(f"RZ-08-2026-{number:06d}-X" in word for word in words) for number in range(90))
    for told in ("整 理 人", "整理日期", "检 查 人", "检查日期"):
        assert words.count(told) == 1
    assert all(item.y < A4.height - 20 for page in pages for item in page if isinstance(item, Text))


def test_what_the_printer_may_not_know_is_left_to_the_pen() -> None:
    closed = dataclasses.replace(FACTS, documents=None, pages=None)
    assert closed.amount.replace("　", "") == "共件页"
