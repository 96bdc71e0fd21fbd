"""A form with its values becomes placed pages: the body is stacked, stretched, and continued where needed."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from forms.catalogue import Field, Form, Signature
from forms.drawing.typeface import Typeface, load_typeface
from forms.layout import cover_sheet, entries
from forms.layout.blocks import (
    STRIP,
    Banner,
    Block,
    Cell,
    GridRow,
    Remark,
    Signatures,
    Table,
    WithPhoto,
    place_strip,
    signature_rows,
)
from forms.layout.board import PAD, Board, Rest, RestOfTable, RestOfText
from forms.layout.cards import lay_card
from forms.layout.frame import Area, body_area, paper_of, place_frame
from forms.layout.items import ENTERED, INK, Box, Item
from forms.layout.lead import Lead, lead_of
from forms.layout.text import clean, fit, line_height, wrap
from forms.paper import Paper
from records.errors import OfficeError

ROWS = "rows"  # the key under which a register's lines are given
_PHOTO_ROWS = 5
_SHARES = {"full": 1.0, "half": 0.5, "third": 1 / 3}
_A_LITTLE_MORE = 1.25
_CONTINUED = "（续页）"


class TooMuchForAPage(OfficeError):
    """A form's own boxes do not fit its page: the form must be changed, not the paper."""

    code = "print.too_much"
    zh = "《{form}》的内容放不进一页,请改用横向或减少行数。"
    en = "{form} has more boxes than one page holds; turn it to landscape or take rows out."


@dataclass(frozen=True)
class LaidPage:
    """One page with everything placed that does not depend on its number; ``boxes`` are where ink is looked for."""

    items: tuple[Item, ...]
    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class Laid:
    """A form laid out on paper: its pages, once per copy or once per page of a book.

    ``boxes`` and ``digest`` are kept with the printed numbers (forms.tables.Layout): [{"page": 1, "key", "kind":
    "signature" | "stamp" | "field", "x", "y", "w", "h"}, …] in mm from the top left, ``page`` counted within the
    layout. A book's pages are all alike: every one of them is page 1 of its layout.
    """

    form_code: str
    version: int
    title: str
    paper: Paper
    pages: tuple[LaidPage, ...]
    copies: tuple[str, ...]
    boxes: list[dict[str, Any]]
    digest: str


def lay_out(form: Form, values: Mapping[str, Any], *, office: str, estate: str = "", unit_code: str = "") -> Laid:
    """Place a form and the values entered in it.

    ``values``: by field key; a table field takes a list of mappings by column key, a register its lines under
    ``rows``. Dates as ``date`` or ISO text, periods as a pair, several ticks as a list. What does not fit goes on
    on marked continuation pages. Raises MissingGlyph for a character that cannot be printed, TooMuchForAPage for a
    form that cannot be laid out at all, CardTooSmall and CardTooFull for cards, which have no second page.
    """
    layer = _Layer(form, values, office, estate, unit_code, load_typeface())
    pages = layer.pages()
    paper = paper_of(form)
    boxes = [box.row(number) for number, page in enumerate(pages, start=1) for box in page.boxes]
    return Laid(form.code, form.version, form.zh, paper, tuple(pages), form.copies, boxes, _digest(form, paper, boxes))


def _digest(form: Form, paper: Paper, boxes: Sequence[Mapping[str, Any]]) -> str:
    whole = [form.code, form.version, paper.width, paper.height, boxes]
    return hashlib.sha256(json.dumps(whole, ensure_ascii=True, sort_keys=True).encode()).hexdigest()


class _Layer:
    """One form being laid out."""

    def __init__(
        self, form: Form, values: Mapping[str, Any], office: str, estate: str, unit_code: str, typeface: Typeface
    ) -> None:
        self.form = cover_sheet.completed(form) if form.mode == "external" else form
        self.values = {**({"unit": unit_code} if unit_code else {}), **values}
        if form.mode == "external":
            self.values = cover_sheet.filled(form, self.values)
        self.subtitle = cover_sheet.SUBTITLE if form.mode == "external" else ""
        self.office, self.estate, self.typeface = office, estate, typeface
        self.paper = paper_of(form)
        self.area = body_area(self.paper)

    def pages(self) -> list[LaidPage]:
        """Every page: the form (again for each pageful of register lines), then what goes on elsewhere."""
        if self.paper.is_card:
            card = lay_card(self.form, self.values, self.office, self.estate)
            return [LaidPage(tuple(card.items), tuple(card.boxes))]
        lines = list(self.values.get(ROWS) or []) if self.form.columns else []
        per_page = self.form.rows or 1
        starts = range(0, max(1, len(lines)), per_page)
        boards = [self._form_page(lines[start : start + per_page], start + 1) for start in starts]
        rests = deque(rest for board in boards for rest in board.rests)
        while rests:
            boards.append(self._continuation(rests))
        return [LaidPage(tuple(board.items), tuple(board.boxes)) for board in boards]

    def _board(self, subtitle: str = "") -> Board:
        board = Board(self.typeface)
        place_frame(board, self.paper, self.form, self.office, self.estate, subtitle or self.subtitle)
        return board

    def _form_page(self, lines: Sequence[Mapping[str, Any]], first: int) -> Board:
        board = self._board()
        area = self.area
        lead = lead_of(self.form, self.values)
        if lead:
            area = _place_lead(board, lead, area)
        blocks = self._blocks(board, lines, first)
        heights = shared_heights(blocks, area.h)
        if sum(heights) > area.h + 0.05:
            raise TooMuchForAPage(form=self.form.zh)
        _place_stack(board, area, blocks, heights)
        return board

    def _blocks(self, board: Board, lines: Sequence[Mapping[str, Any]], first: int) -> list[Block]:
        form = self.form
        blocks: list[Block] = [Banner(cover_sheet.BANNER)] if form.mode == "external" else []
        blocks += self._field_blocks(board)
        if form.columns and form.rows:
            blocks.append(Table(ROWS, "", form.columns, form.rows, lines, first=first, header=9.5))
        for text in _printed_remarks(form):
            count = len(wrap(self.typeface, text, self.area.w - 2 * (PAD + 0.6), 9.0))
            blocks.append(Remark(text, count))
        boxed: list[Signature] = [place for place in form.signatures if place.column is None]
        blocks += signature_rows(boxed, self.area.w)
        return blocks

    def _field_blocks(self, board: Board) -> list[Block]:
        blocks: list[Block] = []
        row: list[Field] = []
        for fld in self.form.fields:
            if fld.kind == "table" or (row and sum(_SHARES[one.width] for one in [*row, fld]) > 1.001):
                blocks += self._flush(board, row)
                row = []
            if fld.kind == "table":
                blocks.append(self._table(fld))
            else:
                row.append(fld)
        blocks += self._flush(board, row)
        return self._with_photo(board, blocks) if self.form.photo else blocks

    def _table(self, fld: Field) -> Table:
        rows = self.values.get(fld.key) or []
        return Table(fld.key, fld.zh, fld.columns, fld.rows, list(rows), fld.preset_rows())

    def _flush(self, board: Board, row: Sequence[Field], width: float = 0.0) -> list[GridRow]:
        """The fields as one row; the last one takes what room is left."""
        if not row:
            return []
        shares = [_SHARES[one.width] for one in row]
        shares[-1] += 1.0 - sum(shares)
        total = width or self.area.w
        cells = [
            Cell(fld, self.values.get(fld.key), share, _label_width(row, total))
            for fld, share in zip(row, shares, strict=True)
        ]
        lines = max((self._option_lines(board, cell, total) for cell in cells), default=1)
        return [GridRow(tuple(cells), lines)]

    def _option_lines(self, board: Board, cell: Cell, total: float) -> int:
        if cell.field.kind not in ("choice", "check"):
            return 1
        room = total * cell.share - cell.label_width - 2 * PAD
        # Counted without the values, so that a form's boxes lie at the same places however it is filled in.
        return len(entries.option_lines(board, cell.field.options, None, room, 9.0))

    def _with_photo(self, board: Board, blocks: Sequence[Block]) -> list[Block]:
        """The first rows beside a frame for the photograph, laid anew in the narrower room."""
        head = [block for block in blocks[:_PHOTO_ROWS] if isinstance(block, GridRow)]
        narrow = self.area.w - WithPhoto.photo_width
        rows = [row for block in head for row in self._flush(board, [cell.field for cell in block.cells], narrow)]
        return [WithPhoto(tuple(rows)), *blocks[len(head) :]]

    def _continuation(self, rests: deque[Rest]) -> Board:
        """A marked page for as much of the rest as it holds; takes it off the queue."""
        board = self._board(f"{self.form.en}　{_CONTINUED}")
        x, y, w = self.area.x, self.area.y, self.area.w
        end = self.area.y + self.area.h
        board.text(x, y + 3.6, f"续页：接《{self.form.zh}》", 9.5)
        y += 6.0
        while rests and end - y > STRIP + 20.0:
            rest = rests.popleft()
            more: Rest | None
            if isinstance(rest, RestOfText):
                tall, more = _place_rest_of_text(board, rest, x, y, w, end - y)
            else:
                tall, more = _place_rest_of_table(board, rest, x, y, w, end - y)
            board.panel(x, y, w, tall, stroke=0.9, colour=INK)
            y += tall + 4.0
            if more:
                rests.appendleft(more)
                break
        rests.extend(board.rests)
        return board


def _label_width(row: Sequence[Field], total: float) -> float:
    if any(fld.width == "third" for fld in row):
        return 21.0 if total < 200 else 26.0
    return 25.0 if total < 200 else 30.0


def _printed_remarks(form: Form) -> list[str]:
    remarks = [f"备注：{form.remark}"] if form.remark else []
    if form.note:
        remarks.append(f"说明：{form.note.zh}")
    return remarks


def _place_lead(board: Board, lead: Lead, area: Area) -> Area:
    """The line above a report's table: which period it tells of."""
    baseline = board.middle(area.y - 1.0, 6.0, 9.5)
    at = area.x + 0.5 + board.text(area.x + 0.5, baseline, lead.label, 9.5)
    if lead.value:
        board.text(at + 2.0, baseline, lead.value, 9.5, colour=ENTERED)
    else:
        board.text(at + 2.0, baseline, lead.blank, 9.5)
    return Area(area.x, area.y + 6.0, area.w, area.h - 6.0)


def shared_heights(blocks: Sequence[Block], room: float) -> list[float]:
    """Heights in mm: natural, then grown evenly up to each block's most, or shrunk down to its least."""
    heights = [block.natural for block in blocks]
    spare = room - sum(heights)
    limits = [block.most if spare > 0 else block.least for block in blocks]
    if spare > 0 and sum(limits) < room < sum(limits) * _A_LITTLE_MORE:
        limits = [limit * room / sum(limits) for limit in limits]  # rather roomy rows than a strip left empty
    for _ in range(4):
        reach = [abs(limit - height) for limit, height in zip(limits, heights, strict=True)]
        if abs(spare) < 0.01 or sum(reach) < 0.01:
            break
        share = min(1.0, abs(spare) / sum(reach))
        sign = 1.0 if spare > 0 else -1.0
        heights = [height + sign * step * share for height, step in zip(heights, reach, strict=True)]
        spare = room - sum(heights)
    return heights


def _place_stack(board: Board, area: Area, blocks: Sequence[Block], heights: Sequence[float]) -> None:
    y = area.y
    for number, (block, height) in enumerate(zip(blocks, heights, strict=True)):
        block.place(board, area.x, y, area.w, height)
        if number:
            heavy = isinstance(block, Signatures)
            board.line(area.x, y, area.x + area.w, y, 0.7 if heavy else 0.4)
        y += height
    board.panel(area.x, area.y, area.w, y - area.y, stroke=1.0, colour=INK)


def _place_rest_of_text(
    board: Board, rest: RestOfText, x: float, y: float, w: float, room: float
) -> tuple[float, RestOfText | None]:
    place_strip(board, x, y, w, f"{rest.label}（续）")
    fitted = fit(board.typeface, clean(rest.text), w - 2 * PAD, room - STRIP - 4.0, 9.5, 9.5)
    step = line_height(9.5)
    for number, line in enumerate(fitted.lines):
        board.text(x + PAD, board.middle(y + STRIP + 1.5 + number * step, step, 9.5), line, 9.5, colour=ENTERED)
    tall = STRIP + 3.0 + step * len(fitted.lines)
    return tall, RestOfText(rest.label, fitted.rest) if fitted.rest else None


def _place_rest_of_table(
    board: Board, rest: RestOfTable, x: float, y: float, w: float, room: float
) -> tuple[float, RestOfTable | None]:
    fits = max(1, min(len(rest.rows), int((room - STRIP - 8.0) / 9.0)))
    table = Table("", f"{rest.label}（续）", rest.columns, fits, rest.rows[:fits], first=rest.first)
    tall = table.top + fits * 9.0
    table.place(board, x, y, w, tall)
    more = rest.rows[fits:]
    return tall, RestOfTable(rest.label, rest.columns, more, rest.first + fits) if more else None
