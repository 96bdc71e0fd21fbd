"""Owners' particulars and the people of a home: what changes is kept as history until the dossier is destroyed.

Handbook DA 4.2.1 (a change of contact is recorded in the dossier), FX 4.3.1 (family registered with the owner), RZ
4.5.1d (agents). The log tells that something changed, never what.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session

from records import audit, changes, clock
from records.audit import Verb
from records.errors import BadInput, NotFound, OfficeError
from records.estate import contact_numbers
from records.estate.estate_tables import Arrears, BoundaryDocument, DossierPerson, FollowUp, ParticularChange
from records.tables import Document, Dossier, Owner
from records.users import OFFICE_ROLES, Actor

#: What kinds of people a dossier knows beside its owners.
KINDS: Mapping[str, str] = {"family": "家庭成员", "tenant": "租户", "agent": "受托人"}
_ACT = "登记业主信息变更"


class DossierNotOpen(OfficeError):
    """Nothing more changes in a former owner's dossier."""

    code = "dossier.not_open"
    zh = "档案 {number} 已关闭,不再登记变化。"
    en = "Dossier {number} is closed; nothing in it changes any more."


@dataclass(frozen=True)
class NewPerson:
    """Somebody of a home as entered at the desk; ``kind``: family, tenant, agent. A period open at either end."""

    kind: str
    name: str
    relation: str = ""
    phone: str = ""
    id_number: str = ""
    authorised: bool = False
    from_on: date | None = None
    until_on: date | None = None


def change_phone(
    session: Session, actor: Actor, dossier: Dossier, owner: Owner, phone: str, on: date, basis: str = ""
) -> ParticularChange | None:
    """A new telephone number of an owner; the old one stays in the history. None where it is the same already.

    Raises BadPhone, BadInput (a date in the future), DossierNotOpen, NotAllowed.
    """
    return _change_owner(session, actor, dossier, owner, "phone", contact_numbers.phone(phone), on, basis)


def change_identity(
    session: Session, actor: Actor, dossier: Dossier, owner: Owner, number: str, on: date, basis: str = ""
) -> ParticularChange | None:
    """A new or corrected identity number of an owner. Raises as ``change_phone``, and BadIdentity."""
    clean = contact_numbers.identity(number)
    owner.kind = clean.kind
    return _change_owner(session, actor, dossier, owner, "id_number", clean.number, on, basis)


def _change_owner(
    session: Session, actor: Actor, dossier: Dossier, owner: Owner, what: str, new: str, on: date, basis: str
) -> ParticularChange | None:
    _check(actor, dossier, on)
    old: str = getattr(owner, what)
    if old == new:
        return None
    setattr(owner, what, new)
    # Documents are found by their owners' numbers: the index follows.
    changes.touch(session, session.scalars(select(Document.id).where(Document.dossier_id == dossier.id)))
    return _record(session, actor, dossier, what, owner.name, old, new, on, basis)


def add_person(
    session: Session, actor: Actor, dossier: Dossier, person: NewPerson, on: date, basis: str = ""
) -> DossierPerson:
    """Register a family member, tenant or agent. Raises BadInput, BadPhone, BadIdentity, DossierNotOpen, NotAllowed."""
    _check(actor, dossier, on)
    if person.kind not in KINDS:
        raise BadInput(what=f"人员类别 {person.kind}(可选:{'、'.join(KINDS)})")
    if not person.name.strip():
        raise BadInput(what="姓名为空")
    if person.from_on and person.until_on and person.until_on < person.from_on:
        raise BadInput(what=f"授权期止 {person.until_on} 早于期起 {person.from_on}")
    row = DossierPerson(
        dossier_id=dossier.id,
        kind=person.kind,
        name=person.name.strip(),
        relation=person.relation.strip(),
        phone=contact_numbers.phone(person.phone) if person.phone.strip() else "",
        id_number=contact_numbers.identity(person.id_number).number if person.id_number.strip() else "",
        authorised=person.authorised,
        from_on=person.from_on,
        until_on=person.until_on,
    )
    session.add(row)
    session.flush()
    changes.touch_register(session, "person", [row.id])
    _record(session, actor, dossier, "person_added", row.name, "", KINDS[row.kind], on, basis)
    return row


def end_person(
    session: Session, actor: Actor, dossier: Dossier, name: str, on: date, basis: str = ""
) -> list[DossierPerson]:
    """Somebody of that very name is no longer of the home, or no longer authorised, after this day.

    The name is typed, so that whoever keeps the register need not see into the dossier. Raises NotFound, BadInput.
    """
    _check(actor, dossier, on)
    query = select(DossierPerson).where(DossierPerson.dossier_id == dossier.id, in_force(on))
    found = list(session.scalars(query.where(DossierPerson.name == name.strip()).order_by(DossierPerson.id)))
    if not found:
        raise NotFound(what=f"登记人员「{name.strip()}」(须与登记的姓名一致)")
    for row in found:
        row.until_on = on
        _record(session, actor, dossier, "person_ended", row.name, KINDS[row.kind], "", on, basis)
    return found


def _check(actor: Actor, dossier: Dossier, on: date) -> None:
    actor.require(_ACT, *OFFICE_ROLES)
    if dossier.state != "open":
        raise DossierNotOpen(number=dossier.number)
    if on > clock.today():
        raise BadInput(what=f"日期 {on} 在今天之后")


def _record(
    session: Session, actor: Actor, dossier: Dossier, what: str, whose: str, old: str, new: str, on: date, basis: str
) -> ParticularChange:
    row = ParticularChange(
        dossier_id=dossier.id,
        what=what,
        whose=whose,
        old=old,
        new=new,
        on=on,
        basis=basis.strip(),
        recorded_at=clock.now(),
        recorded_by=actor.id,
    )
    session.add(row)
    session.flush()
    audit.append(session, actor.id, Verb.PARTICULARS_CHANGED, f"dossier:{dossier.id}", {"what": what, "change": row.id})
    return row


def in_force(on: date) -> ColumnElement[bool]:
    """The people whose period covers a day."""
    begun = or_(DossierPerson.from_on.is_(None), DossierPerson.from_on <= on)
    return begun & or_(DossierPerson.until_on.is_(None), DossierPerson.until_on >= on)


def people_of(session: Session, dossier: Dossier) -> list[DossierPerson]:
    """Everybody registered in a dossier beside its owners, those whose period is over included."""
    query = select(DossierPerson).where(DossierPerson.dossier_id == dossier.id)
    return list(session.scalars(query.order_by(DossierPerson.until_on.is_not(None), DossierPerson.id)))


def may_act_for(session: Session, dossier: Dossier, on: date) -> list[DossierPerson]:
    """Who may act for the owner on a day."""
    return [one for one in people_of(session, dossier) if one.authorised and _covers(one, on)]


def _covers(person: DossierPerson, on: date) -> bool:
    return (person.from_on is None or person.from_on <= on) and (person.until_on is None or person.until_on >= on)


def history(session: Session, dossier: Dossier) -> list[ParticularChange]:
    """Every change of particulars recorded in a dossier, the newest first."""
    query = select(ParticularChange).where(ParticularChange.dossier_id == dossier.id)
    return list(session.scalars(query.order_by(ParticularChange.on.desc(), ParticularChange.id.desc())))


def forget(session: Session, dossier_id: int) -> dict[str, int]:
    """Erase what is known of a dossier's people beside its documents; counts of what went, by kind."""
    counts = {}
    changes.touch_register(
        session, "person", session.scalars(select(DossierPerson.id).where(DossierPerson.dossier_id == dossier_id))
    )
    tables = (
        ("people", DossierPerson),
        ("changes", ParticularChange),
        ("follow_ups", FollowUp),
        ("arrears", Arrears),
    )
    for name, table in tables:
        rows = list(session.scalars(select(table).where(table.dossier_id == dossier_id)))
        for row in rows:
            session.delete(row)
        counts[name] = len(rows)
    session.flush()
    session.execute(delete(BoundaryDocument).where(BoundaryDocument.former_id == dossier_id))
    session.execute(delete(BoundaryDocument).where(BoundaryDocument.present_id == dossier_id))
    return {name: count for name, count in counts.items() if count}
