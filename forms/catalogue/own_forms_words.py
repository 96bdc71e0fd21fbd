"""Says in a clerk's words what is wrong in a file of own forms: where, what stands there, what may stand there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pydantic
from pydantic_core import ErrorDetails

from forms.catalogue.coming_back import ComesBack
from forms.catalogue.rows import Column, Deadline, Field, Named, Requirement, Signature

_PARTS = {
    "fields": "栏目", "columns": "列", "signatures": "签名处", "copies": "联", "options": "选项", "aliases": "别名",
    "clauses": "依据条款", "retention": "保管期限", "deadlines": "时限", "preset": "预印内容", "sources": "数据来源",
}  # fmt: skip
_MEANING = {
    "code": "代码", "zh": "中文名", "en": "英文名", "mode": "方式", "version": "版号", "kind": "类型", "width": "宽度",
    "lines": "行数", "rows": "行数", "columns": "列", "options": "选项", "orientation": "纸张方向", "paper": "纸张",
    "copies": "各联", "unit": "是否属于单元", "section": "卷内类别", "required": "是否必备", "retention": "保管期限",
    "key": "键", "weight": "列宽比例", "fields": "栏目", "signatures": "签名处", "photo": "贴照片", "remark": "备注",
    "period": "周期", "clauses": "依据条款",
}  # fmt: skip
_SHAPES = {
    "code": ("两个大写字母、横线、两位数字,如 ZY-01", "two capital letters, a hyphen, two digits: ZY-01"),
    "key": ("小写英文字母、数字和下划线,以字母开头,如 owner_name", "small letters, digits, underscores: owner_name"),
    "column": ("某一列的 key", "the key of a column"),
    "field": ("某一栏目的 key", "the key of a field"),
    "clause": ("手册条款,如 RZ 4.3", "a clause: RZ 4.3"),
    "clauses": ("手册条款,如 RZ 4.3", "a clause: RZ 4.3"),
}
_TYPES = {
    "int": ("整数", "a whole number"), "float": ("数字", "a number"),
    "string": ("文字(纯数字和 yes、no、on、off 请加引号)", "text (quote numbers, yes, no, on, off)"),
    "bool": ("true 或 false", "true or false"), "tuple": ("列表,如 [甲, 乙]", "a list"),
    "dict": ("成对的「键: 值」", "a mapping"), "model": ("成对的「键: 值」", "a mapping"),
}  # fmt: skip
_MODELS: dict[str, type[pydantic.BaseModel]] = {
    "fields": Field, "columns": Column, "signatures": Signature, "deadlines": Deadline, "accountable": Requirement,
    "check": Requirement, "note": Named, "comes_back": ComesBack,
}  # fmt: skip
_HIDDEN = ("procedure", "own")


def told(data: Mapping[str, Any], error: ErrorDetails, model: type[pydantic.BaseModel]) -> tuple[str, str]:
    """An error of validation as two sentences, Chinese and English."""
    steps = list(error["loc"])
    zh, en = _wrong(error, steps, model)
    place = _place(data, steps)
    dotted = ".".join(str(step) for step in steps)
    return (f"{place}{zh}", f"{dotted}: {en}" if dotted else en)


def _place(data: Any, steps: list[int | str]) -> str:
    """Where in the form: 栏目「区域」的 kind(类型)"""
    words: list[str] = []
    container = ""
    for step in steps:
        if isinstance(step, int):
            item = data[step] if isinstance(data, list) and step < len(data) else None
            words.append(f"{_PARTS.get(container, container)}{_name(item, step)}")
            data = item
        else:
            container = step
            data = data.get(step) if isinstance(data, Mapping) else None
    last = steps[-1] if steps else ""
    if isinstance(last, str) and last:
        words.append(f"{last}({_MEANING[last]})" if last in _MEANING else last)
    return "的 ".join(words) + " " if words else ""


def _name(item: Any, place: int) -> str:
    if isinstance(item, Mapping):
        called = item.get("zh") or item.get("key")
        return f"「{called}」" if called else f"第 {place + 1} 项"
    return f"第 {place + 1} 项"


def _wrong(error: ErrorDetails, steps: list[int | str], model: type[pydantic.BaseModel]) -> tuple[str, str]:
    kind, context = error["type"], error.get("ctx", {})
    shown = str(error["input"])[:40]
    if kind == "not_whole":
        return str(context["zh"]), str(context["en"])
    if kind == "missing":
        return "没有填", "missing"
    if kind == "extra_forbidden":
        allowed = [name for name in _model_at(steps, model).model_fields if name not in _HIDDEN]
        return f"不认识;可用的有:{'、'.join(allowed)}", f"unknown; there are {', '.join(allowed)}"
    if kind == "literal_error":
        allowed = re.findall(r"'([^']*)'", str(context["expected"]))
        return f"不能是「{shown}」,可填:{'、'.join(allowed)}", f"not {shown}; one of {', '.join(allowed)}"
    return _wrong_value(kind, context, steps, shown) or (f"不能是「{shown}」({error['msg']})", error["msg"])


def _wrong_value(kind: str, context: Mapping[str, Any], steps: list[int | str], shown: str) -> tuple[str, str] | None:
    """What is wrong with a value's shape, type or size."""
    if kind == "string_pattern_mismatch":
        name = next((step for step in reversed(steps) if isinstance(step, str)), "")
        zh, en = _SHAPES.get(name, ("别的写法", "written otherwise"))
        return f"「{shown}」应为{zh}", f"{shown} should be {en}"
    if kind in ("string_too_short", "too_short"):
        return "不能为空", "must not be empty"
    if kind.startswith(("greater_than", "less_than")):
        limit = next(iter(context.values()))
        word, word_en = ("不能小于", "at least") if kind == "greater_than_equal" else ("须大于", "more than")
        return f"{word} {limit},现为「{shown}」", f"{word_en} {limit}, not {shown}"
    base = kind.partition("_")[0]
    if base in _TYPES:
        zh, en = _TYPES[base]
        return f"应为{zh},现为「{shown}」", f"should be {en}, not {shown}"
    return None


def _model_at(steps: list[int | str], model: type[pydantic.BaseModel]) -> type[pydantic.BaseModel]:
    """The model of the row in which the last step stands."""
    containers = [step for step in steps[:-1] if isinstance(step, str) and step in _MODELS]
    return _MODELS[containers[-1]] if containers else model
