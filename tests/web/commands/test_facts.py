"""Facts by hand: what starts a clock is recorded, corrected with a reason, and moves the due date."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def former(program: Any, home: Path) -> str:
    """The number of a former owner's dossier; the owner changed on 29 February 2020."""
    table = home / "former.csv"
    table.write_text("小区,单元房号,业主,电话,起始日期\n东光花园,5-1-101,欧阳建国,13912345678,2012-03-01\n")
    program.ask("unit", "import", table, actor="manager")
    closed = program.ask("owner", "change", "5-1-101", "--name", "新主", "--on", "2020-02-29", actor="staff")["closed"]
    return str(closed)


def _refused(program: Any, *words: object, actor: str = "archivist") -> str:
    """The sentence with which a command is refused."""
    done = program("fact", "record", *words, actor=actor)
    assert done.code == 1
    return str(done.err)


def test_a_corrected_date_moves_what_is_due(program: Any, former: str) -> None:
    [fact] = program.ask("fact", "list", former, actor="archivist")["facts"]
    assert (fact["kind"], fact["on"]) == ("ownership_changed", "2020-02-29")
    correct = ("ownership_changed", former, "--on", "2021-03-10", "--replaces", fact["id"])
    assert "更正须写明原因" in _refused(program, *correct)
    program.ask("fact", "record", *correct, "--reason", "产权证书所载日期", actor="archivist")
    [due] = program.ask("retention", "due", actor="archivist")["due"]
    assert due["due_on"] == "2024-03-10"
    assert [one["on"] for one in program.ask("fact", "list", former, actor="archivist")["facts"]] == ["2021-03-10"]


def test_a_sale_is_recorded_of_a_unit(program: Any, former: str) -> None:
    program.ask("fact", "record", "unit_sold", "5栋1单元101", "--on", "2019-05-01", actor="archivist")
    assert [one["kind"] for one in program.ask("fact", "list", "5-1-101", actor="staff")["facts"]] == ["unit_sold"]


def test_what_cannot_be_is_refused_with_a_sentence(program: Any, former: str) -> None:
    assert "不能记在" in _refused(program, "unit_sold", former, "--on", "2019-05-01")
    assert "owner change" in _refused(program, "ownership_changed", former, "--on", "2019-05-01")
    assert "今天之后" in _refused(program, "unit_sold", "5-1-101", "--on", "2099-01-01")
    assert "岗位" in _refused(program, "unit_sold", "5-1-101", "--on", "2019-05-01", actor="staff")
