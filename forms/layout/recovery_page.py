"""The recovery key's page 恢复密钥: in lines to type in, as a code to scan, and what to do with the paper."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from forms.drawing import qr
from forms.layout.board import Board
from forms.layout.frame import Area
from forms.layout.items import BLACK, INK, SHADE, SOFT, Item
from forms.layout.plain import place_title, plain_board
from forms.paper import A4

_ROW = 13.0
_CODE = 46.0
_KEEPING = (
    "这张纸上的密钥可以打开本办公室全部档案影像。主密钥遗失时，用它恢复；除此之外没有别的办法。",
    "请在打印后立即删除电子文件，密封签字，存放在机房之外的保险柜中；不得拍照、复印、口头传递。",
    "主密钥遗失：运行 yedang key recover，按行输入，行末为校验字符。"
    "整机损毁：在新机上运行 yedang restore --recovery-key。或用普通 age 程序，见 docs/vault.md。",
    "重新制作恢复密钥后，本页作废，应当场销毁。",
    "This key opens every page of the office. Keep it sealed, away from computers; destroy it once a new one is made.",
)


def recovery_page(
    office: str, lines: Sequence[tuple[str, str, str]], secret: str, mark: str, on: date
) -> tuple[Item, ...]:
    """One page of A4. ``lines``: two groups and the check character each; ``mark`` tells which key the paper holds."""
    board, area = plain_board(A4)
    y = place_title(board, area, "恢复密钥", f"{office}　{on.year}年{on.month}月{on.day}日")
    board.text(area.x, y + 3.0, f"Recovery key　公钥 {mark}", 9.5, colour=SOFT)
    y += 9.0
    wide = area.w - _CODE - 8.0
    _place_lines(board, Area(area.x, y, wide, _ROW * len(lines)), lines)
    _place_code(board, area.x + area.w - _CODE, y, secret)
    board.text(
        area.x, y + _ROW * len(lines) + 7.0, "行首为行号，行末方框内为该行校验字符。字母不分大小写。", 9.5, colour=SOFT
    )
    y += _ROW * len(lines) + 15.0
    for number, sentence in enumerate(_KEEPING, start=1):
        board.text(area.x, board.middle(y, 8.0, 11), f"{number}", 11, bold=0.3)
        board.words(area.x + 6.0, y, area.w - 6.0, 13.0, sentence, 11, top=True)
        y += 15.0
    _place_signatures(board, Area(area.x, y + 4.0, area.w, 16.0))
    return tuple(board.items)


def _place_lines(board: Board, area: Area, lines: Sequence[tuple[str, str, str]]) -> None:
    box = 11.0
    for number, (left, right, check) in enumerate(lines, start=1):
        y = area.y + (number - 1) * _ROW
        base = board.middle(y, _ROW, 21)
        board.panel(area.x, y, 9.0, _ROW, fill=SHADE)
        board.text(area.x + 4.5, board.middle(y, _ROW, 12), str(number), 12, align="centre", colour=SOFT)
        for start, group in ((14.0, left), (59.0, right)):
            for place, letter in enumerate(group):
                board.text(area.x + start + place * 7.6 + 3.0, base, letter, 21, align="centre", bold=0.2)
        board.panel(area.x + area.w - box, y + 1.6, box, _ROW - 3.2, stroke=0.8, colour=INK)
        board.text(area.x + area.w - box / 2, base, check, 18, align="centre")
        if number > 1:
            board.line(area.x, y, area.x + area.w, y)
    board.panel(area.x, area.y, area.w, area.h, stroke=1.0, colour=INK)


def _place_code(board: Board, x: float, y: float, secret: str) -> None:
    dark = qr.modules(secret)
    side = _CODE / len(dark)
    for row, cells in enumerate(dark.tolist()):
        start = None
        for column, cell in enumerate([*cells, False]):
            if cell and start is None:
                start = column
            elif not cell and start is not None:
                board.panel(x + start * side, y + row * side, (column - start) * side, side, fill=BLACK)
                start = None
    board.text(x + _CODE / 2, y + _CODE + 5.0, "扫码所得即密钥全文", 9, align="centre", colour=SOFT)


def _place_signatures(board: Board, area: Area) -> None:
    for number, name in enumerate(("制作人", "监督人", "存放处")):
        x = area.x + number * area.w / 3
        board.panel(x, area.y, 18.0, area.h, fill=SHADE)
        board.words(x, area.y, 18.0, area.h, name, 10.5, align="centre")
        board.panel(x, area.y, area.w / 3, area.h, stroke=0.6, colour=INK)
