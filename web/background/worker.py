"""The worker: takes in what lies in the inbox, reads filed pages, finishes what was left, and disposes at night.

Work left is a state of the records, claimed with a lease: a killed worker loses nothing, and several may run at once.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable
from datetime import date, timedelta
from threading import Event

from sqlalchemy import and_, or_, select
from sqlalchemy.exc import DBAPIError

from forms.scanning.reading import filed_pages, recogniser
from forms.scanning.receiving import batch_work
from forms.scanning.tray import tray_journal, tray_texts
from forms.tables import ScanBatch
from records import checks, clock, users
from records.errors import OfficeError
from records.tables import Discard, User
from retention import runs
from web.acts.retention import disposal_runs
from web.background.inbox import Inbox
from web.backups.timing import back_up_when_due
from web.checking.working import work_piece
from web.office import Office

LOG = logging.getLogger("yedang.worker")
IDLE_SECONDS = 2.0
#: So often the worker tries to wipe what a destruction left while somebody was reading.
WIPE_SECONDS = 15.0
#: So often the worker looks whether a backup is due.
BACK_UP_SECONDS = 60.0
#: The night from Saturday to Sunday sees every image opened; the others see a sample.
FULL_CHECK_ON = 6
# People at their screens go before recognition, which takes every core for seconds.
POLITE = 10
# A batch just received is about to be filed by whoever handed it in; after this long nobody will.
FORGOTTEN = timedelta(minutes=2)


class Worker:
    """One worker of an office; ``stop`` ends it after the page in hand, and so does the end of ``parent``."""

    def __init__(self, office: Office, reader: recogniser.Reader | None = None, parent: int | None = None) -> None:
        self.office = office
        self.parent = parent
        self.reader = reader or recogniser.Recogniser()
        self.inbox = Inbox(office)
        self.stopping = Event()
        self.last_night: date | None = None
        self.wipe_again = 0.0
        self.back_up_again = 0.0

    def stop(self, *_signal: object) -> None:
        """End after the piece of work in hand."""
        self.stopping.set()

    def run(self) -> None:
        """Work until told to stop; SIGTERM and SIGINT tell it."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        os.nice(POLITE)
        self._carefully(self._renew_index)
        while not self.stopping.is_set() and self.parent in {None, os.getppid()}:
            if not self.work():
                self.stopping.wait(IDLE_SECONDS)

    def run_once(self) -> dict[str, int]:
        """Do everything that waits, night or not, and say how much."""
        self._renew_index()
        self.inbox.settle()
        done = {"files": self._take_in(), "batches": self._finish_batches(), "discarded": self._discard(), "pages": 0}
        self._forget_tray_acts()
        while not self.stopping.is_set() and (self._read_tray_page() or self._read_page()):
            done["pages"] += 1
        disposal_runs.begin_night(self.office)
        done["destroyed"] = self._dispose() + disposal_runs.finish_begun(self.office)
        while not self.stopping.is_set() and self._check_piece():
            pass
        return done

    def work(self) -> bool:
        """One round; False when nothing waited."""
        rounds: tuple[Callable[[], int], ...] = (
            self._take_in,
            self._finish_batches,
            self._discard,
            self._at_night,
            self._dispose,
            self._finish_disposal,
            self._back_up,
            self._check_piece,
            self._forget_tray_acts,
            self._renew_index,
            self._read_tray_page,
            self._read_page,
        )
        return any(self._carefully(step) for step in rounds)

    def _carefully(self, step: Callable[[], int]) -> bool:
        """A step that fails is tried again next round: the database may be away, a disk full, for a while."""
        try:
            return bool(step())
        except (OfficeError, DBAPIError, OSError) as error:
            # The class only: a statement's parameters would tell what is in the records.
            LOG.warning("%s: %s", step.__name__, type(error).__name__)
            self.stopping.wait(IDLE_SECONDS)
            return False

    def _renew_index(self) -> int:
        """Index everything anew while people search: words are cut differently now, or a rebuild was cut off."""
        with self.office.reading() as session:
            if not self.office.index.is_outdated(session):
                return 0
        return self.office.index.rebuild(self.office.database)

    def _take_in(self) -> int:
        return self.inbox.take_in()

    def _forget_tray_acts(self) -> int:
        """What was done in the tray on days that are over can no longer be undone, and is not kept for it."""
        with self.office.reading() as session:
            if not tray_journal.has_past(session):
                return 0
        with self.office.transaction() as session:
            return tray_journal.forget_past(session)

    def _read_tray_page(self) -> int:
        """Pages in the tray go before filed ones: somebody is about to decide on them."""
        return int(tray_texts.work_once(self.office.database, self.office.desk, self.reader))

    def _read_page(self) -> int:
        return int(filed_pages.work_once(self.office.database, self.office.desk, self.reader))

    def _finish_batches(self) -> int:
        """File the pages of batches whose filing was cut off, on behalf of whoever handed them in."""
        now = clock.now()
        never_begun = and_(ScanBatch.leased_until.is_(None), ScanBatch.received_at < now - FORGOTTEN)
        with self.office.reading() as session:
            left = select(ScanBatch.id, User).join(User, User.id == ScanBatch.received_by)
            left = left.where(ScanBatch.state == "received", or_(ScanBatch.leased_until < now, never_begun))
            waiting = [(batch_id, users.as_actor(user)) for batch_id, user in session.execute(left)]
        for batch_id, actor in waiting:
            batch_work.work_batch(self.office.database, self.office.desk, actor, batch_id)
        return len(waiting)

    def _discard(self) -> int:
        """Remove vault files that a committed deletion left noted."""
        with self.office.reading() as session:
            if session.scalar(select(Discard.id).limit(1)) is None:
                return 0
        with self.office.transaction() as session:
            return self.office.vault.discard_forgotten(session)

    def _at_night(self) -> int:
        """Begin with approved disposals and a check once a night, when nobody works."""
        now, hours = clock.now(), self.office.settings.night
        night = runs.night_of(now, hours)
        if not runs.is_night(now, hours) or self.last_night == night:
            return 0
        begun = disposal_runs.begin_night(self.office) is not None
        with self.office.transaction() as session:
            checks.ask(session, None, "full" if night.weekday() == FULL_CHECK_ON else "sample")
        self.last_night = night
        return int(begun)

    def _dispose(self) -> int:
        """Destroy what somebody asked for, or the nightly job began."""
        return disposal_runs.work_once(self.office)

    def _finish_disposal(self) -> int:
        """What could not be wiped because somebody was reading is wiped soon after."""
        if time.monotonic() < self.wipe_again:
            return 0
        self.wipe_again = time.monotonic() + WIPE_SECONDS
        return disposal_runs.finish_begun(self.office)

    def _back_up(self) -> int:
        """Every night, and as soon as something was destroyed, so that no backup shows it any longer."""
        if time.monotonic() < self.back_up_again:
            return 0
        self.back_up_again = time.monotonic() + BACK_UP_SECONDS  # a disk that is away is asked for again later
        made = back_up_when_due(self.office)
        if made is not None:
            self.back_up_again = 0.0
        return int(made is not None)

    def _check_piece(self) -> int:
        """Go on with the check that waits, a few images at a time, so that scans and reading come in between."""
        return int(work_piece(self.office))
