"""What the rows of the catalogue must be together: codes, names, clauses, rules and sections that are there."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from forms.catalogue.files import repeated
from forms.catalogue.rows import Form

# What a report may be drawn from besides other forms: the records the system itself keeps.
RECORD_SOURCES = frozenset({"dossiers", "documents", "disposals"})


@dataclass(frozen=True)
class Problem:
    """Something that is wrong, told in both languages."""

    zh: str
    en: str


@dataclass(frozen=True)
class Known:
    """What forms may refer to: codes of forms, keys of procedures, dossier sections and retention rules."""

    forms: Collection[str]
    procedures: Collection[str]
    sections: Collection[str]
    rules: Collection[str]


def problems(known: Known, form: Form) -> Iterator[Problem]:
    """What is wrong with one form, in itself and against the rest."""
    choices = set(form.retention_by.rules.values()) if form.retention_by else set()
    for key in sorted({*form.retention, *choices} - set(known.rules)):
        yield Problem(f"没有保管期限「{key}」;可填:{'、'.join(known.rules)}", f"no retention rule {key}")
    for source in sorted(set(form.sources) - set(known.forms) - RECORD_SOURCES):
        yield Problem(f"没有数据来源「{source}」", f"no source {source}")
    for clause in _clauses(form):
        if clause[:2] not in known.procedures:
            yield Problem(f"没有条款「{clause}」所属的程序", f"no procedure for clause {clause}")
    if form.procedure != form.code[:2]:
        yield Problem(f"代码须以本文件的程序字母 {form.procedure} 开头", f"stands under procedure {form.procedure}")
    if form.section is not None and form.section not in known.sections:
        allowed = "、".join(known.sections)
        yield Problem(f"没有卷内类别「{form.section}」;可填:{allowed}", f"no dossier section {form.section}")
    if form.required and not (form.unit and form.section):
        yield Problem("required 的表单须有 unit: true 和 section", "required in the dossier, but of no unit or section")
    if form.comes_back and form.comes_back.part > max(1, len(form.copies)):
        part = form.comes_back.part
        yield Problem(f"须交回第 {part} 联,但没有这一联", f"copy {part} comes back, and there is none")
    if not form.own and not form.clauses:
        yield Problem("没有依据条款", "no clause")
    yield from _layout_problems(form)


def _layout_problems(form: Form) -> Iterator[Problem]:
    yield from _repeated_keys(form)
    columns = {column.key for column in form.columns}
    if bool(form.columns) != bool(form.rows):
        yield Problem("columns 和 rows 须同时有,或同时没有", "columns need rows, and rows need columns")
    if (form.mode in ("report", "roster")) != bool(form.period):
        zh = "报表(report)和计划(roster)须写 period,其他表单不写"
        yield Problem(zh, "reports and rosters, and only they, have a period")
    if form.paper == "card" and (form.mode != "card" or form.columns or form.copies or len(form.signatures) > 1):
        zh = "小卡片(paper: card)须为 mode: card,没有 columns 和 copies,签章至多一处"
        yield Problem(zh, "a small card is of mode card, has no columns and no copies, and at most one signature")
    if form.retention_by and not form.field(form.retention_by.field):
        field = form.retention_by.field
        yield Problem(f"没有用来选择保管期限的栏目「{field}」", f"no field {field} to choose the retention rule by")
    for signature in form.signatures:
        if signature.column is not None and signature.column not in columns:
            zh = f"签名处 {signature.key} 指向的列「{signature.column}」不存在"
            yield Problem(zh, f"signature {signature.key} signs no column {signature.column}")


def _repeated_keys(form: Form) -> Iterator[Problem]:
    lists = {
        ("栏目或列", "field or column"): [
            *(field.key for field in form.fields),
            *(column.key for column in form.columns),
        ],
        ("签名处", "signature"): [signature.key for signature in form.signatures],
        ("联", "copy"): list(form.copies),
    }
    for field in form.fields:
        lists[(f"栏目 {field.key} 的列", f"column of {field.key}")] = [column.key for column in field.columns]
    for (zh, en), written in lists.items():
        if twice := repeated(written):
            yield Problem(f"{zh}「{twice}」出现了两次", f"{en} {twice} stands twice")


def _clauses(form: Form) -> list[str]:
    return [*form.clauses, *(one.clause for one in (*form.deadlines, form.accountable, form.check) if one)]


def spelling(name: str) -> str:
    """A name without the ways of writing it: width, case, hyphens, brackets, book-title marks, spaces."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", name).casefold() if letter.isalnum())
