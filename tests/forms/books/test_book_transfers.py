"""Transfers of closed books: by when each has to go, numbered lists, and what a signed list does."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms import books
from forms.books import book_transfers
from forms.catalogue import Catalogue, load_catalogue
from forms.tables import Book
from records import clock
from records.database import Database
from records.errors import BadInput, NotAllowed
from records.tables import Fact


@pytest.mark.parametrize(
    ("rule", "closed", "due"),
    [
        ("CALLBACK", date(2026, 1, 1), date(2026, 4, 10)),
        ("CALLBACK", date(2026, 3, 31), date(2026, 4, 10)),
        ("CALLBACK", date(2026, 4, 1), date(2026, 7, 10)),
        ("CALLBACK", date(2026, 12, 31), date(2027, 1, 10)),
        ("PATROL", date(2026, 11, 30), date(2026, 11, 30)),
        ("PATROL", date(2028, 2, 1), date(2028, 2, 29)),
        ("VACANT", date(2026, 1, 15), date(2026, 6, 30)),
        ("VACANT", date(2026, 7, 1), date(2026, 12, 31)),
    ],
)
def test_each_rule_knows_its_day(rule: str, closed: date, due: date) -> None:
    assert book_transfers.rules()[rule].due_on(closed) == due


def test_every_rule_with_a_transfer_date_in_the_schedule_has_its_row() -> None:
    schedule = {key for key, rule in load_catalogue().rules.items() if rule.transfer_by}
    assert set(book_transfers.rules()) == schedule


def closed_book(session: Session, actors: Any, catalogue: Catalogue, code: str) -> Book:
    book = books.create(session, actors.archivist, catalogue.form(code), 2)
    books.issue(session, actors.staff, book, "前台")
    books.cancel_blank(session, actors.supervisor, book, [serial.text for serial in book.serials])
    books.close(session, actors.supervisor, book)
    return book


def test_closed_books_wait_by_their_dates_until_a_signed_list_transfers_them(database: Database, actors: Any) -> None:
    catalogue, today = load_catalogue(), clock.today()
    with database.transaction() as session:
        callback, patrol = (closed_book(session, actors, catalogue, code) for code in ("HF-01", "XC-01"))
        closed_book(session, actors, catalogue, "ZB-02")
        found = book_transfers.waiting(session, catalogue, today)
        assert [one.book.number for one in found] == [patrol.number, callback.number]
        late = book_transfers.waiting(session, catalogue, today + timedelta(days=400))
        assert [one.late for one in late] == [True, True]
        made = book_transfers.make_list(session, actors.archivist, [patrol])
        assert made.number.startswith(f"YJ-{today.year}-0001-")
        assert book_transfers.find_list(session, made.number[:-2].lower()) is made
        waiting = book_transfers.waiting(session, catalogue, today)
        assert [one.list_number for one in waiting] == [made.number, ""]
        with pytest.raises(book_transfers.AlreadyOnList):
            book_transfers.make_list(session, actors.archivist, [patrol, callback])
        assert [
            one.number for one in book_transfers.record_signed(session, actors.supervisor, made, "林经理", today)
        ] == [patrol.number]
        assert (patrol.state, made.state, made.signed_on) == ("transferred", "signed", today)
        kinds = session.scalars(select(Fact.kind).where(Fact.subject_kind == "book", Fact.subject_id == patrol.id))
        assert {"transferred", "archived"} <= set(kinds)
        assert [one.book.number for one in book_transfers.waiting(session, catalogue, today)] == [callback.number]
        with pytest.raises(book_transfers.ListSigned):
            book_transfers.record_signed(session, actors.supervisor, made, "林经理", today)


def test_a_list_is_made_of_closed_books_by_those_who_keep_them(database: Database, actors: Any) -> None:
    catalogue = load_catalogue()
    with database.transaction() as session:
        book = books.create(session, actors.archivist, catalogue.form("HF-01"), 2)
        with pytest.raises(BadInput, match="尚未结册"):
            book_transfers.make_list(session, actors.archivist, [book])
        with pytest.raises(BadInput, match="没有要移交"):
            book_transfers.make_list(session, actors.archivist, [])
        with pytest.raises(NotAllowed):
            book_transfers.make_list(session, actors.staff, [book])
        closed = closed_book(session, actors, catalogue, "HF-01")
        made = book_transfers.make_list(session, actors.archivist, [closed, closed])
        assert len(made.lines) == 1
        with pytest.raises(BadInput, match="接收人"):
            book_transfers.record_signed(session, actors.archivist, made, " ", clock.today())
        with pytest.raises(BadInput, match="早于结册"):
            book_transfers.record_signed(session, actors.archivist, made, "林经理", clock.today() - timedelta(days=1))
