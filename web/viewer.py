"""The page viewer: an image made here with who looks, when, and why across it; never the stored file."""

from __future__ import annotations

import io
from functools import lru_cache

import pylopdf_fonts_zh_cn
from PIL import Image, ImageDraw, ImageFont
from sqlalchemy.orm import Session

from forms.scanning.apart import page_image
from records import access, clock
from records.access import Decision
from records.errors import NotFound
from records.tables import Document, Page
from records.users import Actor
from records.vault import Vault

DPI = 130
JPEG_QUALITY = 82
IMAGE_TYPE = "image/jpeg"
_INK = (150, 40, 30)


def allowed_document(session: Session, actor: Actor, document_id: int) -> tuple[Document, Decision] | None:
    """The document with the decision that opens it, or None: unknown and not allowed look alike to the asker."""
    document = session.get(Document, document_id)
    if document is None:
        return None
    decision = access.may_see_document(session, actor, document)
    return (document, decision) if decision.allowed and document.state != "destroyed" else None


def log_look(session: Session, actor: Actor, document_id: int, position: int) -> Decision | None:
    """Decide on one page and log the decision, shown or refused; None where there is no such document."""
    document = session.get(Document, document_id)
    if document is None:
        return None
    decision = access.may_see_document(session, actor, document)
    access.log_shown(session, actor, document, position, decision)
    return decision


def watermarked_page(
    session: Session, vault: Vault, actor: Actor, document_id: int, position: int, decision: Decision
) -> bytes:
    """The page as JPEG at screen size with the marks on it. Raises NotFound, ScanAltered, KeyGone."""
    query = Page.document_id == document_id, Page.position == position
    page = session.query(Page).filter(*query).one_or_none()
    if page is None:
        raise NotFound(what=f"文件 {document_id} 第 {position} 页")
    image = page_image(vault.open(page.blob), page.blob.media_type, page.rotation, DPI)
    marked = watermark(image, sentence(actor, decision))
    out = io.BytesIO()
    marked.save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()


def sentence(actor: Actor, decision: Decision) -> str:
    """What stands across the page: viewer, time, and the request that opened it (or the role that did)."""
    under = f"查阅申请 {decision.grant_id} 号" if decision.grant_id else actor.role.zh
    return f"{actor.name}  {clock.local_time(clock.now())}  {under}"


def watermark(image: Image.Image, text: str) -> Image.Image:
    """The image with the text repeated aslant across the whole of it, faint enough to read what lies under it."""
    page = image.convert("RGB")
    size = max(15, page.width // 46)
    font = _font(size)
    left, top, right, bottom = font.getbbox(text)
    tile = Image.new("L", (int(right - left) + 5 * size, int(bottom - top) + 6 * size), 0)
    ImageDraw.Draw(tile).text((2 * size, 3 * size), text, font=font, fill=62)
    side = int((page.width**2 + page.height**2) ** 0.5) + 1
    mask = Image.new("L", (side, side), 0)
    for row, y in enumerate(range(0, side, tile.height)):
        for x in range(-(row % 2) * tile.width // 2, side, tile.width):
            mask.paste(tile, (x, y))
    slanted = mask.rotate(28, resample=Image.Resampling.BILINEAR)
    x, y = (side - page.width) // 2, (side - page.height) // 2
    page.paste(_INK, (0, 0), slanted.crop((x, y, x + page.width, y + page.height)))
    return page


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(pylopdf_fonts_zh_cn.sans_path()), size)
