"""Says for each box to sign or stamp whether there is ink in it: yes, no, or a person must look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from forms.scanning.looking.registration import Registration
from forms.scanning.opening.rasters import Gray

# The box's own frame, and whatever misfit the registration has, stays outside.
INSET = 1.2
# A box is looked at in this resolution whatever the scan's.
PER_MM = 8.0
# Shares of the box's area that are darker than the paper around. On 900 generated scans of 64 forms, down to the worst
# level, blank boxes had none at all and signed ones 8 % and more; real pens may be finer, so the grey zone lies low.
BLANK = 0.004
SIGNED = 0.015
# Ink is at least this much darker than the local paper (of 255), so that a grey copy or a stain is none.
_CONTRAST = 40
_SMALLEST_SPOT = 0.12


def judge(
    gray: Gray, registration: Registration | None, boxes: Iterable[Mapping[str, Any]]
) -> dict[str, dict[str, float | bool | None]]:
    """Per key of the signature and stamp boxes (x, y, w, h in mm): {"ink": share of dark pixels, "signed": …}.

    ``signed`` is None where it cannot be told: a registration that is not sure, or a share in the grey zone.
    """
    sure = registration if registration is not None and registration.is_sure else None
    return {
        str(box["key"]): _verdict(ink_share(gray, sure, box) if sure else None)
        for box in boxes
        if box["kind"] in ("signature", "stamp")
    }


def _verdict(ink: float | None) -> dict[str, float | bool | None]:
    if ink is None:
        return {"ink": None, "signed": None}
    signed = False if ink <= BLANK else True if ink >= SIGNED else None
    return {"ink": round(ink, 4), "signed": signed}


def ink_share(gray: Gray, registration: Registration, box: Mapping[str, Any]) -> float:
    """The share 0..1 of the inside of a box that is covered with ink."""
    return float(np.mean(ink(upright(gray, registration, box))))


def ink(patch: Gray) -> NDArray[np.bool_]:
    """Which pixels of a part of a page (8 px per mm) are ink: darker than the paper around, and no speck."""
    # The paper as it would be without ink: the brightest of what is averaged over half a millimetre, so that a noisy
    # sensor counts for little; shadows, stains and grey paper fall out.
    small = cv2.resize(patch, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    paper = cv2.GaussianBlur(cv2.dilate(small, np.ones((11, 11), np.uint8)), (0, 0), 4)
    paper = cv2.resize(paper, (patch.shape[1], patch.shape[0]), interpolation=cv2.INTER_LINEAR)
    soft = cv2.GaussianBlur(patch, (0, 0), 1.2)
    dark = np.asarray(cv2.subtract(paper, soft) > _CONTRAST, np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    large = stats[:, cv2.CC_STAT_AREA] >= _SMALLEST_SPOT * PER_MM**2
    large[0] = False
    return np.asarray(large[labels], np.bool_)


def upright(gray: Gray, registration: Registration, box: Mapping[str, Any], inset: float = INSET) -> Gray:
    """The inside of a box, from ``inset`` mm within its frame, as an upright picture of 8 px per mm."""
    width, height = float(box["w"]) - 2 * inset, float(box["h"]) - 2 * inset
    to_mm: NDArray[np.float64] = np.array(
        [[1 / PER_MM, 0, float(box["x"]) + inset], [0, 1 / PER_MM, float(box["y"]) + inset], [0, 0, 1]]
    )
    matrix = np.vstack([registration.matrix, (0, 0, 1)]) @ to_mm
    size = (max(1, round(width * PER_MM)), max(1, round(height * PER_MM)))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    patch = cv2.warpAffine(gray, matrix[:2], size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(patch, np.uint8)
