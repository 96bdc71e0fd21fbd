"""What a command answers: one document for machines, aligned tables and sentences for people."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from records import clock
from records.errors import OfficeError
from web.wording.typesetting import typeset

Row = Mapping[str, object]


@dataclass(frozen=True)
class Sentence:
    """A line for people, in both languages."""

    zh: str
    en: str

    def text(self, language: str) -> str:
        """The line in ``zh`` or ``en``."""
        return self.en if language == "en" else typeset(self.zh)


@dataclass(frozen=True)
class Column:
    """A table's column: the key in its rows, its heading, and what coded values are called in Chinese.

    Where rows say a thing in both languages (``reason_zh`` and ``reason_en``, ``notes`` and ``notes_en``, ``zh`` and
    ``en``), the column names the Chinese one.
    """

    key: str
    zh: str
    en: str
    words: Mapping[str, object] = field(default_factory=dict)

    def cell(self, row: Row, language: str) -> str:
        """What stands in a row's cell."""
        value = row.get(self._english(row) if language == "en" else self.key)
        if language != "en" and isinstance(value, str):
            return _shown(self.words.get(value, value))
        return _shown(value, ", " if language == "en" else "、")

    def _english(self, row: Row) -> str:
        """The key of what a row says in English, where it says it."""
        name = "en" if self.key == "zh" else f"{self.key.removesuffix('_zh')}_en"
        return name if name in row else self.key


@dataclass(frozen=True)
class Table:
    """Rows under headings, aligned although Chinese characters are two columns wide."""

    columns: Sequence[Column]
    rows: Sequence[Row]

    def text(self, language: str) -> str:
        """The whole table, or a dash when it has no row."""
        if not self.rows:
            return "(none)" if language == "en" else "(无)"
        heads = [column.en if language == "en" else column.zh for column in self.columns]
        lines = [heads, *([column.cell(row, language) for column in self.columns] for row in self.rows)]
        widths = [max(width(line[place]) for line in lines) for place in range(len(heads))]
        return "\n".join(_aligned(line, widths) for line in lines)


@dataclass(frozen=True)
class Answer:
    """A command's answer: ``data`` for ``--json``, ``parts`` for people, ``failure`` when it must exit with 1."""

    data: Mapping[str, object]
    parts: tuple[Sentence | Table, ...]
    failure: OfficeError | None = None

    def text(self, language: str) -> str:
        """All parts for people, one below the other."""
        return "\n".join(part.text(language) for part in self.parts)

    def json(self) -> str:
        """One JSON document."""
        return json.dumps(self.data, ensure_ascii=False, indent=2, default=_plain)


def answer(data: Mapping[str, object], *parts: Sentence | Table, failure: OfficeError | None = None) -> Answer:
    """An answer of sentences and tables."""
    return Answer(data, parts, failure)


def said(data: Mapping[str, object], zh: str, en: str) -> Answer:
    """An answer of one sentence."""
    return Answer(data, (Sentence(zh, en),))


def width(text: str) -> int:
    """How many columns a text takes on a terminal.

    >>> width("3栋"), width("HF-01")
    (3, 5)
    """
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _aligned(cells: Iterable[str], widths: Sequence[int]) -> str:
    padded = [cell + " " * (wide - width(cell)) for cell, wide in zip(cells, widths, strict=True)]
    return "  ".join(padded).rstrip()


def _shown(value: object, between: str = "、") -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "✓" if value else "—"
    if isinstance(value, datetime):
        return clock.local_time(value)
    if isinstance(value, list | tuple):
        return between.join(_shown(one) for one in value)
    return str(value).replace("\n", " ")


def _plain(value: object) -> str:
    """Dates, instants, paths for JSON; anything else is a mistake of ours and must not pass silently."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"no JSON for {type(value).__name__}")
