"""Makes scans as an office's scanner would, from printed pages: ink, skew, noise, crops, quarter turns, JPEG.

For the demonstration, the tests and the benchmark. Everything follows from the seed: the same call gives the same scan.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import pikepdf
import pypdfium2
from numpy.typing import NDArray
from PIL import Image

from forms.paper import Paper

MM_PER_INCH = 25.4
_INKS = ((20, 20, 26), (26, 40, 110), (20, 30, 80), (60, 20, 30), (60, 85, 170))
_STAMP_RED = (190, 30, 40)


@dataclass(frozen=True)
class Wear:
    """What happens to a page between the pen and the file. Angles in degrees, blur in px, noise in levels of 255.

    ``turns``, ``strokes``, ``destroyed``: how often a page lies turned by a quarter or more, how often a pen crosses
    its code, and how often nothing is left of the code.
    """

    skew: float
    blur: float
    noise: float
    crop: float
    paper: int
    quality: int
    stains: int
    turns: float
    strokes: float
    destroyed: float = 0.0


LEVELS: Mapping[str, Wear] = {
    "clean": Wear(0.6, 0.3, 2, 0.004, paper=252, quality=60, stains=0, turns=0.1, strokes=0.05),
    "medium": Wear(2.5, 0.7, 7, 0.02, paper=238, quality=45, stains=2, turns=0.25, strokes=0.15),
    "bad": Wear(5.0, 1.1, 16, 0.04, paper=215, quality=30, stains=5, turns=0.5, strokes=0.3, destroyed=0.03),
}
# A fine liner, and a marker; in mm.
FINEST_PEN, BOLDEST_PEN = 0.25, 0.9


def rasterise(pdf: bytes, dpi: int = 200, first: int = 0) -> Iterator[Image.Image]:
    """The printed pages as colour pictures, one at a time, from the ``first`` one on (counted from 0)."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        for number in range(first, len(document)):
            yield document[number].render(scale=dpi / 72).to_pil().convert("RGB")
    finally:
        document.close()


def sign(
    image: Image.Image, boxes: Iterable[Mapping[str, Any]], keys: Iterable[str], seed: int, dpi: int = 200
) -> Image.Image:
    """Sign by pen, or stamp in red, into those boxes of an upright page (x, y, w, h in mm) whose key is among keys.

    The pen, the size and the hand differ from seed to seed: 0.25 mm to 0.9 mm, half a box's room to all of it.
    """
    pixels = np.array(image.convert("RGB"))
    wanted = set(keys)
    for number, box in enumerate(boxes):
        if box["key"] in wanted and box["kind"] in ("signature", "stamp"):
            # A seed of its own for each box: what one holds does not depend on which others are signed.
            random = np.random.default_rng((seed, number))
            draw = _stamp if box["kind"] == "stamp" else _signature
            draw(pixels, box, random, dpi / MM_PER_INCH)
    return Image.fromarray(pixels)


def _signature(pixels: NDArray[np.uint8], box: Mapping[str, Any], random: np.random.Generator, per_mm: float) -> None:
    """Three to five joined strokes a name, as a hurried hand writes them, with one pen from fine liner to marker."""
    small = random.uniform(0.45, 1.0)
    width, height = small * min(float(box["w"]) - 4, 45.0), max(small, 0.6) * min(float(box["h"]) - 3, 16.0)
    left = float(box["x"]) + 2 + random.uniform(0, max(0.1, float(box["w"]) - 4 - width))
    top = float(box["y"]) + 1.5 + random.uniform(0, max(0.1, float(box["h"]) - 3 - height))
    ink = _INKS[int(random.integers(len(_INKS)))]
    pen = random.uniform(FINEST_PEN, BOLDEST_PEN)
    strokes = int(random.integers(3, 6))
    for stroke in range(strokes):
        across = np.clip((stroke + random.uniform(-0.3, 1.4, 7)) / strokes, 0.02, 0.98)
        down = random.uniform(0.03, 0.97, 7)
        points = np.column_stack([left + across * width, top + down * height])
        _draw_curve(pixels, points * per_mm, pen * per_mm, ink, random)


def scribble(image: Image.Image, paper: Paper, seed: int, dpi: int = 200) -> Image.Image:
    """A pen stroke right across the code of an upright page, from side to side or from corner to corner."""
    pixels = np.array(image.convert("RGB"))
    random = np.random.default_rng((seed, 26))
    left, top, side = paper.qr
    down = np.sort(random.uniform(-0.1, 1.1, 4)) if random.random() < 0.5 else random.uniform(0.1, 0.9, 4)
    points = np.column_stack([np.linspace(-0.15, 1.15, 4), down])
    if random.random() < 0.5:
        points = points[:, ::-1]
    pen = random.uniform(FINEST_PEN, BOLDEST_PEN)
    ink = _INKS[int(random.integers(len(_INKS)))]
    _draw_curve(pixels, (points * side + (left, top)) * dpi / MM_PER_INCH, pen * dpi / MM_PER_INCH, ink, random)
    return Image.fromarray(pixels)


def destroy_code(image: Image.Image, paper: Paper, seed: int, dpi: int = 200) -> Image.Image:
    """Nothing is left of the code of an upright page: a blot, a hole burnt through, or a strip torn away with it."""
    pixels = np.array(image.convert("RGB"))
    random = np.random.default_rng((seed, 27))
    left, top, side = (value * dpi / MM_PER_INCH for value in paper.qr)
    middle = (round(left + side / 2), round(top + side / 2))
    if random.random() < 0.5:
        colour = ((70, 45, 25), (30, 30, 60), (255, 255, 255))[int(random.integers(3))]
        axes = (round(side * random.uniform(0.62, 0.7)), round(side * random.uniform(0.62, 0.7)))
        cv2.ellipse(pixels, middle, axes, random.uniform(0, 90), 0, 360, colour, -1)
    else:
        pixels[round(top) : round(top + side), round(left) : round(left + side)] = random.integers(200, 256)
    return Image.fromarray(pixels)


def _draw_curve(
    pixels: NDArray[np.uint8],
    points: NDArray[np.float64],
    pen: float,
    ink: tuple[int, int, int],
    random: np.random.Generator,
) -> None:
    """A smooth line through the points whose width swells and thins as a hand presses."""
    curve = _smooth(points)
    press = np.interp(np.linspace(0, 1, len(curve)), np.linspace(0, 1, 5), random.uniform(0.7, 1.15, 5))
    for (x1, y1), (x2, y2), force in zip(curve, curve[1:], press, strict=False):
        thick = max(1, round(pen * force))
        ends = [(round(x * 8), round(y * 8)) for x, y in ((x1, y1), (x2, y2))]
        cv2.line(pixels, ends[0], ends[1], ink, thick, cv2.LINE_AA, shift=3)


def _smooth(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points along a Catmull-Rom curve."""
    padded = np.vstack([points[:1], points, points[-1:]])
    t = np.linspace(0, 1, 12, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        pieces.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.vstack([*pieces, points[-1:]])


def _stamp(pixels: NDArray[np.uint8], box: Mapping[str, Any], random: np.random.Generator, per_mm: float) -> None:
    """A round red stamp with a star, as an office has."""
    radius = min(19.0, float(box["h"]) / 2 - 1, float(box["w"]) / 2 - 1) * per_mm
    x = (float(box["x"]) + float(box["w"]) / 2 + random.uniform(-1, 1)) * per_mm
    y = (float(box["y"]) + float(box["h"]) / 2) * per_mm
    centre = (round(x), round(y))
    cv2.circle(pixels, centre, round(radius), _STAMP_RED, max(2, round(0.09 * radius)), cv2.LINE_AA)
    angles = np.radians(-90 + 36 * np.arange(10) + random.uniform(-8, 8))
    reach = np.where(np.arange(10) % 2 == 0, 0.42, 0.17) * radius
    star = np.column_stack([x + reach * np.cos(angles), y + reach * np.sin(angles)])
    cv2.fillPoly(pixels, [np.round(star).astype(np.int32)], _STAMP_RED, cv2.LINE_AA)


def degrade(image: Image.Image, level: str, seed: int, turn: int | None = None) -> Image.Image:
    """The page as scanned at a level: clean, medium, bad. ``turn``: clockwise quarter turns; None lets the seed choose.

    Raises KeyError for an unknown level.
    """
    wear = LEVELS[level]
    random = np.random.default_rng((seed, len(level)))
    pixels = np.array(image.convert("RGB"))
    pixels = _skewed(pixels, random.uniform(-wear.skew, wear.skew), wear.paper)
    pixels = _cropped(pixels, wear.crop, random)
    for _ in range(wear.stains):
        _stain(pixels, random)
    pixels = _inked_paper(pixels, wear, random)
    turns = int(random.integers(1, 4)) if random.random() < wear.turns else 0
    turns = turns if turn is None else turn
    return _compressed(Image.fromarray(np.ascontiguousarray(np.rot90(pixels, -turns))), wear.quality)


def _skewed(pixels: NDArray[np.uint8], angle: float, paper: int) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    turned = cv2.warpAffine(pixels, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=(paper,) * 3)
    return np.asarray(turned, np.uint8)


def _cropped(pixels: NDArray[np.uint8], most: float, random: np.random.Generator) -> NDArray[np.uint8]:
    """The feeder cuts a little off each edge."""
    height, width = pixels.shape[:2]
    top, bottom = (int(random.uniform(0, most) * height) for _ in range(2))
    left, right = (int(random.uniform(0, most) * width) for _ in range(2))
    return np.ascontiguousarray(pixels[top : height - bottom, left : width - right])


def _stain(pixels: NDArray[np.uint8], random: np.random.Generator) -> None:
    """A tea stain: it darkens softly and covers nothing."""
    height, width = pixels.shape[:2]
    centre = (int(random.integers(width)), int(random.integers(height)))
    radius = int(random.uniform(0.02, 0.06) * width)
    left, top = max(0, centre[0] - 2 * radius), max(0, centre[1] - 2 * radius)
    part = pixels[top : centre[1] + 2 * radius, left : centre[0] + 2 * radius]
    down, across = np.ogrid[: part.shape[0], : part.shape[1]]
    far = np.hypot(down - (centre[1] - top), across - (centre[0] - left)).astype(np.float32)
    mask = np.clip(1.5 - far / radius, 0, 1)[:, :, None]
    part[:] = (part * (1 - mask * np.array([0.06, 0.10, 0.18], np.float32))).astype(np.uint8)


def _inked_paper(pixels: NDArray[np.uint8], wear: Wear, random: np.random.Generator) -> NDArray[np.uint8]:
    """Paper that is not quite white, a lens that is not quite sharp, a sensor that is not quite quiet."""
    soft = cv2.convertScaleAbs(cv2.GaussianBlur(pixels, (0, 0), wear.blur), alpha=wear.paper / 255)
    height, width = pixels.shape[:2]
    # One patch of noise laid like tiles: no reader can tell, and it takes a tenth of the time.
    tile = (random.standard_normal((509, 509), np.float32) * wear.noise).astype(np.int16)
    noise = np.tile(tile, (height // 509 + 1, width // 509 + 1))[:height, :width, None]
    return np.asarray(np.clip(soft + noise, 0, 255), np.uint8)


def _compressed(image: Image.Image, quality: int) -> Image.Image:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    with Image.open(io.BytesIO(out.getvalue())) as lossy:
        return lossy.convert("RGB")


def scan_pdf(images: Iterable[Image.Image], dpi: int = 200, quality: int = 60) -> bytes:
    """A scanner's file: each page one JPEG on a page of its size. Takes the pictures one at a time."""
    out = io.BytesIO()
    with pikepdf.Pdf.new() as pdf:
        for image in images:
            _append_jpeg(pdf, image, dpi, quality)
        pdf.save(out, static_id=True)
    return out.getvalue()


def _append_jpeg(pdf: pikepdf.Pdf, image: Image.Image, dpi: int, quality: int) -> None:
    jpeg = io.BytesIO()
    image.save(jpeg, "JPEG", quality=quality)
    width, height = image.width * 72 / dpi, image.height * 72 / dpi
    page = pdf.add_blank_page(page_size=(width, height))
    picture = pikepdf.Stream(pdf, jpeg.getvalue())
    picture.Type, picture.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
    picture.Width, picture.Height, picture.BitsPerComponent = image.width, image.height, 8
    picture.ColorSpace = pikepdf.Name.DeviceGray if image.mode == "L" else pikepdf.Name.DeviceRGB
    picture.Filter = pikepdf.Name.DCTDecode
    page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Scan=picture))
    page.obj.Contents = pikepdf.Stream(pdf, f"q {width:.4f} 0 0 {height:.4f} 0 0 cm /Scan Do Q".encode())


def scan_tiff(images: Sequence[Image.Image], dpi: int = 200) -> bytes:
    """A multi-page TIFF, black and white, as office copiers send it (CCITT group 4)."""
    out = io.BytesIO()
    first, *rest = (image.convert("1", dither=Image.Dither.NONE) for image in images)
    first.save(out, "TIFF", save_all=True, append_images=rest, compression="group4", dpi=(dpi, dpi))
    return out.getvalue()
