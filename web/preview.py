"""A form as it would be printed, to look at before a number is taken: pictures, marked so that nobody uses them.

Only what was typed is shown. What the records know of the owner goes into the print, which is numbered and logged; a
look that leaves no trace must not tell it.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Mapping
from typing import Any

import pypdfium2
from sqlalchemy.orm import Session

from forms import pdf
from forms.catalogue import Form
from forms.layout import lay_out
from forms.printing import entering
from records.tables import Unit
from web.viewer import watermark

DPI = 96
MOST_PAGES = 6


def pictures(session: Session, office: str, form: Form, unit: Unit | None, values: Mapping[str, Any]) -> list[str]:
    """The first pages as ``data:`` addresses of JPEG pictures.

    Raises what printing would: UnknownField, BadValue, MissingGlyph, TooMuchForAPage.
    """
    known = entering.entered(session, form, None, values)
    estate, code = (unit.estate, unit.code) if unit else ("", "")
    laid = lay_out(form, known, office=office, estate=estate, unit_code=code)
    shown = [page.items for page in laid.pages[:MOST_PAGES]]
    return list(_rendered(pdf.draw_pages(shown, title=form.zh, paper=laid.paper)))


def _rendered(data: bytes) -> Iterator[str]:
    document = pypdfium2.PdfDocument(data)
    try:
        for page in document:
            picture = watermark(page.render(scale=DPI / 72).to_pil(), "预览 PREVIEW  没有编号，不作使用")
            out = io.BytesIO()
            picture.save(out, "JPEG", quality=80)
            yield f"data:image/jpeg;base64,{base64.b64encode(out.getvalue()).decode()}"
    finally:
        document.close()
