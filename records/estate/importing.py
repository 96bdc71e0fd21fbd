"""Importing a table of units and owners: first every row's fate is told, then all of it happens, or nothing.

Importing again updates: a new phone or identity number goes into the history (DA 4.2.1). A change of owner never
happens silently: it is a transfer, and needs its date in the column 变更日期.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from records import audit, clock, dossiers, units
from records.audit import Verb
from records.dossiers import NewOwner
from records.estate import contact_numbers, people, transfers
from records.estate.import_rows import Line, checked_rows, mistake
from records.table_files import Mistake, Remark, TableHasMistakes, listed
from records.tables import Owner, Ownership, Unit
from records.users import Actor, Role
from records.vault import Vault

Progress = Callable[[int, int], None]
Kind = Literal["new", "changed", "transfer", "unchanged", "error"]
#: So many new units are added between two looks at the progress.
_AT_ONCE = 250
#: Who takes in a table of owners.
IMPORTERS = (Role.ARCHIVIST, Role.SUPERVISOR, Role.MANAGER)


@dataclass(frozen=True)
class Fate:
    """What becomes of a row: its number in the table, the unit, and what changes or is wrong.

    What is recorded already is never told: a table must not be a way of asking for it.
    """

    row: int
    kind: Kind
    unit: str
    notes: tuple[Remark, ...] = ()


@dataclass(frozen=True)
class Plan:
    """The fates of all rows in the table's order, the lines behind those that can be imported, and its digest."""

    name: str
    fates: tuple[Fate, ...]
    lines: Mapping[int, Line]
    mistakes: tuple[Mistake, ...]
    digest: str

    @property
    def counts(self) -> dict[str, int]:
        """How many rows have which fate."""
        found = Counter(fate.kind for fate in self.fates)
        return {kind: found[kind] for kind in ("new", "changed", "transfer", "unchanged", "error")}


@dataclass(frozen=True)
class Imported:
    """What an import did: units that are new, rows that changed something, transfers, rows known, rows left out."""

    added: int
    changed: int
    transferred: int
    known: int
    left_out: int


def plan(session: Session, actor: Actor, name: str, data: bytes) -> Plan:
    """What an import of this table would do with each row; changes nothing. Raises TableUnreadable, NotAllowed."""
    actor.require("导入单元与业主", *IMPORTERS)
    lines, mistakes = checked_rows(name, data)
    present = _present(session)
    found: list[tuple[Line, Kind, tuple[Remark, ...]]] = []
    for line in lines:
        kind, notes, more = _fate(session, line, present.get((line.estate, line.code)))
        found.append((line, kind, notes))
        mistakes += more
    wrong: dict[int, list[Mistake]] = {}
    for one in mistakes:
        wrong.setdefault(one.row, []).append(one)
    fates = [Fate(line.row, kind, line.code, notes) for line, kind, notes in found if line.row not in wrong]
    codes = {line.row: line.code for line in lines}
    fates += [Fate(row, "error", codes.get(row, ""), tuple(one.said for one in told)) for row, told in wrong.items()]
    good = {line.row: line for line in lines if line.row not in wrong}
    ordered = tuple(sorted(fates, key=lambda fate: fate.row))
    return Plan(name, ordered, good, tuple(sorted(mistakes, key=lambda one: one.row)), _digest(data, ordered))


def _digest(data: bytes, fates: Sequence[Fate]) -> str:
    """Over the table and every row's fate: when it is another, the records have changed since it was looked at."""
    told = "\n".join(f"{fate.row} {fate.kind} {'|'.join(note.zh for note in fate.notes)}" for fate in fates)
    return hashlib.sha256(data + told.encode()).hexdigest()


def import_units(
    session: Session,
    vault: Vault,
    actor: Actor,
    name: str,
    data: bytes,
    progress: Progress | None = None,
    *,
    keep_good: bool = False,
) -> Imported:
    """Import a table; the same table again changes nothing. ``keep_good``: rows with mistakes are left out.

    Raises, before anything is changed: TableUnreadable, TableHasMistakes (unless ``keep_good``), NotAllowed.
    """
    return carry_out(session, vault, actor, plan(session, actor, name, data), progress, keep_good=keep_good)


def carry_out(
    session: Session,
    vault: Vault,
    actor: Actor,
    planned: Plan,
    progress: Progress | None = None,
    *,
    keep_good: bool = False,
) -> Imported:
    """Do what a plan of this very transaction says. Raises TableHasMistakes unless ``keep_good``."""
    if planned.mistakes and not keep_good:
        raise TableHasMistakes(**listed(planned.mistakes))
    new = [planned.lines[fate.row] for fate in planned.fates if fate.kind == "new"]
    old = [fate for fate in planned.fates if fate.kind in ("changed", "transfer")]
    for start in range(0, len(new), _AT_ONCE):
        _add(session, vault, actor, new[start : start + _AT_ONCE])
        if progress:
            progress(min(start + _AT_ONCE, len(new)), len(new) + len(old))
    present = _present(session) if old else {}
    for done, fate in enumerate(old, start=1):
        line = planned.lines[fate.row]
        _change(session, vault, actor, planned.name, fate.kind, line, present[line.estate, line.code])
        if progress:
            progress(len(new) + done, len(new) + len(old))
    counts = planned.counts
    audit.append(session, actor.id, Verb.UNITS_IMPORTED, "estate", {**counts, "digest": planned.digest})
    return Imported(counts["new"], counts["changed"], counts["transfer"], counts["unchanged"], counts["error"])


def _present(session: Session) -> dict[tuple[str, str], Unit]:
    """The units that are there, with their ownerships and owners, in a handful of queries."""
    loaded = selectinload(Unit.ownerships)
    query = select(Unit).options(loaded.selectinload(Ownership.owners), loaded.selectinload(Ownership.dossier))
    return {(unit.estate, unit.code): unit for unit in session.scalars(query)}


def _current(unit: Unit) -> Ownership | None:
    return next((held for held in unit.ownerships if held.until_on is None), None)


def _fate(session: Session, line: Line, unit: Unit | None) -> tuple[Kind, tuple[Remark, ...], list[Mistake]]:
    if unit is None:
        return "new", (_introduced(line.owners),), []
    if unit.closed_on is not None:
        names = "、".join(one.code for one in units.successors(session, unit))
        zh = f"单元 {line.code} 已于 {unit.closed_on} 注销(合并或分割),现为 {names}"
        en = f"{line.code} was merged or split on {unit.closed_on}; now it is {names.replace('、', ', ')}"
        return "error", (), [mistake(line.row, "unit", zh, en)]
    held = _current(unit)
    if held is None:
        return _first_owner(line, unit)
    if not line.owners:
        return (
            "unchanged",
            (Remark("表中没有业主,已登记的业主不变", "no owner in the table; the recorded owners stay"),),
            [],
        )
    if sorted(owner.name for owner in held.owners) != sorted(owner.name for owner in line.owners):
        return _transfer(line, held)
    notes = [note for owner, new in _paired(held, line) for note in _differences(owner, new)]
    return ("changed" if notes else "unchanged"), (*notes, *_kept(line, held)), []


def _kept(line: Line, held: Ownership) -> list[Remark]:
    """The first day of an ownership is not changed by a table."""
    if line.since in (None, held.from_on):
        return []
    kept = Remark(f"起始日期与已登记的 {held.from_on} 不同,未改", f"the recorded first day {held.from_on} stays")
    return [kept]


def _introduced(owners: Sequence[NewOwner]) -> Remark:
    if not owners:
        return Remark("尚无业主", "no owner yet")
    zh = "、".join(one.name + ("(单位)" if _is_company(one) else "") for one in owners)
    en = ", ".join(one.name + (" (company)" if _is_company(one) else "") for one in owners)
    return Remark(f"业主:{zh}", f"{'owners' if len(owners) > 1 else 'owner'}: {en}")


def _is_company(owner: NewOwner) -> bool:
    return contact_numbers.kind_of(owner.name, owner.id_number) == contact_numbers.COMPANY


def _first_owner(line: Line, unit: Unit) -> tuple[Kind, tuple[Remark, ...], list[Mistake]]:
    if not line.owners:
        return "unchanged", (), []
    ended = max((held.until_on for held in unit.ownerships if held.until_on), default=None)
    if ended and line.since and line.since < ended:
        zh = f"{line.since} 早于上一产权期的终止日期 {ended}"
        en = f"{line.since} is before the end of the ownership before, {ended}"
        return "error", (), [mistake(line.row, "from-date", zh, en)]
    owners = _introduced(line.owners)
    return "changed", (Remark(f"登记{owners.zh}", f"recorded: {owners.en}"),), []


def _transfer(line: Line, held: Ownership) -> tuple[Kind, tuple[Remark, ...], list[Mistake]]:
    """A row with another owner is a change of owner: only with its date, and never within the present ownership."""
    if line.transfer_on is None:
        zh = f"单元 {line.code} 已登记,业主不同;业主变更须填「变更日期」列,或用 yedang owner change 办理"
        en = f"{line.code} has another owner on record; a change of owner needs transfer-date, or yedang owner change"
        return "error", (), [mistake(line.row, "owner", zh, en)]
    if line.transfer_on <= held.from_on:
        zh = f"{line.transfer_on} 须晚于现业主的起始日期 {held.from_on}"
        en = f"{line.transfer_on} must be after the present owner's first day, {held.from_on}"
        return "error", (), [mistake(line.row, "transfer-date", zh, en)]
    owners = _introduced(line.owners)
    zh = f"{line.transfer_on} 业主变更,新{owners.zh};原档案封存"
    return (
        "transfer",
        (Remark(zh, f"transfer on {line.transfer_on}, new {owners.en}; the former dossier is closed"),),
        [],
    )


def _paired(held: Ownership, line: Line) -> list[tuple[Owner, NewOwner]]:
    """The owners that are there beside those of the row, by name; of one name in their order."""
    left = list(held.owners)
    pairs = []
    for new in line.owners:
        owner = next(one for one in left if one.name == new.name)
        left.remove(owner)
        pairs.append((owner, new))
    return pairs


def _differences(owner: Owner, new: NewOwner) -> list[Remark]:
    """What a row changes of an owner; an empty cell changes nothing."""
    notes = []
    if new.phone and new.phone != owner.phone:
        zh, en = ("改为", "changed to") if owner.phone else ("补为", "added:")
        notes.append(Remark(f"{owner.name} 的电话{zh} {new.phone}", f"phone of {owner.name} {en} {new.phone}"))
    if new.id_number and new.id_number != owner.id_number:
        zh, en = ("更正", "corrected") if owner.id_number else ("补登", "added")
        notes.append(Remark(f"{owner.name} 的证件号{zh}", f"ID number of {owner.name} {en}"))
    return notes


def _add(session: Session, vault: Vault, actor: Actor, lines: Sequence[Line]) -> None:
    added = units.add_units(session, actor, [(line.estate, line.code) for line in lines])
    begun = [(unit, line, line.since or line.transfer_on) for unit, line in zip(added, lines, strict=True)]
    owned = [(unit, line.owners, begins) for unit, line, begins in begun if line.owners and begins]
    dossiers.start_first_ownerships(session, vault, actor, owned)


def _change(session: Session, vault: Vault, actor: Actor, name: str, kind: Kind, line: Line, unit: Unit) -> None:
    basis = line.reason or f"导入表 {name} 第 {line.row} 行"
    held = _current(unit)
    begins = line.since or line.transfer_on
    if held is None and begins:
        dossiers.start_ownership(session, vault, actor, unit, line.owners, begins)
    elif kind == "transfer" and line.transfer_on:
        transfers.transfer(session, vault, actor, unit, line.owners, line.transfer_on, basis)
    elif held is not None:
        _update(session, actor, held, line, basis)


def _update(session: Session, actor: Actor, held: Ownership, line: Line, basis: str) -> None:
    for owner, new in _paired(held, line):
        if new.phone:
            people.change_phone(session, actor, held.dossier, owner, new.phone, clock.today(), basis)
        if new.id_number:
            people.change_identity(session, actor, held.dossier, owner, new.id_number, clock.today(), basis)
