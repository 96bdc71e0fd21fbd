"""Holds 冻结: those that stand, placing one by name or on what was found, its review and release."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from records import clock
from records.users import Role
from retention import holds
from retention.holds import HOLDERS
from web import visit
from web.acts.retention import hold_found
from web.acts.retention.hold_targets import target_of
from web.views.search import asked_for
from web.visit import only
from web.wording.hold_names import hold_name

views = Blueprint("holds", __name__, url_prefix="/retention/holds")
KEEPERS = (Role.ARCHIVIST, Role.SUPERVISOR, Role.MANAGER)
SHOWN = 50


@views.get("/")
@only(*KEEPERS)
def listing() -> ResponseReturnValue:
    """The holds that stand."""
    session = visit.look()
    standing = holds.active(session)
    names = {hold.id: hold_name(session, hold) for hold in standing}
    return render_template(
        "holds.html",
        holds=standing,
        names=names,
        reviewed=holds.reviews_of(session, names),
        people=visit.people(),
        today=clock.today(),
    )


@views.post("/")
@only(*KEEPERS)
def place() -> ResponseReturnValue:
    """Hold what was named."""
    with visit.act() as session:
        kind, target = target_of(session, visit.typed("target"))
        holds.place(session, visit.actor(), kind, target, visit.typed("reason"), _review_date())
    flash(_("已冻结。冻结期间任何清册都不会销毁它。"), "success")
    return redirect(url_for("holds.listing"))


@views.get("/found")
@only(*HOLDERS)
def found() -> ResponseReturnValue:
    """What a question finds, before it is held: how much, and the first of it."""
    question = asked_for()
    seen = hold_found.find(visit.look(), visit.office(), visit.actor(), question)
    return render_template("hold_found.html", question=question, found=seen, shown=seen.hits[:SHOWN])


@views.post("/found")
@only(*HOLDERS)
def place_on_found() -> ResponseReturnValue:
    """Hold everything that the question found, if it still finds the same."""
    question, me = asked_for(), visit.actor()
    with visit.act() as session:
        holds.take_turns(session)
        seen = hold_found.find(session, visit.office(), me, question)
        hold_found.require_seen(seen, visit.typed("seen"), visit.number("count", 0))
        asked = hold_found.in_one_text(question)
        holds.place_on_found(session, me, seen.document_ids, asked, visit.typed("reason"), _review_date())
    flash(_("已冻结 {count} 件。冻结期间任何清册都不会销毁它们。").format(count=len(seen.document_ids)), "success")
    return redirect(url_for("holds.listing"))


def _review_date() -> date | None:
    return clock.parse_date(visit.typed("review_on")) if visit.typed("review_on") else None


@views.post("/<int:hold_id>/review")
@only(*HOLDERS)
def review(hold_id: int) -> ResponseReturnValue:
    """Let a hold stand until the next review date."""
    until = clock.parse_date(visit.typed("review_on"))
    with visit.act() as session:
        holds.review(session, visit.actor(), holds.find_hold(session, hold_id), until)
    flash(_("已复核，继续冻结；{day} 再复核。").format(day=until), "success")
    return redirect(url_for("holds.listing"))


@views.post("/<int:hold_id>/release")
@only(*KEEPERS)
def release(hold_id: int) -> ResponseReturnValue:
    """A manager releases a hold."""
    with visit.act() as session:
        holds.release(session, visit.actor(), holds.find_hold(session, hold_id))
    flash(_("已解除冻结。"), "success")
    return redirect(url_for("holds.listing"))
