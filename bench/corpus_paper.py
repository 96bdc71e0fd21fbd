"""The paper of the corpus: forms of every kind fresh from the printer, signed, worn, and laid on the scanner in order.

Grids, registers in books, Word forms by our own typesetting, cards printed four to a sheet and cut, cover sheets with
unnumbered papers behind them, and a form of an office's own.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pylopdf_fonts_zh_cn
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms import books
from forms.catalogue.rows import Form
from forms.layout.cards import card_places
from forms.paper import A4, A4_LANDSCAPE, CARD, Paper
from forms.printing import issuing, merging
from forms.printing.recipients import Recipient, Recipients
from forms.scanning.imitation import samples
from forms.scanning.imitation.samples import MM_PER_INCH
from forms.tables import Serial
from forms.word.prose import TooRichToSet
from records import units
from records.tables import Unit
from records.users import Actor
from web.office import Office

UNITS = ("1-1-101", "1-1-102", "2-3-1201")
OWN_FORM = """procedure: ZY
zh: 自有表单
en: Our own forms
forms:
  - code: ZY-01
    zh: 电梯困人记录
    en: Lift rescue record
    mode: sheet
    version: 1
    retention: [UNSET]
    fields:
      - {key: lift, zh: 梯号, en: Lift, kind: text, width: half}
      - {key: freed, zh: 脱困时间, en: Freed at, kind: text, width: half}
      - {key: course, zh: 经过, en: What happened, kind: long, lines: 8, width: full}
    signatures:
      - {key: worker, zh: 维保人员, en: Maintenance, kind: signature}
      - {key: clerk, zh: 值班员, en: On duty, kind: signature}
      - {key: office, zh: 物业盖章, en: Property office's stamp, kind: stamp}
"""
_CARDS = 4
_COPIED = "不动产权证书 居民身份证 业主姓名 坐落 共有情况 单独所有 建筑面积 使用期限 登记机构 签发机关 有效期限"

Boxes = list[dict[str, Any]]


@dataclass(frozen=True)
class Truth:
    """What a page is: its place in the print, the unit it was printed for, and which boxes hold ink.

    ``behind``: it bears no number and lies behind the cover sheet of this one, as its ``page``-th.
    """

    serial: str
    page: int
    copy: int
    unit: str | None
    boxes: tuple[str, ...]
    signed: frozenset[str]
    behind: bool = False


@dataclass(frozen=True)
class Sheet:
    """A page as it comes from the printer, and what it is."""

    image: Image.Image
    truth: Truth
    boxes: Boxes


#: Pages that must lie together: a cover sheet with its papers, or a page alone.
Piece = Sequence[Sheet]


def put_own_form(home: Path) -> None:
    """A form of the office's own, as somebody there would write it."""
    (home / "forms").mkdir(parents=True)
    (home / "forms" / "自有.yaml").write_text(OWN_FORM, encoding="utf-8")


def pieces(office: Office, actor: Actor, dpi: int, seed: int) -> Iterator[Piece]:
    """Pages fresh from the printer, form after form, round and round; each with a number of its own."""
    forms = list(office.catalogue.forms)
    mixed = [forms[number] for number in np.random.default_rng(seed).permutation(len(forms))]
    printer = _Printer(office, actor, dpi, seed)
    while True:
        for number, form in enumerate(mixed):
            yield from printer.printed(form, UNITS[number % len(UNITS)] if form.unit else None)


class _Printer:
    def __init__(self, office: Office, actor: Actor, dpi: int, seed: int) -> None:
        self._office, self._actor, self._dpi, self._seed = office, actor, dpi, seed

    def printed(self, form: Form, unit: str | None) -> Iterator[Piece]:
        behind = 1 + len(form.code + form.zh) % 4
        with self._office.transaction() as session:
            home = units.find_unit(session, unit) if unit else None
            try:
                serials, data = self._print(session, form, home, behind)
            except TooRichToSet:  # a template that only Word sets
                return
            rows = [session.scalars(select(Serial).where(Serial.text == text)).one() for text in serials]
            places = [place for row in rows for place in _places(row)]
        images = samples.rasterise(data, self._dpi, 2 if form.mode == "book" else 0)
        if form.paper == "card":
            images = _cut(images, self._dpi)
        # Behind a book's pages comes its colophon, which has no number.
        sheets = (self._sheet(image, *place, unit) for place, image in zip(places, images, strict=False))
        if form.mode == "external":
            cover = list(sheets)
            yield [*cover, *self._papers(cover[-1].truth, behind)]
            return
        for sheet in sheets:
            yield [sheet]

    def _print(self, session: Session, form: Form, home: Unit | None, behind: int) -> tuple[Sequence[str], bytes]:
        shop, actor = self._office.shop, self._actor
        if form.mode == "book":
            printed = issuing.print_book(session, shop, actor, form, 2)
            assert printed.book is not None
            books.issue(session, actor, printed.book, "李前台")
            return printed.serials, printed.data
        if form.is_word:
            out = io.BytesIO()
            prepared = merging.prepare(session, shop, form, Recipients((Recipient(home),)))
            return merging.merge_pdf(session, shop, actor, prepared, out).serials, out.getvalue()
        values = {"expected_pages": str(behind)} if form.mode == "external" else {}
        count = _CARDS if form.paper == "card" else 1
        printed = issuing.print_sheets(session, shop, actor, form, unit=home, values=values, count=count)
        return printed.serials, printed.data

    def _sheet(self, image: Image.Image, serial: str, page: int, copy: int, boxes: Boxes, unit: str | None) -> Sheet:
        random = np.random.default_rng((self._seed, page, copy, int(serial[-8:-2])))
        signed = frozenset(box["key"] for box in boxes if random.random() < 0.5)
        keys = tuple(str(box["key"]) for box in boxes)
        return Sheet(image, Truth(serial, page, copy, unit, keys, signed), boxes)

    def _papers(self, cover: Truth, count: int) -> Iterator[Sheet]:
        """Papers from elsewhere, without a number of ours."""
        for number in range(1, count + 1):
            random = np.random.default_rng((self._seed, number, int(cover.serial[-8:-2])))
            truth = Truth(cover.serial, cover.page + number, cover.copy, cover.unit, (), frozenset(), behind=True)
            yield Sheet(copied_paper(random, self._dpi), truth, [])


def _places(row: Serial) -> list[tuple[str, int, int, Boxes]]:
    """The pages of a number in the order they are printed, each with its boxes to sign or stamp."""
    pages = [row.page_no] if row.book_id is not None else list(range(1, row.page_count + 1))
    found = row.layout.boxes if row.layout is not None else []
    inked = ("signature", "stamp")
    boxes = {page: [box for box in found if box["page"] == page and box["kind"] in inked] for page in (1, *pages)}
    in_book = row.book_id is not None
    return [
        (row.text, page, copy, boxes[1 if in_book else page]) for copy in range(1, row.copy_count + 1) for page in pages
    ]


def _cut(sheets: Iterator[Image.Image], dpi: int) -> Iterator[Image.Image]:
    """The cards of printed sheets, cut along the marks."""
    for sheet in sheets:
        for x, y in card_places():
            edges = (x, y, x + CARD.width, y + CARD.height)
            yield sheet.crop(tuple(round(edge * dpi / MM_PER_INCH) for edge in edges))


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(pylopdf_fonts_zh_cn.sans_path()), size)


def copied_paper(random: np.random.Generator, dpi: int) -> Image.Image:
    """Such as lies behind a cover sheet: a certificate or a card copied on A4, with words, a frame and a photograph."""
    per_mm = dpi / MM_PER_INCH
    page = Image.new("RGB", (round(A4.width * per_mm), round(A4.height * per_mm)), "white")
    draw, words = ImageDraw.Draw(page), _COPIED.split()
    left, top, right, low = (
        round(float(one) * per_mm) for one in random.uniform((15, 20, 120, 120), (40, 60, 190, 270))
    )
    draw.rectangle((left, top, right, low), outline=(90, 90, 90), width=max(1, round(0.4 * per_mm)))
    step = round(random.uniform(7, 12) * per_mm)
    for line in range(top + step // 2, low - step, step):
        text = "　".join(random.choice(words, int(random.integers(1, 4))))
        draw.text((left + step, line), text, font=_font(round(4.2 * per_mm)), fill=(40, 40, 40))
    page.paste(_photograph(random, (round(26 * per_mm), round(32 * per_mm))), (right - round(26 * per_mm), top + step))
    return page


def _photograph(random: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """A head and shoulders before a plain ground."""
    ground, skin, coat = (tuple(int(one) for one in random.integers(low, low + 60, 3)) for low in (170, 120, 30))
    picture = Image.new("RGB", size, ground)
    draw, (wide, high) = ImageDraw.Draw(picture), size
    draw.ellipse((wide * 0.1, high * 0.68, wide * 0.9, high * 1.4), fill=coat)
    draw.ellipse((wide * 0.28, high * 0.18, wide * 0.72, high * 0.74), fill=skin)
    draw.pieslice((wide * 0.25, high * 0.12, wide * 0.75, high * 0.62), 180, 360, fill=(25, 25, 25))
    return picture.filter(ImageFilter.GaussianBlur(wide / 60))


def paper_of(image: Image.Image, dpi: int) -> Paper:
    """What a printed page was printed on."""
    if image.width < 1.1 * CARD.width * dpi / MM_PER_INCH:
        return CARD
    return A4_LANDSCAPE if image.width > image.height else A4


def scanned(sheet: Sheet, level: str, dpi: int, seed: int) -> Image.Image:
    """What the pen and the scanner make of a page. A third of the scans are grey."""
    image, wear, paper = sheet.image, samples.LEVELS[level], paper_of(sheet.image, dpi)
    if not sheet.truth.behind:
        image = samples.sign(image, sheet.boxes, sheet.truth.signed, seed, dpi)
        chance = np.random.default_rng((seed, 7)).random(2)
        if chance[0] < wear.strokes:
            image = samples.scribble(image, paper, seed, dpi)
        if chance[1] < wear.destroyed:
            image = samples.destroy_code(image, paper, seed, dpi)
    if paper.is_card:
        image = _on_glass(image, np.random.default_rng((seed, 8)), dpi)
    worn = samples.degrade(image, level, seed)
    return worn.convert("L") if seed % 3 == 0 else worn


def _on_glass(card: Image.Image, random: np.random.Generator, dpi: int) -> Image.Image:
    """A card somewhere on a flatbed of A4."""
    per_mm = dpi / MM_PER_INCH
    glass = Image.new("RGB", (round(A4.width * per_mm), round(A4.height * per_mm)), "white")
    room = (A4.width - CARD.width - 20, A4.height - CARD.height - 20)
    x, y = (round((10 + float(random.uniform(0, one))) * per_mm) for one in room)
    glass.paste(card, (x, y))
    return glass
