"""Reading a table of units and owners (csv or xlsx): everything is checked first, and one mistake imports nothing."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from records import clock, dossiers, identifiers, units
from records.dossiers import NewOwner
from records.errors import OfficeError
from records.tables import Ownership, Unit
from records.users import Actor
from records.vault import Vault

Progress = Callable[[int, int], None]

#: The columns, and every heading under which each is known.
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "estate": ("estate", "小区", "小区名称", "项目"),
    "building": ("building", "楼栋", "栋", "楼号", "幢"),
    "unit": ("unit", "单元房号", "房号", "单元", "室号"),
    "owner": ("owner", "业主", "业主姓名", "姓名"),
    "phone": ("phone", "电话", "联系电话", "手机", "手机号"),
    "id": ("id", "身份证号", "身份证", "证件号", "证件号码"),
    "from-date": ("from-date", "fromdate", "from_date", "起始日期", "产权起始日期", "入住日期", "日期"),
}
REQUIRED = ("unit", "owner", "from-date")
_ZH = {key: names[1] if key != "from-date" else "起始日期" for key, names in HEADINGS.items()}
_SEVERAL = re.compile(r"[、;;]")
_PHONE = re.compile(r"^[0-9+()（）\- ]{5,24}$")
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
    en = "{count} mistakes in the table; nothing was imported:\n{lines}"


@dataclass(frozen=True)
class Mistake:
    """What is wrong in a cell: its row as the spreadsheet counts it, its column, and why."""

    row: int
    column: str
    why: str

    def __str__(self) -> str:
        return f"第 {self.row} 行「{self.column}」:{self.why}"


@dataclass(frozen=True)
class Line:
    """A checked row: a unit, its owners (none for a unit not sold yet) and since when."""

    row: int
    estate: str
    code: str
    owners: tuple[NewOwner, ...]
    since: date | None


@dataclass(frozen=True)
class Imported:
    """What an import did: units and dossiers that are new, and rows that were there already."""

    added: int
    known: int


def import_units(
    session: Session, vault: Vault, actor: Actor, name: str, data: bytes, progress: Progress | None = None
) -> Imported:
    """Add the units and owners of a table; the same table again changes nothing.

    Raises, before anything is added: TableUnreadable (not csv or xlsx; a column missing or unknown), TableHasMistakes.
    """
    lines, mistakes = _checked(read_rows(name, data))
    present = _present(session)
    mistakes += [mistake for line in lines if (mistake := _conflict(line, present))]
    if mistakes:
        shown = sorted(mistakes, key=lambda mistake: mistake.row)[:MOST_SHOWN]
        more = [f"……另有 {len(mistakes) - MOST_SHOWN} 处"] if len(mistakes) > MOST_SHOWN else []
        raise TableHasMistakes(count=len(mistakes), lines="\n".join([*map(str, shown), *more]))
    new = [line for line in lines if (line.estate, line.code) not in present]
    for done, line in enumerate(new, start=1):
        unit = units.add_unit(session, actor, line.estate, line.code)
        if line.owners and line.since:
            dossiers.start_ownership(session, vault, actor, unit, line.owners, line.since)
        if progress:
            progress(done, len(new))
    return Imported(added=len(new), known=len(lines) - len(new))


def read_rows(name: str, data: bytes) -> list[tuple[int, dict[str, str]]]:
    """The table's rows with their row numbers, cells as text under our own column keys. Raises TableUnreadable."""
    filled = read_cells(name, data)
    keys = _keys(name, filled[0][1])
    return [(number, dict(zip(keys, row, strict=False))) for number, row in filled[1:]]


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


def _keys(name: str, headings: Sequence[str]) -> list[str]:
    known = {heading: key for key, headings in HEADINGS.items() for heading in headings}
    keys = [known.get(heading.casefold().replace(" ", ""), "") for heading in headings]
    for heading, key in zip(headings, keys, strict=True):
        if heading and not key:
            raise TableUnreadable(name=name, why=f"不认识的列「{heading}」", why_en=f"unknown column “{heading}”")
        if key and keys.count(key) > 1:
            raise TableUnreadable(name=name, why=f"列「{_ZH[key]}」出现两次", why_en=f"column {key} stands twice")
    for key in REQUIRED:
        if key not in keys:
            raise TableUnreadable(name=name, why=f"缺少列「{_ZH[key]}」({key})", why_en=f"no column {key}")
    return keys


def _checked(rows: Sequence[tuple[int, dict[str, str]]]) -> tuple[list[Line], list[Mistake]]:
    lines: list[Line] = []
    mistakes: list[Mistake] = []
    first_seen: dict[tuple[str, str], int] = {}
    for number, row in rows:
        line, found = _line(number, row)
        mistakes += found
        if line is None:
            continue
        earlier = first_seen.setdefault((line.estate, line.code), number)
        if earlier != number:
            mistakes.append(Mistake(number, _ZH["unit"], f"单元 {line.code} 与第 {earlier} 行重复"))
        lines.append(line)
    return lines, mistakes


def _line(number: int, row: Mapping[str, str]) -> tuple[Line | None, list[Mistake]]:
    mistakes: list[Mistake] = []
    code = _code(number, row, mistakes)
    owners = _owners(number, row, mistakes)
    since = _since(number, row, mistakes, needed=bool(owners))
    line = Line(number, row.get("estate", ""), code, owners, since) if code else None
    return line, mistakes


def _code(number: int, row: Mapping[str, str], mistakes: list[Mistake]) -> str:
    """The unit's code; the building's column completes a door written without it (楼栋 3, 房号 2-1201)."""
    unit, building = row.get("unit", ""), row.get("building", "").removesuffix("号楼").rstrip("栋幢座#")
    if not unit:
        mistakes.append(Mistake(number, _ZH["unit"], "为空"))
        return ""
    full = unit if identifiers.is_valid(unit) or not building else f"{building}栋{unit}"
    if not identifiers.is_valid(full):
        mistakes.append(Mistake(number, _ZH["unit"], f"「{unit}」无法识别(请写作 3-2-1201)"))
        return ""
    code = identifiers.validate(full)
    if building and identifiers.compact(f"{building}栋1单元101").split("-")[0] != identifiers.building_of(code):
        mistakes.append(Mistake(number, _ZH["building"], f"楼栋「{building}」与房号 {code} 不符"))
    return code


def _owners(number: int, row: Mapping[str, str], mistakes: list[Mistake]) -> tuple[NewOwner, ...]:
    """The owners of a unit; several are parted by 、 and so are their phones and IDs."""
    names, phones, ids = (_parts(row.get(key, "")) for key in ("owner", "phone", "id"))
    for key, given in (("phone", phones), ("id", ids)):
        if len(given) > len(names):
            mistakes.append(Mistake(number, _ZH[key], f"比业主多({len(given)} 对 {len(names)})"))
    mistakes += [
        Mistake(number, _ZH["phone"], f"「{phone}」不是电话号码") for phone in phones if not _PHONE.match(phone)
    ]
    padding = [""] * len(names)
    return tuple(NewOwner(*person) for person in zip(names, phones + padding, ids + padding, strict=False))


def _parts(cell: str) -> list[str]:
    return [part.strip() for part in _SEVERAL.split(cell) if part.strip()]


def _since(number: int, row: Mapping[str, str], mistakes: list[Mistake], *, needed: bool) -> date | None:
    text = row.get("from-date", "")
    if not text:
        if needed:
            mistakes.append(Mistake(number, _ZH["from-date"], "为空"))
        return None
    try:
        since = clock.parse_date(text)
    except clock.BadDate:
        mistakes.append(Mistake(number, _ZH["from-date"], f"「{text}」不是日期(请写作 2026-03-31)"))
        return None
    if since > clock.today():
        mistakes.append(Mistake(number, _ZH["from-date"], f"{since} 在今天之后"))
    return since


def _present(session: Session) -> dict[tuple[str, str], tuple[str, ...]]:
    """The units that are there, with the names of their present owners."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for unit in session.scalars(select(Unit).options(selectinload(Unit.ownerships).selectinload(Ownership.owners))):
        current = [ownership for ownership in unit.ownerships if ownership.until_on is None]
        found[unit.estate, unit.code] = tuple(sorted(owner.name for one in current for owner in one.owners))
    return found


def _conflict(line: Line, present: Mapping[tuple[str, str], tuple[str, ...]]) -> Mistake | None:
    """A unit that is there already with another owner: that is an owner change, which has an act of its own."""
    known = present.get((line.estate, line.code))
    if known is None or known == tuple(sorted(owner.name for owner in line.owners)):
        return None
    return Mistake(line.row, _ZH["owner"], f"单元 {line.code} 已登记,业主不同;业主变更请用 yedang owner change")
