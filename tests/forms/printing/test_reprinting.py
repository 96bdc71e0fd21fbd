"""Reprints: the same page again, marked as such, while its paper cannot be anywhere else, and never unexplained."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from forms import books, numbers_check
from forms.catalogue import Catalogue
from forms.printing.issuing import print_book, print_sheets
from forms.printing.reprinting import LayoutChanged, ReprintTooLate, reprint
from forms.printing.shop import PrintShop
from forms.tables import Counter, Reprint, Serial
from records import users
from records.audit import Verb
from records.database import Database
from records.errors import BadInput
from records.tables import AuditEntry
from tests.forms.printing.conftest import CATALOGUE, FORMS, SECRET, marks_of, pages_of, row


def test_a_reprint_is_the_same_page_marked_as_such_and_recorded_with_its_reason(
    database: Database, actors: Any, shop: PrintShop, make_unit: Any
) -> None:
    with database.transaction() as session:
        unit, _ = make_unit(session)
        printed = print_sheets(session, shop, actors.staff, FORMS["ZX-01"], unit=unit)
        assert "重印" not in pages_of(printed)[0]
        again = reprint(session, shop, actors.supervisor, printed.serials[0].lower(), "王建国把表弄湿了")
        assert again.serials == printed.serials
        assert marks_of(again.data) == marks_of(printed.data)
        assert "重印" in pages_of(again)[0]
        assert "王建国" in pages_of(again)[0]
        kept = session.scalars(select(Reprint)).one()
        assert (kept.reason, kept.printed_by) == ("王建国把表弄湿了", actors.supervisor.id)
        entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == Verb.FORM_REPRINTED)).one()
        assert (entry.subject, "王建国" in entry.details) == (f"serial:{again.serials[0]}", False)
        assert session.scalars(select(Counter.last)).one() == 1


def test_a_book_page_is_reprinted_before_the_book_is_issued_only(
    database: Database, actors: Any, shop: PrintShop
) -> None:
    with database.transaction() as session:
        printed = print_book(session, shop, actors.staff, FORMS["HF-01"], 3)
        assert printed.book is not None
        again = reprint(session, shop, actors.staff, printed.serials[1], "卡纸")
        assert marks_of(again.data) == marks_of(printed.data)[1:2]
        page, original = pages_of(again)[0], pages_of(printed)[3]
        assert [line for line in original.split() if line not in page.split()] == []
        assert "重印" in page
        books.issue(session, actors.staff, printed.book, "李敏")
        with pytest.raises(ReprintTooLate, match=printed.serials[1]):
            reprint(session, shop, actors.staff, printed.serials[1], "卡纸")


def test_a_sheet_that_came_back_or_is_void_is_not_reprinted(database: Database, actors: Any, shop: PrintShop) -> None:
    with database.transaction() as session:
        returned, voided = print_sheets(session, shop, actors.staff, FORMS["ZX-01"], count=2).serials
        books.mark_returned(session, None, row(session, returned))
        books.void(session, actors.staff, voided, "写错")
        for serial in (returned, voided):
            with pytest.raises(ReprintTooLate):
                reprint(session, shop, actors.staff, serial, "再要一份")


def test_a_reprint_needs_a_reason_and_a_form_that_was_not_revised(
    database: Database, actors: Any, shop: PrintShop
) -> None:
    revised = FORMS["ZX-01"].model_copy(update={"version": 2})
    procedures = [
        one.model_copy(update={"forms": tuple(revised if form.code == "ZX-01" else form for form in one.forms)})
        for one in CATALOGUE.procedures
    ]
    newer = PrintShop(
        Catalogue(procedures, CATALOGUE.sections, list(CATALOGUE.rules.values())), shop.typeface, SECRET, shop.office
    )
    with database.transaction() as session:
        serial = print_sheets(session, shop, actors.staff, FORMS["ZX-01"]).serials[0]
        with pytest.raises(BadInput, match="重印原因"):
            reprint(session, shop, actors.staff, serial, "  ")
        with pytest.raises(LayoutChanged, match=serial):
            reprint(session, newer, actors.staff, serial, "卡纸")


def test_every_form_of_the_catalogue_prints_and_prints_again(sqlite_database: Database, shop: PrintShop) -> None:
    with sqlite_database.transaction() as session:
        clerk = users.find_actor(session, "staff")
        for form in CATALOGUE.forms:
            if form.mode == "book":
                printed = print_book(session, shop, clerk, form, 1)
            else:
                printed = print_sheets(session, shop, clerk, form, word=form.is_word)
            again = reprint(session, shop, clerk, printed.serials[0], "试印")
            assert [file.name for file in again.files][1:] == [file.name for file in printed.files][1:]
        assert len(session.scalars(select(Serial)).all()) == len(CATALOGUE.forms)
        assert numbers_check.findings(session) == []
