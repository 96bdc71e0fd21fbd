"""Takes an act in the tray back until the end of its day: the pages lie in the tray again as if nothing had been.

The log keeps both acts. A document that the act began stays as an empty one (``records.withdrawing``); its pages' bytes
go back under the batch's key, and the number's row stands as it stood. What anybody has done with the document since
closes the way back, and the refusal names it. Holds and destruction lists are another floor's: the caller asks it
within the same transaction (``documents_of`` tells of what).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forms import erasing
from forms.scanning.desk import ScanDesk
from forms.scanning.filing import rescans
from forms.scanning.opening import apart
from forms.scanning.opening.apart import Far
from forms.scanning.opening.masters import PageFile, UnreadablePage
from forms.scanning.tray import tray_journal
from forms.scanning.tray.in_tray import FILERS
from forms.scanning.tray.tray_tables import TrayAct, TrayActLine
from forms.tables import Book, Rescan, ScanBatch, ScanPage, Serial
from records import audit, clock, withdrawing
from records.audit import Verb
from records.errors import NotAllowed, OfficeError
from records.tables import AuditEntry, Blob, Document, Key, Page, User
from records.users import Actor, Role

#: What the log may say of a document after the act without closing the way back.
_HARMLESS = (Verb.PAGE_READ, Verb.PAGE_REFUSED)
_LOOKS = (Verb.PAGE_SHOWN, Verb.DOCUMENT_SHOWN, Verb.PAGE_TEXT_SHOWN, Verb.DOSSIER_EXPORTED)


class NotUndoable(OfficeError):
    """The way back is closed: the day is over, or something has happened with it since."""

    code = "tray.not_undoable"
    zh = "这一步不能撤销了:{why}。"
    en = "It can no longer be undone: {why_en}."


def lock(session: Session, actor: Actor, act_id: int) -> TrayAct:
    """The act, held until the transaction ends, when it is the actor's to take back today.

    Whoever did it takes it back, or an archivist. Raises NotFound, NotAllowed, NotUndoable.
    """
    actor.require("撤销待处理的操作", *FILERS)
    audit.lock(session)
    act = tray_journal.find(session, act_id)
    session.refresh(act)
    if act.done_by != actor.id and actor.role != Role.ARCHIVIST:
        raise NotAllowed(role=actor.role.zh, act="撤销他人的操作")
    if act.undone_at is not None:
        name = session.get_one(User, act.undone_by).name
        raise NotUndoable(why=f"{name} 已经撤销", why_en=f"{name} has undone it already")
    if act.on != clock.today():
        raise NotUndoable(why="只能在当天撤销", why_en="only until the end of the day")
    return act


def documents_of(session: Session, act: TrayAct) -> list[Document]:
    """The documents that the act put pages into, each once."""
    ids = {line.document_id for line in act.lines if line.document_id is not None}
    return list(session.scalars(select(Document).where(Document.id.in_(ids)).order_by(Document.id)))


def undo(session: Session, desk: ScanDesk, actor: Actor, act: TrayAct) -> list[ScanPage]:
    """Take back an act that ``lock`` has given out, with all its pages or none; the pages, in the tray again.

    Raises NotUndoable, and what the vault raises.
    """
    pages = [line.page for line in act.lines]
    for page in pages:
        session.refresh(page)
    if act.kind in tray_journal.FILING:
        _refuse_used(session, act)
        _take_back(session, desk, actor, act)
    elif act.kind in ("refused", "rescan"):
        _fetch_back(session, desk, actor, act)
    else:
        _expect(pages, "tray")
        _refuse_later(session, act)
    for line in reversed(act.lines):
        tray_journal.put_back(session, line)
        line.page.state = "tray"
        details = {"act": act.id, "kind": act.kind, "document": line.document_id}
        details |= {"batch": line.page.batch_id, "position": line.page.position}
        audit.append(session, actor.id, Verb.SCAN_UNDONE, f"scan:{line.scan_page_id}", details)
    act.undone_by, act.undone_at = actor.id, clock.now()
    session.flush()
    return pages


def _expect(pages: Sequence[ScanPage], state: str) -> None:
    gone = next((page for page in pages if page.state != state), None)
    if gone is not None:
        raise NotUndoable(
            why=f"第 {gone.batch_id} 批第 {gone.position} 页后来又有了别的处理",
            why_en=f"something else was done with page {gone.position} of batch {gone.batch_id} since",
        )


def _refuse_later(session: Session, act: TrayAct) -> None:
    """Of several acts on a page that still waits, the last is taken back first."""
    pages = [line.scan_page_id for line in act.lines]
    query = select(TrayAct.id).join(TrayActLine).where(TrayActLine.scan_page_id.in_(pages), TrayAct.id > act.id)
    later = session.scalar(query.where(TrayAct.undone_at.is_(None)).limit(1))
    if later is not None:
        raise NotUndoable(why=f"请先撤销之后的操作 {later} 号", why_en=f"undo the later act {later} first")


def _refuse_used(session: Session, act: TrayAct) -> None:
    """Refuse when anything has happened since with what the act filed."""
    _expect([line.page for line in act.lines], "filed")
    ids = [line.page.page_id for line in act.lines if line.page.page_id is not None]
    for document in documents_of(session, act):
        _refuse_acted_on(session, act, document)
        _refuse_grown(session, act, document, ids)
    repeat = select(ScanPage).where(ScanPage.page_id.in_(ids), ScanPage.state == "duplicate").limit(1)
    again = session.scalar(repeat)
    if again is not None:
        raise NotUndoable(
            why=f"第 {again.batch_id} 批又扫到了同一页", why_en=f"batch {again.batch_id} repeats the page"
        )
    if session.scalar(select(Rescan.id).where(Rescan.page_id.in_(ids)).limit(1)) is not None:
        raise NotUndoable(why="已对归档的页要求重扫", why_en="a rescan of the filed page was asked for")
    for line in act.lines:
        _refuse_moved_number(session, line)


def _refuse_acted_on(session: Session, act: TrayAct, document: Document) -> None:
    subjects = [f"document:{document.id}"]
    if document.dossier_id is not None:
        subjects.append(f"dossier:{document.dossier_id}")
    query = select(AuditEntry.verb).where(AuditEntry.seq > act.log_seq, AuditEntry.subject.in_(subjects))
    said = set(session.scalars(query)) - {str(verb) for verb in _HARMLESS}
    if said & {str(verb) for verb in _LOOKS}:
        raise NotUndoable(why="归档的文件已经有人查看", why_en="the filed document has been looked at")
    about = select(AuditEntry.seq).where(AuditEntry.seq > act.log_seq, AuditEntry.subject == subjects[0])
    if session.scalar(about.where(AuditEntry.verb.not_in([str(verb) for verb in _HARMLESS])).limit(1)) is not None:
        raise NotUndoable(why="归档的文件后来又有了更正或别的办理", why_en="the filed document was corrected or used")
    if document.state != "filed":
        raise NotUndoable(why="归档的文件已被替换或销毁", why_en="the filed document was replaced or destroyed")


def _refuse_grown(session: Session, act: TrayAct, document: Document, ids: Sequence[int]) -> None:
    others = select(Page).where(Page.document_id == document.id, Page.id.not_in(ids))
    opened = any(line.opened for line in act.lines if line.document_id == document.id)
    newest = max(ids)
    later = others if opened else others.where(Page.id > newest)
    if session.scalar(later.limit(1)) is not None:
        raise NotUndoable(why="这份文件后来又归入了别的页", why_en="further pages were filed in the document since")


def _refuse_moved_number(session: Session, line: TrayActLine) -> None:
    kept = line.before.get("number")
    if kept is None:
        return
    number = session.scalars(select(Serial).where(Serial.text == kept["text"])).one()
    session.refresh(number, with_for_update=True)
    book = session.get(Book, number.book_id) if number.book_id is not None else None
    if number.state not in ("returned", kept["state"]) or (
        book is not None and book.state in ("closed", "transferred")
    ):
        raise NotUndoable(
            why=f"编号 {number.text} 后来又有了别的登记", why_en=f"something else was recorded of {number.text}"
        )
    copies = select(Document.id).where(Document.serial == number.text, Document.state == "filed")
    if session.scalar(copies.where(Document.id != line.document_id).limit(1)) is not None and (
        number.dossier_id != kept["dossier_id"]
    ):
        raise NotUndoable(
            why=f"编号 {number.text} 的其他联已随之归档", why_en=f"other copies of {number.text} followed it"
        )


def _take_back(session: Session, desk: ScanDesk, actor: Actor, act: TrayAct) -> None:
    """Pages out of their documents, bytes back under the batch's key; a document that the act began is withdrawn."""
    filed = {line.id: session.get_one(Page, line.page.page_id) for line in act.lines}
    for line in act.lines:
        blob = filed[line.id].blob
        key = session.get_one(Key, line.page.batch.key_id)
        line.page.blob_id = desk.vault.store(session, key, desk.vault.open(blob), blob.media_type).id
        line.page.page_id = None
    session.flush()
    for document in documents_of(session, act):
        mine = [line for line in act.lines if line.document_id == document.id]
        blobs = withdrawing.take_out(session, document, [filed[line.id] for line in mine])
        for blob_id in dict.fromkeys(blobs):
            erasing.release(session, desk.vault, blob_id)
        if any(line.opened for line in mine):
            title = desk.catalogue.form(document.form_code).zh
            withdrawing.withdraw(session, desk.vault, actor, document, title)
        else:
            document.expected_pages = min(line.before["expected"] for line in mine)


def _fetch_back(session: Session, desk: ScanDesk, actor: Actor, act: TrayAct) -> None:
    """Cut the pages from the file as received again: what was sent back has left no copy in the tray."""
    _expect([line.page for line in act.lines], "refused" if act.kind == "refused" else "rescan")
    for batch_id in {line.page.batch_id for line in act.lines}:
        lines = [line for line in act.lines if line.page.batch_id == batch_id]
        _cut_again(session, desk, session.get_one(ScanBatch, batch_id), lines)
    for line in act.lines:
        asked = rescans.asked_for(session, line.page)
        if act.kind == "rescan" and asked is not None:
            rescans.withdraw_rescan(session, actor, asked)


def _cut_again(session: Session, desk: ScanDesk, batch: ScanBatch, lines: Sequence[TrayActLine]) -> None:
    if batch.blob_id is None:
        raise NotUndoable(why="原扫描文件已随档案销毁", why_en="the file as received was destroyed with a record")
    key = session.get_one(Key, batch.key_id)
    with desk.vault.spool() as spool:
        desk.vault.open_into(session.get_one(Blob, batch.blob_id), spool)
        spool.finish()
        with apart.opened(spool, batch.name) as master:
            files = [(line.page, _page_again(master, line.page.position)) for line in lines]
    for page, file in files:
        if file is not None and hashlib.sha256(file.data).hexdigest() == page.digest:
            page.blob_id = desk.vault.store(session, key, file.data, file.media_type).id


def _page_again(master: Far, position: int) -> PageFile | None:
    """A page's bytes; None where it could not be opened before either, and waits again without a picture."""
    try:
        return master.page(position)
    except UnreadablePage:
        return None


def count_today(session: Session, actor: Actor) -> int:
    """How many acts the actor may still take back."""
    query = select(func.count()).select_from(TrayAct).where(TrayAct.on == clock.today(), TrayAct.undone_at.is_(None))
    return session.scalar(query.where(TrayAct.done_by == actor.id)) or 0
