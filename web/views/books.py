"""Books 册: the list, a book's pages at a glance, and every step of its life."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from forms import books
from forms.books import handovers, stock
from forms.scanning.receiving import leafing
from forms.tables import Book, Serial
from records import clock
from records.errors import BadInput
from records.users import OFFICE_ROLES
from web import visit
from web.visit import only
from web.wording import words

views = Blueprint("books", __name__, url_prefix="/books")


@views.get("/")
@only(*OFFICE_ROLES)
def listing() -> ResponseReturnValue:
    """All books, those in use first, each with how far it has come."""
    session, state = visit.look(), request.args.get("state", "")
    order = list(words.BOOKS)
    found = sorted(books.list_books(session, state=state or None), key=lambda book: order.index(book.state))
    return render_template(
        "books.html",
        books=found,
        counts=_counts([book.id for book in found]),
        settled=books.settled_counts(session, [book.id for book in found]),
        forms={form.code: form for form in visit.office().catalogue.forms},
        state_wanted=state,
        states=order,
        stock=stock.stock(session, visit.office().catalogue, clock.today()),
    )


def _counts(book_ids: list[int]) -> dict[int | None, dict[str, int]]:
    """How many pages of each book are in each state, in one query."""
    query = select(Serial.book_id, Serial.state, func.count()).where(Serial.book_id.in_(book_ids))
    found: dict[int | None, dict[str, int]] = {book_id: {} for book_id in book_ids}
    for book_id, state, count in visit.look().execute(query.group_by(Serial.book_id, Serial.state)):
        found[book_id][state] = count
    return found


@views.get("/<number>")
@only(*OFFICE_ROLES)
def page(number: str) -> ResponseReturnValue:
    """One book, page by page."""
    session = visit.look()
    book = books.find_book(session, number)
    account = books.reconcile(session, book)
    return render_template(
        "book.html",
        book=book,
        account=account,
        stories={serial.text: serial.state_reason for serial in book.serials if serial.state_reason},
        finders={serial.text: serial.finder for serial in book.serials if serial.finder},
        form=visit.office().catalogue.form(book.form_code),
        life=handovers.life(session, book),
        holder=handovers.holder(session, book),
        to_count=handovers.pages_to_count(session, book),
        latest=leafing.latest_batch(session, book),
        today=clock.today(),
    )


def _back(book: Book, sentence: str) -> Response:
    flash(sentence, "success")
    return redirect(url_for("books.page", number=book.number))


@views.post("/<number>/issue")
@only(*OFFICE_ROLES)
def issue(number: str) -> ResponseReturnValue:
    """Hand the book to somebody."""
    with visit.act() as session:
        book = books.find_book(session, number)
        books.issue(session, visit.actor(), book, visit.typed("to"))
    return _back(book, _("已登记领用。请领用人在领用签收页签字。"))


@views.post("/<number>/pass")
@only(*OFFICE_ROLES)
def hand_over(number: str) -> ResponseReturnValue:
    """Pass the book on, its pages counted."""
    on, counted = clock.parse_date(visit.typed("passed_on")), visit.number("counted", 0)
    with visit.act() as session:
        book = books.find_book(session, number)
        handovers.hand_over(session, visit.actor(), book, visit.typed("taker"), on, counted)
    return _back(book, _("已登记交接。"))


@views.post("/<number>/full")
@only(*OFFICE_ROLES)
def bring_back(number: str) -> ResponseReturnValue:
    """Take the book back: it is full, or no more is to be written in it."""
    on, counted = clock.parse_date(visit.typed("passed_on")), visit.number("counted", 0)
    with visit.act() as session:
        book = books.find_book(session, number)
        handovers.bring_back(session, visit.actor(), book, on, counted)
    return _back(book, _("已收回。"))


@views.post("/<number>/reconcile")
@only(*OFFICE_ROLES)
def reconcile(number: str) -> ResponseReturnValue:
    """Record that a supervisor has gone through the book page by page."""
    with visit.act() as session:
        book = books.find_book(session, number)
        books.record_reconciliation(session, visit.actor(), book)
    return _back(book, _("已记录核对。"))


@views.post("/<number>/void")
@only(*OFFICE_ROLES)
def void(number: str) -> ResponseReturnValue:
    """Void the spoiled pages that were ticked."""
    with visit.act() as session:
        book = books.find_book(session, number)
        for serial in _ticked():
            books.void(session, visit.actor(), serial, visit.typed("reason"))
    return _back(book, _("已作废。请保留纸页。"))


@views.post("/<number>/cancel")
@only(*OFFICE_ROLES)
def cancel(number: str) -> ResponseReturnValue:
    """Cancel the unused pages that were ticked."""
    with visit.act() as session:
        book = books.find_book(session, number)
        books.cancel_blank(session, visit.actor(), book, _ticked())
    return _back(book, _("空白页已注销。"))


@views.post("/<number>/cancel-tail")
@only(*OFFICE_ROLES)
def cancel_tail(number: str) -> ResponseReturnValue:
    """Cancel the unused end of the book: the first page that was ticked, and all behind it."""
    with visit.act() as session:
        book = books.find_book(session, number)
        books.cancel_tail(session, visit.actor(), book, _ticked()[0])
    return _back(book, _("空白页已注销。"))


@views.post("/<number>/missing")
@only(*OFFICE_ROLES)
def missing(number: str) -> ResponseReturnValue:
    """Report the pages that were ticked as missing, with the story."""
    with visit.act() as session:
        book = books.find_book(session, number)
        for serial in _ticked():
            books.report_missing(session, visit.actor(), serial, visit.typed("reason"), visit.typed("finder"))
    return _back(book, _("已报告缺页，待经理签字。"))


@views.post("/<number>/sign")
@only(*OFFICE_ROLES)
def sign(number: str) -> ResponseReturnValue:
    """A manager signs for the missing pages that were ticked."""
    with visit.act() as session:
        book = books.find_book(session, number)
        for serial in _ticked():
            books.sign_missing(session, visit.actor(), serial)
    return _back(book, _("已签字。"))


@views.post("/<number>/close")
@only(*OFFICE_ROLES)
def close(number: str) -> ResponseReturnValue:
    """Close a book whose every page is accounted for."""
    with visit.act() as session:
        book = books.find_book(session, number)
        books.close(session, visit.actor(), book)
    return _back(book, _("已结册，保管期限从今天起算（依所属规则）。"))


@views.post("/<number>/transfer")
@only(*OFFICE_ROLES)
def transfer(number: str) -> ResponseReturnValue:
    """Hand a closed book to the archive."""
    with visit.act() as session:
        book = books.find_book(session, number)
        books.transfer(session, visit.actor(), book, clock.parse_date(visit.typed("on")))
    return _back(book, _("已移交。"))


def _ticked() -> list[str]:
    ticked = request.form.getlist("serial")
    if not ticked:
        raise BadInput(what=_("没有勾选页"))
    return ticked
