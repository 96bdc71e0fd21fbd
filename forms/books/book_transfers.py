"""Transfers of closed books with dates of their own 移交: what is to go by when, and the list that goes with it.

The handbook hands callback books over by the 10th of the first month of the next quarter (HF 4.7), patrol books at the
month's end (XC 4.11), vacancy records every half-year (KZ 4.7.3): rows in templates/transfers.yaml. The list has a
number of its own, is printed and signed by both hands, and recording the signed list transfers its books.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

import yaml
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from stdnum.iso7064 import mod_37_36

import templates
from forms import books
from forms.books.transfer_tables import TransferLine, TransferList
from forms.catalogue import Catalogue
from forms.tables import Book
from records import audit, clock
from records.audit import Verb
from records.errors import BadInput, NotFound, OfficeError
from records.users import Actor, Role

KEEPERS = (Role.ARCHIVIST, Role.SUPERVISOR)
_MONTHS = {"month": 1, "quarter": 3, "half_year": 6}


class ListSigned(OfficeError):
    """A transfer list is signed once."""

    code = "book.list_signed"
    zh = "移交清单 {number} 已于 {on} 签收。"
    en = "Transfer list {number} was signed on {on}."


class AlreadyOnList(OfficeError):
    """The book stands on another list that has not been signed yet."""

    code = "book.on_another_list"
    zh = "{book} 已列入未签收的移交清单 {number}。"
    en = "{book} stands on transfer list {number} already, which is not signed yet."


@dataclass(frozen=True)
class TransferRule:
    """A row: the retention rule it is for, the period, and the day of the month after it (None: its last day)."""

    rule: str
    every: str
    zh: str
    en: str
    clause: str
    day: int | None = None

    def due_on(self, closed_on: date) -> date:
        """By when a book that was closed on this local date has to be handed over.

        >>> TransferRule("CALLBACK", "quarter", "", "", "", 10).due_on(date(2026, 11, 23))
        datetime.date(2027, 1, 10)
        >>> TransferRule("PATROL", "month", "", "", "").due_on(date(2028, 2, 3))
        datetime.date(2028, 2, 29)
        """
        months = _MONTHS[self.every]
        last = (closed_on.month - 1) // months * months + months
        if self.day is None:
            return date(closed_on.year, last, calendar.monthrange(closed_on.year, last)[1])
        return date(closed_on.year + last // 12, last % 12 + 1, self.day)


@cache
def rules() -> dict[str, TransferRule]:
    """The rows by the retention rule that they are for."""
    return {row["rule"]: TransferRule(**row) for row in yaml.safe_load(templates.read_text("transfers.yaml"))}


@dataclass(frozen=True)
class Waiting:
    """A closed book that is to be handed over, by when and because of which row; ``list_number`` of its open list."""

    book: Book
    due_on: date
    rule: TransferRule
    late: bool
    list_number: str = ""


def waiting(session: Session, catalogue: Catalogue, on: date) -> list[Waiting]:
    """The closed books that have a date of their own and have not gone yet, first due first."""
    by_form = {form.code: key for form in catalogue.forms for key in form.retention if key in rules()}
    query = select(Book).where(Book.state == "closed", Book.form_code.in_(by_form)).order_by(Book.number)
    listed = _open_lists(session)
    found = []
    for book in session.scalars(query):
        rule = rules()[by_form[book.form_code]]
        assert book.closed_at is not None
        due_on = rule.due_on(clock.local_date(book.closed_at))
        found.append(Waiting(book, due_on, rule, due_on < on, listed.get(book.id, "")))
    return sorted(found, key=lambda one: (one.due_on, one.book.number))


def _open_lists(session: Session) -> dict[int, str]:
    """The books on lists that nobody has signed yet, each with its list's number."""
    query = select(TransferLine.book_id, TransferList.number).join(TransferList)
    return dict(session.execute(query.where(TransferList.state == "made")).all())


def make_list(session: Session, actor: Actor, chosen: Sequence[Book]) -> TransferList:
    """A list of closed books with the next number of the year. Raises NotAllowed, BadInput, AlreadyOnList."""
    actor.require("编制移交清单", *KEEPERS)
    audit.lock(session)
    if not chosen:
        raise BadInput(what="没有要移交的册")
    listed = _open_lists(session)
    for book in chosen:
        session.refresh(book, ["state"])
        if book.state != "closed":
            raise BadInput(what=f"{book.number} 尚未结册或已移交")
        if book.id in listed:
            raise AlreadyOnList(book=book.number, number=listed[book.id])
    year = clock.today().year
    last = session.scalar(select(func.max(TransferList.ordinal)).where(TransferList.year == year)) or 0
    made = TransferList(
        number=_number(year, last + 1),
        year=year,
        ordinal=last + 1,
        state="made",
        made_by=actor.id,
        made_at=clock.now(),
        lines=[TransferLine(book_id=book.id) for book in {book.id: book for book in chosen}.values()],
    )
    session.add(made)
    session.flush()
    audit.append(session, actor.id, Verb.TRANSFER_LISTED, f"transfer:{made.number}", {"books": len(made.lines)})
    return made


def _number(year: int, ordinal: int) -> str:
    body = f"YJ-{year}-{ordinal:04d}"
    return f"{body}-{mod_37_36.calc_check_digit(body.replace('-', ''))}"


def find_list(session: Session, number: str) -> TransferList:
    """The list of a number, with or without its check character. Raises NotFound."""
    text = number.strip().upper()
    found = session.scalar(select(TransferList).where(TransferList.number.in_((text, _checked(text)))))
    if found is None:
        raise NotFound(what=f"移交清单 {number}")
    return found


def _checked(text: str) -> str:
    parts = text.split("-")
    if len(parts) == 3 and parts[1].isdecimal() and parts[2].isdecimal():
        return _number(int(parts[1]), int(parts[2]))
    return text


def lists(session: Session) -> list[TransferList]:
    """All lists, the newest first."""
    return list(session.scalars(select(TransferList).order_by(TransferList.id.desc())))


def record_signed(session: Session, actor: Actor, made: TransferList, receiver: str, on: date) -> list[Book]:
    """Record that a list was signed by its receiver on a local date: its books are transferred on that day.

    Raises NotAllowed, ListSigned, BadInput (no receiver, a date before a book was closed or in the future).
    """
    actor.require("登记移交签收", *KEEPERS)
    audit.lock(session)
    session.refresh(made, ["state", "signed_on"])
    if made.state == "signed":
        raise ListSigned(number=made.number, on=made.signed_on)
    if not receiver.strip():
        raise BadInput(what="没有写明接收人")
    gone = [line.book for line in made.lines if line.book.state == "closed"]
    for book in gone:
        books.transfer(session, actor, book, on)
    made.state, made.receiver, made.signed_on, made.recorded_by = "signed", receiver.strip()[:64], on, actor.id
    details = {"books": len(gone), "on": on.isoformat()}
    audit.append(session, actor.id, Verb.TRANSFER_SIGNED, f"transfer:{made.number}", details)
    return gone
