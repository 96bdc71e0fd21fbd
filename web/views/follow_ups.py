"""What is to be followed up (DA 4.2.2): the quarterly household survey, and contacts of owners in arrears."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, select

from records import clock
from records.errors import BadInput
from records.estate import follow_ups
from records.tables import Dossier, Unit
from records.users import OFFICE_ROLES
from web import visit
from web.visit import only

views = Blueprint("follow_ups", __name__, url_prefix="/follow-ups")
PER_PAGE = 40


@views.get("")
@only(*OFFICE_ROLES)
def listing() -> ResponseReturnValue:
    """What is due of a kind, of one building where asked; each done by recording it, one or many at once."""
    session, kind = visit.look(), request.args.get("kind", "contact")
    if kind not in follow_ups.KINDS:
        raise BadInput(what=kind)
    building, today = request.args.get("building", ""), clock.today()
    found = follow_ups.due(session, today, kind, building)
    counts = {one: len(follow_ups.due(session, today, one, building)) for one in follow_ups.KINDS if one != kind}
    pages = max(1, -(-len(found) // PER_PAGE))
    page = min(max(1, request.args.get("page", 1, type=int)), pages)
    by_building = select(Unit.building).group_by(Unit.building).order_by(func.length(Unit.building), Unit.building)
    return render_template(
        "follow_ups.html",
        found=found[(page - 1) * PER_PAGE : page * PER_PAGE],
        counts=counts | {kind: len(found)},
        kind=kind,
        page=page,
        pages=pages,
        today=today,
        building=building,
        buildings=list(session.scalars(by_building)),
    )


@views.post("/done")
@only(*OFFICE_ROLES)
def done() -> ResponseReturnValue:
    """The ticked ones, or all of the page, were done, with one outcome."""
    field = "on_page" if visit.typed("whole_page") else "dossier"
    chosen = [int(text) for text in request.form.getlist(field) if text.isdecimal()]
    kind, outcome = visit.typed("kind"), visit.typed("outcome")
    with visit.act() as session:
        dossiers = list(session.scalars(select(Dossier).where(Dossier.id.in_(chosen)).order_by(Dossier.id)))
        rows = follow_ups.record(session, visit.actor(), dossiers, kind, outcome)
    flash(_("已登记 {count} 户。").format(count=len(rows)), "success")
    return redirect(url_for("follow_ups.listing", kind=kind, building=visit.typed("building")))
