"""What recognition promises: each filed page is read once, whoever dies on the way, and the text is fit for search."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from forms import issuing
from forms.scanning import intake, reading, samples
from forms.scanning.reading import Line
from records.audit import Verb
from records.tables import AuditEntry, Page

DYING = """
import sys, time
from pathlib import Path
from forms.scanning import reading
from records.database import Database
from records.vault import MasterKey, Vault

class Dying:
    def read(self, image):
        print("reading", flush=True)
        time.sleep(60)
        return "too late"

home = Path(sys.argv[2])
reading.work_once(Database(sys.argv[1]), Vault(home / "vault", MasterKey(home / "keys" / "master.key")), Dying(), 0.5)
"""


class Counting:
    """Reads every page as its size, and counts."""

    def __init__(self):
        self.count = 0

    def read(self, image):
        self.count += 1
        return f"页面 {image.width}"


@pytest.fixture
def filed(database, actors, make_book, scan_in):
    """Three pages of a book, filed and not yet read."""
    with database.transaction() as session:
        _, sheet = make_book(session, actors.supervisor, "HF-01", 3)
    scan_in(database, actors.staff, sheet.images)


def _read(session):
    return session.scalar(select(func.count()).where(AuditEntry.verb == str(Verb.PAGE_READ)))


@pytest.mark.usefixtures("filed")
def test_every_page_is_read_once(database, desk):
    reader = Counting()
    while reading.work_once(database, desk.vault, reader):
        pass
    assert reader.count == 3
    with database.reading() as session:
        assert session.scalars(select(Page.reading)).all() == ["done"] * 3
        assert all(text.startswith("页面") for text in session.scalars(select(Page.text)))
        assert (_read(session), reading.waiting(session)) == (3, 0)


@pytest.mark.usefixtures("filed")
def test_a_page_whose_reader_was_killed_is_read_by_another_once(database, desk, home):
    url = database.engine.url.render_as_string(hide_password=False)
    root = Path(__file__).resolve().parents[3]
    command = [sys.executable, "-c", DYING, url, str(home)]
    victim = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}
    )
    assert victim.stdout is not None
    assert victim.stdout.readline() == "reading\n"
    victim.kill()
    victim.wait()
    victim.stdout.close()
    time.sleep(0.6)
    reader = Counting()
    while reading.work_once(database, desk.vault, reader):
        pass
    with database.reading() as session:
        assert session.scalars(select(Page.reading)).all() == ["done"] * 3
        assert _read(session) == 3
    assert reader.count == 3


@pytest.mark.usefixtures("filed")
def test_what_comes_too_late_is_not_written(database, desk):
    class Slow(Counting):
        def read(self, _image):
            # Its claim has run out; another worker reads the same page meanwhile.
            with database.transaction() as session:
                session.execute(update(Page).where(Page.id != first).values(reading="done"))
                session.execute(update(Page).where(Page.id == first).values(reading="waiting", leased_until=None))
            assert reading.work_once(database, desk.vault, Counting())
            return "too late"

    with database.reading() as session:
        first = session.scalar(select(func.min(Page.id)))
    assert reading.work_once(database, desk.vault, Slow())
    with database.reading() as session:
        assert session.get_one(Page, first).text.startswith("页面")
        assert _read(session) == 1


@pytest.mark.usefixtures("filed")
def test_two_readers_never_claim_the_same_page(database):
    with database.transaction() as session:
        one = reading.claim(session, 60)
    with database.transaction() as session:
        two = reading.claim(session, 60)
    assert one is not None
    assert two is not None
    assert one.id != two.id


@pytest.mark.usefixtures("filed")
def test_a_page_that_cannot_be_opened_is_given_up_and_said(database, desk):
    for file in (desk.vault.folder).rglob("*.age"):
        file.write_bytes(b"nothing")
    while reading.work_once(database, desk.vault, Counting()):
        pass
    with database.reading() as session:
        assert session.scalars(select(Page.reading)).all() == ["failed"] * 3


def test_pieces_are_joined_in_reading_order():
    lines = [
        Line("13800001111", 300, 52, 420, 70),
        Line("回 访 记 录", 100, 10, 300, 40),
        Line("联系电话：", 20, 50, 120, 72),
        Line("下一行", 20, 80, 100, 100),
    ]
    assert reading.joined(lines) == "回访记录\n联系电话:  13800001111\n下一行"


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("王 建 国", "王建国"),
        ("３－２－１２０１", "3-2-1201"),
        ("Room 12 号", "Room 12 号"),
        ("（存档）", "(存档)"),
        ("㎡", "㎡"),
    ],
)
def test_text_is_made_fit_for_search(raw, clean):
    assert reading.clean(raw) == clean


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_scanned_form_is_really_read(database, actors, shop, make_unit, desk):
    with database.transaction() as session:
        unit, _ = make_unit(session)
        values = {"owner": "欧阳建国", "phone": "13912345678"}
        printed = issuing.print_sheets(
            session, shop, actors.staff, shop.catalogue.form("RZ-07"), unit=unit, values=values
        )
        [image, *_] = samples.rasterise(printed.data)
        scan = samples.scan_pdf([samples.degrade(image, "medium", 2, turn=1)])
        batch = intake.receive(session, desk, actors.staff, "a.pdf", scan)
    intake.work_batch(database, desk, actors.staff, batch.id)
    assert reading.work_once(database, desk.vault, reading.Recogniser())
    with database.reading() as session:
        text = session.scalars(select(Page.text)).one()
    assert all(piece in text for piece in ("业主资料卡", "欧阳建国", "13912345678", printed.serials[0][:-2]))
