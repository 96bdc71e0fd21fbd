"""The parts of a form's body: rows of labelled boxes, tables, signatures, remarks; each knows how high it may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from forms.catalogue import Column, Field, Signature
from forms.layout import entries
from forms.layout.board import PAD, Board, RestOfTable
from forms.layout.items import ENTERED, INK, SHADE, SOFT, WHITE

LABEL_SIZE = 9.0
ROW = 9.5
LEAST_ROW = 8.0
STRIP = 6.2
SIGN_STRIP = 5.6
DATE_STRIP = 6.0
INK_HEIGHT = {"signature": 17.0, "stamp": 26.0}
LEAST_INK_WIDTH = 47.0


class Block(Protocol):
    """A part of the body. ``natural`` height in mm; it may shrink to ``least`` and grow to ``most``."""

    @property
    def natural(self) -> float: ...
    @property
    def least(self) -> float: ...
    @property
    def most(self) -> float: ...

    def place(self, board: Board, x: float, y: float, w: float, h: float) -> None:
        """Put everything on the board."""


@dataclass(frozen=True)
class Cell:
    """A labelled box of a row; ``share`` of the row's width, ``label_width`` in mm."""

    field: Field
    value: Any
    share: float
    label_width: float


@dataclass(frozen=True)
class GridRow:
    """Labelled boxes side by side."""

    cells: Sequence[Cell]
    lines: int = 1  # that the options of a choice take

    @property
    def natural(self) -> float:
        return max(ROW, self._tall * 8.0 + 1.5 if self._tall else 0.0, self.lines * 6.5 + 3.0)

    @property
    def least(self) -> float:
        return max(LEAST_ROW, self._tall * 7.0, self.lines * 6.0 + 1.5)

    @property
    def most(self) -> float:
        return self._tall * 16.0 if self._tall else max(12.0, self.natural + 2.0)

    @property
    def _tall(self) -> int:
        return max((cell.field.lines for cell in self.cells if cell.field.kind == "long"), default=0)

    def place(self, board: Board, x: float, y: float, w: float, h: float) -> None:
        for cell in self.cells:
            wide = w * cell.share
            _place_label(board, x, y, cell.label_width, h, cell.field.zh)
            left, inner = x + cell.label_width, wide - cell.label_width
            place_value(board, cell.field, cell.value, left, y, inner, h)
            board.box(cell.field.key, "field", left, y, inner, h)
            if cell is not self.cells[0]:
                board.line(x, y, x, y + h)
            board.line(left, y, left, y + h)
            x += wide


def _place_label(board: Board, x: float, y: float, w: float, h: float, text: str) -> None:
    board.panel(x, y, w, h, fill=SHADE)
    board.words(x, y, w, h, text, LABEL_SIZE, align="centre", pad=1.2)


def place_value(board: Board, fld: Field, value: Any, x: float, y: float, w: float, h: float) -> None:
    """A field's value in its box, or what waits there for a pen."""
    if fld.kind in ("choice", "check") and fld.options:
        entries.ticks(board, fld.options, value, x, y, w, h)
        return
    text = entries.shown(fld.kind, value)
    if not text:
        entries.slots(board, fld.kind, x, y, w, h)
    board.entered(x, y, w, h, text, entries.SIZE, label=fld.zh, colour=ENTERED, top=fld.kind == "long")


@dataclass(frozen=True)
class Table:
    """A table: an optional title strip, a shaded header, rows.

    ``key`` is the field's, ``rows`` for a register, empty on a continuation page.
    """

    key: str
    title: str
    columns: Sequence[Column]
    count: int
    rows: Sequence[Mapping[str, Any]] = ()
    preset: Sequence[Mapping[str, Any]] = ()
    first: int = 1
    header: float = 8.0
    row: float = 8.5
    least_row: float = 8.0

    @property
    def top(self) -> float:
        """Height of the title strip and the header."""
        return self.header + (STRIP if self.title else 0.0)

    @property
    def natural(self) -> float:
        return self.top + self.count * self.row

    @property
    def least(self) -> float:
        return self.top + self.count * self.least_row

    @property
    def most(self) -> float:
        return self.top + self.count * (11.0 if self.title else 13.5)

    def place(self, board: Board, x: float, y: float, w: float, h: float) -> None:
        if self.title:
            place_strip(board, x, y, w, self.title)
            y, h = y + STRIP, h - STRIP
        widths = column_widths(board, self.columns, w)
        self._place_header(board, x, y, widths)
        if self.title:
            board.line(x, y, x + w, y)
        tall = (h - self.header) / self.count
        for place in range(self.count):
            top = y + self.header + place * tall
            board.line(x, top, x + w, top)
            self._place_row(board, x, top, widths, tall, place)
        left = x
        for wide in widths[:-1]:
            left += wide
            board.line(left, y, left, y + h)
        if self.key:
            board.box(self.key, "field", x, y + self.header, w, h - self.header)
        if len(self.rows) > self.count:
            rest = RestOfTable(self.title, self.columns, self.rows[self.count :], self.first + self.count)
            board.rests.append(rest)

    def _place_header(self, board: Board, x: float, y: float, widths: Sequence[float]) -> None:
        board.panel(x, y, sum(widths), self.header, fill=SHADE)
        for column, wide in zip(self.columns, widths, strict=True):
            board.words(x, y, wide, self.header, heading(column), 8.5, align="centre", pad=0.8, smallest=6.0)
            x += wide

    def _place_row(self, board: Board, x: float, y: float, widths: Sequence[float], h: float, place: int) -> None:
        given = self.rows[place] if place < len(self.rows) else {}
        preset = self.preset[place] if place < len(self.preset) else {}
        for column, wide in zip(self.columns, widths, strict=True):
            value = given.get(column.key)
            printed = value is None or value == ""
            if printed:
                value = preset.get(column.key, self._number(column, place))
            self._place_cell(board, column, value, printed, x, y, wide, h, place)
            x += wide

    def _place_cell(
        self,
        board: Board,
        column: Column,
        value: Any,
        printed: bool,
        x: float,
        y: float,
        w: float,
        h: float,
        place: int,
    ) -> None:
        if column.options:
            entries.ticks(board, column.options, value, x, y, w, h, 7.5)
        elif column.kind == "check":
            side = entries.TICK
            board.tick(x + (w - side) / 2, y + (h - side) / 2, side, bool(value))
        else:
            kind = "text" if "元" in column.zh else column.kind
            text = entries.shown_in(board, kind, value, w, 9.0)
            label = f"{self.title or '表格'} 第{self.first + place}行 {heading(column)}"
            colour = INK if printed else ENTERED
            board.entered(x, y, w, h, text, 9.0, label=label, align=entries.align_of(column.kind), colour=colour)

    def _number(self, column: Column, place: int) -> str:
        """Lines of a table are numbered in print, so that a line taken out would show; a year's twelve named."""
        if column.zh == "月份" and self.count == 12:
            return f"{place + 1}月"
        return str(self.first + place) if column.zh == "序号" else ""


def heading(column: Column) -> str:
    """A column's heading; options that are printed in each cell are not listed there again."""
    return column.zh.split("(")[0].split("（")[0] if column.options else column.zh


def column_widths(board: Board, columns: Sequence[Column], width: float) -> list[float]:
    """Column widths in mm by weight, none narrower than the longest part of its heading in two lines."""
    total = sum(column.weight for column in columns)
    wide = [width * column.weight / total for column in columns]
    least = [max(9.0, board.typeface.width(heading(column), 8.0) / 2 + 2.5) for column in columns]
    short = sum(max(0.0, low - now) for low, now in zip(least, wide, strict=True))
    spare = sum(max(0.0, now - low) for low, now in zip(least, wide, strict=True))
    if spare <= short:
        return wide
    taken = short / spare if spare else 0.0
    return [low if now < low else now - (now - low) * taken for low, now in zip(least, wide, strict=True)]


def place_strip(board: Board, x: float, y: float, w: float, text: str) -> None:
    """A shaded title strip across the grid."""
    board.panel(x, y, w, STRIP, fill=SHADE)
    board.text(x + PAD + 0.6, board.middle(y, STRIP, LABEL_SIZE), text, LABEL_SIZE)


@dataclass(frozen=True)
class Signatures:
    """Places to sign or stamp side by side, each at least 45 x 15 mm, with the role and a line for the date."""

    places: Sequence[Signature]
    in_a_row: int

    @property
    def natural(self) -> float:
        return self._ink + SIGN_STRIP + DATE_STRIP

    @property
    def least(self) -> float:
        return self.natural - 2.0

    @property
    def most(self) -> float:
        return self.natural + 5.0

    @property
    def _ink(self) -> float:
        return max(INK_HEIGHT[place.kind] for place in self.places)

    def place(self, board: Board, x: float, y: float, w: float, h: float) -> None:
        wide = w / self.in_a_row
        board.panel(x, y, w, SIGN_STRIP, fill=SHADE)
        board.line(x, y + SIGN_STRIP, x + w, y + SIGN_STRIP)
        start = x + wide * (self.in_a_row - len(self.places))
        if start > x + 1.0:
            board.text(x + PAD + 0.6, board.middle(y, SIGN_STRIP, LABEL_SIZE), "附记", LABEL_SIZE)
        for number, place in enumerate(self.places):
            left = start + number * wide
            self._place_one(board, place, left, y, wide, h)
            if left > x + 1.0:
                board.line(left, y, left, y + h)

    def _place_one(self, board: Board, place: Signature, x: float, y: float, w: float, h: float) -> None:
        board.text(x + PAD + 0.6, board.middle(y, SIGN_STRIP, LABEL_SIZE), place.zh, LABEL_SIZE)
        hint = "盖章" if place.kind == "stamp" else "签字"
        board.text(x + w - PAD, board.middle(y, SIGN_STRIP, 7), hint, 7, align="right", colour=SOFT)
        low = y + h - DATE_STRIP
        day = min(w, 46.0)
        entries.slots(board, "date", x + w - day, low, day, DATE_STRIP)
        board.box(place.key, place.kind, x + 0.8, y + SIGN_STRIP + 0.4, w - 1.6, low - y - SIGN_STRIP - 0.4)


def signature_rows(places: Sequence[Signature], width: float) -> list[Signatures]:
    """The places in rows, as even as can be, none narrower than a signature needs."""
    if not places:
        return []
    fits = max(1, min(4, int(width // LEAST_INK_WIDTH)))
    rows = -(-len(places) // fits)
    in_a_row = max(2, -(-len(places) // rows))
    return [Signatures(places[start : start + in_a_row], in_a_row) for start in range(0, len(places), in_a_row)]


@dataclass(frozen=True)
class WithPhoto:
    """Rows of boxes with a frame for a photograph at their right."""

    rows: Sequence[GridRow]
    photo_width: float = 34.0

    @property
    def natural(self) -> float:
        return max(48.0, sum(row.natural for row in self.rows))

    @property
    def least(self) -> float:
        return 46.0

    @property
    def most(self) -> float:
        return self.natural + 6.0

    def place(self, board: Board, x: float, y: float, w: float, h: float) -> None:
        inner, tall = w - self.photo_width, h / len(self.rows)
        for number, row in enumerate(self.rows):
            row.place(board, x, y + number * tall, inner, tall)
            if number:
                board.line(x, y + number * tall, x + inner, y + number * tall)
        left = x + inner
        board.line(left, y, left, y + h)
        across, high = 26.0, 36.0
        board.panel(left + (self.photo_width - across) / 2, y + (h - high) / 2, across, high, stroke=0.4, colour=SOFT)
        board.text(left + self.photo_width / 2, y + h / 2 - 1.0, "贴照片处", 9, align="centre", colour=SOFT)
        board.text(left + self.photo_width / 2, y + h / 2 + 4.0, "一寸 25 × 35 mm", 6, align="centre", colour=SOFT)


@dataclass(frozen=True)
class Banner:
    """A dark band across the grid, seen from afar in a pile of paper."""

    text: str
    natural: float = 11.0
    least: float = 9.0
    most: float = 11.0

    def place(self, board: Board, x: float, y: float, w: float, h: float) -> None:
        board.panel(x, y, w, h, fill=INK)
        board.text(x + w / 2, board.middle(y, h, 13), self.text, 13, align="centre", colour=WHITE)


@dataclass(frozen=True)
class Remark:
    """A printed remark within the grid, under its own small heading."""

    text: str
    lines: int

    @property
    def natural(self) -> float:
        return 4.0 + 4.4 * self.lines

    @property
    def least(self) -> float:
        return self.natural - 1.0

    @property
    def most(self) -> float:
        return self.natural + 1.5

    def place(self, board: Board, x: float, y: float, w: float, h: float) -> None:
        board.words(x, y, w, h, self.text, 9.0, pad=PAD + 0.6)
