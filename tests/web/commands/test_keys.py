"""The master key, the recovery key on paper, and users, from the command line."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp

from records.vault import paper_key

KEY = "AGE-SECRET-KEY-1"


@pytest.fixture
def paper(program: Any, tmp_path: Path) -> str:
    """The office has a recovery key; what the code on its page says."""
    out = tmp_path / "recovery.pdf"
    program.ask("key", "recovery", "--out", out, actor="admin")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    page = pypdfium2.PdfDocument(out)[0]
    codes = zxingcpp.read_barcodes(page.render(scale=2).to_pil())
    assert len(codes) == 1
    secret: str = codes[0].text
    return secret


def as_on_paper(secret: str) -> str:
    return "\n".join(f"{left} {right} {check}" for left, right, check in paper_key.lines(secret))


def test_the_page_bears_the_key_that_opens_the_office(program: Any, paper: str) -> None:
    assert program("key", "test", "--stdin", actor="admin", typed=as_on_paper(paper)).code == 0
    assert program("key", "test", "--stdin", actor="admin", typed=f"{paper}\n").code == 0
    status = program.ask("key", "status", actor="admin")
    assert [holder["role"] for holder in status["holders"]] == ["master", "recovery"]
    assert status["behind"] == 0


def test_a_slip_is_named_by_its_line(program: Any, paper: str) -> None:
    lines = as_on_paper(paper).splitlines()
    lines[3] = ("P" if lines[3][0] != "P" else "Q") + lines[3][1:]
    done = program("key", "test", "--stdin", actor="admin", typed="\n".join(lines))
    assert (done.code, "第 4 行" in done.err) == (1, True)
    swapped = [*as_on_paper(paper).splitlines()[1::-1], *as_on_paper(paper).splitlines()[2:]]
    assert "第 1 行" in program("key", "test", "--stdin", actor="admin", typed="\n".join(swapped)).err
    assert program("key", "test", "--stdin", actor="admin", typed="随便写点什么").code == 1


def test_a_lost_master_key_is_recovered_and_everything_holds(program: Any, home: Path, paper: str) -> None:
    master = home / "keys" / "master.key"
    assert "不需要恢复" in program("key", "recover", "--stdin", actor="admin", typed=paper).err
    before = master.read_text()
    master.unlink()
    done = program("key", "recover", "--stdin", actor="admin", typed=as_on_paper(paper))
    assert done.code == 0, done.err
    assert paper not in master.read_text()
    assert before != master.read_text()
    assert program("check").code == 0


def test_a_bare_machine_is_restored_with_the_paper_alone(program: Any, home: Path, paper: str, tmp_path: Path) -> None:
    program.ask("backup", tmp_path / "backup", actor="admin")
    fresh = type(program)(tmp_path / "fresh")
    assert fresh("key", "recover", "--stdin", typed=as_on_paper(paper)).code == 0
    assert fresh("restore", tmp_path / "backup").code == 0
    assert fresh("key", "rotate", actor="admin").code == 0
    text = (tmp_path / "fresh" / "keys" / "master.key").read_text()
    assert (text.count(KEY), paper in text, "# pages " in text) == (1, False, True)
    assert fresh("check").code == 0


def test_a_rotation_keeps_everything_open_and_backups_of_before_readable(program: Any, tmp_path: Path) -> None:
    program.ask("backup", tmp_path / "backup", actor="admin")
    assert program.ask("key", "rotate", actor="admin")["keys"] > 0
    assert program("check").code == 0
    program.ask(
        "backup", tmp_path / "backup", actor="admin"
    )  # into the same folder, whose ring the former master sealed
    program.ask("backup", tmp_path / "old", actor="admin")
    assert program.ask("key", "rotate", actor="admin")["continued"] is False
    assert program("restore", tmp_path / "old", "--replace", actor="admin").code == 0
    assert program("check").code == 0


def test_the_public_part_holds_no_master(program: Any, home: Path, tmp_path: Path) -> None:
    out = tmp_path / "public.key"
    program.ask("key", "public", "--out", out, actor="admin")
    secret = next(line for line in (home / "keys" / "master.key").read_text().splitlines() if line.startswith(KEY))
    assert secret not in out.read_text()
    assert not [line for line in out.read_text().splitlines() if line.startswith(KEY)]
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert "已存在" in program("key", "public", "--out", out, actor="admin").err


@pytest.mark.parametrize("name", ["staff", "archivist", "supervisor", "manager"])
def test_keys_are_the_administrators_business(program: Any, tmp_path: Path, name: str) -> None:
    out = tmp_path / "x"
    for words in (["rotate"], ["recovery", "--out", out], ["public", "--out", out], ["status"]):
        assert program("key", *words, actor=name).code == 1
    assert not out.exists()


def test_users_are_reset_locked_out_and_brought_back(program: Any) -> None:
    word = program.ask("user", "reset", "staff", actor="admin")["one_time_password"]
    assert len(word) == 19
    assert program("access", "list", actor="staff").code == 0
    program.ask("user", "deactivate", "staff", actor="admin")
    assert program("access", "list", actor="staff").code == 1
    rows = {row["name"]: row for row in program.ask("user", "list", actor="admin")["users"]}
    assert (rows["staff"]["active"], rows["staff"]["must_change"]) == (False, True)
    program.ask("user", "reactivate", "staff", actor="admin")
    for act in ("unlock", "sign-out", "forget-factor"):
        program.ask("user", act, "staff", actor="admin")
    assert program("user", "reset", "staff", actor="manager").code == 1
    program.ask("user", "deactivate", "manager2", actor="admin")
    assert "最后一位" in program("user", "deactivate", "manager", actor="admin").err
    assert "不能停用自己" in program("user", "deactivate", "admin", actor="admin").err
