"""The page viewer: an image made here with who looks, when, and why across it; never the stored file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import pylopdf_fonts_zh_cn
from PIL import Image, ImageChops, ImageDraw, ImageFont
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.scanning.opening.apart import page_image
from records import access, clock
from records.access import Decision
from records.errors import NotFound
from records.tables import Document, Page
from records.users import Actor
from records.vault import Vault

DPI = 130
#: How large a page may be asked for, in percent of screen size; each size is made anew, with its own marks.
ZOOMS = (100, 150, 200, 250)
TURNS = (0, 90, 180, 270)
JPEG_QUALITY = 82
IMAGE_TYPE = "image/jpeg"
_INK = (150, 40, 30)
_HIT = (255, 221, 87)

#: Left, top, right, bottom as fractions (0..1) of the upright page: where a hit is marked.
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Look:
    """How a page is looked at: ``zoom`` in percent, ``turn`` clockwise in degrees."""

    zoom: int = 100
    turn: int = 0

    @classmethod
    def of(cls, zoom: int | None, turn: int | None) -> Look:
        """What was asked for, or the nearest that there is.

        >>> Look.of(400, 90), Look.of(None, 45)
        (Look(zoom=250, turn=90), Look(zoom=100, turn=0))
        """
        nearest = min(ZOOMS, key=lambda one: abs(one - (zoom or 100)))
        return cls(nearest, turn if turn in TURNS else 0)

    @property
    def dpi(self) -> int:
        """The resolution that the page is drawn at."""
        return DPI * self.zoom // 100


def allowed_document(session: Session, actor: Actor, document_id: int) -> tuple[Document, Decision] | None:
    """The document with the decision that opens it, or None: unknown and not allowed look alike to the asker."""
    document, decision = access.judge_document(session, actor, document_id)
    return (document, decision) if document is not None and decision.allowed else None


def log_look(session: Session, actor: Actor, document_id: int, position: int, look: Look | None = None) -> Decision:
    """Decide on one page and log the decision, shown or refused; a guessed id is logged as a refusal too."""
    document, decision = access.judge_document(session, actor, document_id)
    more = {"zoom": look.zoom} if look and look.zoom != 100 else None
    access.log_shown(session, actor, document or document_id, position, decision, more)
    return decision


def watermarked_page(
    session: Session,
    vault: Vault,
    actor: Actor,
    document_id: int,
    position: int,
    decision: Decision,
    look: Look | None = None,
    hits: Sequence[Box] = (),
) -> bytes:
    """The page as JPEG at the size asked for with the marks on it. Raises NotFound, ScanAltered, KeyGone."""
    looked = look or Look()
    image = upright_page(session, vault, document_id, position, looked.dpi)
    image = highlighted(image, hits).rotate(-looked.turn, expand=True)
    return jpeg(watermark(image, sentence(actor, decision)))


def upright_page(session: Session, vault: Vault, document_id: int, position: int, dpi: int) -> Image.Image:
    """The page as it lies on the desk, without marks: for this module and for prints. Raises NotFound."""
    page = session.scalar(select(Page).where(Page.document_id == document_id, Page.position == position))
    if page is None:
        raise NotFound(what=f"文件 {document_id} 第 {position} 页")
    return page_image(vault.open(page.blob), page.blob.media_type, page.rotation, dpi)


def jpeg(image: Image.Image) -> bytes:
    """The image's bytes as they leave the house."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()


def marked_tray_page(data: bytes, actor: Actor) -> bytes:
    """A page of the tray as its filer sees it: with the same marks, for the work that shows it."""
    text = f"{actor.name}  {clock.local_time(clock.now())}  待处理"
    return jpeg(watermark(Image.open(io.BytesIO(data)), text))


def sentence(actor: Actor, decision: Decision) -> str:
    """What stands across the page: viewer, time, and the request that opened it (or the role that did)."""
    under = f"查阅申请 {decision.grant_id} 号" if decision.grant_id else actor.role.zh
    return f"{actor.name}  {clock.local_time(clock.now())}  {under}"


def highlighted(image: Image.Image, hits: Sequence[Box]) -> Image.Image:
    """The page with a marker pen over these places: what was dark stays dark."""
    if not hits:
        return image
    pen = Image.new("RGB", image.size, "white")
    draw = ImageDraw.Draw(pen)
    margin = image.width / 400
    for left, top, right, bottom in hits:
        corners = (left * image.width - margin, top * image.height - margin)
        opposite = (right * image.width + margin, bottom * image.height + margin)
        draw.rectangle((*corners, *opposite), fill=_HIT)
    return ImageChops.multiply(image.convert("RGB"), pen)


def watermark(image: Image.Image, text: str) -> Image.Image:
    """The image with the text repeated aslant across the whole of it, faint enough to read what lies under it."""
    page = image.convert("RGB")
    mask = _slanted(page.size, text)
    page.paste(_INK, (0, 0), mask)
    return page


@lru_cache(maxsize=4)  # the pages of a document are mostly of one size, and a minute holds many of them
def _slanted(page: tuple[int, int], text: str) -> Image.Image:
    """The text all over an area of so many pixels, as a mask."""
    width, height = page
    size = max(15, width // 46)
    face = font(size)
    left, top, right, bottom = face.getbbox(text)
    tile = Image.new("L", (int(right - left) + 5 * size, int(bottom - top) + 6 * size), 0)
    ImageDraw.Draw(tile).text((2 * size, 3 * size), text, font=face, fill=62)
    side = int((width**2 + height**2) ** 0.5) + 1
    mask = Image.new("L", (side, side), 0)
    for row, y in enumerate(range(0, side, tile.height)):
        for x in range(-(row % 2) * tile.width // 2, side, tile.width):
            mask.paste(tile, (x, y))
    slanted = mask.rotate(28, resample=Image.Resampling.BILINEAR)
    x, y = (side - width) // 2, (side - height) // 2
    return slanted.crop((x, y, x + width, y + height))


@lru_cache(maxsize=8)
def font(size: int) -> ImageFont.FreeTypeFont:
    """The Chinese face that marks are written in, ``size`` in px."""
    return ImageFont.truetype(str(pylopdf_fonts_zh_cn.sans_path()), size)
