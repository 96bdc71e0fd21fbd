"""What a book's paper itself says, so that nobody tears a page out or writes over a record unseen."""

from __future__ import annotations

import io
from datetime import date

import pypdfium2
import pytest

from forms import numbering, pdf
from forms.books import chain
from forms.catalogue import Form, load_catalogue
from forms.layout import lay_out

CATALOGUE = load_catalogue()
SECRET = b"s" * 32
BOOKS = [form for form in CATALOGUE.forms if form.mode == "book"]
HEAD = "0123456789abcdef" * 4


def book_texts(form: Form, pages: int = 5) -> list[str]:
    """The text of each page of a printed book, without spaces."""
    laid = lay_out(form, {}, office="东光物业客服中心")
    serials = [numbering.compose(form.code, 2026, 100 + page) for page in range(1, pages + 1)]
    facts = pdf.BookFacts(
        number=f"{form.code}-2026-C003",
        form_code=form.code,
        form_zh=form.zh,
        version=form.version,
        year=2026,
        first=serials[0],
        last=serials[-1],
        page_count=pages,
        office="东光物业客服中心",
        retention="三年",
        printed_on=date(2026, 11, 24),
        log_seq=1234,
        log_head=HEAD,
    )
    out = io.BytesIO()
    pdf.draw_book(laid, pdf.book_identities(laid, serials, facts.number, SECRET), facts, out)
    document = pypdfium2.PdfDocument(out.getvalue())
    try:
        return ["".join(page.get_textpage().get_text_range().split()) for page in document]
    finally:
        document.close()


@pytest.mark.parametrize("form", BOOKS, ids=lambda form: form.code)
def test_every_page_of_every_book_says_whose_neighbour_it_is_and_not_to_tear_it(form: Form) -> None:
    texts = book_texts(form)
    serials = [None, *(numbering.compose(form.code, 2026, 100 + page) for page in range(1, 6)), None]
    for page in range(1, 6):
        text = texts[page + 1]
        links = [chain.link(SECRET, serial) for serial in serials[page - 1 : page + 2]]
        assert "前页{}本页{}后页{}".format(*links) in text.replace("——", "----")
        assert f"第{page}页共5页" in text
        assert f"{form.code}-2026-C003" in text
        assert "本页不得撕毁" in text


@pytest.mark.parametrize("form", BOOKS, ids=lambda form: form.code)
def test_a_record_that_must_not_be_altered_says_how_a_slip_is_corrected(form: Form) -> None:
    text = book_texts(form, 1)[2]
    assert ("记录不得涂改" in text) == form.no_alter
    assert ("如有笔误，划线更正（原字迹须可辨认）并签名、注明日期" in text) == form.no_alter


def test_some_form_must_not_be_altered() -> None:
    assert [form.code for form in CATALOGUE.forms if form.no_alter] == ["ZB-02"]


def test_the_cover_and_the_last_page_hold_the_book_together() -> None:
    cover, sign_for, *_pages, colophon = book_texts(CATALOGUE.form("ZB-02"))
    first, last = (numbering.compose("ZB-02", 2026, number) for number in (101, 105))
    for text in (cover, sign_for, colophon):
        assert first in text
        assert last in text
        assert "ZB-02-2026-C003" in text
    for word in ("领用签收", "移交人", "清点页数", "领用/交接/交回"):
        assert word in sign_for
    for word in ("结册证明", "空白注销", "主管（结册人）", "管理处经理", f"第1234条{HEAD[:16]}"):
        assert word in colophon
    assert f"首页{chain.link(SECRET, first)}末页{chain.link(SECRET, last)}" in colophon
