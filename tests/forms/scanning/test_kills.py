"""Killed at any moment and started again, filing files every page exactly once and the log still verifies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event, func, select

from forms.scanning import intake, samples
from forms.tables import ScanPage, Serial
from records import audit
from records.tables import Blob, Page

ROOT = Path(__file__).resolve().parents[3]

# Files a batch until the n-th thing that it does to the database or the vault, and dies of SIGKILL there.
DYING = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
from forms.catalogue import load_catalogue
from forms.scanning import intake
from records import vault
from records.database import Database
from records.users import Actor, Role

url, home, actor, batch, points = sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:6])
database, done = Database(url), 0
master = vault.MasterKey(home / "keys" / "master.key")
desk = intake.ScanDesk(load_catalogue(), vault.Vault(home / "vault", master), master.page_secret(), lease=0.2)
intake.CHUNK = 3

def step(*_args, **_more):
    global done
    done += 1
    if done == points:
        os.kill(os.getpid(), signal.SIGKILL)

def write(path, data, original=vault.write_durably):
    step()
    original(path, data)
    step()

vault.write_durably = write
for moment in ("before_cursor_execute", "commit"):
    event.listen(database.engine, moment, step)
intake.work_batch(database, desk, Actor(actor, "staff", Role.STAFF), batch)
"""


@pytest.mark.parametrize("points", [[9, 61], [97, 150]])
def test_killed_and_started_again_every_page_is_filed_once(
    database, actors, make_book, make_unit, make_sheet, desk, home, points
):
    with database.transaction() as session:
        unit, _ = make_unit(session)
        _, book = make_book(session, actors.supervisor, "HF-01", 4)
        sheet = make_sheet(session, actors.staff, "ZX-10", unit=unit, lines=90)
        scan = samples.scan_pdf([*book.images, *sheet.images, book.images[0].copy().convert("L")])
        batch = intake.receive(session, desk, actors.staff, "a.pdf", scan)
    killed = [_die(database, home, actors.staff.id, batch.id, point) for point in points]
    assert killed[0] == -signal.SIGKILL
    fates = intake.work_batch(database, replace(desk, lease=0.2), actors.staff, batch.id)
    pages = len(book.images) + len(sheet.images)
    assert [fate.state for fate in fates] == ["filed"] * pages + ["duplicate"]
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Page)) == pages
        assert session.scalar(select(func.count(func.distinct(ScanPage.page_id)))) == pages
        assert set(session.scalars(select(Serial.state))) == {"returned"}
        assert audit.verify(session) is None
        for blob in session.scalars(select(Blob)):
            assert desk.vault.open(blob)


def _die(database, home, actor, batch, point):
    url = database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", DYING, url, str(home), str(actor), str(batch), str(point)]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False).returncode


def test_a_chunk_that_fails_half_way_leaves_nothing_and_can_be_repeated(database, actors, make_book, desk):
    with database.transaction() as session:
        _, book = make_book(session, actors.supervisor, "HF-01", 3)
        batch = intake.receive(session, desk, actors.staff, "a.pdf", samples.scan_pdf(book.images))

    def full(_connection, _cursor, statement, *_more):
        if "INSERT INTO pages" in statement:
            raise OSError(28, "No space left on device")

    event.listen(database.engine, "before_cursor_execute", full)
    with pytest.raises(OSError, match="No space"):
        intake.work_batch(database, desk, actors.staff, batch.id)
    event.remove(database.engine, "before_cursor_execute", full)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Page)) == 0
        assert intake.unfinished(session) == [batch.id]
    fates = intake.work_batch(database, desk, actors.staff, batch.id)
    assert {fate.state for fate in fates} == {"filed"}
