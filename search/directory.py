"""The register 业主名册: which unit, whose, by unit code, name or telephone; nothing of what a dossier contains."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, selectinload

from records import identifiers
from records.tables import Dossier, Owner, Ownership, Unit
from search.analysis import fold
from search.leaves import unit_beginning

#: Fewer digits of a telephone or identity number would list half the estate.
FEWEST_DIGITS = 4


@dataclass(frozen=True)
class UnitFound:
    """A unit with its present owners and their dossier (both empty for a unit not yet sold)."""

    unit: Unit
    owners: tuple[Owner, ...]
    dossier: Dossier | None


def find_units(session: Session, text: str, limit: int = 20) -> list[UnitFound]:
    """Units by code in any spelling or its beginning, by a fragment of a present owner's name, or of a telephone.

    A telephone or identity number needs four digits or more. ``estate/3-2-1201`` names the estate. For office roles
    only: the caller asks ``records.access``.
    """
    estate, _, wanted = fold(text).strip().rpartition("/")
    if identifiers.is_valid(fold(text).strip()):
        estate, wanted = "", fold(text).strip()
    if not wanted:
        return []
    query = (
        select(Unit, Ownership)
        .outerjoin(Ownership, (Ownership.unit_id == Unit.id) & Ownership.until_on.is_(None))
        .options(selectinload(Ownership.owners), selectinload(Ownership.dossier))
        .where(or_(*_conditions(wanted)))
        .order_by(Unit.estate, Unit.code)
        .limit(limit)
    )
    if estate:
        query = query.where(Unit.estate.icontains(estate, autoescape=True))
    rows = session.execute(query).all()
    return [UnitFound(unit, tuple(held.owners) if held else (), held.dossier if held else None) for unit, held in rows]


def _conditions(wanted: str) -> list[ColumnElement[bool]]:
    """The ways in which a unit can be meant."""
    named: list[ColumnElement[bool]] = [
        Ownership.owners.any(Owner.name.icontains(wanted, autoescape=True)),
        Unit.estate.icontains(wanted, autoescape=True),
    ]
    beginning = unit_beginning(wanted)
    if identifiers.is_valid(wanted):
        named.append(Unit.code == identifiers.validate(wanted))
    elif beginning:
        named.append(Unit.code.startswith(beginning, autoescape=True))
    digits = re.sub(r"[\s-]", "", wanted)
    if re.fullmatch(r"[0-9]{3,4}[a-z]?", digits):
        named.append(Unit.code.endswith("-" + digits.upper(), autoescape=True))
    if len(digits) >= FEWEST_DIGITS and re.fullmatch("[0-9]+x?", digits):
        named.append(Ownership.owners.any(Owner.phone.contains(digits, autoescape=True)))
        named.append(Ownership.owners.any(Owner.id_number.icontains(digits, autoescape=True)))
    return named
