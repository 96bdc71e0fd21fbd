"""A book's hands form a chain: passed on only with its pages counted, brought back full, every step dated."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from forms import books, erasing, numbering
from forms.books import handovers
from forms.catalogue import load_catalogue
from forms.errors import BookAlreadyIssued, BookNotInUse, NotInBook, PageNotBlank, PagesMiscounted
from forms.tables import Book, BookHandover
from records import clock
from records.audit import Verb
from records.database import Database
from records.documents import Placing, file_document
from records.errors import BadInput, NotAllowed
from records.leaving import Leaving
from records.tables import AuditEntry
from records.vault import Vault

FORM = load_catalogue().form("HF-01")
TODAY = clock.today()


@pytest.fixture
def book(database: Database, actors: Any) -> Book:
    """An issued book of six pages."""
    with database.transaction() as session:
        made = books.create(session, actors.staff, FORM, 6)
        books.issue(session, actors.staff, made, "李敏")
    return made


def here(session: Any, book: Book) -> Book:
    return books.find_book(session, book.number)


def text(book: Book, page: int) -> str:
    return book.serials[page - 1].text


def test_a_book_goes_from_hand_to_hand_without_a_gap(database: Database, actors: Any, book: Book) -> None:
    with database.transaction() as session:
        mine = here(session, book)
        assert handovers.holder(session, mine) == "李敏"
        handovers.hand_over(session, actors.staff, mine, "王五", TODAY, 6)
        handovers.hand_over(session, actors.supervisor, mine, "赵六", TODAY, 6)
        assert [(row.giver, row.taker) for row in handovers.handovers(session, mine)] == [
            ("李敏", "王五"),
            ("王五", "赵六"),
        ]
        assert handovers.holder(session, mine) == "赵六"
        assert mine.state == "issued"


def test_pages_are_counted_and_a_page_reported_missing_is_not_expected(
    database: Database, actors: Any, book: Book
) -> None:
    with database.transaction() as session:
        mine = here(session, book)
        with pytest.raises(PagesMiscounted, match="应有 6 页,清点为 5 页"):
            handovers.hand_over(session, actors.staff, mine, "王五", TODAY, 5)
        books.report_missing(session, actors.supervisor, text(book, 3), "清点时发现少一页", "王五")
        books.void(session, actors.staff, text(book, 4), "写错")
        assert handovers.hand_over(session, actors.staff, mine, "王五", TODAY, 5).counted == 5


def test_a_full_book_is_brought_back_and_changes_hands_no_more(database: Database, actors: Any, book: Book) -> None:
    with database.transaction() as session:
        mine = here(session, book)
        handovers.bring_back(session, actors.staff, mine, TODAY, 6)
        assert (mine.state, mine.full_on, handovers.holder(session, mine)) == ("full", TODAY, "staff")
        with pytest.raises(BookNotInUse, match="用完交回"):
            handovers.hand_over(session, actors.staff, mine, "王五", TODAY, 6)
        with pytest.raises(BookNotInUse):
            handovers.bring_back(session, actors.staff, mine, TODAY, 6)
        with pytest.raises(BookAlreadyIssued):
            books.issue(session, actors.staff, mine, "王五")
        books.void(session, actors.staff, text(book, 1), "污损")


def test_a_book_in_stock_has_no_hands_yet(database: Database, actors: Any) -> None:
    with database.transaction() as session:
        fresh = books.create(session, actors.staff, FORM, 2)
        with pytest.raises(BookNotInUse, match="已印未领"):
            handovers.hand_over(session, actors.staff, fresh, "王五", TODAY, 2)
        assert handovers.holder(session, fresh) == ""


def test_a_handover_names_somebody_else_and_a_day_between_the_last_one_and_today(
    database: Database, actors: Any, book: Book
) -> None:
    with database.transaction() as session:
        mine = here(session, book)
        for wrong in (" ", "李敏", "很" * 65):
            with pytest.raises(BadInput):
                handovers.hand_over(session, actors.staff, mine, wrong, TODAY, 6)
        for day in (TODAY - timedelta(days=1), TODAY + timedelta(days=1)):
            with pytest.raises(BadInput, match="日期"):
                handovers.hand_over(session, actors.staff, mine, "王五", day, 6)


def test_only_the_desk_and_its_supervisor_record_handovers(database: Database, actors: Any, book: Book) -> None:
    for actor in (actors.archivist, actors.manager, actors.admin):
        with database.transaction() as session, pytest.raises(NotAllowed):
            handovers.hand_over(session, actor, here(session, book), "王五", TODAY, 6)
        with database.transaction() as session, pytest.raises(NotAllowed):
            handovers.bring_back(session, actor, here(session, book), TODAY, 6)
    with database.transaction() as session, pytest.raises(NotAllowed):
        books.record_reconciliation(session, actors.staff, here(session, book))


def test_the_log_tells_of_every_step_without_a_name(database: Database, actors: Any, book: Book) -> None:
    with database.transaction() as session:
        mine = here(session, book)
        handovers.hand_over(session, actors.staff, mine, "王五", TODAY, 6)
        handovers.bring_back(session, actors.staff, mine, TODAY, 6)
        books.record_reconciliation(session, actors.supervisor, mine)
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(3)).all()
        assert [entry.verb for entry in entries] == [Verb.BOOK_RECONCILED, Verb.BOOK_FULL, Verb.BOOK_HANDED_OVER]
        assert not any(name in entry.details for entry in entries for name in ("李敏", "王五"))
        assert '"open":6' in entries[0].details


def test_the_whole_life_of_a_book_is_told_in_order(database: Database, actors: Any, book: Book) -> None:
    with database.transaction() as session:
        mine = here(session, book)
        handovers.hand_over(session, actors.staff, mine, "王五", TODAY, 6)
        for page in (1, 2):
            books.mark_returned(session, None, numbering.find_serial(session, text(book, page)))
        handovers.bring_back(session, actors.staff, mine, TODAY, 6)
        books.cancel_tail(session, actors.supervisor, mine, text(book, 3))
        books.record_reconciliation(session, actors.supervisor, mine)
        books.close(session, actors.supervisor, mine)
        books.transfer(session, actors.archivist, mine, TODAY)
        steps = handovers.life(session, mine)
        assert [(step.key, step.who) for step in steps] == [
            ("printed", "staff"),
            ("issued", "李敏"),
            ("handover", "李敏 → 王五"),
            ("return", "王五 → staff"),
            ("reconciled", "supervisor"),
            ("closed", "supervisor"),
            ("transferred", "archivist"),
        ]
        assert {step.on for step in steps} == {TODAY}


def test_a_destroyed_book_keeps_its_number_and_forgets_its_hands(
    database: Database, actors: Any, vault: Vault, book: Book
) -> None:
    with database.transaction() as session:
        mine = here(session, book)
        handovers.hand_over(session, actors.staff, mine, "王五", TODAY, 6)
        books.report_missing(session, actors.supervisor, text(book, 6), "少一页", "王五")
        books.sign_missing(session, actors.manager, text(book, 6))
        place = Placing(FORM.code, "标题", "CALLBACK", series="HF", serial=text(book, 1), book_id=mine.id)
        document = file_document(session, vault, actors.staff, place)
        books.mark_returned(session, None, mine.serials[0])
        books.cancel_blank(session, actors.supervisor, mine, [text(book, page) for page in (2, 3, 4, 5)])
        books.close(session, actors.supervisor, mine)
        erasing.erase_traces(session, vault, [Leaving((document.id,))])
        session.expire_all()
        assert (mine.state, mine.issued_to) == ("destroyed", "")
        assert [(row.giver, row.taker) for row in session.scalars(select(BookHandover))] == [("", "")]
        assert {(serial.state, serial.finder) for serial in mine.serials} == {("destroyed", None)}
        assert handovers.life(session, mine)[-1].key == "destroyed"


def test_the_unused_tail_is_cancelled_in_one_act_or_not_at_all(database: Database, actors: Any, book: Book) -> None:
    with database.transaction() as session:
        mine = here(session, book)
        books.mark_returned(session, None, numbering.find_serial(session, text(book, 5)))
        with pytest.raises(PageNotBlank) as refused:
            books.cancel_tail(session, actors.supervisor, mine, text(book, 4))
        assert text(book, 5) in refused.value.sentence()
        assert books.reconcile(session, mine).pages[5].state == "issued"
        assert [one.text for one in books.cancel_tail(session, actors.supervisor, mine, text(book, 6))] == [
            text(book, 6)
        ]
        other = books.create(session, actors.staff, FORM, 1)
        with pytest.raises(NotInBook):
            books.cancel_tail(session, actors.supervisor, mine, text(other, 1))
        with pytest.raises(NotAllowed):
            books.cancel_tail(session, actors.staff, mine, text(book, 6))


def test_a_missing_page_has_a_finder_a_story_and_two_signatures(database: Database, actors: Any, book: Book) -> None:
    with database.transaction() as session:
        mine = books.report_missing(session, actors.supervisor, text(book, 2), "整理时发现", "刘悦")
        assert (mine.finder, mine.state_reason, mine.state_by) == ("刘悦", "整理时发现", actors.supervisor.id)
        books.sign_missing(session, actors.manager, text(book, 2))
        assert mine.signed_by == actors.manager.id
        verbs = select(AuditEntry.verb, AuditEntry.actor).where(AuditEntry.subject == f"serial:{mine.text}")
        assert session.execute(verbs.order_by(AuditEntry.seq)).all() == [
            (Verb.PAGE_MISSING, f"user:{actors.supervisor.id}"),
            (Verb.PAGE_MISSING_SIGNED, f"user:{actors.manager.id}"),
        ]
        assert books.report_missing(session, actors.supervisor, text(book, 3), "少一页").finder == "supervisor"


def test_two_handovers_at_the_same_moment_leave_one_chain(database: Database, actors: Any, book: Book) -> None:
    start = threading.Barrier(2)

    def pass_on(taker: str) -> None:
        start.wait()
        with database.transaction() as session:
            handovers.hand_over(session, actors.staff, here(session, book), taker, TODAY, 6)

    threads = [threading.Thread(target=pass_on, args=(taker,)) for taker in ("王五", "赵六")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        first, second = handovers.handovers(session, here(session, book))
    assert (first.giver, second.giver) == ("李敏", first.taker)
    assert {first.taker, second.taker} == {"王五", "赵六"}
