"""The register 业主名册: which unit, whose, by code, name, sound, or telephone; nothing that a dossier holds."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, selectinload

from records import clock, identifiers
from records.estate.estate_tables import DossierPerson, UnitSuccession
from records.estate.people import in_force
from records.tables import Dossier, Owner, Ownership, OwnershipOwner, Unit
from search import names
from search.analysis import FEWEST_DIGITS, fold
from search.leaves import unit_keys

#: More units of one name are not told apart by it.
MOST_NAMESAKES = 500
#: Fewer digits are no whole telephone number.
_WHOLE_NUMBER = 7


@dataclass(frozen=True)
class UnitFound:
    """A unit with its present owners and their dossier (both empty for a unit not yet sold)."""

    unit: Unit
    owners: tuple[Owner, ...]
    dossier: Dossier | None


def find_units(session: Session, text: str, limit: int = 20, *, open_to: Collection[int] = ()) -> list[UnitFound]:
    """Units that somebody may mean, with their present owners; see ``units_meant``."""
    meant = units_meant(session, text, open_to)
    if meant is None:
        return []
    query = (
        select(Unit, Ownership)
        .outerjoin(Ownership, (Ownership.unit_id == Unit.id) & Ownership.until_on.is_(None))
        .options(selectinload(Ownership.owners), selectinload(Ownership.dossier))
        .where(meant)
        .order_by(Unit.estate, Unit.code)
        .limit(limit)
    )
    rows = session.execute(query).all()
    return [UnitFound(unit, tuple(held.owners) if held else (), held.dossier if held else None) for unit, held in rows]


def units_meant(session: Session, text: str, open_to: Collection[int] = ()) -> ColumnElement[bool] | None:
    """The condition on units that somebody may mean; None where the text says nothing. For office roles only.

    By code in any spelling or its beginning, by a fragment of a present owner's name or of somebody's who may act for
    them today, in either script or by pinyin (``zhangwei``, ``zw``), or by a whole telephone or identity number. The
    code of a unit that was merged or split also leads to what it became. ``estate/3-2-1201`` names the estate.

    ``open_to``: dossiers that the asker has a grant for. Of these alone the household (family, tenants) is a way too,
    and a fragment of four digits or more: who has no grant is told no number, and must not guess one by its parts.
    """
    estate, _, wanted = fold(text).strip().rpartition("/")
    if identifiers.is_valid(fold(text).strip()):
        estate, wanted = "", fold(text).strip()
    if not wanted:
        return None
    meant = or_(
        Unit.id.in_(_coded(session, wanted)),
        Unit.id.in_(_called(session, wanted, open_to)),
        Unit.id.in_(_numbered(session, wanted, open_to)),
        Unit.estate.icontains(wanted, autoescape=True),
    )
    return meant & Unit.estate.icontains(estate, autoescape=True) if estate else meant


def _coded(session: Session, wanted: str) -> list[int]:
    """Units by their code: whole, its beginning, its end."""
    if identifiers.is_valid(wanted):
        code = identifiers.validate(wanted)
        return list(session.scalars(select(Unit.id).where(_is_or_took_place_of(code))))
    return [unit_id for start in unit_keys(wanted) for unit_id, _ in names.units_called(session, start)]


def _called(session: Session, wanted: str, open_to: Collection[int]) -> list[int]:
    """Units by a name of the people who belong there now."""
    if wanted.isdecimal():
        return []
    owners = [owner_id for owner_id, _ in names.owners_called(session, wanted, MOST_NAMESAKES)]
    persons = [dossier_id for dossier_id, _ in names.persons_called(session, wanted, MOST_NAMESAKES, open_to)]
    held = _held_now().outerjoin(OwnershipOwner, OwnershipOwner.ownership_id == Ownership.id)
    return list(session.scalars(held.where(or_(OwnershipOwner.owner_id.in_(owners), Dossier.id.in_(persons)))))


def _numbered(session: Session, wanted: str, open_to: Collection[int]) -> list[int]:
    """Units by a telephone or identity number of who belongs there now: whole for all, a fragment under a grant."""
    digits = re.sub(r"[\s-]", "", wanted)
    if len(digits) < FEWEST_DIGITS or not re.fullmatch("[0-9]+x?", digits):
        return []
    ways: list[ColumnElement[bool]] = []
    ways += [_has_number(digits, whole=False) & Dossier.id.in_(open_to)] if open_to else []
    ways += [_has_number(digits, whole=True)] if len(digits) >= _WHOLE_NUMBER else []
    if not ways:
        return []
    return list(session.scalars(_held_now().where(or_(*ways)).limit(MOST_NAMESAKES)))


def _has_number(digits: str, *, whole: bool) -> ColumnElement[bool]:
    owners: list[ColumnElement[bool]] = []
    persons: list[ColumnElement[bool]] = []
    for table, ways in ((Owner, owners), (DossierPerson, persons)):
        for column in (table.phone, table.id_number):
            plain = func.replace(column, "-", "")
            at_its_end = column.endswith("-" + digits, autoescape=True)
            ways.append(or_(plain == digits.upper(), at_its_end) if whole else plain.icontains(digits, autoescape=True))
    owned = select(OwnershipOwner.ownership_id).join(Owner, Owner.id == OwnershipOwner.owner_id).where(or_(*owners))
    acting = DossierPerson.authorised & in_force(clock.today())
    registered = select(DossierPerson.dossier_id).where(or_(*persons), *([acting] if whole else []))
    return or_(Ownership.id.in_(owned), Dossier.id.in_(registered))


def _held_now() -> Select[int]:
    return (
        select(Ownership.unit_id)
        .join(Dossier, Dossier.ownership_id == Ownership.id)
        .where(Ownership.until_on.is_(None), Dossier.state == "open")
    )


def _is_or_took_place_of(code: str) -> ColumnElement[bool]:
    """The unit of that code, and those into which it was merged or split."""
    old = select(Unit.id).where(Unit.code == code, Unit.closed_on.is_not(None))
    return or_(Unit.code == code, Unit.id.in_(select(UnitSuccession.new_id).where(UnitSuccession.old_id.in_(old))))
