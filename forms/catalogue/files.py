"""Reads the catalogue's data files: YAML without repeated keys, rows checked, errors that name the file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import pydantic
import yaml

from forms.catalogue.rows import Row
from forms.catalogue.strict_yaml import StrictLoader
from records.errors import OfficeError

Model = TypeVar("Model", bound=Row)


class CatalogueBroken(OfficeError):
    """The catalogue's data files contradict themselves; the sentence names the file or form and why."""

    code = "catalogue.broken"
    zh = "表单目录数据有误:{where}:{why}。"
    en = "The catalogue's data are wrong: {where}: {why_en}."

    @classmethod
    def at(cls, where: str, zh: str, en: str = "") -> CatalogueBroken:
        """The error at a file or form, in both languages; ``zh`` for both where it quotes a reader's words."""
        return cls(where=where, why=zh, why_en=en or zh)


def row(model: type[Model], where: str, data: Mapping[str, Any]) -> Model:
    """A row of data as its model. Raises CatalogueBroken naming the first thing that is wrong."""
    try:
        return model.model_validate(data)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"])
        raise CatalogueBroken.at(where, f"{place} {first['msg']}".strip()) from error


def read_yaml(text: str, where: str) -> Any:
    """The data in a YAML text. Raises CatalogueBroken for what cannot be read, and for keys written twice."""
    loader = StrictLoader(text)
    try:
        return loader.get_single_data()
    except yaml.YAMLError as error:
        raise CatalogueBroken.at(where, *_where_in(error)) from error
    finally:
        loader.dispose()


def repeated(keys: Iterable[str]) -> str | None:
    """The first of the keys that stands more than once, or None."""
    return next((key for key, times in Counter(keys).items() if times > 1), None)


def _where_in(error: yaml.YAMLError) -> tuple[str, str]:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return f"不是正确的 YAML({error})", f"this is no YAML ({error})"
    line, column = mark.line + 1, mark.column + 1
    before, told, key = str(getattr(error, "problem", "")).partition("key written twice: ")
    if told:
        return f"第 {line} 行有一项写了两次:{key}", f"line {line}: key written twice: {key}"
    return (
        f"第 {line} 行第 {column} 个字符附近不是正确的 YAML(请查缩进、冒号后的空格、括号和引号是否成对)",
        f"no YAML near line {line}, column {column}: {before}",
    )
