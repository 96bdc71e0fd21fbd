"""The tray 待处理: pages that could not prove where they belong, and who may look at them while they wait.

A page in the tray is seen by its filer alone: by whoever received the batch, or took the batch over since. It may be a
page of somebody else's, come into the pile by mistake. When it leaves the tray nobody sees it there any more. Every
look is logged. Deciding on pages is ``placing``'s business, and ``undoing``'s to take it back.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from forms.scanning.desk import ScanDesk
from forms.scanning.filing import rescans
from forms.scanning.opening import apart
from forms.scanning.opening.masters import UnreadablePage
from forms.scanning.reasons import reason
from forms.scanning.tray import tray_journal
from forms.scanning.tray.tray_tables import TrayKeeper, TrayText
from forms.tables import ScanBatch, ScanPage
from records import audit, clock
from records.audit import Verb
from records.errors import BadInput, NotFound, OfficeError
from records.tables import Blob, User
from records.users import Actor, Role

IMAGE_TYPE = "image/jpeg"
FILERS = (Role.STAFF, Role.ARCHIVIST)
TURNS = (90, 180, 270)


class NotInTray(OfficeError):
    """The page has left the tray: somebody has decided on it."""

    code = "tray.not_there"
    zh = "此页已不在待处理中(第 {batch} 批第 {position} 页)。"
    en = "The page is no longer in the tray (batch {batch}, page {position})."


class NotYourTray(OfficeError):
    """Another filer keeps the page; it is shown to nobody else."""

    code = "tray.not_yours"
    zh = "第 {batch} 批在 {keeper} 的待处理中,只有本人能看;需要代办时,请先接手这一批。"
    en = "Batch {batch} is in the tray of {keeper}, who alone may look; take it over first to act for them."


@dataclass(frozen=True)
class OthersBatch:
    """A batch with pages in somebody else's tray: whose, and how many pages; nothing of what is on them."""

    batch_id: int
    keeper: str
    pages: int
    mine_to_take: bool


def _keeper() -> ColumnElement[int]:
    """Within a query of batches: who keeps the tray pages of each."""
    taken = select(TrayKeeper.user_id).where(TrayKeeper.batch_id == ScanBatch.id).scalar_subquery()
    return func.coalesce(taken, ScanBatch.received_by)


def waiting(session: Session, keeper: Actor | None = None) -> list[ScanPage]:
    """The pages in the tray (of one keeper, or all), oldest batch first, in the order they were scanned."""
    query = select(ScanPage).where(ScanPage.state == "tray")
    if keeper is not None:
        query = query.join(ScanBatch).where(_keeper() == keeper.id)
    return list(session.scalars(query.order_by(ScanPage.batch_id, ScanPage.position)))


def with_others(session: Session, actor: Actor) -> list[OthersBatch]:
    """What waits in other people's trays, by batch."""
    query = select(ScanBatch.id, User.name, func.count(ScanPage.id), ScanBatch.received_by).join(ScanPage)
    query = query.join(User, User.id == _keeper()).where(ScanPage.state == "tray", _keeper() != actor.id)
    rows = session.execute(query.group_by(ScanBatch.id, User.name, ScanBatch.received_by).order_by(ScanBatch.id))
    return [OthersBatch(id_, name, count, _may_take(actor, received)) for id_, name, count, received in rows]


def keeper_of(session: Session, batch: ScanBatch) -> int:
    """The user who keeps the tray pages of a batch: whoever took it over last, or received it."""
    return session.scalars(select(_keeper()).where(ScanBatch.id == batch.id)).one()


def keeps(session: Session, actor: Actor, scan_page: ScanPage) -> bool:
    """Whether the page is the actor's to look at while it waits."""
    return actor.role in FILERS and keeper_of(session, scan_page.batch) == actor.id


def take_over(session: Session, actor: Actor, batch: ScanBatch) -> int:
    """Take the waiting pages of a batch into one's own tray, so that holidays do not stop the work; how many.

    An archivist takes over any; a clerk takes back what they received themselves. The former keeper sees them no
    longer. Raises BadInput (none waits, or they are the actor's already), NotAllowed.
    """
    actor.require("接手待处理页", *FILERS)
    audit.lock(session)
    if not _may_take(actor, batch.received_by):
        actor.require("接手他人的待处理页", Role.ARCHIVIST)
    before = keeper_of(session, batch)
    query = select(func.count()).select_from(ScanPage).where(ScanPage.batch_id == batch.id, ScanPage.state == "tray")
    count = session.scalar(query) or 0
    if before == actor.id or not count:
        raise BadInput(what=f"第 {batch.id} 批没有待您接手的页")
    session.execute(delete(TrayKeeper).where(TrayKeeper.batch_id == batch.id))
    if batch.received_by != actor.id:
        session.add(TrayKeeper(batch_id=batch.id, user_id=actor.id, since=clock.now()))
    details = {"pages": count, "from": before}
    audit.append(session, actor.id, Verb.TRAY_TAKEN_OVER, f"batch:{batch.id}", details)
    return count


def _may_take(actor: Actor, received_by: int) -> bool:
    return actor.role == Role.ARCHIVIST or (actor.role in FILERS and received_by == actor.id)


def find(session: Session, scan_page_id: int) -> ScanPage:
    """A page of a batch by its id. Raises NotFound."""
    page = session.get(ScanPage, scan_page_id)
    if page is None:
        raise NotFound(what=f"扫描页 {scan_page_id}")
    return page


def image(session: Session, desk: ScanDesk, actor: Actor, scan_page: ScanPage, dpi: int = 130) -> bytes:
    """The page as a JPEG for its filer; logged. Raises NotAllowed, NotYourTray, NotInTray, UnreadablePage."""
    return draw(desk, looked_at(session, actor, scan_page), scan_page.rotation, dpi)


def looked_at(session: Session, actor: Actor, scan_page: ScanPage) -> Blob:
    """Log the filer's look and hand out the page's bytes, which ``draw`` opens when the transaction has ended.

    Raises NotAllowed, NotYourTray, NotInTray, UnreadablePage.
    """
    claim(session, actor, scan_page, "查看待处理页")
    if scan_page.blob_id is None:
        raise UnreadablePage(why="没有可显示的影像 / there is no picture of it")
    details = {"batch": scan_page.batch_id, "position": scan_page.position}
    audit.append(session, actor.id, Verb.TRAY_SHOWN, f"scan:{scan_page.id}", details)
    blob = session.get_one(Blob, scan_page.blob_id)
    session.refresh(blob, ["key"])
    return blob


def draw(desk: ScanDesk, blob: Blob, rotation: int, dpi: int) -> bytes:
    """A page's bytes as an upright JPEG. Nobody need wait for it: it touches no record. Raises UnreadablePage."""
    shown = apart.page_image(desk.vault.open(blob), blob.media_type, rotation, dpi)
    out = io.BytesIO()
    shown.save(out, "JPEG", quality=82)
    return out.getvalue()


def claim(session: Session, actor: Actor, scan_page: ScanPage, act: str) -> None:
    """Hold a page for an act of its filer until the transaction ends: the log's lock, then the page as it is now.

    Two people cannot decide on one page. Raises NotAllowed, NotInTray, NotYourTray.
    """
    actor.require(act, *FILERS)
    audit.lock(session)
    session.refresh(scan_page)
    if scan_page.state != "tray":
        raise NotInTray(batch=scan_page.batch_id, position=scan_page.position)
    keeper = keeper_of(session, scan_page.batch)
    if keeper != actor.id:
        raise NotYourTray(batch=scan_page.batch_id, keeper=session.get_one(User, keeper).name)


def refuse(session: Session, desk: ScanDesk, actor: Actor, scan_page: ScanPage, reason: str) -> None:
    """Send a page back: it is not filed. Raises what ``send_back`` raises."""
    send_back(session, desk, actor, [scan_page], reason)


def send_back(
    session: Session, desk: ScanDesk, actor: Actor, pages: Sequence[ScanPage], why: str, *, rescan: bool = False
) -> None:
    """Send pages back in one act: they are not filed, or (``rescan``) are to be scanned again.

    The file as received stays sealed. Raises BadInput (no reason, no page), NotInTray, NotYourTray, NotAllowed.
    """
    if not why.strip():
        raise BadInput(what="要求重扫须写明原因" if rescan else "退回须写明原因")
    state = "rescan" if rescan else "refused"
    act = tray_journal.begin(session, actor, state, pages)
    for page in pages:
        claim(session, actor, page, "要求重扫" if rescan else "退回待处理页")
        tray_journal.note(session, act, page)
        if rescan:
            rescans.ask_rescan(session, actor, page, why)
        leave(session, desk, page)
        page.state = page.reason = state
        page.reason_zh = page.reason_en = why.strip()
        if not rescan:
            details = {"batch": page.batch_id, "position": page.position}
            audit.append(session, actor.id, Verb.SCAN_REFUSED, f"scan:{page.id}", details)
    tray_journal.finish(session, act)


def rotate(session: Session, actor: Actor, pages: Sequence[ScanPage], turn: int) -> None:
    """Turn pages clockwise by 90, 180 or 270 degrees for the eye; the bytes as received stay as they are.

    Raises BadInput, NotInTray, NotYourTray, NotAllowed.
    """
    if turn not in TURNS:
        raise BadInput(what=f"转动 {turn} 度(可选:90、180、270)")
    act = tray_journal.begin(session, actor, "rotated", pages)
    for page in pages:
        claim(session, actor, page, "转正待处理页")
        tray_journal.note(session, act, page)
        page.rotation = (page.rotation + turn) % 360
        # What was read on it lay on its side.
        session.execute(delete(TrayText).where(TrayText.scan_page_id == page.id))
        details = {"batch": page.batch_id, "position": page.position, "rotation": page.rotation}
        audit.append(session, actor.id, Verb.SCAN_ROTATED, f"scan:{page.id}", details)
    tray_journal.finish(session, act)


def split(session: Session, actor: Actor, pages: Sequence[ScanPage]) -> None:
    """Take pages out of the group that waits behind a cover sheet, so that each is decided on alone.

    The cover sheet itself stays: what is left behind it is its group. Raises BadInput (no page of a group, a cover
    sheet), NotInTray, NotYourTray, NotAllowed.
    """
    act = tray_journal.begin(session, actor, "split", pages)
    for page in pages:
        claim(session, actor, page, "拆开整组")
        if not page.reason.startswith("group_") or page.page_no is not None:
            raise BadInput(what=f"第 {page.position} 页不是一组中可以拆出的页")
        tray_journal.note(session, act, page)
        told = reason("apart", serial=page.serial)
        page.serial, page.reason, page.reason_zh, page.reason_en = None, told.key, told.zh, told.en
        details = {"batch": page.batch_id, "position": page.position}
        audit.append(session, actor.id, Verb.SCAN_SPLIT, f"scan:{page.id}", details)
    tray_journal.finish(session, act)


def leave(session: Session, desk: ScanDesk, scan_page: ScanPage) -> None:
    """Let go of what the tray itself holds of a page: its copy of the bytes, and what was read on it."""
    session.execute(delete(TrayText).where(TrayText.scan_page_id == scan_page.id))
    drop_copy(session, desk, scan_page)


def drop_copy(session: Session, desk: ScanDesk, scan_page: ScanPage) -> None:
    """Forget the tray's copy of the bytes, unless it is the master itself or another tray page's too."""
    blob_id, scan_page.blob_id = scan_page.blob_id, None
    session.flush()
    if blob_id is None:
        return
    pages = select(func.count()).select_from(ScanPage).where(ScanPage.blob_id == blob_id)
    masters = select(func.count()).select_from(ScanBatch).where(ScanBatch.blob_id == blob_id)
    if not session.scalar(pages) and not session.scalar(masters):
        desk.vault.forget(session, session.get_one(Blob, blob_id))
