"""Units 单元: adding them and finding one by any spelling of its code."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from records import changes, identifiers
from records.audit import Verb, append
from records.errors import NotFound, OfficeError
from records.estate.estate_tables import UnitSuccession
from records.tables import Unit
from records.users import Actor, Role

_KEEPERS = (Role.ARCHIVIST, Role.SUPERVISOR, Role.MANAGER, Role.ADMIN)


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


class UnitClosed(OfficeError):
    """The unit is no home of its own any more: it was merged or split."""

    code = "unit.closed"
    zh = "{unit} 已于 {on} 注销(合并或分割),现为 {successors}。"
    en = "{unit} was closed on {on} (merged or split); it is {successors} now."


def add_unit(session: Session, actor: Actor, estate: str, code: str) -> Unit:
    """Add a home. Raises BadUnitCode, UnitExists, NotAllowed."""
    actor.require("登记单元", *_KEEPERS)
    clean = identifiers.validate(code)
    if session.scalar(select(Unit.id).where(Unit.estate == estate, Unit.code == clean)) is not None:
        raise UnitExists(unit=clean)
    unit = Unit(estate=estate, code=clean, building=identifiers.building_of(clean))
    session.add(unit)
    session.flush()
    changes.touch_register(session, "unit", [unit.id])
    append(session, actor.id, Verb.UNIT_ADDED, f"unit:{unit.id}", {"unit": clean})
    return unit


def add_units(session: Session, actor: Actor, places: Sequence[tuple[str, str]]) -> list[Unit]:
    """Add many homes, as (estate, code), whose codes the caller has found free. Raises BadUnitCode, NotAllowed."""
    actor.require("登记单元", *_KEEPERS)
    added = [Unit(estate=estate, code=code, building=identifiers.building_of(code)) for estate, code in places]
    session.add_all(added)
    session.flush()
    changes.touch_register(session, "unit", [unit.id for unit in added])
    for unit in added:
        append(session, actor.id, Verb.UNIT_ADDED, f"unit:{unit.id}", {"unit": unit.code})
    return added


def find_unit(session: Session, text: str, *, closed: bool = False) -> Unit:
    """The unit that a clerk means: ``3-2-1201``, ``3栋2单元1201``, or ``estate/3-2-1201``.

    ``closed``: one that was merged or split is meant too. Raises BadUnitCode, NotFound, UnitAmbiguous, UnitClosed
    (which names the units that took its place).
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
    unit = found[0]
    if unit.closed_on is not None and not closed:
        names = "、".join(one.code for one in successors(session, unit))
        raise UnitClosed(unit=unit.code, on=unit.closed_on, successors=names)
    return unit


def successors(session: Session, unit: Unit) -> list[Unit]:
    """The living units that took the place of one that was merged or split, however many steps ago."""
    query = select(Unit).join(UnitSuccession, UnitSuccession.new_id == Unit.id)
    found: dict[int, Unit] = {}
    for one in session.scalars(query.where(UnitSuccession.old_id == unit.id).order_by(Unit.code)):
        for living in successors(session, one) if one.closed_on else [one]:
            found[living.id] = living
    return list(found.values())


def predecessors(session: Session, unit: Unit) -> list[Unit]:
    """The units out of which this one was made, directly."""
    query = select(Unit).join(UnitSuccession, UnitSuccession.old_id == Unit.id)
    return list(session.scalars(query.where(UnitSuccession.new_id == unit.id).order_by(Unit.code)))
