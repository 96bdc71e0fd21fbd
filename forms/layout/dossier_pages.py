"""A dossier's cover 案卷封面 and contents list 卷内目录, and the estate's list of dossiers 业主档案目录.

Their elements follow GB/T 9705 (cover, contents) and DA/T 22 (contents on A4 landscape).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from forms.layout.items import INK, Item
from forms.layout.listing import Cells, ListColumn, Listing, Note, Row, Strip, listing_pages
from forms.layout.plain import place_cover, plain_board
from forms.paper import A4

_CONTENTS = (
    ListColumn("顺序号", 1.1),
    ListColumn("文号/编号", 3.6, "left"),
    ListColumn("责任者", 2.6, "left"),
    ListColumn("题名", 7.4, "left"),
    ListColumn("日期", 2.2),
    ListColumn("页次", 1.4),
    ListColumn("页数", 1.1),
    ListColumn("备注", 3.0, "left"),
)
_DIRECTORY = (
    ListColumn("顺序号", 1.1),
    ListColumn("档号", 3.2, "left"),
    ListColumn("单元房号", 2.6, "left"),
    ListColumn("业主", 3.4, "left"),
    ListColumn("产权期", 4.4),
    ListColumn("件数", 1.1),
    ListColumn("页数", 1.1),
    ListColumn("保管期限", 3.0, "left"),
    ListColumn("存放位置", 2.6),
    ListColumn("备注", 3.0, "left"),
)


@dataclass(frozen=True)
class DossierFacts:
    """What a dossier's own paper says of it. ``until`` is None while the ownership lasts; ``secrecy`` is the label.

    ``documents``, ``pages`` and the days of the first and last document are None where whoever prints may not know
    them; they are then written by hand. ``place`` is the place's code, or empty.
    """

    number: str
    unit: str
    owners: Sequence[str]
    since: date
    until: date | None
    office: str
    secrecy: str
    retention: str
    documents: int | None
    pages: int | None
    estate: str = ""
    first_on: date | None = None
    last_on: date | None = None
    place: str = ""

    @property
    def title(self) -> str:
        """The folder's title 案卷题名."""
        return f"{self.estate}{self.unit}业主{'、'.join(self.owners)}档案"

    @property
    def amount(self) -> str:
        """How many documents and pages, or room to write it."""
        if self.documents is None or self.pages is None:
            return "共　　　　件　　　　　页"
        return f"{self.documents} 件　{self.pages} 页"


@dataclass(frozen=True)
class Entry:
    """A line of the contents list. ``reference`` is the printed number, or empty; ``author`` is 责任者."""

    reference: str
    title: str
    dated: date | None
    pages: int
    remark: str = ""
    author: str = ""


@dataclass(frozen=True)
class Section:
    """A section of the dossier in the handbook's order (DA 4.1), with the names of what is missing from it."""

    name: str
    entries: Sequence[Entry]
    missing: Sequence[str] = ()


@dataclass(frozen=True)
class DirectoryLine:
    """A dossier in the estate's list; ``owners`` empty and counts None where the list is not for them."""

    number: str
    unit: str
    owners: Sequence[str]
    since: date
    until: date | None
    documents: int | None
    pages: int | None
    retention: str
    place: str = ""
    remark: str = ""


def dossier_cover(facts: DossierFacts) -> tuple[Item, ...]:
    """The cover of a dossier: title, days, period of keeping, counts, number, place, secrecy (GB/T 9705, RZ 4.5.13)."""
    board, area = plain_board(A4)
    until = day(facts.until) if facts.until else "今"
    dated = f"{day(facts.first_on)} 至 {day(facts.last_on)}" if facts.first_on and facts.last_on else "　"
    rows = [
        ("案卷题名", facts.title),
        ("单元房号", f"{facts.unit}　{facts.estate}".strip()),
        ("业　　主", "、".join(facts.owners)),
        ("产 权 期", f"{day(facts.since)} 至 {until}"),
        ("起止日期", dated),
        ("保管期限", facts.retention),
        ("件数页数", facts.amount),
        ("存放位置", facts.place or "　"),
    ]
    board.panel(area.x + area.w - 31.0, area.y + 6.0, 24.0, 10.0, stroke=1.2, colour=INK)
    label = board.middle(area.y + 6.0, 10.0, 14)
    board.text(area.x + area.w - 19.0, label, facts.secrecy, 14, align="centre", face="serif", bold=0.3)
    notice = "查阅须经批准并登记；查阅人不得涂改、抽取、转借。"
    place_cover(board, area, facts.office, "业主档案", f"档号　{facts.number}", rows, notice)
    return tuple(board.items)


def contents_pages(facts: DossierFacts, sections: Sequence[Section], on: date) -> list[tuple[Item, ...]]:
    """The contents list as of a day, over as many pages as it needs; sections stand in the order given.

    Pages are numbered through the whole folder, so that each document says from which to which it goes 页次.
    """
    beside = f"档号 {facts.number}　{facts.unit}"
    return listing_pages(Listing("卷内目录", beside, _CONTENTS, list(_contents(sections)), foot=f"截至 {day(on)}"))


def _contents(sections: Sequence[Section]) -> Iterator[Row]:
    number, page = 0, 0
    for place, section in enumerate(sections, start=1):
        yield Strip(f"{place}　{section.name}")
        for entry in section.entries:
            number += 1
            yield _cells(number, page, entry)
            page += entry.pages
        if section.missing:
            yield Note("缺：" + "、".join(section.missing))


def _cells(number: int, before: int, entry: Entry) -> Cells:
    first, last = before + 1, before + entry.pages
    pages = "" if not entry.pages else str(first) if first == last else f"{first}–{last}"
    dated = f"{entry.dated:%Y-%m-%d}" if entry.dated else ""
    texts = (entry.reference, entry.author, entry.title, dated, pages, str(entry.pages), entry.remark)
    return Cells((str(number), *texts))


def directory_pages(
    office: str, estates: Sequence[tuple[str, Sequence[tuple[str, Sequence[DirectoryLine]]]]], on: date
) -> list[tuple[Item, ...]]:
    """The list of all dossiers (handbook DA 5.0), by estate and building, as of a day; a new page for each estate."""
    pages: list[tuple[Item, ...]] = []
    for estate, buildings in estates:
        rows = list(_directory(buildings))
        pages += listing_pages(Listing("业主档案目录", f"{office}　{estate}", _DIRECTORY, rows, foot=f"截至 {day(on)}"))
    return pages


def _directory(buildings: Sequence[tuple[str, Sequence[DirectoryLine]]]) -> Iterator[Row]:
    number = 0
    for building, lines in buildings:
        yield Strip(f"{building} 栋　{len(lines)} 卷")
        for line in lines:
            number += 1
            yield Cells(_directory_cells(number, line))


def _directory_cells(number: int, line: DirectoryLine) -> tuple[str, ...]:
    until = f"{line.until:%Y-%m-%d}" if line.until else "今"
    counts = ("" if count is None else str(count) for count in (line.documents, line.pages))
    period = f"{line.since:%Y-%m-%d} 至 {until}"
    owners = "、".join(line.owners)
    return (str(number), line.number, line.unit, owners, period, *counts, line.retention, line.place, line.remark)


def day(on: date) -> str:
    """A date as it reads on paper."""
    return f"{on.year}年{on.month}月{on.day}日"
