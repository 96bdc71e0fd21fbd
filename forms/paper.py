"""The geometry that printing and reading share: paper, fiducials, the code's place; all in mm from the top left.

Sizes come from measurements (docs/benchmarks.md): codes at 8 mm from the edge are lost to a 4 % crop, at 20 mm and
more almost never; fiducials lie 15 mm or more from every edge.
"""

from __future__ import annotations

from dataclasses import dataclass

FIDUCIAL_SIZE = 5.0
FIDUCIAL_INSET = 20.0
QR_SIZE = 26.0
QR_TOP = 20.0
QR_FROM_RIGHT = 28.0
BINDING_MARGIN = 25.0
RIGHT_MARGIN = 15.0


# A small card has a code of its own and four small squares; it is cut from a sheet and scanned alone.
CARD_QR_SIZE = 22.0
CARD_QR_FROM_RIGHT = 9.0
CARD_QR_FROM_BELOW = 14.0
_CARD_FIDUCIAL_SIZE = 3.5
_CARD_FIDUCIAL_INSET = 5.5
_WIDEST_CARD = 110.0


@dataclass(frozen=True)
class Paper:
    """A sheet's size in mm, as it is read (landscape: width is the longer side)."""

    width: float
    height: float

    @property
    def is_card(self) -> bool:
        """Whether it is a small card, of which several are printed on one sheet."""
        return self.width <= _WIDEST_CARD

    @property
    def fiducial_size(self) -> float:
        """The side of the four filled squares."""
        return _CARD_FIDUCIAL_SIZE if self.is_card else FIDUCIAL_SIZE

    @property
    def fiducials(self) -> tuple[tuple[float, float], ...]:
        """Centres of the four filled squares: top left, top right, bottom left, bottom right."""
        near = _CARD_FIDUCIAL_INSET if self.is_card else FIDUCIAL_INSET
        right, low = self.width - near, self.height - near
        return ((near, near), (right, near), (near, low), (right, low))

    @property
    def qr(self) -> tuple[float, float, float]:
        """Left, top and side of the code's modules, without its quiet zone."""
        if self.is_card:
            top = self.height - CARD_QR_FROM_BELOW - CARD_QR_SIZE
            return (self.width - CARD_QR_FROM_RIGHT - CARD_QR_SIZE, top, CARD_QR_SIZE)
        return (self.width - QR_FROM_RIGHT - QR_SIZE, QR_TOP, QR_SIZE)


A4 = Paper(210.0, 297.0)
A4_LANDSCAPE = Paper(297.0, 210.0)
#: 9 x 13 cm, the size of common badge holders; four on a sheet of A4.
CARD = Paper(90.0, 130.0)
