"""Deputies 代批: a manager names who decides on access for them, from one day to another."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from records import clock
from records.access import deputies
from records.errors import NotFound
from records.tables import User
from records.users import Role
from web import visit
from web.visit import only

views = Blueprint("deputies", __name__, url_prefix="/access/deputies")


@views.get("/")
@only(Role.MANAGER, Role.SUPERVISOR, Role.ARCHIVIST)
def listing() -> ResponseReturnValue:
    """Who decides for whom, and when; managers name and end deputies here."""
    session, me = visit.look(), visit.actor()
    can = select(User).where(User.role.in_(deputies.ROLES), User.active, User.id != me.id).order_by(User.id)
    return render_template(
        "access_deputies.html",
        rows=deputies.list_deputies(session, me),
        standing={row.id for row in deputies.in_force(session)},
        can=list(session.scalars(can)),
        today=clock.today(),
        longest=deputies.LONGEST,
    )


@views.post("/")
@only(Role.MANAGER)
def name() -> ResponseReturnValue:
    """Name a deputy for oneself."""
    first, last = clock.parse_date(visit.typed("from")), clock.parse_date(visit.typed("until"))
    with visit.act() as session:
        deputy = session.get(User, visit.number("deputy", 0))
        if deputy is None:
            raise NotFound(what=_("代批人"))
        deputies.name_deputy(session, visit.actor(), deputy, first, last, visit.typed("reason"))
    flash(_("已指定 {name} 代批。").format(name=deputy.name), "success")
    return redirect(url_for("deputies.listing"))


@views.post("/<int:deputy_id>/end")
@only(Role.MANAGER)
def end(deputy_id: int) -> ResponseReturnValue:
    """End a deputy's time."""
    with visit.act() as session:
        deputies.end_deputy(session, visit.actor(), deputy_id)
    flash(_("代批已结束。"), "info")
    return redirect(url_for("deputies.listing"))
