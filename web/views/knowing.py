"""Why access is open or closed to somebody, and who has looked into a dossier: the questions about access itself."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from records import clock, dossiers
from records.access import knowing
from records.access.explaining import EXPLAINERS, Explanation, explain, find_document, find_person
from records.errors import NotFound
from records.users import OFFICE_ROLES
from web import visit
from web.acts.access.right_to_know import as_csv, report
from web.acts.access.right_to_know_paper import as_pdf
from web.acts.dossiers.dossier_reading import find_dossier
from web.acts.instants import parse_instant
from web.visit import only

views = Blueprint("knowing", __name__, url_prefix="/access")


@views.get("/explain")
@only(*OFFICE_ROLES)
def why() -> ResponseReturnValue:
    """Why somebody may or may not see a dossier or document; now, or at an instant."""
    me = visit.actor()
    asked = {name: request.args.get(name, "").strip() for name in ("person", "dossier", "document", "at")}
    person = asked["person"] or me.name
    wanted = asked["dossier"] or asked["document"]
    found = _explained(person, asked["dossier"], asked["document"], asked["at"]) if wanted else None
    return render_template("access_explain.html", asked=asked, person=person, found=found, others=me.role in EXPLAINERS)


def _explained(person: str, dossier: str, document: str, at: str) -> Explanation:
    session = visit.look()
    user = find_person(session, visit.actor(), person)
    instant: datetime | None = parse_instant(at) if at else None
    file = find_dossier(session, dossier) if dossier else None
    one = find_document(session, visit.actor(), _id(document), file) if document else None
    return explain(session, user, file, one, instant)


def _id(text: str) -> int:
    return int(text) if text.isdigit() and len(text) < 10 else 0


@views.get("/report/<number>")
@only(*knowing.KNOWERS)
def told(number: str) -> ResponseReturnValue:
    """Everyone who saw a dossier; that this was shown is logged."""
    with visit.act() as session:
        found = report(session, visit.actor(), dossiers.find_dossier(session, number), "page")
        return render_template("access_report.html", report=found, dossier=found.dossier)


@views.post("/report/<number>/<form>")
@only(*knowing.KNOWERS)
def file(number: str, form: str) -> ResponseReturnValue:
    """The report as a file, pdf or csv; logged."""
    if form not in ("pdf", "csv"):
        raise NotFound(what=form)
    office = visit.office().settings.office
    with visit.act() as session:
        found = report(session, visit.actor(), dossiers.find_dossier(session, number), form)
        data = as_pdf(found, office) if form == "pdf" else as_csv(found)
    answer = Response(data, mimetype="application/pdf" if form == "pdf" else "text/csv")
    name = f"{number}-access-{clock.local_date(found.made_at)}.{form}"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer
