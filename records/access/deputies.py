"""Deputies 代批: a manager names who decides on access for them, from one day to another.

A deputy never decides on their own request, nor on one of the manager they stand in for: nobody approves for
themselves, not through another's hand either.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from records import audit, clock
from records.access.access_tables import Deputy
from records.audit import Verb
from records.errors import BadInput, NotAllowed, NotFound, OfficeError
from records.tables import AccessRequest, User
from records.users import Actor, Role

LONGEST = timedelta(days=90)
#: Who can stand in for a manager.
ROLES = (Role.SUPERVISOR, Role.MANAGER)


class DeputyOfAsker(OfficeError):
    """Who stands in for a manager does not decide on that manager's own request."""

    code = "access.deputy_of_asker"
    zh = "代批人不能审批委托人本人的申请,请由另一位经理批准。"
    en = "A deputy does not decide on the request of the manager they stand in for."


def name_deputy(
    session: Session, actor: Actor, deputy: User, from_on: date, until_on: date, reason: str = ""
) -> Deputy:
    """A manager names a deputy, from the first to the last day. Raises NotAllowed, BadInput."""
    actor.require("指定代批人", Role.MANAGER)
    if deputy.id == actor.id:
        raise BadInput(what="代批人不能是自己")
    if deputy.role not in ROLES or not deputy.active:
        raise BadInput(what=f"{deputy.name}不能代批(须为在用的主管或经理)")
    if not from_on <= until_on < from_on + LONGEST:
        raise BadInput(what=f"代批期限须为 1 至 {LONGEST.days} 天,起始日在前")
    if until_on < clock.today():
        raise BadInput(what="代批期限在今天之前")
    row = Deputy(
        manager_id=actor.id,
        deputy_id=deputy.id,
        from_on=from_on,
        until_on=until_on,
        reason=reason.strip(),
        named_at=clock.now(),
    )
    session.add(row)
    session.flush()
    details = {"deputy": deputy.id, "from": from_on.isoformat(), "until": until_on.isoformat()}
    audit.append(session, actor.id, Verb.DEPUTY_NAMED, f"deputy:{row.id}", details)
    return row


def end_deputy(session: Session, actor: Actor, deputy_id: int) -> Deputy:
    """End a deputy's time early: by whoever named them, or any manager. Raises NotAllowed, NotFound, BadInput."""
    actor.require("结束代批", Role.MANAGER)
    row = session.get(Deputy, deputy_id)
    if row is None:
        raise NotFound(what=f"代批 {deputy_id}")
    if row.ended_at is not None or row.until_on < clock.today():
        raise BadInput(what=f"代批 {deputy_id} 已经结束")
    row.ended_at = clock.now()
    audit.append(session, actor.id, Verb.DEPUTY_ENDED, f"deputy:{row.id}")
    return row


def list_deputies(session: Session, actor: Actor) -> list[Deputy]:
    """Deputies, newest first: all for managers, archivists and supervisors. Raises NotAllowed."""
    actor.require("查看代批人", Role.MANAGER, Role.SUPERVISOR, Role.ARCHIVIST)
    return list(session.scalars(select(Deputy).order_by(Deputy.id.desc())))


def in_force(session: Session, at: datetime | None = None) -> list[Deputy]:
    """The deputies who may decide at an instant (default: now): manager and deputy both in the office and in role."""
    moment = at or clock.now()
    day = clock.local_date(moment)
    query = select(Deputy).where(
        Deputy.from_on <= day,
        Deputy.until_on >= day,
        Deputy.named_at <= moment,
        or_(Deputy.ended_at.is_(None), Deputy.ended_at > moment),
    )
    return [row for row in session.scalars(query.order_by(Deputy.id)) if _stands(row)]


def _stands(row: Deputy) -> bool:
    manager, deputy = row.manager, row.deputy
    return manager.active and manager.role == Role.MANAGER and deputy.active and deputy.role in ROLES


def decides_for(session: Session, actor: Actor, at: datetime | None = None) -> list[int]:
    """The ids of the managers for whom the actor may decide at an instant (default: now)."""
    return [row.manager_id for row in in_force(session, at) if row.deputy_id == actor.id]


def authority(session: Session, actor: Actor, request: AccessRequest) -> int | None:
    """In whose right the actor decides on a request: None in their own as a manager, or the manager they stand in for.

    Raises NotAllowed (neither), DeputyOfAsker (only for the asker).
    """
    if actor.role == Role.MANAGER:
        return None
    managers = decides_for(session, actor)
    if not managers:
        raise NotAllowed(role=actor.role.zh, act="审批查阅申请")
    others = [manager for manager in managers if manager != request.asker_id]
    if not others:
        raise DeputyOfAsker()
    return others[0]
