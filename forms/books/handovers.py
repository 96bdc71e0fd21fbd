"""A book in other hands: passed on 交接 with its pages counted, brought back full 交回; its life as dated steps.

Who holds a book is never typed in: it is whoever signed for it last, so that the hands form a chain without a gap.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forms.books import BOOK_STATES
from forms.errors import BookNotInUse, PagesMiscounted
from forms.tables import Book, BookHandover, PrintRun, Serial
from records import audit, clock, facts
from records.audit import Verb
from records.errors import BadInput
from records.facts import FactKind
from records.tables import AuditEntry, User
from records.users import Actor, Role

HANDOVER, RETURN = "handover", "return"


@dataclass(frozen=True)
class Step:
    """A step of a book's life: what it is called, the local date, and who or what (empty where there is nobody)."""

    key: str
    zh: str
    en: str
    on: date
    who: str = ""


def handovers(session: Session, book: Book) -> list[BookHandover]:
    """Every time the book changed hands after it was issued, oldest first."""
    query = select(BookHandover).where(BookHandover.book_id == book.id)
    return list(session.scalars(query.order_by(BookHandover.id)))


def holder(session: Session, book: Book) -> str:
    """Who holds the book: the last to take it, or whom it was issued to; empty while it lies in stock."""
    passed = handovers(session, book)
    return passed[-1].taker if passed else book.issued_to


def pages_to_count(session: Session, book: Book) -> int:
    """How many pages the book must have: all of them but those on record as missing. Spoiled pages stay in it."""
    lost = select(func.count()).select_from(Serial).where(Serial.book_id == book.id, Serial.state == "missing")
    return book.page_count - (session.scalar(lost) or 0)


def hand_over(session: Session, actor: Actor, book: Book, to: str, on: date, counted: int) -> BookHandover:
    """Pass a book in use on to somebody 交接, its pages counted by both, on a local date.

    Raises BookNotInUse, PagesMiscounted, BadInput (nobody named, the holder himself, a date before the last signing or
    in the future), NotAllowed.
    """
    actor.require("登记册的交接", Role.STAFF, Role.SUPERVISOR)
    row = _pass_on(session, actor, book, HANDOVER, to, on, counted)
    details = {"on": on.isoformat(), "counted": counted, "handover": row.id}
    audit.append(session, actor.id, Verb.BOOK_HANDED_OVER, f"book:{book.number}", details)
    return row


def bring_back(session: Session, actor: Actor, book: Book, on: date, counted: int) -> BookHandover:
    """Take a book back from its holder when it is full or no more is to be written in it 用完交回.

    Raises BookNotInUse, PagesMiscounted, BadInput (a date before the last signing or in the future), NotAllowed.
    """
    actor.require("收回用完的册", Role.STAFF, Role.SUPERVISOR)
    row = _pass_on(session, actor, book, RETURN, actor.name, on, counted)
    book.state, book.full_on = "full", on
    details = {"on": on.isoformat(), "counted": counted, "handover": row.id}
    audit.append(session, actor.id, Verb.BOOK_FULL, f"book:{book.number}", details)
    return row


def _pass_on(session: Session, actor: Actor, book: Book, kind: str, to: str, on: date, counted: int) -> BookHandover:
    audit.lock(session)
    session.refresh(book, ["state", "issued_to", "issued_at", "full_on"], with_for_update=True)
    if book.state != "issued" or book.issued_at is None:
        zh, en = BOOK_STATES[book.state]
        raise BookNotInUse(book=book.number, state=zh, state_en=en)
    giver, taker = holder(session, book), to.strip()
    if not taker or len(taker) > 64:
        raise BadInput(what="接收人为空或过长")
    if kind == HANDOVER and taker == giver:
        raise BadInput(what=f"{book.number} 就在 {giver} 手中")
    _check_date(session, book, book.issued_at, on)
    expected = pages_to_count(session, book)
    if counted != expected:
        raise PagesMiscounted(book=book.number, expected=expected, counted=counted)
    row = BookHandover(
        book_id=book.id,
        kind=kind,
        giver=giver,
        taker=taker,
        on=on,
        counted=counted,
        recorded_by=actor.id,
        recorded_at=clock.now(),
    )
    session.add(row)
    session.flush()
    return row


def _check_date(session: Session, book: Book, issued_at: datetime, on: date) -> None:
    passed = handovers(session, book)
    earliest = passed[-1].on if passed else clock.local_date(issued_at)
    if not earliest <= on <= clock.today():
        raise BadInput(what=f"日期 {on} 应在 {earliest} 与今天之间")


def life(session: Session, book: Book) -> list[Step]:
    """What has happened to a book so far, oldest first: printed, issued, handed over, full, reconciled, closed, …"""
    return sorted(_steps(session, book), key=lambda step: step.on)


def _steps(session: Session, book: Book) -> Iterator[Step]:
    """The steps in the order of a book's life; sorting by date keeps it for those of one day."""
    of_book = select(Serial.run_id).where(Serial.book_id == book.id).limit(1)
    run = session.scalars(select(PrintRun).where(PrintRun.id.in_(of_book))).one()
    yield Step("printed", "印制", "printed", clock.local_date(run.printed_at), _name(session, run.printed_by))
    if book.issued_at is not None:
        yield Step("issued", "领用", "issued", clock.local_date(book.issued_at), book.issued_to)
    for row in handovers(session, book):
        who = f"{row.giver} → {row.taker}"
        words = ("交接", "handed over") if row.kind == HANDOVER else ("用完交回", "brought back full")
        yield Step(row.kind, *words, row.on, who)
    yield from _endings(session, book)


def _endings(session: Session, book: Book) -> Iterator[Step]:
    reconciled = _entry(session, book, Verb.BOOK_RECONCILED)
    if reconciled is not None:
        yield Step("reconciled", "核对", "reconciled", *_told(session, reconciled))
    if book.closed_at is not None:
        closed = _entry(session, book, Verb.BOOK_CLOSED)
        who = _told(session, closed)[1] if closed else ""
        yield Step("closed", "结册", "closed", clock.local_date(book.closed_at), who)
    for fact in facts.facts_about(session, "book", [book.id]):
        if fact.kind == FactKind.TRANSFERRED:
            yield Step("transferred", "移交", "transferred", fact.on, _name(session, fact.recorded_by))
    if book.state == "destroyed":
        last = session.scalar(select(func.max(Serial.state_at)).where(Serial.book_id == book.id))
        yield Step("destroyed", "销毁", "destroyed", clock.local_date(last) if last else clock.today())


def _entry(session: Session, book: Book, verb: Verb) -> AuditEntry | None:
    """The latest entry of this kind about the book."""
    query = select(AuditEntry).where(AuditEntry.verb == verb, AuditEntry.subject == f"book:{book.number}")
    return session.scalar(query.order_by(AuditEntry.seq.desc()).limit(1))


def _told(session: Session, entry: AuditEntry) -> tuple[date, str]:
    """The local date of an entry, and who did it."""
    number = entry.actor.removeprefix("user:")
    name = _name(session, int(number)) if number.isdigit() else ""
    return clock.local_date(datetime.fromisoformat(entry.at)), name


def _name(session: Session, user_id: int) -> str:
    user = session.get(User, user_id)
    return user.name if user else ""
