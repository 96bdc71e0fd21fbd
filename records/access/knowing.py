"""Who has looked into a dossier, from the log: every look, every refusal, and that a report of them was made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from records import audit
from records.audit import Verb
from records.tables import AccessRequest, AccessRequestDossier, AuditEntry, Document, Dossier
from records.users import Actor, Role

#: What shows somebody something of a dossier or of a document in it.
LOOKS = (Verb.DOSSIER_SHOWN, Verb.DOCUMENT_SHOWN, Verb.PAGE_SHOWN, Verb.PAGE_TEXT_SHOWN, Verb.PAGE_CORRECTED)
KNOWERS = (Role.ARCHIVIST, Role.MANAGER)


@dataclass(frozen=True)
class LoggedLook:
    """One entry of the log: who saw which page (0: the document's particulars) and under which request, if any.

    ``document_id`` None: the dossier itself was open, with its contents list.
    """

    actor_id: int
    at: datetime
    document_id: int | None
    page: int
    grant_id: int | None
    print_number: str | None


def looks(session: Session, dossier: Dossier) -> list[LoggedLook]:
    """Every look at the dossier and its documents, in the order of the log; those in it then or now."""
    return list(_entries(session, dossier, LOOKS))


def refusals(session: Session, dossier: Dossier) -> list[LoggedLook]:
    """Every look that was refused."""
    return list(_entries(session, dossier, (Verb.PAGE_REFUSED,)))


def _entries(session: Session, dossier: Dossier, verbs: tuple[Verb, ...]) -> Iterator[LoggedLook]:
    query = select(AuditEntry).where(AuditEntry.verb.in_(verbs), _about(session, dossier))
    for entry in session.scalars(query.order_by(AuditEntry.seq)):
        kind, _, number = entry.actor.partition(":")
        if kind == "user":
            yield _look(entry, int(number))


def _about(session: Session, dossier: Dossier) -> ColumnElement[bool]:
    """Entries of the dossier itself, and of documents that lie in it now or lay there when they were looked at."""
    inside = session.scalars(select(Document.id).where(Document.dossier_id == dossier.id))
    subjects = [f"dossier:{dossier.id}", *(f"document:{document_id}" for document_id in inside)]
    named = [AuditEntry.details.contains(f'"dossier":{dossier.id}{end}') for end in (",", "}")]
    return or_(AuditEntry.subject.in_(subjects), *named)


def _look(entry: AuditEntry, actor_id: int) -> LoggedLook:
    details = json.loads(entry.details)
    kind, _, number = entry.subject.partition(":")
    return LoggedLook(
        actor_id=actor_id,
        at=datetime.fromisoformat(entry.at),
        document_id=int(number) if kind == "document" else None,
        page=int(details.get("page") or 0),
        grant_id=details.get("grant"),
        print_number=details.get("print"),
    )


def requests_for(session: Session, dossier: Dossier) -> list[AccessRequest]:
    """Everybody's requests that name the dossier, oldest first."""
    query = select(AccessRequest).join(AccessRequestDossier, AccessRequestDossier.request_id == AccessRequest.id)
    named = query.where(AccessRequestDossier.dossier_id == dossier.id)
    return list(session.scalars(named.order_by(AccessRequest.id)))


def log_report(session: Session, actor: Actor, dossier: Dossier, form: str) -> None:
    """Log that a report of all this was made, as ``page``, ``pdf`` or ``csv``. Raises NotAllowed."""
    actor.require("出具查阅情况报告", *KNOWERS)
    audit.append(session, actor.id, Verb.ACCESS_REPORTED, f"dossier:{dossier.id}", {"form": form})
