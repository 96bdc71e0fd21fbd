"""What requests and visits tell of a dossier, blanked when it is destroyed; who asked and who decided stays."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from records.access.access_tables import Visit
from records.tables import AccessRequest, AccessRequestDossier


def forget(session: Session, dossier_id: int, gone: str) -> dict[str, int]:
    """Blank purposes, reasons, and who came; ``gone`` stands where a text cannot be empty. Counts by kind."""
    named = select(AccessRequestDossier.request_id).where(AccessRequestDossier.dossier_id == dossier_id)
    request_ids = list(session.scalars(named))
    blank = {"purpose": gone, "decision_reason": "", "end_reason": ""}
    fetch = {"synchronize_session": "fetch"}
    asked = update(AccessRequest).where(AccessRequest.id.in_(request_ids)).values(**blank)
    session.execute(asked.execution_options(**fetch))
    links = update(AccessRequestDossier).where(AccessRequestDossier.request_id.in_(request_ids))
    session.execute(links.values(ended_because="").execution_options(**fetch))
    visits = session.scalars(select(Visit).where(Visit.request_id.in_(request_ids))).all()
    for visit in visits:
        visit.person, visit.paper, visit.shown = gone, "", ""
    session.flush()
    return {"requests": len(request_ids), "visits": len(visits)}
