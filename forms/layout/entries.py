"""How values read on paper, and what waits for a pen where there is no value yet: 年 月 日, 元, 栋 单元 号."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from forms.layout.board import PAD, Align, Board
from forms.layout.items import ENTERED, INK, SOFT
from forms.layout.text import clean

SIZE = 10.0
UNIT_SIZE = 9.0
TICK = 3.2
_TEXT_OF_TICK = 9.0
_BETWEEN = 4.0
_ROOM_TO_WRITE = 20.0

# Spaces for the pen (in parts) each followed by the word printed after it.
_SLOTS: dict[str, tuple[tuple[float, str], ...]] = {
    "date": ((2.2, "年"), (1.2, "月"), (1.2, "日")),
    "datetime": ((2.2, "年"), (1.2, "月"), (1.2, "日"), (1.2, "时"), (1.2, "分")),
    "period": (
        (0.0, "自"), (2.2, "年"), (1.2, "月"), (1.2, "日"),
        (0.4, "至"), (2.2, "年"), (1.2, "月"), (1.2, "日"),
    ),
    "unit": ((1.5, "栋"), (1.5, "单元"), (2.0, "号")),
    "money": ((3.0, "元"),),
}  # fmt: skip
_LONGEST = {"date": "2026-12-28", "datetime": "2026-12-28T23:59"}
_LEAST_PART = 2.4
_MOST_PART = 6.5


def shown(kind: str, value: Any) -> str:
    """A value as it reads on paper: dates as 2026年11月23日, periods as 自…至…, money with 元. Empty for none."""
    if value is None or value == "":
        return ""
    if kind == "period":
        return _period(value)
    if kind in ("date", "datetime"):
        return _moment(value)
    if kind == "money":
        text = clean(str(value))
        return text if text.endswith("元") else f"{text} 元"
    if isinstance(value, (list, tuple, set)):
        return "、".join(str(one) for one in value)
    return clean(str(value))


def shown_in(board: Board, kind: str, value: Any, width: float, size: float) -> str:
    """The same in a table's cell of ``width`` mm: where the longest date would break, all are written 2026-11-23."""
    moment = _as_moment(value) if kind in ("date", "datetime") else None
    if moment is None or board.typeface.width(_moment(_LONGEST[kind]), size) <= width - 2 * PAD:
        return shown(kind, value)
    return f"{moment:%Y-%m-%d %H:%M}" if isinstance(moment, datetime) else moment.isoformat()


def chosen(value: Any) -> list[str]:
    """The options ticked by a value: one, or several in a list or parted by 、"""
    if value is None or value == "" or isinstance(value, bool):
        return []
    if isinstance(value, (list, tuple)):
        return [clean(str(one)) for one in value]
    return [one for one in (part.strip() for part in str(value).split("、")) if one]


def slots(board: Board, kind: str, x: float, y: float, w: float, h: float) -> None:
    """The words between which a date, a unit or an amount is written by hand; nothing where there is no room."""
    parts = _SLOTS.get(kind)
    if parts is None:
        return
    words = sum(board.typeface.width(word, UNIT_SIZE) for _, word in parts)
    part = (w - 2 * PAD - words) / sum(share for share, _ in parts)
    if part < _LEAST_PART:
        return
    part = min(part, _MOST_PART)
    at = x + PAD if kind != "money" else x + w - PAD - words - 3.0 * part
    for share, word in parts:
        at += share * part
        at += board.text(at, board.middle(y, h, UNIT_SIZE), word, UNIT_SIZE, colour=SOFT)


def option_lines(board: Board, options: Sequence[str], value: Any, width: float, size: float) -> list[list[str]]:
    """The options, and ticked ones that the form does not list, in lines that fit the width in mm."""
    lines: list[list[str]] = [[]]
    used = 0.0
    for option in _with_unlisted(options, value):
        wide = _option_width(board, option, size)
        if lines[-1] and used + wide > width:
            lines.append([])
            used = 0.0
        lines[-1].append(option)
        used += wide + _BETWEEN * size / _TEXT_OF_TICK
    return lines


def ticks(
    board: Board,
    options: Sequence[str],
    value: Any,
    x: float,
    y: float,
    w: float,
    h: float,
    size: float = _TEXT_OF_TICK,
) -> None:
    """The options as squares to tick, ticked where chosen; after 其他 a line to write on, where there is room."""
    lines = option_lines(board, options, value, w - 2 * PAD, size)
    while size > 6.0 and len(lines) * size * 0.42 > h:
        size -= 0.5
        lines = option_lines(board, options, value, w - 2 * PAD, size)
    picked = chosen(value)
    step = min((h - 0.6) / len(lines), 5.4 if size < _TEXT_OF_TICK else 7.0)
    top = y + (h - step * len(lines)) / 2
    for place, line in enumerate(lines):
        _tick_line(board, line, picked, x + PAD, top + place * step, x + w - PAD, step, size)


def _tick_line(
    board: Board, line: Sequence[str], picked: Sequence[str], x: float, y: float, right: float, h: float, size: float
) -> None:
    side = TICK * size / _TEXT_OF_TICK
    for option in line:
        ticked = option in picked
        board.tick(x, y + (h - side) / 2, side, ticked)
        baseline = board.middle(y, h, size)
        wide = board.text(x + side + 1.1, baseline, option, size, colour=ENTERED if ticked else INK)
        x += side + 1.1 + wide + _BETWEEN * size / _TEXT_OF_TICK
        if option == "其他" and right - x > _ROOM_TO_WRITE and not ticked:
            board.line(x - 2.5, baseline + 0.8, min(right, x + 45), baseline + 0.8, 0.3)


def _option_width(board: Board, option: str, size: float) -> float:
    return TICK * size / _TEXT_OF_TICK + 1.1 + board.typeface.width(option, size)


def _with_unlisted(options: Sequence[str], value: Any) -> list[str]:
    return [*options, *(one for one in chosen(value) if one not in options)]


def align_of(kind: str) -> Align:
    """Where a value of a kind stands in a table's cell."""
    if kind == "money":
        return "right"
    return "left" if kind in ("text", "long", "period") else "centre"


def _moment(value: Any) -> str:
    """A date or time, given as such or in ISO form; other text stays as it was typed."""
    moment = _as_moment(value)
    if moment is None:
        return clean(str(value))
    day = f"{moment.year}年{moment.month}月{moment.day}日"
    return f"{day} {moment.hour}时{moment.minute:02d}分" if isinstance(moment, datetime) else day


def _as_moment(value: Any) -> date | None:
    """The date (or datetime, which is one) that a value is or spells in ISO form; None for other text."""
    if isinstance(value, date):
        return value
    try:
        return datetime.fromisoformat(value) if len(value) > 10 else date.fromisoformat(value)
    except (TypeError, ValueError):
        return None


def _period(value: Any) -> str:
    if isinstance(value, Mapping):
        value = (value.get("from", ""), value.get("to", value.get("until", "")))
    if isinstance(value, (list, tuple)) and len(value) == 2:
        return f"自 {_moment(value[0])} 至 {_moment(value[1])}"
    return clean(str(value))
