"""A book's life from the command line: hand to hand, inspected from its scan, its tail cancelled, its stock watched."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from forms.scanning.imitation import samples
from records import clock


@pytest.fixture
def book(program: Any, tmp_path: Path) -> tuple[str, list[str], Path]:
    """An issued book of six pages: its number, its serials, its PDF."""
    pdf = tmp_path / "book.pdf"
    printed = program.ask("form", "print", "ZB-02", "--pages", "6", "--out", pdf, actor="staff")
    program.ask("book", "issue", printed["book"], "--to", "值班室", actor="staff")
    return printed["book"], printed["serials"], pdf


def scan(pdf: Path, out: Path, *pages: int) -> Path:
    """A scan of these pages of a book, in this order."""
    pictures = list(samples.rasterise(pdf.read_bytes(), 150))
    worn = (samples.degrade(pictures[page + 1], "clean", 7, turn=0) for page in pages)
    out.write_bytes(samples.scan_pdf(worn, 150, 60))
    return out


def test_a_scan_is_inspected_without_filing_it(program: Any, tmp_path: Path, book: tuple[str, list[str], Path]) -> None:
    number, serials, pdf = book
    torn = scan(pdf, tmp_path / "torn.pdf", 1, 2, 4, 4, 5)
    program.ask("book", "void", serials[5], "--reason", "写错", actor="staff")
    told = program.ask("book", "inspect", torn, actor="staff")
    assert (told["book"], told["seen"], told["whole"]) == (number, 5, False)
    assert [one["kind"] for one in told["findings"]] == ["missing", "missing", "repeated", "apart"]
    assert told["missing"] == [
        {"page": 3, "serial": serials[2], "state": "issued"},
        {"page": 6, "serial": serials[5], "state": "voided"},
    ]
    shown = program("book", "inspect", torn, actor="staff")
    assert f"缺第 3 页({serials[2]})" in shown.out
    assert "作废" in shown.out
    assert program.ask("book", "show", number, actor="staff")["counts"] == {"issued": 5, "voided": 1}


def test_several_files_are_one_pile_and_a_filed_batch_tells_the_same(
    program: Any, tmp_path: Path, book: tuple[str, list[str], Path]
) -> None:
    number, _serials, pdf = book
    first, second = (
        scan(pdf, tmp_path / f"{name}.pdf", *pages) for name, pages in (("a", (1, 2, 3)), ("b", (4, 5, 6)))
    )
    whole = program("book", "inspect", first, second, actor="staff")
    assert f"{number}:6 页齐全,次序正确" in whole.out.replace("：", ":").replace("，", ",")
    batch = program.ask("scan", "file", first, "--no-ocr", actor="staff")["batches"][0]["batch"]
    from_batch, from_file = (program.ask("book", "inspect", one, actor="staff") for one in (batch, first))
    assert from_batch["findings"] == from_file["findings"]
    assert program.ask("book", "inspect", batch, second, "--book", number, actor="staff")["whole"]


def test_inspecting_nothing_that_is_there_is_a_sentence(program: Any, tmp_path: Path) -> None:
    for what in ("404", tmp_path / "none.pdf"):
        failed = program("book", "inspect", what, actor="staff")
        assert failed.code == 1
        assert failed.err
    (tmp_path / "x.pdf").write_bytes(b"no pdf")
    assert program("book", "inspect", tmp_path / "x.pdf", actor="staff").code == 1


def test_two_papers_alone_tell_by_their_printed_codes_whether_they_were_neighbours(
    program: Any, book: tuple[str, list[str], Path]
) -> None:
    _number, serials, pdf = book
    codes = [printed_codes(pdf, page) for page in (1, 2, 4)]

    def verdict(first: str, second: str) -> str:
        answer = program.ask("book", "neighbours", first, second, actor="staff")
        return str(answer["verdict"])

    assert codes[0].startswith("----")
    codes[0] = codes[0].replace("----", "无")
    assert verdict(codes[0], codes[1]) == "next"
    assert verdict(codes[1], codes[0]) == "before"
    assert verdict(codes[1], codes[2]) == "apart"
    assert verdict(serials[1], serials[2]) == "next"
    assert verdict(serials[0], codes[1]) == "next"
    assert "从未相邻" in program("book", "neighbours", serials[0], serials[3], actor="staff").out


def printed_codes(pdf: Path, page: int) -> str:
    """The three chain codes as they stand on a page of a printed book."""
    words = pypdfium2.PdfDocument(pdf)[page + 1].get_textpage().get_text_range().split()
    return " ".join(words[words.index(word) + 1] for word in ("前页", "本页", "后页"))


@pytest.mark.parametrize(
    ("first", "said"),
    [("ABCD EFGH", "链码应为三个"), ("ZB-02-2026-000001-A", "编号"), ("ZB-02-2026-999999-0", "编号")],
)
def test_what_is_no_code_and_no_serial_is_refused(program: Any, first: str, said: str) -> None:
    done = program("book", "neighbours", first, "ABCD EFGH IJKL", actor="staff")
    assert done.code == 1
    assert said in done.err


def test_a_sheet_has_no_neighbours(program: Any, tmp_path: Path) -> None:
    serial = program.ask("form", "print", "RZ-09", "--out", tmp_path / "a.pdf", actor="staff")["serials"][0]
    assert "不是册页" in program("book", "neighbours", serial, "ABCD EFGH IJKL", actor="staff").err


def test_a_book_goes_through_its_whole_life(program: Any, tmp_path: Path, book: tuple[str, list[str], Path]) -> None:
    number, serials, pdf = book
    miscounted = program("book", "handover", number, "--to", "王五", "--counted", "5", actor="staff")
    assert "应有 6 页" in miscounted.err
    passed = program.ask("book", "handover", number, "--to", "王五", "--counted", "6", actor="staff")
    assert (passed["giver"], passed["taker"]) == ("值班室", "王五")
    assert program.ask("book", "show", number, actor="staff")["book"]["holder"] == "王五"
    program.ask("scan", "file", scan(pdf, tmp_path / "s.pdf", 1, 2), "--no-ocr", actor="staff")
    program.ask("book", "missing", serials[2], "--story", "清点时少一页", "--finder", "王五", actor="supervisor")
    program.ask("book", "sign", serials[2], actor="manager")
    assert program.ask("book", "full", number, "--counted", "5", actor="staff")["book"]["state"] == "full"
    assert program("book", "blank", number, actor="supervisor").code == 2
    cancelled = program.ask("book", "blank", number, "--from", serials[3], actor="supervisor")["pages"]
    assert [one["serial"] for one in cancelled] == serials[3:]
    assert program("book", "reconcile", number, "--record", actor="staff").code == 1
    assert program.ask("book", "reconcile", number, "--record", actor="supervisor")["open"] == []
    program.ask("book", "close", number, actor="supervisor")
    program.ask("book", "transfer", number, "--on", clock.today(), actor="archivist")
    life = program.ask("book", "show", number, actor="staff")["life"]
    assert [step["step"] for step in life] == [
        "printed", "issued", "handover", "return", "reconciled", "closed", "transferred",
    ]  # fmt: skip


def test_what_is_out_is_listed_until_that_copy_is_scanned(program: Any, tmp_path: Path) -> None:
    pdf = tmp_path / "slip.pdf"
    printed = program.ask("form", "print", "FX-01", "--unit", "3-2-1201", "--out", pdf, actor="staff")
    after = clock.today() + timedelta(days=11)
    (one,) = program.ask("form", "outstanding", "--on", after, actor="staff")["outstanding"]
    assert (one["serial"], one["label"], one["unit"], one["late"]) == (
        printed["serials"][0], "保安部联", "3-2-1201", True,
    )  # fmt: skip
    assert "逾期 1 联" in program("form", "outstanding", "--on", after, actor="staff").out
    pictures = list(samples.rasterise(pdf.read_bytes(), 150))
    for copy, still_out in ((1, 1), (2, 0)):
        file = tmp_path / f"{copy}.pdf"
        file.write_bytes(samples.scan_pdf([samples.degrade(pictures[copy - 1], "clean", 7, turn=0)], 150, 60))
        program.ask("scan", "file", file, "--no-ocr", actor="staff")
        assert len(program.ask("form", "outstanding", actor="staff")["outstanding"]) == still_out


def test_stock_is_listed_with_what_should_be_printed(program: Any, book: tuple[str, list[str], Path]) -> None:
    (one,) = program.ask("form", "stock", actor="staff")["stock"]
    assert (one["form"], one["left"], one["wanted"], one["low"]) == ("ZB-02", 6, 10, True)


@pytest.mark.parametrize("words", [("form", "stock"), ("form", "outstanding"), ("book", "inspect", "1")])
def test_the_administrator_sees_none_of_it(program: Any, words: tuple[str, ...]) -> None:
    done = program(*words, actor="admin")
    assert done.code == 1
    assert "岗位" in done.err
