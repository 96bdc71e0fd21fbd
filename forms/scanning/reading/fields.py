"""Reads a page of a known form: only what was written by hand, each piece into the field it stands in.

The printed page is known to the tenth of a millimetre: its layout by digest, its place in the picture by the fiducials.
What was printed in a box (words, squares, rules) is taken off; what is left is ink, judged as signatures are. A box
without ink is not read, nor is a place to sign, nor what was entered before printing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.catalogue import Catalogue, Column, Form, UnknownForm
from forms.layout import ROWS, Item, cover_sheet, lay_out
from forms.marks import PageMark
from forms.paper import Paper
from forms.scanning.looking import codes, registration
from forms.scanning.looking.registration import Registration
from forms.scanning.opening.rasters import Gray
from forms.scanning.reading.printed_marks import Marks, Word, marks_in
from forms.scanning.reading.recogniser import Reader
from forms.scanning.reading.written import Bounds, Patch, Sheet
from forms.tables import Serial
from records.errors import OfficeError
from records.readings import FieldRead, LineRead, Place
from records.tables import Document, Unit

# Kinds of fields whose printed words (年 月 日) belong to what is written between them.
_SLOTTED = ("date", "datetime", "period", "unit", "money")
_SLOT_WORDS = frozenset("年月日时分自至栋单元号 转续页")
# Writing higher than this is looked at for lines; lower, it is one line.
_ONE_LINE = 9.5
_APART = "  "
# A line that ends within this part of its field from the right was broken for want of room.
_FULL = 0.15

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Known:
    """What is known of a page before it is looked at. ``boxes`` (x, y, w, h in mm) are its fields, without signatures.

    ``items``: what was printed; None for a layout that today's form no longer draws. ``entered``: values by key.
    """

    serial: str
    paper: Paper
    boxes: tuple[Row, ...]
    items: tuple[Item, ...] | None
    form: Form | None
    entered: Mapping[str, Any]


def known_page(session: Session, catalogue: Catalogue, document: Document, position: int) -> Known | None:
    """What is known of a page of a document: None for a page that is none of a form with fields."""
    serial = session.scalar(select(Serial).where(Serial.text == document.serial)) if document.serial else None
    if serial is None or serial.layout is None or position > serial.page_count:
        return None
    number = 1 if serial.book_id is not None else position
    fields = [box for box in serial.layout.boxes if box["kind"] == "field" and box["key"]]
    if not fields:
        return None
    form = _form(catalogue, serial.form_code)
    unit = session.get(Unit, serial.unit_id) if serial.unit_id is not None else None
    return Known(
        serial=serial.text,
        paper=Paper(*serial.layout.paper),
        boxes=tuple(box for box in fields if box["page"] == number),
        items=_items(form, serial, unit, number) if form is not None else None,
        form=form,
        entered={key: value for key, value in serial.entered.items() if value not in (None, "", [])},
    )


def _form(catalogue: Catalogue, code: str) -> Form | None:
    try:
        return catalogue.form(code)
    except UnknownForm:
        return None


def _items(form: Form, serial: Serial, unit: Unit | None, number: int) -> tuple[Item, ...] | None:
    """What was printed on the page, drawn up again; None when today's form lays it out differently."""
    estate, code = (unit.estate, unit.code) if unit is not None else ("", "")
    try:
        laid = lay_out(form, serial.entered, office="", estate=estate, unit_code=code)
    except (OfficeError, ValueError, TypeError):
        return None
    return laid.pages[number - 1].items if laid.digest == serial.layout_digest else None


def read_fields(gray: Gray, known: Known, secret: bytes, reader: Reader) -> dict[str, FieldRead] | None:
    """Every field of an upright page (about 200 dpi); None when it cannot be registered, so that no box is sure."""
    registered = _registered(gray, known, secret)
    if registered is None or not registered.is_sure:
        return None
    page = _Page(Sheet(gray, registered), known, reader)
    return {str(box["key"]): page.field(box) for box in known.boxes}


def _registered(gray: Gray, known: Known, secret: bytes) -> Registration | None:
    """How the page lies, by its code, which must be its own; where none is left, by its squares.

    Which number a page without a code bears was proven by its printed number, or said by a person, when it was filed.
    """
    reading = codes.read(gray, secret)
    if reading.reason == "no_code":
        lying = (found for paper, found in registration.by_squares(gray) if paper == known.paper)
        return next((found for found in lying if found.is_upright), None)
    found = reading.found
    if found is None or not isinstance(found.mark, PageMark) or found.mark.serial != known.serial or found.rotation:
        return None
    return registration.register(gray, found.corners, known.paper)


class _Page:
    """One page being read."""

    def __init__(self, sheet: Sheet, known: Known, reader: Reader) -> None:
        self.sheet, self.known, self.reader = sheet, known, reader
        form = known.form
        self.form = cover_sheet.completed(form) if form is not None and form.mode == "external" else form

    def field(self, box: Row) -> FieldRead:
        """What stands in a field's box."""
        key = str(box["key"])
        marks = marks_in(self.known.items, box) if self.known.items is not None else Marks()
        kind, columns = self._kind(key)
        if key in self.known.entered and not columns:
            return self._printed(box, marks, self.known.entered[key])
        patch = self.sheet.patch(box, marks, keep_words=kind in _SLOTTED)
        if not patch.has_ink():
            return self._blank(box, marks, key)
        if columns and (cells := _cells(box, marks, len(columns))):
            return self._table(box, marks, patch, cells, columns) or self._blank(box, marks, key)
        if kind in ("choice", "check") and marks.options:
            return self._chosen(box, marks, patch)
        return self._together(box, self._lines(patch, patch.bounds(), marks.words if kind in _SLOTTED else ()))

    def _kind(self, key: str) -> tuple[str, Sequence[Column]]:
        if self.form is None:
            return "", ()
        if key == ROWS:
            return "table", self.form.columns
        field = self.form.field(key)
        return (field.kind, field.columns) if field is not None else ("", ())

    def _blank(self, box: Row, marks: Marks, key: str) -> FieldRead:
        if key in self.known.entered:
            return self._printed(box, marks, "")
        return FieldRead("", "blank", self.sheet.place(_bounds(box)))

    def _printed(self, box: Row, marks: Marks, value: object) -> FieldRead:
        """A field that was filled in before printing: its words and their places, from the layout."""
        words = [word for word in marks.words if word.entered]
        lines = tuple(LineRead(word.text, self.sheet.place(word.box)) for word in words)
        text = "\n".join(_rows_of(words)) or (value if isinstance(value, str) else "")
        return FieldRead(text, "printed", self.sheet.place(_bounds(box)), lines)

    def _together(self, box: Row, lines: Sequence[LineRead]) -> FieldRead:
        readable = [line for line in lines if set(line.text) - _SLOT_WORDS]
        if lines and not readable:
            # Nothing but the printed words between which one writes.
            return FieldRead("", "blank", self.sheet.place(_bounds(box)))
        return self._field(box, _run_on(readable, self.sheet.place(_bounds(box))), readable)

    def _field(self, box: Row, text: str, lines: Sequence[LineRead]) -> FieldRead:
        """A field with ink in it; where nothing could be read its text is empty, and its confidence 0."""
        long = sum(len(line.text) for line in lines)
        sure = sum(len(line.text) * (line.confidence or 0.0) for line in lines) / long if long else 0.0
        return FieldRead(text, "recognised", self.sheet.place(_bounds(box)), tuple(lines), round(sure, 3))

    def _lines(self, patch: Patch, inside: Bounds | None, slots: Sequence[Word] = ()) -> list[LineRead]:
        """The lines of writing in a part of a patch, recognised."""
        if inside is None:
            return []
        if inside[3] - inside[1] <= _ONE_LINE:
            parts = [_with_slots(inside, slots)]
        else:
            found = self.reader.places(patch.picture(inside))
            parts = [part for part in patch.in_mm(found, inside) if patch.has_ink(part)] or [inside]
        read = self.reader.strips([patch.picture(part) for part in parts])
        return [
            LineRead(text, self.sheet.place(part), sure) for part, (text, sure) in zip(parts, read, strict=True) if text
        ]

    def _chosen(self, box: Row, marks: Marks, patch: Patch) -> FieldRead:
        """The options ticked (or ringed), and what was written beside them."""
        chosen = [option for option in marks.options if patch.is_ticked(option)]
        lines = [
            LineRead(option.word.text, self.sheet.place(_around(option.square, option.word.box)), 1.0)
            for option in chosen
            if option.word is not None
        ]
        rest = patch.without_ticks(marks.options)
        beside = self._lines(rest, rest.bounds()) if rest.has_ink() else []
        text = " ".join(
            [part for part in ("、".join(line.text for line in lines), *(line.text for line in beside)) if part]
        )
        return self._field(box, text, [*lines, *beside])

    def _table(
        self, box: Row, marks: Marks, patch: Patch, cells: Sequence[Sequence[Bounds]], columns: Sequence[Column]
    ) -> FieldRead | None:
        """A table row by row; None when its ink is all in columns to sign."""
        signed = {place.column for place in self.form.signatures} if self.form is not None else set()
        lines: list[LineRead] = []
        rows: list[str] = []
        inked = False
        for row in cells:
            read: list[LineRead] = []
            for cell, column in zip(row, columns, strict=True):
                if column.key not in signed and patch.has_ink(cell):
                    found = self._cell(patch, cell, marks)
                    inked = inked or found is not None
                    read += found or []
            if read:
                rows.append(_row_text(row, marks, read))
            lines += read
        return self._field(box, "\n".join(rows), lines) if inked else None

    def _cell(self, patch: Patch, cell: Bounds, marks: Marks) -> list[LineRead] | None:
        """What is written in a cell; None for one that was printed or only ticked off by chance."""
        options = [option for option in marks.options if _inside(option.square, cell)]
        if options:
            ticked = [option for option in options if patch.is_ticked(option)]
            return [
                LineRead(option.word.text if option.word else "是", self.sheet.place(cell), 1.0) for option in ticked
            ] or None
        if any(_inside(word.box, cell) for word in marks.words):
            return None
        return self._lines(patch, patch.bounds(cell))


def _bounds(box: Row) -> Bounds:
    return float(box["x"]), float(box["y"]), float(box["x"] + box["w"]), float(box["y"] + box["h"])


def _inside(small: Bounds, large: Bounds) -> bool:
    """Whether the middle of a place lies in another."""
    x, y = (small[0] + small[2]) / 2, (small[1] + small[3]) / 2
    return large[0] <= x <= large[2] and large[1] <= y <= large[3]


def _around(one: Bounds, other: Bounds) -> Bounds:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _with_slots(inside: Bounds, slots: Sequence[Word]) -> Bounds:
    """The line widened to the printed words that it is written between."""
    for word in slots:
        inside = _around(inside, word.box)
    return inside


def _cells(box: Row, marks: Marks, count: int) -> list[list[Bounds]]:
    """A table's cells row by row, from the rules printed in it; none when they are not those of ``count`` columns."""
    left, top, right, bottom = _bounds(box)
    down, across = _spread([left, *marks.down, right]), _spread([top, *marks.across, bottom])
    if len(down) != count + 1 or len(across) < 2:
        return []
    return [[(x1, y1, x2, y2) for x1, x2 in pairwise(down)] for y1, y2 in pairwise(across)]


def _spread(values: Sequence[float]) -> list[float]:
    """The values in order, those that are one rule taken as one."""
    found: list[float] = []
    for value in sorted(values):
        if not found or value - found[-1] > 2.0:
            found.append(value)
    return found


def _row_text(row: Sequence[Bounds], marks: Marks, read: Sequence[LineRead]) -> str:
    """A row as it is read out: the item printed at its head, and what was written beside it."""
    written = _APART.join(line.text for line in read)
    if any(_inside(option.square, row[0]) for option in marks.options):
        return written
    head = "".join(word.text for word in marks.words if _inside(word.box, row[0]) and not word.text.isdecimal())
    return f"{head}：{written}" if head else written


def _rows_of(words: Sequence[Word]) -> list[str]:
    """Printed words as they stand side by side: a text for each line of print."""
    rows: dict[float, list[Word]] = {}
    for word in words:
        rows.setdefault(round(word.box[3], 1), []).append(word)
    return [_APART.join(word.text for word in rows[low]) for low in sorted(rows)]


def _run_on(lines: Sequence[LineRead], field: Place) -> str:
    """Lines of writing as one text: where a line reaches the end of its field, the next one goes on with it."""
    text, end = "", field[0] + field[2]
    for number, line in enumerate(lines):
        before = lines[number - 1] if number else None
        full = before is not None and before.box[0] + before.box[2] > end - _FULL * field[2]
        text += ("" if full or before is None else "\n") + line.text
    return text
