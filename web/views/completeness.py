"""The whole estate's completeness at a glance: worst first, by building and life event, and as .xlsx."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from records import clock
from records.estate.completeness import Standing
from records.tables import Unit
from records.users import OFFICE_ROLES
from web import completeness, visit
from web.visit import only

views = Blueprint("completeness", __name__, url_prefix="/completeness")
PER_PAGE = 40
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@views.get("")
@only(*OFFICE_ROLES)
def listing() -> ResponseReturnValue:
    """All open dossiers, those that lack most first; of one building or event where asked."""
    session, office = visit.look(), visit.office()
    found = _found()
    pages = max(1, -(-len(found) // PER_PAGE))
    page = min(max(1, request.args.get("page", 1, type=int)), pages)
    by_building = select(Unit.building).where(Unit.closed_on.is_(None)).group_by(Unit.building)
    return render_template(
        "completeness.html",
        found=found[(page - 1) * PER_PAGE : page * PER_PAGE],
        total=len(found),
        whole=sum(not one.missing and not one.unsigned for one in found),
        missing=sum(len(one.missing) for one in found),
        unsigned=sum(len(one.unsigned) for one in found),
        page=page,
        pages=pages,
        events=office.life_events,
        catalogue=office.catalogue,
        buildings=list(session.scalars(by_building.order_by(func.length(Unit.building), Unit.building))),
        building=request.args.get("building", ""),
        event=request.args.get("event", ""),
    )


def _found() -> list[Standing]:
    building, event = request.args.get("building", ""), request.args.get("event", "")
    return completeness.standings(visit.look(), visit.office(), building=building, event=event)


@views.get("/list.xlsx")
@only(*OFFICE_ROLES)
def export() -> ResponseReturnValue:
    """The same list, in the same order and under the same filters, as a workbook; it names no owner."""
    answer = Response(completeness.workbook(visit.office().catalogue, _found()), mimetype=XLSX)
    name = f"completeness-{clock.today().isoformat()}.xlsx"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer
