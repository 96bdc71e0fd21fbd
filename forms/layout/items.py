"""What lies on a page once everything is placed: texts, lines, panels, ticks and the boxes that readers look into.

All lengths in mm from the top left of the paper, sizes of type and line widths in points. Nothing here decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from forms.drawing.typeface import FaceName

Colour = tuple[float, float, float]

INK: Colour = (0.09, 0.10, 0.12)
ENTERED: Colour = (0.05, 0.15, 0.45)
SOFT: Colour = (0.38, 0.40, 0.43)
LINE: Colour = (0.30, 0.32, 0.35)
SHADE: Colour = (0.93, 0.94, 0.95)
WHITE: Colour = (1.0, 1.0, 1.0)
BLACK: Colour = (0.0, 0.0, 0.0)

BoxKind = Literal["signature", "stamp", "field"]


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text from ``x`` on the baseline ``y``. ``bold`` is the stroke in points that thickens it."""

    x: float
    y: float
    text: str
    size: float
    face: FaceName = "sans"
    bold: float = 0.0
    colour: Colour = INK


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line; ``dash`` in points on and off, empty for a full line."""

    x1: float
    y1: float
    x2: float
    y2: float
    width: float = 0.4
    colour: Colour = LINE
    dash: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Panel:
    """A rectangle: filled, outlined, or both."""

    x: float
    y: float
    w: float
    h: float
    fill: Colour | None = None
    stroke: float = 0.0
    colour: Colour = LINE


@dataclass(frozen=True, slots=True)
class Tick:
    """A square to tick; no typeface has one that is certain to print."""

    x: float
    y: float
    side: float
    ticked: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code of ``text``, the side of its modules ``side``; what lies around it leaves its quiet zone free."""

    x: float
    y: float
    side: float
    text: str


Item = Text | Line | Panel | Tick | Code


@dataclass(frozen=True, slots=True)
class Box:
    """Where ink is looked for: a signature, a stamp, or what was entered in a field."""

    key: str
    kind: BoxKind
    x: float
    y: float
    w: float
    h: float

    def row(self, page: int) -> dict[str, Any]:
        """The box as kept with the layout (forms.tables.Layout.boxes), mm to a tenth."""
        place = {name: round(getattr(self, name), 1) for name in ("x", "y", "w", "h")}
        return {"page": page, "key": self.key, "kind": self.kind, **place}
