"""Working scan batches beside the visitors: one thread of this process files, the records say how far it has come.

Nothing is kept here but the claim to work on it: a batch that a killed process left behind is taken up again by the
next visitor who looks at it, or by the worker.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, time
from threading import Lock

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from forms.scanning.receiving import batch_work
from forms.tables import ScanBatch, ScanPage
from records import clock
from records.users import Actor
from web.office import Office

_journal = logging.getLogger(__name__)


class BatchHand:
    """The hand that files what visitors have uploaded, one batch after the other."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="filing")
        self._working: set[int] = set()
        self._lock = Lock()

    def take_up(self, actor: Actor, batch_id: int) -> None:
        """File a batch soon; once, however often it is asked for.

        Where pages cannot be opened, a worker that holds the master key files it.
        """
        if not self._office.vault.master.can_open():
            self._leave_to_the_worker(batch_id)
            return
        with self._lock:
            if batch_id in self._working:
                return
            self._working.add(batch_id)
        self._pool.submit(self._work, actor, batch_id)

    def _leave_to_the_worker(self, batch_id: int) -> None:
        # A lease that is over is what a worker looks for; without one it would give this process some minutes first.
        mine = update(ScanBatch).where(ScanBatch.id == batch_id, ScanBatch.state == "received")
        with self._office.transaction() as session:
            session.execute(mine.where(ScanBatch.leased_until.is_(None)).values(leased_until=clock.now()))

    def _work(self, actor: Actor, batch_id: int) -> None:
        try:
            batch_work.work_batch(self._office.database, self._office.desk, actor, batch_id)
        except Exception:  # the thread's end: the batch stays as far as it got and is taken up again
            _journal.exception("batch %s was not filed to its end", batch_id)
        finally:
            with self._lock:
                self._working.discard(batch_id)

    def wait(self) -> None:
        """Wait until nothing is left to do (for tests, and for a server that is about to end)."""
        self._pool.submit(lambda: None).result()


def latest(session: Session, most: int) -> list[ScanBatch]:
    """The batches of today and those still being filed, however many, and before them the latest up to ``most``."""
    found = list(session.scalars(select(ScanBatch).order_by(ScanBatch.id.desc()).limit(most)))
    since = datetime.combine(clock.today(), time(), clock.OFFICE_ZONE)
    working = or_(ScanBatch.state == "received", ScanBatch.received_at >= since)
    query = select(ScanBatch).where(working, ScanBatch.id.not_in([batch.id for batch in found]))
    return found + list(session.scalars(query.order_by(ScanBatch.id.desc())))


def is_of_today(batch: ScanBatch) -> bool:
    """Whether it was received on this local day, or is still being filed."""
    return batch.state == "received" or clock.local_date(batch.received_at) == clock.today()


def counts(session: Session, batch_id: int) -> dict[str, int]:
    """How many pages of a batch are in each state."""
    query = select(ScanPage.state, func.count()).where(ScanPage.batch_id == batch_id).group_by(ScanPage.state)
    return dict(session.execute(query).all())
