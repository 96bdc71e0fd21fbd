"""The pages around a book's numbered pages: cover, sign-for page 领用签收, and the colophon 书末页 that closes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from forms.books import chain
from forms.layout.board import Board
from forms.layout.frame import Area
from forms.layout.items import INK, SHADE, SOFT, Item
from forms.layout.plain import BY_HAND, place_cover, place_facts, place_ruled, place_title, plain_board
from forms.paper import Paper

_ROW = 11.0
_PROMISE = (
    "兹证明本册所列编号已逐页核对：使用、作废、空白注销及缺失各页均已登记在案，缺失者已说明并签认；"
    "本册自结册之日起不再续用，按保管期限归档。"
)


@dataclass(frozen=True)
class BookFacts:
    """What a book says of itself on its cover and colophon.

    ``first`` and ``last`` serials of the range, ``retention`` in the handbook's words, ``log_seq`` and ``log_head``
    (64 hex digits) the head of the audit log when it was printed.
    """

    number: str
    form_code: str
    form_zh: str
    version: int
    year: int
    first: str
    last: str
    page_count: int
    office: str
    retention: str
    printed_on: date
    log_seq: int
    log_head: str
    estate: str = ""


def front_pages(facts: BookFacts, paper: Paper) -> list[tuple[Item, ...]]:
    """The cover and the sign-for page."""
    return [_cover(facts, paper), _sign_for_page(facts, paper)]


def end_pages(facts: BookFacts, paper: Paper, secret: bytes) -> list[tuple[Item, ...]]:
    """The colophon with the closing certificate."""
    return [_colophon(facts, paper, secret)]


def _cover(facts: BookFacts, paper: Paper) -> tuple[Item, ...]:
    board, area = plain_board(paper)
    rows = [
        ("编号范围", f"{facts.first}　至　{facts.last}"),
        ("页　　数", f"{facts.page_count} 页"),
        ("年　　度", f"{facts.year} 年"),
        ("小　　区", facts.estate),
        ("保管期限", facts.retention),
        ("起用日期", BY_HAND),
        ("用完日期", BY_HAND),
    ]
    notice = "本册页页编号，不得撕毁；缺页须说明并签认。"
    place_cover(board, area, facts.office, facts.form_zh, f"册号　{facts.number}", rows, notice)
    return tuple(board.items)


def _sign_for_page(facts: BookFacts, paper: Paper) -> tuple[Item, ...]:
    board, area = plain_board(paper)
    y = place_title(board, area, "领用签收", f"{facts.form_zh}　{facts.number}")
    words = (
        f"本册共 {facts.page_count} 页，编号 {facts.first} 至 {facts.last}。"
        "领用人签收前应逐页清点，页码与编号连续无缺方可签收；交接时由移交人、接收人共同清点并签字。"
    )
    board.words(area.x, y, area.w, 14.0, words, 10.5, pad=0.5)
    y += 18.0
    columns = (
        ("日期", 2.2),
        ("事由（领用/交接/交回）", 2.8),
        ("移交人", 2.0),
        ("领用/接收人", 2.0),
        ("清点页数", 1.4),
        ("备注", 2.0),
    )
    place_ruled(board, Area(area.x, y, area.w, area.y + area.h - y), columns, 13.0)
    return tuple(board.items)


def _colophon(facts: BookFacts, paper: Paper, secret: bytes) -> tuple[Item, ...]:
    board, area = plain_board(paper)
    y = place_title(board, area, "书末页", f"{facts.form_zh}　{facts.number}")
    day = f"{facts.printed_on.year}年{facts.printed_on.month}月{facts.printed_on.day}日"
    head = f"第 {facts.log_seq} 条　{facts.log_head[:16]} … {facts.log_head[-16:]}"
    rows = [
        ("册　　号", facts.number),
        ("表单版本", f"{facts.form_code} {facts.form_zh}　第{facts.version}版"),
        ("编号范围", f"{facts.first}　至　{facts.last}　共 {facts.page_count} 页"),
        ("首末链码", f"首页 {chain.link(secret, facts.first)}　末页 {chain.link(secret, facts.last)}"),
        ("印制日期", f"{day}　{facts.office}"),
        ("日志链首", head),
        ("保管期限", facts.retention),
    ]
    tall = min(_ROW, (area.h - 90.0) / len(rows))
    place_facts(board, Area(area.x, y, area.w, tall * len(rows)), rows)
    y += tall * len(rows) + 3.0
    words = "日志链首为印制时审计日志最后一条的序号及摘要（首尾各16位），可据以查证此前的记录未被改写。"
    board.words(area.x, y, area.w, 6.0, words, 8.0, pad=0.5, colour=SOFT)
    _place_certificate(board, Area(area.x, y + 10.0, area.w, area.y + area.h - y - 10.0))
    return tuple(board.items)


def _place_certificate(board: Board, area: Area) -> None:
    """The closing certificate: counts by state, and two signatures."""
    tall = min(area.h, 84.0)
    board.panel(area.x, area.y, area.w, 9.0, fill=SHADE)
    board.panel(area.x, area.y, area.w, tall, stroke=1.0, colour=INK)
    board.line(area.x, area.y + 9.0, area.x + area.w, area.y + 9.0)
    board.text(
        area.x + area.w / 2, board.middle(area.y, 9.0, 13), "结册证明", 13, align="centre", face="serif", bold=0.35
    )
    board.words(area.x, area.y + 10.0, area.w, 14.0, _PROMISE, 9.5, pad=3.0)
    names = ("使用", "作废", "空白注销", "缺失", "合计")
    y, wide = area.y + 25.0, area.w / len(names)
    for number, name in enumerate(names):
        board.line(area.x + number * wide, y, area.x + number * wide, y + 10.0)
        board.text(area.x + number * wide + 3.0, board.middle(y, 10.0, 9.5), name, 9.5)
        right = area.x + (number + 1) * wide - 3.0
        board.text(right, board.middle(y, 10.0, 9.5), "页", 9.5, align="right", colour=SOFT)
    board.line(area.x, y, area.x + area.w, y)
    board.line(area.x, y + 10.0, area.x + area.w, y + 10.0)
    half, low = area.w / 2, area.y + tall
    board.line(area.x + half, y + 10.0, area.x + half, low)
    for number, role in enumerate(("主管（结册人）", "管理处经理")):
        left = area.x + number * half
        board.text(left + 3.0, y + 16.0, role, 10.5)
        board.text(left + half - 4.0, low - 4.0, "　　　　年　　　月　　　日", 10, align="right")
        board.line(left + 26.0, low - 12.0, left + half - 6.0, low - 12.0, 0.4)
        board.text(left + 3.0, low - 12.5, "签字", 9.5, colour=SOFT)
