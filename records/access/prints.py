"""Watermarked prints 查阅打印: numbered, logged page by page, and only under a live grant of the print kind."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from records import audit, clock
from records.access.access_tables import AccessPrint
from records.access.deciding import ContentClosed, Decision, log_shown, may_print_document
from records.audit import Verb
from records.errors import BadInput
from records.tables import Document
from records.users import Actor

MOST_PAGES = 100


def record_print(
    session: Session, actor: Actor, document: Document, positions: Sequence[int]
) -> tuple[AccessPrint, Decision]:
    """Take a number ``P-2026-000012`` for a print of these pages, and log it and every page. Raises ContentClosed.

    Also BadInput: no page, or more than a print holds.
    """
    decision = may_print_document(session, actor, document)
    if not decision.allowed or decision.grant_id is None:
        raise ContentClosed(because=decision.because, because_en=decision.because_en)
    if not 1 <= len(positions) <= MOST_PAGES:
        raise BadInput(what=f"一次打印 1 至 {MOST_PAGES} 页")
    audit.lock(session)  # numbers are taken one after the other
    row = AccessPrint(
        number=_next_number(session),
        request_id=decision.grant_id,
        document_id=document.id,
        page_count=len(positions),
        printed_by=actor.id,
        printed_at=clock.now(),
    )
    session.add(row)
    session.flush()
    details = {"grant": decision.grant_id, "document": document.id, "pages": list(positions)}
    audit.append(session, actor.id, Verb.ACCESS_PRINTED, f"print:{row.number}", details)
    for position in positions:
        log_shown(session, actor, document, position, decision, {"print": row.number})
    return row, decision


def _next_number(session: Session) -> str:
    year = f"P-{clock.today().year}-"
    last = session.scalar(select(func.max(AccessPrint.number)).where(AccessPrint.number.startswith(year)))
    return f"{year}{int(last.rsplit('-', 1)[1]) + 1 if last else 1:06d}"


def prints_under(session: Session, request_id: int) -> list[AccessPrint]:
    """The prints made under a grant, oldest first."""
    query = select(AccessPrint).where(AccessPrint.request_id == request_id)
    return list(session.scalars(query.order_by(AccessPrint.id)))
