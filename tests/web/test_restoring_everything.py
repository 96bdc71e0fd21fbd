"""An office comes back whole from a backup folder and a paper, whatever happened while it was written or read."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pyrage import x25519
from sqlalchemy import inspect, select

from records import audit, documents, dossiers, units, users
from records.database import Database
from records.documents import NewPage, Placing
from records.settings import Settings
from records.tables import AuditEntry, Blob, Dossier, Key
from records.vault import key_rotation
from web.backups.rows import backed_up_tables
from web.backups.writing import make_backup, prove_backup
from web.office import Office
from web.schema import METADATA

Furnished = Callable[[Settings], Office]
PROGRAM = [sys.executable, "-m", "web.command_line"]
OWN_FORM = """
procedure: ZY
zh: 自有表单
en: Our own forms
forms:
  - {code: ZY-01, zh: 消杀记录, en: Pest control, mode: book, version: 1, retention: [UNSET], rows: 16,
     columns: [{key: day, zh: 日期, en: Day, kind: date, weight: 2}]}
"""
#: What a restore leaves to the new place: keys are wrapped anew, the log goes on, search is made anew.
_STATED = {"keys", "key_holders", "audit_log"}


def quiet(_done: int, _all: int) -> None:
    """Nobody looks at the progress."""


@pytest.fixture(params=["sqlite", "postgresql"])
def living(request: pytest.FixtureRequest, furnished: Furnished, tmp_path: Path) -> Iterator[Office]:
    """A furnished office with forms and templates of its own, on either database."""
    if request.param == "sqlite":
        office = request.getfixturevalue("office")
    else:
        url = request.getfixturevalue("postgresql_database").engine.url.render_as_string(hide_password=False)
        office = furnished(Settings.read({"YEDANG_HOME": str(tmp_path / "office"), "YEDANG_DATABASE_URL": url}))
    for name, content in (("words/RZ-01.docx", b"the office's own notice"), ("forms/own.yaml", OWN_FORM.encode())):
        (office.settings.home / name).parent.mkdir(exist_ok=True)
        (office.settings.home / name).write_bytes(content)
    yield office
    office.database.close()


def run(home: Path, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """The program in a process of its own, as an administrator runs it."""
    return subprocess.run(
        [*PROGRAM, *words], env=_environment(home), input=typed, capture_output=True, text=True, check=False
    )


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("YEDANG_")}
    return kept | {"YEDANG_HOME": str(home), "YEDANG_ACTOR": "admin"}


def back_up(office: Office, folder: Path) -> Any:
    """A backup by somebody who may."""
    return make_backup(office.database, office.vault, None, folder, home=office.settings.home)


def assert_same(here: Office, there: Office) -> None:
    """Every row of every table, every image's bytes, every file of the office's own; but for what is stated."""
    with here.reading() as mine, there.reading() as theirs:
        for table in backed_up_tables():
            if table.name not in _STATED:
                query = select(table).order_by(*table.primary_key)
                assert theirs.execute(query).all() == mine.execute(query).all(), table.name
        keys = select(Key.id, Key.scope, Key.recipient, Key.destroyed_at, Key.label, Key.parent_id).order_by(Key.id)
        assert theirs.execute(keys).all() == mine.execute(keys).all()
        log, other = list(audit.entries(mine)), list(audit.entries(theirs))
        before = next(at for at, entry in enumerate(other) if entry.verb == "system:backup:restored")
        assert [entry.hash for entry in other[:before]] == [entry.hash for entry in log[:before]]
        assert audit.verify(theirs) is None
        for blob in mine.scalars(select(Blob).order_by(Blob.id)):
            assert there.vault.open(theirs.get_one(Blob, blob.id)) == here.vault.open(blob)
    for name in ("words/RZ-01.docx", "forms/own.yaml"):
        if (here.settings.home / name).exists():
            assert (there.settings.home / name).read_bytes() == (here.settings.home / name).read_bytes()


def test_everything_comes_back_by_one_command_from_a_folder_and_a_paper(living: Office, tmp_path: Path) -> None:
    home = living.settings.home
    typed = _paper(living)
    back_up(living, tmp_path / "backup")
    done = run(
        tmp_path / "new", "restore", str(tmp_path / "backup"), "--recovery-key", "--stdin", "--json", typed=typed
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["new_master_key"] is True
    there = Office.open(Settings.read({"YEDANG_HOME": str(tmp_path / "new")}))
    assert_same(living, there)
    text = (tmp_path / "new" / "keys" / "master.key").read_text()
    assert typed.strip() not in text
    assert "# pages " in text  # pages printed before are still known
    assert (tmp_path / "new" / "keys" / "master.key").read_text() != (home / "keys" / "master.key").read_text()
    there.database.close()
    checked = run(tmp_path / "new", "check", "--json")
    assert json.loads(checked.stdout)["findings"] == []


def _paper(office: Office) -> str:
    """The secret of a recovery key, as it stands on the paper."""
    identity = x25519.Identity.generate()
    with office.reading() as session:
        admin = users.find_actor(session, "admin")
    key_rotation.add_recovery(office.database, office.vault.master, admin, str(identity.to_public()))
    return str(identity)


def test_a_wrong_paper_leaves_the_machine_empty(office: Office, tmp_path: Path) -> None:
    back_up(office, tmp_path / "backup")
    stranger = str(x25519.Identity.generate())
    words = ("restore", str(tmp_path / "backup"), "--recovery-key", "--stdin")
    done = run(tmp_path / "new", *words, typed=stranger)
    assert (done.returncode, "keyring.age" in done.stderr) == (1, True), done.stderr
    assert not (tmp_path / "new" / "keys" / "master.key").exists()


def test_people_go_on_filing_while_a_backup_is_written(living: Office, tmp_path: Path) -> None:
    stop = threading.Event()
    filed: list[int] = []

    def work() -> None:
        while not stop.is_set():
            filed.append(_file(living, f"一页 {len(filed)}"))

    clerk = threading.Thread(target=work)
    clerk.start()
    try:
        while len(filed) < 3 and clerk.is_alive():
            time.sleep(0.01)
        for _ in range(3):
            back_up(living, tmp_path / "backup")
    finally:
        stop.set()
        clerk.join()
    assert len(filed) > 3
    prove_backup(living.database, living.vault, tmp_path / "backup", quiet)
    there = _restored(living, tmp_path)
    with living.reading() as mine, there.reading() as theirs:
        last = theirs.scalars(select(Blob.id).order_by(Blob.id.desc())).first()
        assert last is not None
        assert (
            theirs.scalars(select(Blob.id).order_by(Blob.id)).all()
            == mine.scalars(select(Blob.id).where(Blob.id <= last).order_by(Blob.id)).all()
        )
        assert len(theirs.scalars(select(Dossier)).all()) == len(mine.scalars(select(Dossier)).all())
    there.database.close()
    assert json.loads(run(tmp_path / "new", "check", "--json").stdout)["findings"] == []


def _file(office: Office, text: str) -> int:
    with office.transaction() as session:
        archivist = users.find_actor(session, "archivist")
        dossier = dossiers.find_dossier(session, "DA-3-2-1201-01")
        unit = units.find_unit(session, "3-2-1201")
        placing = Placing("RZ-08", "业主验房表", "OWNER", dossier=dossier, section="inspection", unit=unit)
        document = documents.file_document(session, office.vault, archivist, placing)
        page = NewPage(text.encode() + os.urandom(20_000), "image/png")
        documents.add_page(session, office.vault, document, page)
        return document.id


def _restored(office: Office, tmp_path: Path) -> Office:
    """The office again in an empty folder, with its master key put back by hand."""
    (tmp_path / "new" / "keys").mkdir(parents=True)
    shutil.copy(office.settings.home / "keys" / "master.key", tmp_path / "new" / "keys" / "master.key")
    done = run(tmp_path / "new", "restore", str(tmp_path / "backup"))
    assert done.returncode == 0, done.stderr
    return Office.open(Settings.read({"YEDANG_HOME": str(tmp_path / "new")}))


def test_a_backup_killed_at_any_moment_leaves_the_one_before_and_the_next_is_whole(
    office: Office, tmp_path: Path
) -> None:
    back_up(office, tmp_path / "backup")
    moments = random.Random(7)
    for number in range(4):
        for _ in range(2):
            _file(office, f"第 {number} 页")
        begun = tmp_path / "backup" / "tables"
        _killed(office.settings.home, begun, moments.uniform(0, 0.4), "backup", str(tmp_path / "backup"))
        prove_backup(office.database, office.vault, tmp_path / "backup", quiet)
    back_up(office, tmp_path / "backup")
    assert not list((tmp_path / "backup").rglob("*.part"))
    there = _restored(office, tmp_path)
    assert_same(office, there)
    there.database.close()


def test_a_restore_killed_at_any_moment_begins_again(office: Office, tmp_path: Path) -> None:
    for number in range(20):
        _file(office, f"第 {number} 页")
    back_up(office, tmp_path / "backup")
    moments = random.Random(7)
    (tmp_path / "new" / "keys").mkdir(parents=True)
    shutil.copy(office.settings.home / "keys" / "master.key", tmp_path / "new" / "keys" / "master.key")
    for _ in range(4):
        begun = tmp_path / "new" / "vault"
        _killed(tmp_path / "new", begun, moments.uniform(0, 0.4), "restore", str(tmp_path / "backup"))
        if _is_back(tmp_path / "new"):
            break
    done = run(tmp_path / "new", "restore", str(tmp_path / "backup"), "--replace")
    assert done.returncode == 0, done.stderr
    there = Office.open(Settings.read({"YEDANG_HOME": str(tmp_path / "new")}))
    with there.reading() as session:
        assert len(session.scalars(select(Blob)).all()) > 20
    for path in there.vault.folder.rglob("*.part"):
        raise AssertionError(f"{path} is left")
    there.database.close()
    assert json.loads(run(tmp_path / "new", "check", "--json").stdout)["findings"] == []


def _killed(home: Path, begun: Path, after: float, *words: str) -> None:
    """Run the program, and kill it with SIGKILL so many seconds after it has begun to write below that folder."""
    before, silent = set(begun.rglob("*")), subprocess.DEVNULL
    with subprocess.Popen([*PROGRAM, *words], env=_environment(home), stdout=silent, stderr=silent) as program:
        while program.poll() is None and set(begun.rglob("*")) == before:
            time.sleep(0.002)
        time.sleep(after)
        program.send_signal(signal.SIGKILL)


def _is_back(home: Path) -> bool:
    database = Database(f"sqlite+pysqlite:///{home / 'yedang.sqlite'}")
    try:
        if not inspect(database.engine).has_table("audit_log"):
            return False
        with database.reading() as session:
            return audit.head(session)[0] > 0
    finally:
        database.close()


def test_a_disk_that_fills_up_leaves_the_backup_before_as_it_was(office: Office, tmp_path: Path) -> None:
    """A file may not grow beyond 256 KB in the process that backs up: a write fails in the middle of a large image."""
    back_up(office, tmp_path / "backup")
    before = {path: path.read_bytes() for path in (tmp_path / "backup").rglob("*.age")}
    with office.transaction() as session:
        archivist, dossier = users.find_actor(session, "archivist"), dossiers.find_dossier(session, "DA-3-2-1201-01")
        placing = Placing("RZ-08", "业主验房表", "OWNER", dossier=dossier, section="inspection")
        document = documents.file_document(session, office.vault, archivist, placing)
        documents.add_page(session, office.vault, document, NewPage(os.urandom(2_000_000), "image/png"))
    limited = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_400_000, 1_400_000));"
        "from web.command_line import yedang; yedang()"
    )
    words = [sys.executable, "-c", limited, "backup", str(tmp_path / "backup")]
    done = subprocess.run(words, env=_environment(office.settings.home), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert {path: path.read_bytes() for path in before} == before
    prove_backup(office.database, office.vault, tmp_path / "backup", quiet)
    assert back_up(office, tmp_path / "backup").copied == 1
    there = _restored(office, tmp_path)
    assert_same(office, there)
    there.database.close()


def test_every_table_is_backed_up_but_search_and_sign_ins(office: Office) -> None:
    left = {table.name for table in METADATA.sorted_tables} - {table.name for table in backed_up_tables()}
    assert all(name.startswith(("search", "sign_in_")) for name in left)
    with office.reading() as session:
        assert session.scalar(select(AuditEntry.seq).limit(1)) is not None
