"""Places and loans through the program: the life of a lent dossier, a shelf counted, papers of a whole building."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdfium2


def test_a_dossier_is_lent_from_its_box_and_comes_back(program: Any, tmp_path: Path) -> None:
    program.ask("place", "add", "A-03-2", "--boxes", 2, actor="archivist")
    program.ask("place", "put", "3-2-1201", "DA-3-2-1202-01", "A-03-2-01", actor="archivist")
    program.ask("access", "request", "3-2-1201", "--mode", "loan", "--purpose", "核对原件", "--days", 7, actor="staff")
    assert program("loan", "hand-out", 1, actor="archivist").code == 1
    program.ask("access", "approve", 1, actor="manager")
    assert [one["request"] for one in program.ask("loan", "waiting", actor="archivist")["requests"]] == [1]
    card = tmp_path / "card.pdf"
    program.ask("loan", "hand-out", 1, "--card", card, actor="archivist")
    assert len(pypdfium2.PdfDocument(card)) == 1
    found = tmp_path / "found.txt"
    found.write_text("a-03-2-01\nDA-3-2-1202-01\n", "utf-8")
    stock = program.ask("place", "check", found, actor="archivist")
    assert (stock["clean"], stock["places"][0]["out"]) == (True, ["DA-3-2-1201-01"])
    assert program("loan", "show", 1, actor="supervisor").code == 1
    program.ask("loan", "return", 1, "--complete", actor="archivist")
    assert program.ask("loan", "show", 1, actor="staff")["loan"]["state"] == "returned"
    assert program.ask("loan", "list", "--overdue", actor="archivist")["loans"] == []
    assert program.ask("place", "check", found, "--place", "A-03-2-02", actor="archivist")["clean"] is False


def test_missing_pages_are_named_by_document_and_page(program: Any) -> None:
    for wrong in ("3", "a:1", "1:x"):
        done = program("loan", "return", 1, "--missing", wrong, actor="archivist")
        assert (done.code, "件:页" in done.err or "件：页" in done.err) == (1, True)


def test_papers_of_several_units_and_of_a_building_come_in_one_file(
    program: Any, tmp_path: Path, grant: Callable[..., None]
) -> None:
    out = tmp_path / "covers.pdf"
    for words in (("3-2-1201", "3-2-1202", "cover"), ("--building", "3", "cover")):
        assert program.ask("dossier", "print", *words, "--out", out, actor="staff")["dossiers"] == 2
        assert len(pypdfium2.PdfDocument(out)) == 2
    program.ask("dossier", "print", "--building", "3栋", "labels", "--out", out, actor="staff")
    assert len(pypdfium2.PdfDocument(out)) == 1
    assert program("dossier", "print", "cover", "--out", out, actor="staff").code == 1
    assert program("dossier", "print", "--building", "9", "cover", "--out", out, actor="staff").code == 1
    refused = tmp_path / "refused.pdf"
    assert program("dossier", "print", "--building", "3", "contents", "--out", refused, actor="staff").code == 1
    assert program("dossier", "print", "directory", "--out", refused, actor="staff").code == 1
    assert not refused.exists()
    grant("3-2-1201", "staff")
    assert program("dossier", "print", "--building", "3", "contents", "--out", refused, actor="staff").code == 1
    program.ask("dossier", "print", "directory", "--out", out, actor="archivist")
    page = pypdfium2.PdfDocument(out)[0]
    assert page.get_width() > page.get_height()


def test_books_go_by_their_date_with_a_numbered_list(program: Any, tmp_path: Path) -> None:
    made = program.ask("form", "print", "XC-01", "--pages", 2, "--out", tmp_path / "book.pdf", actor="staff")
    book = made["book"]
    program.ask("book", "issue", book, "--to", "前台", actor="staff")
    program.ask("book", "blank", book, "--from", made["serials"][0], actor="supervisor")
    program.ask("book", "close", book, actor="supervisor")
    assert [one["book"] for one in program.ask("book", "to-transfer", actor="staff")["books"]] == [book]
    out = tmp_path / "list.pdf"
    number = program.ask("book", "transfer-list", "--out", out, actor="supervisor")["list"]["number"]
    assert program("book", "transfer-list", "--out", out, actor="supervisor").code == 1
    program.ask("book", "transfer-list", number, "--out", out, actor="supervisor")
    signed = program.ask("book", "sign-list", number, "--receiver", "林经理", actor="supervisor")
    assert (signed["books"], program.ask("book", "to-transfer", actor="staff")["books"]) == ([book], [])
    assert program.ask("book", "transfer-lists", actor="staff")["lists"][0]["state"] == "signed"
