"""Pages asked to be scanned again 重扫: by what was measured while filing, or by a person.

The ask stands with the page. When the same page, proven by its code, is scanned again and the new scan is better, it
takes the old one's place and the ask is done; without an ask a second scan of a filed page stays a duplicate.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from forms.scanning.looking import quality
from forms.scanning.reasons import reason
from forms.tables import Rescan, ScanPage
from records import audit, clock, documents
from records.audit import Verb
from records.documents import NewPage
from records.errors import BadInput, NotFound
from records.tables import Document, Page
from records.users import OFFICE_ROLES, Actor
from records.vault import Vault

STATES = ("asked", "done", "withdrawn")


def ask_rescan(session: Session, actor: Actor, page: Page | ScanPage, reason: str) -> Rescan:
    """Ask for a page to be scanned again, for a reason a person gives. Of a page asked for already, the same ask.

    ``page``: a filed page (whose next proven scan then replaces it as a new version), or a page of a batch that waits
    in the tray: that one's own fate stays the tray's business, and the ask is withdrawn or settled by a person.
    Raises BadInput (no reason, the page is no longer in the tray), NotAllowed.
    """
    actor.require("要求重扫", *OFFICE_ROLES)
    if not reason.strip():
        raise BadInput(what="要求重扫须写明原因")
    if isinstance(page, ScanPage) and page.state != "tray":
        raise BadInput(what="此页已不在待处理中,请在其文件页上要求重扫")
    audit.lock(session)
    return asked_for(session, page) or _ask(session, actor, page, "person", reason.strip())


def asked_for(session: Session, page: Page | ScanPage) -> Rescan | None:
    """The open ask for a page, or None."""
    which = Rescan.scan_page_id if isinstance(page, ScanPage) else Rescan.page_id
    return session.scalar(select(Rescan).where(which == page.id, Rescan.state == "asked").limit(1))


def _ask(session: Session, actor: Actor | None, page: Page | ScanPage, cause: str, reason: str) -> Rescan:
    scanned = isinstance(page, ScanPage)
    rescan = Rescan(
        page_id=None if scanned else page.id,
        scan_page_id=page.id if scanned else None,
        state="asked",
        cause=cause,
        reason=reason,
        asked_by=actor.id if actor else None,
        asked_at=clock.now(),
    )
    session.add(rescan)
    session.flush()
    details = {"page": rescan.page_id, "scan": rescan.scan_page_id, "cause": cause}
    audit.append(session, actor.id if actor else None, Verb.RESCAN_ASKED, f"rescan:{rescan.id}", details)
    return rescan


def ask_by_quality(session: Session, page: Page, measured: Mapping[str, Any]) -> Rescan | None:
    """Ask for a filed page to be scanned again when what was measured on it is bad enough; None when it is not."""
    keys = quality.needs_rescan(measured)
    if not keys or asked_for(session, page) is not None:
        return None
    return _ask(session, None, page, "quality", " ".join(keys))


def is_better(session: Session, page: Page, measured: Mapping[str, Any]) -> bool:
    """Whether a new scan of a page may take its place: it has nothing that asks for a rescan, or less than the old."""
    new = quality.needs_rescan(measured)
    return not new or len(new) < len(quality.needs_rescan(measured_on(session, [page.id]).get(page.id, {})))


def take(session: Session, vault: Vault, actor: Actor, row: ScanPage, page: Page, new: NewPage) -> Document:
    """Put the new scan in the page's place; the ask for it is done. Returns the document that keeps the older scan.

    What was scanned of the page before goes on pointing to the older scan, the row of the new one to the page.
    """
    rescan = asked_for(session, page)
    older = documents.supersede_page(session, vault, actor, page, new)
    kept = session.scalars(select(Page.id).where(Page.document_id == older.id)).one()
    session.execute(update(ScanPage).where(ScanPage.page_id == page.id).values(page_id=kept))
    told = reason("rescanned", document=older.id)
    row.state, row.page_id = "filed", page.id
    row.reason, row.reason_zh, row.reason_en = told.key, told.zh, told.en
    if rescan is not None:
        rescan.state, rescan.settled_by, rescan.settled_at = "done", actor.id, clock.now()
        rescan.older_id = older.id
    session.flush()
    details = {"batch": row.batch_id, "position": row.position, "document": page.document_id, "older": older.id}
    audit.append(session, actor.id, Verb.RESCAN_TAKEN, f"scan:{row.id}", details)
    return older


def settle_tray(session: Session, actor: Actor, row: ScanPage) -> None:
    """A page is filed that was asked for again from the tray, under the number that it bore or seemed to bear there."""
    same = or_(ScanPage.serial == row.serial, ScanPage.suggested == row.serial)
    query = select(Rescan).join(ScanPage, ScanPage.id == Rescan.scan_page_id)
    query = query.where(Rescan.state == "asked", same, ScanPage.id != row.id)
    for rescan in session.scalars(query.where(or_(ScanPage.page_no.is_(None), ScanPage.page_no == row.page_no))):
        rescan.state, rescan.settled_by, rescan.settled_at = "done", actor.id, clock.now()


def measured_on(session: Session, page_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """What was measured on filed pages, by page; nothing of a page that was filed before anything was measured."""
    query = select(ScanPage.page_id, ScanPage.quality).where(ScanPage.page_id.in_(page_ids), ScanPage.state == "filed")
    return {page_id: measured for page_id, measured in session.execute(query) if page_id is not None and measured}


def open_asks(session: Session) -> list[Rescan]:
    """Every ask that is not settled, the oldest first."""
    return list(session.scalars(select(Rescan).where(Rescan.state == "asked").order_by(Rescan.id)))


def withdraw_rescan(session: Session, actor: Actor, rescan: Rescan) -> None:
    """Take an ask back: the page is good enough, its paper is gone, or it was scanned again by another way.

    Raises BadInput (settled already), NotAllowed.
    """
    actor.require("撤回重扫要求", *OFFICE_ROLES)
    audit.lock(session)
    session.refresh(rescan)
    if rescan.state != "asked":
        raise BadInput(what="这项重扫要求已经了结")
    rescan.state, rescan.settled_by, rescan.settled_at = "withdrawn", actor.id, clock.now()
    session.flush()
    audit.append(session, actor.id, Verb.RESCAN_WITHDRAWN, f"rescan:{rescan.id}", {})


def find_rescan(session: Session, rescan_id: int) -> Rescan:
    """An ask by its id. Raises NotFound."""
    rescan = session.get(Rescan, rescan_id)
    if rescan is None:
        raise NotFound(what=f"重扫要求 {rescan_id}")
    return rescan
