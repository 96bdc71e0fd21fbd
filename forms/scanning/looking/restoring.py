"""Draws a spoiled code anew: what lies where each of its modules was printed, and what every code is known to have.

A reader of codes looks for the three large squares in the corners first, and a pen across one of them hides the whole
code from it. But where the paper's own squares are, there the code is: its modules are sampled at their places, the
parts that are alike in every code are drawn as they should be, and the reader gets a code to read in which only the
modules under the pen are wrong. What it reads must prove itself as any code must.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

from forms.drawing import qr
from forms.scanning.looking import registration
from forms.scanning.looking.registration import Registration
from forms.scanning.opening.rasters import Gray, Points

# Our codes have 29 modules a side, those of very long numbers 33 (QR versions 3 and 4).
_SIDES = (29, 33)
_PX = 8
_MARGIN = 4
# How far a module may lie from where it is looked for, in modules: the squares place it to a third of one.
_SHIFTS = np.arange(-0.6, 0.61, 0.15)
# Strokes thinner than so many parts of a module are wiped off first; a bold pen is as wide as a module and stays.
_WIPED = (0.0, 0.5, 0.75)
# Of the parts known beforehand so many must be there: else there is no code of ours at this place.
_LEAST_ALIKE = 0.7
_QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)

Modules = NDArray[np.bool_]


def texts(gray: Gray) -> Iterator[tuple[str, Points]]:
    """What codes say that were drawn anew, and where their corners lie in the picture (px)."""
    for paper, lying in registration.by_squares(gray):
        corners = lying.to_pixels(registration.code_corners(paper))
        for side in _SIDES:
            text = _text(gray, lying, paper.qr, side)
            if text:
                yield text, corners
                break


def _text(gray: Gray, lying: Registration, place: tuple[float, float, float], side: int) -> str:
    patch = _patch(gray, lying, place, side)
    for wiped in _WIPED:
        sampled = _sampled(patch, side, wiped)
        if sampled is None:
            return ""
        for result in zxingcpp.read_barcodes(_drawn(sampled), formats=_QR, try_invert=False, is_pure=True):
            return result.text
    return ""


def _patch(gray: Gray, lying: Registration, place: tuple[float, float, float], side: int) -> Gray:
    """The code's place upright, each module 8 px wide, with a margin of four modules."""
    left, top, size = place
    step = size / side / _PX
    margin = _MARGIN * size / side
    to_mm = np.array([[step, 0, left - margin], [0, step, top - margin], [0, 0, 1]])
    matrix = np.vstack([lying.matrix, (0, 0, 1)]) @ to_mm
    wide = (side + 2 * _MARGIN) * _PX
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(gray, matrix[:2], (wide, wide), flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def _sampled(patch: Gray, side: int, wiped: float) -> Modules | None:
    """The modules as seen, True for dark, the known parts as they should be; None where there is no code."""
    if wiped:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (round(wiped * _PX),) * 2)
        patch = np.asarray(cv2.morphologyEx(patch, cv2.MORPH_CLOSE, kernel), np.uint8)
    light, _ = cv2.threshold(patch, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    soft = cv2.blur(patch, (_PX // 2 + 1,) * 2)
    known, pattern = _known(side)
    centres = (np.arange(side) + 0.5 + _MARGIN) * _PX
    best: tuple[float, Modules] | None = None
    for down in _SHIFTS:
        for across in _SHIFTS:
            rows, columns = np.round(centres + down * _PX), np.round(centres + across * _PX)
            dark = soft[np.ix_(rows.astype(int), columns.astype(int))] <= light
            alike = float(np.mean(dark[known] == pattern[known]))
            if best is None or alike > best[0]:
                best = alike, dark
    if best is None or best[0] < _LEAST_ALIKE:
        return None
    return np.where(known, pattern, best[1])


@cache
def _known(side: int) -> tuple[Modules, Modules]:
    """Which modules every code of this size has alike, and what they are.

    Of two codes that say different things under the same format, the squares, their frames and the timing lines agree;
    what else agrees by chance is told apart by many such codes.
    """
    drawn = [modules for modules in map(qr.modules, _samples(side)) if len(modules) == side]
    dark, light = np.logical_and.reduce(drawn), np.logical_and.reduce([~modules for modules in drawn])
    return np.asarray(dark | light), np.asarray(dark)


def _samples(side: int) -> Iterator[str]:
    length = 41 if side == _SIDES[0] else 60
    random = np.random.default_rng(0)
    letters = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"))
    for _ in range(60):
        yield "".join(random.choice(letters, length))


def _drawn(modules: Modules) -> Gray:
    """The code as a printer would draw it."""
    pixels = np.where(np.pad(modules, qr.QUIET_MODULES), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(pixels.repeat(4, axis=0).repeat(4, axis=1))
