"""The tray from the command line: every act, in one's own name, with its way back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.web.browser.test_tray_walks import pile


@pytest.fixture
def tray(program: Any, tmp_path: Path) -> Any:
    """Three papers in the archivist's tray; gives their numbers."""
    scan = tmp_path / "散页.pdf"
    scan.write_bytes(pile(1, 4, 9))
    program.ask("scan", "file", scan, "--no-ocr", actor="archivist")
    return [row["id"] for row in program.ask("scan", "tray", actor="archivist")["tray"]]


def test_pages_are_joined_listed_and_taken_back(program: Any, tray: Any) -> None:
    words = ("--form", "证件", "--unit", "3-2-1201")
    joined = program.ask("scan", "join", tray[2], tray[0], *words, actor="archivist")
    assert (joined["form"], len(joined["documents"])) == ("RZ-15", 1)
    [act] = program.ask("scan", "acts", actor="archivist")["acts"]
    assert (act["kind"], act["pages"]) == ("joined", [tray[2], tray[0]])
    assert program("scan", "undo", act["id"], actor="staff").code == 1
    assert program.ask("scan", "undo", act["id"], actor="archivist")["tray"] == [tray[2], tray[0]]
    again = program("scan", "undo", act["id"], actor="archivist")
    assert (again.code, "已经撤销" in again.err) == (1, True)
    assert len(program.ask("scan", "tray", actor="archivist")["tray"]) == 3


def test_pages_are_turned_sent_back_and_asked_for_again(program: Any, tray: Any) -> None:
    assert program.ask("scan", "rotate", *tray[:2], "--by", "90", actor="archivist")["rotation"] == [90, 90]
    assert program.ask("scan", "refuse", tray[0], "--reason", "不是我们的", actor="archivist")["state"] == "refused"
    assert program.ask("scan", "rescan", tray[1], "--reason", "糊", actor="archivist")["state"] == "rescan"
    assert program("scan", "rotate", tray[2], "--by", "45", actor="archivist").code == 2
    assert program.ask("check", actor="archivist")["holds"]


def test_a_colleagues_tray_tells_how_much_and_is_taken_over_by_an_archivist(program: Any, tray: Any) -> None:
    seen = program.ask("scan", "tray", actor="staff")
    assert seen["tray"] == []
    assert seen["others"] == [{"batch": 1, "keeper": "archivist", "pages": 3}]
    assert program("scan", "look", tray[0], "--out", program.home / "x.jpg", actor="staff").code == 1
    assert program("scan", "take", 1, actor="staff").code == 1


def test_what_cannot_be_is_told(program: Any, tray: Any) -> None:
    unknown = program("scan", "number", tray[0], "RZ-08-2026-000001-A", actor="archivist")
    assert unknown.code == 1
    assert program("scan", "append", tray[0], "--document", 99, actor="archivist").code == 1
    assert program("scan", "split", tray[0], actor="archivist").code == 1
    assert program("scan", "join", tray[0], tray[0], "--form", "RZ-15", actor="archivist").code == 1
