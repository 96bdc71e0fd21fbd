"""Agreements and notices as Word documents: a form's template filled with its values, number and code."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import jinja2
from docx.shared import Mm
from docxtpl import DocxTemplate, InlineImage
from jinja2.sandbox import SandboxedEnvironment

from forms.catalogue import Field, Form
from forms.drawing.qr import no_code
from forms.word.templates import WordShelf, WordTemplate
from records.errors import BadInput

# What every template may show besides the form's own fields.
OFFICE_KEYS = {
    "estate": ("小区", "text"),
    "unit": ("单元房号", "unit"),
    "owner": ("业主姓名", "name"),
    "phone": ("联系电话", "phone"),
    "id_number": ("身份证号", "id_number"),
    "date": ("日期", "date"),
}
# With its quiet zone; the symbol itself is then 23 mm or more, and the header holds it 25 mm from the paper's edge.
QR_WIDTH_MM = 30
_NOT_XML = re.compile("[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# The earliest instant a zip can hold: the same values must give the same bytes.
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


class Line(jinja2.Undefined):
    """A value not given: a line to write on, whatever the template does with it."""

    ruled = "________"

    def __str__(self) -> str:
        return self.ruled


class DateLine(Line):
    """A date not given."""

    ruled = "____年__月__日"


class LongLine(Line):
    """A longer text not given."""

    ruled = "________________________________"


_LINES: dict[str, type[Line]] = {"date": DateLine, "long": LongLine}


def fill_word(
    form: Form,
    copy: str,
    values: Mapping[str, object],
    serial: str,
    qr_png: bytes,
    office: str,
    *,
    reprint: bool = False,
    template: WordTemplate | None = None,
) -> bytes:
    """One copy 联 of an agreement or notice as .docx; the same arguments give the same bytes.

    ``copy`` is the label of the part ("" for a form of one copy); ``values`` are by field key, besides ``estate``,
    ``unit``, ``owner``, ``phone``, ``id_number`` and ``date``; a value not given leaves a line to write on. ``qr_png``
    is the page's code with its quiet zone, set 30 mm wide; ``template`` the built-in one unless given. Raises BadInput
    for a character Word cannot hold.
    """
    chosen = template or WordShelf.built_in(form)
    document = DocxTemplate(io.BytesIO(chosen.data))
    context = shown_values(form, values) | {
        "serial": serial,
        "copy": copy,
        "office": office,
        "reprint": "重印" if reprint else "",
        "form": about_form(form, chosen),
        "qr": InlineImage(document, io.BytesIO(qr_png), width=Mm(QR_WIDTH_MM)),
    }
    document.render(context, template_language())
    made = io.BytesIO()
    document.save(made)
    return _without_clock(made.getvalue())


def about_form(form: Form, template: WordTemplate) -> dict[str, str]:
    """What a template may tell of the form: ``form.name``, ``form.code``, ``form.version``, ``form.clause``."""
    version = template.version(form)
    return {"name": form.zh, "code": form.code, "version": version, "clause": "、".join(form.clauses)}


def template_language() -> SandboxedEnvironment:
    """Jinja that cannot leave the template and escapes every value; ``box`` leaves a ruled cell empty."""
    environment = SandboxedEnvironment(autoescape=True, undefined=Line)
    environment.globals.clear()
    environment.filters["box"] = lambda value: "" if isinstance(value, Line) else value
    return environment


def shown_values(form: Form, values: Mapping[str, object]) -> dict[str, Any]:
    """Every value as a template shows it, by key: words, lines to write on, and a table's rows. Raises BadInput."""
    context: dict[str, Any] = {key: _shown(*about, values.get(key)) for key, about in OFFICE_KEYS.items()}
    for one in form.fields:
        given = values.get(one.key)
        context[one.key] = _table(one, given) if one.kind == "table" else _shown(one.zh, one.kind, given)
    return context


def _table(field: Field, given: object) -> list[dict[str, str]]:
    """The table's rows by column key: the preset ones, what was entered over them, empty ones to its full length."""
    entered = [row for row in given if isinstance(row, Mapping)] if isinstance(given, list) else []
    preset = field.preset_rows()
    rows = []
    for number in range(max(field.rows, len(entered))):
        values: dict[str, object] = {**dict(*preset[number : number + 1]), **dict(*entered[number : number + 1])}
        shown = {column.key: _shown(column.zh, column.kind, values.get(column.key)) for column in field.columns}
        rows.append({key: "" if isinstance(value, Line) else value for key, value in shown.items()})
    return rows


def _shown(name: str, kind: str, value: object) -> Any:
    """The words that stand on paper for a value, or a line to write on."""
    if isinstance(value, list | tuple):
        value = "、".join(str(part) for part in value)
    if isinstance(value, str) and kind in ("date", "datetime"):
        value = _moment(value)
    if isinstance(value, date):
        clock = f" {value:%H:%M}" if isinstance(value, datetime) and kind == "datetime" else ""
        value = f"{value.year}年{value.month}月{value.day}日{clock}"
    text = "" if value is None else str(value).replace("\r\n", "\n").strip()
    if wrong := _NOT_XML.search(text):
        raise BadInput(what=f"{name}含有不能打印的字符 U+{ord(wrong.group()):04X}")
    if kind == "long":
        text = text.replace("\n", "\a")  # docxtpl's sign for a new paragraph, so that each line is indented
    return text or _LINES.get(kind, Line)(name=name)


def _moment(text: str) -> date | str:
    """An ISO date or date-time as such; other wording (一月内, 长期) stays as it was entered."""
    try:
        return date.fromisoformat(text) if len(text) == len("2026-01-31") else datetime.fromisoformat(text)
    except ValueError:
        return text


def _without_clock(docx: bytes) -> bytes:
    """The same package with every entry dated alike."""
    return _packed(_unpacked(docx))


def _unpacked(docx: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(docx)) as package:
        return {entry.filename: package.read(entry) for entry in package.infolist()}


def _packed(parts: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in parts.items():
            new.writestr(zipfile.ZipInfo(name, _ZIP_EPOCH), data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


@dataclass(frozen=True)
class Draft:
    """A filled document that waits for its number: filling takes long, and numbers are taken under a lock."""

    parts: Mapping[str, bytes] = field(repr=False)
    serial: str
    qr_png: bytes = field(repr=False)

    def numbered(self, serial: str, qr_png: bytes) -> bytes:
        """The document with its number and code, the same bytes as if it had been filled with them."""
        old, new = self.serial.encode(), serial.encode()
        return _packed(
            {
                name: qr_png if data == self.qr_png else data.replace(old, new) if name.endswith(".xml") else data
                for name, data in self.parts.items()
            }
        )


def draft_word(form: Form, copy: str, values: Mapping[str, object], office: str, template: WordTemplate) -> Draft:
    """The same as ``fill_word``, but for the number and the code. Raises BadInput."""
    serial, code = f"{form.code}-0000-000000-0", no_code()
    return Draft(_unpacked(fill_word(form, copy, values, serial, code, office, template=template)), serial, code)
