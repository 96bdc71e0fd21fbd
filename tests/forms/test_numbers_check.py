"""The check of numbers: silent when all holds, and naming what was tampered with."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, text

from forms import books, numbering, numbers_check
from forms.catalogue import load_catalogue
from forms.tables import Serial
from records import clock, documents
from records.database import Database
from records.documents import Placing
from records.vault import Vault

FORM = load_catalogue().form("HF-01")


@pytest.fixture
def office(database: Database, actors: Any, vault: Vault) -> Database:
    """A database with a book of four pages, of which the second is scanned, and two single numbers."""
    with database.transaction() as session:
        book = books.create(session, actors.staff, FORM, 4)
        placing = Placing("HF-01", "回访记录表", "CALLBACK", series="HF", serial=book.serials[1].text, book_id=book.id)
        documents.file_document(session, vault, actors.staff, placing)
        books.mark_returned(session, None, book.serials[1])
        numbering.take_numbers(session, actors.staff, FORM, 2)
    return database


def found(database: Database) -> list[tuple[str, str]]:
    with database.reading() as session:
        return [(finding.code, finding.subject) for finding in numbers_check.findings(session)]


def serial(number: int) -> str:
    return numbering.compose("HF-01", clock.today().year, number)


def test_an_office_in_order_has_no_findings(office: Database) -> None:
    assert found(office) == []


TAMPERED = [
    ("DELETE FROM serials WHERE number = 6", [("number.gap", 6)]),
    ("UPDATE counters SET last = 8", [("number.gap", 7), ("number.gap", 8)]),
    ("UPDATE counters SET last = 5", [("number.beyond_counter", 6)]),
    ("UPDATE print_runs SET last = 5 WHERE last = 6", [("number.no_print_run", 6)]),
    ("UPDATE serials SET state = 'returned' WHERE number = 3", [("number.no_scan", 3)]),
    ("UPDATE documents SET state = 'destroyed'", [("number.no_scan", 2)]),
]


@pytest.mark.parametrize(("statement", "expected"), TAMPERED)
def test_what_does_not_hold_is_named(office: Database, statement: str, expected: list[tuple[str, int]]) -> None:
    with office.transaction() as session:
        session.execute(text(statement))
    assert found(office) == [(code, f"serial:{serial(number)}") for code, number in expected]


def test_a_wrong_check_character_is_named_with_the_right_one(office: Database) -> None:
    with office.transaction() as session:
        row = session.scalars(select(Serial).where(Serial.number == 5)).one()
        row.text, row_id = row.text[:-1] + ("0" if row.text[-1] != "0" else "1"), row.id
    with office.reading() as session:
        finding = numbers_check.findings(session)[0]
    assert (finding.code, finding.subject) == ("number.wrong_text", f"serial:{row_id}")
    assert serial(5) in finding.zh
    assert serial(5) in finding.en


def test_a_book_without_one_of_its_pages_is_named(office: Database) -> None:
    with office.transaction() as session:
        session.execute(text("UPDATE serials SET book_id = NULL WHERE number = 4"))
    assert found(office) == [("book.pages", f"book:HF-01-{clock.today().year}-C001")]
