"""Loans 借阅: paper handed out, due, extended, taken back page by page, and incidents signed."""

from __future__ import annotations

import re
from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from records import access, clock, loans
from records.errors import BadInput
from records.paper import places
from records.paper.paper_tables import Loan
from records.users import OFFICE_ROLES
from web import visit
from web.acts.paper.loan_paper import print_out_card
from web.files import pdf_file
from web.visit import only

views = Blueprint("loans", __name__, url_prefix="/loans")
RETURNED_SHOWN = 30


@views.get("/")
@only(*OFFICE_ROLES)
def listing() -> ResponseReturnValue:
    """What is to be handed out, what is out by due date, incidents, and the latest that came back."""
    session, me = visit.look(), visit.actor()
    found = loans.listing(session, me, RETURNED_SHOWN)
    return render_template(
        "loans.html",
        waiting=loans.to_hand_out(session, me),
        out=[loan for loan in found if loan.state == "out"],
        incidents=[loan for loan in found if loan.state == "incident"],
        returned=[loan for loan in found if loan.state == "returned"],
        stands=places.codes_of(session, {loan.dossier_id for loan in found}),
        missing=loans.missing_pages,
        today=clock.today(),
    )


@views.post("/hand-out/<int:request_id>")
@only(*OFFICE_ROLES)
def hand_out(request_id: int) -> ResponseReturnValue:
    """The archivist hands out the paper of an approved request."""
    with visit.act() as session:
        found = access.find_request(session, visit.actor(), request_id)
        made = loans.hand_out(session, visit.actor(), found)
    flash(_("已借出，应于 {due} 归还。请打印代卷卡，立于原位。").format(due=made[0].due_on), "success")
    return redirect(url_for("loans.page", loan_id=made[0].id) if len(made) == 1 else url_for("loans.listing"))


@views.get("/<int:loan_id>")
@only(*OFFICE_ROLES)
def page(loan_id: int) -> ResponseReturnValue:
    """One loan: its life so far, and the next step for whoever may take it."""
    session, me = visit.look(), visit.actor()
    loan = loans.find(session, me, loan_id)
    inside = loans.checks(me) or access.may_see_dossier(session, me, loan.dossier).allowed
    return render_template(
        "loan.html",
        loan=loan,
        inside=inside and loan.dossier.state != "destroyed",
        stands=places.placement(session, loan.dossier_id),
        people=visit.people(),
        missing=loans.missing_pages(loan),
        today=clock.today(),
        earliest=max(loan.due_on, clock.today()) + timedelta(days=1),
        latest=clock.today() + access.LONGEST_GRANT,
    )


@views.post("/<int:loan_id>/card")
@only(*OFFICE_ROLES)
def card(loan_id: int) -> ResponseReturnValue:
    """The out-card with its slip."""
    with visit.act() as session:
        loan = loans.find(session, visit.actor(), loan_id)
        data = print_out_card(session, visit.office(), visit.actor(), loan)
    return pdf_file(data, f"代卷卡-{loan_id}.pdf")


@views.post("/<int:loan_id>/extend")
@only(*OFFICE_ROLES)
def extend(loan_id: int) -> ResponseReturnValue:
    """A manager lets it last longer."""
    until = clock.parse_date(visit.typed("until"))
    with visit.act() as session:
        loan = loans.find(session, visit.actor(), loan_id)
        loans.extend(session, visit.actor(), loan, until, visit.typed("reason"))
    flash(_("已续借至 {until}。").format(until=until), "success")
    return redirect(url_for("loans.page", loan_id=loan_id))


@views.post("/<int:loan_id>/return")
@only(*OFFICE_ROLES)
def take_back(loan_id: int) -> ResponseReturnValue:
    """The archivist has checked every document page by page."""
    with visit.act() as session:
        loan = loans.find(session, visit.actor(), loan_id)
        loans.take_back(session, visit.actor(), loan, _checked(loan), visit.typed("story"))
    if loan.state == "incident":
        flash(_("已收回，有缺页，待经理签认。"), "warning")
    else:
        flash(_("已收回，页数齐全。请取出代卷卡，把案卷放回原位。"), "success")
    return redirect(url_for("loans.page", loan_id=loan_id))


def _checked(loan: Loan) -> dict[int, list[int]]:
    """What the checklist says: a document that is ticked is whole, one with page numbers lacks those."""
    found: dict[int, list[int]] = {}
    for line in loan.lines:
        lost = visit.typed(f"missing-{line.position}")
        whole = f"whole-{line.position}" in request.form
        if lost and whole:
            raise BadInput(what=_("第 {position} 件既勾选「齐」又写了缺页").format(position=line.position))
        if lost:
            found[line.position] = _numbers(lost)
        elif whole:
            found[line.position] = []
    return found


def _numbers(text: str) -> list[int]:
    parts = [part for part in re.split(r"[\s,，、;；]+", text) if part]
    if not parts or not all(part.isdecimal() for part in parts):
        raise BadInput(what=_("缺页请写页码，如 2、4；读不懂「{text}」").format(text=text[:40]))
    return [int(part) for part in parts]


@views.post("/<int:loan_id>/sign")
@only(*OFFICE_ROLES)
def sign(loan_id: int) -> ResponseReturnValue:
    """A manager signs that pages are missing."""
    with visit.act() as session:
        loan = loans.find(session, visit.actor(), loan_id)
        loans.sign_incident(session, visit.actor(), loan)
    flash(_("缺页已签认，记入备考表。"), "success")
    return redirect(url_for("loans.page", loan_id=loan_id))
