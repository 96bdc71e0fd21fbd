"""How good a scanned page is (DA/T 31-2017): measured while filing, judged by thresholds that are data.

What is measured is kept with the page: numbers only, nothing of its content. What they mean is decided when they are
shown, so that a threshold that changes needs no page to be measured again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

import templates
from forms.paper import Paper
from forms.scanning.looking.registration import Registration, smaller
from forms.scanning.opening.rasters import Gray, Picture

_MM_PER_INCH = 25.4
_A4_LONG = 297.0
# Edges are looked at in strips so many px high.
_STRIP = 240
# An edge counts when it is as strong as type or a pen makes it, in levels of 255; where blur has worn all of them
# down, weaker ones tell.
_STRONG = (70, 35)
_FEWEST_EDGES = 60
# Outermost mm of an unregistered page: what is dark there and not a shadow along the whole side is writing.
_RIM_MM = 1.2


class Measure(BaseModel):
    """A row of templates/scan_quality.yaml: what is measured, when it is worth a word, when the page is rescanned."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    zh: str
    en: str
    unit: str
    below: bool
    remark: float
    rescan: float | None
    zh_fault: str
    en_fault: str
    source: str

    def reaches(self, value: float, threshold: float | None) -> bool:
        """Whether a value is as bad as a threshold."""
        return threshold is not None and (value < threshold if self.below else value >= threshold)


@dataclass(frozen=True)
class Fault:
    """A measure beyond its threshold. ``rescan``: so bad that the page should be scanned again."""

    key: str
    zh: str
    en: str
    rescan: bool


@cache
def thresholds() -> tuple[Measure, ...]:
    """The measures with their thresholds and sources."""
    rows = yaml.safe_load(templates.read_text("scan_quality.yaml"))
    return tuple(Measure.model_validate(row) for row in rows)


def faults(measured: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with a page by what was measured on it; nothing where nothing was measured.

    >>> [fault.zh for fault in faults({"dpi": 120, "skew": 0.4})]
    ['分辨率只有 120 dpi']
    """
    found = []
    for measure in thresholds():
        value = measured.get(measure.key)
        if value is None or not measure.reaches(abs(value), measure.remark):
            continue
        shown = f"{abs(value):g}"
        zh, en = measure.zh_fault.format(value=shown), measure.en_fault.format(value=shown)
        found.append(Fault(measure.key, zh, en, measure.reaches(abs(value), measure.rescan)))
    return found


def needs_rescan(measured: Mapping[str, Any]) -> list[str]:
    """The keys of the faults for which the page should be scanned again."""
    return [fault.key for fault in faults(measured) if fault.rescan]


def measure(picture: Picture, where: Registration | None = None, paper: Paper | None = None) -> dict[str, float]:
    """Measure a page: dpi, skew in degrees, blur and cut in mm, paper and contrast in levels of 255, touching in %.

    ``where`` and ``paper``: how a proven page of ours lies; without them what they would tell is estimated or left out.
    """
    found: dict[str, float | None] = {"dpi": _dpi(picture, where), **_light(picture.gray)}
    if where is not None and paper is not None:
        found |= {"skew": _lying(where), "cut": _cut(picture.gray, where, paper)}
        found["blur"] = _blur(picture.gray, where.scale)
    else:
        small = smaller(picture.gray)
        found |= {"skew": _skew(small), "touching": _touching(small, found["paper"] or 0)}
        found["blur"] = _blur(picture.gray, max(picture.gray.shape) / _A4_LONG)
    return {key: round(float(value), 2) for key, value in found.items() if value is not None}


def _dpi(picture: Picture, where: Registration | None) -> float | None:
    """The file's own pixels to the inch of paper: measured on a page of ours, else as the file says."""
    if where is not None and picture.shrunk:
        return float(round(where.scale * _MM_PER_INCH * picture.shrunk))
    return float(round(picture.dpi)) if picture.dpi is not None else None


def _lying(where: Registration) -> float:
    """By how many degrees a registered page is skewed, whichever way up it lies."""
    angle = float(np.degrees(np.arctan2(where.matrix[1, 0], where.matrix[0, 0])))
    return (angle + 45) % 90 - 45


def _skew(small: Gray) -> float | None:
    """The angle at which the lines of a page stand out most, of ±6°; None where it has no lines."""
    tiny = cv2.resize(small, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    dark = np.asarray(
        cv2.adaptiveThreshold(tiny, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 25, 15), np.uint8
    )
    if not 0.002 < float(dark.mean()) < 0.5:
        return None
    coarse = max(np.arange(-6.0, 6.1, 1.0), key=lambda angle: _striped(dark, float(angle)))
    fine = max(np.arange(-0.8, 0.81, 0.2), key=lambda step: _striped(dark, float(coarse + step)))
    angle = float(coarse + fine)
    # Lines of writing stripe a page several times as much as blots do; of what has no lines nothing is told.
    flat = min(_striped(dark, angle - 8), _striped(dark, angle + 8))
    return angle if _striped(dark, angle) > 1.4 * flat else None


def _striped(dark: Gray, angle: float) -> float:
    """How much rows and columns differ from their neighbours when the page is turned by so many degrees."""
    height, width = dark.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    turned = cv2.warpAffine(dark, matrix, (width, height), flags=cv2.INTER_NEAREST)
    rows, columns = turned.sum(axis=1, dtype=np.int64), turned.sum(axis=0, dtype=np.int64)
    return max(float(np.square(np.diff(line)).sum()) for line in (rows, columns))


def _light(gray: Gray) -> dict[str, float | None]:
    """How light the paper is, and by how much the darkest writing differs from it; without writing no contrast."""
    counts = np.bincount(gray[::4, ::4].ravel(), minlength=256)
    share = np.cumsum(counts) / counts.sum()
    paper, ink = int(np.searchsorted(share, 0.6)), int(np.searchsorted(share, 0.004))
    return {"paper": float(paper), "contrast": float(paper - ink) if paper - ink > 12 else None}


def _blur(gray: Gray, per_mm: float) -> float | None:
    """How wide the edges of strokes are, in mm: the median over the strongest; None where there are too few."""
    parts = _parts(gray)
    for strong in _STRONG:
        widths = np.concatenate([_widths(part, strong) for part in parts])
        if len(widths) >= _FEWEST_EDGES:
            return float(np.median(widths)) / per_mm
    return None


def _parts(gray: Gray) -> list[Gray]:
    """Strips across a page; its edges, which tell more of the feeder than of the lens, are left out."""
    height, width = gray.shape
    high, rim = min(_STRIP, height), width // 20
    tops = {max(0, min(height - high, int(height * share))) for share in (0.2, 0.45, 0.7)}
    return [gray[top : top + high, rim : width - rim] for top in sorted(tops)]


def _widths(part: Gray, strong: int) -> NDArray[np.float32]:
    """The widths in px of the edges in a part: the step across them, over their steepest slope."""
    across, down = cv2.Sobel(part, cv2.CV_16S, 1, 0), cv2.Sobel(part, cv2.CV_16S, 0, 1)
    slope = np.maximum(np.abs(across), np.abs(down))
    kernel = np.ones((9, 9), np.uint8)
    step = cv2.subtract(cv2.dilate(part, kernel), cv2.erode(part, kernel))
    # Where the whole window is flat, an edge lies just outside; the widest edge fills the window.
    steep = slope.astype(np.int32) * kernel.shape[0] > 8 * step.astype(np.int32)
    steepest = (slope == cv2.dilate(slope, np.ones((5, 5), np.uint8))) & (step > strong) & steep
    # Sobel's kernel weighs a step of one level by eight over two pixels.
    return np.asarray(step[steepest] / (slope[steepest] / 8.0), np.float32)


def _cut(gray: Gray, where: Registration, paper: Paper) -> float:
    """By how many mm the paper reaches beyond the image at the side where most of it is missing."""
    corners = np.array([(0, 0), (paper.width, 0), (paper.width, paper.height), (0, paper.height)], np.float64)
    height, width = gray.shape
    # Middles of the sides: a skewed page loses its corners' tips, and nothing stands there.
    middles = where.to_pixels((corners + np.roll(corners, -1, axis=0)) / 2)
    beyond = np.concatenate([-middles[:, 0], middles[:, 0] - width, -middles[:, 1], middles[:, 1] - height])
    return max(0.0, float(beyond.max()) / where.scale)


def _touching(small: Gray, usual: float) -> float:
    """Which share of the image's border, in percent of its worst side, has writing on it; a dark side is a shadow."""
    rim = max(2, round(_RIM_MM * max(small.shape) / _A4_LONG))
    worst = 0.0
    for side in (small[:rim], small[-rim:], small[:, :rim].T, small[:, -rim:].T):
        dark = float((side.min(axis=0) < 0.6 * usual).mean())
        worst = max(worst, dark if dark < 0.6 else 0.0)
    return 100 * worst
