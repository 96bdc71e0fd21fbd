"""A small card 证件: photo and fields above, the stamp beside the code below; four lie on a sheet with crop marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from forms.catalogue import Field, Form
from forms.drawing.typeface import Typeface, load_typeface
from forms.layout import entries
from forms.layout.blocks import place_value
from forms.layout.board import PAD, Board
from forms.layout.frame import place_fiducials, shrunk, source_line
from forms.layout.items import INK, SHADE, SOFT, Item, Line, Text
from forms.paper import A4, CARD, Paper
from records.errors import OfficeError

_LEFT, _WIDTH = 5.0, 80.0
_TOP, _LOW = 22.5, 119.9
_STAMP_HEIGHT, _STAMP_WIDTH, _STRIP = 29.8, 50.0, 4.2
_PHOTO_ROWS, _PHOTO_HEIGHT, _PHOTO_WIDTH = 4, 35.2, 28.0
_LEAST_ROW = 8.0
_LABEL = 17.0
_MARK = 5.0
_NOTE = "沿裁切线裁开使用；扫描时每证单独一页。"
#: Cards side by side and one above the other on a sheet of A4.
ACROSS, DOWN = 2, 2


class CardTooSmall(OfficeError):
    """What was entered does not fit the card, and a card has no second page."""

    code = "print.card_too_small"
    zh = "《{form}》是小卡片,「{field}」的内容放不下,请缩写。"
    en = "{form_en} is a small card; what was entered as {field} does not fit, shorten it."


class CardTooFull(OfficeError):
    """The form has more fields than its card has room for."""

    code = "print.card_too_full"
    zh = "《{form}》的栏目在小卡片上放不下,请减少栏目,或把 paper 改为 a4。"
    en = "{form_en} has more fields than a small card holds; take some out, or print it on A4."


def lay_card(form: Form, values: Mapping[str, Any], office: str, estate: str) -> Board:
    """The card of a form with its values. Raises CardTooSmall, CardTooFull, MissingGlyph."""
    board = Board(load_typeface())
    place_fiducials(board, CARD)
    _place_heading(board, form, f"{office}　{estate}" if estate else office)
    end = _place_fields(board, form, values)
    _place_lower_part(board, form, end)
    board.panel(_LEFT, _TOP, _WIDTH, _LOW - _TOP, stroke=0.9, colour=INK)
    _place_foot(board, form)
    if board.rests:
        raise CardTooSmall(form=form.zh, form_en=form.en, field=board.rests[0].label)
    return board


def _place_heading(board: Board, form: Form, keeper: str) -> None:
    middle = CARD.width / 2
    board.text(middle, 7.4, keeper, shrunk(board, keeper, 8.0, 72.0), align="centre", colour=SOFT)
    size = shrunk(board, form.zh, 16.0, _WIDTH - 8.0, serif=True)
    board.text(middle, 14.6, form.zh, size, align="centre", face="serif", bold=0.45)
    board.line(_LEFT, 16.6, _LEFT + _WIDTH, 16.6, 1.0, INK)


def _place_fields(board: Board, form: Form, values: Mapping[str, Any]) -> float:
    """The fields, the first beside the photo; returns where they end, which is where the stamp begins."""
    beside = list(form.fields[: _PHOTO_ROWS if form.photo else 0])
    rows = _rows(form.fields[len(beside) :])
    end = _LOW - _STAMP_HEIGHT
    y = _TOP
    if beside:
        for number, fld in enumerate(beside):
            step = _PHOTO_HEIGHT / len(beside)
            _place_row(board, [fld], values, y + number * step, _WIDTH - _PHOTO_WIDTH, step)
        _place_photo(board, y)
        y += _PHOTO_HEIGHT
    step = (end - y) / max(1, len(rows))
    if step < _LEAST_ROW or any(fld.kind == "table" for fld in form.fields):
        raise CardTooFull(form=form.zh, form_en=form.en)
    for number, row in enumerate(rows):
        _place_row(board, row, values, y + number * step, _WIDTH, step)
    return end


def _rows(fields: Sequence[Field]) -> list[list[Field]]:
    """A field a row, or two where there are more than a card has rows for: halves of 80 mm are narrow."""
    room = int((_LOW - _STAMP_HEIGHT - _TOP - _PHOTO_HEIGHT) / _LEAST_ROW)
    if len(fields) <= room:
        return [[fld] for fld in fields]
    rows: list[list[Field]] = []
    for fld in fields:
        if rows and len(rows[-1]) == 1 and {fld.width, rows[-1][0].width} <= {"half", "third"}:
            rows[-1].append(fld)
        else:
            rows.append([fld])
    return rows


def _place_row(board: Board, row: Sequence[Field], values: Mapping[str, Any], y: float, width: float, h: float) -> None:
    wide = width / len(row)
    for number, fld in enumerate(row):
        x = _LEFT + number * wide
        board.panel(x, y, _LABEL, h, fill=SHADE)
        board.words(x, y, _LABEL, h, fld.zh, 8.5, align="centre", pad=0.8)
        left, inner = x + _LABEL, wide - _LABEL
        place_value(board, fld, values.get(fld.key), left, y, inner, h)
        board.box(fld.key, "field", left, y, inner, h)
        board.line(left, y, left, y + h)
        if number:
            board.line(x, y, x, y + h)
    board.line(_LEFT, y, _LEFT + width, y)


def _place_photo(board: Board, y: float) -> None:
    """A frame for a one-inch photograph, 25 × 35 mm."""
    left = _LEFT + _WIDTH - _PHOTO_WIDTH
    board.line(left, y, left, y + _PHOTO_HEIGHT)
    middle = left + _PHOTO_WIDTH / 2
    board.panel(middle - 12.5, y + 0.1, 25.0, 35.0, stroke=0.3, colour=SOFT)
    board.text(middle, y + 17.0, "贴照片处", 8.0, align="centre", colour=SOFT)
    board.text(middle, y + 21.5, "一寸 25 × 35 mm", 6.0, align="centre", colour=SOFT)
    board.line(left, y + _PHOTO_HEIGHT, _LEFT + _WIDTH, y + _PHOTO_HEIGHT)


def _place_lower_part(board: Board, form: Form, y: float) -> None:
    """The place to stamp or sign at the left, the code's place at the right."""
    split = _LEFT + _STAMP_WIDTH
    place = next(iter(form.signatures), None)
    if place is not None:
        board.panel(_LEFT, y, _STAMP_WIDTH, _STRIP, fill=SHADE)
    board.line(_LEFT, y, _LEFT + _WIDTH, y)
    board.line(split, y, split, _LOW)
    if place is None:
        return
    board.line(_LEFT, y + _STRIP, split, y + _STRIP)
    board.text(_LEFT + PAD, board.middle(y, _STRIP, 8.0), place.zh, 8.0)
    entries.slots(board, "date", split - 31.0, y, 31.0, _STRIP)
    board.box(place.key, place.kind, _LEFT + 0.3, y + _STRIP + 0.25, _STAMP_WIDTH - 0.6, _LOW - y - _STRIP - 0.5)


def _place_foot(board: Board, form: Form) -> None:
    middle = CARD.width / 2
    remark = form.remark or ""
    board.text(middle, 123.6, remark, shrunk(board, remark, 7.5, 72.0), align="centre")
    source = source_line(form)
    board.text(middle, 126.8, source, shrunk(board, source, 6.0, 72.0), align="centre", colour=SOFT)


def place_card_number(board: Board, serial: str, proof: str, reprint: str) -> None:
    """The card's own number with its proof under its heading, and that it was printed again."""
    right = _LEFT + _WIDTH
    board.text(_LEFT, 20.9, "编号", 7.5, colour=SOFT)
    end = _LEFT + 8.0 + board.text(_LEFT + 8.0, 21.0, serial, 10.5, bold=0.25)
    if reprint:
        right -= board.text(right, 21.0, reprint, 10.0, align="right", bold=0.3) + 1.5
    board.text(end + 1.5, 21.0, proof, shrunk(board, proof, 7.5, right - end - 1.5))


def card_places(paper: Paper = A4) -> list[tuple[float, float]]:
    """Where the cards of one sheet lie: their top left corners in mm."""
    x, y = (paper.width - ACROSS * CARD.width) / 2, (paper.height - DOWN * CARD.height) / 2
    return [(x + across * CARD.width, y + down * CARD.height) for down in range(DOWN) for across in range(ACROSS)]


def crop_marks(typeface: Typeface, paper: Paper = A4) -> list[Item]:
    """Short lines outside the cards that show where to cut, small crosses between them, and how to go on."""
    (x, y), *_ = card_places(paper)
    xs = [x + number * CARD.width for number in range(ACROSS + 1)]
    ys = [y + number * CARD.height for number in range(DOWN + 1)]
    marks: list[Item] = []
    for edge in xs:
        marks += [Line(edge, y - 1 - _MARK, edge, y - 1, 0.3), Line(edge, ys[-1] + 1, edge, ys[-1] + 1 + _MARK, 0.3)]
    for edge in ys:
        marks += [Line(x - 1 - _MARK, edge, x - 1, edge, 0.3), Line(xs[-1] + 1, edge, xs[-1] + 1 + _MARK, edge, 0.3)]
    for across in xs[1:-1]:
        for down in ys[1:-1]:
            marks += [Line(across - 2, down, across + 2, down, 0.2), Line(across, down - 2, across, down + 2, 0.2)]
    wide = typeface.width(_NOTE, 7.0)
    marks.append(Text((paper.width - wide) / 2, ys[-1] + 10.0, _NOTE, 7.0, colour=SOFT))
    return marks
