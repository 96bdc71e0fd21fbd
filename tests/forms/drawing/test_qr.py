"""Codes: what is drawn is what is read."""

import io
import re

import numpy
import pytest
import zxingcpp
from PIL import Image

from forms.drawing import qr

TEXT = "YD1:HF-01-2026-000123-7:3:50:1:1:ABCD2345"


@pytest.mark.parametrize("text", [TEXT, TEXT.replace("-7:", "-*:"), "YD1:XC-02-2026-999999-X:1000:1000:3:12:ZZZZ7777"])
def test_a_png_code_reads_back(text: str) -> None:
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(qr.qr_png(text))))
    assert [code.text for code in found] == [text]
    assert found[0].ec_level == "Q"


def test_a_page_code_is_of_29_modules() -> None:
    """Larger codes have smaller modules, which a poor scan loses first."""
    assert len(qr.modules(TEXT)) == 29


def test_the_path_covers_the_dark_modules_once() -> None:
    path, side = qr.path(TEXT)
    drawn = numpy.zeros((side, side), dtype=int)
    for x, y, width in re.findall(r"(\d+) (\d+) (\d+) 1 re", path):
        drawn[side - 1 - int(y), int(x) : int(x) + int(width)] += 1
    assert (drawn == qr.modules(TEXT)).all()


def test_the_png_has_its_quiet_zone() -> None:
    pixels = numpy.asarray(Image.open(io.BytesIO(qr.qr_png(TEXT, scale=2))))
    assert pixels.shape == ((29 + 8) * 2,) * 2
    assert (pixels[:8] == 255).all()
    assert (pixels[:, -8:] == 255).all()
