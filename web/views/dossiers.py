"""Dossiers 业主档案: what one may know of them. Titles and content only under a grant; what is missing, for the office.

Without a grant an open dossier tells its number, owner, and which required forms are still missing, for that is the
office's work; a former owner's dossier tells only that it exists.
"""

from __future__ import annotations

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from records import access, clock, dossiers
from records.errors import NotFound
from records.estate import follow_ups
from records.users import OFFICE_ROLES
from web import completeness, visit
from web.acts.dossiers.dossier_look import filed_states, people_of
from web.acts.dossiers.dossier_paper import KINDS, print_paper
from web.acts.paper.whereabouts import whereabouts
from web.visit import only

views = Blueprint("dossiers", __name__, url_prefix="/dossiers")


@views.get("/<number>")
@only(*OFFICE_ROLES)
def page(number: str) -> ResponseReturnValue:
    """One dossier: its sections in the handbook's order, what is missing, and why it is open or closed to the asker."""
    session, office = visit.look(), visit.office()
    dossier = dossiers.find_dossier(session, number)
    decision = access.may_see_dossier(session, visit.actor(), dossier)
    standing = next(iter(completeness.standings(session, office, dossier_ids=[dossier.id])), None)
    missing = completeness.expected(office.catalogue, standing.events if standing else ())
    if decision.allowed:
        with visit.act() as acting:
            access.log_dossier(acting, visit.actor(), dossier, decision)
    shown = decision.allowed or dossier.state == "open"
    sections = completeness.sections(office.catalogue)
    contents = dossiers.contents(session, dossier, sections, missing) if shown else []
    known = people_of(session, dossier, decision)
    return render_template(
        "dossier.html",
        dossier=dossier,
        paper=whereabouts(session, visit.actor(), dossier),
        unit=dossier.ownership.unit,
        decision=decision,
        contents=contents,
        lacking=len(missing),
        standing=standing,
        catalogue=office.catalogue,
        filed=filed_states(session, office.catalogue, dossier, contents) if decision.allowed else {},
        owners=known.owners,
        persons=known.persons,
        acting=known.acting,
        history=known.history,
        staff=visit.people(),
        owing=follow_ups.owing(session, dossier) if dossier.state == "open" else None,
        today=clock.today(),
    )


@views.post("/<number>/paper/<kind>")
@only(*OFFICE_ROLES)
def paper(number: str, kind: str) -> ResponseReturnValue:
    """A paper of the dossier as PDF: its cover, contents list, note sheet or labels; logged."""
    if kind not in KINDS:
        raise NotFound(what=kind)
    with visit.act() as session:
        dossier = dossiers.find_dossier(session, number)
        data = print_paper(session, visit.office(), visit.actor(), dossier, kind)
    answer = Response(data, mimetype="application/pdf")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{dossier.number}-{kind}.pdf")
    return answer
