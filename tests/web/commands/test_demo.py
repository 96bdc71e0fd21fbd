"""The demonstration: complete, sound, the same acts as anybody's, and never over data that is there."""

from __future__ import annotations

from typing import Any

import pytest

from records.settings import Settings
from records.users import check_password
from web.demo.estate import ESTATE, PEOPLE, codes
from web.office import Office


@pytest.mark.slow
def test_the_demonstration_shows_the_whole_loop(either_program: Any) -> None:
    program = either_program
    built = program.ask("demo")
    assert built["built"] is True
    assert {person["role"] for person in built["people"]} == {"admin", "staff", "archivist", "supervisor", "manager"}
    assert _signs_in(program)
    assert program.ask("check")["findings"] == []
    tray = program.ask("scan", "tray", actor="陈晓")["tray"]
    assert sorted(page["reason"] for page in tray) == ["no_code", "no_unit"]
    states = program.ask("book", "show", _book(program), actor="何勇")["counts"]
    assert (states["returned"], states["voided"], states["missing"]) == (6, 1, 1)
    requests = program.ask("access", "list", actor="林国栋")["requests"]
    assert sorted(one["state"] for one in requests) == ["approved"] * 2 + ["registered"] * 2 + ["requested"]
    assert [loan["overdue"] for loan in program.ask("loan", "list", actor="周敏")["loans"]] == [True]
    assert [one["reference"] for one in program.ask("retention", "due", actor="周敏")["due"]] == ["DA-1-1-101-01"]
    assert len(program.ask("retention", "holds", actor="周敏")["holds"]) == 1
    assert program.ask("search", "渗水", actor="陈晓")["total"] == 1
    program.ask("retention", "review", "--all", actor="周敏")
    program.ask("retention", "approve", 1, actor="林国栋")
    assert program.ask("retention", "run", actor="周敏")["outcomes"][0]["state"] == "destroyed"
    again = program.ask("demo")
    assert (again["built"], program.ask("check")["findings"]) == (False, [])


def _signs_in(program: Any) -> bool:
    settings = {"YEDANG_HOME": str(program.home), "YEDANG_DATABASE_URL": program.database_url}
    office = Office.open(Settings.read(settings))
    with office.reading() as session:
        found = [check_password(session, person.name, person.password) for person in PEOPLE]
    office.database.close()
    return all(found)


def _book(program: Any) -> str:
    return str(program.ask("book", "list", "--form", "HF-01", actor="何勇")["books"][0]["number"])


def test_the_demonstration_leaves_an_office_with_data_alone(program: Any) -> None:
    before = program.ask("audit", "head")
    assert program.ask("demo")["built"] is False
    assert program.ask("audit", "head") == before


def test_the_estate_has_120_homes_each_once() -> None:
    assert len(codes()) == len(set(codes())) == 120
    assert ESTATE
