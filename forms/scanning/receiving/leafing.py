"""Leafs through a scan for the numbers of its pages: a file that is not to be filed, or a batch that was received."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import IO

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms import books
from forms.books import binding
from forms.books.binding import Inspection, Leaf, Span
from forms.catalogue import Catalogue, UnknownForm
from forms.marks import ForeignMark, PageMark
from forms.numbering import BadSerial, parse
from forms.scanning.desk import ScanDesk
from forms.scanning.opening import apart
from forms.scanning.opening.apart import Far
from forms.scanning.opening.masters import UnreadablePage
from forms.scanning.reading import printed_numbers
from forms.scanning.receiving import intake, page_fates
from forms.tables import Book, ScanBatch, ScanPage, Serial

Progress = Callable[[int, int], None]

# A page out of its place may be found in a pile that was scanned one side after the other.
_FEW = 0.1


def read_file(desk: ScanDesk, name: str, source: IO[bytes], progress: Progress) -> list[Leaf]:
    """The pages of a file in the order of the paper (``in_paper_order``); nothing is kept of it.

    Raises EmptyFile, NotAScan, BrokenFile, EncryptedFile, TooLarge, ActiveFile.
    """
    found = []
    with intake.laid_in(desk, name, source) as spool, apart.opened(spool, name) as master:
        for position in range(1, master.page_count + 1):
            mark, why = _mark(master, position, desk.secret)
            found.append(Leaf(position, mark, why, loose=mark is not None and _is_loose(desk.catalogue, mark.serial)))
            progress(position, master.page_count)
    return in_paper_order(found)


def in_paper_order(leaves: Sequence[Leaf]) -> list[Leaf]:
    """The pages as they lie in the book, where one side of the pile was scanned first and then the other.

    Whoever scans both sides by hand gets the fronts, then the backs from the last sheet to the first (or, with the pile
    turned over leaf by leaf, from the first to the last). Believed only when the page numbers say so: every page is in
    order then, save a few, and it was not before. Each leaf keeps its ``position`` in the scan.
    """
    fronts, backs = list(leaves[: (len(leaves) + 1) // 2]), list(leaves[(len(leaves) + 1) // 2 :])
    as_scanned = _disorder(leaves)
    for order in (backs[::-1], backs):
        laid = [leaf for pair in zip_longest(fronts, order) for leaf in pair if leaf is not None]
        if _disorder(laid) <= _FEW * len(laid) < as_scanned:
            return laid
    return list(leaves)


def _disorder(leaves: Iterable[Leaf]) -> int:
    """How many pages of books are out of their place: outside the longest run in order of their book."""
    pages: dict[Span, list[int]] = defaultdict(list)
    for leaf in leaves:
        if leaf.mark is not None and not leaf.loose:
            pages[Span.of(leaf.mark)].append(leaf.mark.page)
    return sum(len(found) - len(binding.longest_run(found)) for found in pages.values())


def _mark(master: Far, position: int, secret: bytes) -> tuple[PageMark | None, str]:
    try:
        _, picture = master.look(position)
    except UnreadablePage:
        return None, "unreadable"
    if isinstance(picture, UnreadablePage):
        return None, "unreadable"
    reading = printed_numbers.read(picture.gray, secret)
    found = reading.found.mark if reading.found else None
    return (None, reading.reason) if found is None or isinstance(found, ForeignMark) else (found, "")


def _is_loose(catalogue: Catalogue, serial: str) -> bool:
    """Whether a number is of a form that comes in single sheets."""
    try:
        return catalogue.form(parse(serial).form_code).mode != "book"
    except (UnknownForm, BadSerial):
        return False


def read_batch(session: Session, batch_id: int) -> list[Leaf]:
    """The pages of a batch in the order of the paper, as far as they have been looked at. Raises NotFound."""
    page_fates.find(session, batch_id)
    query = (
        select(ScanPage, Serial)
        .outerjoin(Serial, Serial.text == ScanPage.serial)
        .where(ScanPage.batch_id == batch_id, ScanPage.state.not_in(("received", "destroyed")))
        .order_by(ScanPage.position)
    )
    return in_paper_order([_leaf(page, serial) for page, serial in session.execute(query)])


def _leaf(page: ScanPage, serial: Serial | None) -> Leaf:
    if serial is None or page.page_no is None:
        nothing = page.state == "blank" or page.reason.startswith("group_")
        return Leaf(page.position, None, "no_code" if nothing else page.reason or "no_code")
    mark = PageMark(serial.text, page.page_no, serial.page_count, page.copy or 1, serial.form_version)
    return Leaf(page.position, mark, loose=serial.book_id is None)


def book_names(session: Session, leaves: Iterable[Leaf]) -> Mapping[Span, str]:
    """The numbers of the books that these pages belong to, by the range they were printed in."""
    serials = {leaf.mark.serial: Span.of(leaf.mark) for leaf in leaves if leaf.mark is not None and not leaf.loose}
    query = select(Serial.text, Book.number).join(Book, Book.id == Serial.book_id)
    return {serials[text]: number for text, number in session.execute(query.where(Serial.text.in_(serials)))}


def span_of(book: Book) -> Span:
    """The range that a book was printed in."""
    return Span(book.form_code, book.year, book.serials[0].number, book.page_count)


def latest_batch(session: Session, book: Book) -> tuple[ScanBatch, Inspection] | None:
    """The last batch that was mostly of this book, and what is wrong with it; None when there was none.

    Pages that are accounted for, and those before and behind the batch's that are still in the book, are not missed.
    """
    of_book = select(ScanPage.batch_id).join(Serial, Serial.text == ScanPage.serial).where(Serial.book_id == book.id)
    for batch_id in session.scalars(of_book.distinct().order_by(ScanPage.batch_id.desc()).limit(10)):
        leaves = read_batch(session, batch_id)
        if binding.inspect(leaves).span == span_of(book):
            away, names = _elsewhere(session, book, leaves), book_names(session, leaves)
            found = binding.inspect(leaves, home=span_of(book), names=names, elsewhere=away)
            return session.get_one(ScanBatch, batch_id), found
    return None


def _elsewhere(session: Session, book: Book, leaves: Iterable[Leaf]) -> set[int]:
    home = span_of(book)
    seen = [leaf.mark.page for leaf in leaves if leaf.mark and not leaf.loose and Span.of(leaf.mark) == home]
    pages = books.reconcile(session, book).pages
    return {page.page_no for page in pages if page.settled or not min(seen) < page.page_no < max(seen)}
