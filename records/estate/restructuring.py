"""Merging 合并 and splitting 分割 units: old units close on a day, new ones begin, each old one says what became of it.

Dossiers stay with their ownership and are closed with their unit; the dossiers of the new units start empty. Where the
owners stay the same nothing of a former owner's clock starts: it is still their dossier (DA 4.4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from records import audit, clock, dossiers, units
from records.audit import Verb
from records.dossiers import NewOwner
from records.errors import BadInput
from records.estate import transfers
from records.estate.estate_tables import UnitSuccession
from records.tables import Dossier, Unit
from records.users import Actor, Role
from records.vault import Vault

#: Who changes what homes there are.
KEEPERS = (Role.ARCHIVIST, Role.SUPERVISOR, Role.MANAGER)


@dataclass(frozen=True)
class Restructured:
    """What came of it: the units that closed with their closed dossiers, the new units with their empty ones."""

    closed: tuple[Unit, ...]
    former: tuple[Dossier, ...]
    opened: tuple[Unit, ...]
    dossiers: tuple[Dossier, ...]


def restructure(
    session: Session,
    vault: Vault,
    actor: Actor,
    old: Sequence[Unit],
    new_codes: Sequence[str],
    on: date,
    owners: Sequence[NewOwner] = (),
) -> Restructured:
    """Merge several units into one, or split one into several. ``owners`` of the new units; by default the old ones'.

    Raises BadInput (neither a merge nor a split; different owners and none named; a day that cannot be), UnitExists
    (a code once used is not used again), BadUnitCode, NotAllowed.
    """
    actor.require("合并或分割单元", *KEEPERS)
    _check(old, new_codes, on)
    present = [dossier for unit in old if (dossier := dossiers.current_dossier(session, unit)) is not None]
    coming = [transfers.checked(owner) for owner in owners] or _same_owners(old, present)
    opened = [units.add_unit(session, actor, old[0].estate, code) for code in new_codes]
    for dossier in present:
        if _names(_owners_of(dossier)) == _names(coming):
            dossiers.close(session, actor, dossier, on)
        else:
            dossiers.close_for_new_owner(session, actor, dossier, on)
    session.flush()
    begun = [dossiers.start_ownership(session, vault, actor, unit, coming, on) for unit in opened if coming]
    for unit in old:
        _close_unit(session, actor, unit, opened, on)
    return Restructured(tuple(old), tuple(present), tuple(opened), tuple(begun))


def _check(old: Sequence[Unit], new_codes: Sequence[str], on: date) -> None:
    if not (len(old) > 1 and len(new_codes) == 1) and not (len(old) == 1 and len(new_codes) > 1):
        raise BadInput(what="合并是多个单元变为一个,分割是一个单元变为多个")
    if len({unit.id for unit in old}) < len(old) or len(set(new_codes)) < len(new_codes):
        raise BadInput(what="同一单元写了两次")
    if len({unit.estate for unit in old}) > 1:
        raise BadInput(what="各单元须属同一小区")
    if on > clock.today():
        raise BadInput(what=f"日期 {on} 在今天之后")
    for unit in old:
        if unit.closed_on is not None:
            raise BadInput(what=f"单元 {unit.code} 已于 {unit.closed_on} 注销")


def _same_owners(old: Sequence[Unit], present: Sequence[Dossier]) -> list[NewOwner]:
    """The owners that all the old units share. Raises BadInput where they differ, or some unit is not sold yet."""
    if not present:
        return []
    owners = [_owners_of(dossier) for dossier in present]
    if len(present) < len(old) or any(_names(one) != _names(owners[0]) for one in owners):
        raise BadInput(what="各单元的业主不同,请写明新单元的业主")
    return owners[0]


def _owners_of(dossier: Dossier) -> list[NewOwner]:
    return [NewOwner(one.name, one.phone, one.id_number) for one in dossier.ownership.owners]


def _names(owners: Sequence[NewOwner]) -> list[tuple[str, str]]:
    return sorted((owner.name, owner.id_number) for owner in owners)


def _close_unit(session: Session, actor: Actor, unit: Unit, opened: Sequence[Unit], on: date) -> None:
    unit.closed_on = on
    moment = clock.now()
    session.add_all(
        UnitSuccession(old_id=unit.id, new_id=new.id, on=on, recorded_at=moment, recorded_by=actor.id) for new in opened
    )
    session.flush()
    details = {"on": on.isoformat(), "units": [new.code for new in opened]}
    audit.append(session, actor.id, Verb.UNIT_CLOSED, f"unit:{unit.id}", details)
