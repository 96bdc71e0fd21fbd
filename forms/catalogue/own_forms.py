"""An office's own forms: YAML files in the data folder, told what is wrong in words that a clerk can act on.

A file is written as those of ``templates/procedures`` are: a procedure of two letters that the handbook does not use,
its names, its forms. Retention rules and dossier sections are the handbook's. A change of layout takes a new
``version``; pages of older versions are read where their boxes were (forms.tables.Layout).

    procedure: ZY
    zh: 自有表单
    en: Our own forms
    forms:
      - code: ZY-01
        zh: 消杀记录
        en: Pest control record
        mode: book
        version: 1
        retention: [UNSET]
        fields:
          - {key: area, zh: 区域, en: Area, kind: text, width: half}
        signatures:
          - {key: clerk, zh: 经办人, en: Clerk, kind: signature}
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pydantic

from forms.catalogue.checks import Known, Problem, problems, spelling
from forms.catalogue.files import CatalogueBroken, read_yaml
from forms.catalogue.own_forms_words import told
from forms.catalogue.rows import Form, Procedure
from records.errors import OfficeError

_LETTERS = re.compile(r"[A-Z]{2}")
_SET_BY_US = ("procedure", "own")
_WITHOUT_WORD = ("book", "sheet", "card", "report", "roster", "external")


class OwnFormsWrong(OfficeError):
    """Files of the office's own forms are wrong; every problem is named with its file, form and field."""

    code = "catalogue.own_wrong"
    zh = "自有表单有 {count} 处要改:\n{problems}"
    en = "The office's own forms are wrong in {count} places:\n{problems_en}"

    @classmethod
    def of(cls, found: Sequence[Problem]) -> OwnFormsWrong:
        """The error with every problem in a numbered line."""
        lines = [f"{number}. {problem.zh}" for number, problem in enumerate(found, start=1)]
        lines_en = [f"{number}. {problem.en}" for number, problem in enumerate(found, start=1)]
        return cls(count=len(found), problems="\n".join(lines), problems_en="\n".join(lines_en))


def files_in(folder: Path | None) -> list[Path]:
    """The files of own forms in a folder, by name; none where there is no folder."""
    if folder is None or not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in (".yaml", ".yml"))


def read(files: Sequence[Path], known: Known, names: Mapping[str, str]) -> list[Procedure]:
    """The procedures of the files, checked against what the handbook has (``names``: spelling to code).

    Raises OwnFormsWrong with everything that is wrong, not the first thing only.
    """
    found: list[Problem] = []
    procedures: list[Procedure] = []
    for file in files:
        procedure, wrong = _file(file)
        found += wrong
        if procedure is not None:
            procedures.append(procedure)
            found += _in_file(file.name, procedure, known)
    found += _collisions(files, procedures, names)
    if found:
        raise OwnFormsWrong.of(found)
    return procedures


def _file(file: Path) -> tuple[Procedure | None, list[Problem]]:
    """A file's procedure with the forms that can be read, and what cannot."""
    try:
        data = read_yaml(file.read_text(encoding="utf-8-sig"), file.name)
    except UnicodeDecodeError:
        return None, [_at(file.name, "不是 UTF-8 编码,请另存为 UTF-8", "not UTF-8; save it as UTF-8")]
    except CatalogueBroken as error:
        return None, [_at(file.name, str(error.details["why"]), str(error.details["why_en"]))]
    if not isinstance(data, dict) or not isinstance(data.get("forms"), list):
        zh = "开头应为 procedure、zh、en,然后是 forms: 和缩进的各张表单"
        return None, [_at(file.name, zh, "a file has procedure, zh, en, and a list of forms")]
    return _procedure(file.name, data)


def _procedure(file: str, data: Mapping[str, Any]) -> tuple[Procedure | None, list[Problem]]:
    key = str(data.get("procedure", ""))
    if not _LETTERS.fullmatch(key):
        zh = f"procedure 应为两个大写字母,如 ZY;现为「{key}」"
        return None, [_at(file, zh, "procedure is two capital letters")]
    forms: list[Form] = []
    found: list[Problem] = []
    for number, given in enumerate(data["forms"], start=1):
        form, wrong = _form(given, key, number)
        forms += [form] if form else []
        found += [_at(file, problem.zh, problem.en) for problem in wrong]
    try:
        head = {name: value for name, value in data.items() if name not in ("procedure", "forms")}
        return Procedure.model_validate({**head, "key": key, "forms": forms}), found
    except pydantic.ValidationError as error:
        return None, [*found, *(_at(file, *told({}, wrong, Procedure)) for wrong in error.errors())]


def _form(given: object, key: str, number: int) -> tuple[Form | None, list[Problem]]:
    if not isinstance(given, dict):
        return None, [Problem(f"第 {number} 张表单应由「代码: 值」各行组成", f"form {number} is no mapping")]
    where = f"表单 {given.get('code', f'第 {number} 张')}"
    where_en = f"form {given.get('code', number)}"
    taken = [name for name in _SET_BY_US if name in given]
    if taken:
        zh = f"{where}:不要写 {'、'.join(taken)},由系统填写"
        return None, [Problem(zh, f"{where_en}: {', '.join(taken)} is set by the system")]
    try:
        return Form.model_validate({**given, "procedure": key, "own": True}), []
    except pydantic.ValidationError as error:
        sentences = (told(given, wrong, Form) for wrong in error.errors())
        return None, [Problem(f"{where}:{zh}", f"{where_en}: {en}") for zh, en in sentences]


def _in_file(file: str, procedure: Procedure, known: Known) -> Iterator[Problem]:
    """What is wrong with forms that can be read, each by itself."""
    if procedure.key in known.procedures:
        zh = f"字母 {procedure.key} 是手册的程序,请另选两个大写字母"
        yield _at(file, zh, f"{procedure.key} is the handbook's; choose other letters")
    here = Known(
        {*known.forms, *(form.code for form in procedure.forms)},
        {*known.procedures, procedure.key},
        known.sections,
        known.rules,
    )
    for form in procedure.forms:
        where, where_en = f"表单 {form.code}《{form.zh}》", f"form {form.code}"
        if form.mode not in _WITHOUT_WORD:
            zh = f"自有表单的方式(mode)不能是 {form.mode},可填:{'、'.join(_WITHOUT_WORD)}"
            yield _at(file, f"{where}:{zh}", f"{where_en}: mode {form.mode} is for the handbook's Word forms")
        for problem in problems(here, form):
            yield _at(file, f"{where}:{problem.zh}", f"{where_en}: {problem.en}")


def _collisions(files: Sequence[Path], procedures: Sequence[Procedure], names: Mapping[str, str]) -> Iterator[Problem]:
    """Codes, names and letters that are taken, by the handbook or by another own form."""
    letters: set[str] = set()
    taken = dict(names)
    for procedure in procedures:
        if procedure.key in letters:
            yield Problem(
                f"程序字母 {procedure.key} 用了两次({'、'.join(file.name for file in files)})",
                f"the letters {procedure.key} stand in two files",
            )
        letters.add(procedure.key)
        for form in procedure.forms:
            yield from _taken_names(form, taken)


def _taken_names(form: Form, taken: dict[str, str]) -> Iterator[Problem]:
    mine = {spelling(name): name for name in (form.code, form.zh, *form.aliases, form.en)}
    for spelled, name in mine.items():
        if spelled in taken:
            yield Problem(
                f"表单 {form.code}《{form.zh}》:「{name}」已是 {taken[spelled]} 的代码或名称,请换一个",
                f"form {form.code}: {name} is what {taken[spelled]} is called",
            )
    taken |= dict.fromkeys(mine, form.code)


def _at(file: str, zh: str, en: str) -> Problem:
    return Problem(f"{file} {zh}", f"{file}: {en}")
