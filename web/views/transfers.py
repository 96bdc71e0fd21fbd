"""Transfers of books 移交: what is to go by when, the list to print and sign, and recording that it was signed."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forms import books
from forms.books import book_transfers
from records import clock
from records.users import OFFICE_ROLES
from web import visit
from web.acts.paper.transfer_paper import print_list
from web.files import pdf_file
from web.visit import only

views = Blueprint("transfers", __name__, url_prefix="/transfers")
SHOWN = 30


@views.get("/")
@only(*OFFICE_ROLES)
def listing() -> ResponseReturnValue:
    """The closed books that have a date to go by, and the lists, the newest first."""
    session, catalogue = visit.look(), visit.office().catalogue
    return render_template(
        "transfers.html",
        waiting=book_transfers.waiting(session, catalogue, clock.today()),
        made=book_transfers.lists(session)[:SHOWN],
        forms={form.code: form for form in catalogue.forms},
        people=visit.people(),
        keeper=visit.actor().role in book_transfers.KEEPERS,
        today=clock.today(),
    )


@views.post("/")
@only(*OFFICE_ROLES)
def make() -> ResponseReturnValue:
    """A list of the books that were ticked."""
    with visit.act() as session:
        chosen = [books.find_book(session, number) for number in request.form.getlist("book")]
        made = book_transfers.make_list(session, visit.actor(), chosen)
    flash(_("移交清单 {number} 已编好，请打印签字。").format(number=made.number), "success")
    return redirect(url_for("transfers.listing"))


@views.post("/<number>/print")
@only(*OFFICE_ROLES)
def paper(number: str) -> ResponseReturnValue:
    """The list as PDF."""
    with visit.act() as session:
        made = book_transfers.find_list(session, number)
        data = print_list(session, visit.office(), visit.actor(), made)
    return pdf_file(data, f"移交清单-{made.number}.pdf")


@views.post("/<number>/sign")
@only(*OFFICE_ROLES)
def sign(number: str) -> ResponseReturnValue:
    """The signed list has come back: its books are transferred."""
    on = clock.parse_date(visit.typed("on"))
    with visit.act() as session:
        made = book_transfers.find_list(session, number)
        gone = book_transfers.record_signed(session, visit.actor(), made, visit.typed("receiver"), on)
    flash(_("移交清单已签收，移交 {count} 册。").format(count=len(gone)), "success")
    return redirect(url_for("transfers.listing"))
