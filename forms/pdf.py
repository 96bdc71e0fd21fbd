"""Draws placed pages as PDF, and only draws: every coordinate comes from forms.layout.

What a page shares with its fellows is one form object, drawn once and referred to; what is its own (serial, code,
fore-edge mark) is a few operators. The same input makes the same bytes.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO

from forms.drawing import qr
from forms.drawing.embedding import DocumentFont
from forms.drawing.pdf_file import PdfFile
from forms.drawing.typeface import FACES, FaceName, Typeface, load_typeface
from forms.layout import Code, Item, Laid, Line, PageIdentity, Panel, Text, Tick, place_identity
from forms.layout.book_pages import BookFacts, end_pages, front_pages
from forms.layout.cards import card_places, crop_marks
from forms.layout.items import Colour
from forms.layout.listing import Listing, listing_pages
from forms.marks import PageMark
from forms.paper import A4, Paper

POINTS = 72 / 25.4

__all__ = [
    "BookFacts",
    "PageIdentity",
    "book_identities",
    "draw",
    "draw_book",
    "draw_pages",
    "draw_runs",
    "sheet_identities",
]


def draw(laid: Laid, identities: Iterable[PageIdentity], out: BinaryIO, *, title: str, author: str = "") -> None:
    """Write a PDF with one page per identity, in the order given; of small cards with several to a page.

    A page whose mark says page k shows page k of the layout; a book's layout has one page, shown for every k.
    Raises MissingGlyph.
    """
    draw_runs([(laid, identities)], out, title=title, author=author)


def draw_runs(
    runs: Iterable[tuple[Laid, Iterable[PageIdentity]]], out: BinaryIO, *, title: str, author: str = ""
) -> None:
    """The same for many forms in one PDF, one after the other (a mail merge)."""
    document = _Document(out, title, author)
    for laid, identities in runs:
        document.run(laid, identities)
    document.finish()


def draw_book(
    laid: Laid, identities: Sequence[PageIdentity], facts: BookFacts, out: BinaryIO, *, title: str = ""
) -> None:
    """Write a whole book: cover, sign-for page, the numbered pages, colophon with the closing certificate."""
    document = _Document(out, title or f"{facts.form_zh} {facts.number}", facts.office)
    for items in front_pages(facts, laid.paper):
        document.plain_page(laid.paper, items)
    document.run(laid, identities)
    for items in end_pages(facts, laid.paper, identities[0].secret):
        document.plain_page(laid.paper, items)
    document.finish()


def draw_pages(pages: Iterable[Sequence[Item]], *, title: str, author: str = "", paper: Paper = A4) -> bytes:
    """A PDF of placed pages that have no number: a dossier's cover and contents list, labels, cards."""
    out = io.BytesIO()
    document = _Document(out, title, author)
    for items in pages:
        document.plain_page(paper, items)
    document.finish()
    return out.getvalue()


def draw_listing(listing: Listing, *, title: str, author: str) -> bytes:
    """A PDF of a list over as many pages as it needs."""
    return draw_pages(listing_pages(listing), title=title, author=author, paper=listing.paper)


def sheet_identities(laid: Laid, serial: str, secret: bytes, *, reprint: bool = False) -> list[PageIdentity]:
    """The pages of one number of a sheet form: every page of the first copy, then of the next."""
    labels = laid.copies or ("",)
    count = len(laid.pages)
    return [
        PageIdentity(PageMark(serial, page, count, copy, laid.version), None, label, reprint, secret)
        for copy, label in enumerate(labels, start=1)
        for page in range(1, count + 1)
    ]


def book_identities(laid: Laid, serials: Sequence[str], book_number: str, secret: bytes) -> list[PageIdentity]:
    """The pages of a book in order, each with its neighbours."""
    neighbours = [None, *serials, None]
    return [
        PageIdentity(
            PageMark(serial, page, len(serials), 1, laid.version),
            book_number, "", False, secret, neighbours[page - 1], neighbours[page + 1],
        )
        for page, serial in enumerate(serials, start=1)
    ]  # fmt: skip


class _Document:
    """A PDF being written: each page goes out as soon as it is drawn."""

    def __init__(self, out: BinaryIO, title: str, author: str) -> None:
        self.typeface: Typeface = load_typeface()
        self.file = PdfFile(out, title, author)
        self.fonts = {name: DocumentFont(self.typeface.face(name), self.file) for name in FACES}
        self.font_list = self.file.reserve()
        self.shown: Laid | None = None
        self.shared: dict[int, int] = {}
        self.cards: list[tuple[Paper, int, str]] = []
        self.card_places = card_places()

    def run(self, laid: Laid, identities: Iterable[PageIdentity]) -> None:
        """Draw the pages of one layout."""
        if laid is not self.shown:
            self.shown, self.shared = laid, {}
        for identity in identities:
            if laid.paper.is_card:
                self._card(laid, identity)
                continue
            self._sheet_of_cards()
            number = 0 if identity.book_number is not None else identity.mark.page - 1
            own = self._operators(laid.paper, place_identity(self.typeface, laid.paper, identity))
            content = f"/L Do\n{own}\n{_code(laid.paper, identity.code)}"
            self._page(laid.paper, content, f"/XObject << /L {self._shared_part(laid, number)} 0 R >>")

    def _card(self, laid: Laid, identity: PageIdentity) -> None:
        """Keep a small card until a sheet is full; cards of several runs share one."""
        own = self._operators(laid.paper, place_identity(self.typeface, laid.paper, identity))
        self.cards.append((laid.paper, self._shared_part(laid, 0), f"{own}\n{_code(laid.paper, identity.code)}"))
        if len(self.cards) == len(self.card_places):
            self._sheet_of_cards()

    def _sheet_of_cards(self) -> None:
        """Draw the cards that wait, between marks that show where to cut."""
        if not self.cards:
            return
        parts = [self._operators(A4, crop_marks(self.typeface))]
        for (x, y), (paper, shared, own) in zip(self.card_places, self.cards, strict=False):
            moved = f"1 0 0 1 {x * POINTS:.3f} {(A4.height - y - paper.height) * POINTS:.3f} cm"
            parts.append(f"q {moved} /L{shared} Do\n{own} Q")
        shared_parts = " ".join(f"/L{number} {number} 0 R" for number in sorted({card[1] for card in self.cards}))
        self.cards = []
        self._page(A4, "\n".join(parts), f"/XObject << {shared_parts} >>")

    def plain_page(self, paper: Paper, items: Sequence[Item]) -> None:
        """Draw a page that has no number."""
        self._sheet_of_cards()
        self._page(paper, self._operators(paper, items))

    def finish(self) -> None:
        """Write the last cards, and what the pages refer to."""
        self._sheet_of_cards()
        entries = " ".join(font.written() for font in self.fonts.values())
        self.file.put(f"<< {entries} >>", self.font_list)
        self.file.finish()

    def _page(self, paper: Paper, content: str, resources: str = "") -> None:
        wide, high = paper.width * POINTS, paper.height * POINTS
        self.file.put_page(wide, high, content.encode("ascii"), f"/Font {self.font_list} 0 R {resources}")

    def _shared_part(self, laid: Laid, number: int) -> int:
        """What a page shares with others of its layout: a form object, written once."""
        if number not in self.shared:
            paper = laid.paper
            box = f"/BBox [0 0 {paper.width * POINTS:.2f} {paper.height * POINTS:.2f}]"
            resources = f"/Resources << /Font {self.font_list} 0 R >>"
            content = self._operators(paper, laid.pages[number].items).encode("ascii")
            self.shared[number] = self.file.put_stream(content, f"/Type /XObject /Subtype /Form {box} {resources}")
        return self.shared[number]

    def _operators(self, paper: Paper, items: Iterable[Item]) -> str:
        pen = _Pen(paper, self.fonts)
        for item in items:
            pen.draw(item)
        return "\n".join(pen.operators)


class _Pen:
    """Turns items into PDF operators; y grows upwards there, and lengths are points."""

    def __init__(self, paper: Paper, fonts: Mapping[FaceName, DocumentFont]) -> None:
        self.height = paper.height
        self.fonts = fonts
        self.operators: list[str] = []
        self._draw: dict[type, Callable[[Any], Iterator[str]]] = {
            Text: self._text,
            Line: self._line,
            Panel: self._panel,
            Tick: self._tick,
            Code: self._code,
        }

    def draw(self, item: Item) -> None:
        """Append the item's operators."""
        self.operators += self._draw[type(item)](item)

    def _at(self, x: float, y: float) -> str:
        return f"{x * POINTS:.2f} {(self.height - y) * POINTS:.2f}"

    def _text(self, item: Text) -> Iterator[str]:
        font = self.fonts[item.face]
        thick = f"{_rgb(item.colour)} RG {item.bold:.2f} w 2 Tr " if item.bold else ""
        thin = " 0 Tr" if item.bold else ""
        yield (
            f"BT {_rgb(item.colour)} rg {thick}/{font.resource} {item.size:.2f} Tf {self._at(item.x, item.y)} Td "
            f"<{font.codes(item.text)}> Tj{thin} ET"
        )

    def _line(self, item: Line) -> Iterator[str]:
        dash = f"[{' '.join(f'{part:g}' for part in item.dash)}] 0 d"
        yield (
            f"{_rgb(item.colour)} RG {item.width:.2f} w {dash} "
            f"{self._at(item.x1, item.y1)} m {self._at(item.x2, item.y2)} l S"
        )

    def _panel(self, item: Panel) -> Iterator[str]:
        area = f"{self._at(item.x, item.y + item.h)} {item.w * POINTS:.2f} {item.h * POINTS:.2f} re"
        if item.fill is not None:
            yield f"{_rgb(item.fill)} rg {area} f"
        if item.stroke:
            yield f"{_rgb(item.colour)} RG {item.stroke:.2f} w [] 0 d {area} S"

    def _code(self, item: Code) -> Iterator[str]:
        yield _code_at(self.height, (item.x, item.y, item.side), item.text)

    def _tick(self, item: Tick) -> Iterator[str]:
        yield from self._panel(Panel(item.x, item.y, item.side, item.side, None, 0.7))
        if item.ticked:
            x, y, side = item.x, item.y, item.side
            yield (
                f"0.05 0.15 0.45 RG 1.4 w [] 0 d {self._at(x + side * 0.18, y + side * 0.5)} m "
                f"{self._at(x + side * 0.42, y + side * 0.78)} l {self._at(x + side * 0.88, y + side * 0.16)} l S"
            )


def _code(paper: Paper, text: str) -> str:
    """A page's own code at its place on the paper."""
    return _code_at(paper.height, paper.qr, text)


def _code_at(height: float, place: tuple[float, float, float], text: str) -> str:
    """A QR code as one filled path; ``place``: left, top and side in mm from the top of a paper of that height."""
    modules, side = qr.path(text)
    left, top, size = place
    scale = size * POINTS / side
    low = (height - top - size) * POINTS
    return f"q 0 0 0 rg {scale:.5f} 0 0 {scale:.5f} {left * POINTS:.3f} {low:.3f} cm\n{modules}\nf Q"


@functools.cache
def _rgb(colour: Colour) -> str:
    return f"{colour[0]:g} {colour[1]:g} {colour[2]:g}"
