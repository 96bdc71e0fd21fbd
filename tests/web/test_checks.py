"""A check names every kind of damage with what to do, goes on after a kill, and is asked for and printed on a page."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pypdfium2
import pytest
from sqlalchemy import func, select, update

from records import checks, clock, users
from records.check_tables import CheckRun
from records.tables import AuditEntry, Blob, Dossier
from records.vault import Vault, blob_path, opening
from retention import holds
from web.background.worker import Worker
from web.checking import advice
from web.checking.working import work_off, work_piece
from web.office import Office

if TYPE_CHECKING:
    from tests.web.conftest import Visitor

SignIn = Callable[[str], "Visitor"]
FLOORS = ("records", "forms", "search", "retention", "web")


def checked(office: Office, kind: str = "full") -> CheckRun:
    """A check from beginning to end."""
    with office.transaction() as session:
        run_id = checks.ask(session, None, kind).id
    work_off(office, run_id)
    with office.reading() as session:
        return checks.find(session, run_id)


def blob_file(office: Office) -> Path:
    """The sealed file of the first page that is on file."""
    with office.reading() as session:
        blob = session.scalars(select(Blob).order_by(Blob.id.desc())).first()
        assert blob is not None
        return office.vault.folder / blob_path(blob.digest, blob.key_id)


def _watch(monkeypatch: pytest.MonkeyPatch, opened: list[int]) -> None:
    """Note which images are opened."""
    ordinary = opening.here

    def watched(vault: Vault, *, look: bool = False) -> opening.Prover:
        def prove(files: Sequence[opening.Sealed]) -> Sequence[str]:
            opened.extend(one.id for one in files)
            return ordinary(vault, look=look)(files)

        return prove

    monkeypatch.setattr(opening, "here", watched)


def test_a_sound_office_holds_and_every_image_was_opened(office: Office) -> None:
    run = checked(office)
    with office.reading() as session:
        blobs = session.scalar(select(func.count()).select_from(Blob))
    assert (run.findings, run.state, run.done, run.total) == ([], "finished", blobs, blobs)


def test_damage_is_named_with_what_to_do(office: Office) -> None:
    path = blob_file(office)
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(content)
    (office.vault.folder / "无主.age").write_bytes(b"x")
    with office.transaction() as session:
        manager = users.find_actor(session, "manager")
        dossier = session.scalars(select(Dossier).where(Dossier.state == "closed")).one()
        holds.place(session, manager, "dossier", dossier.id, "诉讼")
        session.execute(update(Dossier).where(Dossier.id == dossier.id).values(state="destroyed"))
    codes = {one["code"] for one in checked(office).findings}
    assert {"vault.blob", "vault.stray", "hold.lost", "dossier.key_left"} <= codes
    assert all(advice.of(code).zh for code in codes)


def test_a_backup_that_is_too_old_is_named(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    later = clock.now() + timedelta(days=30)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert [one["code"] for one in checked(office).findings] == ["backup.none"]


def test_a_check_that_was_killed_goes_on_where_it_stopped(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "PIECE", 1)
    opened: list[int] = []
    _watch(monkeypatch, opened)
    with office.transaction() as session:
        run_id = checks.ask(session, None, "full").id
    for _ in range(2):
        assert work_piece(office)
    with office.transaction() as session:  # killed in its third piece
        assert checks.claim(session) is not None
        assert checks.ask(session, None, "full").id == run_id
    assert not work_piece(office)
    later = clock.now() + checks.LEASE
    monkeypatch.setattr(clock, "now", lambda: later)
    work_off(office, run_id)
    with office.reading() as session:
        assert checks.find(session, run_id).state == "finished"
        assert opened == list(session.scalars(select(Blob.id).order_by(Blob.id)))


def test_samples_of_some_nights_see_every_image(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "SAMPLE", 2)
    opened: list[int] = []
    _watch(monkeypatch, opened)
    first = checked(office, "sample")
    assert 0 < first.done < 5
    for _ in range(first.step - 1):
        checked(office, "sample")
    with office.reading() as session:
        assert sorted(opened) == list(session.scalars(select(Blob.id).order_by(Blob.id)))


def test_it_is_asked_for_on_a_page_worked_by_the_worker_and_printed(office: Office, sign_in: SignIn) -> None:
    blob_file(office).unlink()
    manager = sign_in("manager")
    assert "还没有检查过" in manager.get("/checks/").text
    page = manager.post("/checks/", kind="full").location
    assert manager.get(f"{page}/progress").get_json()["finished"] is False
    Worker(office).run_once()
    text = manager.get(page).text
    assert "文件缺失" in text and advice.of("vault.blob").zh in text
    report = manager.get(f"{page}/report")
    printed = pypdfium2.PdfDocument(report.data)
    assert "检查人" in printed[len(printed) - 1].get_textpage().get_text_bounded()
    printed.close()
    assert "1 处" in manager.get("/checks/").text
    assert sign_in("staff").post("/checks/", kind="full").status_code == 403
    with office.reading() as session:
        details = session.scalars(select(AuditEntry.details).where(AuditEntry.verb == "system:check:made")).all()
    assert len(details) <= 1


def test_there_is_advice_for_every_finding_that_the_code_can_make() -> None:
    root = Path(__file__).parents[2]
    made = {
        code
        for floor in FLOORS
        for path in (root / floor).rglob("*.py")
        for code in re.findall(r'\bFinding\(\s*"([a-z_.]+)"', path.read_text(encoding="utf-8"))
    }
    assert made - advice.codes() == set()
    assert len(made) > 15
