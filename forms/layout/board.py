"""The board a page is put together on: collects items, boxes, and what did not fit and must go on elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from forms.catalogue import Column
from forms.drawing.typeface import MM_PER_POINT, FaceName, Typeface
from forms.layout.items import INK, LINE, SOFT, Box, BoxKind, Code, Colour, Item, Line, Panel, Text, Tick
from forms.layout.text import SMALLEST, Fitted, balanced, clean, fit, line_height

Align = Literal["left", "centre", "right"]

PAD = 1.6
GOES_ON = "转续页"
# Chinese characters fill their em box; its middle lies this far above the baseline.
EM_MIDDLE = 0.38


@dataclass(frozen=True)
class RestOfText:
    """Text that did not fit under its label."""

    label: str
    text: str


@dataclass(frozen=True)
class RestOfTable:
    """Table rows that did not fit, numbered on from ``first``."""

    label: str
    columns: Sequence[Column]
    rows: Sequence[Mapping[str, Any]]
    first: int


Rest = RestOfText | RestOfTable


@dataclass
class Board:
    """A page in the making."""

    typeface: Typeface
    items: list[Item] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    rests: list[Rest] = field(default_factory=list)

    def line(self, x1: float, y1: float, x2: float, y2: float, width: float = 0.4, colour: Colour = LINE) -> None:
        """A full line."""
        self.items.append(Line(x1, y1, x2, y2, width, colour))

    def panel(
        self, x: float, y: float, w: float, h: float, *,
        fill: Colour | None = None, stroke: float = 0.0, colour: Colour = LINE,
    ) -> None:  # fmt: skip
        """A rectangle."""
        self.items.append(Panel(x, y, w, h, fill, stroke, colour))

    def tick(self, x: float, y: float, side: float, ticked: bool) -> None:
        """A square to tick."""
        self.items.append(Tick(x, y, side, ticked))

    def code(self, x: float, y: float, side: float, text: str) -> None:
        """A QR code."""
        self.items.append(Code(x, y, side, text))

    def box(self, key: str, kind: BoxKind, x: float, y: float, w: float, h: float) -> None:
        """A place where ink will be looked for."""
        self.boxes.append(Box(key, kind, x, y, w, h))

    def text(
        self, x: float, y: float, text: str, size: float, *, align: Align = "left",
        face: FaceName = "sans", bold: float = 0.0, colour: Colour = INK,
    ) -> float:  # fmt: skip
        """One line with its left end, middle or right end at ``x``, baseline ``y``. Returns its width in mm."""
        wide = self.typeface.width(text, size, face)
        left = x - wide * {"left": 0.0, "centre": 0.5, "right": 1.0}[align]
        if text:
            self.items.append(Text(left, y, text, size, face, bold, colour))
        return wide

    def middle(self, y: float, h: float, size: float) -> float:
        """The baseline that puts one line of text in the middle of a strip."""
        return y + h / 2 + EM_MIDDLE * size * MM_PER_POINT

    def words(
        self, x: float, y: float, w: float, h: float, text: str, size: float, *, align: Align = "left",
        pad: float = PAD, smallest: float = SMALLEST, bold: float = 0.0, colour: Colour = INK, top: bool = False,
    ) -> str:  # fmt: skip
        """Text within a box, wrapped and shrunk, in its middle or from the ``top``. Returns what did not fit."""
        fitted = fit(self.typeface, clean(text), w - 2 * pad, h - 1.0, size, smallest)
        if align == "centre" and not fitted.rest:
            lines = balanced(self.typeface, list(fitted.lines), clean(text), w - 2 * pad, fitted.size)
            fitted = Fitted(tuple(lines), fitted.size)
        self._lines(x, y, w, h, fitted, align, pad, bold, colour, top)
        return fitted.rest

    def entered(
        self, x: float, y: float, w: float, h: float, text: str, size: float, *, label: str,
        align: Align = "left", colour: Colour = INK, top: bool = False,
    ) -> None:  # fmt: skip
        """What was entered: never lost. What does not fit is marked and goes on under its label."""
        if not text:
            return
        fitted = fit(self.typeface, clean(text), w - 2 * PAD, h - 1.0, size)
        if fitted.rest:
            low = line_height(SMALLEST)
            fitted = fit(self.typeface, clean(text), w - 2 * PAD, h - 1.0 - low, size)
            self.rests.append(RestOfText(label, fitted.rest))
            self.text(x + w - PAD, y + h - 1.0, GOES_ON, 6, align="right", colour=SOFT)
            h, top = h - low, True
        self._lines(x, y, w, h, fitted, align, PAD, 0.0, colour, top)

    def _lines(
        self, x: float, y: float, w: float, h: float, fitted: Fitted, align: Align,
        pad: float, bold: float, colour: Colour, top: bool,
    ) -> None:  # fmt: skip
        anchor = {"left": x + pad, "centre": x + w / 2, "right": x + w - pad}[align]
        step = line_height(fitted.size)
        start = y + 1.4 if top else y + (h - step * len(fitted.lines)) / 2
        for place, line in enumerate(fitted.lines):
            baseline = self.middle(start + place * step, step, fitted.size)
            self.text(anchor, baseline, line, fitted.size, align=align, bold=bold, colour=colour)
