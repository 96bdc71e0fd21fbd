"""The records' tables as JSON lines in parts, which look the same next time where nothing changed in between."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Column, Date, Integer, Table, select
from sqlalchemy.orm import Session

from records.database import Instant
from records.tables import Key
from web.schema import METADATA

ROWS_A_PART = 5000
_NOT_KEPT = ("search", "sign_in_sessions", "sign_in_failures")


def backed_up_tables() -> list[Table]:
    """The records' tables, those referred to first.

    What search keeps is derived, and made anew. Sessions and failures are of a moment: a restore lets nobody in.
    """
    return [table for table in METADATA.sorted_tables if not table.name.startswith(_NOT_KEPT)]


def parts_of(session: Session, table: Table) -> Iterator[tuple[int, bytes]]:
    """A table's rows in parts: how many rows, and their JSON lines. Vault keys come without their secrets."""
    query = select(table).order_by(*table.primary_key).execution_options(yield_per=ROWS_A_PART)
    rows = enumerate(session.execute(query).mappings())
    for _, part in groupby(rows, _part_number(table)):
        lines = [json.dumps(to_json(table, row), ensure_ascii=False) for _, row in part]
        yield len(lines), "\n".join(lines).encode()


def _part_number(table: Table) -> Any:
    """Rows belong together by their ids, so that a row that came or went changes one part and not all behind it."""
    key = list(table.primary_key)
    if len(key) == 1 and isinstance(key[0].type, Integer):
        name = key[0].name
        return lambda numbered: numbered[1][name] // ROWS_A_PART
    return lambda numbered: numbered[0] // ROWS_A_PART


def to_json(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON takes it: dates and instants as ISO texts."""
    clean = {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}
    if table is Key.__table__:
        clean["wrapped"] = None  # the keys travel in the key ring only
    return clean


def from_json(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """A row as the table takes it: instants and dates again, from their ISO texts."""
    return {name: _value(table.c[name], value) for name, value in row.items()}


def _value(column: Column[Any], value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if isinstance(column.type, Instant):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if isinstance(column.type, Date) else value
