"""Breaks text into lines and finds the size at which it fits: Chinese breaks anywhere, words and numbers do not."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from forms.drawing.typeface import MM_PER_POINT, FaceName, Typeface

LEADING = 1.32
SMALLEST = 6.5
_NEVER_FIRST = set("、，。；：！？）》」』】”’％…·,.;:!?)]}%/~")
_NEVER_LAST = set("（《「『【“‘([{￥¥")
_WORD = re.compile(r"[A-Za-z0-9@#&+_.,:/\\'\-]+")
_PIECE = re.compile(rf"{_WORD.pattern}| +|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Fitted:
    """Lines that fit at a size in points, and what did not fit."""

    lines: tuple[str, ...]
    size: float
    rest: str = ""


def clean(text: str) -> str:
    """Text as typed or pasted, with one kind of line end and no tabs."""
    if text.isprintable():
        return text.strip()
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ").replace("\u00a0", " ").strip()


def line_height(size: float) -> float:
    """Distance in mm between the baselines of lines set at ``size`` points."""
    return size * LEADING * MM_PER_POINT


def wrap(typeface: Typeface, text: str, width: float, size: float, face: FaceName = "sans") -> list[str]:
    """The text in lines no wider than ``width`` mm. A word wider than a line is cut. Raises MissingGlyph."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines += _paragraph(typeface, paragraph, width, size, face)
    return lines


def balanced(typeface: Typeface, lines: list[str], text: str, width: float, size: float) -> list[str]:
    """The same number of lines, as even as they can be: a heading in two lines does not leave one character over."""
    low, high = width / len(lines), width
    while len(lines) > 1 and high - low > 0.4:
        middle = (low + high) / 2
        tried = wrap(typeface, text, middle, size)
        if len(tried) > len(lines):
            low = middle
        else:
            lines, high = tried, middle
    return lines


@functools.lru_cache(maxsize=4096)
def fit(typeface: Typeface, text: str, width: float, height: float, size: float, smallest: float = SMALLEST) -> Fitted:
    """The largest size from ``size`` down to ``smallest`` at which the text fits the box; else what fits, and the rest.

    A number or word is made smaller before it is cut in two. A box too low for one line still takes one. Remembered:
    labels and repeated values are the same on page after page of a mail merge.
    """
    widest = max((typeface.width(word, 1.0) for word in _WORD.findall(text)), default=0.0)
    step = size
    while True:
        lines = wrap(typeface, text, width, step)
        room = max(1, int((height + 0.01) / line_height(step)))
        cuts_a_word = widest * step > width + 0.01 and step > smallest
        if len(lines) <= room and not cuts_a_word:
            return Fitted(tuple(lines), step)
        if step <= smallest:
            return _cut(text, lines, room, smallest)
        step = max(smallest, step - 0.5)


def _cut(text: str, lines: list[str], room: int, size: float) -> Fitted:
    """The first lines, and the rest of the original text from where they end."""
    end = 0
    for line in lines[:room]:
        end = text.index(line, end) + len(line)
    return Fitted(tuple(lines[:room]), size, text[end:].strip())


def _paragraph(typeface: Typeface, text: str, width: float, size: float, face: FaceName) -> Iterator[str]:
    line, used = "", 0.0
    for piece in _pieces(typeface, text, width, size, face):
        wide = typeface.width(piece, size, face)
        if line and used + wide > width + 0.01:
            if piece.isspace():
                continue
            yield line.rstrip(" ")
            line, used = piece, wide
        else:
            line, used = line + piece, used + wide
    yield line.rstrip(" ")


def _pieces(typeface: Typeface, text: str, width: float, size: float, face: FaceName) -> Iterator[str]:
    """What may not be broken: a character with the punctuation that must stay with it, a word, a number."""
    held = ""
    for piece in _PIECE.findall(text):
        if held and not (piece[0] in _NEVER_FIRST or held[-1] in _NEVER_LAST):
            yield from _cut_wide(typeface, held, width, size, face)
            held = ""
        held += piece
    if held:
        yield from _cut_wide(typeface, held, width, size, face)


def _cut_wide(typeface: Typeface, piece: str, width: float, size: float, face: FaceName) -> Iterator[str]:
    """The piece, or where it is wider than a line, as much at a time as a line takes."""
    while piece:
        count = max(1, typeface.fitting(piece, width + 0.01, size, face))
        if 1 < count < len(piece) and piece[count] in _NEVER_FIRST:
            count -= 1
        yield piece[:count]
        piece = piece[count:]
