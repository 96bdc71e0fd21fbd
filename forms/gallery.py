"""Pictures of every form as it leaves the printer: one PNG each, and a contact sheet of them all."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pypdfium2
from PIL import Image

from forms import pdf
from forms.catalogue import Catalogue, Column, Field, Form, load_catalogue
from forms.layout import ROWS, lay_out
from forms.layout.cards import card_places
from forms.numbering import compose
from records.vault import write_durably

CONTACT_SHEET = "all.png"
_YEAR = 2026
_DPI = 96
_ACROSS = 8
_THUMB = (360, 420)
_GAP = 14
_SECRET = b"pictures prove nothing"
_BY_KEY = {
    "owner": "王建国", "name": "张小明", "contractor": "北京东光装饰工程有限公司", "trade": "水电工",
    "estate": "阳光花园", "fix_by": "2026-12-08",
}  # fmt: skip
_BY_KIND: dict[str, Any] = {
    "name": "李秀英", "unit": "3-2-1201", "phone": "13812345678", "id_number": "110101199001011237", "number": "2",
    "money": "300.00", "date": "2026-11-23", "datetime": "2026-11-23T09:30", "period": ["2026-11-23", "2027-02-22"],
}  # fmt: skip

# What stands in the README's pictures.
_HANDOVER = {
    "unit": "3-2-1201", "owner": "王建国", "date": "2026-11-23", "water": "3", "power": "12", "gas": "1",
    "items": [
        {"result": "合格"}, {"result": "合格"}, {"result": "整改", "problem": "主卧飘窗左下角渗水，面积约 0.6 平方米"},
        {"result": "合格"}, {"result": "合格"}, {"result": "合格"}, {"result": "整改", "problem": "北阳台护栏一处掉漆"},
        {"result": "合格"}, {"result": "合格"}, {"result": "合格"},
    ],
    "fix_by": "2026-12-08", "opinion": "请于装修前完成整改，整改后通知本人复验。",
}  # fmt: skip
_WORKERS = (("张小明", "水电工"), ("刘大江", "木工"), ("孙立", "油漆工"), ("周海生", "瓦工"))
_PASS = {
    "unit": "3-2-1201", "contractor": "东光装饰工程有限公司", "valid": ["2026-11-23", "2027-02-22"],
}  # fmt: skip

SHOWN: dict[str, tuple[str, tuple[dict[str, Any], ...]]] = {
    "page.png": ("HF-01", ()),
    "card.png": ("ZX-07", tuple({**_PASS, "name": name, "trade": trade} for name, trade in _WORKERS)),
    "sheet.png": ("RZ-08", (_HANDOVER,)),
}


def write_gallery(catalogue: Catalogue, folder: Path, office: str) -> list[Path]:
    """Write a picture of each form that is drawn here (Word forms are not) and the contact sheet; returns the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures: dict[str, Image.Image] = {}
    for form in catalogue.forms:
        if not form.is_word:
            pictures[form.code] = picture(form, office)
    written = [_write(folder / f"{code}.png", image) for code, image in pictures.items()]
    return [*written, _write(folder / CONTACT_SHEET, _contact_sheet(pictures.values()))]


def picture(form: Form, office: str, *values: Mapping[str, Any], dpi: int = _DPI) -> Image.Image:
    """The first printed page of a form: a page of a book, the first copy of a sheet, a sheet of small cards.

    ``values`` of one page; of cards those of each, or of none.
    """
    given = values or ({},) * (len(card_places()) if form.paper == "card" else 1)
    layouts = [lay_out(form, one, office=office, estate="阳光花园") for one in given]
    serials = [compose(form.code, _YEAR, number) for number in range(101, 151)]
    if form.mode == "book":
        runs = [(layouts[0], pdf.book_identities(layouts[0], serials, f"{form.code}-{_YEAR}-C003", _SECRET)[11:12])]
    else:
        numbered = zip(layouts, serials, strict=False)
        runs = [(laid, pdf.sheet_identities(laid, serial, _SECRET)[:1]) for laid, serial in numbered]
    out = io.BytesIO()
    pdf.draw_runs(runs, out, title=form.zh)
    document = pypdfium2.PdfDocument(out.getvalue())
    try:
        image: Image.Image = document[0].render(scale=dpi / 72).to_pil()
        return image
    finally:
        document.close()


def write_show(catalogue: Catalogue, folder: Path, office: str) -> list[Path]:
    """Write the few pictures that the README shows; returns the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    return [
        _write(folder / name, picture(catalogue.form(code), office, *values)) for name, (code, values) in SHOWN.items()
    ]


def example(form: Form, lines: int = 3) -> dict[str, Any]:
    """Values for a form as a clerk may have entered them, for pictures: nothing of any person who lives."""
    values: dict[str, Any] = {}
    for field in form.fields:
        if field.kind == "table":
            values[field.key] = [_line(field.columns) for _ in range(min(lines, field.rows))]
        else:
            values[field.key] = _example_of(field)
    if form.columns:
        values[ROWS] = [_line(form.columns) for _ in range(lines)]
    return {key: value for key, value in values.items() if value}


def _line(columns: Iterable[Column]) -> dict[str, Any]:
    return {column.key: _example_of(column) for column in columns if column.zh != "序号"}


def _example_of(place: Field | Column) -> Any:
    if place.options:
        return place.options[0]
    return _BY_KEY.get(place.key, _BY_KIND.get(place.kind, ""))


def _contact_sheet(images: Iterable[Image.Image]) -> Image.Image:
    thumbs = [image.copy() for image in images]
    for thumb in thumbs:
        thumb.thumbnail(_THUMB)
    wide, high = _THUMB[0] + _GAP, _THUMB[1] + _GAP
    rows = -(-len(thumbs) // _ACROSS)
    sheet = Image.new("RGB", (_ACROSS * wide + _GAP, rows * high + _GAP), (206, 210, 214))
    for number, thumb in enumerate(thumbs):
        left, top = _GAP + number % _ACROSS * wide, _GAP + number // _ACROSS * high
        sheet.paste(thumb, (left + (_THUMB[0] - thumb.width) // 2, top + (_THUMB[1] - thumb.height) // 2))
    return sheet


def _write(path: Path, image: Image.Image) -> Path:
    out = io.BytesIO()
    # Printed forms have few colours: a palette is a third of the size and looks the same.
    image.convert("RGB").quantize(64, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    write_durably(path, out.getvalue())
    return path


if __name__ == "__main__":  # make gallery
    write_show(load_catalogue(), Path(sys.argv[1]), "东光物业客服中心")
