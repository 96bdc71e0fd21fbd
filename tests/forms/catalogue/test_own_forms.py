"""An office's own forms: files that say what is wrong with them, and forms that live as the handbook's do."""

from __future__ import annotations

from pathlib import Path

import pytest

from forms.catalogue import Catalogue, Form, load_catalogue
from forms.catalogue.own_forms import OwnFormsWrong
from forms.catalogue.own_layouts import check_file
from forms.layout import lay_out

FILE = """procedure: ZY
zh: 自有表单
en: Our own forms
forms:
  - code: ZY-01
    zh: 消杀记录
    en: Pest control record
    mode: sheet
    version: 1
    unit: true
    retention: [UNSET]
    fields:
      - {key: unit, zh: 单元房号, en: Unit, kind: unit, width: half}
      - {key: day, zh: 日期, en: Day, kind: date, width: half}
      - {key: areas, zh: 区域, en: Areas, kind: table, rows: 4, columns: [{key: area, zh: 区域, en: Area, kind: text, weight: 1}]}
    signatures:
      - {key: clerk, zh: 经办人, en: Clerk, kind: signature}
"""  # noqa: E501 - a file as a clerk writes it


def write(folder: Path, text: str, name: str = "消杀.yaml") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def wrong(tmp_path: Path, *changes: tuple[str, str]) -> str:
    """The sentence for the file with something changed in it."""
    text = FILE
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    with pytest.raises(OwnFormsWrong) as caught:
        check_file(write(tmp_path / "forms", text), tmp_path / "forms")
    assert caught.value.sentence("en")
    return caught.value.sentence("zh")


def test_an_own_form_is_found_and_laid_out_like_the_handbooks(tmp_path: Path) -> None:
    write(tmp_path / "forms", FILE)
    catalogue: Catalogue = load_catalogue(tmp_path / "forms")
    form: Form = catalogue.form("消杀记录")
    assert (form.code, form.own, form.procedure) == ("ZY-01", True, "ZY")
    assert len(catalogue.forms) == len(load_catalogue().forms) + 1
    laid = lay_out(form, {"unit": "3-2-1201"}, office="东光物业客服中心")
    assert {box["key"] for box in laid.boxes} == {"unit", "day", "areas", "clerk"}
    assert not any(form.own for form in load_catalogue().forms)


@pytest.mark.parametrize("folder", [None, Path("nowhere")])
def test_an_office_needs_no_forms_of_its_own(folder: Path | None) -> None:
    assert load_catalogue(folder).forms == load_catalogue().forms


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("kind: date", "kind: dates", "栏目「日期」的 kind(类型) 不能是「dates」,可填:text、long、name、unit"),
        ("code: ZY-01", "code: ZY1", "「ZY1」应为两个大写字母、横线、两位数字"),
        ("code: ZY-01", "code: HF-99", "代码须以本文件的程序字母 ZY 开头"),
        ("procedure: ZY", "procedure: HF", "字母 HF 是手册的程序,请另选两个大写字母"),
        ("procedure: ZY", "procedure: 自有", "procedure 应为两个大写字母,如 ZY;现为「自有」"),
        ("zh: 消杀记录", "zh: 回访记录表", "「回访记录表」已是 HF-01 的代码或名称"),
        ("retention: [UNSET]", "retention: [TWO]", "没有保管期限「TWO」;可填:"),
        ("retention: [UNSET]", "retention: UNSET", "retention(保管期限) 应为列表"),
        ("mode: sheet", "mode: notice", "方式(mode)不能是 notice,可填:book、sheet"),
        ("mode: sheet", "mode: report", "须写 period"),
        ("version: 1", "version: 一", "version(版号) 应为整数,现为「一」"),
        ("version: 1", "version: 0", "version(版号) 不能小于 1"),
        ("    version: 1\n", "", "version(版号) 没有填"),
        ("zh: 日期, ", "colour: red, zh: 日期, ", "栏目「日期」的 colour 不认识;可用的有:zh、en、key"),
        ("kind: table, rows: 4", "kind: table", "只有表格(kind: table)才有 rows 和 columns"),
        ("weight: 1", "weight: 0", "栏目「区域」的 列「区域」的 weight(列宽比例) 须大于 0"),
        ("key: day", "key: 日期", "小写英文字母、数字和下划线"),
        ("key: day", "key: unit", "栏目或列「unit」出现了两次"),
        ("rows: 4", "rows: 40", "放不进一页"),
        ("zh: 区域, en: Areas", "zh: 区☐域, en: Areas", "☐"),
        ("unit: true", "unit: true\n    section: cellar", "没有卷内类别「cellar」;可填:"),
        ("unit: true", "own: false", "不要写 own"),
        ("forms:", "form:", "开头应为 procedure、zh、en,然后是 forms:"),
        ("zh: 自有表单\n", "zh: 自有表单\nzh: 自有\n", "有一项写了两次:zh"),
        ("[UNSET]", "[UNSET", "附近不是正确的 YAML"),
        ("{key: unit,", "{key:unit,", "栏目「单元房号」"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_place(tmp_path: Path, before: str, after: str, told: str) -> None:
    sentence = wrong(tmp_path, (before, after))
    assert told in sentence
    assert "消杀.yaml" in sentence or "HF-01" in sentence
    assert not any(word in sentence for word in ("Traceback", "pydantic", "Input should"))


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    sentence = wrong(tmp_path, ("kind: date", "kind: dates"), ("version: 1", "version: 0"))
    assert sentence.startswith("自有表单有 2 处要改")
    assert "1. " in sentence and "2. " in sentence


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "消杀.yaml"
    path.write_bytes(FILE.encode("gb18030"))
    with pytest.raises(OwnFormsWrong, match="不是 UTF-8 编码"):
        check_file(path, tmp_path)


def test_two_files_cannot_take_the_same_letters_or_names(tmp_path: Path) -> None:
    write(tmp_path / "forms", FILE)
    second = write(tmp_path, FILE, "新的.yaml")
    with pytest.raises(OwnFormsWrong, match="「ZY-01」已是 ZY-01 的代码或名称"):
        check_file(second, tmp_path / "forms")
    write(tmp_path / "forms", FILE, "新的.yaml")
    with pytest.raises(OwnFormsWrong, match="程序字母 ZY 用了两次"):
        load_catalogue(tmp_path / "forms")


def test_a_file_that_replaces_its_namesake_is_checked_without_it(tmp_path: Path) -> None:
    write(tmp_path / "forms", FILE)
    draft = write(tmp_path, FILE.replace("version: 1", "version: 2"))
    assert [form.version for form in check_file(draft, tmp_path / "forms")] == [2]
