"""Reading a table as offices keep them: csv in UTF-8 or GBK, text with tabs, or xlsx; cells as text by row number."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from records.errors import OfficeError

MOST_SHOWN = 20


class TableUnreadable(OfficeError):
    """The file is no table of ours, or lacks a column."""

    code = "import.unreadable"
    zh = "无法导入 {name}:{why}。"
    en = "{name} cannot be imported: {why_en}."


class TableHasMistakes(OfficeError):
    """Rows that cannot be, each named by row and column; nothing was imported."""

    code = "import.mistakes"
    zh = "表中有 {count} 处错误,没有导入任何数据:\n{lines}"
    en = "{count} mistakes in the table; nothing was imported:\n{lines_en}"


class Remark(NamedTuple):
    """Something said of a row, in Chinese and in English."""

    zh: str
    en: str


@dataclass(frozen=True)
class Mistake:
    """What is wrong in a cell: its row as the spreadsheet counts it, its column as the table or we call it, and why."""

    row: int
    column: Remark
    why: Remark

    @property
    def said(self) -> Remark:
        """What is wrong in which column, for whoever looks at the row."""
        return Remark(f"「{self.column.zh}」:{self.why.zh}", f"{self.column.en}: {self.why.en}")


def listed(mistakes: Sequence[Mistake]) -> dict[str, object]:
    """The first mistakes as lines in both languages, with their count: the details of an error that names them."""
    first = [(one.row, one.said) for one in mistakes[:MOST_SHOWN]]
    zh, en = [f"第 {row} 行{said.zh}" for row, said in first], [f"row {row}, {said.en}" for row, said in first]
    if len(mistakes) > MOST_SHOWN:
        zh.append(f"……另有 {len(mistakes) - MOST_SHOWN} 处")
        en.append(f"… and {len(mistakes) - MOST_SHOWN} more")
    return {"count": len(mistakes), "lines": "\n".join(zh), "lines_en": "\n".join(en)}


def read_cells(name: str, data: bytes) -> list[tuple[int, list[str]]]:
    """The rows that are not empty, the headings first, with their numbers; cells as text. Raises TableUnreadable."""
    cells = _workbook(name, data) if data[:2] == b"PK" else _csv(name, data)
    filled = [(number, row) for number, row in cells if any(row)]
    if not filled:
        raise TableUnreadable(name=name, why="文件是空的", why_en="it is empty")
    return filled


def _csv(name: str, data: bytes) -> Iterator[tuple[int, list[str]]]:
    text = _decoded(name, data)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter="\t" if "\t" in text.partition("\n")[0] else ",")
    try:
        for row in reader:
            yield reader.line_num, [cell.strip() for cell in row]
    except csv.Error as error:
        raise TableUnreadable(name=name, why=f"第 {reader.line_num} 行不是 CSV", why_en=str(error)) from None


def _decoded(name: str, data: bytes) -> str:
    """Text as Excel in China saves it: UTF-8 with or without its mark, or GB 18030 (of which GBK is a part)."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise TableUnreadable(name=name, why="不是 UTF-8 或 GBK 编码的 CSV,也不是 xlsx", why_en="neither csv nor xlsx")


def _workbook(name: str, data: bytes) -> Iterator[tuple[int, list[str]]]:
    try:
        sheet = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True).worksheets[0]
        for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
            yield number, [_text(cell) for cell in row]
    except (InvalidFileException, zipfile.BadZipFile, KeyError, IndexError, ValueError, EOFError):
        raise TableUnreadable(name=name, why="xlsx 文件已损坏", why_en="the workbook is damaged") from None


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
