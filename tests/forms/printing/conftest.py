"""A print shop, a few of its forms, and what stands on the pages that it printed."""

from __future__ import annotations

import pypdfium2
import pytest
import zxingcpp
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms import marks
from forms.catalogue import load_catalogue
from forms.drawing.typeface import load_typeface
from forms.marks import PageMark
from forms.printing.shop import Printed, PrintShop
from forms.tables import Serial

SECRET = bytes(32)
CATALOGUE = load_catalogue()
FORMS = {
    code: CATALOGUE.form(code) for code in ("HF-01", "ZX-01", "ZX-02", "ZX-08", "RZ-01", "RZ-07", "FX-01", "RZ-12")
}


@pytest.fixture(scope="module")
def shop() -> PrintShop:
    """The print shop of an office."""
    return PrintShop(CATALOGUE, load_typeface(), SECRET, "东光物业客服中心")


def pages_of(printed: Printed) -> list[str]:
    """The text of each page of the PDF."""
    with pypdfium2.PdfDocument(printed.data) as document:
        return [page.get_textpage().get_text_range() for page in document]


def marks_of(data: bytes) -> list[PageMark | marks.ForeignMark]:
    """What the code of each page says, read from a picture of it."""
    found = []
    with pypdfium2.PdfDocument(data) as document:
        for page in document:
            for code in zxingcpp.read_barcodes(page.render(scale=2).to_pil()):
                found.append(marks.read(SECRET, code.text))
    return found


def row(session: Session, text: str) -> Serial:
    """The row of a serial."""
    return session.scalars(select(Serial).where(Serial.text == text)).one()
