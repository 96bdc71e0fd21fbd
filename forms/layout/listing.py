"""Lists over as many pages as they need: title and header repeated, rows as high as what they hold, pages counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from forms.layout.board import PAD, Align, Board
from forms.layout.frame import Area
from forms.layout.items import INK, SHADE, SOFT, Item
from forms.layout.plain import place_title, plain_board
from forms.layout.text import clean, line_height, wrap
from forms.paper import A4_LANDSCAPE, Paper

SIZE = 9.0
_HEAD, _STRIP, _LEAST_ROW, _SIGNING, _FEET = 9.0, 7.0, 8.5, 18.0, 8.0


@dataclass(frozen=True)
class ListColumn:
    """A column: its name, its share of the width, and how its cells are set."""

    name: str
    weight: float
    align: Align = "centre"


@dataclass(frozen=True)
class Strip:
    """A line across the list that names what follows."""

    text: str


@dataclass(frozen=True)
class Note:
    """A remark across the list, in a softer ink."""

    text: str


@dataclass(frozen=True)
class Cells:
    """A row: one text for each column; nothing is cut off, the row grows."""

    texts: Sequence[str]


@dataclass(frozen=True)
class Signing:
    """Places side by side in which people sign, stamp or write a date, each under its name."""

    names: Sequence[str]


Row = Strip | Cells | Note | Signing


@dataclass(frozen=True)
class Listing:
    """A list to be laid out: what stands above, the columns, the rows, and what stands at the foot of each page."""

    title: str
    beside: str
    columns: Sequence[ListColumn]
    rows: Sequence[Row]
    foot: str = ""
    paper: Paper = A4_LANDSCAPE


def listing_pages(listing: Listing) -> list[tuple[Item, ...]]:
    """The list's pages; one with its header alone where there is no row."""
    setter = _Setter(listing)
    setter.set_rows()
    return setter.finished()


class _Setter:
    """Sets rows one below the other, and begins a new page where the next does not fit."""

    def __init__(self, listing: Listing) -> None:
        self.listing = listing
        self.boards: list[Board] = []
        self.y = 0.0
        self.area = Area(0, 0, 0, 0)
        self.widths: list[float] = []
        self._turn()

    @property
    def board(self) -> Board:
        """The page at hand."""
        return self.boards[-1]

    @property
    def low(self) -> float:
        """How far down a page is filled."""
        return self.area.y + self.area.h - _FEET

    def set_rows(self) -> None:
        """All rows; a strip goes over with the first row it stands above."""
        rows = list(self.listing.rows)
        for row, following in zip(rows, [*rows[1:], None], strict=True):
            tall = self._height(row)
            together = self._height(following) if isinstance(row, Strip) and following is not None else 0.0
            if self.y + tall + together > self.low:
                self._turn()
            self._place(row, tall)

    def finished(self) -> list[tuple[Item, ...]]:
        """The pages, with their feet now that they are counted."""
        low = self.area.y + self.area.h - 2.0
        for number, board in enumerate(self.boards, start=1):
            board.text(self.area.x, low, self.listing.foot, 9, colour=SOFT)
            count = f"第 {number} 页　共 {len(self.boards)} 页"
            board.text(self.area.x + self.area.w, low, count, 9, align="right")
        return [tuple(board.items) for board in self.boards]

    def _turn(self) -> None:
        board, self.area = plain_board(self.listing.paper)
        self.boards.append(board)
        total = sum(column.weight for column in self.listing.columns)
        self.widths = [self.area.w * column.weight / total for column in self.listing.columns]
        self.y = place_title(board, self.area, self.listing.title, self.listing.beside)
        self._head(board, self.area.x, self.y)
        self.y += _HEAD

    def _head(self, board: Board, x: float, y: float) -> None:
        board.panel(x, y, self.area.w, _HEAD, fill=SHADE)
        board.line(x, y, x + self.area.w, y, 1.0, INK)
        board.line(x, y + _HEAD, x + self.area.w, y + _HEAD)
        for column, wide in zip(self.listing.columns, self.widths, strict=True):
            board.words(x, y, wide, _HEAD, column.name, 9.5, align="centre", pad=0.8)
            x += wide

    def _height(self, row: Row) -> float:
        if isinstance(row, Strip):
            return _STRIP
        if isinstance(row, Signing):
            return _SIGNING
        if isinstance(row, Note):
            return 3.6 + self._lines(row.text, self.area.w - 4 * PAD)
        fields = zip(row.texts, self.widths, strict=True)
        return max(_LEAST_ROW, 3.6 + max(self._lines(text, wide - 2.0) for text, wide in fields))

    def _lines(self, text: str, width: float) -> float:
        return line_height(SIZE) * len(wrap(self.board.typeface, clean(text), width, SIZE))

    def _place(self, row: Row, tall: float) -> None:
        x, board = self.area.x, self.board
        if isinstance(row, Strip):
            board.panel(x, self.y, self.area.w, tall, fill=SHADE)
            board.text(x + PAD, board.middle(self.y, tall, 9.5), row.text, 9.5)
        elif isinstance(row, Note):
            board.words(x + PAD, self.y, self.area.w - 2 * PAD, tall, row.text, SIZE, colour=SOFT)
        elif isinstance(row, Signing):
            self._signing(row, tall)
        else:
            self._cells(row, tall)
        board.line(x, self.y + tall, x + self.area.w, self.y + tall)
        self.y += tall

    def _signing(self, row: Signing, tall: float) -> None:
        wide = self.area.w / len(row.names)
        for number, name in enumerate(row.names):
            x = self.area.x + number * wide
            self.board.text(x + PAD, self.y + 5.0, name, SIZE, colour=SOFT)
            self.board.line(x, self.y, x, self.y + tall)
        right = self.area.x + self.area.w
        self.board.line(right, self.y, right, self.y + tall)

    def _cells(self, row: Cells, tall: float) -> None:
        x = self.area.x
        for text, column, wide in zip(row.texts, self.listing.columns, self.widths, strict=True):
            self.board.words(x, self.y, wide, tall, text, SIZE, align=column.align, pad=1.0)
            if x > self.area.x:
                self.board.line(x, self.y, x, self.y + tall)
            x += wide
