"""The line above a report's or roster's table: the period it tells of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from forms.catalogue import Form

_YEAR = "　　　　年"
_BLANKS = {
    "monthly": ("所属月份", f"{_YEAR}　　　月"),
    "quarterly": ("所属季度", f"{_YEAR}　第　　　季度"),
    "yearly": ("所属年度", _YEAR),
}
_OTHERS = ("制表日期", f"{_YEAR}　　　月　　　日")


@dataclass(frozen=True)
class Lead:
    """A label, and the value or the blanks after it."""

    label: str
    blank: str
    value: str


def lead_of(form: Form, values: Mapping[str, Any]) -> Lead | None:
    """The line for a report or roster with a table; other forms have none. The value is entered as ``period``."""
    if form.period is None or not form.columns:
        return None
    label, blank = _BLANKS.get(form.period, _OTHERS)
    return Lead(label, blank, str(values.get("period") or ""))
