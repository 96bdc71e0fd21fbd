"""Access 查阅: ask, decide with the recent access beside it, register who came, see what is open, end (DA 4.3)."""

from __future__ import annotations

import re

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from records import access, clock
from records.access.deputies import decides_for
from records.access.prints import prints_under
from records.access.visits import PAPERS, Visitor, add_visit, visits_of
from records.tables import AccessRequest
from records.users import OFFICE_ROLES, Actor, Role
from web import visit
from web.acts.access.recent_access import pages_shown, recent
from web.acts.dossiers.dossier_reading import find_dossier
from web.visit import only

views = Blueprint("access", __name__, url_prefix="/access")


@views.get("/")
@only(*OFFICE_ROLES)
def listing() -> ResponseReturnValue:
    """The requests that the visitor may know of: those that wait for them first, then their own, then the rest."""
    me, found = visit.actor(), access.list_requests(visit.look(), visit.actor())
    steps = _steps_of(me)
    waiting = [one for one in found if one.state in steps and not (one.state == "requested" and one.asker_id == me.id)]
    mine = [one for one in found if one.asker_id == me.id]
    others = [one for one in found if one not in waiting and one not in mine]
    return render_template(
        "access_list.html", waiting=waiting, mine=mine, others=others, now=clock.now(), steps=steps,
        people=visit.people(),
    )  # fmt: skip


def _steps_of(me: Actor) -> tuple[str, ...]:
    """The states in which a request waits for the visitor."""
    if me.role == Role.ARCHIVIST:
        return ("approved",)
    decides = me.role == Role.MANAGER or decides_for(visit.look(), me)
    return ("requested",) if decides else ()


@views.get("/new")
@only(*OFFICE_ROLES)
def asking() -> ResponseReturnValue:
    """The form to ask with; a dossier or unit may be given already."""
    return render_template(
        "access_ask.html", dossier=request.args.get("dossier", ""), longest=access.LONGEST_GRANT,
        modes=access.MODES, today=clock.today(),
    )  # fmt: skip


@views.post("/new")
@only(*OFFICE_ROLES)
def ask() -> ResponseReturnValue:
    """Ask to see the dossiers named, one in each line, from one day to another."""
    names = [name for name in re.split(r"[\s,,、;;]+", visit.typed("dossiers")) if name]
    first = clock.parse_date(visit.typed("from")) if visit.typed("from") else clock.today()
    last = clock.parse_date(visit.typed("until")) if visit.typed("until") else first
    with visit.act() as session:
        found = list({one.id: one for one in (find_dossier(session, name) for name in names)}.values())
        mode, purpose = visit.typed("mode", "screen"), visit.typed("purpose")
        made = access.request_access(session, visit.actor(), found, purpose, mode=mode, period=(first, last))
    flash(_("申请 {number} 号已提出，等经理批准。").format(number=made.id), "success")
    return redirect(url_for("access.page", request_id=made.id))


@views.get("/<int:request_id>")
@only(*OFFICE_ROLES)
def page(request_id: int) -> ResponseReturnValue:
    """One request with its steps; for whoever decides or registers, the dossiers' recent access beside it."""
    session, me = visit.look(), visit.actor()
    found = access.find_request(session, me, request_id)
    keeps = access.keeps_requests(session, me)
    return render_template(
        "access.html",
        request_=found,
        people=visit.people(),
        live=found.state == "registered" and found.starts_at <= clock.now() < found.ends_at,
        recent=recent(session, found) if keeps else None,
        shown=pages_shown(session, found) if found.registered_at else 0,
        visits=visits_of(session, [found.id]) if keeps or me.id == found.asker_id else [],
        prints=prints_under(session, found.id),
        endings=access.endings(session, found),
        mine=found.asker_id == me.id,
        decides=_decides(me, found),
        papers=PAPERS,
    )


def _decides(me: Actor, found: AccessRequest) -> bool:
    """Whether the page offers the decision: to managers, and to deputies of others than the asker."""
    if me.role == Role.MANAGER:
        return True
    return found.asker_id != me.id and any(one != found.asker_id for one in decides_for(visit.look(), me))


@views.post("/<int:request_id>/approve")
@only(*OFFICE_ROLES)
def approve(request_id: int) -> ResponseReturnValue:
    """A manager or deputy approves."""
    with visit.act() as session:
        found = access.find_request(session, visit.actor(), request_id)
        access.approve(session, visit.actor(), found, visit.typed("reason"))
    flash(_("已批准，待档案员登记后生效。"), "success")
    return redirect(url_for("access.page", request_id=request_id))


@views.post("/<int:request_id>/refuse")
@only(*OFFICE_ROLES)
def refuse(request_id: int) -> ResponseReturnValue:
    """A manager or deputy refuses, with the reason."""
    with visit.act() as session:
        found = access.find_request(session, visit.actor(), request_id)
        access.refuse(session, visit.actor(), found, visit.typed("reason"))
    flash(_("已拒绝，原因已告知申请人。"), "info")
    return redirect(url_for("access.page", request_id=request_id))


@views.post("/<int:request_id>/register")
@only(*OFFICE_ROLES)
def register(request_id: int) -> ResponseReturnValue:
    """An archivist registers who came and what was shown; the grant begins."""
    with visit.act() as session:
        found = access.find_request(session, visit.actor(), request_id)
        access.register(session, visit.actor(), found, _visitor())
    flash(_("已登记，授权从现在起生效，至 {until}。").format(until=clock.local_time(found.ends_at)), "success")
    return redirect(url_for("access.page", request_id=request_id))


@views.post("/<int:request_id>/visit")
@only(*OFFICE_ROLES)
def came(request_id: int) -> ResponseReturnValue:
    """An archivist registers somebody else who came, or a later visit, under a grant in force."""
    with visit.act() as session:
        found = access.find_request(session, visit.actor(), request_id)
        add_visit(session, visit.actor(), found, _visitor())
    flash(_("已登记来人。"), "success")
    return redirect(url_for("access.page", request_id=request_id))


def _visitor() -> Visitor:
    number = visit.typed("paper_number")
    return Visitor(visit.typed("person"), f"{visit.typed('paper')} {number}".strip(), visit.typed("shown"))


@views.post("/<int:request_id>/return")
@only(*OFFICE_ROLES)
def give_back(request_id: int) -> ResponseReturnValue:
    """The grant ends: its asker is done."""
    with visit.act() as session:
        found = access.find_request(session, visit.actor(), request_id)
        access.give_back(session, visit.actor(), found)
    flash(_("已归还，授权结束。"), "success")
    return redirect(url_for("access.page", request_id=request_id))


@views.post("/<int:request_id>/revoke")
@only(*OFFICE_ROLES)
def revoke(request_id: int) -> ResponseReturnValue:
    """A manager or archivist ends a grant before its time, with the reason."""
    with visit.act() as session:
        found = access.find_request(session, visit.actor(), request_id)
        access.revoke(session, visit.actor(), found, visit.typed("reason"))
    flash(_("已撤销，授权立即结束。"), "info")
    return redirect(url_for("access.page", request_id=request_id))
