"""Labels 标签 with codes, many on a sheet of A4 between cut marks: spines, bags, boxes and shelves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import yaml

import templates
from forms.drawing.typeface import load_typeface
from forms.layout.board import Board
from forms.layout.dossier_pages import DossierFacts
from forms.layout.frame import Area, shrunk
from forms.layout.items import INK, LINE, SOFT, Item
from forms.paper import A4, Paper
from records.errors import BadInput

_MARK = 4.0
_NOTE = "沿裁切线裁开；扫描标签上的码即可打开该卷或该位置。"


@dataclass(frozen=True)
class LabelSize:
    """A kind of label: its size and the side of its code, in mm."""

    key: str
    zh: str
    en: str
    width: float
    height: float
    code: float

    @property
    def across(self) -> int:
        """How many lie side by side."""
        return int((A4.width - 2 * _data()["margin"]) / self.width)

    @property
    def down(self) -> int:
        """How many lie one below the other; the foot keeps a line for the note."""
        return int((A4.height - 2 * _data()["margin"]) / self.height)

    @property
    def on_a_sheet(self) -> int:
        """How many labels one sheet gives."""
        return self.across * self.down


@dataclass(frozen=True)
class PlaceFacts:
    """What a place's label says; ``spoken`` is the place in words, ``code`` what its QR code holds."""

    name: str
    spoken: str
    remark: str
    office: str
    code: str


@cache
def _data() -> dict[str, float]:
    return {"margin": float(yaml.safe_load(templates.read_text("labels.yaml"))["margin"])}


@cache
def sizes() -> dict[str, LabelSize]:
    """The kinds of labels by key."""
    rows = yaml.safe_load(templates.read_text("labels.yaml"))["sizes"]
    return {row["key"]: LabelSize(**row) for row in rows}


Drawing = Callable[[Board, Area], None]


def label_sheets(size: LabelSize, labels: Sequence[Drawing], skip: int = 0) -> list[tuple[Item, ...]]:
    """Sheets full of labels; the first ``skip`` places of the first sheet were used before. Raises BadInput."""
    if not 0 <= skip < size.on_a_sheet:
        raise BadInput(what=f"已用去的标签位 {skip}(0 至 {size.on_a_sheet - 1})")
    waiting: list[Drawing | None] = [None] * skip + list(labels)
    sheets = []
    for start in range(0, len(waiting), size.on_a_sheet):
        board = Board(load_typeface())
        _cut_marks(board, size)
        for drawing, area in zip(waiting[start : start + size.on_a_sheet], places(size), strict=False):
            if drawing is not None:
                drawing(board, area)
        sheets.append(tuple(board.items))
    return sheets


def places(size: LabelSize, paper: Paper = A4) -> list[Area]:
    """Where the labels of a sheet lie, row by row."""
    left = (paper.width - size.across * size.width) / 2
    top = (paper.height - size.down * size.height) / 2
    return [
        Area(left + across * size.width, top + down * size.height, size.width, size.height)
        for down in range(size.down)
        for across in range(size.across)
    ]


def _cut_marks(board: Board, size: LabelSize) -> None:
    """Short lines outside the labels that show where to cut, small crosses between them, and what the code is for."""
    first, last = places(size)[0], places(size)[-1]
    right, low = last.x + last.w, last.y + last.h
    xs = [first.x + number * size.width for number in range(size.across + 1)]
    ys = [first.y + number * size.height for number in range(size.down + 1)]
    for x in xs:
        board.line(x, first.y - 1 - _MARK, x, first.y - 1, 0.3)
        board.line(x, low + 1, x, low + 1 + _MARK, 0.3)
    for y in ys:
        board.line(first.x - 1 - _MARK, y, first.x - 1, y, 0.3)
        board.line(right + 1, y, right + 1 + _MARK, y, 0.3)
    for x in xs[1:-1]:
        for y in ys[1:-1]:
            board.line(x - 1.5, y, x + 1.5, y, 0.2, LINE)
            board.line(x, y - 1.5, x, y + 1.5, 0.2, LINE)
    board.text(A4.width / 2, low + 8.0, _NOTE, 6.5, align="centre", colour=SOFT)


def spine(size: LabelSize, facts: DossierFacts, code: str) -> Drawing:
    """A spine: unit, number, place, secrecy, volume; no name, for everybody who passes reads it."""

    def draw(board: Board, area: Area) -> None:
        inner = area.w - 8.0
        middle = area.x + area.w / 2
        board.panel(area.x + 2.0, area.y + 2.0, area.w - 4.0, area.h - 4.0, stroke=0.7, colour=INK)
        board.panel(middle - 9.0, area.y + 5.0, 18.0, 7.0, stroke=0.8, colour=INK)
        board.text(middle, board.middle(area.y + 5.0, 7.0, 11), facts.secrecy, 11, align="centre", bold=0.2)
        board.words(area.x + 4.0, area.y + 13.0, inner, 8.0, facts.estate, 9.0, align="centre", pad=0.5)
        board.text(middle, area.y + 28.0, facts.unit, shrunk(board, facts.unit, 16, inner), align="centre", bold=0.45)
        board.code(middle - size.code / 2, area.y + 34.0, size.code, code)
        y = area.y + 34.0 + size.code
        number = shrunk(board, facts.number, 9.5, inner)
        board.text(middle, y + 6.5, facts.number, number, align="centre", bold=0.2)
        board.text(
            middle, y + 13.0, facts.place or "位置　　　　　", shrunk(board, facts.place, 9, inner), align="centre"
        )
        board.words(area.x + 4.0, y + 15.0, inner, 10.0, facts.retention, 8.0, align="centre", pad=0.5)
        board.text(middle, y + 33.0, "第　　册　共　　册", 8.5, align="centre")
        office = shrunk(board, facts.office, 6.5, inner)
        board.text(middle, area.y + area.h - 5.0, facts.office, office, align="centre", colour=SOFT)

    return draw


def bag(size: LabelSize, facts: DossierFacts, code: str) -> Drawing:
    """A bag: the owner's name and the unit (handbook RZ 4.5.11), number, place, period, secrecy."""

    def draw(board: Board, area: Area) -> None:
        board.panel(area.x + 2.0, area.y + 2.0, area.w - 4.0, area.h - 4.0, stroke=0.7, colour=INK)
        left, wide = area.x + 5.0, area.w - size.code - 15.0
        right = area.x + area.w - size.code - 6.5
        board.text(left, area.y + 8.5, facts.estate, shrunk(board, facts.estate, 9, wide), colour=SOFT)
        board.text(left, area.y + 16.5, facts.unit, shrunk(board, facts.unit, 17, wide), bold=0.5)
        board.words(left, area.y + 18.5, wide, 11.5, "业主　" + "、".join(facts.owners), 11, pad=0.0)
        lines = ((facts.number, 10.0), (f"位置　{facts.place or '　　　　　　'}", 9.0), (facts.retention, 8.0))
        for row, (text, size_of) in enumerate(lines):
            board.text(left, area.y + 35.0 + row * 5.4, text, shrunk(board, text, size_of, wide))
        board.panel(right + size.code / 2 - 10.0, area.y + 5.0, 20.0, 7.0, stroke=0.8, colour=INK)
        label = board.middle(area.y + 5.0, 7.0, 11)
        board.text(right + size.code / 2, label, facts.secrecy, 11, align="centre", bold=0.2)
        board.code(right, area.y + 17.0, size.code, code)
        board.text(area.x + area.w / 2, area.y + area.h - 4.0, facts.office, 6.5, align="centre", colour=SOFT)

    return draw


def place(size: LabelSize, facts: PlaceFacts) -> Drawing:
    """A shelf or box: its code, large enough to read from the aisle."""

    def draw(board: Board, area: Area) -> None:
        board.panel(area.x + 2.0, area.y + 2.0, area.w - 4.0, area.h - 4.0, stroke=0.7, colour=INK)
        top = area.y + (area.h - size.code) / 2
        board.code(area.x + 6.0, top, size.code, facts.code)
        left = area.x + size.code + 10.0
        wide = area.x + area.w - 3.5 - left
        board.words(left, top, wide, 7.0, facts.name, 11.5, pad=0.0, bold=0.35)
        board.words(left, top + 7.0, wide, 8.0, facts.spoken, 8.0, pad=0.0)
        board.words(left, top + 15.0, wide, 5.0, facts.remark, 7.5, pad=0.0)
        board.words(left, top + 20.0, wide, 4.5, facts.office, 6.5, pad=0.0, colour=SOFT, smallest=5.0)

    return draw
