"""Own templates, stamped papers and merges through the program itself: seen on paper, and nothing half done."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import openpyxl
import pypdfium2
import pytest
from docx import Document
from reportlab.pdfgen.canvas import Canvas

from forms.printing import merging
from forms.scanning.imitation import samples
from forms.word import office_suite
from records.vault import write_durably


@pytest.fixture
def no_suite(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without LibreOffice."""
    monkeypatch.setattr(office_suite, "find", lambda: None)


def _texts(pdf: Path) -> list[str]:
    with pypdfium2.PdfDocument(pdf.read_bytes()) as document:
        return [page.get_textpage().get_text_range() for page in document]


def _with_sentence(source: Path, target: Path, sentence: str) -> Path:
    document = Document(str(source))
    document.add_paragraph(sentence)
    document.save(str(target))
    return target


def _table(folder: Path, *rows: list[str]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(folder / "名单.xlsx")
    return folder / "名单.xlsx"


def _numbers(program: Any) -> int:
    entries = program.ask("audit", "log", actor="manager")["entries"]
    return sum(line["verb"] == "form:numbers:allotted" for line in entries)


def test_a_template_is_taken_out_changed_and_put_in_force(program: Any, tmp_path: Path, no_suite: None) -> None:
    out = tmp_path / "out.docx"
    assert program.ask("form", "template", "RZ-01", "--out", out, actor="staff")["own"] is False
    changed = _with_sentence(out, tmp_path / "changed.docx", "欢迎入住,{{ owner }}。")
    refused = program("form", "template", "RZ-01", "--install", changed, actor="staff")
    assert (refused.code, "岗位" in refused.err) == (1, True)
    told = program.ask("form", "template", "RZ-01", "--install", changed, actor="archivist")
    assert re.fullmatch(r"1-[0-9A-F]{4}", told["version"])
    assert (program.home / "words" / "RZ-01.docx").read_bytes() == changed.read_bytes()
    program.ask("form", "print", "RZ-01", "--unit", "3-2-1201", "--out", tmp_path / "a.docx", actor="staff")
    assert "欢迎入住,王建国。" in "\n".join(one.text for one in Document(str(tmp_path / "a.docx")).paragraphs)
    assert program.ask("form", "template", "RZ-01", actor="staff")["own"] is True
    assert program.ask("form", "template", "RZ-01", "--remove", actor="manager")["removed"] is True
    assert program.ask("form", "template", "RZ-01", actor="staff")["own"] is False


def test_a_bad_template_is_refused_and_the_one_in_force_stays(program: Any, tmp_path: Path, no_suite: None) -> None:
    out = tmp_path / "out.docx"
    program.ask("form", "template", "RZ-01", "--out", out, actor="staff")
    bad = _with_sentence(out, tmp_path / "bad.docx", "{{ ownr }}")
    refused = program("form", "template", "RZ-01", "--install", bad, actor="archivist")
    assert (refused.code, "owner" in refused.err) == (1, True)
    assert not (program.home / "words" / "RZ-01.docx").exists()


@pytest.mark.skipif(office_suite.find() is None, reason="LibreOffice is not installed")
def test_a_template_that_covers_the_codes_place_is_refused(program: Any, tmp_path: Path) -> None:
    out = tmp_path / "out.docx"
    program.ask("form", "template", "TZ-02", "--out", out, actor="staff")
    document = Document(str(out))
    document.sections[0].header.tables[0].rows[0].cells[-1].add_paragraph("盖住编号码的文字" * 6)
    cell = document.sections[0].header.tables[0].rows[0].cells[-1]
    cell.paragraphs[0].insert_paragraph_before("盖住编号码的文字" * 6)
    document.save(str(tmp_path / "bad.docx"))
    refused = program("form", "template", "TZ-02", "--install", tmp_path / "bad.docx", actor="archivist")
    assert (refused.code, "编号码" in refused.err) == (1, True)
    program.ask("form", "template", "TZ-02", "--install", out, actor="archivist")


def test_a_stamped_paper_comes_back_as_a_scan_into_its_dossier(program: Any, tmp_path: Path) -> None:
    made = io.BytesIO()
    canvas = Canvas(made, invariant=1)
    for number in range(2):
        canvas.drawString(72, 400, f"Manual {number}")
        canvas.showPage()
    canvas.save()
    paper, out = tmp_path / "说明书.pdf", tmp_path / "out.pdf"
    paper.write_bytes(made.getvalue())
    told = program.ask("form", "stamp", paper, "--form", "RZ-12", "--unit", "3-2-1201", "--out", out, actor="staff")
    assert (told["pages"], told["banded"], paper.read_bytes()) == (2, [], made.getvalue())
    assert all(told["serial"] in text and f"第 {n} 页" in text for n, text in enumerate(_texts(out), start=1))
    pictures = samples.rasterise(out.read_bytes(), 150)
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(samples.scan_pdf((samples.degrade(one, "clean", 7, turn=0) for one in pictures), 150, 60))
    pages = program.ask("scan", "file", scan, "--no-ocr", actor="staff")["batches"][0]["pages"]
    assert [(page["state"], page["dossier_number"]) for page in pages] == [("filed", "DA-3-2-1201-01")] * 2


@pytest.mark.parametrize("content", [b"", b"no pdf", b"%PDF-1.4 broken"])
def test_what_cannot_be_stamped_uses_no_number(program: Any, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.pdf").write_bytes(content)
    done = program(
        "form", "stamp", tmp_path / "bad.pdf", "--form", "RZ-12", "--unit", "3-2-1201", "--out", tmp_path / "o.pdf",
        actor="staff",
    )  # fmt: skip
    assert (done.code, len(done.err.strip().splitlines()), (tmp_path / "o.pdf").exists()) == (1, 1, False)
    assert _numbers(program) == 0


def test_a_building_is_printed_with_numbers_in_a_row(program: Any, tmp_path: Path) -> None:
    out = tmp_path / "out.pdf"
    told = program.ask("form", "merge", "ZX-01", "--building", "3栋", "--out", out, actor="staff")
    assert [serial.split("-")[3] for serial in told["serials"]] == ["000001", "000002"]
    texts = "".join(_texts(out))
    assert all(word in texts for word in ("王建国", "李秀英、赵一鸣", *told["serials"]))
    assert program("form", "merge", "ZX-01", "--building", "1", "--out", out, actor="staff").code == 1
    assert program("check", actor="manager").code == 0


def test_a_table_makes_a_form_for_each_row_and_a_form_reprinted_looks_the_same(program: Any, tmp_path: Path) -> None:
    table = _table(
        tmp_path, ["房号", "办理地点", "办理时间起"], ["3-2-1201", "客服中心一层", "2026/5/1"], ["3-2-1202", "二层", ""]
    )
    common = tmp_path / "common.json"
    common.write_text(json.dumps({"office_hours": "9:00-17:00"}))
    out = tmp_path / "out.pdf"
    told = program.ask("form", "merge", "RZ-01", "--sheet", table, "--data", common, "--out", out, actor="staff")
    texts = _texts(out)
    assert told["pages"] == len(texts)
    first = next(text for text in texts if told["serials"][0] in text)
    assert all(word in first for word in ("王建国", "客服中心一层", "2026年5月1日", "9:00-17:00"))
    again = tmp_path / "again.pdf"
    program.ask("form", "reprint", told["serials"][0], "--reason", "卡纸", "--out", again, actor="staff")
    assert "客服中心一层" in _texts(again)[0] and "重印" in _texts(again)[0]
    assert len(_texts(again)) == told["pages"] // 2


def test_a_mistake_in_a_table_is_named_by_row_and_column_and_prints_nothing(program: Any, tmp_path: Path) -> None:
    table = _table(
        tmp_path,
        ["单元房号", "办理时间起", "业主姓名"],
        ["3-2-1201", "2026-13-45", "王"],
        ["9-9-909", "2026-05-01", "\U0001f600"],
        ["", "", "李"],
    )
    done = program("form", "merge", "RZ-01", "--sheet", table, "--out", tmp_path / "o.pdf", actor="staff")
    assert done.code == 1
    for named in ("第 2 行「办理时间起」", "第 3 行「单元房号」", "第 3 行「业主姓名」", "第 4 行「单元房号」"):
        assert named in done.err
    assert not (tmp_path / "o.pdf").exists()
    unknown = _table(tmp_path, ["单元房号", "不认识"], ["3-2-1201", "x"])
    done = program("form", "merge", "RZ-01", "--sheet", unknown, "--out", tmp_path / "o.pdf", actor="staff")
    assert (done.code, "不认识" in done.err, "办理地点" in done.err) == (1, True, True)
    assert _numbers(program) == 0


def test_a_folder_gets_a_document_for_each_and_copy(program: Any, tmp_path: Path) -> None:
    folder = tmp_path / "协议"
    told = program.ask("form", "merge", "RZ-03", "--building", "3", "--out", folder, actor="staff")
    names = sorted(path.name for path in folder.iterdir())
    assert names == sorted(f"{serial.replace('*', '_')}-联{copy}.docx" for serial in told["serials"] for copy in (1, 2))
    single = tmp_path / "one.docx"
    program.ask("form", "reprint", told["serials"][0], "--reason", "卡纸", "--out", single, actor="staff")
    merged = Document(str(folder / names[0]))
    again = Document(str(single))
    assert [one.text for one in merged.paragraphs] == [one.text for one in again.paragraphs]
    header = "".join(merged.sections[0].header._element.itertext())
    assert told["serials"][0] in header and "0000-000000" not in header


def test_a_merge_that_fails_at_the_end_leaves_no_file_and_no_number(
    program: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError(28, "full")

    monkeypatch.setattr(merging, "_told", fail)
    for out in (tmp_path / "out.pdf", tmp_path / "folder"):
        done = program("form", "merge", "RZ-01", "--building", "3", "--out", out, actor="staff")
        assert (done.code, "磁盘已满" in done.err) == (1, True)
    assert not (tmp_path / "out.pdf").exists()
    assert list((tmp_path / "folder").iterdir()) == []
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []
    assert _numbers(program) == 0
    write_durably(tmp_path / "proof", b"the folder can be written")


@pytest.mark.parametrize(
    "words",
    [("--out", "o.pdf"), ("--building", "3", "--sheet", "x", "--out", "o.pdf"), ("--building", "3", "--out", "o.txt")],
)
def test_a_merge_without_or_with_two_sources_is_bad_usage(program: Any, words: tuple[str, ...]) -> None:
    assert program("form", "merge", "RZ-01", *words, actor="staff").code == 2
