"""The ink in a part of a registered page: what is left once the printed words, squares and rules are taken off.

Places are in mm on the printed page: left, top, right, bottom.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from forms.scanning.looking import signatures
from forms.scanning.looking.registration import Registration
from forms.scanning.opening.rasters import Gray
from forms.scanning.reading.printed_marks import Marks, Option
from records.readings import Place

Bounds = tuple[float, float, float, float]
Mask = NDArray[np.bool_]

PER_MM = signatures.PER_MM
# A hand does not stop at a frame: so much beyond it is looked at, and ink belongs to the box that its middle is in.
_BEYOND = 1.2
# The least ink that is writing, in mm²: a thin 1 has 0.9; dust and the rests of rules have less.
_LEAST = 0.7
_LEAST_PIECE = 0.25
# Printed things are taken off with so much around them: registration is good to 0.3 mm where it is sure.
_AROUND_WORDS = 0.5
_AROUND_SQUARES = 0.45
_NEAR_RULES = 1.0
_THIN = 1.1
_BAND = 0.4
_RULE = 4.0
_TICKED = 0.5
_AROUND_LINE = 1.2


@dataclass(frozen=True)
class Sheet:
    """An upright picture of a page and where each millimetre of it lies."""

    gray: Gray
    registration: Registration

    def patch(self, box: Mapping[str, Any], marks: Marks, *, keep_words: bool) -> Patch:
        """A box's part of the page. ``keep_words``: the printed words stay in what is shown to the recogniser."""
        pixels = signatures.upright(self.gray, self.registration, box, -_BEYOND)
        frame = (box["x"], box["y"], box["x"] + box["w"], box["y"] + box["h"])
        origin = (frame[0] - _BEYOND, frame[1] - _BEYOND)
        return _taken_off(pixels, origin, frame, marks, keep_words)

    def place(self, bounds: Bounds) -> Place:
        """A place on the paper as fractions of the picture: left, top, width, height."""
        left, top, right, bottom = bounds
        corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
        points = self.registration.to_pixels(corners)
        high, wide = self.gray.shape
        (x1, y1), (x2, y2) = points.min(axis=0), points.max(axis=0)
        x1, x2 = (float(np.clip(x / wide, 0, 1)) for x in (x1, x2))
        y1, y2 = (float(np.clip(y / high, 0, 1)) for y in (y1, y2))
        return round(x1, 4), round(y1, 4), round(x2 - x1, 4), round(y2 - y1, 4)


@dataclass(frozen=True)
class Patch:
    """A part of the page: ``shown`` is what a recogniser sees, ``ink`` what was written; ``origin`` its top left."""

    shown: Gray
    ink: Mask
    origin: tuple[float, float]

    def _slice(self, bounds: Bounds | None) -> tuple[slice, slice]:
        if bounds is None:
            return slice(None), slice(None)
        x1, y1, x2, y2 = self._pixels(bounds)
        return slice(y1, y2), slice(x1, x2)

    def _pixels(self, bounds: Bounds) -> tuple[int, int, int, int]:
        height, width = self.ink.shape
        (x, y), (left, top, right, bottom) = self.origin, bounds
        x1, x2 = (int(np.clip(round((one - x) * PER_MM), 0, width)) for one in (left, right))
        y1, y2 = (int(np.clip(round((one - y) * PER_MM), 0, height)) for one in (top, bottom))
        return x1, y1, x2, y2

    def has_ink(self, bounds: Bounds | None = None, least: float = _LEAST) -> bool:
        """Whether anything is written there."""
        return int(np.count_nonzero(self.ink[self._slice(bounds)])) >= least * PER_MM**2

    def bounds(self, inside: Bounds | None = None) -> Bounds | None:
        """The rectangle around the ink; None without any."""
        rows, columns = self._slice(inside)
        part = self.ink[rows, columns]
        down, across = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
        if not down.size:
            return None
        left, top = (columns.start or 0) + across[0], (rows.start or 0) + down[0]
        right, bottom = (columns.start or 0) + across[-1] + 1, (rows.start or 0) + down[-1] + 1
        x, y = self.origin
        return x + left / PER_MM, y + top / PER_MM, x + right / PER_MM, y + bottom / PER_MM

    def picture(self, bounds: Bounds) -> Gray:
        """A part as the recogniser likes it: with a little paper around."""
        left, top, right, bottom = bounds
        wide = (left - _AROUND_LINE, top - _AROUND_LINE, right + _AROUND_LINE, bottom + _AROUND_LINE)
        return np.ascontiguousarray(self.shown[self._slice(wide)])

    def in_mm(self, found: Iterable[tuple[int, int, int, int]], bounds: Bounds) -> list[Bounds]:
        """Places in px of ``picture(bounds)`` as places on the paper."""
        x1, y1, _, _ = self._pixels((bounds[0] - _AROUND_LINE, bounds[1] - _AROUND_LINE, bounds[2], bounds[3]))
        x, y = self.origin[0] + x1 / PER_MM, self.origin[1] + y1 / PER_MM
        return [(x + a / PER_MM, y + b / PER_MM, x + c / PER_MM, y + d / PER_MM) for a, b, c, d in found]

    def is_ticked(self, option: Option) -> bool:
        """Whether the square has ink in it, or the word behind it is ringed."""
        left, top, right, bottom = option.square
        rim = _AROUND_SQUARES
        if self.has_ink((left + rim, top + rim, right - rim, bottom - rim), _TICKED):
            return True
        return option.word is not None and any(_rings(piece, option.word.box) for piece in self._pieces())

    def _pieces(self) -> list[Bounds]:
        """The rectangles around the connected pieces of ink."""
        _, _, stats, _ = cv2.connectedComponentsWithStats(self.ink.astype(np.uint8), connectivity=8)
        x, y = self.origin
        return [
            (x + left / PER_MM, y + top / PER_MM, x + (left + wide) / PER_MM, y + (top + high) / PER_MM)
            for left, top, wide, high, _ in stats[1:]
        ]

    def without_ticks(self, options: Sequence[Option]) -> Patch:
        """The same without the ink that ticks or rings an option: what was written beside them."""
        _, labels, stats, _ = cv2.connectedComponentsWithStats(self.ink.astype(np.uint8), connectivity=8)
        gone = np.zeros(len(stats), np.bool_)
        gone[0] = True
        pieces = self._pieces()
        for option in options:
            left, top, right, bottom = option.square
            gone[np.unique(labels[self._slice((left - 0.6, top - 0.6, right + 0.6, bottom + 0.6))])] = True
            for number, piece in enumerate(pieces, start=1):
                if option.word is not None and _rings(piece, option.word.box):
                    gone[number] = True
        return Patch(self.shown, ~gone[labels], self.origin)


def _rings(piece: Bounds, word: Bounds) -> bool:
    """Whether a piece of ink goes around a word: it is wider than most of it, and reaches above and below."""
    across = piece[0] <= word[0] + 0.3 * (word[2] - word[0]) and piece[2] >= word[2] - 0.3 * (word[2] - word[0])
    middle = (word[1] + word[3]) / 2
    return across and piece[1] < middle - 1.0 and piece[3] > middle + 1.0


def _taken_off(pixels: Gray, origin: tuple[float, float], frame: Bounds, marks: Marks, keep_words: bool) -> Patch:
    """The patch without what was printed in it."""
    dark = signatures.ink(pixels)
    rules, bands = _rules(dark, origin, frame, marks), _bands(dark.shape, origin, frame, marks)
    words = _rectangles(dark.shape, origin, [word.box for word in marks.words], _AROUND_WORDS)
    squares = _outlines(dark.shape, origin, [option.square for option in marks.options])
    ink = _own_pieces(dark & ~rules & ~bands & ~words & ~squares, origin, frame, marks)
    shown = pixels.copy()
    painted = rules | squares if keep_words else rules | squares | words
    shown[painted & ~ink] = _paper(pixels)
    return Patch(shown, ink, origin)


def _paper(pixels: Gray) -> int:
    return int(np.percentile(pixels, 80))


def _rules(dark: Mask, origin: tuple[float, float], frame: Bounds, marks: Marks) -> Mask:
    """Straight lines where rules were printed; the strokes that cross them stay but for the crossing."""
    left, top, right, bottom = frame
    found = np.zeros(dark.shape, np.bool_)
    long = round(_RULE * PER_MM)
    across = cv2.morphologyEx(dark.astype(np.uint8), cv2.MORPH_OPEN, np.ones((1, long), np.uint8))
    down = cv2.morphologyEx(dark.astype(np.uint8), cv2.MORPH_OPEN, np.ones((long, 1), np.uint8))
    near = round(_NEAR_RULES * PER_MM)
    for y in {top, bottom, *marks.across, *marks.to_write_on}:
        row = round((y - origin[1]) * PER_MM)
        strip = slice(max(0, row - near), row + near)
        found[strip] |= across[strip].astype(np.bool_)
    for x in {left, right, *marks.down}:
        column = round((x - origin[0]) * PER_MM)
        strip = slice(max(0, column - near), column + near)
        found[:, strip] |= down[:, strip].astype(np.bool_)
    return np.asarray(cv2.dilate(found.astype(np.uint8), np.ones((3, 3), np.uint8)), np.bool_)


def _bands(shape: tuple[int, ...], origin: tuple[float, float], frame: Bounds, marks: Marks) -> Mask:
    """Narrow strips over every rule: noise thickens a rule where two cross, and nobody's writing is all within one."""
    left, top, right, bottom = frame
    x, y = (left - _BEYOND, right + _BEYOND), (top - _BEYOND, bottom + _BEYOND)
    across = [(x[0], one - _BAND, x[1], one + _BAND) for one in (top, bottom, *marks.across)]
    down = [(one - _BAND, y[0], one + _BAND, y[1]) for one in (left, right, *marks.down)]
    return _rectangles(shape, origin, [*across, *down], 0.0)


def _rectangles(shape: tuple[int, ...], origin: tuple[float, float], boxes: Iterable[Bounds], around: float) -> Mask:
    mask = np.zeros(shape, np.uint8)
    for left, top, right, bottom in boxes:
        x1, x2 = (round((x - origin[0]) * PER_MM) for x in (left - around, right + around))
        y1, y2 = (round((y - origin[1]) * PER_MM) for y in (top - around, bottom + around))
        cv2.rectangle(mask, (x1, y1), (x2, y2), 1, -1)
    return mask.astype(np.bool_)


def _outlines(shape: tuple[int, ...], origin: tuple[float, float], squares: Iterable[Bounds]) -> Mask:
    """The squares' own lines, with what registration may err; their inside stays."""
    listed = list(squares)
    inside = [
        (x1 + _AROUND_SQUARES, y1 + _AROUND_SQUARES, x2 - _AROUND_SQUARES, y2 - _AROUND_SQUARES)
        for x1, y1, x2, y2 in listed
    ]
    return _rectangles(shape, origin, listed, _AROUND_SQUARES) & ~_rectangles(shape, origin, inside, 0.0)


def _own_pieces(ink: Mask, origin: tuple[float, float], frame: Bounds, marks: Marks) -> Mask:
    """The pieces that are more than dust and whose middle lies in the box: what reaches in from outside is not its.

    What lies along a printed rule and is no thicker is the rest of that rule, which a poor scan has broken.
    """
    _, labels, stats, centres = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    left, top, right, bottom = frame
    x, y = origin[0] + centres[:, 0] / PER_MM, origin[1] + centres[:, 1] / PER_MM
    own = (x > left) & (x < right) & (y > top) & (y < bottom)
    own &= stats[:, cv2.CC_STAT_AREA] >= _LEAST_PIECE * PER_MM**2
    own &= ~_along(y, stats[:, cv2.CC_STAT_HEIGHT], [top, bottom, *marks.across, *marks.to_write_on])
    own &= ~_along(x, stats[:, cv2.CC_STAT_WIDTH], [left, right, *marks.down])
    own[0] = False
    return np.asarray(own[labels], np.bool_)


def _along(middles: NDArray[Any], thick: NDArray[Any], rules: Iterable[float]) -> Mask:
    """Which pieces lie along one of the rules: their middle is near it, and they are thin across it."""
    away = np.min([np.abs(middles - rule) for rule in rules], axis=0)
    return np.asarray((away < _NEAR_RULES) & (thick <= _THIN * PER_MM), np.bool_)
