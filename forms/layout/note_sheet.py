"""The note sheet 备考表 at the end of a dossier (GB/T 9705, DA/T 22): what is known of it, who arranged it."""

from __future__ import annotations

from collections.abc import Sequence

from forms.layout.board import PAD, Board
from forms.layout.dossier_pages import DossierFacts
from forms.layout.frame import Area
from forms.layout.items import INK, SHADE, SOFT, Item
from forms.layout.plain import BY_HAND, place_facts, place_ruled, place_title, plain_board
from forms.layout.text import clean, line_height, wrap
from forms.paper import A4

_SIZE = 10.5
_LEAST_STORY = 70.0
_SIGNED = 24.0
_RULED = 12.0
_LATER = (("日期", 1.6), ("情况（缺损、修改、补充、移出、借出）", 6.0), ("经办人", 1.6))


def note_pages(facts: DossierFacts, known: Sequence[str]) -> list[tuple[Item, ...]]:
    """The sheet with what the system knows filled in; room to write is always left below it, on a further page too.

    ``known``: sentences, the state of the folder first.
    """
    pages: list[Board] = []
    rest = [line for number, text in enumerate(known, start=1) for line in _lines(f"{number}. {text}")]
    while True:
        board, area = plain_board(A4)
        pages.append(board)
        y = _place_head(board, area, facts, first=len(pages) == 1)
        room = area.y + area.h - y - _SIGNED - 6.0
        fitting = int((room - 14.0) / line_height(_SIZE))
        if len(rest) <= fitting:
            _place_end(board, Area(area.x, y, area.w, area.y + area.h - y), rest)
            return [tuple(one.items) for one in pages]
        _place_story(board, Area(area.x, y, area.w, room + _SIGNED), rest[:fitting])
        rest = rest[fitting:]


def _lines(text: str) -> list[str]:
    board, area = plain_board(A4)
    return wrap(board.typeface, clean(text), area.w - 6 * PAD, _SIZE)


def _place_head(board: Board, area: Area, facts: DossierFacts, *, first: bool) -> float:
    y = place_title(board, area, "备考表" if first else "备考表（续）", f"档号 {facts.number}")
    rows = [("案卷题名", facts.title), ("件数页数", facts.amount), ("保管期限", facts.retention)]
    place_facts(board, Area(area.x, y, area.w, 10.0 * len(rows)), rows)
    return y + 10.0 * len(rows) + 4.0


def _place_end(board: Board, area: Area, lines: Sequence[str]) -> None:
    """The story, the people, and ruled lines for what happens later."""
    story = max(_LEAST_STORY, 14.0 + line_height(_SIZE) * len(lines))
    room = area.h - story - _SIGNED - 6.0
    ruled = room >= 9.0 + 3 * _RULED
    if not ruled:
        story = area.h - _SIGNED - 3.0
    _place_story(board, Area(area.x, area.y, area.w, story), lines)
    y = area.y + story + 3.0
    _place_people(board, Area(area.x, y, area.w, _SIGNED))
    if ruled:
        y += _SIGNED + 3.0
        place_ruled(board, Area(area.x, y, area.w, area.y + area.h - y), _LATER, _RULED)


def _place_story(board: Board, area: Area, lines: Sequence[str]) -> None:
    board.panel(area.x, area.y, area.w, 8.0, fill=SHADE)
    board.text(area.x + PAD, board.middle(area.y, 8.0, 10.0), "本卷情况说明", 10.0)
    note = "以下由系统按归档影像填写，其余由整理人填写"
    board.text(area.x + area.w - PAD, board.middle(area.y, 8.0, 8.0), note, 8.0, align="right", colour=SOFT)
    step, y = line_height(_SIZE), area.y + 10.5
    for number, line in enumerate(lines):
        board.text(area.x + 2 * PAD, board.middle(y + number * step, step, _SIZE), line, _SIZE)
    board.line(area.x, area.y + 8.0, area.x + area.w, area.y + 8.0)
    board.panel(area.x, area.y, area.w, area.h, stroke=0.9, colour=INK)


def _place_people(board: Board, area: Area) -> None:
    half = area.w / 2
    left, right = Area(area.x, area.y, half, area.h), Area(area.x + half, area.y, half, area.h)
    place_facts(board, left, [("整 理 人", ""), ("检 查 人", "")])
    place_facts(board, right, [("整理日期", BY_HAND), ("检查日期", BY_HAND)])
