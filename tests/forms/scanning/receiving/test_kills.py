"""Killed a hundred times and started again each time, filing files every page exactly once; nothing is left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from sqlalchemy import event, func, select

from forms import numbers_check
from forms.scanning.imitation import samples
from forms.scanning.receiving import batch_work, intake
from forms.tables import ScanPage, Serial
from records import audit, verify
from records.tables import Page

ROOT = Path(__file__).resolve().parents[4]

# Begins a process again and again that files the batch, and kills each with SIGKILL: at the n-th thing that it does to
# the database or the vault, or after so many milliseconds. The pages are read in the process itself: what opening them
# apart is good for is proven elsewhere, and a hundred readers would take minutes to begin.
DYING = """
import json, os, random, signal, sys, time
from contextlib import contextmanager
from pathlib import Path
from forms.catalogue import load_catalogue
from forms.scanning.opening import apart, masters, rasters
from forms.scanning.receiving import batch_work
from records.users import Actor, Role
from tests.forms.scanning.dying import mortal

url, home, actor, batch, kills = sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:6])
catalogue = load_catalogue()
batch_work.CHUNK, batch_work.MOST_ATTEMPTS, seeded = 2, 10**6, random.Random(7)

class Near:
    def __init__(self, master):
        self.master, self.page = master, master.page

    def look(self, position):
        return self.page(position), rasters.picture(self.page(position))

@contextmanager
def near(spool, name):
    with spool.reader() as file:
        yield Near(masters.open_file(file, name))

apart.opened = near

def work(points):
    database, desk = mortal(url, home, catalogue, points, lease=0.01)
    batch_work.work_batch(database, desk, Actor(actor, "staff", Role.STAFF), batch)

died = []
while len(died) < kills:
    points, delay = (seeded.randint(1, 60), 20.0) if seeded.random() < 0.8 else (0, seeded.uniform(0, 0.12))
    child = os.fork()
    if not child:
        work(points)
        os._exit(0)
    until = time.monotonic() + delay
    while not (ended := os.waitpid(child, os.WNOHANG))[0] and time.monotonic() < until:
        time.sleep(0.002)
    if not ended[0]:
        os.kill(child, signal.SIGKILL)
        ended = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(ended[1]) != -signal.SIGKILL:
        break
    died.append(points)
print(json.dumps(died))
"""


@pytest.fixture
def pile(database, actors, make_book, make_unit, make_sheet, desk):
    """A batch of sixty pages: a book, a sheet of several pages, papers of nobody, a page that came twice."""
    with database.transaction() as session:
        unit, _ = make_unit(session)
        _, book = make_book(session, actors.supervisor, "HF-01", 50)
        sheet = make_sheet(session, actors.staff, "ZX-10", unit=unit, lines=90)
        ours = [image.convert("L").resize((1158, 1638)) for image in (*book.images, *sheet.images)]
        strangers = [_stranger(number) for number in range(59 - len(ours))]
        pages = [*ours[:30], *strangers, *ours[30:], ours[0].copy().rotate(0.5, fillcolor=255)]
        return intake.receive(session, desk, actors.staff, "a.pdf", samples.scan_pdf(pages, 140)).id, len(ours)


def _stranger(number: int) -> Image.Image:
    page = Image.new("L", (580, 820), 255)
    ImageDraw.Draw(page).rectangle((100, 100, 300 + number, 500), fill=60)
    return page


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_killed_at_a_hundred_moments_every_page_is_filed_once(database, actors, desk, home, pile, monkeypatch):
    batch_id, ours = pile
    wanted = 70 if database.is_sqlite else 30
    url = database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", DYING, url, str(home), str(actors.staff.id), str(batch_id), str(wanted)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    told = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout
    assert len(json.loads(told)) == wanted
    # None of the kills was a page's fault, however many of them hit the same page.
    monkeypatch.setattr(batch_work, "MOST_ATTEMPTS", 10**6)
    fates = batch_work.work_batch(database, replace(desk, lease=0.2), actors.staff, batch_id)
    states = [fate.state for fate in fates]
    assert (states.count("filed"), states.count("duplicate"), states.count("tray")) == (ours, 1, 59 - ours)
    _is_whole(database, desk, batch_id, ours)


def _is_whole(database, desk, batch_id, filed):
    """Each page is filed exactly once, the log verifies, the vault holds what the records know and nothing else."""
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Page)) == filed
        of_batch = select(ScanPage.page_id).where(ScanPage.batch_id == batch_id, ScanPage.state == "filed")
        assert len(set(session.scalars(of_batch))) == filed
        assert set(session.scalars(select(Serial.state))) == {"returned"}
        assert audit.verify(session) is None
        findings = [*verify.check_records(session), *verify.check_vault(session, desk.vault)]
        assert [*findings, *numbers_check.findings(session)] == []


def test_a_page_that_kills_whoever_looks_goes_to_the_tray_and_its_neighbours_are_filed(
    database, actors, desk, make_book, monkeypatch
):
    with database.transaction() as session:
        _, book = make_book(session, actors.supervisor, "HF-01", 4)
        batch = intake.receive(session, desk, actors.staff, "a.pdf", samples.scan_pdf(book.images))
    asked = []

    class Killed(BaseException):
        """Stands for a process that is gone: nobody lives to clear anything."""

    def deadly(session, desk, far, position, look=batch_work.seeing.look):
        asked.append(position)
        if position == 2:
            raise Killed
        return look(session, desk, far, position)

    monkeypatch.setattr(batch_work.seeing, "look", deadly)
    monkeypatch.setattr(batch_work, "_let_go", lambda *_args: None)
    quick = replace(desk, lease=0.0)
    for _ in range(batch_work.MOST_ATTEMPTS):
        with pytest.raises(Killed):
            batch_work.work_batch(database, quick, actors.staff, batch.id)
    fates = batch_work.work_batch(database, quick, actors.staff, batch.id)
    assert [fate.state for fate in fates] == ["filed", "tray", "filed", "filed"]
    assert [fate.reason for fate in fates] == ["", "deadly", "", ""]
    assert asked.count(2) == batch_work.MOST_ATTEMPTS


def test_an_error_that_one_survives_is_no_attempt(database, actors, desk, make_book, monkeypatch):
    with database.transaction() as session:
        _, book = make_book(session, actors.supervisor, "HF-01", 2)
        batch = intake.receive(session, desk, actors.staff, "a.pdf", samples.scan_pdf(book.images))

    def broken(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(desk.vault, "store", broken)
    for _ in range(batch_work.MOST_ATTEMPTS + 2):
        with pytest.raises(OSError, match="No space"):
            batch_work.work_batch(database, desk, actors.staff, batch.id)
    monkeypatch.undo()
    fates = batch_work.work_batch(database, desk, actors.staff, batch.id)
    assert [fate.state for fate in fates] == ["filed", "filed"]


def test_a_chunk_that_fails_half_way_leaves_nothing_and_can_be_repeated(database, actors, make_book, desk):
    with database.transaction() as session:
        _, book = make_book(session, actors.supervisor, "HF-01", 3)
        batch = intake.receive(session, desk, actors.staff, "a.pdf", samples.scan_pdf(book.images))

    def full(_connection, _cursor, statement, *_more):
        if "INSERT INTO pages" in statement:
            raise OSError(28, "No space left on device")

    event.listen(database.engine, "before_cursor_execute", full)
    with pytest.raises(OSError, match="No space"):
        batch_work.work_batch(database, desk, actors.staff, batch.id)
    event.remove(database.engine, "before_cursor_execute", full)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Page)) == 0
        assert batch_work.unfinished(session) == [batch.id]
    fates = batch_work.work_batch(database, desk, actors.staff, batch.id)
    assert {fate.state for fate in fates} == {"filed"}
    _is_whole(database, desk, batch.id, 3)
