"""What stood in a box before anybody wrote there: printed words, squares to tick, rules; as places in mm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from forms.drawing.typeface import MM_PER_POINT, load_typeface
from forms.layout import Item, Line, Panel, Text, Tick
from forms.layout.items import ENTERED

Box = tuple[float, float, float, float]

# Above and below its baseline a line of type reaches so far, in parts of its size.
_ABOVE, _BELOW = 0.92, 0.22
_ON_ONE_LINE = 2.0


@dataclass(frozen=True)
class Word:
    """A printed word: left, top, right, bottom in mm. ``entered``: it is a value, not the form's own."""

    text: str
    box: Box
    entered: bool = False


@dataclass(frozen=True)
class Option:
    """A square to tick (left, top, right, bottom in mm) and the word behind it; empty in a column of squares."""

    square: Box
    word: Word | None


@dataclass(frozen=True)
class Marks:
    """What is printed within a box: words, options, the rules that part it, lines to write on; x or y in mm."""

    words: tuple[Word, ...] = ()
    options: tuple[Option, ...] = ()
    across: tuple[float, ...] = ()
    down: tuple[float, ...] = ()
    to_write_on: tuple[float, ...] = ()


def marks_in(items: Iterable[Item], box: Mapping[str, Any]) -> Marks:
    """What of a page's items lies within a box (x, y, w, h in mm)."""
    inside = (float(box["x"]), float(box["y"]), float(box["x"] + box["w"]), float(box["y"] + box["h"]))
    within = [item for item in items if _within(item, inside)]
    words = tuple(_word(item) for item in within if isinstance(item, Text) and item.text.strip())
    ticks = tuple(item for item in within if isinstance(item, Tick))
    across, down = _rules(items, inside)
    return Marks(words, tuple(_options(ticks, words)), across, down, tuple(_to_write_on(items, inside)))


def _within(item: Item, box: Box) -> bool:
    left, top, right, bottom = box
    if isinstance(item, Text):
        return left - 0.5 <= item.x <= right and top <= item.y - 0.3 * item.size * MM_PER_POINT <= bottom
    if isinstance(item, Tick):
        return left - 0.5 <= item.x and item.x + item.side <= right + 0.5 and top - 0.5 <= item.y <= bottom
    return False


def _word(item: Text) -> Word:
    high = item.size * MM_PER_POINT
    wide = load_typeface().width(item.text, item.size, item.face)
    box = (item.x, item.y - _ABOVE * high, item.x + wide, item.y + _BELOW * high)
    return Word(item.text.strip(), box, item.colour == ENTERED)


def _options(ticks: Sequence[Tick], words: Sequence[Word]) -> Iterator[Option]:
    for tick in ticks:
        square = (tick.x, tick.y, tick.x + tick.side, tick.y + tick.side)
        middle = tick.y + tick.side / 2
        behind = [
            word for word in words if 0 <= word.box[0] - square[2] < _ON_ONE_LINE and word.box[1] < middle < word.box[3]
        ]
        yield Option(square, min(behind, key=lambda word: word.box[0]) if behind else None)


def _rules(items: Iterable[Item], box: Box) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The y of rules from side to side of the box, and the x of rules from top to bottom."""
    left, top, right, bottom = box
    across, down = set(), set()
    for x1, y1, x2, y2 in _segments(items):
        if abs(y1 - y2) < 0.01 and x1 <= left + 1 and x2 >= right - 1 and top - 0.5 <= y1 <= bottom + 0.5:
            across.add(round(y1, 2))
        if abs(x1 - x2) < 0.01 and y1 <= top + 1 and y2 >= bottom - 1 and left - 0.5 <= x1 <= right + 0.5:
            down.add(round(x1, 2))
    return tuple(sorted(across)), tuple(sorted(down))


def _to_write_on(items: Iterable[Item], box: Box) -> Iterator[float]:
    """The y of short lines within the box: after 其他 one writes on such a line."""
    left, top, right, bottom = box
    for x1, y1, x2, y2 in _segments(items):
        whole = x1 <= left + 1 and x2 >= right - 1
        if abs(y1 - y2) < 0.01 and top + 1 < y1 < bottom - 1 and x1 >= left - 1 and x2 <= right + 1 and not whole:
            yield round(y1, 2)


def _segments(items: Iterable[Item]) -> Iterator[Box]:
    for item in items:
        if isinstance(item, Line):
            yield min(item.x1, item.x2), min(item.y1, item.y2), max(item.x1, item.x2), max(item.y1, item.y2)
        elif isinstance(item, Panel) and item.stroke:
            yield item.x, item.y, item.x + item.w, item.y
            yield item.x, item.y + item.h, item.x + item.w, item.y + item.h
            yield item.x, item.y, item.x, item.y + item.h
            yield item.x + item.w, item.y, item.x + item.w, item.y + item.h
