"""Dated facts 事实: the only things that start a retention clock. A correction is a new fact with a reason."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from records import audit, clock
from records.audit import Verb
from records.errors import BadInput
from records.tables import Fact
from records.users import Actor


class FactKind(StrEnum):
    """What can start a clock, as the retention rules name it, or begin an event of a home's life (moving in)."""

    OWNERSHIP_CHANGED = "ownership_changed"
    UNIT_SOLD = "unit_sold"
    BOOK_COMPLETED = "book_completed"
    TRANSFERRED = "transferred"
    ARCHIVED = "archived"
    LEASE_ENDED = "lease_ended"
    CASE_CLOSED = "case_closed"
    MOVED_IN = "moved_in"
    RENOVATION_BEGAN = "renovation_began"


def record_fact(
    session: Session,
    actor: Actor,
    kind: FactKind,
    subject: tuple[str, int],
    on: date,
    *,
    replaces: Fact | None = None,
    reason: str = "",
) -> Fact:
    """Record that something happened on a local date. ``subject``: ("dossier"|"unit"|"book"|"document", id).

    Raises BadInput for a date in the future, or a correction without a reason.
    """
    if on > clock.today():
        raise BadInput(what=f"日期 {on} 在今天之后")
    if replaces is not None and not reason.strip():
        raise BadInput(what="更正须写明原因")
    fact = Fact(
        kind=kind,
        subject_kind=subject[0],
        subject_id=subject[1],
        on=on,
        recorded_at=clock.now(),
        recorded_by=actor.id,
        replaces_id=replaces.id if replaces else None,
        reason=reason,
    )
    session.add(fact)
    session.flush()
    details = {"kind": str(kind), "on": on.isoformat(), "fact": fact.id, "replaces": fact.replaces_id}
    audit.append(session, actor.id, Verb.FACT_RECORDED, f"{subject[0]}:{subject[1]}", details)
    return fact


def facts_about(session: Session, subject_kind: str, subject_ids: Iterable[int]) -> list[Fact]:
    """The facts in force about these subjects, oldest date first; corrected ones are left out."""
    ids = list(subject_ids)
    replaced = select(Fact.replaces_id).where(Fact.replaces_id.is_not(None))
    query = select(Fact).where(Fact.subject_kind == subject_kind, Fact.subject_id.in_(ids), Fact.id.not_in(replaced))
    return list(session.scalars(query.order_by(Fact.on, Fact.id)))
