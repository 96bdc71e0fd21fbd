"""Keeping and letting go from the command line: due, held, destroyed, backed up, restored, checked."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from forms.scanning.imitation import samples
from forms.scanning.reading.recogniser import Line
from forms.scanning.receiving import intake
from records import clock, users
from records.settings import Settings
from web.background import worker as module
from web.background.worker import Worker
from web.office import Office

OWNER = "欧阳建国"


@pytest.fixture
def former(program: Any, home: Path, tmp_path: Path) -> str:
    """A dossier of a former owner with one filed page, due for years; its number."""
    table = home / "former.csv"
    table.write_text(f"小区,单元房号,业主,电话,起始日期\n东光花园,5-1-101,{OWNER},13912345678,2012-03-01\n")
    program.ask("unit", "import", table, actor="manager")
    table.unlink()
    program.ask("form", "print", "RZ-07", "--unit", "5-1-101", "--out", tmp_path / "card.pdf", actor="staff")
    pictures = samples.rasterise((tmp_path / "card.pdf").read_bytes(), 150)
    (tmp_path / "card-scan.pdf").write_bytes(samples.scan_pdf(pictures, 150, 60))
    program.ask("scan", "file", tmp_path / "card-scan.pdf", "--no-ocr", actor="staff")
    closed = program.ask("owner", "change", "5-1-101", "--name", "新主", "--on", "2020-02-29", actor="staff")["closed"]
    return str(closed)


def _approve(program: Any, reference: str) -> str:
    number = program.ask("retention", "review", reference, actor="archivist")["list"]["id"]
    return str(program.ask("retention", "approve", number, actor="manager")["list"]["certificate"])


def _holding(home: Path, text: str) -> list[str]:
    """The files below the data folder in which the text can be read."""
    return [str(path) for path in home.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


def test_what_is_due_says_because_of_what(program: Any, former: str) -> None:
    due = program.ask("retention", "due", actor="archivist")["due"]
    assert [(one["reference"], one["due_on"], one["rule"]) for one in due] == [(former, "2023-02-28", "FORMER")]
    assert "业主变更" in due[0]["because"]
    assert program.ask("retention", "due", "--on", "2023-02-27", actor="archivist")["due"] == []


def test_two_people_destroy_and_nothing_of_the_owner_is_left(program: Any, former: str, home: Path) -> None:
    assert _holding(home, OWNER)
    number = program.ask("retention", "review", "--all", actor="archivist")["list"]["id"]
    assert program("retention", "approve", number, actor="archivist").code == 1
    certificate = program.ask("retention", "approve", number, actor="manager")["list"]["certificate"]
    assert program.ask("retention", "run", "--dry-run", actor="archivist")["outcomes"][0]["state"] == "ready"
    assert program.ask("retention", "run", actor="archivist")["outcomes"][0]["state"] == "destroyed"
    for text in (OWNER, "13912345678"):
        assert _holding(home, text) == []
    shown = program.ask("retention", "show", certificate, actor="manager")
    assert former in "\n".join(shown["lines"])
    assert program.ask("check")["findings"] == []


def test_what_is_on_hold_is_neither_listed_nor_destroyed(program: Any, former: str, home: Path) -> None:
    certificate = _approve(program, former)
    hold = program.ask("retention", "hold", former, "--reason", "诉讼", actor="supervisor")["hold"]["id"]
    assert program.ask("retention", "run", actor="archivist")["outcomes"][0]["state"] == "held"
    assert _holding(home, OWNER)
    assert program("retention", "release", hold, actor="supervisor").code == 1
    program.ask("retention", "release", hold, actor="manager")
    assert program.ask("retention", "show", certificate, actor="manager")["list"]["lines"][0]["state"] == "held"
    assert program.ask("retention", "due", actor="archivist")["due"][0]["reference"] == former


def test_kept_longer_is_not_due_until_then(program: Any, former: str) -> None:
    later = clock.today().replace(year=clock.today().year + 1, day=1)
    words = ("retention", "review", former, "--keep-until", later)
    assert program(*words, actor="archivist").code == 1
    program.ask(*words, "--reason", "业主委托查询", actor="archivist")
    assert program.ask("retention", "due", actor="archivist")["due"] == []


def test_a_review_names_records_or_asks_for_all(program: Any, former: str) -> None:
    assert program("retention", "review", actor="archivist").code == 2
    unknown = program("retention", "review", "DA-3-2-1201-01", actor="archivist")
    assert unknown.code == 1
    assert "DA-3-2-1201-01" in unknown.err


def test_a_refused_list_leaves_its_records(program: Any, former: str) -> None:
    number = program.ask("retention", "review", former, actor="archivist")["list"]["id"]
    assert state_of(program, former) == "proposed"
    program.ask("retention", "refuse", number, "--reason", "诉讼未结", actor="manager")
    told = program.ask("retention", "list", actor="staff")["lists"][0]
    assert (told["state"], told["reason"], state_of(program, former)) == ("refused", "诉讼未结", "refused")
    assert program.ask("retention", "due", actor="archivist")["due"][0]["reference"] == former


def state_of(program: Any, reference: str) -> str:
    """Where a record stands."""
    return str(program.ask("retention", "state", reference, actor="staff")["state"]["state"])


def test_a_run_is_kept_with_what_it_did_and_the_paper_is_told_of(program: Any, former: str, tmp_path: Path) -> None:
    assert state_of(program, former) == "due"
    certificate = _approve(program, former)
    dry = program.ask("retention", "run", "--dry-run", actor="archivist")
    assert ([one["state"] for one in dry["outcomes"]], dry["night"]["left"]) == (["ready"], 1000)
    assert (program.ask("retention", "runs", actor="staff")["runs"], state_of(program, former)) == ([], "approved")
    program.ask("retention", "run", "--limit", "5", actor="archivist")
    (run,) = program.ask("retention", "runs", actor="staff")["runs"]
    assert (run["kind"], run["state"], run["done"], run["total"], run["documents"]) == ("hand", "finished", 1, 1, 1)
    assert state_of(program, former) == "destroyed"
    out = tmp_path / "result.pdf"
    program.ask("retention", "paper", certificate, "--witness", "周敏", "--out", out, actor="archivist")
    assert out.read_bytes().startswith(b"%PDF")
    assert "监销人" in program("retention", "show", certificate, actor="staff").out


def test_what_a_question_finds_is_held_when_the_count_is_right_and_looked_at_again(
    program: Any, tmp_path: Path
) -> None:
    program.ask("form", "print", "TS-02", "--out", tmp_path / "a.pdf", actor="staff")
    pictures = samples.rasterise((tmp_path / "a.pdf").read_bytes(), 150)
    (tmp_path / "scan.pdf").write_bytes(samples.scan_pdf(pictures, 150, 60))
    program.ask("scan", "file", tmp_path / "scan.pdf", "--no-ocr", actor="staff")
    words = ("retention", "hold-found", "表单:TS-02", "--reason", "投诉")
    assert program(*words, "--count", "2", actor="manager").code == 1
    hold = program.ask(*words, "--count", "1", actor="manager")["hold"]
    assert (hold["kind"], hold["documents"]) == ("search", 1)
    later = program.ask("retention", "hold-review", hold["id"], "--review-on", "2099-01-01", actor="supervisor")["hold"]
    assert later["review_on"] == "2099-01-01"


def test_a_restore_without_the_master_key_says_what_to_bring(
    program: Any, former: str, home: Path, tmp_path: Path
) -> None:
    program.ask("backup", tmp_path / "backup", actor="admin")
    shutil.rmtree(home)
    without_key = program("restore", tmp_path / "backup")
    assert without_key.code == 1
    assert "主密钥" in without_key.err


def test_a_restore_brings_back_records_images_and_index(program: Any, former: str, home: Path, tmp_path: Path) -> None:
    program.ask("backup", tmp_path / "backup", actor="admin")
    key = (home / "keys" / "master.key").read_bytes()
    before = program.ask("dossier", "show", former, actor="staff")
    shutil.rmtree(home)
    (home / "keys").mkdir(parents=True)
    (home / "keys" / "master.key").write_bytes(key)
    program.ask("restore", tmp_path / "backup")
    assert program.ask("dossier", "show", former, actor="staff") == before
    assert program.ask("check")["findings"] == []


def test_what_was_destroyed_stays_destroyed_after_a_restore(
    program: Any, former: str, home: Path, tmp_path: Path
) -> None:
    program.ask("backup", tmp_path / "backup", actor="admin")
    certificate = _approve(program, former)
    program.ask("retention", "run", actor="archivist")
    refused = program("restore", tmp_path / "backup")
    assert refused.code == 1
    assert "--replace" in refused.err
    assert program.ask("restore", tmp_path / "backup", "--replace")["destroyed_again"] == 1
    assert _holding(home, OWNER) == []
    assert program.ask("retention", "show", certificate, actor="manager")["list"]["state"] == "completed"
    assert program.ask("check")["findings"] == []


def test_an_empty_machine_destroys_again_what_the_certificate_on_paper_names(
    program: Any, former: str, home: Path, tmp_path: Path
) -> None:
    program.ask("backup", tmp_path / "backup", actor="admin")
    key = (home / "keys" / "master.key").read_bytes()
    shutil.rmtree(home)
    (home / "keys").mkdir(parents=True)
    (home / "keys" / "master.key").write_bytes(key)
    refused = program("restore", tmp_path / "backup", "--destroyed", "DA-9-9-9999-01")
    assert (refused.code, "DA-9-9-9999-01" in refused.err) == (1, True)
    assert program.ask("restore", tmp_path / "backup", "--destroyed", former)["destroyed_again"] == 1
    assert _holding(home, OWNER) == []
    found = program.ask("audit", "log", "--last", "0", actor="manager")["entries"]
    assert any(one["verb"] == "retention:record:destroyed" and '"paper":true' in one["details"] for one in found)
    assert program.ask("check")["findings"] == []


def test_a_folder_without_backup_is_one_sentence(program: Any, tmp_path: Path) -> None:
    done = program("restore", tmp_path, "--replace")
    assert done.code == 1
    assert "keyring.age" in done.err


def test_check_names_a_flipped_byte_and_a_lost_blob(program: Any, former: str, home: Path) -> None:
    first, second, *_ = sorted((home / "vault").rglob("*.age"))
    first.write_bytes(first.read_bytes()[:-1] + b"\x00")
    second.unlink()
    done = program("check", data=True)
    assert done.code == 1
    assert [finding["code"] for finding in done.data["findings"]] == ["vault.blob", "vault.blob"]
    assert "2 处" in done.err


def test_check_names_an_index_that_disagrees_and_a_rebuild_mends_it(program: Any, former: str, home: Path) -> None:
    office = Office.open(Settings.read({"YEDANG_HOME": str(home)}))
    with office.transaction() as session:
        session.connection().exec_driver_sql("DELETE FROM search_entries")
    office.database.close()
    done = program("check", data=True)
    assert done.code == 1
    assert any(finding["code"].startswith("search.") for finding in done.data["findings"])
    assert program.ask("index", "rebuild", actor="archivist")["documents"] == 1
    assert program("check").code == 0


def test_a_sweep_removes_what_a_crash_left_in_the_vault(program: Any, former: str, home: Path) -> None:
    stray = home / "vault" / ("ab" * 32 + "-1.age")
    stray.write_bytes(b"left by a filing that never committed")
    assert program("check").code == 1
    assert program.ask("check", "--sweep")["files_removed"] == 1
    assert not stray.exists()


class _Reader:
    """Reads every page at once; recognition itself is tested where it lives."""

    def page(self, _image: Any) -> list[Line]:
        return [Line("卫生间漏水", 0, 0, 10, 10)]

    def places(self, _picture: Any) -> list[tuple[int, int, int, int]]:
        return []

    def strips(self, pictures: Any) -> list[tuple[str, float]]:
        return [("卫生间漏水", 1.0) for _ in pictures]


def test_the_worker_reads_each_page_once_and_disposes(program: Any, former: str, home: Path) -> None:
    office = Office.open(Settings.read({"YEDANG_HOME": str(home)}))
    worker = Worker(office, _Reader())
    assert worker.run_once() == {"files": 0, "batches": 0, "discarded": 0, "pages": 1, "destroyed": 0}
    assert worker.run_once()["pages"] == 0
    _approve(program, former)
    assert worker.run_once()["destroyed"] == 1
    office.database.close()


def test_after_an_upgrade_that_cuts_words_differently_the_worker_indexes_anew(
    program: Any, former: str, home: Path
) -> None:
    office = Office.open(Settings.read({"YEDANG_HOME": str(home)}))
    with office.transaction() as session:
        session.connection().exec_driver_sql("UPDATE search_entries SET analysis = 'older', digest = 'older'")
        session.connection().exec_driver_sql("UPDATE search_state SET analysis = 'older'")
    assert program("check").code == 1
    Worker(office, _Reader()).run_once()
    office.database.close()
    assert program("check").code == 0


def test_the_worker_finishes_a_batch_that_was_cut_off(
    program: Any, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = Office.open(Settings.read({"YEDANG_HOME": str(home)}))
    data = samples.scan_pdf(samples.rasterise(_printed(program, tmp_path).read_bytes(), 150), 150, 60)
    with office.transaction() as session:
        intake.receive(session, office.desk, users.find_actor(session, "staff"), "cut.pdf", data)
    assert Worker(office, _Reader()).run_once()["batches"] == 0
    monkeypatch.setattr(module, "FORGOTTEN", timedelta(0))
    assert Worker(office, _Reader()).run_once() == {
        "files": 0,
        "batches": 1,
        "discarded": 0,
        "pages": 1,
        "destroyed": 0,
    }
    office.database.close()


def _printed(program: Any, tmp_path: Path) -> Path:
    out = tmp_path / "printed.pdf"
    program.ask("form", "print", "RZ-07", "--unit", "3-2-1201", "--out", out, actor="staff")
    return out


def test_search_finds_within_a_grant_and_tells_nothing_without(
    program: Any, tmp_path: Path, grant: Callable[[str, str], None]
) -> None:
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(samples.scan_pdf(samples.rasterise(_printed(program, tmp_path).read_bytes(), 150), 150, 60))
    program.ask("scan", "file", scan, "--no-ocr", actor="staff")
    grant("3-2-1201", "staff")
    assert program.ask("search", "王建国", actor="staff")["total"] == 1
    for stranger in ("archivist", "admin"):
        found = program.ask("search", "王建国", actor=stranger)
        assert (found["total"], found["hits"], found["ignored"]) == (0, [], [])
    assert program.ask("search", "王建国", "--from", "2099-01-01", actor="staff")["total"] == 0
    assert program("search", "王建国", "--unit", "天上", actor="staff").code == 1
