"""A place with only the public part of the master key takes in and seals what it cannot read; a worker files it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pyotp
import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import func, select

from forms.scanning.imitation import samples
from forms.tables import ScanBatch, ScanPage
from records import users
from records.settings import Settings
from records.signing_in import second_factors
from records.vault.master_key import public_part
from web.application import create_app
from web.background.worker import Worker
from web.office import Office

if TYPE_CHECKING:
    from tests.web.conftest import Visitor


@pytest.fixture
def outpost(office: Office, tmp_path: Path) -> Iterator[Office]:
    """The same office, opened where only the public part of its master key is."""
    with office.transaction() as session:
        staff = users.find_actor(session, "staff")
        secret = second_factors.begin(session, office.vault, staff)
        second_factors.confirm(session, office.vault, staff, pyotp.TOTP(secret).now())
        key = office.vault.labelled_key(session, "sign-in", "sign-in")
        sign_in = office.vault.identity(key)
    path = tmp_path / "public.key"
    master = office.vault.master
    path.write_text(public_part(master.identity().to_public(), master.page_secret(), sign_in))
    settings = Settings.read({"YEDANG_HOME": str(office.settings.home), "YEDANG_MASTER_KEY": str(path)})
    opened = Office.open(settings)
    yield opened
    opened.database.close()


@pytest.fixture
def visitor_there(outpost: Office, at_the_door: Callable[[Flask], Visitor]) -> Visitor:
    visitor = at_the_door(create_app(outpost))
    assert visitor.sign_in("archivist").status_code == 302
    return visitor


def test_it_takes_in_a_scan_that_the_worker_files(office: Office, outpost: Office, visitor_there: Visitor) -> None:
    page = Image.new("RGB", (1240, 1754), (240, 250, 230))
    upload = (io.BytesIO(samples.scan_pdf([page], 150)), "收件.pdf")
    assert visitor_there.post("/scans/", files=upload, accept="application/json").status_code in (200, 201, 302)
    newest = select(ScanBatch.state, ScanBatch.id).order_by(ScanBatch.id.desc()).limit(1)
    with office.reading() as session:
        state, batch = session.execute(newest).one()
        assert state == "received"
    assert Worker(office)._finish_batches() == 1
    with office.reading() as session:
        assert session.execute(newest).one().state == "filed"
        waiting = select(func.count()).where(ScanPage.batch_id == batch, ScanPage.state == "received")
        assert session.scalar(waiting) == 0


@pytest.mark.usefixtures("granted")
def test_it_opens_no_page_and_says_so(outpost: Office, at_the_door: Callable[[Flask], Visitor]) -> None:
    visitor = at_the_door(create_app(outpost))
    visitor.sign_in("supervisor")
    for address in ("/documents/2", "/documents/2/pages/1"):
        answer = visitor.get(address)
        assert (answer.status_code, "不能打开影像" in answer.text) == (503, True), address
    archivist = at_the_door(create_app(outpost))
    archivist.sign_in("archivist")
    assert "不能打开影像" in archivist.get("/tray/3").text


def test_it_prints_numbered_forms(visitor_there: Visitor) -> None:
    answer = visitor_there.post("/forms/ZX-01/print", unit="3-2-1201", count="1", format="pdf")
    assert answer.status_code == 302, answer.text
    assert "/printed/" in answer.location


def test_second_factors_are_proven_there_too(outpost: Office) -> None:
    with outpost.transaction() as session:
        staff = users.find_actor(session, "staff")
        row = session.get_one(second_factors.SecondFactor, staff.id)
        secret = outpost.vault.open_for_sign_in(session, row.sealed).decode()
        row.last_step = 0
        session.flush()
        assert second_factors.take_code(session, outpost.vault, staff.id, pyotp.TOTP(secret).now())
