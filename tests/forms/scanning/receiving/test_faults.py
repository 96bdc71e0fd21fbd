"""The disk is full, the database is away, two people hand in the same file: each page is filed once."""

from __future__ import annotations

import errno
import os
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Timer

import pytest
from sqlalchemy import create_engine, event, func, select, text
from sqlalchemy.exc import OperationalError

from forms import numbers_check
from forms.scanning.imitation import samples
from forms.scanning.receiving import batch_work, intake
from forms.tables import ScanBatch
from records import audit, verify
from records.database import Database
from records.tables import Page
from records.vault import unfiled


@pytest.fixture
def batch(database, actors, make_book, desk):
    """A batch of six pages of a book."""
    with database.transaction() as session:
        _, book = make_book(session, actors.supervisor, "HF-01", 6)
        scan = samples.scan_pdf(book.images)
        return intake.receive(session, desk, actors.staff, "a.pdf", scan).id, scan


def _is_whole(database, desk, pages: int = 6) -> None:
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Page)) == pages
        assert audit.verify(session) is None
        found = [*verify.check_records(session), *verify.check_vault(session, desk.vault)]
        assert [*found, *numbers_check.findings(session)] == []


def test_a_full_disk_under_the_vault_leaves_nothing_half_and_filing_goes_on_later(
    database, actors, desk, batch, monkeypatch
):
    left = 3

    def sync(descriptor, really=os.fsync):
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        really(descriptor)

    monkeypatch.setattr(unfiled.os, "fsync", sync)
    with pytest.raises(OSError, match="No space"):
        batch_work.work_batch(database, desk, actors.staff, batch[0])
    monkeypatch.undo()
    with database.transaction() as session:
        desk.vault.clear_unfiled(session)
    _is_whole(database, desk, 0)
    assert {fate.state for fate in batch_work.work_batch(database, desk, actors.staff, batch[0])} == {"filed"}
    _is_whole(database, desk)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_full_disk_under_the_database_is_told_at_once(database, actors, desk, batch):
    def cramp(connection, _record):
        cursor = connection.cursor()
        pages = cursor.execute("PRAGMA page_count").fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(database.engine, "connect", cramp)
    database.engine.dispose()
    begun = time.monotonic()
    with pytest.raises(OperationalError, match="full"):
        batch_work.work_batch(database, desk, actors.staff, batch[0])
    assert time.monotonic() - begun < 60
    event.remove(database.engine, "connect", cramp)
    database.engine.dispose()
    assert {fate.state for fate in batch_work.work_batch(database, desk, actors.staff, batch[0])} == {"filed"}
    _is_whole(database, desk)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_while_the_server_is_away_filing_waits(database, actors, desk, batch, postgresql_server):
    name = database.engine.url.database
    admin = create_engine(postgresql_server.format("postgres"), isolation_level="AUTOCOMMIT")

    def open_to_all(allowed: bool) -> None:
        with admin.connect() as connection:
            connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {str(allowed).lower()}"))
            if not allowed:
                stop = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
                connection.execute(text(stop), {"name": name})

    away = Timer(0.05, open_to_all, [False])
    back = Timer(5.0, open_to_all, [True])
    away.start()
    back.start()
    time.sleep(0.3)
    fates = batch_work.work_batch(database, desk, actors.staff, batch[0])
    back.join()
    assert {fate.state for fate in fates} == {"filed"}
    _is_whole(database, desk)
    admin.dispose()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_database_locked_beyond_patience_of_one_statement_is_waited_for(database, actors, desk, batch):
    def hurry(connection, _record):
        connection.execute("PRAGMA busy_timeout = 100")

    event.listen(database.engine, "connect", hurry)
    database.engine.dispose()
    other = Database(str(database.engine.url))
    with ThreadPoolExecutor() as pool:
        with other.transaction() as held:
            audit.lock(held)
            fates = pool.submit(batch_work.work_batch, database, desk, actors.staff, batch[0])
            time.sleep(3)
            assert not fates.done()
        assert {fate.state for fate in fates.result(60)} == {"filed"}
    other.close()
    _is_whole(database, desk)


def test_the_same_file_from_two_people_at_once_is_one_batch(database, actors, desk, batch):
    _, scan = batch
    scan = scan.replace(b"%%EOF", b"%% another file\n%%EOF")

    def hand_in(actor):
        with database.transaction() as session:
            return intake.receive(session, desk, actor, "今天.pdf", scan).id

    with ThreadPoolExecutor(4) as pool:
        people = (actors.staff, actors.archivist) * 2
        made = set(pool.map(hand_in, people))
    assert len(made) == 1
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(ScanBatch)) == 2
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda id_: batch_work.work_batch(database, desk, actors.staff, id_), [batch[0], *made]))
    assert sorted(fate.state for fates in both for fate in fates) == ["duplicate"] * 6 + ["filed"] * 6
    _is_whole(database, desk)
