"""Looking and asking from the command line: the same access rules as on the web, and tables that line up."""

from __future__ import annotations

import errno
import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click.testing
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ArgumentError, OperationalError

from records import documents, dossiers, readings, users
from records.readings import FieldRead
from records.settings import Settings
from web.command_line import yedang
from web.commands.answers import Column, Table, answer, width
from web.commands.console import as_office_error
from web.office import Office


def test_without_a_grant_a_dossier_shows_its_gaps_but_no_names(program: Any) -> None:
    shown = program.ask("dossier", "show", "3-2-1201", actor="staff")
    assert [section["key"] for section in shown["sections"]][:3] == ["covenant", "service", "safety"]
    assert shown["sections"][0]["missing"] == [{"form": "RZ-02", "name": "业主临时公约", "clause": "RZ 4.5.4"}]
    assert shown["owners"] is None
    assert "王建国" not in json.dumps(shown, ensure_ascii=False)


def test_under_a_grant_it_shows_the_owner_and_why(program: Any, grant: Callable[[str, str], None]) -> None:
    grant("3-2-1201", "staff")
    shown = program.ask("dossier", "show", "3-2-1201", actor="staff")
    assert shown["owners"] == ["王建国"]
    assert "查阅授权 1 号" in shown["because"]
    assert program.ask("dossier", "show", "3-2-1201", actor="archivist")["owners"] is None


def test_administration_gives_no_right_to_dossiers(program: Any) -> None:
    assert program("dossier", "show", "3-2-1201", actor="admin").code == 1
    assert program("access", "request", "3-2-1201", "--purpose", "看看", actor="admin").code == 1


def test_the_stored_files_leave_only_under_a_grant_of_loan(
    program: Any, grant: Callable[..., None], tmp_path: Path
) -> None:
    out = tmp_path / "export"
    for mode in ("", "screen", "print"):
        if mode:
            grant("3-2-1201", "staff", mode)
        closed = program("dossier", "export", "3-2-1201", "--out", out, actor="staff")
        assert (closed.code, out.exists()) == (1, False)
    grant("3-2-1201", "staff", "loan")
    assert program.ask("dossier", "export", "3-2-1201", "--out", out, actor="staff")["pages"] == 0
    again = program("dossier", "export", "3-2-1201", "--out", out, actor="staff")
    assert again.code == 1
    assert "不是空的" in again.err


def test_nobody_approves_alone_what_another_manager_can(program: Any) -> None:
    number = program.ask("access", "request", "3-2-1201", "--purpose", "复查", actor="manager")["request"]["id"]
    assert program("access", "approve", number, actor="manager").code == 1
    assert program("access", "approve", number, actor="manager2").code == 0


def test_a_refusal_needs_its_reason(program: Any) -> None:
    number = program.ask("access", "request", "3-2-1201", "--purpose", "复查", actor="staff")["request"]["id"]
    assert program("access", "refuse", number, actor="manager").code == 2
    program.ask("access", "refuse", number, "--reason", "事由不清", actor="manager")
    assert program.ask("access", "list", actor="staff")["requests"][0]["state"] == "refused"


def test_giving_back_ends_the_grant(program: Any, grant: Callable[[str, str], None]) -> None:
    grant("3-2-1201", "staff")
    program.ask("access", "return", 1, actor="staff")
    assert program.ask("dossier", "show", "3-2-1201", actor="staff")["open_to_you"] is False


def test_the_log_shows_what_happened_and_proves_itself(program: Any) -> None:
    program.ask("access", "request", "3-2-1201", "--purpose", "不该出现在日志里", actor="staff")
    entries = program.ask("audit", "log", "--last", 1, actor="manager")["entries"]
    assert entries[0]["verb"] == "access:request:asked"
    assert "不该出现" not in json.dumps(entries, ensure_ascii=False)
    head = program.ask("audit", "head")
    assert program.ask("audit", "verify") == {"holds": True, **head}


def test_staff_do_not_read_the_log(program: Any) -> None:
    assert program("audit", "log", actor="staff").code == 1


def test_a_tampered_log_fails_with_the_first_bad_entry(program: Any, home: Path) -> None:
    with create_engine(f"sqlite:///{home / 'yedang.sqlite'}").begin() as connection:
        for name in connection.scalars(text("SELECT name FROM sqlite_master WHERE type='trigger'")).all():
            connection.execute(text(f"DROP TRIGGER {name}"))
        connection.execute(text("UPDATE audit_log SET details='{}' WHERE seq=3"))
    done = program("audit", "verify", data=True)
    assert done.code == 1
    assert done.data["first_bad"] == 3
    assert "第 3 条" in done.err


def test_a_damaged_database_is_one_sentence(program: Any, home: Path) -> None:
    (home / "yedang.sqlite").write_bytes(b"this is no database" * 1000)
    for name in ("yedang.sqlite-wal", "yedang.sqlite-shm"):
        (home / name).unlink(missing_ok=True)
    done = program("audit", "head")
    assert done.code == 1
    assert "数据库" in done.err


def test_wide_characters_line_up() -> None:
    table = Table(
        (Column("a", "名称", "Name"), Column("b", "数", "No.")), [{"a": "回访记录表", "b": 1}, {"a": "HF", "b": 22}]
    )
    lines = table.text("zh").splitlines()
    starts = [width(line[: line.index(cell)]) for line, cell in zip(lines, ("数", "1", "22"), strict=True)]
    assert len(set(starts)) == 1


def test_an_answer_that_json_cannot_hold_is_our_mistake() -> None:
    with pytest.raises(TypeError):
        answer({"odd": object()}).json()


def _commands(group: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    found = []
    for name, command in group.commands.items():
        found += _commands(command, (*path, name)) if hasattr(command, "commands") else [((*path, name), command)]
    return found


@pytest.mark.parametrize(
    ("path", "command"), _commands(yedang), ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_every_command_explains_itself_in_both_languages_and_takes_json(
    program: Any, path: tuple[str, ...], command: Any
) -> None:
    done = program(*path, "--help")
    assert done.code == 0
    assert "--json" in done.out
    assert any(unicodedata.east_asian_width(letter) == "W" for letter in command.help)
    assert " / " in command.help


@pytest.mark.parametrize(
    ("stopped_by", "code"),
    [
        (OperationalError("INSERT", {"name": "王建国"}, Exception("database or disk is full")), "system.disk_full"),
        (OSError(errno.ENOSPC, "No space left on device"), "system.disk_full"),
        (OperationalError("SELECT", {}, Exception("no such column: units.colour")), "system.database_out_of_date"),
        (OperationalError("SELECT", {"name": "王建国"}, Exception("database is locked")), "system.database"),
        (ArgumentError("Could not parse SQLAlchemy URL from given URL string"), "system.database"),
        (PermissionError(errno.EACCES, "Permission denied", "/srv/yedang"), "system.file"),
    ],
)
def test_whatever_stops_a_command_is_a_sentence_without_personal_data(stopped_by: Exception, code: str) -> None:
    told = as_office_error(stopped_by)
    assert told.code == code
    assert "王建国" not in told.sentence("zh") + told.sentence("en")


def test_english_is_spoken_on_request(home: Path, office_template: Path) -> None:
    environment = {"YEDANG_HOME": str(office_template), "YEDANG_LANGUAGE": "en", "YEDANG_ACTOR": "staff"}
    listed = click.testing.CliRunner().invoke(yedang, ["book", "list"], env=environment)
    refused = click.testing.CliRunner().invoke(yedang, ["book", "show", "HF"], env=environment)
    assert listed.stdout.strip() == "(none)"
    assert refused.stderr.startswith("Not found")


@pytest.fixture
def read_page(program: Any, home: Path) -> int:
    """A document in the open dossier of 3-2-1201 whose page has been read; its number."""
    office = Office.open(Settings.read({"YEDANG_HOME": str(home)}))
    with office.transaction() as session:
        dossier = dossiers.find_dossier(session, "DA-3-2-1201-01")
        placing = documents.Placing(
            form_code="RZ-08", title="验房表", rule="OWNER", dossier=dossier, section="inspection"
        )
        actor = users.find_actor(session, "archivist")
        filed = documents.file_document(session, office.vault, actor, placing)
        page = documents.add_page(session, office.vault, filed, documents.NewPage(b"%PDF", "application/pdf"))
        readings.keep(session, page, {"opinion": FieldRead("卫生间漏氺", "recognised", (0.1, 0.2, 0.3, 0.1), (), 0.9)})
        number = filed.id
    office.database.close()
    return number


def test_what_was_read_is_shown_and_corrected_only_under_a_grant(
    program: Any, grant: Callable[[str, str], None], read_page: int
) -> None:
    for words in (
        ("text", read_page),
        ("correct", read_page, "漏水", "--field", "业主意见"),
        ("read-again", read_page),
    ):
        assert program("document", *words, actor="staff").code == 1
    grant("3-2-1201", "staff")
    [field] = program.ask("document", "text", read_page, actor="staff")["fields"]
    assert (field["name"], field["text"], field["state"]) == ("业主意见", "卫生间漏氺", "recognised")
    program.ask("document", "correct", read_page, r"卫生间漏水\n未修", "--field", "业主意见", actor="staff")
    [field] = program.ask("document", "text", read_page, actor="staff")["fields"]
    assert (field["text"], field["state"]) == ("卫生间漏水\n未修", "corrected")
    [hit] = program.ask("search", "漏水", actor="staff")["hits"]
    assert [(one["name"], one["state"], one["page"]) for one in hit["found"]] == [("业主意见", "corrected", 1)]
    assert program.ask("search", "漏水", actor="archivist")["total"] == 0
    assert program.ask("document", "read-again", read_page, actor="staff")["pages"] == 1
