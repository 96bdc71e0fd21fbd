"""Numbers on papers from elsewhere: a serial and a code on each page of a foreign PDF, where there is room.

Nothing that is on a page is touched: the code goes where the picture of the page is empty, near an edge. A page that
has no such place gets a band of paper at its top: the page becomes taller, what was on it stays as it was. Every page
is stamped on trial and looked at again before a number is taken: the code reads, and outside of it nothing changed.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pikepdf
import pypdfium2
import zxingcpp
from sqlalchemy.orm import Session

from forms import numbering, pdf
from forms.catalogue import Form
from forms.foreign import blank_space
from forms.foreign.foreign_pages import POINTS, WORDS, Frame, Spot, block_for, put
from forms.layout.board import Board
from forms.layout.items import INK, Item
from forms.marks import PageMark
from forms.paper import Paper
from forms.printing import entering
from forms.printing.shop import PDF, PrintedFile, PrintShop
from records import audit, dossiers
from records.audit import Verb
from records.errors import BadInput, OfficeError
from records.tables import Unit
from records.users import OFFICE_ROLES, Actor

SIDES = (26.0, 24.0, 22.0)
BAND_ABOVE = 7.5
LARGEST_FILE = 200 * 2**20
MOST_PAGES = 1000
SMALLEST_WIDTH = 60.0
LOOK_DPI = 130
#: An edge of the code is not told from its ground to the pixel.
_BLUR_MM = 0.6

Progress = Callable[[int, int], None]


class NotFromElsewhere(OfficeError):
    """Only papers that come from outside the office are stamped; the others are printed."""

    code = "stamp.not_external"
    zh = "《{form}》不是外来资料,请用 yedang form print 打印;可加盖编号的有:{known}。"
    en = "{form_en} is no paper from elsewhere; print it. These can be stamped: {known}."


class ForeignPdfEncrypted(OfficeError):
    """The file is protected; its owner decides what may be done with it."""

    code = "stamp.encrypted"
    zh = "「{name}」有密码或权限保护,不能加盖编号;请向来源单位索取未加密的文件。"
    en = "“{name}” is encrypted and cannot be stamped; ask where it came from for one that is not."


class ForeignPdfUnusable(OfficeError):
    """The file is no PDF, or a page of it cannot be shown or stamped; the sentence says which and why."""

    code = "stamp.unusable"
    zh = "「{name}」不能加盖编号:{why}。"
    en = "“{name}” cannot be stamped: {why_en}."


@dataclass(frozen=True)
class Foreign:
    """A PDF from elsewhere, looked at page by page. ``signed``: it bears electronic signatures."""

    name: str
    data: bytes = field(repr=False)
    spots: tuple[Spot, ...]
    signed: bool = False

    @property
    def banded(self) -> list[int]:
        """The pages that get a band of paper at their top."""
        return [number for number, spot in enumerate(self.spots, start=1) if spot.band]


@dataclass(frozen=True)
class Stamped:
    """A stamped file and its number."""

    file: PrintedFile
    serial: str


def examine(shop: PrintShop, form: Form, name: str, data: bytes, progress: Progress | None = None) -> Foreign:
    """Look at every page of a foreign PDF, and prove on trial that its stamp reads and hides nothing.

    Touches no record. Damage that can be repaired is. Raises NotFromElsewhere, ForeignPdfEncrypted,
    ForeignPdfUnusable.
    """
    if form.mode != "external":
        known = "、".join(f"{one.code} {one.zh}" for one in shop.catalogue.forms if one.mode == "external")
        raise NotFromElsewhere(form=form.zh, form_en=form.en, known=known)
    with _opened(name, data) as opened:
        signed = _is_signed(opened)
        mended = _saved(opened)
    spots = tuple(_spots(name, mended, progress))
    foreign = Foreign(name, mended, spots, signed)
    mark = PageMark(numbering.compose(form.code, 2000, 1), 1, len(spots), 1, form.version)
    _prove(foreign, shop, mark)
    return foreign


def stamp(
    session: Session, shop: PrintShop, actor: Actor, form: Form, foreign: Foreign, *, unit: Unit | None = None
) -> Stamped:
    """Take one number and stamp it on every page: page k of n of it. Recorded like printing.

    Its signed scan files into the dossier that is open now. Raises NotAllowed, BadInput (a unit's paper without its
    unit).
    """
    actor.require("外来文件加盖编号", *OFFICE_ROLES)
    if form.unit and form.section and unit is None:
        raise BadInput(what="请指定单元,此资料归入业主档案 / name the unit, these papers belong to a dossier")
    # Every page bears the number itself: no papers follow, as they do behind a cover sheet.
    values = entering.entered(session, form, unit, {}) | {"expected_pages": "0"}
    serial = numbering.take_numbers(session, actor, form, 1)[0]
    dossier = dossiers.current_dossier(session, unit) if unit is not None and form.unit else None
    numbering.send_out(serial, actor, values, unit, dossier.id if dossier else None)
    serial.page_count = len(foreign.spots)
    mark = PageMark(serial.text, 1, len(foreign.spots), 1, form.version)
    made = _stamped(foreign, shop, mark, f"{form.code} {form.zh} {serial.text}")
    session.flush()
    digest = hashlib.sha256(foreign.data).hexdigest()
    details = {"form": form.code, "serial": serial.text, "pages": serial.page_count, "digest": digest}
    audit.append(session, actor.id, Verb.FORM_STAMPED, f"run:{serial.run_id}", details)
    return Stamped(PrintedFile(f"{serial.text}.pdf", PDF, made), serial.text)


def _unusable(name: str, why: str, why_en: str) -> ForeignPdfUnusable:
    return ForeignPdfUnusable(name=name, why=why, why_en=why_en)


def _opened(name: str, data: bytes) -> pikepdf.Pdf:
    """The file, repaired where it can be. Raises ForeignPdfEncrypted, ForeignPdfUnusable."""
    if len(data) > LARGEST_FILE:
        raise _unusable(name, f"文件大于 {LARGEST_FILE // 2**20} MB", f"it is larger than {LARGEST_FILE // 2**20} MB")
    if b"%PDF-" not in data[:1024]:
        raise _unusable(name, "不是 PDF 文件", "it is no PDF")
    try:
        opened = pikepdf.open(io.BytesIO(data), suppress_warnings=True)
        pages = len(opened.pages)
    except pikepdf.PasswordError:
        raise ForeignPdfEncrypted(name=name) from None
    except (pikepdf.PdfError, ValueError, RuntimeError, OverflowError):
        raise _unusable(name, "文件已损坏,无法修复", "it is damaged beyond repair") from None
    if opened.is_encrypted:
        raise ForeignPdfEncrypted(name=name)
    if not 0 < pages <= MOST_PAGES:
        raise _unusable(name, f"共 {pages} 页(可处理 1 至 {MOST_PAGES} 页)", f"it has {pages} pages")
    if "/NeedsRendering" in opened.Root and bool(opened.Root.NeedsRendering):
        raise _unusable(name, "是动态 XFA 表单,请先打印成普通 PDF", "it is a dynamic XFA form; print it to a plain PDF")
    return opened


def _is_signed(opened: pikepdf.Pdf) -> bool:
    form = opened.Root.get("/AcroForm")
    return isinstance(form, pikepdf.Dictionary) and bool(int(form.get("/SigFlags", 0)) & 1)


def _saved(opened: pikepdf.Pdf) -> bytes:
    out = io.BytesIO()
    opened.save(out, static_id=True)
    return out.getvalue()


def _spots(name: str, data: bytes, progress: Progress | None) -> Iterator[Spot]:
    try:
        document = pypdfium2.PdfDocument(data)
        document.init_forms()
    except pypdfium2.PdfiumError:
        raise _unusable(name, "文件已损坏,无法显示", "it is damaged and cannot be shown") from None
    try:
        with pikepdf.open(io.BytesIO(data)) as opened:
            for number, frame in enumerate(map(Frame, opened.pages), start=1):
                yield _spot(name, document, frame, number)
                if progress:
                    progress(number, len(opened.pages))
    finally:
        document.close()


def _spot(name: str, document: Any, frame: Frame, number: int) -> Spot:
    try:
        gray, scale = blank_space.gray_of(document[number - 1])
    except (pypdfium2.PdfiumError, ValueError, MemoryError):
        raise _unusable(name, f"第 {number} 页无法显示", f"page {number} cannot be shown") from None
    seen = blank_space.picture(gray, scale / frame.unit * POINTS, list(frame.fields(scale)))
    if seen.paper.width < SMALLEST_WIDTH:
        raise _unusable(name, f"第 {number} 页太窄,放不下编号码", f"page {number} is too narrow for the code")
    for side in SIDES:
        found = seen.find(block_for(side))
        if found is not None:
            return Spot(found[0], found[1], side)
    side, block = SIDES[0], block_for(SIDES[0])
    left = max(0.0, seen.paper.width - block.width - 2 * blank_space.FROM_EDGE)
    return Spot(left, BAND_ABOVE, side, BAND_ABOVE + block.height + 1.0)


def _stamped(foreign: Foreign, shop: PrintShop, mark: PageMark, title: str) -> bytes:
    """The file with its stamps."""
    count = len(foreign.spots)
    labels = [_words(shop, spot.side, mark.serial, number, count) for number, spot in enumerate(foreign.spots, start=1)]
    # Every label page is as wide as the widest block.
    paper = Paper(block_for(SIDES[0]).width, WORDS)
    words = io.BytesIO(pdf.draw_pages(labels, title=title, author=shop.office, paper=paper))
    with pikepdf.open(io.BytesIO(foreign.data)) as opened, pikepdf.open(words) as drawn:
        for number, (page, spot) in enumerate(zip(opened.pages, foreign.spots, strict=True), start=1):
            own = PageMark(mark.serial, number, count, mark.copy, mark.version)
            label = opened.copy_foreign(drawn.pages[number - 1].as_form_xobject())
            put(page, spot, own.text(shop.secret), label)
        return _saved(opened)


def _words(shop: PrintShop, side: float, serial: str, number: int, count: int) -> Sequence[Item]:
    """What stands below a code: the serial, and page k of n."""
    board = Board(shop.typeface)
    middle, wide = block_for(side).width / 2, block_for(side).width - 1.0
    size = min(7.5, 7.5 * wide / shop.typeface.width(serial, 7.5))
    board.text(middle, 2.7, serial, size, align="centre", colour=INK)
    board.text(middle, 5.7, f"第 {number} 页　共 {count} 页", 6.5, align="centre", colour=INK)
    return board.items


def _prove(foreign: Foreign, shop: PrintShop, mark: PageMark) -> None:
    """Stamp on trial and look: each page's code reads, and outside of its block no pixel changed. Raises."""
    before, after = pypdfium2.PdfDocument(foreign.data), pypdfium2.PdfDocument(_stamped(foreign, shop, mark, ""))
    try:
        for document in (before, after):
            document.init_forms()
        with pikepdf.open(io.BytesIO(foreign.data)) as opened:
            units = [Frame(page).unit for page in opened.pages]
        for number, (spot, unit) in enumerate(zip(foreign.spots, units, strict=True), start=1):
            wanted = PageMark(mark.serial, number, mark.pages, mark.copy, mark.version).text(shop.secret)
            if not _is_whole(before[number - 1], after[number - 1], spot, unit, wanted):
                why = f"第 {number} 页的结构特殊,编号码印不清楚或会改动原有内容"
                raise _unusable(foreign.name, why, f"page {number} is built so that the code would not read or hide")
    finally:
        before.close()
        after.close()


def _is_whole(old: Any, new: Any, spot: Spot, unit: float, wanted: str) -> bool:
    was, scale = blank_space.gray_of(old, LOOK_DPI)
    now, _ = blank_space.gray_of(new, scale * 72)
    per_mm = scale / unit * POINTS
    band = now.shape[0] - was.shape[0]
    block = block_for(spot.side)
    top, left = int((spot.y - _BLUR_MM) * per_mm), int((spot.x - _BLUR_MM) * per_mm)
    low, right = int((spot.y + block.height + _BLUR_MM) * per_mm), int((spot.x + block.width + _BLUR_MM) * per_mm)
    read = zxingcpp.read_barcodes(np.ascontiguousarray(now[max(0, top) : low, max(0, left) : right]))
    if [code.text for code in read] != [wanted]:
        return False
    if spot.band:
        return abs(band - spot.band * per_mm) <= 2 and now.shape[1] == was.shape[1] and _alike(now[band:], was)
    if now.shape != was.shape:
        return False
    outside = now.copy()
    outside[max(0, top) : low, max(0, left) : right] = was[max(0, top) : low, max(0, left) : right]
    return bool((outside == was).all())


def _alike(now: blank_space.Gray, was: blank_space.Gray) -> bool:
    """Whether two pictures are the same but for less than a pixel's shift: a taller page is drawn on another grid."""
    return bool(np.mean(np.abs(now.astype(np.int16) - was) > 96) < 0.02)
