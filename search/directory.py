"""The register 业主名册: which unit, whose, by code, name, sound, or telephone; nothing that a dossier holds."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session, selectinload

from records import clock, identifiers
from records.estate_tables import DossierPerson, UnitSuccession
from records.people import in_force
from records.tables import Dossier, Owner, Ownership, OwnershipOwner, Unit
from search.analysis import FEWEST_DIGITS, fold
from search.leaves import unit_beginning
from search.sounds import sounds_like

#: More owners of one sound are not told apart by it.
MOST_NAMESAKES = 500

_PRESENT = (
    select(Owner.id, Owner.name)
    .join(OwnershipOwner, OwnershipOwner.owner_id == Owner.id)
    .join(Ownership, Ownership.id == OwnershipOwner.ownership_id)
    .where(Ownership.until_on.is_(None))
    .order_by(Owner.id)
)


@dataclass(frozen=True)
class UnitFound:
    """A unit with its present owners and their dossier (both empty for a unit not yet sold)."""

    unit: Unit
    owners: tuple[Owner, ...]
    dossier: Dossier | None


def find_units(session: Session, text: str, limit: int = 20) -> list[UnitFound]:
    """Units by code in any spelling or its beginning, by a fragment of a present owner's name, or of a telephone.

    Somebody who may act for the present owner is a way to the unit too, by name or telephone; the code of a unit that
    was merged or split also leads to what it became. A name is also found by its pinyin (``zhangwei``, ``zw``), and in
    traditional characters. A telephone or identity number needs four digits or more. ``estate/3-2-1201`` names the
    estate. For office roles only: the caller asks ``records.access``.
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
        .where(or_(*_conditions(session, wanted)))
        .order_by(Unit.estate, Unit.code)
        .limit(limit)
    )
    if estate:
        query = query.where(Unit.estate.icontains(estate, autoescape=True))
    rows = session.execute(query).all()
    return [UnitFound(unit, tuple(held.owners) if held else (), held.dossier if held else None) for unit, held in rows]


def owners_called(session: Session, wanted: str, most: int = MOST_NAMESAKES) -> list[tuple[int, str]]:
    """Present owners, as (id, name), by a fragment of the name in either script, or by how it sounds.

    The names are read and compared here: no database knows pinyin, and an estate has some thousands of owners.
    """
    word = fold(wanted).strip()
    if not word:
        return []
    heard = re.sub(r"[\s']", "", word) if re.fullmatch(r"[a-z][a-z\s']+", word) else ""
    found: dict[int, str] = {}
    # A few at a time: a suggestion needs the first five.
    for owner_id, name in session.execute(_PRESENT.execution_options(yield_per=500)):
        folded = fold(name)
        if word in folded or (heard and sounds_like(folded, heard)):
            found[owner_id] = name
        if len(found) == most:
            break
    return list(found.items())


def present_names(session: Session) -> list[str]:
    """The names of all present owners, each once."""
    return list(dict.fromkeys(name for _, name in session.execute(_PRESENT)))


def _conditions(session: Session, wanted: str) -> list[ColumnElement[bool]]:
    """The ways in which a unit can be meant."""
    called = [] if wanted.isdecimal() else [owner_id for owner_id, _ in owners_called(session, wanted)]
    named: list[ColumnElement[bool]] = [
        Ownership.owners.any(Owner.id.in_(called)),
        Unit.estate.icontains(wanted, autoescape=True),
        _acted_for(DossierPerson.name.icontains(wanted, autoescape=True)),
    ]
    beginning = unit_beginning(wanted)
    if identifiers.is_valid(wanted):
        named.append(_is_or_took_place_of(identifiers.validate(wanted)))
    elif beginning:
        named.append(Unit.code.startswith(beginning, autoescape=True))
    digits = re.sub(r"[\s-]", "", wanted)
    if re.fullmatch(r"[0-9]{3,4}[a-z]?", digits):
        named.append(Unit.code.endswith("-" + digits.upper(), autoescape=True))
    if len(digits) >= FEWEST_DIGITS and re.fullmatch("[0-9]+x?", digits):
        named.append(Ownership.owners.any(Owner.phone.contains(digits, autoescape=True)))
        named.append(Ownership.owners.any(Owner.id_number.icontains(digits, autoescape=True)))
        named.append(_acted_for(DossierPerson.phone.contains(digits, autoescape=True)))
    return named


def _acted_for(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """The present owner has somebody who may act for them today and of whom this holds."""
    held = DossierPerson.dossier_id == Dossier.id
    query = exists().where(held, DossierPerson.authorised, in_force(clock.today()), condition)
    return Ownership.dossier.has(query & (Dossier.state == "open"))


def _is_or_took_place_of(code: str) -> ColumnElement[bool]:
    """The unit of that code, and those into which it was merged or split."""
    old = select(Unit.id).where(Unit.code == code, Unit.closed_on.is_not(None))
    return or_(Unit.code == code, Unit.id.in_(select(UnitSuccession.new_id).where(UnitSuccession.old_id.in_(old))))
