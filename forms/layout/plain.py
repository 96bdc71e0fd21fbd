"""Pages without a number: covers, tables of facts, ruled tables; what books and dossiers have around their pages."""

from __future__ import annotations

from collections.abc import Sequence

from forms.drawing.typeface import load_typeface
from forms.layout import entries
from forms.layout.board import Board
from forms.layout.frame import Area, place_binding_line
from forms.layout.items import INK, SHADE
from forms.paper import BINDING_MARGIN, RIGHT_MARGIN, Paper

ROW = 11.0
BY_HAND = "date"  # a date that is written in with a pen


def plain_board(paper: Paper) -> tuple[Board, Area]:
    """An empty page with its binding line, and the area to fill."""
    board = Board(load_typeface())
    place_binding_line(board, paper)
    area = Area(BINDING_MARGIN, 24.0, paper.width - BINDING_MARGIN - RIGHT_MARGIN, paper.height - 48.0)
    return board, area


def place_cover(
    board: Board,
    area: Area,
    office: str,
    title: str,
    number: str,
    rows: Sequence[tuple[str, str]],
    notice: str,
) -> None:
    """A cover: office, title, number, a table of facts (those that have a value), and a notice at its foot."""
    middle = area.x + area.w / 2
    board.panel(area.x, area.y, area.w, area.h, stroke=1.6, colour=INK)
    board.panel(area.x + 1.4, area.y + 1.4, area.w - 2.8, area.h - 2.8, stroke=0.5, colour=INK)
    rows = [row for row in rows if row[1]]
    top = area.y + area.h - 22.0 - ROW * len(rows)
    high = (top - area.y) / 4.2
    board.text(middle, area.y + high * 0.8, office, 15, align="centre", face="serif", bold=0.2)
    size = min(38.0, 38.0 * (area.w - 24) / board.typeface.width(title, 38.0, "serif"))
    baseline = area.y + high * 2.2
    board.text(middle, baseline, title, size, align="centre", face="serif", bold=0.9)
    rule = board.typeface.width(title, size, "serif") / 2
    board.line(middle - rule, baseline + 7, middle + rule, baseline + 7, 1.4, INK)
    board.text(middle, baseline + 16, number, 16, align="centre", bold=0.3)
    wide = min(area.w - 20.0, 160.0)
    place_facts(board, Area(middle - wide / 2, top, wide, ROW * len(rows)), rows)
    board.text(middle, area.y + area.h - 9.0, notice, 10, align="centre")


def place_facts(board: Board, area: Area, rows: Sequence[tuple[str, str]], label: float = 28.0) -> None:
    """Names and their values, one a line."""
    tall = area.h / len(rows)
    board.panel(area.x, area.y, label, area.h, fill=SHADE)
    for number, (name, value) in enumerate(rows):
        y = area.y + number * tall
        if number:
            board.line(area.x, y, area.x + area.w, y)
        board.words(area.x, y, label, tall, name, 10.5, align="centre")
        if value == BY_HAND:
            entries.slots(board, "date", area.x + label, y, area.w - label, tall)
        else:
            board.words(area.x + label, y, area.w - label, tall, value, 11, pad=3.0)
    board.line(area.x + label, area.y, area.x + label, area.y + area.h)
    board.panel(area.x, area.y, area.w, area.h, stroke=0.9, colour=INK)


def place_title(board: Board, area: Area, title: str, beside: str) -> float:
    """A page's title and what it belongs to; returns where to go on."""
    board.text(area.x, area.y + 6.0, title, 20, face="serif", bold=0.5)
    board.text(area.x + area.w, area.y + 6.0, beside, 10.5, align="right")
    board.line(area.x, area.y + 10.0, area.x + area.w, area.y + 10.0, 1.4, INK)
    board.line(area.x, area.y + 10.9, area.x + area.w, area.y + 10.9, 0.35, INK)
    return area.y + 16.0


def place_ruled(board: Board, area: Area, columns: Sequence[tuple[str, float]], row: float) -> None:
    """An empty table with as many rows of ``row`` mm as the area holds."""
    count = int((area.h - 9.0) / row)
    tall = 9.0 + count * row
    board.panel(area.x, area.y, area.w, 9.0, fill=SHADE)
    for number in range(count):
        y = area.y + 9.0 + number * row
        board.line(area.x, y, area.x + area.w, y)
    x, total = area.x, sum(weight for _, weight in columns)
    for number, (name, weight) in enumerate(columns):
        wide = area.w * weight / total
        board.words(x, area.y, wide, 9.0, name, 9.5, align="centre", pad=0.8)
        if number:
            board.line(x, area.y, x, area.y + tall)
        x += wide
    board.panel(area.x, area.y, area.w, tall, stroke=1.0, colour=INK)
