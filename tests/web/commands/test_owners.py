"""Owners from the command line: transfers, particulars with their history, people, surveys, arrears."""

from __future__ import annotations

from typing import Any

import pytest


def test_an_owner_change_closes_the_dossier_and_opens_an_empty_one(program: Any) -> None:
    done = program.ask(
        "owner",
        "change",
        "3栋2单元1201",
        "--name",
        "钱七",
        "--on",
        "2024年2月29日",
        "--reason",
        "登记簿",
        actor="staff",
    )
    assert (done["closed"], done["opened"]) == ("DA-3-2-1201-01", "DA-3-2-1201-02")


@pytest.mark.parametrize(
    ("unit", "on"), [("9-9-901", "2024-01-01"), ("天上", "2024-01-01"), ("3-2-1201", "2023-02-30")]
)
def test_an_unknown_unit_and_an_impossible_date_are_named(program: Any, unit: str, on: str) -> None:
    done = program("owner", "change", unit, "--name", "钱七", "--on", on, "--reason", "登记簿", actor="staff")
    assert done.code == 1
    assert (unit if on == "2024-01-01" else on) in done.err


def test_a_back_dated_change_without_a_basis_has_that_on_record(program: Any) -> None:
    program.ask("owner", "change", "3-2-1201", "--name", "钱七", "--on", "2024-02-29", actor="staff")
    [fact] = program.ask("fact", "list", "DA-3-2-1201-01", actor="archivist")["facts"]
    assert (fact["on"], fact["reason"]) == ("2024-02-29", "命令补登,未写明依据")


def test_several_owners_and_a_company_with_their_numbers(program: Any, grant: Any) -> None:
    words = ["--name", "示例贸易有限公司", "--name", "钱七", "--phone", "010-62345678", "--phone", "13900001111"]
    codes = ["--id", "91110000600037341L", "--id", "11010519491231002X", "--on", "2024-02-29", "--reason", "登记簿"]
    program.ask("owner", "change", "3-2-1201", *words, *codes, actor="staff")
    grant("3-2-1201", "staff")
    assert program.ask("dossier", "show", "3-2-1201", actor="staff")["owners"] == ["示例贸易有限公司", "钱七"]
    wrong = program("owner", "change", "3-2-1202", "--name", "某某有限公司", "--id", "11010519491231002X", "--on",
                    "2024-02-29", "--reason", "登记簿", actor="staff")  # fmt: skip
    assert wrong.code == 1
    assert "统一社会信用代码" in wrong.err


def test_who_may_act_is_known_to_the_desk_and_family_only_under_a_grant(program: Any, grant: Any) -> None:
    program.ask("owner", "add-person", "3-2-1201", "租客甲", "--kind", "tenant", "--may-act", actor="staff")
    program.ask("owner", "add-person", "3-2-1201", "孩子乙", "--kind", "family", actor="staff")
    known = program.ask("owner", "people", "3-2-1201", actor="supervisor")["people"]
    assert [one["name"] for one in known] == ["租客甲"]
    grant("3-2-1201", "staff")
    seen = program.ask("owner", "people", "3-2-1201", actor="staff")["people"]
    assert [one["name"] for one in seen] == ["租客甲", "孩子乙"]
    assert program("owner", "end-person", "3-2-1201", "别人", actor="staff").code == 1


def test_surveys_and_contact_checks_are_done_by_recording_them(program: Any) -> None:
    due = program.ask("owner", "due", actor="staff")["due"]
    assert [(one["kind"], one["unit"]) for one in due] == [("survey", "3-2-1201"), ("survey", "3-2-1202")]
    program.ask("owner", "arrears", "3-2-1202", "--since", "2024-01-10", actor="staff")
    program.ask("owner", "followed-up", "3-2-1201", "3-2-1202", "--kind", "survey", "--outcome", "unchanged",
                actor="staff")  # fmt: skip
    due = program.ask("owner", "due", actor="staff")["due"]
    assert [(one["kind"], one["unit"], one["due_on"]) for one in due] == [("contact", "3-2-1202", "2024-02-11")]
    program.ask("owner", "followed-up", "3-2-1202", "--kind", "contact", "--outcome", "unreachable", actor="staff")
    assert program.ask("owner", "due", actor="staff")["due"] == []
    assert program("owner", "arrears", "3-2-1202", actor="staff").code == 2
