"""Printed pages to scan: real numbers, real layouts, real PDFs, and what a scanner makes of them."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from argon2 import PasswordHasher
from PIL import Image, ImageDraw
from sqlalchemy.orm import Session

from forms import books, numbering
from forms.catalogue import Catalogue, load_catalogue
from forms.drawing import qr
from forms.drawing.typeface import Typeface, load_typeface
from forms.marks import PageMark
from forms.printing import issuing
from forms.printing.shop import PrintShop
from forms.scanning.desk import ScanDesk
from forms.scanning.imitation import samples
from forms.scanning.receiving import batch_work, intake
from forms.scanning.receiving.page_fates import PageFate
from forms.tables import Book, Serial
from records.database import Database
from records.signing_in import passwords
from records.tables import Unit
from records.users import Actor
from records.vault import Vault

OFFICE = "东光物业客服中心"


@pytest.fixture(autouse=True)
def _quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody signs in here; six people's passwords would take half of each test's time."""
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """The forms of the handbook."""
    return load_catalogue()


@pytest.fixture
def desk(catalogue: Catalogue, vault: Vault) -> ScanDesk:
    """The scanning desk of a new office."""
    return ScanDesk(catalogue, vault, vault.master.page_secret(), lease=1.0)


@dataclass(frozen=True)
class Sheet:
    """Printed paper: its serials, its pages as pictures at 200 dpi, and the boxes of each page."""

    serials: tuple[str, ...]
    images: tuple[Image.Image, ...]
    boxes: tuple[tuple[dict[str, Any], ...], ...]

    def signed(self, page: int, keys: Sequence[str], seed: int = 1) -> Image.Image:
        """A page (from 1) with ink in the boxes of these keys."""
        return samples.sign(self.images[page - 1], self.boxes[page - 1], keys, seed)


@pytest.fixture(scope="session")
def typeface() -> Typeface:
    """The embedded typeface."""
    return load_typeface()


@pytest.fixture
def shop(desk: ScanDesk, typeface: Typeface) -> PrintShop:
    """The print shop of the same office."""
    return PrintShop(desk.catalogue, typeface, desk.secret, OFFICE)


MakeSheet = Callable[..., Sheet]


@pytest.fixture
def make_sheet(shop: PrintShop) -> MakeSheet:
    """Print a sheet: ``make_sheet(session, actor, "RZ-08", unit=unit)``; ``lines`` of long text need more pages."""

    def make(session: Session, actor: Actor, code: str, *, unit: Unit | None = None, lines: int = 0) -> Sheet:
        form = shop.catalogue.form(code)
        long = next((field.key for field in form.fields if field.kind == "long"), "")
        values = {long: "\n".join(f"第{n}行:厨房水管漏水" for n in range(lines))} if lines else {}
        printed = issuing.print_sheets(session, shop, actor, form, unit=unit, values=values)
        serial = serial_row(session, printed.serials[0])
        assert serial.layout is not None
        pages = list(range(1, serial.page_count + 1)) * serial.copy_count
        boxes = tuple(tuple(box for box in serial.layout.boxes if box["page"] == page) for page in pages)
        return Sheet(printed.serials, tuple(samples.rasterise(printed.data)), boxes)

    return make


@pytest.fixture
def make_book(shop: PrintShop) -> Callable[..., tuple[Book, Sheet]]:
    """Print and issue a book: ``make_book(session, actors.supervisor, "HF-01", pages=3)``."""

    def make(session: Session, actor: Actor, code: str, pages: int, issued: bool = True) -> tuple[Book, Sheet]:
        printed = issuing.print_book(session, shop, actor, shop.catalogue.form(code), pages)
        assert printed.book is not None
        if issued:
            books.issue(session, actor, printed.book, "李前台")
        layout = serial_row(session, printed.serials[0]).layout
        assert layout is not None
        # A cover and a sign-for page come first, the colophon last.
        images = tuple(samples.rasterise(printed.data))[2 : 2 + pages]
        return printed.book, Sheet(printed.serials, images, (tuple(layout.boxes),) * pages)

    return make


ScanIn = Callable[..., list[PageFate]]


@pytest.fixture
def scan_in(desk: ScanDesk) -> ScanIn:
    """Hand in pictures (or a file's bytes) and file them: ``scan_in(database, actor, images)``."""

    def scan(database: Database, actor: Actor, images: Sequence[Image.Image] | bytes, name: str = "扫描.pdf") -> Any:
        data = images if isinstance(images, bytes) else samples.scan_pdf(images)
        with database.transaction() as session:
            batch = intake.receive(session, desk, actor, name, data)
        return batch_work.work_batch(database, desk, actor, batch.id)

    return scan


def serial_row(session: Session, text: str) -> Serial:
    """The row of a serial, as it stands now."""
    return numbering.find_serial(session, text)


@pytest.fixture
def strangers(desk: ScanDesk) -> Callable[[str], dict[str, Image.Image]]:
    """Pages that prove nothing, by the reason that the tray should give; one of them names the serial given."""
    return lambda serial: _strangers(desk, serial)


def _strangers(desk: ScanDesk, serial: str) -> dict[str, Image.Image]:
    other = ScanDesk(desk.catalogue, desk.vault, b"another office's secret")
    return {
        "no_code": Image.new("RGB", (1654, 2339), "white"),
        "foreign": _bearing("https://example.com/parcel/123"),
        "forged": _bearing(PageMark("HF-01-2026-000001-A", 1, 1, 1, 1).text(other.secret)),
        "unknown_serial": _bearing(PageMark("HF-01-2026-999999-A", 1, 1, 1, 1).text(desk.secret)),
        "contradicts": _bearing(PageMark(serial, 9, 9, 1, 1).text(desk.secret)),
        "two_codes": _bearing(
            PageMark("HF-01-2026-000001-A", 1, 1, 1, 1).text(desk.secret),
            PageMark("HF-01-2026-000002-B", 1, 1, 1, 1).text(desk.secret),
        ),
    }


def _bearing(*contents: str) -> Image.Image:
    """A blank A4 page at 200 dpi with these codes down its right side, the first where ours stands."""
    page = Image.new("RGB", (1654, 2339), "white")
    for number, content in enumerate(contents):
        code = Image.open(io.BytesIO(qr.qr_png(content, 6)))
        page.paste(code.resize((250, 250)), (1205, 135 + 1700 * number))
    return page


@pytest.fixture
def word(shop: PrintShop) -> Callable[..., list[Image.Image]]:
    """Pages of an agreement as Word prints them: the same code at the head of each, other words below."""

    def make(session: Session, actor: Actor, code: str, unit: Unit, pages: int) -> list[Image.Image]:
        printed = issuing.print_sheets(session, shop, actor, shop.catalogue.form(code), unit=unit, word=True)
        serial = serial_row(session, printed.serials[0])
        mark = PageMark(serial.text, serial.page_count, serial.page_count, 1, serial.form_version)
        made = []
        for number in range(pages):
            page = _bearing(mark.text(shop.secret))
            ImageDraw.Draw(page).rectangle((200, 900, 1400, 1000 + 50 * number), fill="black")
            made.append(page)
        return made

    return make
