"""How a grant ends before its period: given back by its asker, revoked with a reason, or closed with its dossier."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from records import audit, clock
from records.access.requests import expect
from records.audit import Verb
from records.errors import BadInput
from records.tables import AccessRequest, AccessRequestDossier, Dossier
from records.users import Actor, Role

#: What can end: an approval that waits for its entry, and a grant in force.
ENDING_STATES = ("approved", "registered")


def give_back(session: Session, actor: Actor, request: AccessRequest) -> None:
    """End a grant 归还: the asker is done, or an archivist or manager takes the dossier back from them."""
    if actor.id != request.asker_id:
        actor.require("结束他人的查阅", Role.ARCHIVIST, Role.MANAGER)
    expect(request, ("registered",), "归还", "returned")
    request.state, request.returned_at, request.ended_by = "returned", clock.now(), actor.id
    audit.append(session, actor.id, Verb.ACCESS_RETURNED, f"request:{request.id}")


def revoke(session: Session, actor: Actor, request: AccessRequest, reason: str) -> None:
    """End an approval or grant at once 撤销, with the reason. Raises NotAllowed, BadInput, RequestNotReady."""
    actor.require("撤销查阅授权", Role.ARCHIVIST, Role.MANAGER)
    if not reason.strip():
        raise BadInput(what="撤销须写明原因")
    expect(request, ENDING_STATES, "撤销", "revoked")
    _revoke(request, actor.id, reason.strip())
    audit.append(session, actor.id, Verb.ACCESS_REVOKED, f"request:{request.id}")


def end_grants(session: Session, actor: Actor, dossier: Dossier, because: str) -> int:
    """End everything that opens a dossier, because it goes its own way (its owner changed, DA 4.2.3); how many ended.

    A request that names other dossiers too keeps opening those. Requests still to be decided stay with the manager,
    who sees on them that the dossier is closed. ``because`` is told to the asker; the log keeps ids alone.
    """
    moment = clock.now()
    query = (
        select(AccessRequestDossier)
        .join(AccessRequest, AccessRequest.id == AccessRequestDossier.request_id)
        .where(
            AccessRequestDossier.dossier_id == dossier.id,
            AccessRequestDossier.ended_at.is_(None),
            AccessRequest.state.in_(ENDING_STATES),
        )
    )
    links = list(session.scalars(query.order_by(AccessRequestDossier.request_id)))
    for link in links:
        link.ended_at, link.ended_because = moment, because.strip()
        session.flush()
        _revoke_when_empty(session, actor, link)
        details = {"request": link.request_id}
        audit.append(session, actor.id, Verb.ACCESS_ENDED, f"dossier:{dossier.id}", details)
    return len(links)


def endings(session: Session, request: AccessRequest) -> dict[int, AccessRequestDossier]:
    """Which of a request's dossiers it opens no longer, by dossier: when and because of what."""
    query = select(AccessRequestDossier).where(
        AccessRequestDossier.request_id == request.id, AccessRequestDossier.ended_at.is_not(None)
    )
    return {link.dossier_id: link for link in session.scalars(query)}


def _revoke_when_empty(session: Session, actor: Actor, link: AccessRequestDossier) -> None:
    """A request that opens nothing any more is over as a whole."""
    left = select(AccessRequestDossier.dossier_id).where(
        AccessRequestDossier.request_id == link.request_id, AccessRequestDossier.ended_at.is_(None)
    )
    if session.scalar(left.limit(1)) is None:
        _revoke(session.get_one(AccessRequest, link.request_id), actor.id, link.ended_because)


def _revoke(request: AccessRequest, actor_id: int, reason: str) -> None:
    request.state, request.returned_at = "revoked", clock.now()
    request.ended_by, request.end_reason = actor_id, reason
