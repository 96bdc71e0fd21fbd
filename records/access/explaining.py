"""Explains, step by step, why somebody may or may not see into a dossier or document, now or at a past instant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from records import clock
from records.access.deciding import Decision, destroyed_at, may_see_document, may_see_dossier
from records.access.deputies import in_force
from records.access.states import Asked, asked_for, state_at
from records.errors import NotAllowed, NotFound
from records.tables import Document, Dossier, User
from records.users import OFFICE_ROLES, Actor, Role, as_actor

EXPLAINERS = (Role.ARCHIVIST, Role.MANAGER)
_MODES = {"screen": ("屏幕查阅", "on screen"), "print": ("水印打印", "print"), "loan": ("借出原件", "loan")}


@dataclass(frozen=True)
class Step:
    """One step of the reasoning: what was looked at, and whether it speaks for access (None: it only informs)."""

    key: str
    holds: bool | None
    zh: str
    en: str
    request_id: int | None = None


@dataclass(frozen=True)
class Explanation:
    """The answer for a person and a dossier or document at an instant, and the steps that lead to it, in order."""

    allowed: bool
    because: str
    because_en: str
    at: datetime
    steps: tuple[Step, ...]


def find_person(session: Session, actor: Actor, name: str) -> User:
    """The user of that name, also one who has left: oneself, or anybody for archivist and manager.

    Raises NotFound, and NotAllowed before looking, so that names cannot be tried out.
    """
    if name.strip() != actor.name and actor.role not in EXPLAINERS:
        raise NotAllowed(role=actor.role.zh, act="查看他人的查阅权限")
    user = session.scalar(select(User).where(User.name == name.strip()))
    if user is None:
        raise NotFound(what=f"用户 {name}")
    return user


def find_document(session: Session, actor: Actor, document_id: int, dossier: Dossier | None = None) -> Document:
    """A document to explain: for archivists, who know where papers lie, and for whoever may see it themselves.

    With a dossier it must lie in that one. Raises NotFound, alike for unknown and closed documents.
    """
    found = session.get(Document, document_id)
    if found is not None and dossier is not None and found.dossier_id != dossier.id:
        found = None
    if found is None or (actor.role != Role.ARCHIVIST and not may_see_document(session, actor, found).allowed):
        raise NotFound(what=f"文件 {document_id} / document {document_id}")
    return found


def explain(
    session: Session,
    person: User,
    dossier: Dossier | None,
    document: Document | None = None,
    at: datetime | None = None,
) -> Explanation:
    """Why yes or no for this person, for a dossier or for a document (of a dossier or of the office's own series)."""
    moment = at or clock.now()
    file = document.dossier if document is not None else dossier
    steps = [_person(person, moment)]
    if file is not None:
        steps.append(_dossier(session, file, moment))
    if document is not None:
        steps.append(_document(document, moment))
    if file is not None and person.role != Role.ADMIN:
        steps += _requests(session, person, file, moment)
        steps += _deciders(session, person, moment)
    decision = _decision(session, person, file, document, moment)
    return Explanation(decision.allowed, decision.because, decision.because_en, moment, tuple(steps))


def _decision(
    session: Session, person: User, dossier: Dossier | None, document: Document | None, moment: datetime
) -> Decision:
    if not person.active:
        return Decision(False, "此人已停用,不能登录", "the user is no longer active and cannot sign in")
    if moment < person.created_at:
        return Decision(False, "当时还没有此用户", "there was no such user then")
    if document is not None and moment < document.filed_at:
        return Decision(False, "当时此件还没有归档", "the document had not been filed then")
    actor = as_actor(person)
    if document is not None:
        return may_see_document(session, actor, document, moment)
    if dossier is None:
        raise NotFound(what="档案")
    return may_see_dossier(session, actor, dossier, moment)


def _person(person: User, moment: datetime) -> Step:
    role = Role(person.role)
    holds = person.active and person.created_at <= moment and role in OFFICE_ROLES
    state, state_en = ("在用", "active") if person.active else ("已停用", "no longer active")
    zh, en = f"{person.name}:{role.zh},{state}", f"{person.name}: {role.value}, {state_en}"
    if role == Role.ADMIN:
        zh, en = zh + ";系统管理不含档案内容的权限", en + "; administration gives no right to content"
    return Step("person", holds, zh, en)


def _dossier(session: Session, dossier: Dossier, moment: datetime) -> Step:
    gone = destroyed_at(session, dossier)
    if gone is not None and gone <= moment:
        when = clock.local_time(gone)
        return Step(
            "dossier", False, f"档案 {dossier.number} 已于 {when} 销毁", f"{dossier.number} was destroyed {when}"
        )
    if dossier.closed_on is not None and dossier.closed_on <= clock.local_date(moment):
        on = dossier.closed_on
        zh = f"档案 {dossier.number} 是原业主的(业主 {on} 变更),仍须单独授权"
        return Step("dossier", True, zh, f"{dossier.number} is a former owner's (since {on}); it needs its own grant")
    return Step("dossier", True, f"档案 {dossier.number} 在用", f"{dossier.number} is the present owner's")


def _document(document: Document, moment: datetime) -> Step:
    name = document.id
    if document.state == "destroyed":
        return Step("document", False, f"文件 {name} 已销毁", f"document {name} has been destroyed")
    if moment < document.filed_at:
        when = clock.local_time(document.filed_at)
        return Step("document", False, f"文件 {name} 于 {when} 才归档", f"document {name} was filed only {when}")
    if document.dossier is None:
        zh = f"文件 {name} 属于本部门业务记录,不在业主档案内:按岗位开放"
        return Step("document", True, zh, f"document {name} is of the office's own series: open by role")
    zh = f"文件 {name} 在档案 {document.dossier.number} 内:凭该档案的授权"
    return Step("document", True, zh, f"document {name} is in {document.dossier.number}: open by its grants")


def _requests(session: Session, person: User, dossier: Dossier, moment: datetime) -> list[Step]:
    """One step for each request that had been made by then, newest first."""
    asked = [one for one in asked_for(session, person.id, dossier.id) if state_at(one, moment) != "unasked"]
    if not asked:
        zh = f"{person.name}没有申请过查阅 {dossier.number}"
        return [Step("request", False, zh, f"{person.name} has not asked for {dossier.number}")]
    return [_request(session, one, moment) for one in asked]


def _request(session: Session, asked: Asked, moment: datetime) -> Step:
    request = asked.request
    history = list(_history(session, asked, moment))
    mode, mode_en = _MODES[request.mode]
    zh = f"申请 {request.id} 号({mode}):" + ",".join(zh for zh, _ in history)
    en = f"Request {request.id} ({mode_en}): " + ", ".join(en for _, en in history)
    return Step("request", state_at(asked, moment) == "live", zh, en, request.id)


def _history(session: Session, asked: Asked, moment: datetime) -> Iterator[tuple[str, str]]:
    """What had happened to a request by an instant, as clauses of a sentence."""
    request, state = asked.request, state_at(asked, moment)
    at = clock.local_time
    yield f"{at(request.asked_at)} 提出", f"asked {at(request.asked_at)}"
    if request.decided_at is None or moment < request.decided_at:
        yield "待经理批准", "waits for a manager"
        return
    mark, mark_en = _mark(session, asked)
    done, done_en = ("拒绝", "refused") if request.state == "refused" else ("批准", "approved")
    who = _name(session, request.decided_by)
    yield f"{at(request.decided_at)} {who}{mark}{done}", f"{done_en}{mark_en} by {who} {at(request.decided_at)}"
    if request.registered_at is not None and request.registered_at <= moment:
        who = _name(session, request.registered_by)
        yield f"{who}登记", f"registered by {who}"
        yield (
            f"有效期 {at(request.starts_at)} 至 {at(request.ends_at)}",
            f"{at(request.starts_at)} to {at(request.ends_at)}",
        )
    yield _ENDS[state] if state in _ENDS else _ended(asked)


_ENDS = {
    "refused": ("不能查阅", "closed"),
    "approved": ("待档案员登记", "waits for an archivist"),
    "early": ("尚未开始", "not yet begun"),
    "live": ("有效", "in force"),
    "over": ("已过期", "over"),
}


def _ended(asked: Asked) -> tuple[str, str]:
    request = asked.request
    if asked.ended_at is not None:
        when = clock.local_time(asked.ended_at)
        return f"{when} 对此档案终止({asked.ended_because})", f"ended for this dossier {when}"
    when = clock.local_time(request.returned_at) if request.returned_at else ""
    if request.state == "revoked":
        return f"{when} 撤销({request.end_reason})", f"revoked {when}"
    return f"{when} 归还", f"given back {when}"


def _mark(session: Session, asked: Asked) -> tuple[str, str]:
    if asked.request.self_approved:
        return "自批", " by themselves"
    if asked.request.deputy_for is not None:
        manager = _name(session, asked.request.deputy_for)
        return f"代{manager}", f" for {manager}"
    return "", ""


def _deciders(session: Session, person: User, moment: datetime) -> Iterator[Step]:
    """Who could say yes: managers other than the asker, and their deputies at that instant."""
    query = select(User).where(User.role == Role.MANAGER, User.active, User.id != person.id)
    managers = [user.name for user in session.scalars(query.order_by(User.id))]
    found = [one for one in in_force(session, moment) if person.id not in (one.manager_id, one.deputy_id)]
    deputies = [f"{one.deputy.name}(代{one.manager.name},至 {one.until_on})" for one in found]
    named = "、".join(managers + deputies)
    if named:
        yield Step("deciders", None, f"可以批准的人:{named}", f"who can approve: {named}")
    elif person.role == Role.MANAGER:
        yield Step("deciders", None, "没有其他经理,只能自批并标明", "no other manager: own approval, marked")


def _name(session: Session, user_id: int | None) -> str:
    user = session.get(User, user_id) if user_id is not None else None
    return user.name if user is not None else "—"
