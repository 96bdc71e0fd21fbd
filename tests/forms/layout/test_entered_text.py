"""What was entered is printed in place, whole and in order; what does not fit its box goes on, marked, elsewhere."""

from __future__ import annotations

import functools
import io
from collections.abc import Sequence
from typing import Any

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms import pdf
from forms.catalogue import Form, load_catalogue
from forms.drawing.typeface import load_typeface
from forms.layout import Laid, Text, cover_sheet, lay_out
from forms.layout.frame import body_area
from forms.layout.text import SMALLEST
from forms.word.prose import TextSetter
from forms.word.templates import WordShelf

CATALOGUE = load_catalogue()
TYPEFACE = load_typeface()
OFFICE = "东光物业客服中心"
CODES = ("RZ-07", "RZ-08", "ZX-01", "ZX-05", "TS-02", "WZ-01", "RZ-12")
FORMS = [CATALOGUE.form(code) for code in CODES if code in {form.code for form in CATALOGUE.forms}]
_PUNCTUATION = "，。；：、（）《》“”！？"
_PLAIN = "abcXYZ019-.,/ \n"


def fields_of(form: Form) -> list[str]:
    whole = cover_sheet.completed(form) if form.mode == "external" else form
    return [field.key for field in whole.fields if field.kind in ("text", "long")]


@functools.cache
def alphabets(code: str) -> list[str]:
    """For each field of a form 60 characters of its own, none of which the empty form has."""
    form = CATALOGUE.form(code)
    printed = set(drawn(laid_out(form, {}))) | set("续转接页")
    free = [chr(number) for number in range(0x4E00, 0x9000) if chr(number) not in printed and has(chr(number))]
    return ["".join(free[start : start + 60]) for start in range(0, 60 * 40, 60)]


def has(letter: str) -> bool:
    try:
        TYPEFACE.require(letter)
    except Exception:
        return False
    return True


def laid_out(form: Form, values: dict[str, Any]) -> Laid:
    return lay_out(form, values, office=OFFICE, estate="东光花园", unit_code="3-2-1201")


def items(laid: Laid) -> list[Text]:
    return [item for page in laid.pages for item in page.items if isinstance(item, Text)]


def drawn(laid: Laid) -> str:
    """The text of the PDF, pages in order, as a reader copies it."""
    out = io.BytesIO()
    pdf.draw(laid, pdf.sheet_identities(laid, "RZ-07-2026-000001-A", b"s"), out, title="x")
    pages = len(laid.pages)
    with pypdfium2.PdfDocument(out.getvalue()) as document:
        return "".join(document[number].get_textpage().get_text_range() for number in range(pages))


def only(text: str, alphabet: str) -> str:
    return "".join(letter for letter in text if letter in alphabet)


@st.composite
def filled(draw: st.DrawFn, form: Form) -> dict[str, str]:
    """Long values in some fields of a form, each mostly of characters that no other field has."""
    keys = draw(st.lists(st.sampled_from(fields_of(form)), min_size=1, max_size=4, unique=True))
    values = {}
    for key in keys:
        alphabet = alphabets(form.code)[fields_of(form).index(key)]
        length = draw(st.sampled_from((5, 40, 200, 900, 1800)))
        some = draw(st.text(alphabet + _PUNCTUATION + _PLAIN, min_size=1, max_size=60))
        values[key] = (some * (length // len(some) + 1))[:length]
    return values


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.code)
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_every_character_of_every_value_is_on_paper_in_order(form: Form, data: st.DataObject) -> None:
    values = data.draw(filled(form))
    laid = laid_out(form, values)
    on_paper, text = "".join(item.text for item in items(laid)), drawn(laid)
    for key, value in values.items():
        alphabet = alphabets(form.code)[fields_of(form).index(key)]
        assert only(on_paper, alphabet) == only(value, alphabet)
        assert only(text, alphabet) == only(value, alphabet)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.code)
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_no_value_crosses_a_border_or_is_set_too_small_to_read(form: Form, data: st.DataObject) -> None:
    values = data.draw(filled(form))
    laid = laid_out(form, values)
    area = body_area(laid.paper)
    strange = set("".join(alphabets(form.code)))
    for number, page in enumerate(laid.pages, start=1):
        boxes = [box for box in page.boxes if box.kind == "field"]
        for item in page.items:
            if not isinstance(item, Text) or not strange & set(item.text):
                continue
            right = item.x + TYPEFACE.width(item.text, item.size, item.face)
            assert item.size >= SMALLEST
            assert area.x <= item.x and right <= area.x + area.w + 0.05
            assert area.y <= item.y <= area.y + area.h
            if number == 1 and boxes:
                around = [box for box in boxes if box.x <= item.x <= box.x + box.w and box.y <= item.y <= box.y + box.h]
                assert any(right <= box.x + box.w + 0.05 for box in around)


def rows_of(form: Form, count: int) -> tuple[str, list[dict[str, str]]]:
    """A table's or register's key, and more rows than it has lines."""
    table = next((field for field in form.fields if field.kind == "table"), None)
    columns: Sequence[Any] = table.columns if table else form.columns
    free = next(column for column in columns if column.kind in ("text", "long") and not column.options)
    return (table.key if table else "rows"), [{free.key: f"第{number:04d}件"} for number in range(count)]


@pytest.mark.parametrize("code", ["RZ-08", "RZ-09", "DA-01", "RZ-07"])
@pytest.mark.parametrize("count", [1, 30, 250])
def test_rows_run_over_as_many_pages_as_they_need(code: str, count: int) -> None:
    form = CATALOGUE.form(code)
    key, rows = rows_of(form, count)
    laid = laid_out(form, {key: rows})
    text = drawn(laid)
    places = [text.find(f"第{number:04d}件") for number in range(count)]
    assert -1 not in places
    assert places == sorted(places)
    if count == 250:
        assert len(laid.pages) > 3
        assert sum("续页" in item.text for item in items(laid)) or form.columns


@pytest.mark.parametrize("code", ["RZ-01", "ZX-02", "TZ-02"])
@settings(max_examples=15, deadline=None)
@given(text=st.text("囍龘麤一二三，。abc 12\n", min_size=1, max_size=60), length=st.sampled_from((10, 300, 5000)))
def test_a_notice_that_is_set_here_loses_nothing_and_keeps_to_its_page(code: str, text: str, length: int) -> None:
    form = CATALOGUE.form(code)
    value = (text * (length // len(text) + 1))[:length].strip()
    long = next(field.key for field in form.fields if field.kind in ("long", "text"))
    laid = TextSetter(form, WordShelf.built_in(form), OFFICE).lay_out({long: value}, "东光花园")
    area = body_area(laid.paper)
    on_paper = "".join(item.text for item in items(laid))
    assert on_paper.count("囍") >= value.count("囍")
    assert only(value, "囍龘麤") in only(on_paper, "囍龘麤")
    for item in items(laid):
        if set("囍龘麤") & set(item.text):
            assert item.x + TYPEFACE.width(item.text, item.size, item.face) <= area.x + area.w + 0.05
            assert area.y <= item.y <= area.y + area.h
