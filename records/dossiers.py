"""Owner dossiers 业主档案: one per ownership, opened with it, closed by the next; what each still lacks.

Handbook DA 4.1 (sections), DA 4.2.3 (a new dossier for the new owner, the former one set apart).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from records import access, audit, changes, clock, facts, identifiers
from records.audit import Verb
from records.errors import BadInput, NotFound
from records.estate import contact_numbers, people
from records.facts import FactKind
from records.tables import Document, Dossier, Key, Owner, Ownership, Unit
from records.users import OFFICE_ROLES, Actor
from records.vault import Vault


@dataclass(frozen=True)
class NewOwner:
    """An owner as entered at the desk: a person, or a company with its 统一社会信用代码 as ``id_number``."""

    name: str
    phone: str = ""
    id_number: str = ""


@dataclass(frozen=True)
class Expected:
    """A form that a complete dossier contains: its code, name and the section it belongs to."""

    form_code: str
    name: str
    section: str
    clause: str = ""


@dataclass(frozen=True)
class SectionContents:
    """One section of a dossier in the handbook's order: what is filed, and what is required and missing."""

    key: str
    name: str
    documents: tuple[Document, ...]
    missing: tuple[Expected, ...]


def start_ownership(
    session: Session, vault: Vault, actor: Actor, unit: Unit, owners: Sequence[NewOwner], on: date, reason: str = ""
) -> Dossier:
    """Begin a period of ownership and open its empty dossier; ends the previous period on the same date.

    The former dossier is closed, the grants on it end, and the fact ownership_changed, with the ``reason``, starts its
    clock (DA 4.2.3).
    Raises BadInput: no owner's name, a unit that is closed, a date in the future, or within another ownership.
    """
    actor.require("办理业主变更", *OFFICE_ROLES)
    if not owners or not all(owner.name.strip() for owner in owners):
        raise BadInput(what="业主姓名为空")
    if on > clock.today():
        raise BadInput(what=f"日期 {on} 在今天之后")
    if unit.closed_on is not None:
        raise BadInput(what=f"单元 {unit.code} 已于 {unit.closed_on} 注销")
    earlier = _ownerships_under(session, unit)
    for held in earlier:
        if held.unit_id == unit.id and held.dossier.state == "open":
            close_for_new_owner(session, actor, held.dossier, on, reason)
    ended = max((held.until_on for held in earlier if held.unit_id == unit.id and held.until_on), default=on)
    if on < ended:
        raise BadInput(what=f"日期 {on} 早于上一产权期的终止日期 {ended}")
    dossier = _open(session, vault.new_key(session, "dossier"), unit, owners, on, 1 + len(earlier))
    session.flush()
    _touch_owners(session, [dossier])
    audit.append(session, actor.id, Verb.DOSSIER_OPENED, f"dossier:{dossier.id}", {"unit": unit.code})
    return dossier


def start_first_ownerships(
    session: Session, vault: Vault, actor: Actor, beginnings: Sequence[tuple[Unit, Sequence[NewOwner], date]]
) -> list[Dossier]:
    """Begin the ownerships of many units that have had no owner yet, without asking the records for each.

    The caller has checked names and dates, as an import does.
    """
    actor.require("办理业主变更", *OFFICE_ROLES)
    known = select(Unit.code, func.count(Ownership.id)).join(Ownership, Ownership.unit_id == Unit.id)
    counts = {row[0]: row[1] for row in session.execute(known.group_by(Unit.code))}
    keys = vault.new_keys(session, "dossier", len(beginnings))
    opened = []
    for key, (unit, owners, on) in zip(keys, beginnings, strict=True):
        counts[unit.code] = counts.get(unit.code, 0) + 1
        opened.append(_open(session, key, unit, owners, on, counts[unit.code]))
    session.flush()
    _touch_owners(session, opened)
    for dossier in opened:
        details = {"unit": dossier.ownership.unit.code}
        audit.append(session, actor.id, Verb.DOSSIER_OPENED, f"dossier:{dossier.id}", details)
    return opened


def _open(session: Session, key: Key, unit: Unit, owners: Sequence[NewOwner], on: date, ordinal: int) -> Dossier:
    ownership = Ownership(unit=unit, from_on=on, owners=[_owner(one) for one in owners])
    number = identifiers.dossier_number(unit.code, ordinal)
    dossier = Dossier(number=number, ownership=ownership, key=key, opened_on=on, state="open")
    session.add_all([ownership, dossier])
    return dossier


def _owner(new: NewOwner) -> Owner:
    name, number = new.name.strip(), new.id_number.strip()
    return Owner(name=name, phone=new.phone.strip(), id_number=number, kind=contact_numbers.kind_of(name, number))


def _ownerships_under(session: Session, unit: Unit) -> list[Ownership]:
    """All ownerships under a unit's code: where two estates share a code, their dossiers are counted together."""
    query = select(Ownership).join(Unit).where(Unit.code == unit.code).options(joinedload(Ownership.dossier))
    return list(session.scalars(query.order_by(Ownership.id)))


def close_for_new_owner(session: Session, actor: Actor, dossier: Dossier, on: date, reason: str = "") -> None:
    """The owner changed: the dossier goes its own way at once; its grants end, its clock starts (DA 4.2.3)."""
    close(session, actor, dossier, on)
    audit.append(session, actor.id, Verb.OWNER_CHANGED, f"unit:{dossier.ownership.unit_id}", {"dossier": dossier.id})
    access.end_grants(session, actor, dossier, "业主已变更,授权随原档案封存而终止")
    facts.record_fact(session, actor, FactKind.OWNERSHIP_CHANGED, ("dossier", dossier.id), on, reason=reason.strip())


def close(session: Session, actor: Actor, dossier: Dossier, on: date) -> None:
    """The ownership ends on a day and its dossier is closed. Raises BadInput: not after the ownership began."""
    ownership = dossier.ownership
    if on <= ownership.from_on:
        raise BadInput(what=f"变更日期 {on} 须晚于现业主的起始日期 {ownership.from_on}")
    ownership.until_on = on
    dossier.state, dossier.closed_on = "closed", on
    audit.append(session, actor.id, Verb.DOSSIER_CLOSED, f"dossier:{dossier.id}", {"on": on.isoformat()})
    # What was current is former from now on: whoever may find it changes with it.
    _touch_owners(session, [dossier])
    changes.touch_register(session, "person", [one.id for one in people.people_of(session, dossier)])
    changes.touch(session, session.scalars(select(Document.id).where(Document.dossier_id == dossier.id)))


def current_dossier(session: Session, unit: Unit) -> Dossier | None:
    """The dossier of the unit's present owner, or None for a unit that has none yet."""
    query = select(Dossier).join(Ownership).where(Ownership.unit_id == unit.id, Dossier.state == "open")
    return session.scalar(query)


def dossiers_of(session: Session, unit: Unit) -> list[Dossier]:
    """All dossiers of a unit, oldest ownership first, destroyed ones included (their tombstones)."""
    return list(
        session.scalars(select(Dossier).join(Ownership).where(Ownership.unit_id == unit.id).order_by(Ownership.from_on))
    )


def find_dossier(session: Session, number: str) -> Dossier:
    """The dossier of a number 档号. Raises NotFound."""
    dossier = session.scalar(select(Dossier).where(Dossier.number == number.strip().upper()))
    if dossier is None:
        raise NotFound(what=f"档案 {number}")
    return dossier


def contents(
    session: Session, dossier: Dossier, sections: Sequence[tuple[str, str]], expected: Sequence[Expected]
) -> list[SectionContents]:
    """The dossier's sections (key, name) in the order given, with their filed documents and what is missing."""
    query = select(Document).where(Document.dossier_id == dossier.id, Document.state == "filed")
    filed = list(session.scalars(query.order_by(Document.dated, Document.id)))
    present = {document.form_code for document in filed}
    return [
        SectionContents(
            key=key,
            name=name,
            documents=tuple(document for document in filed if document.section == key),
            missing=tuple(e for e in expected if e.section == key and e.form_code not in present),
        )
        for key, name in sections
    ]


def _touch_owners(session: Session, found: Sequence[Dossier]) -> None:
    changes.touch_register(session, "owner", [owner.id for one in found for owner in one.ownership.owners])
