"""What must come back is waited for until it is scanned; what runs out is seen before it does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

import templates
from forms import books, numbering
from forms.books.stock import Stock, stock
from forms.catalogue import CatalogueBroken, Form, load_catalogue
from forms.outstanding import Outstanding, outstanding
from forms.tables import Serial
from records import clock
from records.database import Database
from records.documents import Placing, file_document
from records.users import Actor
from records.vault import Vault

CATALOGUE = load_catalogue()
TODAY = clock.today()
HF: Form = CATALOGUE.form("HF-01")


def days(count: int) -> timedelta:
    return timedelta(days=count)


def hand_out(session: Session, actor: Actor, code: str) -> Serial:
    """A printed sheet at the counter, without drawing it."""
    form = CATALOGUE.form(code)
    serial = numbering.take_numbers(session, actor, form, 1)[0]
    serial.state, serial.copy_count = "issued", max(1, len(form.copies))
    session.flush()
    return serial


def scan(session: Session, vault: Vault, actor: Actor, serial: Serial, copy: int) -> None:
    file_document(
        session, vault, actor, Placing(serial.form_code, "标题", "UNSET", series="FX", serial=serial.text, copy=copy)
    )
    books.mark_returned(session, None, serial)


def out(session: Session, after: int = 0) -> list[Outstanding]:
    return outstanding(session, CATALOGUE, TODAY + days(after))


def test_the_handbooks_copies_that_come_back_are_data() -> None:
    rules = {form.code: form.comes_back for form in CATALOGUE.forms if form.comes_back}
    told = {code: (rule.part, rule.within.days if rule.within else None) for code, rule in rules.items()}
    assert told == {"FX-01": (2, 10), "YY-02": (2, 0), "ZX-07": (1, None)}


def test_securitys_copy_is_due_ten_days_after_it_went_out(database: Database, actors: Any) -> None:
    with database.transaction() as session:
        serial = hand_out(session, actors.staff, "FX-01")
        (one,) = out(session)
        assert (one.serial, one.copy, one.label) == (serial.text, 2, "保安部联")
        assert (one.issued_on, one.due_on, one.late) == (TODAY, TODAY + days(10), False)
        assert [one.late for after in (10, 11) for one in out(session, after)] == [False, True]
        assert out(session, -1) == []


def test_the_work_orders_second_copy_is_late_the_next_day(database: Database, actors: Any) -> None:
    with database.transaction() as session:
        hand_out(session, actors.staff, "YY-02")
        assert [(one.copy, one.late) for after in (0, 1) for one in out(session, after)] == [(2, False), (2, True)]


def test_a_workers_pass_comes_back_without_a_date_and_is_never_late(database: Database, actors: Any) -> None:
    with database.transaction() as session:
        hand_out(session, actors.staff, "ZX-07")
        hand_out(session, actors.staff, "FX-01")
        assert [(one.form_code, one.due_on is None, one.late) for one in out(session, 400)] == [
            ("FX-01", False, True),
            ("ZX-07", True, False),
        ]


def test_only_the_scan_of_the_very_copy_brings_it_back(database: Database, actors: Any, vault: Vault) -> None:
    with database.transaction() as session:
        serial = hand_out(session, actors.staff, "FX-01")
        scan(session, vault, actors.staff, serial, copy=1)
        assert serial.state == "returned"
        assert [one.serial for one in out(session)] == [serial.text]
        scan(session, vault, actors.staff, serial, copy=2)
        assert out(session) == []


def test_a_voided_number_is_not_waited_for(database: Database, actors: Any) -> None:
    with database.transaction() as session:
        serial = hand_out(session, actors.staff, "FX-01")
        books.void(session, actors.staff, serial.text, "写错")
        assert out(session) == []


def test_the_longest_overdue_comes_first(database: Database, actors: Any) -> None:
    with database.transaction() as session:
        codes = ("ZX-07", "FX-01", "YY-02")
        for code in codes:
            hand_out(session, actors.staff, code)
        assert [one.form_code for one in out(session, 20)] == ["YY-02", "FX-01", "ZX-07"]


def test_a_rule_for_a_copy_that_is_not_there_is_refused(change_catalogue: Callable[..., None]) -> None:
    with pytest.raises(CatalogueBroken, match=r"FX-01.*3"):
        change_catalogue("FX.yaml", "copy: 2", "copy: 3")


@pytest.fixture
def change_catalogue(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Load the catalogue with one word of a file changed."""
    read = templates.read_text

    def load(file: str, old: str, new: str) -> None:
        monkeypatch.setattr(
            templates, "read_text", lambda name: read(name).replace(old, new) if file in name else read(name)
        )
        load_catalogue()

    return load


def the_stock(session: Session, code: str) -> Stock:
    return next(one for one in stock(session, CATALOGUE, TODAY) if one.form_code == code)


def test_pages_left_are_those_in_stock_and_those_unused_in_books_in_use(database: Database, actors: Any) -> None:
    with database.transaction() as session:
        books.create(session, actors.staff, HF, 7)
        used = books.create(session, actors.staff, HF, 20)
        books.issue(session, actors.staff, used, "李敏")
        books.mark_returned(session, None, used.serials[0])
        books.void(session, actors.staff, used.serials[1].text, "写错")
        books.cancel_tail(session, actors.supervisor, used, used.serials[17].text)
        one = the_stock(session, "HF-01")
        assert (one.in_stock, one.in_use, one.left, one.used) == (7, 15, 22, 2)
        assert (one.wanted, one.low) == (10, False)


def test_stock_is_low_below_the_forms_minimum_and_below_a_months_use(database: Database, actors: Any) -> None:
    with database.transaction() as session:
        book = books.create(session, actors.staff, HF, 30)
        books.issue(session, actors.staff, book, "李敏")
        for serial in book.serials[:15]:
            books.mark_returned(session, None, serial)
        assert not the_stock(session, "HF-01").low
        books.mark_returned(session, None, book.serials[15])
        assert (the_stock(session, "HF-01").left, the_stock(session, "HF-01").low) == (14, True)


def test_use_of_more_than_thirty_days_ago_does_not_count(database: Database, actors: Any) -> None:
    with database.transaction() as session:
        book = books.create(session, actors.staff, HF, 12)
        books.issue(session, actors.staff, book, "李敏")
        for serial in book.serials[:2]:
            books.mark_returned(session, None, serial)
        session.flush()
        old = update(Serial).where(Serial.id == book.serials[0].id)
        session.execute(old.values(state_at=clock.now() - days(31)))
        assert the_stock(session, "HF-01").used == 1


def test_forms_never_printed_as_books_are_left_out_and_the_scarcest_comes_first(
    database: Database, actors: Any
) -> None:
    with database.transaction() as session:
        books.create(session, actors.staff, HF, 40)
        books.create(session, actors.staff, CATALOGUE.form("ZB-02"), 3)
        assert [(one.form_code, one.low) for one in stock(session, CATALOGUE, TODAY)] == [
            ("ZB-02", True),
            ("HF-01", False),
        ]
