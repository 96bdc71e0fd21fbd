"""What is measured on a page is what was done to it: resolution, skew, blur, cut edges, darkness, faint writing."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from forms.paper import A4
from forms.scanning.looking import quality, registration
from forms.scanning.opening import rasters
from forms.scanning.opening.rasters import Picture


@pytest.fixture(scope="module")
def page() -> Image.Image:
    """A page of A4 at 200 dpi with lines of writing and our four squares."""
    image = Image.new("L", (1654, 2339), 245)
    draw, scale = ImageDraw.Draw(image), 200 / 25.4
    for x, y in A4.fiducials:
        draw.rectangle([(x - 2.5) * scale, (y - 2.5) * scale, (x + 2.5) * scale, (y + 2.5) * scale], fill=15)
    for line in range(300, 2000, 45):
        for word in range(240, 1400, 90):
            draw.rectangle((word, line, word + 60 + line % 25, line + 12), fill=25)
    return image


def _measured(image: Image.Image) -> dict[str, float]:
    return quality.measure(Picture(np.asarray(image), 200.0))


def _registered(image: Image.Image, matrix: np.ndarray) -> dict[str, float]:
    where = registration.Registration(matrix, 0.1, 4)
    return quality.measure(Picture(np.asarray(image)), where, A4)


def _keys(measured: dict[str, float]) -> set[str]:
    return {fault.key for fault in quality.faults(measured)}


def test_a_good_page_has_no_fault(page):
    assert _keys(_measured(page)) == set()


@pytest.mark.parametrize("angle", [-4.0, -1.0, 0.0, 2.0, 5.0])
def test_skew_is_measured_without_a_code(page, angle):
    assert _measured(page.rotate(-angle, fillcolor=245))["skew"] == pytest.approx(angle, abs=0.4)


@pytest.mark.parametrize("dpi", [150, 200, 300])
def test_resolution_and_cut_edges_are_those_of_the_paper(page, dpi):
    scale = dpi / 25.4
    image = page.resize((round(210 * scale), round(297 * scale)))
    cut = round(7 * scale)
    matrix = np.array([[scale, 0, -cut], [0, scale, 0.0]])
    measured = _registered(image.crop((cut, 0, *image.size)), matrix)
    assert measured["dpi"] == pytest.approx(dpi, abs=2)
    assert measured["cut"] == pytest.approx(7, abs=0.3)
    assert _keys(measured) == ({"cut", "dpi"} if dpi == 150 else {"cut"})


def test_blur_grows_with_the_lens_and_asks_for_a_rescan(page):
    widths = [_measured(Image.fromarray(cv2.GaussianBlur(np.asarray(page), (0, 0), one)))["blur"] for one in (1, 2, 4)]
    assert widths == sorted(widths)
    assert quality.needs_rescan({"blur": widths[2]}) == ["blur"]
    assert quality.needs_rescan({"blur": widths[0]}) == []


def test_dark_and_faint_pages_are_told(page):
    dark = Image.fromarray((np.asarray(page) * 0.3).astype(np.uint8))
    faint = Image.fromarray((255 - (255 - np.asarray(page).astype(float)) * 0.1).astype(np.uint8))
    assert "paper" in quality.needs_rescan(_measured(dark))
    assert "contrast" in quality.needs_rescan(_measured(faint))


def test_writing_that_runs_out_of_the_image_is_told(page):
    assert "touching" in _keys(_measured(page.crop((260, 0, 1654, 2339))))


def test_a_page_drawn_by_a_program_has_no_resolution():
    assert "dpi" not in quality.measure(rasters.Picture(np.full((2339, 1654), 255, np.uint8), None, 0))
