"""Units 单元: the list, one unit with its dossiers, and the change of its owner.

Office roles know who owns a home now (the desk needs it to serve them). Former owners are told by their period alone.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import Select, false, func, select
from sqlalchemy.orm import joinedload

from records import access, clock, dossiers, facts
from records import units as unit_records
from records.dossiers import NewOwner
from records.errors import NotFound
from records.estate import transfers
from records.facts import FactKind
from records.tables import Dossier, Ownership, Unit
from records.users import OFFICE_ROLES
from search.directory import units_meant
from web import completeness, visit
from web.visit import only

views = Blueprint("units", __name__, url_prefix="/units")
PER_PAGE = 40
#: How many owners the form for a change of owner takes.
MOST_OWNERS = 4


@views.get("/")
@only(*OFFICE_ROLES)
def listing() -> ResponseReturnValue:
    """All units, by building, or those that what was typed may mean; a closed one by its code."""
    session, text, building = visit.look(), request.args.get("q", "").strip(), request.args.get("building", "")
    found = _matching(text, building)
    total = session.scalar(select(func.count()).select_from(found.subquery())) or 0
    pages = max(1, -(-total // PER_PAGE))
    page = min(max(1, request.args.get("page", 1, type=int)), pages)
    query = found.order_by(Unit.estate, func.length(Unit.building), Unit.building, func.length(Unit.code), Unit.code)
    units = list(session.scalars(query.limit(PER_PAGE).offset((page - 1) * PER_PAGE)))
    current = _current_dossiers([unit.id for unit in units])
    lacking = completeness.lacking(session, visit.office(), [dossier.id for dossier in current.values()])
    by_building = select(Unit.building).group_by(Unit.building).order_by(func.length(Unit.building), Unit.building)
    return render_template(
        "units.html", units=units, current=current, lacking=lacking, total=total, page=page, pages=pages,
        buildings=list(session.scalars(by_building)), text=text, building=building,
        successors={unit.id: unit_records.successors(session, unit) for unit in units if unit.closed_on},
    )  # fmt: skip


def _matching(text: str, building: str) -> Select[Unit]:
    query = select(Unit)
    if building:
        query = query.where(Unit.building == building)
    if not text:
        return query.where(Unit.closed_on.is_(None))
    meant = units_meant(visit.look(), text, access.open_dossiers(visit.look(), visit.actor()))
    return query.where(meant if meant is not None else false())


def _current_dossiers(unit_ids: list[int]) -> dict[int, Dossier]:
    query = (
        select(Dossier)
        .join(Ownership)
        .where(Ownership.unit_id.in_(unit_ids), Dossier.state == "open")
        .options(joinedload(Dossier.ownership).selectinload(Ownership.owners))
    )
    return {dossier.ownership.unit_id: dossier for dossier in visit.look().scalars(query)}


@views.get("/<int:unit_id>")
@only(*OFFICE_ROLES)
def page(unit_id: int) -> ResponseReturnValue:
    """One unit: its present owner and all its dossiers, of which only what one may know; what became of it."""
    session = visit.look()
    unit = _unit(session.get(Unit, unit_id), unit_id)
    found = dossiers.dossiers_of(session, unit)[::-1]
    decisions = {dossier.id: access.may_see_dossier(session, visit.actor(), dossier) for dossier in found}
    lacking = completeness.lacking(session, visit.office(), [dossier.id for dossier in found])
    forms = [form for form in visit.office().catalogue.forms if form.unit and form.mode not in ("report", "roster")]
    return render_template(
        "unit.html", unit=unit, dossiers=found, decisions=decisions, lacking=lacking, forms=forms, today=clock.today(),
        successors=unit_records.successors(session, unit), predecessors=unit_records.predecessors(session, unit),
        most_owners=MOST_OWNERS, closed_with_unit=_closed_with_unit(unit, found),
    )  # fmt: skip


def _closed_with_unit(unit: Unit, found: list[Dossier]) -> set[int]:
    """The dossiers that were closed because the unit was, and not because its owner changed."""
    changed = {fact.subject_id for fact in facts.facts_about(visit.look(), "dossier", [one.id for one in found])
               if fact.kind == FactKind.OWNERSHIP_CHANGED}  # fmt: skip
    return {one.id for one in found if unit.closed_on and one.closed_on == unit.closed_on} - changed


def _unit(unit: Unit | None, unit_id: int) -> Unit:
    if unit is None:
        raise NotFound(what=f"单元 {unit_id}")
    return unit


@views.post("/<int:unit_id>/owner")
@only(*OFFICE_ROLES)
def change_owner(unit_id: int) -> ResponseReturnValue:
    """A new owner: the former dossier is closed with its grants, a new empty one opened (DA 4.2.3)."""
    on, reason = clock.parse_date(visit.typed("on")), visit.typed("reason")
    with visit.act() as session:
        unit = _unit(session.get(Unit, unit_id), unit_id)
        done = transfers.transfer(session, visit.office().vault, visit.actor(), unit, _owners(), on, reason)
    told = _("已开立新档案 {number}；原档案已另置，授权随之终止，自变更之日起计算保管期限。")
    flash(told.format(number=done.present.number), "success")
    if done.waiting:
        late = _("变更日以后归入原档案的 {count} 份文件待档案员决定归属。")
        flash(late.format(count=len(done.waiting)), "warning")
    return redirect(url_for("units.page", unit_id=unit_id))


def _owners() -> list[NewOwner]:
    """The owners typed in: the first is needed, of the others those that have a name."""
    suffixes = ["", *(f"_{number}" for number in range(2, MOST_OWNERS + 1))]
    typed = [
        NewOwner(*(visit.typed(field + suffix) for field in ("name", "phone", "id_number"))) for suffix in suffixes
    ]
    return [owner for place, owner in enumerate(typed) if place == 0 or owner.name]
