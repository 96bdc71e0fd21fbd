"""Reads what stands on pages while they wait in the tray, so that their form and unit can be suggested.

The text is for the page's filer alone and dies when the page leaves the tray; search never sees it. Work left is a
page without a row here, or one whose claim has run out.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from forms.scanning.desk import ScanDesk
from forms.scanning.opening import apart
from forms.scanning.opening.masters import UnreadablePage
from forms.scanning.reading.filed_pages import DPI, LEASE_SECONDS
from forms.scanning.reading.recogniser import Reader, joined
from forms.scanning.tray.tray_tables import TrayText
from forms.tables import ScanPage
from records import audit, clock
from records.database import Database
from records.tables import Blob
from records.vault import KeyGone, ScanAltered
from records.verify import Finding


def text_of(session: Session, page: ScanPage) -> str:
    """What was read on a page in the tray; empty while nobody has read it."""
    row = session.get(TrayText, page.id)
    return row.text if row is not None else ""


def work_once(database: Database, desk: ScanDesk, reader: Reader, seconds: float = LEASE_SECONDS) -> bool:
    """Read one page of the tray; False when none waits to be read. Two workers never read the same page at once."""
    try:
        with database.transaction() as session:
            claimed = _claim(session, seconds)
    except IntegrityError:  # another worker was first with this page
        return True
    if claimed is None:
        return False
    page_id, token, rotation, blob = claimed
    text = _read(desk, reader, blob, rotation)
    with database.transaction() as session:
        _keep(session, page_id, token, text)
    return True


def _claim(session: Session, seconds: float) -> tuple[int, datetime, int, Blob] | None:
    now = clock.now()
    lapsed = and_(TrayText.reading == "claimed", TrayText.leased_until < now)
    query = select(ScanPage).outerjoin(TrayText, TrayText.scan_page_id == ScanPage.id)
    query = query.where(ScanPage.state == "tray", ScanPage.blob_id.is_not(None))
    free = query.where(or_(TrayText.scan_page_id.is_(None), lapsed)).order_by(ScanPage.id).limit(1)
    page = session.scalar(free.with_for_update(of=ScanPage, skip_locked=True))
    if page is None:
        return None
    row = session.get(TrayText, page.id) or TrayText(scan_page_id=page.id, text="")
    row.reading, row.leased_until = "claimed", now + timedelta(seconds=seconds)
    session.add(row)
    session.flush()
    blob = session.get_one(Blob, page.blob_id)
    session.refresh(blob, ["key"])
    return page.id, row.leased_until, page.rotation, blob


def _read(desk: ScanDesk, reader: Reader, blob: Blob, rotation: int) -> str | None:
    try:
        image = apart.page_image(desk.vault.open(blob), blob.media_type, rotation, DPI)
    except (UnreadablePage, ScanAltered, KeyGone):
        return None
    return joined(reader.page(image))


def findings(session: Session) -> Iterator[Finding]:
    """Texts that have outlived their page's stay in the tray: there must be none."""
    left = select(ScanPage).join(TrayText, TrayText.scan_page_id == ScanPage.id).where(ScanPage.state != "tray")
    for page in session.scalars(left.order_by(ScanPage.id)):
        zh = f"第 {page.batch_id} 批第 {page.position} 页已离开待处理,读到的文字仍在"
        en = f"page {page.position} of batch {page.batch_id} has left the tray, what was read on it has not"
        yield Finding("tray.text_left", f"scan:{page.id}", zh, en)


def _keep(session: Session, page_id: int, token: datetime, text: str | None) -> None:
    """Keep the text only while the page still waits and the claim still holds."""
    audit.lock(session)
    mine = select(TrayText).join(ScanPage, ScanPage.id == TrayText.scan_page_id)
    mine = mine.where(TrayText.scan_page_id == page_id, TrayText.leased_until == token, ScanPage.state == "tray")
    row = session.scalar(mine)
    if row is not None:
        row.text, row.reading, row.leased_until = text or "", "failed" if text is None else "done", None
