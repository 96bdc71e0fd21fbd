"""What must fit together across floors and does not: grants and holds of what is gone, and backups that are too old."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from records import clock
from records.tables import AccessRequest, AccessRequestDossier, Blob, Document, Dossier
from records.verify import Finding
from retention import holds
from retention.tables import HeldDocument
from web.backups.timing import last_backup

#: A backup older than this is named: a disk that fails then takes more than a week's work with it.
FRESH = timedelta(days=7)


def findings(session: Session) -> Iterator[Finding]:
    """Everything about grants, holds and backups that does not hold."""
    yield from _grants(session)
    yield from _holds(session)
    yield from _backups(session)


def _grants(session: Session) -> Iterator[Finding]:
    """A grant that is in force opens a dossier that is there."""
    query = (
        select(AccessRequest.id, Dossier.number)
        .join(AccessRequestDossier, AccessRequestDossier.request_id == AccessRequest.id)
        .join(Dossier, Dossier.id == AccessRequestDossier.dossier_id)
        .where(AccessRequest.state == "registered", AccessRequest.ends_at > clock.now(), Dossier.state == "destroyed")
    )
    for request_id, number in session.execute(query.order_by(AccessRequest.id)):
        zh = f"查阅授权 {request_id} 号仍在有效期内,而档案 {number} 已销毁"
        yield Finding("grant.destroyed", f"request:{request_id}", zh, f"grant {request_id} opens {number}, destroyed")


def _holds(session: Session) -> Iterator[Finding]:
    """What is on hold is still there."""
    tables: dict[str, type[Dossier] | type[Document]] = {"dossier": Dossier, "document": Document}
    for hold in holds.active(session):
        table = tables.get(hold.target_kind)
        lost = bool(table) and _state(session, table, hold.target_id) in (None, "destroyed")
        held = Document.id.in_(select(HeldDocument.document_id).where(HeldDocument.hold_id == hold.id))
        if lost or session.scalar(select(Document.id).where(held, Document.state == "destroyed").limit(1)):
            subject = f"{hold.target_kind}:{hold.target_id}"
            zh, en = f"冻结 {hold.id} 号所冻结的已不在", f"what hold {hold.id} keeps is gone"
            yield Finding("hold.lost", subject, zh, en)


def _state(session: Session, table: type[Dossier] | type[Document] | None, target: str) -> str | None:
    return session.scalar(select(table.state).where(table.id == int(target))) if table else None


def _backups(session: Session) -> Iterator[Finding]:
    """Once there is something to lose, there is a backup of the last days."""
    first = session.scalar(select(func.min(Document.filed_at))) if session.scalar(select(Blob.id).limit(1)) else None
    if first is None or first > clock.now() - FRESH:
        return
    last = last_backup(session)
    if last is None:
        yield Finding("backup.none", "system", "还没有做过备份", "no backup was ever made")
    elif last < clock.now() - FRESH:
        day = clock.local_date(last)
        yield Finding("backup.old", "system", f"最近一次备份是 {day}", f"the last backup is of {day}")
