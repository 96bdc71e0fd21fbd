"""Books: every page accounted for, or the book stays open; two people for a missing page."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms import books, numbering
from forms.catalogue import Form, load_catalogue
from forms.errors import (
    BookAlreadyIssued,
    BookEnded,
    BookNotClosable,
    BookNotClosed,
    IncidentUnsigned,
    NoIncident,
    NotABook,
    NotInBook,
    NumberDestroyed,
    PageNotBlank,
    PageNotMissing,
    PageNotVoidable,
    SamePerson,
)
from forms.tables import Book
from records import audit, clock
from records.audit import Verb
from records.database import Database
from records.errors import BadInput, NotAllowed, NotFound, OfficeError
from records.tables import AuditEntry, Fact
from records.users import Role

CATALOGUE = load_catalogue()
FORM: Form = CATALOGUE.form("HF-01")


@pytest.fixture
def book(database: Database, actors: Any) -> Book:
    """An issued book of six pages."""
    with database.transaction() as session:
        made = books.create(session, actors.staff, FORM, 6)
        books.issue(session, actors.staff, made, "回访组 李敏")
    return made


def text(book: Book, page: int) -> str:
    return book.serials[page - 1].text


def here(session: Session, book: Book) -> Book:
    return books.find_book(session, book.number)


def state(session: Session, book: Book, page: int) -> str:
    return books.reconcile(session, book).pages[page - 1].state


def scan(session: Session, book: Book, *pages: int) -> None:
    for page in pages:
        books.mark_returned(session, None, numbering.find_serial(session, text(book, page)))


def test_books_of_a_form_are_numbered_in_their_year(database: Database, actors: Any) -> None:
    year = clock.today().year
    with database.transaction() as session:
        made = [books.create(session, actors.staff, FORM, 3).number for _ in range(2)]
        other = books.create(session, actors.staff, CATALOGUE.form("TZ-01"), 3)
        assert made == [f"HF-01-{year}-C001", f"HF-01-{year}-C002"]
        assert other.number == f"TZ-01-{year}-C001"
        assert books.find_book(session, made[1].lower()).number == made[1]
        assert [book.number for book in books.list_books(session, "HF-01")] == made
        assert books.list_books(session, state="closed") == []


def test_pages_of_a_book_carry_consecutive_numbers(database: Database, actors: Any) -> None:
    with database.transaction() as session:
        book = books.create(session, actors.staff, FORM, 4)
        assert [(s.number, s.page_no, s.page_count, s.state) for s in book.serials] == [
            (n, n, 4, "printed") for n in (1, 2, 3, 4)
        ]


def test_a_book_remembers_the_head_of_the_log_from_before_it_was_printed(database: Database, actors: Any) -> None:
    with database.reading() as session:
        head = audit.head(session)
    with database.transaction() as session:
        book = books.create(session, actors.staff, FORM, 2)
        assert (book.log_seq, book.log_head) == head


def test_a_sheet_form_makes_no_book(database: Database, actors: Any) -> None:
    with database.transaction() as session, pytest.raises(NotABook, match="ZX-08"):
        books.create(session, actors.staff, CATALOGUE.form("ZX-08"), 3)


def test_an_unknown_book_is_not_found(database: Database, actors: Any) -> None:
    with database.transaction() as session, pytest.raises(NotFound):
        books.find_book(session, "HF-01-2026-C999")


def test_issuing_hands_out_every_page_that_is_not_spoiled(database: Database, actors: Any) -> None:
    with database.transaction() as session:
        book = books.create(session, actors.staff, FORM, 3)
        books.void(session, actors.staff, text(book, 2), "卡纸")
        books.issue(session, actors.supervisor, book, "李敏")
        assert [page.state for page in books.reconcile(session, book).pages] == ["issued", "voided", "issued"]
        assert (book.issued_to, book.state) == ("李敏", "issued")


def test_a_book_is_issued_once_and_to_somebody(database: Database, actors: Any, book: Book) -> None:
    with database.transaction() as session, pytest.raises(BookAlreadyIssued, match="使用中"):
        books.issue(session, actors.staff, here(session, book), "王五")
    with database.transaction() as session, pytest.raises(BadInput, match="领用人"):
        books.issue(session, actors.staff, books.create(session, actors.staff, FORM, 1), "  ")


def test_a_voided_page_needs_a_reason_and_stays_void_when_scanned(database: Database, actors: Any, book: Book) -> None:
    with database.transaction() as session:
        with pytest.raises(BadInput, match="作废原因"):
            books.void(session, actors.staff, text(book, 1), " ")
        books.void(session, actors.staff, text(book, 1), "写错")
        scan(session, book, 1)
        assert state(session, book, 1) == "voided"
        assert numbering.find_serial(session, text(book, 1)).state_reason == "写错"


def test_a_page_that_came_back_or_is_void_is_not_voided(database: Database, actors: Any, book: Book) -> None:
    with database.transaction() as session:
        scan(session, book, 1)
        books.void(session, actors.staff, text(book, 2), "写错")
        for page in (1, 2):
            with pytest.raises(PageNotVoidable, match=text(book, page)):
                books.void(session, actors.staff, text(book, page), "写错")


def test_a_scanned_page_is_returned_once_with_an_entry_in_the_log(database: Database, actors: Any, book: Book) -> None:
    with database.transaction() as session:
        scan(session, book, 3)
        scan(session, book, 3)
        entries = session.scalars(select(AuditEntry).where(AuditEntry.verb == Verb.PAGE_RETURNED)).all()
        assert [entry.subject for entry in entries] == [f"serial:{text(book, 3)}"]


def test_blank_pages_are_cancelled_all_or_none(database: Database, actors: Any, book: Book) -> None:
    with database.transaction() as session:
        scan(session, book, 4)
        with pytest.raises(PageNotBlank) as refused:
            books.cancel_blank(session, actors.supervisor, here(session, book), [text(book, p) for p in (4, 5, 6)])
        assert text(book, 4) in refused.value.sentence("en")
        assert text(book, 5) not in refused.value.sentence("zh")
        assert state(session, book, 5) == "issued"
        books.cancel_blank(session, actors.supervisor, here(session, book), [text(book, p) for p in (5, 6)])
        assert [state(session, book, page) for page in (5, 6)] == ["blank_cancelled"] * 2


def test_a_page_of_another_book_is_not_cancelled_with_this_one(database: Database, actors: Any, book: Book) -> None:
    with database.transaction() as session:
        other = books.create(session, actors.staff, FORM, 1)
        with pytest.raises(NotInBook, match=text(other, 1)):
            books.cancel_blank(session, actors.supervisor, here(session, book), [text(book, 6), text(other, 1)])


def test_a_cancelled_page_that_is_scanned_stays_cancelled(database: Database, actors: Any, book: Book) -> None:
    with database.transaction() as session:
        books.cancel_blank(session, actors.supervisor, here(session, book), [text(book, 6)])
        scan(session, book, 6)
        assert state(session, book, 6) == "blank_cancelled"


def test_a_book_with_an_open_page_stays_open_and_the_page_is_named(database: Database, actors: Any, book: Book) -> None:
    with database.transaction() as session:
        scan(session, book, 1, 2, 3, 4, 6)
        with pytest.raises(BookNotClosable) as refused:
            books.close(session, actors.supervisor, here(session, book))
        for language in ("zh", "en"):
            sentence = refused.value.sentence(language)
            assert text(book, 5) in sentence
            assert text(book, 4) not in sentence


def test_a_missing_page_closes_the_book_only_after_a_manager_signed(
    database: Database, actors: Any, book: Book
) -> None:
    with database.transaction() as session:
        mine = here(session, book)
        scan(session, book, 1, 2, 3, 4, 5)
        books.report_missing(session, actors.supervisor, text(book, 6), "李敏说被撕去垫桌脚")
        with pytest.raises(IncidentUnsigned, match=text(book, 6)):
            books.close(session, actors.supervisor, mine)
        books.sign_missing(session, actors.manager, text(book, 6))
        account = books.close(session, actors.supervisor, mine)
        assert account.counts == {"missing": 1, "returned": 5}
        assert account.open == ()
        assert mine.state == "closed"


def test_the_list_of_books_counts_pages_as_the_book_itself_does(database: Database, actors: Any, book: Book) -> None:
    with database.transaction() as session:
        mine = here(session, book)
        scan(session, book, 1, 2)
        books.void(session, actors.staff, text(book, 3), "写错")
        books.report_missing(session, actors.supervisor, text(book, 6), "不见了")
        for is_signed in (False, True):
            open_pages = len(books.reconcile(session, mine).open)
            assert books.settled_counts(session, [mine.id]) == {mine.id: mine.page_count - open_pages}
            if not is_signed:
                books.sign_missing(session, actors.manager, text(book, 6))


def test_closing_starts_the_clock_of_the_books_rule(database: Database, actors: Any, book: Book) -> None:
    with database.transaction() as session:
        scan(session, book, 1, 2, 3, 4, 5, 6)
        books.close(session, actors.supervisor, here(session, book))
        fact = session.scalars(select(Fact)).one()
        assert (fact.kind, fact.subject_kind, fact.subject_id) == ("book_completed", "book", book.id)
        assert fact.on == clock.today()


def test_who_reported_a_missing_page_does_not_sign_for_it(database: Database, actors: Any, book: Book) -> None:
    promoted = replace(actors.supervisor, role=Role.MANAGER)
    with database.transaction() as session:
        books.report_missing(session, actors.supervisor, text(book, 6), "不见了")
        with pytest.raises(SamePerson):
            books.sign_missing(session, promoted, text(book, 6))
        signed = books.sign_missing(session, actors.manager2, text(book, 6))
        assert (signed.state_by, signed.signed_by) == (actors.supervisor.id, actors.manager2.id)


def test_an_incident_is_explained_and_signed_once(database: Database, actors: Any, book: Book) -> None:
    with database.transaction() as session:
        with pytest.raises(BadInput, match="缺失经过"):
            books.report_missing(session, actors.supervisor, text(book, 6), "")
        with pytest.raises(NoIncident):
            books.sign_missing(session, actors.manager, text(book, 6))
        books.report_missing(session, actors.supervisor, text(book, 6), "不见了")
        books.sign_missing(session, actors.manager, text(book, 6))
        with pytest.raises(NoIncident, match="已签字"):
            books.sign_missing(session, actors.manager2, text(book, 6))
        with pytest.raises(PageNotMissing):
            books.report_missing(session, actors.supervisor, text(book, 6), "还是不见")


def test_a_page_whose_scan_is_here_is_not_missing(database: Database, actors: Any, book: Book) -> None:
    with database.transaction() as session:
        scan(session, book, 2)
        with pytest.raises(PageNotMissing, match=text(book, 2)):
            books.report_missing(session, actors.supervisor, text(book, 2), "不见了")


def test_a_voided_page_whose_paper_is_gone_is_an_incident_that_keeps_both_reasons(
    database: Database, actors: Any, book: Book
) -> None:
    with database.transaction() as session:
        books.void(session, actors.staff, text(book, 2), "写错")
        missing = books.report_missing(session, actors.supervisor, text(book, 2), "没有留存")
        assert "没有留存" in missing.state_reason
        assert "写错" in missing.state_reason


def test_a_missing_page_that_turns_up_as_a_scan_is_returned_even_after_closing(
    database: Database, actors: Any, book: Book
) -> None:
    with database.transaction() as session:
        scan(session, book, 1, 2, 3, 4, 5)
        books.report_missing(session, actors.supervisor, text(book, 6), "不见了")
        books.sign_missing(session, actors.manager, text(book, 6))
        books.close(session, actors.supervisor, here(session, book))
        scan(session, book, 6)
        found = numbering.find_serial(session, text(book, 6))
        assert (found.state, found.signed_by, found.state_reason) == ("returned", None, "")
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc())).first()
        assert entry is not None
        assert '"was":"missing"' in entry.details


def test_pages_of_a_closed_book_are_settled(database: Database, actors: Any, book: Book) -> None:
    with database.transaction() as session:
        mine = here(session, book)
        scan(session, book, 1, 2, 3, 4, 5)
        books.void(session, actors.staff, text(book, 6), "写错")
        books.close(session, actors.supervisor, mine)
        acts: list[Callable[[], object]] = [
            lambda: books.void(session, actors.staff, text(book, 1), "写错"),
            lambda: books.report_missing(session, actors.supervisor, text(book, 6), "不见了"),
            lambda: books.cancel_blank(session, actors.supervisor, mine, [text(book, 6)]),
            lambda: books.close(session, actors.supervisor, mine),
        ]
        for act in acts:
            with pytest.raises(BookEnded):
                act()


def test_only_a_closed_book_is_transferred_and_not_before_it_was_closed(
    database: Database, actors: Any, book: Book
) -> None:
    today = clock.today()
    with database.transaction() as session:
        mine = here(session, book)
        with pytest.raises(BookNotClosed):
            books.transfer(session, actors.archivist, mine, today)
        scan(session, book, 1, 2, 3, 4, 5, 6)
        books.close(session, actors.supervisor, mine)
        for wrong in (today - timedelta(days=1), today + timedelta(days=1)):
            with pytest.raises(BadInput):
                books.transfer(session, actors.archivist, mine, wrong)
        books.transfer(session, actors.archivist, mine, today)
        assert mine.state == "transferred"
        assert [fact.kind for fact in session.scalars(select(Fact).order_by(Fact.id))] == [
            "book_completed",
            "transferred",
            "archived",
        ]


def test_a_destroyed_number_takes_no_scan(database: Database, actors: Any, book: Book) -> None:
    with database.transaction() as session:
        serial = numbering.find_serial(session, text(book, 1))
        serial.state = "destroyed"
        with pytest.raises(NumberDestroyed, match=serial.text):
            books.mark_returned(session, None, serial)


def test_each_act_is_for_its_roles_only(database: Database, actors: Any, book: Book) -> None:
    page = text(book, 1)
    with database.transaction() as session:
        mine = here(session, book)
        acts: list[tuple[set[str], Callable[[Any], object]]] = [
            ({"staff", "supervisor"}, lambda who: books.issue(session, who, mine, "李敏")),
            ({"staff", "supervisor"}, lambda who: books.void(session, who, page, "")),
            ({"supervisor"}, lambda who: books.cancel_blank(session, who, mine, ["?"])),
            ({"supervisor"}, lambda who: books.report_missing(session, who, page, "")),
            ({"manager"}, lambda who: books.sign_missing(session, who, page)),
            ({"supervisor"}, lambda who: books.close(session, who, mine)),
            ({"supervisor", "archivist"}, lambda who: books.transfer(session, who, mine, clock.today())),
        ]
        for allowed, act in acts:
            for role in Role:
                # Whoever is allowed comes as far as the next refusal.
                with pytest.raises(OfficeError) as refused:
                    act(getattr(actors, role))
                assert isinstance(refused.value, NotAllowed) == (role not in allowed)


def test_the_log_of_a_books_life_holds_no_personal_words(database: Database, actors: Any, book: Book) -> None:
    with database.transaction() as session:
        books.void(session, actors.staff, text(book, 1), "王建国写错")
        books.report_missing(session, actors.supervisor, text(book, 2), "王建国拿走了")
        books.sign_missing(session, actors.manager, text(book, 2))
        log = " ".join(f"{entry.subject} {entry.details}" for entry in audit.entries(session))
        assert "王建国" not in log
        assert "李敏" not in log
        assert audit.verify(session) is None


def test_two_people_cannot_settle_the_same_page_at_once(database: Database, actors: Any, book: Book) -> None:
    both_looked = threading.Barrier(2)
    outcomes: list[str] = []

    def void() -> None:
        try:
            with database.transaction() as session:
                if not database.is_sqlite:  # there the second cannot even look before the first is done
                    assert books.reconcile(session, here(session, book)).pages[0].state == "issued"
                    both_looked.wait(timeout=20)
                books.void(session, actors.staff, text(book, 1), "写错")
                outcomes.append("voided")
        except PageNotVoidable:
            outcomes.append("refused")

    people = [threading.Thread(target=void) for _ in range(2)]
    for person in people:
        person.start()
    for person in people:
        person.join(timeout=60)
    assert sorted(outcomes) == ["refused", "voided"]
