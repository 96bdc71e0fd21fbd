"""The watched folder: complete files are filed once and put aside with a sentence, whatever is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from forms.scanning.imitation import samples
from forms.tables import ScanBatch, ScanPage
from records import audit
from records.settings import Settings
from records.tables import Page
from web.background import inbox as module
from web.background.inbox import Inbox
from web.office import Office

PROGRAM = str(Path(sys.executable).parent / "yedang")


@pytest.fixture
def office(program: Any, home: Path) -> Iterator[Office]:
    """The office of the program, which watches its inbox for staff."""
    opened = Office.open(Settings.read({"YEDANG_HOME": str(home), "YEDANG_INBOX_USER": "staff"}))
    yield opened
    opened.database.close()


@pytest.fixture
def inbox(office: Office, monkeypatch: pytest.MonkeyPatch) -> Inbox:
    """The watched folder; a file that stands still for two looks is complete."""
    monkeypatch.setattr(module, "QUIET_SECONDS", 0.0)
    watched = Inbox(office)
    assert watched.take_in() == 0
    return watched


def _scan(program: Any, tmp_path: Path, count: int = 1) -> bytes:
    out = tmp_path / "printed.pdf"
    program.ask("form", "print", "RZ-07", "--unit", "3-2-1201", "--copies", count, "--out", out, actor="staff")
    return samples.scan_pdf(samples.rasterise(out.read_bytes(), 150), 150, 60)


def test_a_scan_laid_into_the_folder_is_filed_and_put_aside(
    program: Any, office: Office, inbox: Inbox, tmp_path: Path
) -> None:
    data = _scan(program, tmp_path)
    (inbox.folder / "今天.pdf").write_bytes(data)
    assert inbox.take_in() == 1
    assert (inbox.folder / "done" / "今天.pdf").read_bytes() == data
    assert "归档 1" in (inbox.folder / "done" / "今天.pdf.txt").read_text()
    with office.reading() as session:
        batch = session.scalars(select(ScanBatch)).one()
        assert (batch.name, batch.state) == ("今天.pdf", "filed")
        assert session.scalar(select(func.count()).select_from(Page)) == 1
    (inbox.folder / "今天.pdf").write_bytes(data)
    assert inbox.take_in() == 1
    assert sorted(path.name for path in (inbox.folder / "done").iterdir()) == [
        "今天-2.pdf",
        "今天-2.pdf.txt",
        "今天.pdf",
        "今天.pdf.txt",
    ]
    with office.reading() as session:
        assert session.scalar(select(func.count()).select_from(Page)) == 1


def test_what_cannot_be_taken_in_is_a_problem_with_a_sentence(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    (inbox.folder / "a.pdf").write_bytes(b"PK\x03\x04 an archive")
    (inbox.folder / "b.pdf").write_bytes(b"%PDF-1.7 cut off")
    assert inbox.take_in() == 1
    # A file cut off may still be on its way: it gets more time.
    assert (inbox.folder / "b.pdf").exists()
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.0)
    assert inbox.take_in() == 1
    assert "压缩包" in (inbox.folder / "problem" / "a.pdf.txt").read_text()
    assert "b.pdf" in (inbox.folder / "problem" / "b.pdf.txt").read_text()
    assert [path.name for path in inbox.folder.iterdir() if path.is_file()] == []


def test_a_file_is_left_alone_while_it_is_written(
    program: Any, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUIET_SECONDS", 0.2)
    inbox, data = Inbox(office), _scan(program, tmp_path)
    inbox.take_in()
    for name in ("a.pdf.part", "b.TMP", ".c.pdf"):
        (inbox.folder / name).write_bytes(data)
    (inbox.folder / "link.pdf").symlink_to(tmp_path / "printed.pdf")
    with (inbox.folder / "slow.pdf").open("wb") as slow:
        for start in range(0, len(data), len(data) // 4):
            slow.write(data[start : start + len(data) // 4])
            slow.flush()
            assert inbox.take_in() == 0
            time.sleep(0.12)
            assert inbox.take_in() == 0
    time.sleep(0.25)
    assert inbox.take_in() == 1
    left = sorted(path.name for path in inbox.folder.iterdir() if not path.is_dir())
    assert left == [".c.pdf", "a.pdf.part", "b.TMP", "link.pdf"]


def test_a_file_that_somebody_still_has_open_to_write_is_left_alone(
    program: Any, office: Office, inbox: Inbox, tmp_path: Path
) -> None:
    with (inbox.folder / "slow.pdf").open("wb") as slow:
        slow.write(_scan(program, tmp_path))
        slow.flush()
        assert inbox.take_in() == 0
    with (inbox.folder / "slow.pdf").open("rb"):
        assert inbox.take_in() == 1


def test_folders_inside_are_taken_too_and_put_aside_under_their_names(
    program: Any, office: Office, inbox: Inbox, tmp_path: Path
) -> None:
    data = _scan(program, tmp_path, 2)
    for folder, content in (("前台", data), ("档案室/今天", data + b"%%EOF\n")):
        (inbox.folder / folder).mkdir(parents=True)
        (inbox.folder / folder / "扫描.pdf").write_bytes(content)
    assert inbox.take_in() == 2
    assert (inbox.folder / "done" / "前台" / "扫描.pdf").exists()
    assert "重复 2" in (inbox.folder / "done" / "档案室" / "今天" / "扫描.pdf.txt").read_text()
    assert inbox.take_in() == 0


def test_a_file_that_cannot_be_read_is_a_problem_after_a_while(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    (inbox.folder / "a.pdf").write_bytes(b"%PDF-1.7")

    def refused(path: Path, mode: str = "r", *more: Any, really: Any = Path.open, **named: Any) -> Any:
        if mode == "rb":
            raise PermissionError(13, "Permission denied")
        return really(path, mode, *more, **named)

    monkeypatch.setattr(Path, "open", refused)
    assert inbox.take_in() == 0
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.0)
    assert inbox.take_in() == 1
    assert "无法读取" in (inbox.folder / "problem" / "a.pdf.txt").read_text()


def test_a_file_whose_master_was_destroyed_with_a_record_leaves_the_folder_at_once(
    program: Any, inbox: Inbox, tmp_path: Path
) -> None:
    (inbox.folder / "gone.pdf").write_bytes(_scan(program, tmp_path))
    inbox.take_in()
    inbox.take_in()
    assert (inbox.folder / "done" / "gone.pdf").exists()
    with inbox.office.transaction() as session:
        for batch in session.scalars(select(ScanBatch)):
            batch.blob_id = None
    inbox.take_in()
    assert list((inbox.folder / "done").iterdir()) == []


def test_what_is_done_leaves_the_folder_after_a_week(program: Any, inbox: Inbox, tmp_path: Path) -> None:
    (inbox.folder / "a.pdf").write_bytes(_scan(program, tmp_path))
    (inbox.folder / "b.txt").write_bytes(b"no scan")
    inbox.take_in()
    old = time.time() - 8 * 24 * 3600
    for note in inbox.folder.glob("*/*.txt"):
        os.utime(note, (old, old))
    inbox.take_in()
    assert list((inbox.folder / "done").iterdir()) == []
    assert sorted(path.name for path in (inbox.folder / "problem").iterdir()) == ["b.txt", "b.txt.txt"]


def test_without_a_user_the_folder_is_not_watched_and_the_worker_says_so(program: Any, home: Path) -> None:
    (home / "inbox").mkdir()
    (home / "inbox" / "a.pdf").write_bytes(b"PK\x03\x04")
    said = _worker_once(home, "")
    assert "YEDANG_INBOX_USER" in said
    for wrong in ("admin", "nobody"):
        assert "没有启用" in _worker_once(home, wrong)
    assert (home / "inbox" / "a.pdf").exists()
    assert "staff" in _worker_once(home, "staff")
    assert (home / "inbox" / "problem" / "a.pdf").exists()


def _environment(home: Path, user: str) -> dict[str, str]:
    return {**os.environ, "YEDANG_HOME": str(home), "YEDANG_INBOX_USER": user}


def _worker_once(home: Path, user: str) -> str:
    done = subprocess.run(
        [PROGRAM, "worker", "--once"], env=_environment(home, user), capture_output=True, text=True, check=True
    )
    return done.stderr


@contextmanager
def _working(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([PROGRAM, "worker"], env=_environment(home, "staff"), stderr=subprocess.DEVNULL) as worker:
        try:
            yield worker
        finally:
            worker.kill()


def _until(true: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)


def test_a_worker_killed_while_it_files_files_each_page_once(
    program: Any, home: Path, office: Office, tmp_path: Path
) -> None:
    data, folder = _scan(program, tmp_path, 24), home / "inbox"
    folder.mkdir()
    (folder / "pile.pdf").write_bytes(data)

    def begun() -> bool:
        with office.reading() as session:
            return session.scalar(select(ScanBatch.id)) is not None

    def filed() -> int:
        with office.reading() as session:
            return session.scalar(select(func.count()).select_from(ScanPage).where(ScanPage.state == "filed")) or 0

    for enough in (begun, lambda: filed() >= 20):
        with _working(home) as worker:
            _until(enough)
            worker.send_signal(signal.SIGKILL)
    with _working(home) as worker:
        _until((folder / "done" / "pile.pdf").exists)
        worker.send_signal(signal.SIGTERM)
    assert not (folder / "pile.pdf").exists()
    assert filed() == 24
    with office.reading() as session:
        assert session.scalar(select(func.count()).select_from(Page)) == 24
        assert session.scalar(select(func.count()).select_from(ScanBatch)) == 1
        assert audit.verify(session) is None
