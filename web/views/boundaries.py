"""Documents on the wrong side of a back-dated transfer: an archivist decides where each belongs."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from records.estate import transfers
from records.users import Role
from web import visit
from web.acts.dossiers import boundaries
from web.visit import only

views = Blueprint("boundaries", __name__, url_prefix="/boundaries")


@views.get("")
@only(Role.ARCHIVIST)
def listing() -> ResponseReturnValue:
    """What waits: form, serial and dates of each document, as far as filing knows it; nothing of its content."""
    catalogue = visit.office().catalogue
    names = {form.code: form for form in catalogue.forms}
    return render_template("boundaries.html", waiting=transfers.waiting(visit.look()), names=names)


@views.post("/decide")
@only(Role.ARCHIVIST)
def decide() -> ResponseReturnValue:
    """One document stays in the former dossier, or moves to the new one."""
    decision = visit.typed("decision")
    with visit.act() as session:
        boundaries.decide(session, visit.office().vault, visit.actor(), visit.number("row", 0), decision)
    flash(_("已移入新业主档案。") if decision == "moved" else _("留在原业主档案。"), "success")
    return redirect(url_for("boundaries.listing"))
