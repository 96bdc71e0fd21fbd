"""Where every page of a book stands, and which of them keep it from closing 结册."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from forms.tables import Book, Serial

#: What a page's state is called on screen, in Chinese and English.
PAGE_STATES = {
    "allotted": ("已编号", "allotted"),
    "printed": ("已印未领", "printed"),
    "issued": ("在用(未交回)", "in use"),
    "returned": ("已用(已扫描)", "used, scanned"),
    "voided": ("作废", "voided"),
    "blank_cancelled": ("空白注销", "cancelled as blank"),
    "missing": ("缺失", "missing"),
    "destroyed": ("已销毁", "destroyed"),
}

_ACCOUNTED = ("returned", "voided", "blank_cancelled", "destroyed")


@dataclass(frozen=True)
class PageState:
    """One page of a book and where it stands, in words for people. ``settled``: accounted for."""

    serial: str
    page_no: int
    state: str
    zh: str
    en: str
    settled: bool


@dataclass(frozen=True)
class Reconciliation:
    """A book page by page; ``open`` are the pages that keep it from closing."""

    book: str
    pages: tuple[PageState, ...]

    @property
    def open(self) -> tuple[PageState, ...]:
        """The pages not accounted for."""
        return tuple(page for page in self.pages if not page.settled)

    @property
    def counts(self) -> dict[str, int]:
        """How many pages are in each state."""
        return dict(sorted(Counter(page.state for page in self.pages).items()))


def reconcile(session: Session, book: Book) -> Reconciliation:
    """Name every page of a book and where it stands, in page order."""
    return Reconciliation(book.number, tuple(page_state(serial) for serial in book_pages(session, book)))


def settled_counts(session: Session, book_ids: Sequence[int]) -> dict[int, int]:
    """How many pages of each of these books are accounted for, as ``reconcile`` has it, in one query."""
    settled = or_(Serial.state.in_(_ACCOUNTED), and_(Serial.state == "missing", Serial.signed_by.is_not(None)))
    query = select(Serial.book_id, func.count()).where(Serial.book_id.in_(book_ids), settled)
    counts = {book_id: count for book_id, count in session.execute(query.group_by(Serial.book_id)) if book_id}
    return {book_id: counts.get(book_id, 0) for book_id in book_ids}


def book_pages(session: Session, book: Book) -> list[Serial]:
    """The pages of a book in order, read afresh."""
    query = select(Serial).where(Serial.book_id == book.id).order_by(Serial.page_no)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def page_state(serial: Serial) -> PageState:
    """A page and where it stands; a missing one is accounted for once a manager has signed for it."""
    zh, en = PAGE_STATES[serial.state]
    settled = serial.state in _ACCOUNTED
    if serial.state == "missing":
        settled = serial.signed_by is not None
        zh += "(经理已签字)" if settled else "(待经理签字)"
        en += ", signed for" if settled else ", not signed for"
    return PageState(serial.text, serial.page_no, serial.state, zh, en, settled)


def named_pages(pages: Sequence[PageState], most: int = 20) -> dict[str, str]:
    """Pages by number, serial and state for an error; of very many the first."""
    more = len(pages) > most
    zh = "、".join(f"第{page.page_no}页 {page.serial} {page.zh}" for page in pages[:most])
    en = ", ".join(f"page {page.page_no} {page.serial} {page.en}" for page in pages[:most])
    return {"pages": zh + " 等" * more, "pages_en": en + ", …" * more}
