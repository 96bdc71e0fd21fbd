"""The out-card 代卷卡 that stands where a lent dossier stood, and the slip 借阅凭条 that goes along with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from forms.drawing.typeface import load_typeface
from forms.layout.board import Board
from forms.layout.dossier_pages import day
from forms.layout.frame import Area
from forms.layout.items import INK, LINE, SOFT, Item, Line
from forms.layout.plain import BY_HAND, place_facts
from forms.paper import A4

_CODE = 26.0
_HALF = A4.height / 2
_DUTIES = "借阅人须妥善保管原件，不得转借、拆卷、抽页、涂改、擅自复制；到期前归还或办理续借；归还时逐页核对。"
_KEEP = "此卡立于原卷位置；案卷归还并核对后取出，填写归还栏后存查。"


@dataclass(frozen=True)
class OutCard:
    """What card and slip say; nothing of the purpose, for whoever opens the cupboard reads it."""

    loan: int
    number: str
    unit: str
    place: str
    borrower: str
    approved_by: str
    handed_out_by: str
    handed_out_on: date
    due_on: date
    documents: int
    pages: int
    office: str
    secrecy: str
    code: str


def out_card(card: OutCard) -> tuple[Item, ...]:
    """Both halves of the sheet, with the line to cut along."""
    board = Board(load_typeface())
    _half(board, 0.0, card, "代卷卡", _KEEP, [("归还日期", BY_HAND), ("核 对 人", ""), ("缺页情况", "")])
    _half(board, _HALF, card, "借阅凭条", _DUTIES, [("借阅人签名", ""), ("档案员签名", ""), ("归还日期", BY_HAND)])
    board.items.append(Line(8.0, _HALF, A4.width - 8.0, _HALF, 0.4, LINE, (3.0, 2.5)))
    board.text(A4.width / 2, _HALF - 1.5, "沿此线裁开：上半立于原位，下半随卷", 6.5, align="centre", colour=SOFT)
    return tuple(board.items)


def _half(board: Board, top: float, card: OutCard, title: str, notice: str, by_hand: list[tuple[str, str]]) -> None:
    area = Area(20.0, top + 12.0, A4.width - 40.0, _HALF - 24.0)
    board.panel(area.x, area.y, area.w, area.h, stroke=1.2, colour=INK)
    board.text(area.x + 6.0, area.y + 9.0, card.office, 9.5, colour=SOFT)
    board.text(area.x + 6.0, area.y + 22.0, title, 26, face="serif", bold=0.6)
    board.text(area.x + 6.0, area.y + 31.0, f"借阅 {card.loan} 号　{card.secrecy}", 11, bold=0.2)
    board.code(area.x + area.w - _CODE - 6.0, area.y + 6.0, _CODE, card.code)
    wide = area.w - 12.0
    y = area.y + 36.0
    left = [
        ("档　　号", card.number),
        ("单元房号", card.unit),
        ("存放位置", card.place or "　"),
        ("件数页数", f"{card.documents} 件　{card.pages} 页"),
    ]
    right = [
        ("借 阅 人", card.borrower),
        ("批 准 人", card.approved_by),
        ("借出日期", day(card.handed_out_on)),
        ("应还日期", day(card.due_on)),
    ]
    place_facts(board, Area(area.x + 6.0, y, wide / 2, 36.0), left, 22.0)
    place_facts(board, Area(area.x + 6.0 + wide / 2, y, wide / 2, 36.0), right, 22.0)
    y += 39.0
    place_facts(board, Area(area.x + 6.0, y, wide, 30.0), by_hand, 26.0)
    board.words(area.x + 6.0, y + 32.0, wide, 12.0, notice, 9.0, pad=0.0)
