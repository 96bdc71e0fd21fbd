"""Takes in a pile of paper as a file: seals it as received, then files each page exactly once, whatever happens.

Receiving is one transaction. Filing goes in chunks of pages, each chunk one transaction: page bytes to the vault
first, then the rows. A page's row says what became of it, so that after a kill at any moment the same call goes on
where the records stand.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from forms.errors import NumberDestroyed
from forms.marks import ForeignMark, PageMark
from forms.paper import Paper
from forms.scanning import apart, codes, emptiness, groups, masters, rasters, registration, signatures
from forms.scanning.filing import ScanDesk, Seen, file_page
from forms.scanning.masters import Master, PageFile, UnreadablePage
from forms.tables import ScanBatch, ScanPage, Serial
from records import audit, clock
from records.audit import Verb
from records.database import Database
from records.documents import DossierClosedToFiling
from records.errors import NotFound
from records.tables import Blob, Document, Dossier, Page
from records.users import OFFICE_ROLES, Actor

__all__ = ["PageFate", "ScanDesk", "already_received", "fates", "find_batch", "receive", "unfinished", "work_batch"]

CHUNK = 20
_ATTEMPTS = 5
_LONGEST_NAME = 200

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class PageFate:
    """What became of a page of a batch. ``state``: received, filed, tray, duplicate, blank, refused.

    Of a duplicate, ``document_id`` is where the page is filed already. ``signatures``: per key {"ink", "signed"}.
    ``reason`` is a key of forms.scanning.reasons, empty for a page filed without remark.
    """

    position: int
    state: str
    serial: str | None
    page_no: int | None
    copy: int | None
    document_id: int | None
    dossier_number: str | None
    section: str | None
    signatures: Mapping[str, Any]
    reason_zh: str
    reason_en: str
    reason: str = ""
    scan_page_id: int = 0
    form_code: str | None = None
    title: str | None = None


def find_batch(session: Session, data: bytes) -> ScanBatch | None:
    """The batch that these bytes came in as before, or None."""
    return session.scalar(select(ScanBatch).where(ScanBatch.digest == hashlib.sha256(data).hexdigest()))


def already_received(batch: ScanBatch) -> tuple[str, str]:
    """The sentence for a file that has come before, in Chinese and English."""
    at = clock.local_time(batch.received_at)
    return (
        f"这份文件已于 {at} 收过(第 {batch.id} 批,{batch.page_count} 页),没有重复归档",
        f"this file was received before, at {at} (batch {batch.id}, {batch.page_count} pages); nothing is filed twice",
    )


def receive(session: Session, desk: ScanDesk, actor: Actor, name: str, data: bytes) -> ScanBatch:
    """Take in a file: its bytes as received are sealed under a key of the batch's own, its pages wait to be filed.

    The same bytes again give the batch they came in as (``find_batch`` tells beforehand).
    Raises EmptyFile, NotAScan, BrokenFile, EncryptedFile, TooLarge, NotAllowed.
    """
    actor.require("扫描归档", *OFFICE_ROLES)
    # One writer at a time from here: two people handing in the same file get the same batch.
    audit.lock(session)
    known = find_batch(session, data)
    if known is not None:
        return known
    shown = _file_name(name)
    with masters.opened(data, shown) as master:
        media_type, page_count = master.media_type, master.page_count
    key = desk.vault.new_key(session, "batch")
    blob = desk.vault.store(session, key, data, media_type)
    batch = ScanBatch(
        digest=blob.digest,
        name=shown,
        media_type=media_type,
        size=len(data),
        page_count=page_count,
        key_id=key.id,
        blob_id=blob.id,
        state="received",
        received_by=actor.id,
        received_at=clock.now(),
        pages=[ScanPage(position=position) for position in range(1, page_count + 1)],
    )
    session.add(batch)
    session.flush()
    details = {"digest": batch.digest, "pages": page_count, "size": batch.size}
    audit.append(session, actor.id, Verb.SCAN_RECEIVED, f"batch:{batch.id}", details)
    return batch


def unfinished(session: Session) -> list[int]:
    """The batches that nobody is working on and that have pages left: what a worker goes on with after a kill."""
    free = or_(ScanBatch.leased_until.is_(None), ScanBatch.leased_until < clock.now())
    return list(session.scalars(select(ScanBatch.id).where(ScanBatch.state == "received", free).order_by(ScanBatch.id)))


def _file_name(name: str) -> str:
    """The last part of a path, of either kind, shortened in front of its suffix."""
    last = name.replace("\\", "/").rpartition("/")[2].replace("\x00", "").strip() or "scan"
    return last if len(last) <= _LONGEST_NAME else f"{last[:150]}…{last[-40:]}"


def _silent(_done: int, _total: int) -> None:
    """Progress that nobody watches."""


def work_batch(
    database: Database, desk: ScanDesk, actor: Actor, batch_id: int, progress: Progress = _silent
) -> list[PageFate]:
    """File every page of a batch that still waits, and tell every page's fate, in the batch's order.

    Safe to repeat after a kill, and from two processes at once: the second waits for the first, or takes over when
    that one has been silent for the desk's lease. ``progress`` gets (pages done, pages in all) after each chunk.
    Raises NotFound, NotAllowed, and what the vault raises; the batch can then be worked again.
    """
    actor.require("扫描归档", *OFFICE_ROLES)
    while not _take(database, desk, batch_id):
        with database.reading() as session:
            if _batch(session, batch_id).state == "filed":
                return fates(session, batch_id)
        time.sleep(0.1)
    try:
        _work(database, desk, actor, batch_id, progress)
    except BaseException:
        _let_go(database, batch_id)
        raise
    with database.reading() as session:
        return fates(session, batch_id)


def _batch(session: Session, batch_id: int) -> ScanBatch:
    batch = session.get(ScanBatch, batch_id)
    if batch is None:
        raise NotFound(what=f"扫描批次 {batch_id}")
    return batch


def _take(database: Database, desk: ScanDesk, batch_id: int) -> bool:
    """Claim a batch for the length of the lease; False while another holds it, or when it is filed."""
    now = clock.now()
    free = or_(ScanBatch.leased_until.is_(None), ScanBatch.leased_until < now)
    claim = update(ScanBatch).where(ScanBatch.id == batch_id, ScanBatch.state == "received", free)
    with database.transaction() as session:
        return session.scalar(claim.values(leased_until=now + _lease(desk)).returning(ScanBatch.id)) is not None


def _lease(desk: ScanDesk) -> timedelta:
    return timedelta(seconds=desk.lease)


def _let_go(database: Database, batch_id: int) -> None:
    """Give up the claim after an error, so that the next try need not wait. What cannot be said here runs out."""
    try:
        with database.transaction() as session:
            session.execute(update(ScanBatch).where(ScanBatch.id == batch_id).values(leased_until=None))
    except OperationalError:
        return


def _work(database: Database, desk: ScanDesk, actor: Actor, batch_id: int, progress: Progress) -> None:
    with database.reading() as session:
        batch = _batch(session, batch_id)
        data = desk.vault.open(session.get_one(Blob, batch.blob_id))
        waiting = select(ScanPage.position).where(ScanPage.batch_id == batch_id, ScanPage.state == "received")
        positions = session.scalars(waiting.order_by(ScanPage.position)).all()
        total, name = batch.page_count, batch.name
    done = total - len(positions)
    progress(done, total)
    pile = groups.Pile(desk.catalogue)
    with masters.opened(data, name) as master:
        for chunk in _chunks(positions):
            seen = pile.add(look(database, desk, master, chunk))
            _file_insistently(database, desk, actor, batch_id, seen, master)
            done += len(chunk)
            progress(done, total)
        _file_insistently(database, desk, actor, batch_id, pile.rest(), master)
    with database.transaction() as session:
        left = select(ScanPage.id).where(ScanPage.batch_id == batch_id, ScanPage.state == "received").limit(1)
        if session.scalar(left) is None:
            batch = _batch(session, batch_id)
            batch.state, batch.leased_until = "filed", None


def _chunks(positions: Sequence[int]) -> list[Sequence[int]]:
    return [positions[start : start + CHUNK] for start in range(0, len(positions), CHUNK)]


def look(database: Database, desk: ScanDesk, master: Master, positions: Sequence[int]) -> list[Seen]:
    """Look at pages without touching a record: split, picture, code, registration, ink. One picture at a time."""
    with database.reading() as session:
        return [_look(session, desk, master, position) for position in positions]


def _look(session: Session, desk: ScanDesk, master: Master, position: int) -> Seen:
    try:
        file = master.page(position)
    except UnreadablePage as error:
        return Seen(position, None, None, None, "unreadable", str(error.details["why"]))
    digest = hashlib.sha256(file.data).hexdigest()
    try:
        return _look_at(session, desk, file, position, digest)
    except UnreadablePage as error:
        return Seen(position, file, digest, None, "unreadable", str(error.details["why"]))


def _look_at(session: Session, desk: ScanDesk, file: PageFile, position: int, digest: str) -> Seen:
    gray, reading = _read(file, desk.secret)
    if reading.found is None or isinstance(reading.found.mark, ForeignMark):
        if reading.labels:
            return _label(position, file, digest, reading, gray)
        return _without_mark(position, file, digest, reading.reason, gray)
    mark = reading.found.mark
    serial = _as_printed(session, mark)
    if _is_card(serial) and codes.has_another(gray, desk.secret, reading.found):
        return Seen(position, file, digest, None, "several_cards")
    ink = _ink(serial, gray, reading.found.corners, mark)
    return Seen(position, file, digest, mark, rotation=reading.found.rotation, signatures=ink)


def _label(position: int, file: PageFile, digest: str, reading: codes.Reading, gray: rasters.Gray) -> Seen:
    """A label, or a page on which a label lies: then it waits, for a page must never vanish behind a label."""
    names = "、".join(sorted({mark.name for mark, _ in reading.labels}))
    covers_page = emptiness.has_squares_of_ours(gray, [corners for _, corners in reading.labels])
    return Seen(position, file, digest, None, "label_on_page" if covers_page else "label", names)


def _without_mark(position: int, file: PageFile, digest: str, why: str, gray: rasters.Gray) -> Seen:
    """A page that proves nothing: is there anything on it, and might it be one of ours?"""
    if why != "no_code":
        return Seen(position, file, digest, None, why)
    blank = emptiness.is_blank(gray)
    ours = not blank and emptiness.may_be_ours(gray)
    return Seen(position, file, digest, None, why, blank=blank, may_be_ours=ours)


def _read(file: PageFile, secret: bytes) -> tuple[rasters.Gray, codes.Reading]:
    """A page's picture and what its codes say. Touches nothing but the page's bytes."""
    try:
        gray = apart.picture(file)
        return gray, codes.read(gray, secret)
    except UnreadablePage:
        raise
    except Exception as error:  # whatever a decoder trips over: one bad page never fails its neighbours
        raise UnreadablePage(why=type(error).__name__) from error


def _as_printed(session: Session, mark: PageMark) -> Serial | None:
    """The number that a page bears, or None where the records know none of this version."""
    serial = session.scalar(select(Serial).where(Serial.text == mark.serial))
    return serial if serial is not None and mark.version == serial.form_version else None


def _is_card(serial: Serial | None) -> bool:
    return serial is not None and serial.layout is not None and Paper(*serial.layout.paper).is_card


def _ink(serial: Serial | None, gray: rasters.Gray, corners: codes.Points, mark: PageMark) -> Mapping[str, Any]:
    """What the signature boxes hold, at the places they had when this page was printed."""
    if serial is None or serial.layout is None:
        return {}
    page = 1 if serial.book_id is not None else mark.page
    boxes = [box for box in serial.layout.boxes if box["page"] == page and box["kind"] in ("signature", "stamp")]
    if not boxes:
        return {}
    return signatures.judge(gray, registration.register(gray, corners, Paper(*serial.layout.paper)), boxes)


def _file_insistently(
    database: Database, desk: ScanDesk, actor: Actor, batch_id: int, seen: Sequence[Seen], master: Master
) -> None:
    """File a chunk; what passes is tried again, a little later each time.

    The database may be away or busy, or a record was being destroyed while one of its pages was about to be filed:
    looked at again, that page goes to the tray.
    """
    for attempt in range(_ATTEMPTS):
        try:
            _file_chunk(database, desk, actor, batch_id, seen, master)
            return
        except (OperationalError, DossierClosedToFiling, NumberDestroyed):
            if attempt == _ATTEMPTS - 1:
                raise
            time.sleep(0.2 * 2**attempt)


def _file_chunk(
    database: Database, desk: ScanDesk, actor: Actor, batch_id: int, seen: Sequence[Seen], master: Master
) -> None:
    """One transaction: every page of the chunk that still waits gets its fate, and the claim is renewed."""
    with database.transaction() as session:
        audit.lock(session)
        batch = _batch(session, batch_id)
        positions = [page.position for page in seen]
        query = select(ScanPage).where(ScanPage.batch_id == batch_id, ScanPage.position.in_(positions))
        waiting = {row.position: row for row in session.scalars(query.where(ScanPage.state == "received"))}
        for part in groups.parted(desk.catalogue, seen):
            if part[0].position not in waiting:
                continue  # another worker has decided on it, and on all of it: a group is never cut in two
            if groups.is_group(desk.catalogue, part):
                groups.file_group(session, desk, actor, batch, waiting, part, master.page)
            else:
                file_page(session, desk, actor, batch, waiting[part[0].position], part[0])
        if batch.state == "received":
            batch.leased_until = clock.now() + _lease(desk)


def fates(session: Session, batch_id: int) -> list[PageFate]:
    """What became of each page of a batch, in the batch's order. Raises NotFound."""
    _batch(session, batch_id)
    query = (
        select(ScanPage, Document, Dossier.number)
        .outerjoin(Page, Page.id == ScanPage.page_id)
        .outerjoin(Document, Document.id == Page.document_id)
        .outerjoin(Dossier, Dossier.id == Document.dossier_id)
        .where(ScanPage.batch_id == batch_id)
        .order_by(ScanPage.position)
    )
    return [_fate(row, document, dossier) for row, document, dossier in session.execute(query)]


def _fate(row: ScanPage, document: Document | None, dossier_number: str | None) -> PageFate:
    return PageFate(
        position=row.position,
        state=row.state,
        serial=row.serial,
        page_no=row.page_no,
        copy=row.copy,
        document_id=document.id if document else None,
        dossier_number=dossier_number,
        section=document.section if document else None,
        signatures=row.signatures,
        reason_zh=row.reason_zh,
        reason_en=row.reason_en,
        reason=row.reason,
        scan_page_id=row.id,
        form_code=document.form_code if document else None,
        title=document.title if document else None,
    )
