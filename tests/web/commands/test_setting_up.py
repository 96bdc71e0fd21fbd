"""Setting an office up from the command line: folder, people, homes; every mistake is one sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


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


def test_a_setting_that_cannot_be_understood_is_named(monkeypatch: pytest.MonkeyPatch, program: Any) -> None:
    for name, value in (("YEDANG_NIGHT_LIMIT", "viele"), ("YEDANG_NIGHT_HOURS", "25-3"), ("YEDANG_NIGHT_HOURS", "4")):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            done = program("form", "list", actor="staff")
        assert (done.code, name in done.err, value in done.err) == (1, True, True)
