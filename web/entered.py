"""What was typed into a form on screen becomes the values that are printed: by field key, tables and registers by row.

Input names: ``f.key`` for a field, ``f.key.from`` and ``f.key.to`` for a period, ``f.key.3.column`` for a table's cell,
``rows.3.column`` for a register's. What was left empty is left out, so that the paper keeps its lines for the pen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from werkzeug.datastructures import MultiDict

from forms.catalogue import Column, Field, Form

Typed = MultiDict[str, str]
Row = dict[str, str]


def values(form: Form, typed: Typed) -> dict[str, Any]:
    """The values of a form as ``forms.layout.lay_out`` and ``forms.word.fill_word`` take them."""
    found: dict[str, Any] = {}
    for field in form.fields:
        value = _value(field, typed)
        if value:
            found[field.key] = value
    if form.columns and (rows := _rows("rows", form.columns, form.rows or 0, typed)):
        found["rows"] = rows
    return found


def _value(field: Field, typed: Typed) -> Any:
    name = f"f.{field.key}"
    if field.kind == "table":
        rows = _rows(name, field.columns, field.rows, typed)
        # Untouched, the preset rows are printed anyway.
        return [] if rows == field.preset_rows() else rows
    if field.kind == "check":
        return typed.getlist(name)
    if field.kind == "period":
        ends = [typed.get(f"{name}.{end}", "").strip() for end in ("from", "to")]
        return ends if any(ends) else []
    return typed.get(name, "").strip()


def _rows(name: str, columns: Sequence[Column], count: int, typed: Typed) -> list[Row]:
    """The rows of a table in order, empty ones at the end left out."""
    rows = [_row(f"{name}.{number}", columns, typed) for number in range(count)]
    while rows and not rows[-1]:
        rows.pop()
    return rows


def _row(name: str, columns: Sequence[Column], typed: Typed) -> Row:
    cells = {column.key: typed.get(f"{name}.{column.key}", "").strip() for column in columns}
    return {key: cell for key, cell in cells.items() if cell}
