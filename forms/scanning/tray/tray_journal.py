"""The day's acts in the tray, with what is needed to take each of them back before the day is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session, selectinload

from forms.scanning.tray.tray_tables import TrayAct, TrayActLine
from forms.tables import ScanPage, Serial
from records import audit, clock
from records.errors import BadInput, NotFound
from records.tables import Document
from records.users import Actor, Role

#: What an act is called, in Chinese and English.
KINDS = {
    "placed": ("归入", "placed"),
    "joined": ("合并归入", "joined"),
    "numbered": ("按编号归入", "filed under its number"),
    "appended": ("接到文件之后", "added to a document"),
    "confirmed": ("整组归档", "group filed"),
    "refused": ("退回", "sent back"),
    "rescan": ("要求重扫", "rescan asked"),
    "rotated": ("转正", "turned"),
    "split": ("拆出整组", "taken out of its group"),
}
FILING = ("placed", "joined", "numbered", "appended", "confirmed")

_PAGE = ("reason", "reason_zh", "reason_en", "rotation", "serial", "page_no", "copy", "signatures")
_NUMBER = ("state", "state_reason", "finder", "state_by", "signed_by", "unit_id", "dossier_id")
_NUMBER_TIMES = ("state_at", "signed_at")


def begin(session: Session, actor: Actor, kind: str, pages: Sequence[ScanPage]) -> TrayAct:
    """Begin an act on some pages, each once. Raises BadInput (none, or one twice)."""
    if not pages or len({page.id for page in pages}) != len(pages):
        raise BadInput(what="没有选择页,或同一页选了两次")
    audit.lock(session)
    act = TrayAct(kind=kind, done_by=actor.id, done_at=clock.now(), on=clock.today())
    session.add(act)
    session.flush()
    return act


def note(session: Session, act: TrayAct, page: ScanPage, number: Serial | None = None) -> TrayActLine:
    """Keep how a page stands, and its number where the act is about to change that, before either is changed."""
    before: dict[str, Any] = {name: getattr(page, name) for name in _PAGE}
    if number is not None:
        before["number"] = {name: getattr(number, name) for name in _NUMBER} | {"text": number.text}
        before["number"] |= {name: _written(getattr(number, name)) for name in _NUMBER_TIMES}
    line = TrayActLine(act_id=act.id, scan_page_id=page.id, before=before)
    session.add(line)
    session.flush()
    return line


def _written(moment: Any) -> str | None:
    return moment.isoformat() if moment is not None else None


def went_into(line: TrayActLine, document: Document, opened: bool) -> None:
    """Keep which document the page went into, how many pages that expected, and whether the act began it."""
    line.document_id, line.opened = document.id, opened
    line.before = {**line.before, "expected": document.expected_pages}


def finish(session: Session, act: TrayAct) -> TrayAct:
    """The act is done: what the log tells from here on came later."""
    session.flush()
    act.log_seq = audit.lock(session)[0]
    return act


def find(session: Session, act_id: int) -> TrayAct:
    """An act of the tray. Raises NotFound when there is none, or its day is over and it was forgotten."""
    act = session.get(TrayAct, act_id)
    if act is None:
        raise NotFound(what=f"待处理中的操作 {act_id} 号(当日之后不再保留)")
    return act


def today(session: Session, actor: Actor) -> list[TrayAct]:
    """Today's acts that the actor may take back, newest first: their own; of an archivist everybody's."""
    query = select(TrayAct).where(TrayAct.on == clock.today(), exists().where(TrayActLine.act_id == TrayAct.id))
    if actor.role != Role.ARCHIVIST:
        query = query.where(TrayAct.done_by == actor.id)
    pages = selectinload(TrayAct.lines).selectinload(TrayActLine.page).selectinload(ScanPage.batch)
    return list(session.scalars(query.order_by(TrayAct.id.desc()).options(pages)))


def last_of(session: Session, actor: Actor) -> TrayAct | None:
    """What the actor did last today and has not taken back, or None."""
    query = select(TrayAct).where(TrayAct.on == clock.today(), TrayAct.done_by == actor.id)
    return session.scalar(query.where(TrayAct.undone_at.is_(None)).order_by(TrayAct.id.desc()).limit(1))


def has_past(session: Session) -> bool:
    """Whether acts of days that are over are still kept."""
    return session.scalar(select(TrayAct.id).where(TrayAct.on < clock.today()).limit(1)) is not None


def forget_past(session: Session) -> int:
    """Forget the acts of days that are over: nothing of them can be undone, and the log tells of them. How many."""
    past = list(session.scalars(select(TrayAct.id).where(TrayAct.on < clock.today())))
    session.execute(delete(TrayActLine).where(TrayActLine.act_id.in_(past)))
    session.execute(delete(TrayAct).where(TrayAct.id.in_(past)))
    return len(past)


def put_back(session: Session, line: TrayActLine) -> None:
    """Let a page, and its number where the act had changed that, stand as they stood before the act."""
    for name in _PAGE:
        setattr(line.page, name, line.before[name])
    kept = line.before.get("number")
    if kept is None:
        return
    number = session.scalars(select(Serial).where(Serial.text == kept["text"]).with_for_update()).one()
    for name in _NUMBER:
        setattr(number, name, kept[name])
    for name in _NUMBER_TIMES:
        setattr(number, name, _read(kept[name]))


def _read(text: str | None) -> Any:
    return datetime.fromisoformat(text) if text is not None else None
