"""Tells what lies on a page without a proven code: nothing at all, or traces of a page of ours whose code is spoiled.

Both answers guard against loss: a page counts as blank only when even faint pencil would have been seen, and papers
behind a cover sheet are not filed with it when one of them may be a form of ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

from forms.paper import A4, CARD, Paper
from forms.scanning.looking.registration import Square, smaller, squares
from forms.scanning.opening.rasters import Gray

# Of A4 in the small picture in which a page is looked at.
_PER_MM = 4
# What a feeder's shadow or a neighbour's edge darkens.
_BORDER_MM = 6
# Faint pencil is some 20 to 40 levels of 255 darker than the paper; the noise of a poor scanner, averaged, is 2.
_FAINTEST = 9
# A grey or dark area, a photo, a shadow: no paper without anything on it.
_UNEVEN = 25
_DARKEST_PAPER = 140
# Dust is smaller than the shortest stroke; much dust is a reason to look.
_SHORTEST_STROKE_MM = 1.5
_MOST_DUST = 0.0005
# A square looks a tenth larger than it is when it is softened; what is taken for one by mistake only waits.
_ALIKE, _FITS = 0.2, 0.12
# Of the way from ink to paper: within a worn fiducial up to 0.08, within a blurred character 0.29 and more.
_SOLID = 0.25
_QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)


def is_blank(gray: Gray) -> bool:
    """Whether there is nothing on a page, its borders of 6 mm left out: not a stroke, not a stain, hardly any dust."""
    soft = _inner(gray)
    if min(soft.shape) < 20 * _PER_MM:
        return False
    # The paper as it would be without strokes: the median over 13 mm.
    paper = cv2.medianBlur(soft, 51)
    usual = float(np.median(paper))
    if usual < _DARKEST_PAPER or usual - float(paper.min()) > _UNEVEN:
        return False
    ink = np.asarray(cv2.subtract(paper, soft) > _FAINTEST, np.uint8)
    if float(np.mean(ink)) > _MOST_DUST:
        return False
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    spots = stats[1:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]]
    return int(spots.max(initial=0)) < _SHORTEST_STROKE_MM * _PER_MM


def _inner(gray: Gray) -> Gray:
    """The page without its borders, small and soft enough that single pixels count for nothing."""
    border = _BORDER_MM * _PER_MM
    return np.asarray(cv2.GaussianBlur(smaller(gray)[border:-border, border:-border], (0, 0), 1.0), np.uint8)


def may_be_ours(gray: Gray) -> bool:
    """Whether a page without a readable code has something that our pages have: a spoiled code, or our four squares."""
    # A library's own error beside a place says that there is a code which it cannot make out.
    if zxingcpp.read_barcodes(gray, formats=_QR, return_errors=True, try_invert=False):
        return True
    return _has_fiducials(smaller(gray))


def has_squares_of_ours(gray: Gray, codes: Iterable[NDArray[np.float64]]) -> bool:
    """Whether two squares of a page of ours lie outside these codes (their corners in px)."""
    covered = gray.copy()
    for corners in codes:
        # A little more than the code: what is left of its edge would be squares again.
        middle = corners.mean(axis=0)
        cv2.fillConvexPoly(covered, np.asarray(middle + (corners - middle) * 1.2, np.int32), 255)
    return _has_fiducials(smaller(covered))


def _has_fiducials(small: Gray) -> bool:
    """Whether two solid squares are alike and as far from each other as two fiducials of a paper of ours are."""
    soft = np.asarray(cv2.GaussianBlur(small, (3, 3), 0), np.uint8)
    paper = float(np.median(soft))
    found = [square for square in squares(small) if _is_solid(soft, paper, square)]
    return any(
        abs(one[2] - two[2]) < _ALIKE * one[2] and any(abs(_apart(one, two) / far - 1) < _FITS for far in _DISTANCES)
        for one, two in combinations(found, 2)
    )


def _is_solid(soft: Gray, paper: float, square: Square) -> bool:
    """Whether it is as dark all over: a Chinese character of its size, blurred by a poor scanner, is not."""
    x, y, reach = round(square[0]), round(square[1]), max(2, round(0.3 * square[2]))
    inner = soft[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1]
    dark, light = np.percentile(inner, (10, 90))
    return float(light - dark) < _SOLID * (paper - float(dark))


def _apart(one: Square, two: Square) -> float:
    """The distance of two squares, in sides of a square."""
    return float(np.hypot(one[0] - two[0], one[1] - two[1])) / ((one[2] + two[2]) / 2)


def _distances(paper: Paper) -> set[float]:
    pairs = combinations(paper.fiducials, 2)
    return {round(float(np.hypot(a[0] - b[0], a[1] - b[1])) / paper.fiducial_size, 3) for a, b in pairs}


_DISTANCES = _distances(A4) | _distances(CARD)
