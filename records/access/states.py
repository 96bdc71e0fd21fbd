"""The state of a request for one dossier at any instant: what the log of its steps says, then or now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from records.tables import AccessRequest, AccessRequestDossier

STATE_ZH = {
    "requested": "待批准",
    "approved": "待登记",
    "refused": "已拒绝",
    "registered": "已授权",
    "returned": "已归还",
    "revoked": "已撤销",
}


@dataclass(frozen=True)
class Asked:
    """A request and what became of it for one of the dossiers that it names."""

    request: AccessRequest
    ended_at: datetime | None
    ended_because: str = ""


def asked_for(session: Session, asker_id: int, dossier_id: int) -> list[Asked]:
    """What a person ever asked for of a dossier, newest first."""
    link = AccessRequestDossier
    query = (
        select(AccessRequest, link.ended_at, link.ended_because)
        .join(link, link.request_id == AccessRequest.id)
        .where(link.dossier_id == dossier_id, AccessRequest.asker_id == asker_id)
        .order_by(AccessRequest.id.desc())
    )
    return [Asked(request, ended, because) for request, ended, because in session.execute(query)]


def state_at(asked: Asked, moment: datetime) -> str:
    """The state at an instant: ``unasked``, a state of the request, or of its grant.

    A grant is ``early``, ``live``, ``over`` or ``ended``: for this dossier alone, while it may still open others.
    """
    request = asked.request
    if moment < request.asked_at:
        return "unasked"
    if request.returned_at is not None and request.returned_at <= moment:
        return "revoked" if request.state == "revoked" else "returned"
    if asked.ended_at is not None and asked.ended_at <= moment:
        return "ended"
    if request.registered_at is not None and request.registered_at <= moment:
        return "early" if moment < request.starts_at else "live" if moment < request.ends_at else "over"
    if request.decided_at is None or moment < request.decided_at:
        return "requested"
    return "refused" if request.state == "refused" else "approved"
