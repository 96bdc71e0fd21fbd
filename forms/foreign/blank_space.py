"""Finds where a page has nothing on it: looks at its picture, so that whatever a file is made of counts.

A place is free when no ink lies in it and none between it and one edge of the page: the empty boxes of a form are
for writing, and stay empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pypdfium2
from numpy.typing import NDArray

from forms.paper import QR_FROM_RIGHT, QR_SIZE, QR_TOP, Paper

MM_PER_INCH = 25.4
DPI = 110
MOST_PIXELS = 30_000_000
#: How much darker or lighter than its paper a pixel is to be ink, of 255; the noise of a scan stays below.
INK = 36
#: Paper darker than this is no ground for a code.
DARKEST_PAPER = 170
STEP_MM = 1.0
#: Printers do not print, and scanners do not see, what is nearer to the edge.
FROM_EDGE = 7.0

Mask = NDArray[np.bool_]
Gray = NDArray[np.uint8]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Block:
    """What is to be put down: a rectangle in mm, and where in it the code begins, from its left and top."""

    width: float
    height: float
    inset: float


@dataclass(frozen=True)
class Picture:
    """A page as it is seen: where ink lies, and its scale."""

    ink: Mask
    px_per_mm: float

    @property
    def paper(self) -> Paper:
        """The page's size as it is seen."""
        height, width = self.ink.shape
        return Paper(width / self.px_per_mm, height / self.px_per_mm)

    def find(self, block: Block) -> tuple[float, float] | None:
        """The left and top in mm of the best free place for a block: the code's usual one, else the nearest corner."""
        free = _free(self.ink, block, self.px_per_mm)
        step = max(1, round(STEP_MM * self.px_per_mm))
        tops, lefts = np.nonzero(free[::step, ::step])
        usual = self._usual(block)
        if usual is not None and free[usual[1], usual[0]]:
            return usual[0] / self.px_per_mm, usual[1] / self.px_per_mm
        if not len(tops):
            return None
        x, y = lefts * step / self.px_per_mm, tops * step / self.px_per_mm
        best = int(np.argmin(self._cost(block, x, y)))
        return float(x[best]), float(y[best])

    def _usual(self, block: Block) -> tuple[int, int] | None:
        """The place in px that puts the code where our own forms have it, on paper large enough for it."""
        x = (self.paper.width - QR_FROM_RIGHT - QR_SIZE - block.inset) * self.px_per_mm
        y = (QR_TOP - block.inset) * self.px_per_mm
        height, width = self.ink.shape
        fits = x >= 0 and y + block.height * self.px_per_mm <= height and x + block.width * self.px_per_mm <= width
        return (int(x), int(y)) if fits else None

    def _cost(self, block: Block, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far a place is from a corner; top right is liked best, then top left, bottom right, bottom left."""
        right, low = self.paper.width - block.width - 2 * FROM_EDGE, self.paper.height - block.height - 2 * FROM_EDGE
        corners = ((right, 2 * FROM_EDGE), (2 * FROM_EDGE, 2 * FROM_EDGE), (right, low), (2 * FROM_EDGE, low))
        far = [np.hypot(x - left, y - top) + 12.0 * liked for liked, (left, top) in enumerate(corners)]
        return np.asarray(np.minimum.reduce(far), np.float64)


def _free(ink: Mask, block: Block, per_mm: float) -> Mask:
    """For each pixel whether a block whose left top lies there is free, and free to one edge of the page."""
    height, width = ink.shape
    high, wide = int(np.ceil(block.height * per_mm)), int(np.ceil(block.width * per_mm))
    edge = int(FROM_EDGE * per_mm)
    free = np.zeros((height, width), bool)
    if high + 2 * edge > height or wide + 2 * edge > width:
        return free
    sums = np.zeros((height + 1, width + 1), np.int32)
    np.cumsum(np.cumsum(ink, axis=0, dtype=np.int32), axis=1, out=sums[1:, 1:])
    tops, lefts = np.arange(height - high + 1)[:, None], np.arange(width - wide + 1)[None, :]

    def empty(top: Any, left: Any, low: Any, right: Any) -> Mask:
        return np.asarray(sums[low, right] - sums[top, right] - sums[low, left] + sums[top, left] == 0)

    to_an_edge = empty(0, lefts, tops + high, lefts + wide) | empty(tops, lefts, height, lefts + wide)
    to_an_edge |= empty(tops, 0, tops + high, lefts + wide) | empty(tops, lefts, tops + high, width)
    inside = (tops >= edge) & (lefts >= edge) & (tops + high <= height - edge) & (lefts + wide <= width - edge)
    free[: len(tops), : lefts.size] = empty(tops, lefts, tops + high, lefts + wide) & to_an_edge & inside
    return free


def gray_of(page: Any, dpi: float = DPI) -> tuple[Gray, float]:
    """A page of pypdfium2 as it is seen (turned, cropped, with annotations), in grey, and its px per point."""
    width, height = page.get_size()
    scale = min(dpi / 72, (MOST_PIXELS / max(1.0, width * height)) ** 0.5)
    return np.asarray(page.render(scale=scale, grayscale=True).to_numpy(), np.uint8), scale


def picture(gray: Gray, px_per_mm: float, kept_free: Iterable[Box] = ()) -> Picture:
    """Where ink lies on a page; ``kept_free`` are rectangles in px that count as ink (fields to be filled in)."""
    paper = int(np.argmax(np.bincount(gray.ravel(), minlength=256)))
    ink = np.abs(gray.astype(np.int16) - paper) > INK if paper >= DARKEST_PAPER else np.ones(gray.shape, bool)
    for left, top, right, low in kept_free:
        ink[max(0, int(top)) : max(0, int(low) + 1), max(0, int(left)) : max(0, int(right) + 1)] = True
    return Picture(np.asarray(ink, bool), px_per_mm)


def is_blank(pdf: bytes, place: Callable[[Paper], tuple[float, float, float]]) -> Iterator[bool]:
    """For each page of a sound PDF whether a square (left, top, side in mm) has nothing on it."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        for page in document:
            gray, scale = gray_of(page)
            seen = picture(gray, scale * 72 / MM_PER_INCH)
            left, top, side = (length * seen.px_per_mm for length in place(seen.paper))
            yield not seen.ink[int(top) : int(top + side), int(left) : int(left + side)].any()
    finally:
        document.close()
