"""Printed PDF: codes that scanners read and prove, embedded fonts, searchable text, repeatable bytes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy
import pypdf
import pypdfium2
import pytest
import zxingcpp

from forms import marks, pdf
from forms.catalogue import load_catalogue
from forms.drawing.typeface import MissingGlyph
from forms.layout import Laid, lay_out

CATALOGUE = load_catalogue()
SECRET = b"the secret of this office"
OFFICE = "东光物业客服中心"
FACTS = pdf.BookFacts(
    number="HF-01-2026-C003",
    form_code="HF-01",
    form_zh="回访记录表",
    version=1,
    year=2026,
    first="HF-01-2026-000101-X",
    last="HF-01-2026-000112-X",
    page_count=12,
    office=OFFICE,
    retention="回访记录交管理处存档保管2年",
    printed_on=date(2026, 11, 23),
    log_seq=1234,
    log_head="0123456789abcdef" * 4,
)


def lay(code: str, values: dict[str, Any] | None = None) -> Laid:
    return lay_out(CATALOGUE.form(code), values or {}, office=OFFICE)


def sheets(code: str, values: dict[str, Any] | None = None) -> bytes:
    out = io.BytesIO()
    laid = lay(code, values)
    pdf.draw(laid, pdf.sheet_identities(laid, f"{code}-2026-000123-X", SECRET), out, title=laid.title)
    return out.getvalue()


def book() -> bytes:
    out = io.BytesIO()
    laid = lay("HF-01")
    serials = [f"HF-01-2026-{number:06d}-X" for number in range(101, 113)]
    pdf.draw_book(laid, pdf.book_identities(laid, serials, FACTS.number, SECRET), FACTS, out)
    return out.getvalue()


def codes(data: bytes, page: int, dpi: int = 150) -> list[Any]:
    image = pypdfium2.PdfDocument(data)[page].render(scale=dpi / 72).to_numpy()
    return list(zxingcpp.read_barcodes(numpy.ascontiguousarray(image)))


def texts(data: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(data)
    return [page.get_textpage().get_text_range() for page in document]


def fonts(data: bytes) -> list[Any]:
    reader = pypdf.PdfReader(io.BytesIO(data))
    found = []
    for page in reader.pages:
        places: Sequence[Any] = [page, *page["/Resources"].get("/XObject", {}).values()]
        for place in places:
            found += list(place.get_object()["/Resources"].get("/Font", {}).values())
    return [font.get_object() for font in found]


@pytest.mark.parametrize("form", [form for form in CATALOGUE.forms if not form.is_word], ids=lambda form: form.code)
def test_the_code_of_every_form_reads_at_150_dpi_and_is_proven(form: Any) -> None:
    data = sheets(form.code)
    copies = max(1, len(form.copies))
    assert len(pypdf.PdfReader(io.BytesIO(data)).pages) == copies
    read = codes(data, copies - 1)
    assert len(read) == 1
    mark = marks.read(SECRET, read[0].text)
    assert mark == marks.PageMark(f"{form.code}-2026-000123-X", 1, 1, copies, form.version)
    assert isinstance(marks.read(b"another", read[0].text), marks.ForeignMark)


def test_the_code_lies_where_the_paper_says() -> None:
    corner = codes(sheets("RZ-08"), 0, dpi=254)[0].position.top_left
    assert (corner.x / 10, corner.y / 10) == pytest.approx((156.0, 20.0), abs=0.3)


def test_the_same_input_makes_the_same_bytes() -> None:
    assert sheets("RZ-08", {"owner": "张三"}) == sheets("RZ-08", {"owner": "张三"})
    assert book() == book()


def test_every_font_is_embedded_and_nothing_else_is_listed() -> None:
    for data in (sheets("JD-01"), sheets("RZ-07"), book()):
        found = fonts(data)
        assert found
        for font in found:
            descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
            assert len(descriptor["/FontFile2"].get_object().get_data()) > 500
            assert font["/BaseFont"][7:8] == "+"
            assert "/ToUnicode" in font


def test_chinese_can_be_searched_and_copied() -> None:
    page = texts(sheets("RZ-08", {"owner": "欧阳㼆𬱖", "date": "2026-11-23"}))[0]
    for words in ("业主验房表", "RZ-08-2026-000123-X", "欧阳㼆𬱖", "2026年11月23日", "请做装修前水密性试验", OFFICE):
        assert words in page


def test_title_and_language_are_set() -> None:
    reader = pypdf.PdfReader(io.BytesIO(sheets("RZ-08")))
    assert reader.metadata is not None
    assert reader.metadata.title == "业主验房表"
    assert reader.root_object["/Lang"] == "zh-CN"


def test_each_copy_comes_with_its_label_and_its_own_code() -> None:
    data = sheets("ZX-14")
    found = [marks.read(SECRET, codes(data, page)[0].text) for page in range(3)]
    assert [mark.copy for mark in found if isinstance(mark, marks.PageMark)] == [1, 2, 3]
    for label, page in zip(CATALOGUE.form("ZX-14").copies, texts(data), strict=True):
        assert label in page.replace("\r\n", "").replace("\n", "")


def test_a_continued_sheet_counts_its_pages_in_each_copy() -> None:
    data = sheets("RZ-08", {"items": [{"item": f"项目{number}"} for number in range(25)]})
    found = [marks.read(SECRET, codes(data, page)[0].text) for page in range(4)]
    assert [(mark.copy, mark.page, mark.pages) for mark in found if isinstance(mark, marks.PageMark)] == [
        (1, 1, 2), (1, 2, 2), (2, 1, 2), (2, 2, 2),
    ]  # fmt: skip


def test_a_book_has_cover_sign_for_page_pages_and_colophon() -> None:
    pages = texts(book())
    assert len(pages) == 2 + 12 + 1
    assert all(words in pages[0] for words in ("回访记录表", FACTS.number, FACTS.first, FACTS.last, "12 页", "保管2年"))
    assert "领用签收" in pages[1]
    assert all("本页不得撕毁" in page for page in pages[2:14])
    assert [f"第 {number} 页" in pages[number + 1] for number in range(1, 13)] == [True] * 12
    colophon = pages[14]
    assert all(words in colophon for words in ("书末页", "结册证明", "主管", "管理处经理", "第 1234 条"))
    assert "0123456789abcdef … 0123456789abcdef" in colophon


def test_a_reprint_says_so() -> None:
    laid = lay("RZ-08")
    out = io.BytesIO()
    pdf.draw(laid, pdf.sheet_identities(laid, "RZ-08-2026-000123-X", SECRET, reprint=True), out, title="t")
    assert all("重印" in page for page in texts(out.getvalue()))
    assert not any("重印" in page for page in texts(sheets("RZ-08")))


def test_many_forms_merge_into_one_document() -> None:
    layouts = [lay("RZ-08", {"owner": name}) for name in ("张三", "李四", "王五")]
    runs = [
        (laid, pdf.sheet_identities(laid, f"RZ-08-2026-{number:06d}-X", SECRET))
        for number, laid in enumerate(layouts, 1)
    ]
    out = io.BytesIO()
    pdf.draw_runs(runs, out, title="业主验房表")
    pages = texts(out.getvalue())
    assert [name in pages[2 * place] for place, name in enumerate(("张三", "李四", "王五"))] == [True] * 3


def test_a_missing_character_in_a_title_block_stops_the_printing() -> None:
    with pytest.raises(MissingGlyph):
        lay_out(CATALOGUE.form("RZ-08"), {}, office="东光☐物业")
