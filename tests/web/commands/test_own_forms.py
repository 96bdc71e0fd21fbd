"""An office's own form from file to dossier: checked, printed, scanned, filed; a wrong file stops it in sentences."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from forms.scanning.imitation import samples

GUIDE = Path(__file__).parents[3] / "docs" / "own-forms.md"
SHEET = """procedure: ZY
zh: 自有表单
en: Our own forms
forms:
  - code: ZY-02
    zh: 入户查表单
    en: Meter reading
    mode: sheet
    version: 1
    retention: [UNSET]
    fields: [{key: reading, zh: 读数, en: Reading, kind: number}]
    signatures: [{key: owner, zh: 业主签名, en: Owner, kind: signature}]
"""


def _put(program: Any, text: str) -> Path:
    folder = Path(program.home) / "forms"
    folder.mkdir()
    path = folder / "查表.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_example_of_the_guide_is_a_form(program: Any, tmp_path: Path) -> None:
    example = re.search(r"(?m)(^ {7}procedure: (?:.|\n)*?)\n\n2\.", GUIDE.read_text(encoding="utf-8"))
    assert example is not None
    path = tmp_path / "例.yaml"
    path.write_text(re.sub(r"(?m)^ {7}", "", example[1]), encoding="utf-8")
    assert program.ask("form", "check", path)["forms"][0]["code"] == "ZY-01"


def test_an_own_form_is_printed_scanned_and_filed(program: Any, tmp_path: Path) -> None:
    assert "没有发现问题" in program("form", "check", _put(program, SHEET)).out
    printed = program.ask("form", "print", "入户查表单", "--out", tmp_path / "sheet.pdf", actor="staff")
    (image,) = samples.rasterise((tmp_path / "sheet.pdf").read_bytes(), 150)
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(samples.scan_pdf([samples.degrade(image, "clean", 3, turn=0)], 150))
    done = program("scan", "file", scan, "--no-ocr", actor="staff", data=True)
    assert done.code == 0
    assert printed["serials"][0] in done.out
    assert '"filed"' in done.out


def test_a_wrong_file_stops_the_catalogue_and_says_why(program: Any) -> None:
    path = _put(program, SHEET.replace("kind: number", "kind: numbers"))
    for words in (("form", "list"), ("form", "check", path)):
        done = program(*words)
        assert done.code == 1
        assert "查表.yaml 表单 ZY-02:栏目「读数」的 kind（类型） 不能是「numbers」" in done.err
    path.unlink()
    assert program("form", "list").code == 0


def test_pictures_of_the_forms_are_written(program: Any, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("web.commands.forms.write_gallery", lambda _catalogue, folder, _office: [folder / "all.png"])
    assert program.ask("form", "gallery", "--out", tmp_path)["pictures"] == ["all.png"]
