"""Paper from the command line: printed, kept in books, scanned, filed; a bad file does nothing, in a sentence."""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from forms.scanning.imitation import samples
from records import clock


def _scan(pdf: Path, out: Path, pages: slice = slice(None)) -> Path:
    """Print and scan a PDF: its pages as JPEG pictures in a new one."""
    pictures = list(samples.rasterise(pdf.read_bytes(), 150))[pages]
    out.write_bytes(samples.scan_pdf((samples.degrade(one, "clean", 7, turn=0) for one in pictures), 150, 60))
    return out


def test_a_form_is_found_by_any_of_its_names(program: Any) -> None:
    for name in ("RZ-08", "rz08", "业主验房表", "《业主验房单》"):
        assert program.ask("form", "list", name)["forms"][0]["code"] == "RZ-08"
    assert len(program.ask("form", "list")["forms"]) == 78


def test_an_unknown_form_is_told_what_comes_near(program: Any) -> None:
    done = program("form", "show", "验房单子")
    assert done.code == 1
    assert "验房" in done.err


def test_a_unit_sheet_is_printed_scanned_and_filed_in_its_dossier_once(program: Any, tmp_path: Path) -> None:
    values = tmp_path / "values.json"
    values.write_text(json.dumps({"water": 12, "opinion": "同意接收"}, ensure_ascii=False))
    pdf = tmp_path / "sheet.pdf"
    printed = program.ask("form", "print", "RZ-08", "--unit", "3-2-1201", "--data", values, "--out", pdf, actor="staff")
    assert "王建国" in pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range()
    scan = _scan(pdf, tmp_path / "scan.pdf")
    batch = program.ask("scan", "file", scan, "--no-ocr", actor="staff")["batches"][0]
    assert {page["state"] for page in batch["pages"]} == {"filed"}
    assert {page["dossier_number"] for page in batch["pages"]} == {"DA-3-2-1201-01"}
    assert batch["pages"][0]["serial"] == printed["serials"][0]
    assert batch["pages"][0]["unsigned"] == ["业主签名", "移交人签名"]
    again = program.ask("scan", "file", scan, "--no-ocr", actor="staff")["batches"][0]
    assert "没有重复归档" in again["already_received"]
    section = next(
        one
        for one in program.ask("dossier", "show", "3-2-1201", actor="staff")["sections"]
        if one["key"] == "inspection"
    )
    assert (section["present"], section["missing"]) == (None, [])


def test_an_agreement_is_a_word_document_for_each_copy(program: Any, tmp_path: Path) -> None:
    done = program.ask("form", "print", "RZ-03", "--unit", "3-2-1201", "--out", tmp_path / "a.docx", actor="staff")
    assert [Path(file).name for file in done["files"]] == ["a.docx", "a-联2.docx"]
    assert len(done["serials"]) == 1


def test_a_reprint_needs_its_reason_and_keeps_its_number(program: Any, tmp_path: Path) -> None:
    serial = program.ask("form", "print", "RZ-09", "--out", tmp_path / "a.pdf", actor="staff")["serials"][0]
    assert program("form", "reprint", serial, "--out", tmp_path / "b.pdf", actor="staff").code == 2
    done = program.ask("form", "reprint", serial, "--reason", "卡纸", "--out", tmp_path / "b.pdf", actor="staff")
    assert done["serials"] == [serial]


def test_a_number_is_not_spent_when_the_file_cannot_be_written(program: Any, tmp_path: Path) -> None:
    (tmp_path / "wall").write_text("no folder")
    failed = program("form", "print", "RZ-09", "--out", tmp_path / "wall" / "a.pdf", actor="staff")
    assert failed.code == 1
    assert "无法读写" in failed.err
    serial = program.ask("form", "print", "RZ-09", "--out", tmp_path / "a.pdf", actor="staff")["serials"][0]
    assert "-000001-" in serial


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("RZ-09", "--out", "a.txt"), 2, ".docx"),
        (("HF-01", "--out", "a.pdf"), 2, "--pages"),
        (("RZ-09", "--unit", "9-9-901", "--out", "a.pdf"), 1, "9-9-901"),
        (("RZ-09", "--out", "a.docx"), 1, "Word"),
        (("RZ-09", "--data", "none.json", "--out", "a.pdf"), 1, "没有这个文件"),
    ],
)
def test_printing_refuses_in_one_sentence(program: Any, words: tuple[str, ...], code: int, said: str) -> None:
    done = program("form", "print", *words, actor="staff")
    assert done.code == code
    assert said in done.err


def test_a_book_closes_only_when_every_page_is_accounted_for(program: Any, tmp_path: Path) -> None:
    pdf = tmp_path / "book.pdf"
    printed = program.ask("form", "print", "HF-01", "--pages", "4", "--out", pdf, actor="staff")
    book, serials = printed["book"], printed["serials"]
    program.ask("book", "issue", book, "--to", "刘悦", actor="staff")
    scan = _scan(pdf, tmp_path / "scan.pdf", slice(2, 3))
    filed = program.ask("scan", "file", scan, "--no-ocr", actor="staff")["batches"][0]["pages"]
    assert [(page["state"], page["serial"]) for page in filed] == [("filed", serials[0])]
    program.ask("book", "void", serials[1], "--reason", "写错", actor="staff")
    program.ask("book", "missing", serials[2], "--story", "途中遗失", actor="supervisor")
    early = program("book", "close", book, actor="supervisor")
    assert early.code == 1
    assert serials[3] in early.err
    program.ask("book", "blank", book, serials[3], actor="supervisor")
    unsigned = program("book", "close", book, actor="supervisor")
    assert serials[2] in unsigned.err
    program.ask("book", "sign", serials[2], actor="manager")
    assert program.ask("book", "reconcile", book, actor="supervisor")["open"] == []
    assert program.ask("book", "close", book, actor="supervisor")["book"]["state"] == "closed"
    assert (
        program.ask("book", "transfer", book, "--on", clock.today(), actor="supervisor")["book"]["state"]
        == "transferred"
    )
    assert program.ask("book", "list", "--state", "transferred", actor="staff")["books"][0]["number"] == book


def test_a_page_without_unit_waits_in_the_tray_until_somebody_places_it(program: Any, tmp_path: Path) -> None:
    pdf = tmp_path / "sheet.pdf"
    serial = program.ask("form", "print", "RZ-09", "--out", pdf, actor="staff")["serials"][0]
    program.ask("scan", "file", _scan(pdf, tmp_path / "scan.pdf"), "--no-ocr", actor="staff")
    waiting = program.ask("scan", "tray", actor="staff")["tray"]
    assert [(one["serial"], one["reason"]) for one in waiting] == [(serial, "no_unit")]
    number = waiting[0]["id"]
    assert program("scan", "look", number, "--out", tmp_path / "p.jpg", actor="manager").code == 1
    program.ask("scan", "look", number, "--out", tmp_path / "p.jpg", actor="staff")
    assert Image.open(tmp_path / "p.jpg").format == "JPEG"
    program.ask("scan", "place", number, "--form", "RZ-09", "--unit", "3-2-1201", actor="staff")
    assert program.ask("scan", "tray", actor="staff")["tray"] == []


def test_a_refused_page_leaves_the_tray(program: Any, tmp_path: Path) -> None:
    Image.new("RGB", (1240, 1754), "white").save(tmp_path / "blank.png")
    program.ask("scan", "file", tmp_path / "blank.png", "--no-ocr", actor="staff")
    number = program.ask("scan", "tray", actor="staff")["tray"][0]["id"]
    program.ask("scan", "refuse", number, "--reason", "空白页", actor="staff")
    assert program.ask("scan", "tray", actor="staff")["tray"] == []


def _pdf() -> bytes:
    return samples.scan_pdf([Image.new("RGB", (600, 800), "white")], 100, 60)


def _encrypted() -> bytes:
    out = io.BytesIO()
    with pikepdf.Pdf.open(io.BytesIO(_pdf())) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(owner="o", user="u"))
    return out.getvalue()


def _huge_png() -> bytes:
    """A picture that says it is 30,000 px square; nobody should ever unpack it."""
    small = io.BytesIO()
    Image.new("1", (8, 8)).save(small, "PNG")
    data = bytearray(small.getvalue())
    data[16:24] = (30_000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    return bytes(data)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("cut.pdf", lambda: _pdf()[:400], "cut.pdf"),
        ("locked.pdf", _encrypted, "密码"),
        ("huge.png", _huge_png, "太大"),
        ("words.pdf", "这只是文字".encode, "words.pdf"),
        ("empty.pdf", lambda: b"", "empty.pdf"),
    ],
)
def test_a_bad_file_is_refused_in_a_sentence_and_the_good_one_beside_it_is_filed(
    program: Any, tmp_path: Path, name: str, content: Callable[[], bytes], said: str
) -> None:
    (tmp_path / name).write_bytes(content())
    (tmp_path / "good.pdf").write_bytes(_pdf())
    done = program("scan", "file", tmp_path / name, tmp_path / "good.pdf", "--no-ocr", actor="staff", data=True)
    assert done.code == 1
    assert said in done.err
    assert [Path(batch["file"]).name for batch in done.data["batches"]] == ["good.pdf"]
    assert done.data["errors"][0]["code"].startswith("scan.")
    assert program("check").code == 0


def test_dossier_paper_is_drawn_and_its_list_is_for_keeper_and_grant_holders(
    program: Any, tmp_path: Path, grant: Callable[[str, str], None]
) -> None:
    for paper in ("cover", "contents", "notes", "labels"):
        out = tmp_path / f"{paper}.pdf"
        program.ask("dossier", "print", "3-2-1201", paper, "--out", out, actor="archivist")
        assert len(pypdfium2.PdfDocument(out)) >= 1
    assert program("dossier", "print", "3-2-1201", "contents", "--out", tmp_path / "x.pdf", actor="staff").code == 1
    assert program("dossier", "print", "3-2-1201", "cover", "--out", tmp_path / "x.pdf", actor="admin").code == 1
    grant("3-2-1201", "staff")
    assert program("dossier", "print", "3-2-1201", "contents", "--out", tmp_path / "x.pdf", actor="staff").code == 0


def test_an_export_holds_the_page_bytes_as_filed(program: Any, tmp_path: Path, grant: Callable[..., None]) -> None:
    pdf = tmp_path / "sheet.pdf"
    program.ask("form", "print", "RZ-07", "--unit", "3-2-1201", "--out", pdf, actor="staff")
    program.ask("scan", "file", _scan(pdf, tmp_path / "scan.pdf"), "--no-ocr", actor="staff")
    grant("3-2-1201", "staff", "loan")
    out = tmp_path / "export"
    program.ask("dossier", "export", "3-2-1201", "--out", out, actor="staff")
    page = json.loads((out / "dossier.json").read_text())["pages"][0]
    assert page["title"] == "业主资料卡"
    assert (out / page["file"]).exists()
