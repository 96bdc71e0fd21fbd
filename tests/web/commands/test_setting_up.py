"""Setting an office up from the command line: folder, people, homes; every mistake is one sentence."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pytest


def _import(program: Any, home: Path, text: str, encoding: str = "utf-8") -> Any:
    path = home / "table.csv"
    path.write_bytes(text.encode(encoding))
    return program("unit", "import", path, actor="manager", data=True)


def test_init_is_safe_to_repeat(empty_program: Any, home: Path) -> None:
    first = empty_program("init", data=True)
    key = (home / "keys" / "master.key").read_bytes()
    again = empty_program("init", data=True)
    assert first.code == again.code == 0
    assert first.data == again.data
    assert (home / "keys" / "master.key").read_bytes() == key


def test_before_init_every_command_says_what_to_run(empty_program: Any) -> None:
    done = empty_program("book", "list", actor="staff")
    assert (done.code, done.out) == (1, "")
    assert "yedang init" in done.err


def test_the_installed_program_speaks_in_exit_codes(home: Path) -> None:
    program = str(Path(sys.executable).parent / "yedang")
    environment = {"YEDANG_HOME": str(home), "PATH": ""}
    bad_usage = subprocess.run([program, "book", "nonsense"], env=environment, capture_output=True, check=False)
    refused = subprocess.run([program, "audit", "head"], env=environment, capture_output=True, check=False)
    made = subprocess.run([program, "init", "--json"], env=environment, capture_output=True, check=False)
    assert (bad_usage.returncode, refused.returncode, made.returncode) == (2, 1, 0)
    assert b"Traceback" not in refused.stderr + bad_usage.stderr


def test_users_are_added_without_actor_until_there_is_an_administrator(empty_program: Any) -> None:
    empty_program("init")
    for name, role in (("小李", "staff"), ("系统", "admin")):
        done = empty_program(
            "user", "add", name, "--role", role, "--password-stdin", typed="十二个字符以上的密码啊啊啊\n"
        )
        assert done.code == 0, done.err
    late = empty_program(
        "user", "add", "小王", "--role", "staff", "--password-stdin", typed="十二个字符以上的密码啊啊啊\n"
    )
    assert late.code == 1
    assert "添加用户" in late.err


def test_a_password_is_asked_for_twice_and_never_shown(empty_program: Any) -> None:
    empty_program("init")
    typed = "a long enough password\na long enough password\n"
    done = empty_program("user", "add", "系统", "--role", "admin", typed=typed)
    assert done.code == 0
    assert "long enough" not in done.out + done.err


def test_a_short_password_is_refused(program: Any) -> None:
    done = program("user", "add", "小王", "--role", "staff", "--password-stdin", actor="admin", typed="短\n")
    assert done.code == 1
    assert "密码" in done.err


def test_without_an_actor_the_sentence_says_how_to_name_one(program: Any) -> None:
    done = program("book", "list")
    assert done.code == 1
    assert "YEDANG_ACTOR" in done.err


def test_an_unknown_actor_is_named(program: Any) -> None:
    done = program("book", "list", actor="nobody")
    assert done.code == 1
    assert "nobody" in done.err


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_the_same_table_again_changes_nothing(program: Any, home: Path, encoding: str) -> None:
    table = "小区,单元房号,业主,起始日期\n东光花园,2栋1单元301,孙悦,2022年3月1日\n"
    assert _import(program, home, table, encoding).data == {"added": 1, "unchanged": 0}
    assert _import(program, home, table, encoding).data == {"added": 0, "unchanged": 1}


def test_a_workbook_is_read_like_a_csv(program: Any, home: Path) -> None:
    workbook = openpyxl.Workbook()
    workbook.active.append(["estate", "building", "unit", "owner", "phone", "id", "from-date"])
    workbook.active.append(["东光花园", 4, "1-502", "周文", 13900001111, None, "2019-08-08"])
    data = io.BytesIO()
    workbook.save(data)
    (home / "table.xlsx").write_bytes(data.getvalue())
    assert program.ask("unit", "import", home / "table.xlsx", actor="manager")["added"] == 1
    shown = program.ask("dossier", "show", "4-1-502", actor="staff")
    assert shown["number"] == "DA-4-1-502-01"


def test_one_mistake_imports_nothing_and_every_mistake_is_named_by_row_and_column(program: Any, home: Path) -> None:
    table = (
        "小区,楼栋,单元房号,业主,电话,起始日期\n"
        "东光花园,5,5-1-101,好人,13900000000,2020-01-01\n"
        "东光花园,5,5-1-101,重复,13900000000,2020-01-01\n"
        "东光花园,5,五零二,无房号,13900000000,2020-01-01\n"
        "东光花园,6,5-1-103,楼栋错,电话,2020-02-30\n"
    )
    done = _import(program, home, table)
    assert done.code == 1
    for part in (
        "第 3 行「单元房号」",
        "与第 2 行重复",
        "第 4 行「单元房号」",
        "第 5 行「楼栋」",
        "第 5 行「电话」",
        "第 5 行「起始日期」",
    ):
        assert part in done.err
    assert program("dossier", "show", "5-1-101", actor="staff").code == 1


def test_another_owner_for_a_known_unit_is_sent_to_owner_change(program: Any, home: Path) -> None:
    done = _import(program, home, "小区,单元房号,业主,起始日期\n东光花园,3-2-1201,别人,2020-01-15\n")
    assert done.code == 1
    assert "owner change" in done.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("小区,单元房号,业主,起始日期,颜色\n", "不认识的列「颜色」"),
        ("小区,单元房号,业主\n", "缺少列「起始日期」"),
        ("小区,单元房号,房号,业主,起始日期\n", "出现两次"),
        ("", "文件是空的"),
    ],
)
def test_a_wrong_table_is_refused_whole(program: Any, home: Path, content: str, said: str) -> None:
    done = _import(program, home, content)
    assert done.code == 1
    assert said in done.err


def test_bytes_that_are_no_table_are_refused(program: Any, home: Path) -> None:
    for name, data in (("a.csv", b"\x00\x01\x02\xff\xfe"), ("b.xlsx", b"PK\x03\x04 nonsense")):
        (home / name).write_bytes(data)
        done = program("unit", "import", home / name, actor="manager")
        assert done.code == 1
        assert name in done.err


def test_a_file_that_is_not_there_is_one_sentence(program: Any, home: Path) -> None:
    done = program("unit", "import", home / "没有.csv", actor="manager")
    assert done.code == 1
    assert "没有这个文件" in done.err


def test_an_owner_change_closes_the_dossier_and_opens_an_empty_one(program: Any) -> None:
    done = program.ask("owner", "change", "3栋2单元1201", "--name", "钱七", "--on", "2024年2月29日", actor="staff")
    assert (done["closed"], done["opened"]) == ("DA-3-2-1201-01", "DA-3-2-1201-02")


@pytest.mark.parametrize(
    ("unit", "on"), [("9-9-901", "2024-01-01"), ("天上", "2024-01-01"), ("3-2-1201", "2023-02-30")]
)
def test_an_unknown_unit_and_an_impossible_date_are_named(program: Any, unit: str, on: str) -> None:
    done = program("owner", "change", unit, "--name", "钱七", "--on", on, actor="staff")
    assert done.code == 1
    assert (unit if on == "2024-01-01" else on) in done.err
