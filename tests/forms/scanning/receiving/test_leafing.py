"""A scan is leafed through without filing it, and a received batch is read from its records: both tell the same."""

from __future__ import annotations

import io
from typing import Any

import pytest
from sqlalchemy import select

from forms import books, numbering
from forms.books import binding
from forms.books.binding import Damage, Leaf, Span
from forms.marks import PageMark
from forms.printing import issuing
from forms.printing.shop import Printed, PrintShop
from forms.scanning.desk import ScanDesk
from forms.scanning.imitation import samples
from forms.scanning.receiving import batch_work, intake, leafing
from forms.tables import ScanBatch
from records.database import Database
from records.errors import NotFound

DPI = 150


def pictures(printed: Printed) -> list[Any]:
    return list(samples.rasterise(printed.data, DPI))


def a_scan(*pages: Any) -> bytes:
    return samples.scan_pdf((samples.degrade(page, "clean", 3, turn=0) for page in pages), DPI, 60)


def batch_leaves(database: Database, batch_id: int) -> list[Leaf]:
    with database.reading() as session:
        return leafing.read_batch(session, batch_id)


def number(printed: Printed) -> str:
    assert printed.book is not None
    return printed.book.number


def silent(_done: int, _total: int) -> None:
    return


@pytest.fixture
def two_books(database: Database, shop: PrintShop, actors: Any) -> tuple[Printed, Printed]:
    """Two printed books of one form, five pages and three."""
    form = shop.catalogue.form("ZB-02")
    with database.transaction() as session:
        made = [issuing.print_book(session, shop, actors.staff, form, pages) for pages in (5, 3)]
    return made[0], made[1]


def test_a_scan_of_a_damaged_book_names_the_damage_and_files_nothing(
    database: Database, desk: ScanDesk, two_books: tuple[Printed, Printed]
) -> None:
    first, second = (pictures(printed) for printed in two_books)
    # cover, sign-for page, page 1, page 3, page 3 again, page 4, a page of the other book, page 2;
    # page 5 was torn out
    scan = a_scan(first[0], first[1], first[2], first[4], first[4], first[5], second[3], first[3])
    leaves = leafing.read_file(desk, "book.pdf", io.BytesIO(scan), silent)
    with database.reading() as session:
        found = binding.inspect(leaves, names=leafing.book_names(session, leaves))
        assert found.span == leafing.span_of(books.find_book(session, found.name))
        assert session.scalars(select(ScanBatch)).all() == []
    assert found.name == number(two_books[0])
    told = [(one.kind, one.pages, one.positions) for one in found.findings]
    assert told == [
        (Damage.MISSING, (5,), ()),
        (Damage.REPEATED, (3,), (4, 5)),
        (Damage.MOVED, (2,), (8,)),
        (Damage.FOREIGN, (2,), (7,)),
        (Damage.APART, (1, 3), (3, 4)),
        (Damage.NO_CODE, (), (1, 2)),
    ]


def test_a_filed_batch_tells_the_same_as_its_file(
    database: Database, desk: ScanDesk, actors: Any, two_books: tuple[Printed, Printed]
) -> None:
    first, second = (pictures(printed) for printed in two_books)
    scan = a_scan(first[4], first[2], first[2], second[3], first[5])
    from_file = leafing.read_file(desk, "book.pdf", io.BytesIO(scan), silent)
    with database.transaction() as session:
        batch_id = intake.receive(session, desk, actors.staff, "book.pdf", scan).id
    assert batch_leaves(database, batch_id) == []
    batch_work.work_batch(database, desk, actors.staff, batch_id)
    from_batch = batch_leaves(database, batch_id)
    assert binding.inspect(from_batch).findings == binding.inspect(from_file).findings
    with database.reading() as session:
        book, other = (books.find_book(session, number(printed)) for printed in two_books)
        latest = leafing.latest_batch(session, book)
        assert latest is not None
        assert (latest[0].id, latest[1].name) == (batch_id, book.number)
        assert leafing.latest_batch(session, other) is None


@pytest.mark.parametrize("from_last", [True, False])
def test_one_side_of_the_pile_and_then_the_other_is_put_in_order(
    database: Database, desk: ScanDesk, shop: PrintShop, actors: Any, from_last: bool
) -> None:
    with database.transaction() as session:
        printed = issuing.print_book(session, shop, actors.staff, shop.catalogue.form("ZB-02"), 7)
    pages = pictures(printed)  # cover, sign-for page, page 1 to 7, colophon
    fronts, backs = pages[0::2], pages[1::2]
    scan = a_scan(*fronts, *(backs[::-1] if from_last else backs))
    leaves = leafing.read_file(desk, "book.pdf", io.BytesIO(scan), silent)
    assert [leaf.mark.page for leaf in leaves if leaf.mark] == [1, 2, 3, 4, 5, 6, 7]
    assert sorted(leaf.position for leaf in leaves) == list(range(1, 11))
    assert binding.inspect(leaves).whole


def test_a_book_with_pages_out_of_place_is_not_taken_for_one_scanned_side_by_side() -> None:
    def leaf(position: int, page: int) -> Leaf:
        return Leaf(position, PageMark(numbering.compose("ZB-02", 2026, page), page, 9, 1, 1))

    for pages in ([1, 2, 3, 4, 5, 6, 7, 8, 9], [2, 1, 3, 4, 5, 6, 7, 8, 9], [9, 8, 7, 6, 5, 4, 3, 2, 1], [1], []):
        leaves = [leaf(position, page) for position, page in enumerate(pages, start=1)]
        assert leafing.in_paper_order(leaves) == leaves


def test_an_unknown_batch_is_not_found(database: Database) -> None:
    with database.reading() as session, pytest.raises(NotFound):
        leafing.read_batch(session, 404)


def test_a_sheets_page_is_known_for_one_before_it_is_filed(
    database: Database, desk: ScanDesk, shop: PrintShop, actors: Any
) -> None:
    with database.transaction() as session:
        printed = issuing.print_sheets(session, shop, actors.staff, shop.catalogue.form("FX-01"))
    leaves = leafing.read_file(desk, "x.pdf", io.BytesIO(a_scan(*pictures(printed))), silent)
    assert [leaf.loose for leaf in leaves] == [True, True]
    assert binding.inspect(leaves).span is None


def test_a_span_is_the_range_of_the_book(database: Database, two_books: tuple[Printed, Printed]) -> None:
    with database.reading() as session:
        book = books.find_book(session, number(two_books[1]))
        assert leafing.span_of(book) == Span("ZB-02", book.year, 6, 3)


def test_a_tiff_of_a_whole_book_is_whole(desk: ScanDesk, two_books: tuple[Printed, Printed]) -> None:
    pages = [samples.degrade(page, "clean", 3, turn=0) for page in pictures(two_books[1])[2:5]]
    frames = io.BytesIO()
    pages[0].save(frames, "TIFF", save_all=True, append_images=pages[1:], compression="jpeg", resolution=DPI)
    leaves = leafing.read_file(desk, "book.tif", io.BytesIO(frames.getvalue()), silent)
    assert binding.inspect(leaves).whole
