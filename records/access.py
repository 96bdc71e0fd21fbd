"""Who may see what, and because of what: the one place where access is decided.

Handbook DA 4.3: a dossier is opened only with the manager's approval, after an archivist has registered it.
Every decision carries its because; callers show it and log it, and nobody decides by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from records import audit, clock
from records.audit import Verb
from records.errors import BadInput, NotFound, OfficeError
from records.tables import AccessRequest, AccessRequestDossier, Document, Dossier, User
from records.users import OFFICE_ROLES, Actor, Role

LONGEST_GRANT = timedelta(days=30)


class ContentClosed(OfficeError):
    """Content that the asker may not see now."""

    code = "access.closed"
    zh = "不能查阅:{because}。"
    en = "Not open to you: {because_en}."


class RequestNotReady(OfficeError):
    """The request is not in the state that this step needs."""

    code = "access.request_state"
    zh = "申请 {request} 目前的状态是「{state}」,不能{step}。"
    en = "Request {request} is {state_en}; it cannot be {step_en} now."


class OwnRequest(OfficeError):
    """Nobody decides on their own request while another manager is there."""

    code = "access.own_request"
    zh = "不能批准自己的查阅申请,请由另一位经理批准。"
    en = "Nobody approves their own request; ask another manager."


STATE_ZH = {
    "requested": "待批准",
    "approved": "待登记",
    "refused": "已拒绝",
    "registered": "已授权",
    "returned": "已归还",
}


@dataclass(frozen=True)
class Decision:
    """Yes or no with its because. ``grant_id`` is the request that opens the dossier, where there is one."""

    allowed: bool
    because: str
    because_en: str
    grant_id: int | None = None


def may_see_dossier(session: Session, actor: Actor, dossier: Dossier, at: datetime | None = None) -> Decision:
    """Whether the actor may see into a dossier at this instant (default: now), and because of what."""
    moment = at or clock.now()
    if actor.role == Role.ADMIN:
        return Decision(False, "系统管理不含档案内容的权限", "administration gives no right to content")
    if dossier.state == "destroyed":
        return Decision(False, "档案已销毁", "the dossier has been destroyed")
    grants = _requests_for(session, actor, dossier)
    live = [grant for grant in grants if _is_live(grant, moment)]
    if live:
        grant = live[0]
        until = clock.local_time(grant.ends_at)
        return Decision(True, f"查阅授权 {grant.id} 号,至 {until}", f"grant {grant.id}, until {until}", grant.id)
    if not grants:
        return Decision(False, "没有查阅授权,请先提出查阅申请", "no grant: ask for access first")
    latest = grants[0]
    if latest.state == "registered":
        return Decision(False, f"查阅授权 {latest.id} 号不在有效期内", f"grant {latest.id} is not in force now")
    zh = f"申请 {latest.id} 号{STATE_ZH[latest.state]}"
    return Decision(False, zh, f"request {latest.id} is {latest.state}")


def may_see_document(session: Session, actor: Actor, document: Document, at: datetime | None = None) -> Decision:
    """Whether the actor may see a document: by grant in a dossier, by role in the office's own series."""
    if document.state == "destroyed":
        return Decision(False, "此件已销毁", "it has been destroyed")
    if document.dossier is not None:
        return may_see_dossier(session, actor, document.dossier, at)
    if actor.role in OFFICE_ROLES:
        return Decision(True, f"{actor.role.zh}可查阅本部门业务记录", "office roles work with the office's own records")
    return Decision(False, "系统管理不含档案内容的权限", "administration gives no right to content")


def _requests_for(session: Session, actor: Actor, dossier: Dossier) -> list[AccessRequest]:
    query = (
        select(AccessRequest)
        .join(AccessRequestDossier, AccessRequestDossier.request_id == AccessRequest.id)
        .where(AccessRequestDossier.dossier_id == dossier.id, AccessRequest.asker_id == actor.id)
        .order_by(AccessRequest.id.desc())
    )
    return list(session.scalars(query))


def _is_live(grant: AccessRequest, moment: datetime) -> bool:
    return grant.state == "registered" and grant.starts_at <= moment < grant.ends_at


def open_dossiers(session: Session, actor: Actor, at: datetime | None = None) -> list[int]:
    """The ids of all dossiers that are open to the actor now (for search: permission is part of the query)."""
    moment = at or clock.now()
    if actor.role == Role.ADMIN:
        return []
    query = (
        select(AccessRequestDossier.dossier_id)
        .join(AccessRequest, AccessRequest.id == AccessRequestDossier.request_id)
        .join(Dossier, Dossier.id == AccessRequestDossier.dossier_id)
        .where(
            AccessRequest.asker_id == actor.id,
            AccessRequest.state == "registered",
            AccessRequest.starts_at <= moment,
            AccessRequest.ends_at > moment,
            Dossier.state != "destroyed",
        )
        .distinct()
        .order_by(AccessRequestDossier.dossier_id)
    )
    return list(session.scalars(query))


def sees_series(actor: Actor) -> bool:
    """Whether the actor may see the office's own series (everything outside owner dossiers)."""
    return actor.role in OFFICE_ROLES


def request_access(
    session: Session, actor: Actor, dossiers: Sequence[Dossier], purpose: str, days: int = 1, mode: str = "screen"
) -> AccessRequest:
    """Ask to see dossiers 查阅申请, for a purpose and a number of days from now. Raises BadInput, NotAllowed."""
    actor.require("申请查阅档案", *OFFICE_ROLES)
    if not purpose.strip():
        raise BadInput(what="查阅事由为空")
    if not dossiers:
        raise BadInput(what="没有选择档案")
    if not 1 <= days <= LONGEST_GRANT.days:
        raise BadInput(what=f"查阅期限须为 1 至 {LONGEST_GRANT.days} 天")
    if mode not in {"screen", "print", "loan"}:
        raise BadInput(what=f"查阅方式 {mode}(可选:screen、print、loan)")
    asked = clock.now()
    request = AccessRequest(
        asker_id=actor.id,
        purpose=purpose.strip(),
        mode=mode,
        starts_at=asked,
        ends_at=asked + timedelta(days=days),
        asked_at=asked,
        dossiers=list(dossiers),
        state="requested",
    )
    session.add(request)
    session.flush()
    details = {"dossiers": [dossier.id for dossier in dossiers], "days": days, "mode": mode}
    audit.append(session, actor.id, Verb.ACCESS_REQUESTED, f"request:{request.id}", details)
    return request


def approve(session: Session, actor: Actor, request: AccessRequest, reason: str = "") -> None:
    """A manager approves. One's own request only where there is no other manager; it is then marked 自批.

    Raises NotAllowed, OwnRequest, RequestNotReady.
    """
    _decide(session, actor, request, "approved", reason)
    audit.append(
        session, actor.id, Verb.ACCESS_APPROVED, f"request:{request.id}", {"self_approved": request.self_approved}
    )


def refuse(session: Session, actor: Actor, request: AccessRequest, reason: str) -> None:
    """A manager refuses, with a reason. Raises NotAllowed, OwnRequest, RequestNotReady, BadInput."""
    if not reason.strip():
        raise BadInput(what="拒绝须写明原因")
    _decide(session, actor, request, "refused", reason)
    audit.append(session, actor.id, Verb.ACCESS_REFUSED, f"request:{request.id}")


def _decide(session: Session, actor: Actor, request: AccessRequest, state: str, reason: str) -> None:
    actor.require("审批查阅申请", Role.MANAGER)
    _expect(request, "requested", "审批", "decided")
    if request.asker_id == actor.id:
        others = select(User.id).where(User.role == Role.MANAGER, User.active, User.id != actor.id)
        if session.scalar(others) is not None:
            raise OwnRequest()
        request.self_approved = True
    request.state, request.decision_reason = state, reason.strip()
    request.decided_by, request.decided_at = actor.id, clock.now()


def register(session: Session, actor: Actor, request: AccessRequest) -> None:
    """An archivist registers an approved request 登记; from now the grant is live for the days asked for."""
    actor.require("登记查阅", Role.ARCHIVIST)
    _expect(request, "approved", "登记", "registered")
    moment = clock.now()
    request.ends_at = moment + (request.ends_at - request.starts_at)
    request.starts_at = moment
    request.state, request.registered_by, request.registered_at = "registered", actor.id, moment
    audit.append(session, actor.id, Verb.ACCESS_REGISTERED, f"request:{request.id}")


def give_back(session: Session, actor: Actor, request: AccessRequest) -> None:
    """End a grant 归还: the asker is done, or an archivist or manager ends it early."""
    if actor.id != request.asker_id:
        actor.require("结束他人的查阅", Role.ARCHIVIST, Role.MANAGER)
    _expect(request, "registered", "归还", "returned")
    request.state, request.returned_at = "returned", clock.now()
    audit.append(session, actor.id, Verb.ACCESS_RETURNED, f"request:{request.id}")


def _expect(request: AccessRequest, state: str, step: str, step_en: str) -> None:
    if request.state != state:
        raise RequestNotReady(
            request=request.id, state=STATE_ZH[request.state], state_en=request.state, step=step, step_en=step_en
        )


def find_request(session: Session, actor: Actor, request_id: int) -> AccessRequest:
    """A request that the actor may know of: their own, or any for an archivist or manager. Raises NotFound."""
    request = session.get(AccessRequest, request_id)
    if request is None or (request.asker_id != actor.id and actor.role not in {Role.ARCHIVIST, Role.MANAGER}):
        raise NotFound(what=f"查阅申请 {request_id}")
    return request


def list_requests(session: Session, actor: Actor) -> list[AccessRequest]:
    """The requests that the actor may know of, newest first."""
    query = select(AccessRequest).order_by(AccessRequest.id.desc())
    if actor.role not in {Role.ARCHIVIST, Role.MANAGER}:
        query = query.where(AccessRequest.asker_id == actor.id)
    return list(session.scalars(query))


def log_shown(session: Session, actor: Actor, document: Document, position: int, decision: Decision) -> None:
    """Log that a page was shown, or that it was refused. Every page, every time."""
    verb = Verb.PAGE_SHOWN if decision.allowed else Verb.PAGE_REFUSED
    details = {"page": position, "grant": decision.grant_id, "dossier": document.dossier_id}
    audit.append(session, actor.id, verb, f"document:{document.id}", details)
