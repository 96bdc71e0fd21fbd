"""A print under a grant 查阅打印: the pages as pictures with the viewer's marks, each sheet with the print's number."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

import pikepdf
from pikepdf import Dictionary, Name
from PIL import Image, ImageDraw
from sqlalchemy.orm import Session

from records import clock
from records.access import Decision
from records.access.access_tables import AccessPrint
from records.errors import NotFound
from records.tables import Document
from records.users import Actor
from records.vault import Vault
from web import viewer

DPI = 150
SHEET = (1240, 1754)  # A4 at 150 dpi
_MARGIN, _FOOT = 60, 110
_POINTS = 72 / DPI


def pages_to_print(document: Document, position: int) -> list[int]:
    """All pages of a document, or the one asked for (0 for all). Raises NotFound."""
    known = [page.position for page in document.pages]
    if position and position not in known:
        raise NotFound(what=f"文件 {document.id} 第 {position} 页")
    return [position] if position else known


def pictures(session: Session, vault: Vault, document: Document, positions: Sequence[int]) -> list[bytes]:
    """The pages, not yet marked: made before the print takes its number, so that nobody waits for the drawing."""
    return [viewer.jpeg(viewer.upright_page(session, vault, document.id, one, DPI)) for one in positions]


def bound(pages: Sequence[bytes], row: AccessPrint, actor: Actor, decision: Decision) -> bytes:
    """The print as PDF: each page on a sheet with the viewer's marks and the print's number."""
    mark = f"{viewer.sentence(actor, decision)}  {row.number}"
    under = f"申请 {decision.grant_id} 号　{actor.name}　{clock.local_time(row.printed_at)}"
    feet = [f"查阅打印 {row.number}　第 {place}/{len(pages)} 页　{under}" for place in range(1, len(pages) + 1)]
    return _pdf((_sheet(page, mark, foot) for page, foot in zip(pages, feet, strict=True)), row.number)


def _sheet(page: bytes, mark: str, foot: str) -> bytes:
    """One sheet of A4, lying as the page lies: the picture with its marks, and a foot that names the print."""
    picture = Image.open(io.BytesIO(page))
    size = SHEET if picture.height >= picture.width else SHEET[::-1]
    room = (size[0] - 2 * _MARGIN, size[1] - _MARGIN - _FOOT)
    factor = min(room[0] / picture.width, room[1] / picture.height)
    fitted = picture.resize((round(picture.width * factor), round(picture.height * factor)), Image.Resampling.LANCZOS)
    sheet = Image.new("RGB", size, "white")
    sheet.paste(viewer.watermark(fitted, mark), ((size[0] - fitted.width) // 2, _MARGIN))
    pen, line = ImageDraw.Draw(sheet), size[1] - _FOOT + 28
    pen.line((_MARGIN, line, size[0] - _MARGIN, line), fill=(60, 60, 60), width=2)
    pen.text((_MARGIN, line + 10), foot, font=viewer.font(21), fill=(30, 30, 30))
    warning = "内部查阅用，不得复制、外传；用后交回档案员"
    pen.text((_MARGIN, line + 42), warning, font=viewer.font(18), fill=(120, 30, 20))
    return viewer.jpeg(sheet)


def _pdf(sheets: Iterable[bytes], number: str) -> bytes:
    """The sheets as one PDF, each a single JPEG that fills its page."""
    pdf = pikepdf.new()
    for data in sheets:
        with Image.open(io.BytesIO(data)) as image:
            width, height = image.size
        picture = pdf.make_stream(
            data,
            Type=Name.XObject, Subtype=Name.Image, Width=width, Height=height,
            ColorSpace=Name.DeviceRGB, BitsPerComponent=8, Filter=Name.DCTDecode,
        )  # fmt: skip
        box = (width * _POINTS, height * _POINTS)
        page = pdf.add_blank_page(page_size=box)
        page.Resources = Dictionary(XObject=Dictionary(Page=picture))
        page.Contents = pdf.make_stream(f"{box[0]:.2f} 0 0 {box[1]:.2f} 0 0 cm /Page Do".encode())
    pdf.docinfo["/Title"] = f"查阅打印 {number}"
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()
