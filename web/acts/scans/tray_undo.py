"""Taking an act in the tray back: the forms floor undoes it, once holds and destruction lists have been asked here."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.scanning.desk import ScanDesk
from forms.scanning.tray import undoing
from forms.scanning.tray.undoing import NotUndoable
from forms.tables import ScanPage
from records.tables import Document
from records.users import Actor
from retention import holds
from retention.disposition import OPEN_STATES
from retention.tables import DisposalLine


def undo(session: Session, desk: ScanDesk, actor: Actor, act_id: int) -> list[ScanPage]:
    """Take back an act of today; its pages, in the tray again. Raises NotFound, NotAllowed, NotUndoable."""
    act = undoing.lock(session, actor, act_id)
    for document in undoing.documents_of(session, act):
        _refuse_held(session, document)
        _refuse_listed(session, document)
    return undoing.undo(session, desk, actor, act)


def _refuse_held(session: Session, document: Document) -> None:
    names = {
        ("document", str(document.id)),
        ("dossier", str(document.dossier_id)),
        ("unit", str(document.unit_id)),
        ("series", document.series or ""),
        ("series", document.form_code.partition("-")[0]),
    }
    held = next((hold for hold in holds.active(session) if (hold.target_kind, hold.target_id) in names), None)
    if held is not None:
        raise NotUndoable(why=f"归档的文件已被冻结(第 {held.id} 号)", why_en=f"what was filed is on hold ({held.id})")


def _refuse_listed(session: Session, document: Document) -> None:
    targets = {("document", document.id), ("dossier", document.dossier_id), ("book", document.book_id)}
    lines = select(DisposalLine).where(DisposalLine.state.in_(OPEN_STATES))
    listed = next((one for one in session.scalars(lines) if (one.target_kind, one.target_id) in targets), None)
    if listed is not None:
        raise NotUndoable(
            why=f"归档的文件已列入销毁清册 {listed.disposal_id} 号",
            why_en=f"what was filed is on destruction list {listed.disposal_id}",
        )
