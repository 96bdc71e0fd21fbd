"""Codes on paper: a QR code as modules, as one vector path for PDF, and as a PNG for Word."""

from __future__ import annotations

import io
from typing import Any

import numpy
import zxingcpp
from PIL import Image

LEVEL = "Q"  # a quarter of the code may be lost: stamps, folds and pens do that
QUIET_MODULES = 4


def modules(text: str) -> Any:
    """The code's modules without its quiet zone: a square boolean array, True is dark."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level=LEVEL)
    drawn = numpy.asarray(zxingcpp.write_barcode_to_image(code, scale=1, add_quiet_zones=False))
    return drawn < 128


def path(text: str) -> tuple[str, int]:
    """The code as PDF path operators (module = 1 unit, origin at its bottom left) and its side in modules.

    Each run of dark modules in a row is one rectangle; the caller scales the path and fills it once, so that no
    renderer leaves a seam between neighbours.
    """
    dark = modules(text)
    side = len(dark)
    edges = numpy.diff(numpy.pad(dark, ((0, 0), (1, 1))).astype(numpy.int8), axis=1)
    rows, starts = (edges == 1).nonzero()
    ends = (edges == -1).nonzero()[1]
    runs = zip(rows.tolist(), starts.tolist(), ends.tolist(), strict=True)
    return "\n".join(f"{start} {side - 1 - row} {end - start} 1 re" for row, start, end in runs), side


def svg_path(text: str) -> tuple[str, int]:
    """The code as the path of an SVG (module = 1 unit, origin at its top left) and its side in modules."""
    dark = modules(text)
    edges = numpy.diff(numpy.pad(dark, ((0, 0), (1, 1))).astype(numpy.int8), axis=1)
    rows, starts = (edges == 1).nonzero()
    wide = (edges == -1).nonzero()[1] - starts
    runs = zip(rows.tolist(), starts.tolist(), wide.tolist(), strict=True)
    return "".join(f"M{start} {row}h{run}v1h-{run}z" for row, start, run in runs), len(dark)


def qr_png(text: str, scale: int = 8) -> bytes:
    """The code with its quiet zone as a PNG, ``scale`` pixels a module (for Word documents)."""
    dark = numpy.pad(modules(text), QUIET_MODULES)
    pixels = numpy.where(dark, 0, 255).astype(numpy.uint8).repeat(scale, axis=0).repeat(scale, axis=1)
    png = io.BytesIO()
    Image.fromarray(pixels).save(png, "PNG", optimize=True)
    return png.getvalue()


def no_code() -> bytes:
    """A white square in a code's place, as a PNG: pages that are stamped once they are counted."""
    png = io.BytesIO()
    Image.new("L", (8, 8), 255).save(png, "PNG")
    return png.getvalue()
