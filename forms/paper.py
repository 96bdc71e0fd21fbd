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


@dataclass(frozen=True)
class Paper:
    """A sheet's size in mm, as it is read (landscape: width is the longer side)."""

    width: float
    height: float

    @property
    def fiducials(self) -> tuple[tuple[float, float], ...]:
        """Centres of the four filled squares: top left, top right, bottom left, bottom right."""
        near, right, low = FIDUCIAL_INSET, self.width - FIDUCIAL_INSET, self.height - FIDUCIAL_INSET
        return ((near, near), (right, near), (near, low), (right, low))

    @property
    def qr(self) -> tuple[float, float, float]:
        """Left, top and side of the code's modules, without its quiet zone."""
        return (self.width - QR_FROM_RIGHT - QR_SIZE, QR_TOP, QR_SIZE)


A4 = Paper(210.0, 297.0)
A4_LANDSCAPE = Paper(297.0, 210.0)
