"""Killed between any two writes of placing or undoing, a page is filed whole or waits whole; nothing is in between."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from sqlalchemy import func, select

from forms.scanning.tray.tray_tables import TrayAct
from forms.tables import ScanPage
from records import audit, verify
from records.tables import Document, Page

ROOT = Path(__file__).resolve().parents[4]

# Places the page where it waits, takes the placing back where it is filed; killed at the n-th thing that the process
# does to the database or the vault, for every n until it comes to its end.
DYING = """
import json, os, signal, sys
from pathlib import Path
from forms.catalogue import load_catalogue
from forms.scanning.tray import placing, tray_journal, undoing
from forms.tables import ScanPage
from records import units
from records.users import Actor, Role
from tests.forms.scanning.dying import mortal

url, home, actor, page_id = sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:5])
catalogue = load_catalogue()

def work(points):
    database, desk = mortal(url, home, catalogue, points)
    me = Actor(actor, "archivist", Role.ARCHIVIST)
    with database.transaction() as session:
        page = session.get_one(ScanPage, page_id)
        if page.state == "tray":
            home_unit = units.find_unit(session, "3-2-1201")
            placing.place(session, desk, me, page, form_code="RZ-15", unit=home_unit)
        else:
            undoing.undo(session, desk, me, undoing.lock(session, me, tray_journal.last_of(session, me).id))

killed, ended = 0, 0
for points in (*range(2, 60, 5), 0) * 2:
    child = os.fork()
    if not child:
        work(points)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    killed, ended = killed + (code == -signal.SIGKILL), ended + (code == 0)
print(json.dumps([killed, ended]))
"""


@pytest.fixture
def paper():
    """A page from elsewhere."""
    image = Image.new("RGB", (827, 1169), "white")
    ImageDraw.Draw(image).rectangle((100, 200, 600, 400), fill="black")
    return image


def test_killed_anywhere_a_placing_and_its_way_back_are_whole(database, actors, desk, home, make_unit, scan_in, paper):
    with database.transaction() as session:
        make_unit(session)
    [fate] = scan_in(database, actors.archivist, [paper])
    url = database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", DYING, url, str(home), str(actors.archivist.id), str(fate.scan_page_id)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    told = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    killed, ended = json.loads(told.stdout)
    assert killed > 12
    assert ended >= 2
    with database.transaction() as session:
        page = session.get_one(ScanPage, fate.scan_page_id)
        filed = session.scalar(select(func.count()).select_from(Page))
        acts = session.scalar(select(func.count()).select_from(TrayAct))
        undone = session.scalar(select(func.count()).select_from(TrayAct).where(TrayAct.undone_at.is_not(None)))
        withdrawn = session.scalar(select(func.count()).select_from(Document).where(Document.state == "withdrawn"))
        assert (page.state, filed) in {("tray", 0), ("filed", 1)}
        assert (acts - undone, withdrawn) == (filed, undone)
        assert audit.verify(session) is None
        verify.sweep_vault(session, desk.vault)
    with database.reading() as session:
        assert list(verify.check_vault(session, desk.vault)) == []
