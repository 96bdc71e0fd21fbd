"""Makes pictures of one page's bytes: in grey for reading codes and ink, in colour for people and recognition.

Every function here works on one page's bytes and nothing else, so that they can move into a process of their own.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, cast

import cv2
import numpy as np
import pikepdf
import pypdfium2
from numpy.typing import NDArray
from PIL import Image, ImageOps

from forms.scanning.opening.masters import (
    IMAGE_FAULTS,
    LONGEST_SIDE,
    MOST_PIXELS,
    PageFile,
    UnreadablePage,
    check_pixels,
    short,
)
from records.errors import OfficeError

Gray = NDArray[np.uint8]
Points = NDArray[np.float64]

READING_DPI = 200
# A smaller picture on a page of type is a logo, and tells nothing of how the page was scanned.
_LEAST_DPI = 72


@dataclass(frozen=True)
class Picture:
    """A page's picture in grey, and how the file came by it.

    ``dpi``: what the file says of its own resolution, None where it says nothing or has none (drawn by a program).
    ``shrunk``: for how many of the file's own pixels, along one side, a pixel stands; 0 where the page was rendered.
    """

    gray: Gray
    dpi: float | None = None
    shrunk: int = 1


# pdfium keeps global state: one thread at a time.
_PDFIUM = threading.Lock()


def picture(page: PageFile) -> Picture:
    """A page's picture in grey as its file turns it, at its own resolution or about 200 dpi. Raises UnreadablePage.

    A PDF page that is exactly one JPEG gives that JPEG's own pixels; anything else is rendered.
    """
    try:
        if page.media_type == "application/pdf":
            return _of_pdf(page.data)
        with _loaded(page.data) as image:
            return Picture(np.asarray(image.convert("L")), _claimed(image))
    except OfficeError as error:
        raise UnreadablePage(why=error.sentence("zh")) from error
    except (pikepdf.PdfError, pypdfium2.PdfiumError, cv2.error, *IMAGE_FAULTS, RuntimeError, MemoryError) as error:
        raise UnreadablePage(why=short(error)) from error


def page_image(data: bytes, media_type: str, rotation: int = 0, dpi: int = 150) -> Image.Image:
    """One page's bytes as an upright colour picture of about ``dpi``, turned clockwise by ``rotation`` degrees.

    Raises UnreadablePage.
    """
    try:
        if media_type == "application/pdf":
            image = _render(data, dpi, gray=False)
        else:
            with _loaded(data) as loaded:
                image = _scaled(loaded.convert("RGB"), _claimed(loaded) or max(loaded.size) / 11.7, dpi)
    except OfficeError as error:
        raise UnreadablePage(why=error.sentence("zh")) from error
    except (pikepdf.PdfError, pypdfium2.PdfiumError, *IMAGE_FAULTS, RuntimeError, MemoryError) as error:
        raise UnreadablePage(why=short(error)) from error
    return image.rotate(-rotation, expand=True) if rotation % 360 else image


@contextmanager
def _loaded(data: bytes) -> Iterator[Image.Image]:
    """A single picture, turned as its camera noted."""
    with Image.open(io.BytesIO(data), formats=["JPEG", "PNG", "TIFF"]) as image:
        check_pixels("", image.size)
        yield ImageOps.exif_transpose(image)


def _claimed(image: Image.Image) -> float | None:
    """The resolution that a picture claims, None where it claims none or nonsense (a telephone's 72)."""
    claimed = float((image.info.get("dpi") or (0, 0))[0])
    return claimed if 100 <= claimed <= 1300 else None


def _scaled(image: Image.Image, have: float, want: float) -> Image.Image:
    factor = min(1.0, want / have)
    if factor > 0.95:
        return image
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    return image.resize(size, Image.Resampling.BOX if factor < 0.5 else Image.Resampling.BILINEAR)


def _of_pdf(data: bytes) -> Picture:
    """The pixels of the JPEG that a one-page PDF consists of, or the page rendered where it is anything else."""
    with pikepdf.open(io.BytesIO(data), suppress_warnings=True) as pdf:
        page = pdf.pages[0]
        _refuse_bombs(page)
        raw, dpi, turn = None, None, 0
        # A page that contradicts itself: let the renderer make of it what it can.
        with suppress(AttributeError, TypeError, KeyError, pikepdf.PdfError):
            dpi = _dpi_of(page)
            turn = int(page.obj.get("/Rotate", 0)) % 360
            image = _only_image(page)
            raw = image.read_raw_bytes() if image is not None and _is_plain_jpeg(image) else None
    if raw is None:
        return Picture(_render_gray(data), dpi, 0)
    gray, shrunk = _decode_jpeg(raw)
    return Picture(np.ascontiguousarray(np.rot90(gray, -(turn // 90))) if turn else gray, dpi, shrunk)


def _dpi_of(page: pikepdf.Page) -> float | None:
    """The resolution of the only picture on a page, as if it filled the page; None where there are several or none."""
    images = list(_images_below(page.obj.get("/Resources", {}), depth=1))
    if len(images) != 1:
        return None
    left, low, right, top = (float(value) for value in page.cropbox)
    longer = max(right - left, top - low) * float(page.obj.get("/UserUnit", 1)) / 72
    dpi = max(int(images[0].get("/Width", 0)), int(images[0].get("/Height", 0))) / max(longer, 0.1)
    return dpi if dpi >= _LEAST_DPI else None


def _refuse_bombs(page: pikepdf.Page) -> None:
    """Raise TooLarge before anything decodes a picture that says it is enormous."""
    for image in _images_below(page.obj.get("/Resources", {}), depth=3):
        check_pixels("", (int(image.get("/Width", 0)), int(image.get("/Height", 0))))


def _images_below(resources: Any, depth: int) -> Iterator[Any]:
    """Every picture that a page may draw, also inside form XObjects, to a small depth."""
    for item in dict(resources.get("/XObject", {})).values():
        if not isinstance(item, pikepdf.Stream):
            continue
        if item.get("/Subtype") == "/Image":
            yield item
        elif depth and "/Resources" in item:
            yield from _images_below(item.Resources, depth - 1)


def _only_image(page: pikepdf.Page) -> Any | None:
    """The one picture that covers the whole page and is all that is drawn on it."""
    resources: Any = page.obj.get("/Resources", {})
    drawn = dict(resources.get("/XObject", {}))
    if len(drawn) != 1 or "/Font" in resources or "/Annots" in page.obj or page.obj.get("/UserUnit", 1) != 1:
        return None
    (_name, image), *_ = drawn.items()
    if image.get("/Subtype") != "/Image" or sum(len(part.read_bytes()) for part in _contents(page)) > 1000:
        return None
    matrix = np.eye(3)
    for instruction in pikepdf.parse_content_stream(page):
        operator, operands = instruction.operator, cast(list[Any], instruction.operands)
        if str(operator) == "cm":
            a, b, c, d, e, f = (float(value) for value in operands)
            matrix = np.array([[a, b, 0], [c, d, 0], [e, f, 1]]) @ matrix
        elif str(operator) not in ("q", "Q", "Do"):
            return None
    return image if _covers(matrix, page, image) else None


def _contents(page: pikepdf.Page) -> Iterable[Any]:
    contents: Any = page.obj.get("/Contents", [])
    return list(contents) if isinstance(contents, pikepdf.Array) else [contents]


def _covers(matrix: NDArray[np.float64], page: pikepdf.Page, image: Any) -> bool:
    """Whether the picture stands upright, fills the visible page to 2 %, and has square pixels to 1 %."""
    left, low, right, top = (float(value) for value in page.cropbox)
    width, height = right - left, top - low
    if matrix[0, 1] or matrix[1, 0] or width <= 0 or height <= 0:
        return False
    fills = abs(matrix[0, 0] - width) < 0.02 * width and abs(matrix[1, 1] - height) < 0.02 * height
    at_corner = abs(matrix[2, 0] - left) < 0.02 * width and abs(matrix[2, 1] - low) < 0.02 * height
    squareness = int(image.Width) / matrix[0, 0] / (int(image.Height) / matrix[1, 1]) if fills else 0
    return bool(fills and at_corner and abs(squareness - 1) < 0.01)


def _is_plain_jpeg(image: Any) -> bool:
    filters = image.get("/Filter")
    names = [str(name) for name in filters] if isinstance(filters, pikepdf.Array) else [str(filters)]
    space = image.get("/ColorSpace")
    if isinstance(space, pikepdf.Array) and space[0] == "/ICCBased":
        plain = space[1].get("/N") in (1, 3)
    else:
        plain = space in ("/DeviceGray", "/DeviceRGB")
    return names == ["/DCTDecode"] and plain and not any(key in image for key in ("/Decode", "/SMask", "/Mask"))


def _decode_jpeg(raw: bytes) -> tuple[Gray, int]:
    """Its pixels in grey, and by how much each side was shrunk."""
    with Image.open(io.BytesIO(raw), formats=["JPEG"]) as header:
        check_pixels("", header.size)
        longest = max(header.size)
    if b"\xff\xd9" not in raw[-64:]:
        raise ValueError("the picture stops in the middle")
    # A code's module has 6 pixels at 200 dpi: above 400 dpi half the pixels read as well in a quarter of the time.
    shrunk = 2 if longest > 5000 else 1
    flag = cv2.IMREAD_REDUCED_GRAYSCALE_2 if shrunk == 2 else cv2.IMREAD_GRAYSCALE
    gray = cv2.imdecode(np.frombuffer(raw, np.uint8), flag | cv2.IMREAD_IGNORE_ORIENTATION)
    if gray is None:
        raise ValueError("the picture cannot be decoded")
    return np.asarray(gray, np.uint8), shrunk


def _render_gray(data: bytes) -> Gray:
    return np.asarray(_render(data, READING_DPI, gray=True))


def _render(data: bytes, dpi: float, *, gray: bool) -> Image.Image:
    with pikepdf.open(io.BytesIO(data), suppress_warnings=True) as pdf:
        _refuse_bombs(pdf.pages[0])
    with _PDFIUM:
        document = pypdfium2.PdfDocument(data)
        try:
            page = document[0]
            width, height = page.get_size()
            # A page may claim to be kilometres wide, or long.
            scale = min(
                dpi / 72, (MOST_PIXELS / 4 / max(1.0, width * height)) ** 0.5, (LONGEST_SIDE - 1) / max(width, height)
            )
            bitmap = page.render(scale=scale, grayscale=gray, may_draw_forms=False)
            image: Image.Image = bitmap.to_pil()
            return image.convert("L" if gray else "RGB")
        finally:
            document.close()
