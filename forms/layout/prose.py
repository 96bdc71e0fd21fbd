"""Running text on numbered pages: paragraphs and plain tables flow from page to page within the form's frame."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from forms.catalogue import Form
from forms.drawing.typeface import MM_PER_POINT, load_typeface
from forms.layout.board import Align, Board
from forms.layout.frame import body_area, paper_of, place_frame
from forms.layout.items import INK, Item
from forms.layout.pages import Laid, LaidPage
from forms.layout.text import line_height, wrap

LOOSER = 1.12
BETWEEN = 0.9
ABOVE_HEADING = 1.2
CELL_PAD = 1.6
LEAST_LINE = 8.0
MOST_KEPT_LINES = 5000
MOST_KEPT_PAGES = 500
HEADING_AND_TEXT = 18.0
_BOLD = 0.3


@dataclass(frozen=True)
class Style:
    """How a paragraph is set: size in points, indents in mm."""

    size: float = 10.5
    bold: bool = False
    align: Align = "left"
    first: float = 0.0
    left: float = 0.0
    heading: bool = False

    @property
    def step(self) -> float:
        """From one line to the next in mm."""
        return line_height(self.size) * LOOSER


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; a line feed in it begins a new line."""

    text: str
    style: Style


@dataclass
class GridCell:
    """A cell over ``span`` columns."""

    span: int
    paragraphs: list[Paragraph] = field(default_factory=list)


@dataclass
class GridLine:
    """A row, at least ``least`` mm high."""

    least: float
    cells: list[GridCell] = field(default_factory=list)


@dataclass
class Grid:
    """A table; ``widths`` are shares of the text's width."""

    widths: Sequence[float]
    lines: list[GridLine] = field(default_factory=list)


Block = Paragraph | Grid
Line = tuple[str, Style]


class ProseSetter:
    """Sets a form's running text again and again; what repeats (frame, broken lines) is reckoned once."""

    def __init__(self, form: Form, office: str, text_digest: str, subtitle: str = "") -> None:
        self.form, self.office, self.subtitle = form, office, subtitle
        self.paper = paper_of(form)
        self.area = body_area(self.paper)
        self.typeface = load_typeface()
        self.digest = prose_digest(text_digest)
        self._frames: dict[str, list[Item]] = {}
        self._pages: dict[tuple[Item, ...], LaidPage] = {}
        self._broken: dict[tuple[str, float, Style], list[str]] = {}

    def lay_out(self, blocks: Sequence[Block], estate: str = "") -> Laid:
        """The text on pages. Raises MissingGlyph."""
        flow = _Flow(self, estate)
        if blocks and isinstance(blocks[0], Paragraph) and blocks[0].text.strip() == self.form.zh:
            blocks = blocks[1:]  # the frame's heading says it
        for block in blocks:
            flow.place(block)
        pages = tuple(self._page(tuple(board.items)) for board in flow.boards)
        form = self.form
        return Laid(form.code, form.version, form.zh, self.paper, pages, form.copies, [], self.digest)

    def _page(self, items: tuple[Item, ...]) -> LaidPage:
        """The page of these items; one that came before is the same object, and is drawn once."""
        found = self._pages.get(items)
        if found is None:
            found = LaidPage(items, ())
            if len(self._pages) < MOST_KEPT_PAGES:
                self._pages[items] = found
        return found

    def board(self, estate: str) -> Board:
        """A new page within its frame."""
        if estate not in self._frames:
            board = Board(self.typeface)
            place_frame(board, self.paper, self.form, self.office, estate, self.subtitle)
            self._frames[estate] = board.items
        return Board(self.typeface, list(self._frames[estate]))

    def lines(self, paragraph: Paragraph, width: float) -> list[Line]:
        """A paragraph in lines no wider than ``width`` mm."""
        style = paragraph.style
        key = (paragraph.text, width, style)
        found = self._broken.get(key)
        if found is None:
            indent = "　" * round(style.first / (style.size * MM_PER_POINT))
            text = indent + paragraph.text.strip("\n").replace("\t", "　")
            found = wrap(self.typeface, text, width - style.left, style.size)
            if len(self._broken) < MOST_KEPT_LINES:
                self._broken[key] = found
        return [(line, style) for line in found]


def prose_digest(text_digest: str) -> str:
    """The layout's digest of a text that is set here: it depends on the text alone, for it has no boxes."""
    return hashlib.sha256(f"prose {text_digest}".encode()).hexdigest()


class _Flow:
    """Pages being filled from top to bottom."""

    def __init__(self, setter: ProseSetter, estate: str) -> None:
        self.setter, self.estate = setter, estate
        self.boards: list[Board] = []
        self.new_page()

    def new_page(self) -> None:
        self.boards.append(self.setter.board(self.estate))
        self.y = self.setter.area.y

    @property
    def room(self) -> float:
        """Height that is left on the page."""
        return self.setter.area.y + self.setter.area.h - self.y

    def place(self, block: Block) -> None:
        if isinstance(block, Grid):
            for row in block.lines:
                self._grid_line(block, row)
            self.y += BETWEEN
            return
        if block.style.heading:
            self.y += ABOVE_HEADING
            if self.room < HEADING_AND_TEXT:
                self.new_page()
        for line, style in self.setter.lines(block, self.setter.area.w):
            if self.room < style.step:
                self.new_page()
            self._text(line, style, self.setter.area.x + style.left, self.setter.area.w - style.left, self.y)
            self.y += style.step
        self.y += BETWEEN

    def _text(self, line: str, style: Style, x: float, w: float, y: float) -> None:
        at = {"left": x, "centre": x + w / 2, "right": x + w}[style.align]
        board, bold = self.boards[-1], _BOLD if style.bold or style.heading else 0.0
        board.text(at, board.middle(y, style.step, style.size), line, style.size, align=style.align, bold=bold)

    def _grid_line(self, grid: Grid, line: GridLine) -> None:
        """A row; one that is higher than a page goes on on the next."""
        total = sum(grid.widths)
        columns = [self.setter.area.w * share / total for share in grid.widths]
        spans, at = [], 0
        for cell in line.cells:
            spans.append((sum(columns[:at]), sum(columns[at : at + cell.span])))
            at += cell.span
        left = [
            [one for paragraph in cell.paragraphs for one in self.setter.lines(paragraph, width - 2 * CELL_PAD)]
            for cell, (_, width) in zip(line.cells, spans, strict=True)
        ]
        whole = max([_height(lines) for lines in left] + [line.least, LEAST_LINE])
        if whole > self.room and (whole <= self.setter.area.h or self.room < LEAST_LINE):
            self.new_page()
        while True:
            parts = [_fitting(lines, self.room) for lines in left]
            left = [lines[len(part) :] for lines, part in zip(left, parts, strict=True)]
            self._cells(parts, spans, max([_height(part) for part in parts] + [min(line.least, self.room), LEAST_LINE]))
            if not any(left):
                return
            self.new_page()

    def _cells(self, parts: Sequence[Sequence[Line]], spans: Sequence[tuple[float, float]], height: float) -> None:
        for lines, (offset, width) in zip(parts, spans, strict=True):
            x = self.setter.area.x + offset
            self.boards[-1].panel(x, self.y, width, height, stroke=0.4, colour=INK)
            y = self.y + (height - sum(style.step for _, style in lines)) / 2
            for line, style in lines:
                self._text(line, style, x + CELL_PAD + style.left, width - 2 * CELL_PAD - style.left, y)
                y += style.step
        self.y += height


def _height(lines: Sequence[Line]) -> float:
    return sum(style.step for _, style in lines) + 2 * CELL_PAD if lines else 0.0


def _fitting(lines: Sequence[Line], room: float) -> list[Line]:
    """As many lines as fit the room, one at least."""
    count = len(lines)
    while count > 1 and _height(lines[:count]) > room:
        count -= 1
    return list(lines[:count])
