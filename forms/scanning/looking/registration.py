"""Finds where each millimetre of the printed page lies in the scan: roughly by its code, finely by its fiducials.

The code's corners give a similarity (0.5 to 1.5 mm at the far side; a homography from them would err by 10 to 49 mm).
It predicts where the four filled squares lie; an affine map through those found is good to 0.03 to 0.7 mm.
Where the code is spoiled, the squares alone tell where the paper may lie (``by_squares``): which way up they cannot.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations

import cv2
import numpy as np
from numpy.typing import NDArray

from forms.paper import A4, A4_LANDSCAPE, CARD, Paper
from forms.scanning.opening.rasters import Gray, Points

# How far from the predicted place a square is looked for.
_REACH = 6.0
# A picture of four squares that fits worse than this is no flat scan (a phone held askew, a folded page).
WORST_RESIDUAL = 0.6
FEWEST_FIDUCIALS = 3
# Squares are looked for with the longer side of the page at so many pixels: 4 px per mm of A4.
LONGEST = 1170
_MOST_SQUARES = 16
# A square's side tells the scale to so much, and its place in the small picture is good to so many mm.
_SAME_SCALE, _SAME_PLACE = 0.15, 2.5


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

    @property
    def is_upright(self) -> bool:
        """Whether the paper's top lies at the top of the scan."""
        across, down = self.matrix[:, 0]
        return bool(across > abs(down))

    @cached_property
    def scale(self) -> float:
        """Pixels per mm."""
        return float(np.sqrt(abs(np.linalg.det(self.matrix[:, :2]))))

    def to_pixels(self, points: Points) -> Points:
        """Points in mm as pixels (x, y)."""
        return np.asarray(points @ self.matrix[:, :2].T + self.matrix[:, 2])


def register(gray: Gray, corners: Points, paper: Paper) -> Registration:
    """Register a scan by the code's corners (px, as read) and the fiducials of its paper."""
    code = code_corners(paper)
    return _refined(gray, Registration(_similarity(code, corners), 0.0, 0), paper, corners)


def code_corners(paper: Paper) -> Points:
    """Where the code's corners lie on the paper, in mm: top left, top right, bottom right, bottom left."""
    left, top, side = paper.qr
    return np.array([(left, top), (left + side, top), (left + side, top + side), (left, top + side)])


def by_squares(gray: Gray) -> Iterator[tuple[Paper, Registration]]:
    """The papers of ours that three squares of a page or more speak for, each in every way that it may lie.

    At most eight: portrait and landscape, upright and upside down, look alike by their squares, and a card.
    """
    small = smaller(gray)
    shrunk = gray.shape[0] / small.shape[0]
    found = sorted(squares(small), key=lambda square: -square[2])[:_MOST_SQUARES]
    for paper in (A4, A4_LANDSCAPE, CARD):
        for rough in _lying(found, paper):
            larger = Registration(rough * shrunk, 0.0, 0)
            corners = larger.to_pixels(code_corners(paper))
            refined = _refined(gray, larger, paper, corners)
            if refined.is_sure:
                yield paper, refined


def smaller(gray: Gray) -> Gray:
    """A page with its longer side at 1170 px; one that is smaller stays as it is."""
    factor = LONGEST / max(gray.shape)
    if factor >= 1:
        return gray
    return np.asarray(cv2.resize(gray, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)


Square = tuple[float, float, float]


def squares(small: Gray) -> list[Square]:
    """Filled dark squares of about a fiducial's size in a page made small: centre x, y and side in px."""
    _, dark = cv2.threshold(cv2.GaussianBlur(small, (3, 3), 0), 0, 1, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    opened = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    _, _, stats, centres = cv2.connectedComponentsWithStats(opened)
    low, high = 0.012 * max(small.shape), 0.034 * max(small.shape)
    return [
        (float(x), float(y), float(area) ** 0.5)
        for (_, _, width, height, area), (x, y) in zip(stats[1:], centres[1:], strict=True)
        if low < area**0.5 < high and 0.75 < width / height < 1.33 and area > 0.7 * width * height
    ]


def _lying(found: Iterable[Square], paper: Paper) -> Iterator[NDArray[np.float64]]:
    """The similarities by which a paper's squares lie on those found, one for each quarter turn."""
    seen: set[int] = set()
    sides = {(x, y): side for x, y, side in found}
    model = np.array(paper.fiducials)
    for (one, other), (first, second) in (
        (pair, ends) for pair in permutations(sides, 2) for ends in ((0, 1), (1, 0), (2, 3), (3, 2), (0, 2), (2, 0))
    ):
        target = np.array((one, other))
        matrix = _similarity(model[[first, second]], target)
        turn = round(float(np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0]))) / 90) % 4
        scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
        alike = all(abs(sides[end] / paper.fiducial_size / scale - 1) < _SAME_SCALE for end in (one, other))
        if turn not in seen and alike and _met(Registration(matrix, 0.0, 0), model, sides) >= FEWEST_FIDUCIALS:
            seen.add(turn)
            yield matrix


def _met(rough: Registration, model: Points, places: Iterable[tuple[float, float]]) -> int:
    """How many of a paper's squares lie where a square was found."""
    near = np.array(list(places))
    off = np.linalg.norm(rough.to_pixels(model)[:, None] - near[None], axis=2).min(axis=1)
    return int(np.sum(off < _SAME_PLACE * rough.scale))


def _refined(gray: Gray, rough: Registration, paper: Paper, corners: Points) -> Registration:
    places, found = [], []
    for place in np.array(paper.fiducials):
        centre = _fiducial(gray, rough, place, paper.fiducial_size)
        if centre is not None:
            places.append(place)
            found.append(centre)
    if len(found) < FEWEST_FIDUCIALS:
        return _fitted(rough.matrix, code_corners(paper), corners, len(found))
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
