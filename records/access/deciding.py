"""Decisions: may somebody see a dossier or document at an instant, print it, take it out; and because of what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from records import audit, clock
from records.access.states import STATE_ZH, Asked, asked_for, state_at
from records.audit import Verb
from records.errors import OfficeError
from records.tables import AccessRequest, AccessRequestDossier, AuditEntry, Document, Dossier
from records.users import OFFICE_ROLES, Actor, Role


class ContentClosed(OfficeError):
    """Content that the asker may not see now."""

    code = "access.closed"
    zh = "不能查阅:{because}。"
    en = "Not open to you: {because_en}."


@dataclass(frozen=True)
class Decision:
    """Yes or no with its because. ``grant_id`` is the request that opens the dossier, where there is one."""

    allowed: bool
    because: str
    because_en: str
    grant_id: int | None = None


_NO_CONTENT = Decision(False, "系统管理不含档案内容的权限", "administration gives no right to content")


def may_see_dossier(
    session: Session, actor: Actor, dossier: Dossier, at: datetime | None = None, *, mode: str | None = None
) -> Decision:
    """Whether the actor may see into a dossier at this instant (default: now), and because of what.

    ``mode``: only a grant of this kind (print, loan) counts.
    """
    moment = at or clock.now()
    if actor.role == Role.ADMIN:
        return _NO_CONTENT
    if dossier.state == "destroyed" and not _still_there(session, dossier, at):
        return Decision(False, "档案已销毁", "the dossier has been destroyed")
    asked = asked_for(session, actor.id, dossier.id)
    live = [one for one in asked if state_at(one, moment) == "live" and mode in (None, one.request.mode)]
    if live:
        grant = live[0].request
        until = clock.local_time(grant.ends_at)
        return Decision(True, f"查阅授权 {grant.id} 号,至 {until}", f"grant {grant.id}, until {until}", grant.id)
    return _closed(asked, moment)


def _still_there(session: Session, dossier: Dossier, at: datetime | None) -> bool:
    gone = destroyed_at(session, dossier) if at is not None else None
    return at is not None and gone is not None and at < gone


def destroyed_at(session: Session, dossier: Dossier) -> datetime | None:
    """When a destroyed dossier was destroyed, as the log tells; None while it is there."""
    if dossier.state != "destroyed":
        return None
    query = select(AuditEntry.at).where(
        AuditEntry.verb == Verb.RECORD_DESTROYED, AuditEntry.subject == f"dossier:{dossier.id}"
    )
    found = session.scalar(query.order_by(AuditEntry.seq).limit(1))
    return datetime.fromisoformat(found) if found else None


def _closed(asked: list[Asked], moment: datetime) -> Decision:
    if not asked:
        return Decision(False, "没有查阅授权,请先提出查阅申请", "no grant: ask for access first")
    latest, state = asked[0].request, state_at(asked[0], moment)
    if state == "live":
        return Decision(False, f"授权 {latest.id} 号的查阅方式不含此项", f"grant {latest.id} does not include this")
    if state in ("early", "over"):
        return Decision(False, f"查阅授权 {latest.id} 号不在有效期内", f"grant {latest.id} is not in force now")
    if state == "ended":
        return Decision(False, f"查阅授权 {latest.id} 号已终止", f"grant {latest.id} has been ended")
    zh = f"申请 {latest.id} 号{STATE_ZH.get(state, '尚未提出')}"
    return Decision(False, zh, f"request {latest.id} is {state}")


def may_see_document(session: Session, actor: Actor, document: Document, at: datetime | None = None) -> Decision:
    """Whether the actor may see a document: by grant in a dossier, by role in the office's own series."""
    if document.state == "destroyed":
        return Decision(False, "此件已销毁", "it has been destroyed")
    if document.state == "withdrawn":
        return Decision(False, "此件已撤回,没有归档", "its filing was taken back")
    if document.dossier is not None:
        return may_see_dossier(session, actor, document.dossier, at)
    if actor.role in OFFICE_ROLES:
        return Decision(True, f"{actor.role.zh}可查阅本部门业务记录", "office roles work with the office's own records")
    return _NO_CONTENT


def judge_document(session: Session, actor: Actor, document_id: int) -> tuple[Document | None, Decision]:
    """The document of an id, as it is now, and whether it may be seen.

    One that is not there and one that is closed cost as many questions to the database: time tells nothing either.
    """
    query = select(Document).options(joinedload(Document.dossier)).where(Document.id == document_id)
    document = session.scalar(query.execution_options(populate_existing=True))
    if document is not None and document.state != "destroyed":
        return document, may_see_document(session, actor, document)
    if actor.role != Role.ADMIN:
        asked_for(session, actor.id, 0)
    return document, Decision(False, "没有此件", "there is no such document")


def may_print_document(session: Session, actor: Actor, document: Document) -> Decision:
    """Whether the actor may print a dossier's document with marks: only under a live grant of the print kind.

    The office's own series is not printed from the viewer: its paper is in the office's books.
    """
    if document.dossier is None or document.state == "destroyed":
        return Decision(False, "只有业主档案凭打印授权打印", "only a dossier's documents are printed, under a grant")
    return may_see_dossier(session, actor, document.dossier, mode="print")


def may_take_dossier(session: Session, actor: Actor, dossier: Dossier) -> Decision:
    """Whether the stored files themselves may leave (export): as the paper does, only under a live grant of loan."""
    return may_see_dossier(session, actor, dossier, mode="loan")


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
            AccessRequestDossier.ended_at.is_(None),
            Dossier.state != "destroyed",
        )
        .distinct()
        .order_by(AccessRequestDossier.dossier_id)
    )
    return list(session.scalars(query))


def sees_series(actor: Actor) -> bool:
    """Whether the actor may see the office's own series (everything outside owner dossiers)."""
    return actor.role in OFFICE_ROLES


def log_shown(
    session: Session,
    actor: Actor,
    document: Document | int,
    position: int,
    decision: Decision,
    more: Mapping[str, object] | None = None,
) -> None:
    """Log that a page was shown, or that it was refused. Every page, every time; ``more``: size, print number.

    ``document``: the id alone where there is no such document and somebody tried.
    """
    verb = Verb.PAGE_SHOWN if decision.allowed else Verb.PAGE_REFUSED
    _log(session, actor, verb, document, {"page": position, "grant": decision.grant_id, **(more or {})})


def log_document(session: Session, actor: Actor, document: Document | int, decision: Decision) -> None:
    """Log that a document's particulars (title, entered and recognised fields) were shown, or refused."""
    verb = Verb.DOCUMENT_SHOWN if decision.allowed else Verb.PAGE_REFUSED
    _log(session, actor, verb, document, {"page": 0, "grant": decision.grant_id})


def log_dossier(session: Session, actor: Actor, dossier: Dossier, decision: Decision) -> None:
    """Log that a dossier's contents list, its owners and people were shown, under the grant of the decision."""
    audit.append(session, actor.id, Verb.DOSSIER_SHOWN, f"dossier:{dossier.id}", {"grant": decision.grant_id})


def _log(session: Session, actor: Actor, verb: Verb, document: Document | int, details: dict[str, object]) -> None:
    known = None if isinstance(document, int) else document
    id_ = known.id if known else document
    audit.append(
        session, actor.id, verb, f"document:{id_}", {**details, "dossier": known.dossier_id if known else None}
    )
