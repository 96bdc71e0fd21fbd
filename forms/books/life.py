"""The life of a book 册: printed, issued, used, reconciled page by page, closed, transferred.

A book closes only when every one of its pages is accounted for: scanned, voided, blank-cancelled, or missing with a
supervisor's explanation and a manager's signature. Numbers of single sheets are voided and reported the same way.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forms import book_records, numbering
from forms.books.reconciling import PAGE_STATES, Reconciliation, book_pages, named_pages, page_state, reconcile
from forms.catalogue import Form
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
from forms.tables import Book, Serial
from records import audit, clock, facts
from records.audit import Verb
from records.errors import BadInput, NotFound
from records.facts import FactKind
from records.users import Actor, Role

#: What a book's state is called on screen, in Chinese and English.
BOOK_STATES = {
    "printed": ("已印未领", "printed"),
    "issued": ("使用中", "in use"),
    "full": ("用完交回", "brought back full"),
    "closed": ("已结册", "closed"),
    "transferred": ("已移交", "transferred"),
    "destroyed": ("已销毁", "destroyed"),
}

_UNUSED = ("allotted", "printed", "issued")
_ENDED = ("closed", "transferred", "destroyed")


def create(session: Session, actor: Actor, form: Form, pages: int) -> Book:
    """Allot the numbers of a new book and bind them to it, in page order; the log's head is kept for its colophon.

    Raises NotABook, BadInput (pages), NotAllowed.
    """
    if form.mode != "book":
        raise NotABook(form=f"{form.code} {form.zh}")
    log_seq, log_head = audit.lock(session)
    serials = numbering.take_numbers(session, actor, form, pages)
    year = serials[0].year
    last = session.scalar(select(func.max(Book.ordinal)).where(Book.form_code == form.code, Book.year == year)) or 0
    book = Book(
        number=f"{form.code}-{year}-C{last + 1:03d}",
        form_code=form.code,
        year=year,
        ordinal=last + 1,
        page_count=pages,
        state="printed",
        log_seq=log_seq,
        log_head=log_head,
        serials=serials,
    )
    for page_no, serial in enumerate(serials, start=1):
        serial.page_no, serial.page_count, serial.state = page_no, pages, "printed"
    session.add(book)
    session.flush()
    book_records.note(session, book, form)
    details = {"pages": pages, "first": serials[0].text, "last": serials[-1].text, "log_seq": log_seq}
    audit.append(session, actor.id, Verb.BOOK_PRINTED, f"book:{book.number}", details)
    return book


def find_book(session: Session, number: str) -> Book:
    """The book of a number, in capitals or not. Raises NotFound."""
    book = session.scalar(select(Book).where(Book.number == number.strip().upper()))
    if book is None:
        raise NotFound(what=f"册 {number}")
    return book


def list_books(session: Session, form_code: str | None = None, state: str | None = None) -> list[Book]:
    """The books, oldest first within each form; of one form or in one state where asked."""
    query = select(Book).order_by(Book.form_code, Book.year, Book.ordinal)
    if form_code:
        query = query.where(Book.form_code == form_code)
    if state:
        query = query.where(Book.state == state)
    return list(session.scalars(query))


def issue(session: Session, actor: Actor, book: Book, to: str) -> None:
    """Hand a printed book to somebody 领用. Raises BookAlreadyIssued, BadInput (nobody named), NotAllowed."""
    actor.require("发放成册表单", Role.STAFF, Role.SUPERVISOR)
    receiver = to.strip()
    if not receiver or len(receiver) > 64:
        raise BadInput(what="领用人为空或过长")
    _lock(session, book)
    if book.state != "printed":
        raise BookAlreadyIssued(**_of_book(book))
    book.state, book.issued_to, book.issued_at = "issued", receiver, clock.now()
    for serial in book_pages(session, book):
        if serial.state == "printed":
            _move(serial, "issued", actor)
    audit.append(session, actor.id, Verb.BOOK_ISSUED, f"book:{book.number}", {"pages": book.page_count})


def void(session: Session, actor: Actor, serial_text: str, reason: str) -> Serial:
    """Void a spoiled page or sheet; the paper is kept. A scan of it is welcome later and leaves it void.

    Raises BadInput (no reason), BadSerial, UnknownSerial, PageNotVoidable, BookEnded, NotAllowed.
    """
    actor.require("作废页", Role.STAFF, Role.SUPERVISOR)
    why = _explained(reason, "作废原因")
    serial = _open_page(session, serial_text)
    if serial.state not in _UNUSED:
        raise PageNotVoidable(**_of_page(serial))
    _move(serial, "voided", actor, why)
    audit.append(session, actor.id, Verb.PAGE_VOIDED, f"serial:{serial.text}", {"book": _number(serial)})
    return serial


def cancel_blank(session: Session, actor: Actor, book: Book, serial_texts: Iterable[str]) -> list[Serial]:
    """Cancel unused pages of a book, all of them or none.

    Raises BadSerial, UnknownSerial, NotInBook, PageNotBlank (names the pages that cannot), BookEnded, NotAllowed.
    """
    actor.require("注销空白页", Role.SUPERVISOR)
    _lock(session, book)
    serials = [_open_page(session, text) for text in serial_texts]
    for serial in serials:
        if serial.book_id != book.id:
            raise NotInBook(serial=serial.text, book=book.number)
    used = [serial for serial in serials if serial.state not in _UNUSED]
    if used:
        raise PageNotBlank(**named_pages([page_state(one) for one in used]))
    for serial in serials:
        _move(serial, "blank_cancelled", actor)
        audit.append(session, actor.id, Verb.PAGE_BLANK_CANCELLED, f"serial:{serial.text}", {"book": book.number})
    return serials


def cancel_tail(session: Session, actor: Actor, book: Book, first: str) -> list[Serial]:
    """Cancel the unused end of a book in one act: this page and all behind it, or none of them.

    Raises BadSerial, UnknownSerial, NotInBook, PageNotBlank (names the pages that cannot), BookEnded, NotAllowed.
    """
    actor.require("注销空白页", Role.SUPERVISOR)
    _lock(session, book)
    start = numbering.lock_serial(session, first)
    if start.book_id != book.id:
        raise NotInBook(serial=start.text, book=book.number)
    return cancel_blank(session, actor, book, [s.text for s in book_pages(session, book) if s.page_no >= start.page_no])


def report_missing(session: Session, actor: Actor, serial_text: str, story: str, finder: str = "") -> Serial:
    """Record the incident of a page that is gone: who noticed it, what happened; a manager signs it next.

    ``finder`` is the supervisor who reports it unless somebody else is named. A voided or cancelled page can be missed
    too: its paper was to be kept. What was said of it before stays in the story.
    Raises BadInput (no story), BadSerial, UnknownSerial, PageNotMissing, BookEnded, NotAllowed.
    """
    actor.require("报告缺页", Role.SUPERVISOR)
    explained = _explained(story, "缺失经过")
    serial = _open_page(session, serial_text)
    if serial.state not in (*_UNUSED, "voided", "blank_cancelled"):
        raise PageNotMissing(**_of_page(serial))
    before = serial.state
    earlier = f"(此前{PAGE_STATES[before][0]}:{serial.state_reason})" if serial.state_reason else ""
    _move(serial, "missing", actor, explained + earlier)
    serial.finder = finder.strip()[:64] or actor.name
    details = {"book": _number(serial), "was": before}
    audit.append(session, actor.id, Verb.PAGE_MISSING, f"serial:{serial.text}", details)
    return serial


def sign_missing(session: Session, actor: Actor, serial_text: str) -> Serial:
    """Sign for a missing page, having read its story; not by the one who reported it.

    Raises NoIncident, SamePerson, BadSerial, UnknownSerial, NotAllowed.
    """
    actor.require("签署缺页报告", Role.MANAGER)
    serial = numbering.lock_serial(session, serial_text)
    if serial.state != "missing" or serial.signed_by is not None:
        raise NoIncident(**_of_page(serial))
    if serial.state_by == actor.id:
        raise SamePerson(serial=serial.text)
    serial.signed_by, serial.signed_at = actor.id, clock.now()
    audit.append(session, actor.id, Verb.PAGE_MISSING_SIGNED, f"serial:{serial.text}", {"book": _number(serial)})
    return serial


def mark_returned(session: Session, actor: Actor | None, serial: Serial) -> None:
    """Note that a scan of this page or sheet is filed; ``actor`` None is the worker.

    Voided and cancelled pages stay so; a missing page that turns up is returned after all. Safe to repeat.
    Raises NumberDestroyed.
    """
    audit.lock(session)
    session.refresh(serial, with_for_update=True)
    if serial.state == "destroyed":
        raise NumberDestroyed(serial=serial.text)
    if serial.state not in (*_UNUSED, "missing"):
        return
    before = serial.state
    _move(serial, "returned", actor)
    details = {"book": _number(serial), "was": before}
    audit.append(session, actor.id if actor else None, Verb.PAGE_RETURNED, f"serial:{serial.text}", details)


def record_reconciliation(session: Session, actor: Actor, book: Book) -> Reconciliation:
    """Reconcile a book on a supervisor's behalf: the log keeps that it was done, and the counts. Raises NotAllowed."""
    actor.require("核对成册表单", Role.SUPERVISOR)
    _lock(session, book)
    account = reconcile(session, book)
    details = {**account.counts, "open": len(account.open)}
    audit.append(session, actor.id, Verb.BOOK_RECONCILED, f"book:{book.number}", details)
    return account


def close(session: Session, actor: Actor, book: Book) -> Reconciliation:
    """Close a book whose every page is accounted for; the fact book_completed starts its retention clock.

    Raises BookEnded, BookNotClosable, IncidentUnsigned, NotAllowed.
    """
    actor.require("结册", Role.SUPERVISOR)
    _lock(session, book)
    _refuse_ended(book)
    account = reconcile(session, book)
    lost = [page for page in account.open if page.state == "missing"]
    loose = [page for page in account.open if page.state != "missing"]
    if loose:
        raise BookNotClosable(book=book.number, count=len(loose), **named_pages(loose))
    if lost:
        raise IncidentUnsigned(book=book.number, **named_pages(lost))
    book.state, book.closed_at = "closed", clock.now()
    audit.append(session, actor.id, Verb.BOOK_CLOSED, f"book:{book.number}", account.counts)
    facts.record_fact(session, actor, FactKind.BOOK_COMPLETED, ("book", book.id), clock.local_date(book.closed_at))
    return account


def transfer(session: Session, actor: Actor, book: Book, on: date) -> None:
    """Hand a closed book to the archive: it is transferred and archived on the local date ``on``, both dated facts.

    Which of the two starts its clock is for its retention rule to say (HF 4.7 transferred; YS 4.4.6, XC 4.11 archived).

    Raises BookNotClosed, BadInput (a date before it was closed, or in the future), NotAllowed.
    """
    actor.require("移交成册表单", Role.SUPERVISOR, Role.ARCHIVIST)
    _lock(session, book)
    if book.state != "closed" or book.closed_at is None:
        raise BookNotClosed(**_of_book(book))
    if on < clock.local_date(book.closed_at):
        raise BadInput(what=f"移交日期 {on} 早于结册日期")
    for kind in (FactKind.TRANSFERRED, FactKind.ARCHIVED):
        facts.record_fact(session, actor, kind, ("book", book.id), on)
    book.state = "transferred"
    audit.append(session, actor.id, Verb.BOOK_TRANSFERRED, f"book:{book.number}", {"on": on.isoformat()})


def _lock(session: Session, book: Book) -> None:
    """Read a book afresh and hold it until the transaction ends: two people cannot act on the same old state."""
    audit.lock(session)
    _refresh(session, book)


def _refresh(session: Session, book: Book) -> None:
    # The columns only: refreshing everything would unload the pages as well.
    session.refresh(book, ["state", "issued_to", "issued_at", "full_on", "closed_at"], with_for_update=True)


def _open_page(session: Session, serial_text: str) -> Serial:
    """The number, held until the transaction ends, refused when its book is closed."""
    serial = numbering.lock_serial(session, serial_text)
    if serial.book is not None:
        _refresh(session, serial.book)
        _refuse_ended(serial.book)
    return serial


def _refuse_ended(book: Book) -> None:
    if book.state in _ENDED:
        raise BookEnded(**_of_book(book))


def _move(serial: Serial, state: str, actor: Actor | None, reason: str = "") -> None:
    serial.state, serial.state_reason = state, reason
    serial.state_by, serial.state_at = actor.id if actor else None, clock.now()
    serial.signed_by, serial.signed_at, serial.finder = None, None, None


def _explained(text: str, what: str) -> str:
    clean = text.strip()
    if not clean:
        raise BadInput(what=f"请写明{what}")
    return clean


def _number(serial: Serial) -> str | None:
    return serial.book.number if serial.book else None


def _of_page(serial: Serial) -> dict[str, str]:
    """What an error tells of a page."""
    state = page_state(serial)
    return {"serial": serial.text, "state": state.zh, "state_en": state.en}


def _of_book(book: Book) -> dict[str, str]:
    """What an error tells of a book."""
    zh, en = BOOK_STATES[book.state]
    return {"book": book.number, "state": zh, "state_en": en}
