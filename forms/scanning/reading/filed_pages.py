"""Recognises the text of filed pages (OCR). Work left is a state of the page: claimed with a lease, written once.

A worker that dies leaves its claim behind; it runs out and another worker takes the page. What a worker has read is
written only while its own claim still holds, so that no page is written twice, and never over a person's correction.
A page of a known form is read field by field (``fields``), any other as a whole.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from PIL import Image
from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from forms.scanning.desk import ScanDesk
from forms.scanning.opening import apart
from forms.scanning.opening.masters import UnreadablePage
from forms.scanning.reading.fields import Known, known_page, read_fields
from forms.scanning.reading.recogniser import Line, Reader, joined
from records import audit, clock, readings
from records.database import Database
from records.readings import WHOLE, FieldRead, LineRead
from records.tables import Blob, Document, Page
from records.vault import KeyGone, ScanAltered

DPI = 200
LEASE_SECONDS = 180.0


def claim(session: Session, seconds: float = LEASE_SECONDS, only: Collection[int] | None = None) -> Page | None:
    """Claim the next page to be read for so many seconds; None when nothing waits. Pages never tried go first.

    ``only``: the ids of the documents whose pages are wanted, instead of any.
    """
    now = clock.now()
    lapsed = and_(Page.reading == "claimed", Page.leased_until < now)
    free = select(Page.id).where(or_(Page.reading == "waiting", lapsed))
    if only is not None:
        free = free.where(Page.document_id.in_(only))
    chosen = free.order_by(Page.reading.desc(), Page.id).limit(1).with_for_update(skip_locked=True).scalar_subquery()
    statement = update(Page).where(Page.id == chosen).values(reading="claimed", leased_until=now + _span(seconds))
    page_id = session.scalar(statement.returning(Page.id).execution_options(synchronize_session=False))
    return session.get(Page, page_id, populate_existing=True) if page_id is not None else None


def _span(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def waiting(session: Session, only: Collection[int] | None = None) -> int:
    """How many pages (of these documents, or of any) still wait to be read, claimed ones included."""
    query = select(func.count()).select_from(Page).where(Page.reading.in_(("waiting", "claimed")))
    if only is not None:
        query = query.where(Page.document_id.in_(only))
    return session.scalar(query) or 0


@dataclass(frozen=True)
class _Task:
    """A claimed page: its bytes, how it lies, whose claim it is, and what is known of it beforehand."""

    page_id: int
    token: datetime
    rotation: int
    blob_id: int
    known: Known | None


def work_once(
    database: Database,
    desk: ScanDesk,
    reader: Reader,
    seconds: float = LEASE_SECONDS,
    only: Collection[int] | None = None,
) -> bool:
    """Read one page (of these documents, or of any) and keep its text; False when none waits.

    The page is claimed in one transaction, read outside any, and written in another only if this claim still holds.
    """
    with database.transaction() as session:
        task = _take(session, desk, seconds, only)
    if task is None:
        return False
    fields = _read(database, desk, reader, task)
    with database.transaction() as session:
        _keep(session, task, fields)
    return True


def _take(session: Session, desk: ScanDesk, seconds: float, only: Collection[int] | None) -> _Task | None:
    page = claim(session, seconds, only)
    if page is None or page.leased_until is None:
        return None
    known = known_page(session, desk.catalogue, session.get_one(Document, page.document_id), page.position)
    return _Task(page.id, page.leased_until, page.rotation, page.blob_id, known)


def _read(database: Database, desk: ScanDesk, reader: Reader, task: _Task) -> Mapping[str, FieldRead] | None:
    """What stands on the page, or None for one that cannot be opened now or ever."""
    try:
        with database.reading() as session:
            blob = session.get(Blob, task.blob_id)
            if blob is None:
                return None
            data, media_type = desk.vault.open(blob), blob.media_type
        image = apart.page_image(data, media_type, task.rotation, DPI)
    except (UnreadablePage, ScanAltered, KeyGone):
        return None
    if task.known is not None:
        fields = read_fields(np.asarray(image.convert("L"), np.uint8), task.known, desk.secret, reader)
        if fields is not None:
            return fields
    return {WHOLE: _whole(image, reader.page(image))}


def _whole(image: Image.Image, lines: list[Line]) -> FieldRead:
    """A page without known fields: its lines, each with its place as fractions of the page."""
    placed = tuple(LineRead(line.text, _fractions(image, line), line.confidence) for line in lines)
    long = sum(len(line.text) for line in lines)
    sure = sum(len(line.text) * line.confidence for line in lines) / long if long else 0.0
    return FieldRead(joined(lines), "recognised", (0.0, 0.0, 1.0, 1.0), placed, round(sure, 3))


def _fractions(image: Image.Image, line: Line) -> tuple[float, float, float, float]:
    left, width = line.left / image.width, (line.right - line.left) / image.width
    top, height = line.top / image.height, (line.bottom - line.top) / image.height
    return round(left, 4), round(top, 4), round(width, 4), round(height, 4)


def _keep(session: Session, task: _Task, fields: Mapping[str, FieldRead] | None) -> None:
    audit.lock(session)
    mine = select(Page).where(Page.id == task.page_id, Page.reading == "claimed", Page.leased_until == task.token)
    page = session.scalar(mine)
    if page is None:
        # Another worker took over, or the page was destroyed while it was being read.
        return
    if fields is None:
        page.reading, page.leased_until = "failed", None
    else:
        readings.keep(session, page, fields)
