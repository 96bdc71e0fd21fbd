"""The cover sheet 归档分隔页 for papers from elsewhere: scanned before them, it says what they are."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import yaml

import templates
from forms.catalogue import Field, Form, Named, Signature

SUBTITLE = "Filing cover sheet"

FIELDS = (
    Field(key="unit", zh="单元房号", en="Unit", kind="unit", width="half"),
    Field(key="owner", zh="业主姓名", en="Owner", kind="name", width="half"),
    Field(key="section", zh="卷内类别", en="Section of the dossier", kind="text", width="full"),
    Field(key="material", zh="资料名称", en="Papers", kind="text", width="full"),
    Field(key="source", zh="来源单位", en="From", kind="text", width="half"),
    Field(key="dated", zh="文件日期", en="Dated", kind="date", width="half"),
    Field(key="expected_pages", zh="应有页数", en="Pages expected", kind="number", width="half"),
    Field(key="actual_pages", zh="实收页数", en="Pages received", kind="number", width="half"),
    Field(key="original", zh="原件/复印件", en="Original or copy", kind="choice", options=("原件", "复印件")),
    Field(key="checked", zh="与原件核对", en="Compared", kind="choice", options=("已核对，一致", "未见原件", "不适用")),
    Field(key="remarks", zh="备注", en="Remarks", kind="long", lines=4, width="full"),
)
SIGNATURES = (
    Signature(key="clerk", zh="经办人", en="Clerk", kind="signature"),
    Signature(key="archivist", zh="档案员", en="Archivist", kind="signature"),
)
_OF_A_UNIT = ("unit", "owner")
INSTRUCTION = "请将本页置于资料最前，资料各页按顺序紧随其后，一并扫描；一份资料一张分隔页。"
BANNER = "归档分隔页　本页之后为所附资料"


def completed(form: Form) -> Form:
    """The form with the cover sheet's own fields and signatures, where the catalogue gives none."""
    note = f"{INSTRUCTION}{'资料：' + form.note.zh + '。' if form.note else ''}"
    return form.model_copy(
        update={
            "fields": form.fields or tuple(fld for fld in FIELDS if form.unit or fld.key not in _OF_A_UNIT),
            "signatures": form.signatures or SIGNATURES,
            "note": Named(zh=note, en="Lay this page before the papers and scan them together."),
        }
    )


def filled(form: Form, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with what the catalogue itself knows: the section of the dossier and the papers' name."""
    return {"section": section_name(form.section), "material": form.zh, **values}


def section_name(key: str | None) -> str:
    """The Chinese name of a dossier section; of none, that the papers go to the series."""
    return _sections().get(key or "", "按程序归档")


@functools.cache
def _sections() -> dict[str, str]:
    return {row["key"]: row["zh"] for row in yaml.safe_load(templates.read_text("dossier_sections.yaml"))}
