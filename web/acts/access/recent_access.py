"""Who has been in a dossier lately: what a manager wants beside a request before deciding on it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from records import clock
from records.audit import Verb
from records.tables import AccessRequest, AccessRequestDossier, AuditEntry, Document

LOOK_BACK = timedelta(days=365)


@dataclass(frozen=True)
class RecentAccess:
    """An earlier request for the same dossiers, and how many pages were shown under it."""

    request: AccessRequest
    pages_shown: int


def recent(session: Session, request: AccessRequest, most: int = 10) -> list[RecentAccess]:
    """The other requests of the last year that named any of this request's dossiers, newest first."""
    dossiers = [dossier.id for dossier in request.dossiers]
    query = (
        select(AccessRequest)
        .join(AccessRequestDossier, AccessRequestDossier.request_id == AccessRequest.id)
        .where(
            AccessRequestDossier.dossier_id.in_(dossiers),
            AccessRequest.id != request.id,
            AccessRequest.asked_at > clock.now() - LOOK_BACK,
        )
        .distinct()
        .order_by(AccessRequest.id.desc())
        .limit(most)
    )
    earlier = list(session.scalars(query))
    shown = _pages_shown(session, dossiers) if earlier else Counter()
    return [RecentAccess(one, shown[one.id]) for one in earlier]


def pages_shown(session: Session, request: AccessRequest) -> int:
    """How many pages have been shown under this request's own grant, repeated looks included."""
    return _pages_shown(session, [dossier.id for dossier in request.dossiers])[request.id]


def _pages_shown(session: Session, dossier_ids: list[int]) -> Counter[int]:
    """Pages shown of these dossiers, counted by the grant they were shown under (from the log)."""
    documents = session.scalars(select(Document.id).where(Document.dossier_id.in_(dossier_ids)))
    subjects = [f"document:{document_id}" for document_id in documents]
    query = select(AuditEntry.details).where(AuditEntry.verb == Verb.PAGE_SHOWN, AuditEntry.subject.in_(subjects))
    grants = (json.loads(details).get("grant") for details in session.scalars(query))
    return Counter(grant for grant in grants if grant is not None)
