"""Reads the code on a scanned page: whose page it is, proven by its tag, and which way up it lies.

A ladder from cheap to dear: the four corners, the whole page, the code drawn anew where the paper's squares say that
it is, then corners and page again softened, doubled and thresholded.
Identity is accepted only when the tag proves it and the page bears no second identity: anything else goes to a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import zxingcpp

from forms import label_marks, marks
from forms.label_marks import ForgedLabel, LabelMark
from forms.marks import ForeignMark, PageMark
from forms.scanning.looking import restoring
from forms.scanning.opening.rasters import Gray, Points

# The code ends 54 mm from the right and 46 mm from the top: with room for a crop, a shift and a turn.
_CORNER_WIDTH, _CORNER_HEIGHT = 0.42, 0.34
_QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
# What other systems put on paper; linear codes without a checksum are left out, table rules look like them.
_OTHERS = zxingcpp.BarcodeFormats(
    (
        zxingcpp.BarcodeFormat.QRCode,
        zxingcpp.BarcodeFormat.DataMatrix,
        zxingcpp.BarcodeFormat.Aztec,
        zxingcpp.BarcodeFormat.PDF417,
        zxingcpp.BarcodeFormat.Code128,
    )
)


@dataclass(frozen=True)
class Found:
    """A code on a page: what it says, and its corners in px (x, y): top left, top right, bottom right, bottom left.

    The corners are named as the code is read, so that they tell how the page lies.
    """

    mark: PageMark | ForeignMark
    corners: Points

    @property
    def rotation(self) -> int:
        """The clockwise turn that puts the page upright: 0, 90, 180 or 270 degrees."""
        along = (self.corners[1] - self.corners[0]) + (self.corners[2] - self.corners[3])
        lies = round(float(np.degrees(np.arctan2(along[1], along[0]))) / 90) % 4
        return (360 - 90 * lies) % 360


@dataclass(frozen=True)
class Reading:
    """What the codes of a page say together: the page's own identity, or why there is none.

    ``reason``: "" (proven), no_code, foreign, forged, two_codes, label (no page, but labels of ours: ``labels``, with
    their corners in px). ``suggested``: a serial that could be made out and not proven.
    """

    found: Found | None
    reason: str = ""
    labels: tuple[tuple[LabelMark, Points], ...] = ()
    suggested: str = ""


def read(gray: Gray, secret: bytes) -> Reading:
    """Read a page's identity from its picture. A forged or a second identity beside the proven one spoils both."""
    seen: dict[str, Found] = {}
    for attempt in _attempts(gray):
        for found in attempt(secret):
            seen.setdefault(_identity(found.mark), found)
        if any(isinstance(found.mark, PageMark) for found in seen.values()):
            break
    return _judge(list(seen.values()), secret)


def has_another(gray: Gray, secret: bytes, found: Found) -> bool:
    """Whether the picture bears a second number of ours: small cards scanned together, or a sheet of them uncut.

    The ladder stops at the first proof and may have seen but one card; here the whole picture is looked at.
    """
    whole: list[Part] = [(gray, (0.0, 0.0))]
    for variant in (_as_it_is, _softened, _thresholded):
        for other in _rung(whole, variant)(secret):
            if isinstance(other.mark, PageMark) and other.mark != found.mark:
                return True
    return False


def _judge(seen: list[Found], secret: bytes) -> Reading:
    ours = [found for found in seen if isinstance(found.mark, PageMark)]
    if any(isinstance(found.mark, ForeignMark) and found.mark.forged for found in seen):
        return Reading(None, "forged")
    if len(ours) == 1:
        return Reading(ours[0])
    if ours:
        return Reading(None, "two_codes")
    try:
        labels = tuple(_labels(seen, secret))
    except ForgedLabel:
        return Reading(None, "forged")
    return Reading(None, "label" if labels else "foreign" if seen else "no_code", labels)


def _labels(seen: list[Found], secret: bytes) -> Iterator[tuple[LabelMark, Points]]:
    """The labels of ours among the codes that are no page's. Raises ForgedLabel."""
    for found in seen:
        label = label_marks.read(secret, found.mark.content) if isinstance(found.mark, ForeignMark) else None
        if label is not None:
            yield label, found.corners


def _identity(mark: PageMark | ForeignMark) -> str:
    return f"foreign {mark.content}" if isinstance(mark, ForeignMark) else repr(mark)


Attempt = Callable[[bytes], list[Found]]


def _attempts(gray: Gray) -> Iterator[Attempt]:
    """The rungs of the ladder; each is only climbed when the one before proved nothing."""
    corners = list(_corners(gray))
    yield lambda secret: [found for crop, origin in corners for found in _scan(crop, origin, 1.0, secret)]
    yield _rung([(gray, (0.0, 0.0))], _as_it_is)
    yield lambda secret: [Found(marks.read(secret, text), places) for text, places in restoring.texts(gray)]
    for variant in (_softened, _doubled, _thresholded, _opened):
        yield _rung(corners, variant)
    for variant in (_softened, _thresholded):
        yield _rung([(gray, (0.0, 0.0))], variant)
    yield lambda secret: _scan(gray, (0.0, 0.0), 1.0, secret, _OTHERS)


Part = tuple[Gray, tuple[float, float]]
Variant = Callable[[Gray], tuple[Gray, float]]


def _rung(parts: list[Part], variant: Variant) -> Attempt:
    def attempt(secret: bytes) -> list[Found]:
        found: list[Found] = []
        for crop, origin in parts:
            changed, scale = variant(crop)
            found += _scan(changed, origin, scale, secret)
        return found

    return attempt


def _corners(gray: Gray) -> Iterator[Part]:
    """The four corners as cut from the page, with their place. On a turned page the code lies in another one."""
    height, width = gray.shape
    wide, high = int(width * _CORNER_WIDTH), int(height * _CORNER_HEIGHT)
    for left in (width - wide, 0):
        for top in (0, height - high):
            yield np.ascontiguousarray(gray[top : top + high, left : left + wide]), (float(left), float(top))


def _scan(
    gray: Gray,
    origin: tuple[float, float],
    scale: float,
    secret: bytes,
    formats: zxingcpp.BarcodeFormats = _QR,
) -> list[Found]:
    results = zxingcpp.read_barcodes(gray, formats=formats, try_invert=False)
    return [Found(marks.read(secret, result.text), _points(result.position) / scale + origin) for result in results]


def _points(position: zxingcpp.Position) -> Points:
    corners = (position.top_left, position.top_right, position.bottom_right, position.bottom_left)
    return np.array([(corner.x, corner.y) for corner in corners], np.float64)


def _as_it_is(gray: Gray) -> tuple[Gray, float]:
    return gray, 1.0


def _softened(gray: Gray) -> tuple[Gray, float]:
    return np.asarray(cv2.GaussianBlur(gray, (0, 0), 1.2), np.uint8), 1.0


def _doubled(gray: Gray) -> tuple[Gray, float]:
    return np.asarray(cv2.resize(gray, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8), 2.0


def _thresholded(gray: Gray) -> tuple[Gray, float]:
    soft = cv2.GaussianBlur(gray, (0, 0), 0.8)
    return np.asarray(cv2.adaptiveThreshold(soft, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, 51, 8)), 1.0


def _opened(gray: Gray) -> tuple[Gray, float]:
    """Thin dark strokes across the code vanish; modules, which are thicker, stay."""
    return np.asarray(cv2.morphologyEx(gray, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)), np.uint8), 1.0
