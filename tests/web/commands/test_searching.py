"""yedang search: facets, near questions, and all results as a worksheet."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import openpyxl

from search.results import Hit
from tests.web.commands.conftest import Program
from web.acts import found_sheet


def test_results_are_written_as_a_worksheet_and_nothing_in_it_is_a_formula(tmp_path: Path) -> None:
    hit = Hit(
        1,
        '=HYPERLINK("http://x")',
        None,
        "HF-01",
        None,
        "HF",
        None,
        "",
        date(2026, 3, 1),
        (("漏\x07水", True), ("。", False)),
    )
    path = tmp_path / "found.xlsx"
    assert found_sheet.write([hit, hit], path) == 2
    rows = list(openpyxl.load_workbook(path).worksheets[0].iter_rows())
    assert len(rows) == 3 and rows[1][1].data_type == "s" and rows[1][1].value.startswith("=HYPERLINK")
    assert rows[1][6].value == "漏 水。" and rows[1][0].value.date() == date(2026, 3, 1)


def test_the_command_tells_facets_and_writes_what_was_found(program: Program, tmp_path: Path) -> None:
    path = tmp_path / "none.xlsx"
    told = program.ask("search", "漏水", "--facets", "--sort", "relevance", "--xlsx", path, actor="staff")
    assert told["total"] == 0 and set(told["facets"]) == {"forms", "series", "sections", "years", "buildings"}
    assert told["did_you_mean"] == [] and len(list(openpyxl.load_workbook(path).worksheets[0].iter_rows())) == 1
    assert "0" in program("search", "漏水", "--xlsx", path, actor="staff").out


def test_a_search_is_saved_opened_renamed_and_forgotten(program: Program) -> None:
    program.ask("search", "漏水 非 结案", "--form", "TS-02", "--save", "渗漏", "--share", actor="manager")
    listed = program.ask("saved", "list", actor="staff")["saved"]
    assert [(one["name"], one["query"], one["shared"], one["own"]) for one in listed] == [
        ("渗漏", "漏水 非 结案", True, False)
    ]
    assert program.ask("search", "--saved", "渗漏", actor="staff")["total"] == 0
    program.ask("saved", "rename", "渗漏", "渗漏投诉", actor="manager")
    program.ask("saved", "share", "渗漏投诉", "--stop", actor="manager")
    assert program.ask("saved", "list", actor="staff")["saved"] == []
    program.ask("saved", "forget", "渗漏投诉", actor="manager")
    assert program.ask("saved", "list", actor="manager")["saved"] == []
