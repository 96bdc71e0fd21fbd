"""Access 查阅: ask, decide with the recent access beside it, register, see what is open, give back (DA 4.3)."""

from __future__ import annotations

import re

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from records import access, clock
from records.users import OFFICE_ROLES, Role
from web import visit
from web.acts.dossier_reading import find_dossier
from web.acts.recent_access import recent
from web.visit import only

views = Blueprint("access", __name__, url_prefix="/access")


@views.get("/")
@only(*OFFICE_ROLES)
def listing() -> ResponseReturnValue:
    """The requests that the visitor may know of: those that wait for them first, then their own, then the rest."""
    me, found = visit.actor(), access.list_requests(visit.look(), visit.actor())
    step = {Role.MANAGER: "requested", Role.ARCHIVIST: "approved"}.get(me.role)
    waiting = [one for one in found if one.state == step and not (step == "requested" and one.asker_id == me.id)]
    mine = [one for one in found if one.asker_id == me.id]
    others = [one for one in found if one not in waiting and one not in mine]
    return render_template("access_list.html", waiting=waiting, mine=mine, others=others, now=clock.now())


@views.get("/new")
@only(*OFFICE_ROLES)
def asking() -> ResponseReturnValue:
    """The form to ask with; a dossier or unit may be given already."""
    return render_template("access_ask.html", dossier=request.args.get("dossier", ""), longest=access.LONGEST_GRANT)


@views.post("/new")
@only(*OFFICE_ROLES)
def ask() -> ResponseReturnValue:
    """Ask to see the dossiers named, one in each line."""
    names = [name for name in re.split(r"[\s,,、;;]+", visit.typed("dossiers")) if name]
    with visit.act() as session:
        found = list({one.id: one for one in (find_dossier(session, name) for name in names)}.values())
        days, mode = visit.number("days", 1), visit.typed("mode", "screen")
        made = access.request_access(session, visit.actor(), found, visit.typed("purpose"), days, mode)
    flash(_("申请 {number} 号已提出，等经理批准。").format(number=made.id), "success")
    return redirect(url_for("access.page", request_id=made.id))


@views.get("/<int:request_id>")
@only(*OFFICE_ROLES)
def page(request_id: int) -> ResponseReturnValue:
    """One request with its steps; for whoever decides or registers, the dossiers' recent access beside it."""
    session = visit.look()
    found = access.find_request(session, visit.actor(), request_id)
    people = visit.people()
    keepers = visit.actor().role in (Role.MANAGER, Role.ARCHIVIST)
    return render_template(
        "access.html",
        request_=found,
        people=people,
        live=found.state == "registered" and found.starts_at <= clock.now() < found.ends_at,
        recent=recent(session, found) if keepers else None,
        mine=found.asker_id == visit.actor().id,
    )


@views.post("/<int:request_id>/approve")
@only(*OFFICE_ROLES)
def approve(request_id: int) -> ResponseReturnValue:
    """A manager approves."""
    with visit.act() as session:
        found = access.find_request(session, visit.actor(), request_id)
        access.approve(session, visit.actor(), found, visit.typed("reason"))
    flash(_("已批准，待档案员登记后生效。"), "success")
    return redirect(url_for("access.page", request_id=request_id))


@views.post("/<int:request_id>/refuse")
@only(*OFFICE_ROLES)
def refuse(request_id: int) -> ResponseReturnValue:
    """A manager refuses, with the reason."""
    with visit.act() as session:
        found = access.find_request(session, visit.actor(), request_id)
        access.refuse(session, visit.actor(), found, visit.typed("reason"))
    flash(_("已拒绝，原因已告知申请人。"), "info")
    return redirect(url_for("access.page", request_id=request_id))


@views.post("/<int:request_id>/register")
@only(*OFFICE_ROLES)
def register(request_id: int) -> ResponseReturnValue:
    """An archivist registers; the grant begins."""
    with visit.act() as session:
        found = access.find_request(session, visit.actor(), request_id)
        access.register(session, visit.actor(), found)
    flash(_("已登记，授权从现在起生效，至 {until}。").format(until=clock.local_time(found.ends_at)), "success")
    return redirect(url_for("access.page", request_id=request_id))


@views.post("/<int:request_id>/return")
@only(*OFFICE_ROLES)
def give_back(request_id: int) -> ResponseReturnValue:
    """The grant ends."""
    with visit.act() as session:
        found = access.find_request(session, visit.actor(), request_id)
        access.give_back(session, visit.actor(), found)
    flash(_("已归还，授权结束。"), "success")
    return redirect(url_for("access.page", request_id=request_id))
