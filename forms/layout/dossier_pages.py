"""A dossier's own paper: its cover 案卷封面 and its contents list 卷内目录, drawn from what is filed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from forms.layout.board import PAD, Board
from forms.layout.frame import Area
from forms.layout.items import INK, SHADE, SOFT, Item
from forms.layout.plain import place_cover, place_title, plain_board
from forms.layout.text import clean, wrap
from forms.paper import A4

_STRIP = 7.0
_LINE = 8.5
_HEADINGS = (("序号", 1.0), ("编号", 3.6), ("题名", 5.6), ("日期", 2.4), ("页数", 1.1), ("备注", 1.8))
_LEFT = (1, 2, 5)  # the columns of words


@dataclass(frozen=True)
class DossierFacts:
    """What a dossier's cover says. ``until`` is None while the ownership lasts; ``secrecy`` is the office's label."""

    number: str
    unit: str
    owners: Sequence[str]
    since: date
    until: date | None
    office: str
    secrecy: str
    retention: str
    documents: int
    pages: int
    estate: str = ""


@dataclass(frozen=True)
class Entry:
    """A line of the contents list. ``reference`` is the printed number, or empty."""

    reference: str
    title: str
    dated: date | None
    pages: int
    remark: str = ""


@dataclass(frozen=True)
class Section:
    """A section of the dossier in the handbook's order (DA 4.1), with the names of what is missing from it."""

    name: str
    entries: Sequence[Entry]
    missing: Sequence[str] = ()


def dossier_cover(facts: DossierFacts) -> tuple[Item, ...]:
    """The cover of a dossier (DA 4.1.2): owner, unit, number, period, counts."""
    board, area = plain_board(A4)
    until = _day(facts.until) if facts.until else "今"
    rows = [
        ("单元房号", f"{facts.unit}　{facts.estate}".strip()),
        ("业　　主", "、".join(facts.owners)),
        ("产 权 期", f"{_day(facts.since)} 至 {until}"),
        ("保管期限", facts.retention),
        ("件数页数", f"{facts.documents} 件　{facts.pages} 页"),
    ]
    board.panel(area.x + area.w - 31.0, area.y + 6.0, 24.0, 10.0, stroke=1.2, colour=INK)
    label = board.middle(area.y + 6.0, 10.0, 14)
    board.text(area.x + area.w - 19.0, label, facts.secrecy, 14, align="centre", face="serif", bold=0.3)
    notice = "查阅须经批准并登记；查阅人不得涂改、抽取、转借。"
    place_cover(board, area, facts.office, "业主档案", f"档号　{facts.number}", rows, notice)
    return tuple(board.items)


def contents_pages(facts: DossierFacts, sections: Sequence[Section], on: date) -> list[tuple[Item, ...]]:
    """The contents list as of a day, over as many pages as it needs; sections stand in the order given."""
    lines = list(_numbered(sections))
    boards: list[Board] = []
    board, y, area = _new_page(facts, boards)
    for line, following in zip(lines, [*lines[1:], None], strict=True):
        tall = line.height(board, area.w)
        # A heading goes over with the first line it stands above.
        together = following.height(board, area.w) if isinstance(line, _Heading) and following else 0.0
        if y + tall + together > area.y + area.h - 8.0:
            board, y, area = _new_page(facts, boards)
        line.place(board, area.x, y, area.w, tall)
        board.line(area.x, y + tall, area.x + area.w, y + tall)
        y += tall
    _place_feet(boards, area, on)
    return [tuple(one.items) for one in boards]


@dataclass(frozen=True)
class _Heading:
    text: str

    def height(self, board: Board, width: float) -> float:
        del board, width
        return _STRIP

    def place(self, board: Board, x: float, y: float, w: float, h: float) -> None:
        board.panel(x, y, w, h, fill=SHADE)
        board.text(x + PAD, board.middle(y, h, 9.5), self.text, 9.5)


@dataclass(frozen=True)
class _Missing:
    names: Sequence[str]

    def height(self, board: Board, width: float) -> float:
        return 3.6 + 4.2 * len(wrap(board.typeface, self._text, width - 4 * PAD, 9))

    @property
    def _text(self) -> str:
        return clean("缺：" + "、".join(self.names))

    def place(self, board: Board, x: float, y: float, w: float, h: float) -> None:
        board.words(x + PAD, y, w - 2 * PAD, h, self._text, 9, colour=SOFT)


@dataclass(frozen=True)
class _Entry:
    number: int
    entry: Entry

    def _cells(self) -> tuple[str, ...]:
        entry = self.entry
        day = _day(entry.dated) if entry.dated else ""
        return (str(self.number), entry.reference, entry.title, day, str(entry.pages), entry.remark)

    def height(self, board: Board, width: float) -> float:
        title = _widths(width)[2]
        return max(_LINE, 3.6 + 4.3 * len(wrap(board.typeface, clean(self.entry.title), title - 2 * PAD, 9)))

    def place(self, board: Board, x: float, y: float, w: float, h: float) -> None:
        for column, (cell, wide) in enumerate(zip(self._cells(), _widths(w), strict=True)):
            board.words(x, y, wide, h, cell, 9, align="left" if column in _LEFT else "centre", pad=1.0)
            if column:
                board.line(x, y, x, y + h)
            x += wide


def _numbered(sections: Sequence[Section]) -> Iterator[_Heading | _Missing | _Entry]:
    number = 0
    for place, section in enumerate(sections, start=1):
        yield _Heading(f"{place}　{section.name}")
        for entry in section.entries:
            number += 1
            yield _Entry(number, entry)
        if section.missing:
            yield _Missing(section.missing)


def _new_page(facts: DossierFacts, boards: list[Board]) -> tuple[Board, float, Area]:
    board, area = plain_board(A4)
    boards.append(board)
    y = place_title(board, area, "卷内目录", f"档号 {facts.number}　{facts.unit}")
    board.panel(area.x, y, area.w, 9.0, fill=SHADE)
    x = area.x
    for (name, _), wide in zip(_HEADINGS, _widths(area.w), strict=True):
        board.words(x, y, wide, 9.0, name, 9.5, align="centre", pad=0.8)
        x += wide
    board.line(area.x, y, area.x + area.w, y, 1.0, INK)
    board.line(area.x, y + 9.0, area.x + area.w, y + 9.0)
    return board, y + 9.0, area


def _place_feet(boards: Sequence[Board], area: Area, on: date) -> None:
    low = area.y + area.h - 2.0
    for number, board in enumerate(boards, start=1):
        board.text(area.x, low, f"截至 {_day(on)}", 9, colour=SOFT)
        board.text(area.x + area.w, low, f"第 {number} 页　共 {len(boards)} 页", 9, align="right")


def _widths(width: float) -> list[float]:
    total = sum(weight for _, weight in _HEADINGS)
    return [width * weight / total for _, weight in _HEADINGS]


def _day(on: date) -> str:
    return f"{on.year}年{on.month}月{on.day}日"
