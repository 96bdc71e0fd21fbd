"""Requests for access 查阅申请: asked with a purpose and a period, decided by a manager, registered by an archivist."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from records import audit, clock
from records.access.deputies import authority, decides_for
from records.access.states import STATE_ZH
from records.access.visits import Visitor, add_visit
from records.audit import Verb
from records.errors import BadInput, NotFound, OfficeError
from records.tables import AccessRequest, Dossier, User
from records.users import OFFICE_ROLES, Actor, Role

LONGEST_GRANT = timedelta(days=30)
#: On screen, printed with marks, or the originals lent out.
MODES = ("screen", "print", "loan")


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


class OwnRegistration(OfficeError):
    """Nobody registers their own request while another archivist is there, nor one that they decided."""

    code = "access.own_registration"
    zh = "申请人和审批人不能登记此申请,请由另一位档案员登记。"
    en = "Neither who asked nor who decided registers a request; ask another archivist."


class PeriodOver(OfficeError):
    """The days that were asked for have passed before the request was registered."""

    code = "access.period_over"
    zh = "申请 {request} 的查阅期限已过({until}),请重新申请。"
    en = "The period of request {request} is over ({until}); ask again."


def request_access(
    session: Session,
    actor: Actor,
    dossiers: Sequence[Dossier],
    purpose: str,
    days: int = 1,
    mode: str = "screen",
    *,
    period: tuple[date, date] | None = None,
) -> AccessRequest:
    """Ask to see dossiers 查阅申请, for a purpose, for a period of local days or a number of days from registering.

    ``period``: first and last day, both included. Raises BadInput, NotAllowed.
    """
    actor.require("申请查阅档案", *OFFICE_ROLES)
    if not purpose.strip():
        raise BadInput(what="查阅事由为空")
    if not dossiers:
        raise BadInput(what="没有选择档案")
    if mode not in MODES:
        raise BadInput(what=f"查阅方式 {mode}(可选:{'、'.join(MODES)})")
    asked = clock.now()
    starts, ends = _days(period) if period else (asked, asked + timedelta(days=days))
    if not timedelta(0) < ends - starts <= LONGEST_GRANT:
        raise BadInput(what=f"查阅期限须为 1 至 {LONGEST_GRANT.days} 天")
    if ends <= asked:
        raise BadInput(what="查阅期限在今天之前")
    request = AccessRequest(
        asker_id=actor.id,
        purpose=purpose.strip(),
        mode=mode,
        starts_at=starts,
        ends_at=ends,
        dated=period is not None,
        asked_at=asked,
        dossiers=list(dossiers),
        state="requested",
    )
    session.add(request)
    session.flush()
    details = {
        "dossiers": [dossier.id for dossier in dossiers],
        "days": -(-(ends - starts) // timedelta(days=1)),
        "mode": mode,
    }
    audit.append(session, actor.id, Verb.ACCESS_REQUESTED, f"request:{request.id}", details)
    return request


def _days(period: tuple[date, date]) -> tuple[datetime, datetime]:
    """From the first day's beginning to the last day's end, in the office's time."""
    first, last = (datetime.combine(day, time(), clock.OFFICE_ZONE) for day in period)
    return first, last + timedelta(days=1, seconds=-1)


def approve(session: Session, actor: Actor, request: AccessRequest, reason: str = "") -> None:
    """A manager or a manager's deputy approves. Marked 代批 when a deputy does.

    One's own request only where there is no other manager; it is then marked 自批.
    Raises NotAllowed, OwnRequest, RequestNotReady.
    """
    _decide(session, actor, request, "approved", reason)
    details = {"self_approved": request.self_approved, "deputy_for": request.deputy_for}
    audit.append(session, actor.id, Verb.ACCESS_APPROVED, f"request:{request.id}", details)


def refuse(session: Session, actor: Actor, request: AccessRequest, reason: str) -> None:
    """A manager or deputy refuses, with a reason. Raises NotAllowed, OwnRequest, RequestNotReady, BadInput."""
    if not reason.strip():
        raise BadInput(what="拒绝须写明原因")
    _decide(session, actor, request, "refused", reason)
    details = {"deputy_for": request.deputy_for}
    audit.append(session, actor.id, Verb.ACCESS_REFUSED, f"request:{request.id}", details)


def _decide(session: Session, actor: Actor, request: AccessRequest, state: str, reason: str) -> None:
    deputy_for = authority(session, actor, request)
    expect(request, ("requested",), "审批", "decided")
    if request.asker_id == actor.id:
        if deputy_for is not None or _another(session, actor, Role.MANAGER):
            raise OwnRequest()
        request.self_approved = True
    request.state, request.decision_reason = state, reason.strip()
    request.decided_by, request.decided_at, request.deputy_for = actor.id, clock.now(), deputy_for


def register(session: Session, actor: Actor, request: AccessRequest, visitor: Visitor | None = None) -> None:
    """An archivist registers an approved request 登记 and who came for it; from now the grant is live.

    ``visitor`` None: the asker came in person and is known. A request for named days is live on those days only,
    otherwise for its number of days from now.
    Raises NotAllowed, RequestNotReady, OwnRegistration, PeriodOver, BadInput.
    """
    actor.require("登记查阅", Role.ARCHIVIST)
    expect(request, ("approved",), "登记", "registered")
    asked_oneself = request.asker_id == actor.id and _another(session, actor, Role.ARCHIVIST)
    if asked_oneself or request.decided_by == actor.id:
        raise OwnRegistration()
    came = (visitor or Visitor.asker(request)).checked()
    moment = clock.now()
    if request.dated:
        if request.ends_at <= moment:
            raise PeriodOver(request=request.id, until=clock.local_time(request.ends_at))
    else:
        request.starts_at, request.ends_at = moment, moment + (request.ends_at - request.starts_at)
    request.state, request.registered_by, request.registered_at = "registered", actor.id, moment
    audit.append(session, actor.id, Verb.ACCESS_REGISTERED, f"request:{request.id}")
    add_visit(session, actor, request, came)


def _another(session: Session, actor: Actor, role: Role) -> bool:
    others = select(User.id).where(User.role == role, User.active, User.id != actor.id)
    return session.scalar(others.limit(1)) is not None


def expect(request: AccessRequest, states: Sequence[str], step: str, step_en: str) -> None:
    """Raise RequestNotReady unless the request is in one of these states; ``step`` names what was tried."""
    if request.state not in states:
        raise RequestNotReady(
            request=request.id, state=STATE_ZH[request.state], state_en=request.state, step=step, step_en=step_en
        )


def find_request(session: Session, actor: Actor, request_id: int) -> AccessRequest:
    """A request that the actor may know of: their own, or any for whoever keeps requests. Raises NotFound."""
    keeps = keeps_requests(session, actor)  # asked first and always: what it costs tells nothing of the request
    request = session.get(AccessRequest, request_id)
    if request is None or (request.asker_id != actor.id and not keeps):
        raise NotFound(what=f"查阅申请 {request_id}")
    return request


def keeps_requests(session: Session, actor: Actor) -> bool:
    """Whether everybody's requests are the actor's work: archivists, managers, and deputies while they are."""
    return actor.role in (Role.ARCHIVIST, Role.MANAGER) or bool(decides_for(session, actor))


def list_requests(session: Session, actor: Actor) -> list[AccessRequest]:
    """The requests that the actor may know of, newest first."""
    query = select(AccessRequest).order_by(AccessRequest.id.desc())
    if not keeps_requests(session, actor):
        query = query.where(AccessRequest.asker_id == actor.id)
    return list(session.scalars(query))
