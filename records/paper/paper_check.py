"""What must hold of paper: a dossier stands in one place, is lent once; a destroyed one neither stands nor is out."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from records.loans import UNSETTLED
from records.paper.paper_tables import Loan, Placement
from records.tables import Dossier
from records.verify import Finding


def findings(session: Session) -> Iterator[Finding]:
    """Where the records of places and loans contradict themselves."""
    yield from _twice(session)
    yield from _destroyed(session)


def _twice(session: Session) -> Iterator[Finding]:
    several = func.count() > 1
    stands = select(Placement.dossier_id).where(Placement.left_at.is_(None)).group_by(Placement.dossier_id)
    for number in _numbers(session, set(session.scalars(stands.having(several)))):
        zh, en = f"档案 {number} 同时登记在几处", f"dossier {number} stands in several places at once"
        yield Finding("place.twice", f"dossier:{number}", zh, en)
    out = select(Loan.dossier_id).where(Loan.state == "out").group_by(Loan.dossier_id)
    for number in _numbers(session, set(session.scalars(out.having(several)))):
        zh, en = f"档案 {number} 同时有几次未还的借阅", f"dossier {number} is out on several loans at once"
        yield Finding("loan.twice", f"dossier:{number}", zh, en)


def _destroyed(session: Session) -> Iterator[Finding]:
    gone = select(Dossier.id).where(Dossier.state == "destroyed")
    for number in _numbers(
        session, set(session.scalars(select(Placement.dossier_id).where(Placement.dossier_id.in_(gone))))
    ):
        zh, en = f"已销毁的档案 {number} 仍有存放位置", f"the destroyed dossier {number} still has a place"
        yield Finding("place.destroyed", f"dossier:{number}", zh, en)
    unsettled = select(Loan.dossier_id).where(Loan.state.in_(UNSETTLED), Loan.dossier_id.in_(gone))
    for number in _numbers(session, set(session.scalars(unsettled))):
        zh, en = f"已销毁的档案 {number} 仍在借出中", f"the destroyed dossier {number} is still out on loan"
        yield Finding("loan.destroyed", f"dossier:{number}", zh, en)


def _numbers(session: Session, dossier_ids: set[int]) -> list[str]:
    query = select(Dossier.number).where(Dossier.id.in_(dossier_ids)).order_by(Dossier.number)
    return list(session.scalars(query)) if dossier_ids else []
