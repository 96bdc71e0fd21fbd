"""Units 单元: adding them and finding one by any spelling of its code."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from records import identifiers
from records.audit import Verb, append
from records.errors import NotFound, OfficeError
from records.tables import Unit
from records.users import Actor, Role


class UnitExists(OfficeError):
    """The unit is already there."""

    code = "unit.exists"
    zh = "单元已存在:{unit}。"
    en = "The unit {unit} is already there."


class UnitAmbiguous(OfficeError):
    """Two estates have a unit of this code."""

    code = "unit.ambiguous"
    zh = "{unit} 在多个小区中存在,请写明小区,例如 {example}。"
    en = "{unit} exists in several estates; name the estate, as in {example}."


def add_unit(session: Session, actor: Actor, estate: str, code: str) -> Unit:
    """Add a home. Raises BadUnitCode, UnitExists, NotAllowed."""
    actor.require("登记单元", Role.ARCHIVIST, Role.SUPERVISOR, Role.MANAGER, Role.ADMIN)
    clean = identifiers.validate(code)
    if session.scalar(select(Unit.id).where(Unit.estate == estate, Unit.code == clean)) is not None:
        raise UnitExists(unit=clean)
    unit = Unit(estate=estate, code=clean, building=identifiers.building_of(clean))
    session.add(unit)
    session.flush()
    append(session, actor.id, Verb.UNIT_ADDED, f"unit:{unit.id}", {"unit": clean})
    return unit


def find_unit(session: Session, text: str) -> Unit:
    """The unit that a clerk means: ``3-2-1201``, ``3栋2单元1201``, or ``estate/3-2-1201``.

    Raises BadUnitCode, NotFound, UnitAmbiguous.
    """
    estate, _, code = text.rpartition("/")
    clean = identifiers.validate(code)
    query = select(Unit).where(Unit.code == clean)
    if estate:
        query = query.where(Unit.estate == estate)
    found = session.scalars(query.order_by(Unit.estate)).all()
    if not found:
        raise NotFound(what=f"单元 {text}")
    if len(found) > 1:
        raise UnitAmbiguous(unit=clean, example=f"{found[0].estate}/{clean}")
    return found[0]
