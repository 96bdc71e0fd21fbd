"""Finds where each millimetre of the printed page lies in the scan: roughly by its code, finely by its fiducials.

The code's corners give a similarity (0.5 to 1.5 mm at the far side; a homography from them would err by 10 to 49 mm).
It predicts where the four filled squares lie; an affine map through those found is good to 0.03 to 0.7 mm.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from forms.paper import Paper
from forms.scanning.codes import Points
from forms.scanning.rasters import Gray

# How far from the predicted place a square is looked for.
_REACH = 6.0
# A picture of four squares that fits worse than this is no flat scan (a phone held askew, a folded page).
WORST_RESIDUAL = 0.6
FEWEST_FIDUCIALS = 3


@dataclass(frozen=True)
class Registration:
    """Where the paper lies: ``matrix`` (2 by 3) takes mm from the paper's top left to px of the scan.

    ``fiducials`` counts the squares found of four; ``residual`` is the root mean square misfit in mm, of them and
    of the code's corners.
    """

    matrix: NDArray[np.float64]
    residual: float
    fiducials: int

    @property
    def is_sure(self) -> bool:
        """Whether it is good enough to judge what lies inside a box."""
        return self.fiducials >= FEWEST_FIDUCIALS and self.residual <= WORST_RESIDUAL

    @cached_property
    def scale(self) -> float:
        """Pixels per mm."""
        return float(np.sqrt(abs(np.linalg.det(self.matrix[:, :2]))))

    def to_pixels(self, points: Points) -> Points:
        """Points in mm as pixels (x, y)."""
        return np.asarray(points @ self.matrix[:, :2].T + self.matrix[:, 2])


def register(gray: Gray, corners: Points, paper: Paper) -> Registration:
    """Register a scan by the code's corners (px, as read) and the fiducials of its paper."""
    left, top, side = paper.qr
    code = np.array([(left, top), (left + side, top), (left + side, top + side), (left, top + side)])
    rough = Registration(_similarity(code, corners), 0.0, 0)
    places, found = [], []
    for place in np.array(paper.fiducials):
        centre = _fiducial(gray, rough, place, paper.fiducial_size)
        if centre is not None:
            places.append(place)
            found.append(centre)
    if len(found) < FEWEST_FIDUCIALS:
        return _fitted(rough.matrix, code, corners, len(found))
    # The code's corners weigh little: a square's centre is ten times as sharp as a corner of the code.
    source, target = np.array(places), np.array(found)
    matrix = _affine(source, target) if len(found) == 4 else _similarity(source, target)
    return _fitted(matrix, source, target, len(found))


def _fitted(matrix: NDArray[np.float64], source: Points, target: Points, fiducials: int) -> Registration:
    registration = Registration(matrix, 0.0, fiducials)
    misfit = np.linalg.norm(registration.to_pixels(source) - target, axis=1) / registration.scale
    return Registration(matrix, float(np.sqrt(np.mean(misfit**2))), fiducials)


def _similarity(source: Points, target: Points) -> NDArray[np.float64]:
    """The best turn, size and shift from source to target, without shear and without mirroring."""
    rows = [row for x, y in source for row in ((x, -y, 1, 0), (y, x, 0, 1))]
    (a, b, c, d), *_ = np.linalg.lstsq(np.array(rows, np.float64), target.reshape(-1), rcond=None)
    return np.array([[a, -b, c], [b, a, d]])


def _affine(source: Points, target: Points) -> NDArray[np.float64]:
    rows = np.hstack([source, np.ones((len(source), 1))])
    solution, *_ = np.linalg.lstsq(rows, target, rcond=None)
    return np.asarray(solution.T, np.float64)


def _fiducial(gray: Gray, rough: Registration, place: Points, size: float) -> Points | None:
    """The centre (px) of the filled square of ``size`` mm near its predicted place, or None."""
    (x, y), reach = rough.to_pixels(place), (_REACH + size / 2) * rough.scale
    left, top = max(0, int(x - reach)), max(0, int(y - reach))
    window = gray[top : int(y + reach) + 1, left : int(x + reach) + 1]
    if min(window.shape, default=0) < size * rough.scale:
        return None
    _, dark = cv2.threshold(cv2.GaussianBlur(window, (5, 5), 0), 0, 1, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    # Rules, pen strokes and the fore-edge mark are thinner than the square: an opening cuts them off.
    kernel = np.ones((max(3, int(1.5 * rough.scale)),) * 2, np.uint8)
    _, _, stats, centres = cv2.connectedComponentsWithStats(cv2.morphologyEx(dark, cv2.MORPH_OPEN, kernel))
    side = size * rough.scale
    good = [
        centre + np.array((left, top))
        for (_, _, width, height, area), centre in zip(stats[1:], centres[1:], strict=True)
        if 0.8 * side < width < 1.3 * side and 0.8 * side < height < 1.3 * side and 0.75 < area / side**2 < 1.25
    ]
    return min(good, key=lambda centre: float(np.linalg.norm(centre - (x, y)))) if good else None
