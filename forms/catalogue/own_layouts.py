"""Tries a file of own forms before it is put to use: read, checked against everything known, laid out on paper."""

from __future__ import annotations

from pathlib import Path

from forms.catalogue import Form, load_catalogue, own_forms
from forms.catalogue.checks import Problem
from forms.layout import lay_out
from records.errors import OfficeError


def check_file(file: Path, folder: Path) -> tuple[Form, ...]:
    """The forms of a file, which may lie anywhere; ``folder`` holds the office's other own forms.

    A file of the same name in the folder is taken to be the one that this one replaces. Raises OwnFormsWrong.
    """
    built_in = load_catalogue()
    others = [other for other in own_forms.files_in(folder) if other.name != file.name]
    forms = own_forms.read([*others, file], built_in.known, built_in.all_names())[-1].forms
    wrong = [problem for form in forms for problem in _on_paper(file.name, form)]
    if wrong:
        raise own_forms.OwnFormsWrong.of(wrong)
    return forms


def _on_paper(file: str, form: Form) -> list[Problem]:
    """What keeps a form from being printed at all: too many boxes for its page, a character without a glyph."""
    try:
        lay_out(form, {}, office="客服中心")
    except OfficeError as error:
        return [Problem(f"{file} 表单 {form.code}《{form.zh}》:{error.sentence('zh')}",
                        f"{file}: form {form.code}: {error.sentence('en')}")]  # fmt: skip
    return []
