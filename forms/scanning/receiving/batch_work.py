"""Files each page of a received batch exactly once, whatever happens.

Filing goes in chunks of pages, each chunk one transaction: page bytes to the vault first, then the rows. A page's row
says what became of it, so that after a kill at any moment the same call goes on where the records stand.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from forms.errors import NumberDestroyed
from forms.scanning.desk import ScanDesk, Seen
from forms.scanning.filing import groups
from forms.scanning.filing.deciding import file_page
from forms.scanning.opening import apart
from forms.scanning.opening.apart import Far
from forms.scanning.receiving import page_fates, seeing
from forms.scanning.receiving.page_fates import PageFate
from forms.tables import ScanBatch, ScanPage
from records import audit, clock
from records.database import Database
from records.documents import DossierClosedToFiling
from records.tables import Blob
from records.users import OFFICE_ROLES, Actor

CHUNK = 20
# A page during which the process died so often is looked at no more.
MOST_ATTEMPTS = 3
_ATTEMPTS = 5
_PATIENCE_SECONDS = 120


Progress = Callable[[int, int], None]


def unfinished(session: Session) -> list[int]:
    """The batches that nobody is working on and that have pages left: what a worker goes on with after a kill."""
    free = or_(ScanBatch.leased_until.is_(None), ScanBatch.leased_until < clock.now())
    return list(session.scalars(select(ScanBatch.id).where(ScanBatch.state == "received", free).order_by(ScanBatch.id)))


def _silent(_done: int, _total: int) -> None:
    """Progress that nobody watches."""


def work_batch(
    database: Database, desk: ScanDesk, actor: Actor, batch_id: int, progress: Progress = _silent
) -> list[PageFate]:
    """File every page of a batch that still waits, and tell every page's fate, in the batch's order.

    Safe to repeat after a kill, and from two processes at once: the second waits for the first, or takes over when
    that one has been silent for the desk's lease. While the database is away it waits, up to two minutes in all.
    ``progress`` gets (pages done, pages in all) after each chunk.
    Raises NotFound, NotAllowed, and what the vault raises; the batch can then be worked again.
    """
    actor.require("扫描归档", *OFFICE_ROLES)
    for _ in range(_PATIENCE_SECONDS):
        try:
            return _take_and_work(database, desk, actor, batch_id, progress)
        except OperationalError as error:
            if _is_full(error):
                raise
            time.sleep(1)
    return _take_and_work(database, desk, actor, batch_id, progress)


def _is_full(error: OperationalError) -> bool:
    """Whether the disk is what the database complains of: waiting will not make room."""
    told = str(error.orig)
    return "disk is full" in told or "No space left" in told


def _take_and_work(
    database: Database, desk: ScanDesk, actor: Actor, batch_id: int, progress: Progress
) -> list[PageFate]:
    while not _take(database, desk, batch_id):
        with database.reading() as session:
            if page_fates.find(session, batch_id).state == "filed":
                return page_fates.fates(session, batch_id)
        time.sleep(0.1)
    try:
        _work(database, desk, actor, batch_id, progress)
    except BaseException:
        _let_go(database, batch_id)
        raise
    with database.reading() as session:
        return page_fates.fates(session, batch_id)


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
    """Give up the claim after an error, so that the next try need not wait. What cannot be said here runs out.

    Whoever lives to say so did not die of a page: the attempts begin anew.
    """
    waiting = update(ScanPage).where(ScanPage.batch_id == batch_id, ScanPage.state == "received")
    try:
        with database.transaction() as session:
            session.execute(update(ScanBatch).where(ScanBatch.id == batch_id).values(leased_until=None))
            session.execute(waiting.values(attempts=0))
    except OperationalError:
        return


def _work(database: Database, desk: ScanDesk, actor: Actor, batch_id: int, progress: Progress) -> None:
    with database.transaction() as session:
        desk.vault.clear_unfiled(session)
    with desk.vault.spool() as spool:
        with database.reading() as session:
            batch = page_fates.find(session, batch_id)
            desk.vault.open_into(session.get_one(Blob, batch.blob_id), spool)
            query = select(ScanPage.position, ScanPage.attempts)
            query = query.where(ScanPage.batch_id == batch_id, ScanPage.state == "received").order_by(ScanPage.position)
            waiting = [(position, attempts) for position, attempts in session.execute(query)]
            total, name = batch.page_count, batch.name
        done = total - len(waiting)
        progress(done, total)
        deadly = {position for position, attempts in waiting if attempts >= MOST_ATTEMPTS}
        pile = groups.Pile(desk.catalogue)
        spool.finish()
        with apart.opened(spool, name) as far:
            for chunk in _chunks(waiting):
                _begin(database, batch_id, chunk)
                seen = pile.add(look(database, desk, far, chunk, deadly))
                _file_insistently(database, desk, actor, batch_id, seen, far, chunk)
                done += len(chunk)
                progress(done, total)
            _file_insistently(database, desk, actor, batch_id, pile.rest(), far, ())
    with database.transaction() as session:
        left = select(ScanPage.id).where(ScanPage.batch_id == batch_id, ScanPage.state == "received").limit(1)
        if session.scalar(left) is None:
            batch = page_fates.find(session, batch_id)
            batch.state, batch.leased_until = "filed", None


def _chunks(waiting: Sequence[tuple[int, int]]) -> Iterator[list[int]]:
    """Positions in pieces that are filed together. A page at which somebody died before comes alone."""
    chunk: list[int] = []
    for position, attempts in waiting:
        if chunk and (attempts or len(chunk) == CHUNK):
            yield chunk
            chunk = []
        chunk.append(position)
        if attempts:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _begin(database: Database, batch_id: int, chunk: Sequence[int]) -> None:
    """Say that these pages are about to be looked at: a page that kills whoever looks is known by its attempts."""
    mine = update(ScanPage).where(ScanPage.batch_id == batch_id, ScanPage.position.in_(chunk))
    with database.transaction() as session:
        session.execute(mine.values(attempts=ScanPage.attempts + 1))


def look(
    database: Database, desk: ScanDesk, far: Far, positions: Sequence[int], deadly: Collection[int] = ()
) -> list[Seen]:
    """Look at pages without touching a record, one at a time; at ``deadly`` ones nobody looks any more."""
    with database.reading() as session:
        return [
            seeing.unseen(far, position) if position in deadly else seeing.look(session, desk, far, position)
            for position in positions
        ]


def _file_insistently(
    database: Database,
    desk: ScanDesk,
    actor: Actor,
    batch_id: int,
    seen: Sequence[Seen],
    far: Far,
    looked_at: Sequence[int],
) -> None:
    """File a chunk; what passes is tried again, a little later each time.

    The database may be away or busy, or a record was being destroyed while one of its pages was about to be filed:
    looked at again, that page goes to the tray.
    """
    for attempt in range(_ATTEMPTS):
        try:
            _file_chunk(database, desk, actor, batch_id, seen, far, looked_at)
            return
        except (OperationalError, DossierClosedToFiling, NumberDestroyed):
            if attempt == _ATTEMPTS - 1:
                raise
            time.sleep(0.2 * 2**attempt)


def _file_chunk(
    database: Database,
    desk: ScanDesk,
    actor: Actor,
    batch_id: int,
    seen: Sequence[Seen],
    far: Far,
    looked_at: Sequence[int],
) -> None:
    """One transaction: every page of the chunk that still waits gets its fate, and the claim is renewed.

    Who has looked at a page and lived clears its attempts; pages of a group may still have to wait for the others.
    """
    with database.transaction() as session:
        audit.lock(session)
        batch = page_fates.find(session, batch_id)
        of_batch = ScanPage.batch_id == batch_id
        session.execute(update(ScanPage).where(of_batch, ScanPage.position.in_(looked_at)).values(attempts=0))
        query = select(ScanPage).where(of_batch, ScanPage.position.in_([page.position for page in seen]))
        waiting = {row.position: row for row in session.scalars(query.where(ScanPage.state == "received"))}
        for part in groups.parted(desk.catalogue, seen):
            if part[0].position not in waiting:
                continue  # another worker has decided on it, and on all of it: a group is never cut in two
            if groups.is_group(desk.catalogue, part):
                groups.file_group(session, desk, actor, batch, waiting, part, far.page)
            else:
                file_page(session, desk, actor, batch, waiting[part[0].position], part[0])
        if batch.state == "received":
            batch.leased_until = clock.now() + _lease(desk)
