"""What others use to know a scanned page: readers of codes, and recognition of the whole page. They only look."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import cv2
import numpy as np
from PIL import Image

from forms.scanning.reading import recogniser

#: The texts that a peer finds on a page.
Look = Callable[[Image.Image], Sequence[str]]


def _opencv(scan: Image.Image) -> Sequence[str]:
    content, _, _ = cv2.QRCodeDetector().detectAndDecode(np.asarray(scan.convert("L")))
    return [content] if content else []


def _pyzbar() -> Look | None:
    """The usual pipeline's reader; it wants a library of the system (libzbar)."""
    try:
        pyzbar = importlib.import_module("pyzbar.pyzbar")
    except ImportError:
        return None
    codes = [pyzbar.ZBarSymbol.QRCODE]
    return lambda scan: [one.data.decode("utf-8", "replace") for one in pyzbar.decode(scan.convert("L"), codes)]


@functools.cache
def _engine() -> recogniser.Recogniser:
    return recogniser.Recogniser(threads=1)


def _recognised(scan: Image.Image) -> Sequence[str]:
    return [line.text for line in _engine().page(scan)]


#: Readers of codes by name; None where the machine lacks what one needs.
CODE_READERS: Mapping[str, Look | None] = MappingProxyType({"pyzbar": _pyzbar(), "OpenCV": _opencv})
RECOGNITION = "whole-page recognition"
PEERS: Mapping[str, Look | None] = MappingProxyType({**CODE_READERS, RECOGNITION: _recognised})
