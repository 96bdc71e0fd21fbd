"""The rows of a table of units: headings known by their many names, every cell checked, mistakes by row and column."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from records import clock, identifiers
from records.dossiers import NewOwner
from records.errors import OfficeError
from records.estate import contact_numbers
from records.table_files import Mistake, Remark, TableUnreadable, read_cells

#: The columns, and every heading under which each is known.
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "estate": ("estate", "小区", "小区名称", "项目", "项目名称", "楼盘", "物业项目"),
    "building": ("building", "楼栋", "栋", "楼号", "幢", "楼栋号", "栋号", "座"),
    "entrance": ("entrance", "单元号", "门洞", "梯号"),
    "unit": ("unit", "单元房号", "房号", "单元", "室号", "房间号", "房屋编号", "门牌号", "房屋"),
    "owner": ("owner", "业主", "业主姓名", "姓名", "产权人", "户主", "业主名称", "客户名称", "产权人姓名", "业主/单位"),
    "phone": ("phone", "电话", "联系电话", "手机", "手机号", "手机号码", "联系方式", "电话号码", "移动电话"),
    "id": ("id", "身份证号", "身份证", "证件号", "证件号码", "身份证号码", "统一社会信用代码", "证件"),
    "from-date": (
        "from-date", "fromdate", "from_date", "起始日期", "产权起始日期", "入住日期", "日期", "产权日期", "交房日期",
        "收楼日期", "购房日期",
    ),
    "transfer-date": ("transfer-date", "变更日期", "过户日期", "产权变更日期", "更名日期"),
    "reason": ("reason", "变更依据", "依据", "变更原因"),
}  # fmt: skip
#: Columns that many tables have and that say nothing about units or owners.
_IGNORED = {"序号", "编号", "no", "no.", "备注", "说明", "remarks"}
REQUIRED = ("unit", "owner", "from-date")
ZH = {
    "estate": "小区", "building": "楼栋", "entrance": "单元号", "unit": "单元房号", "owner": "业主", "phone": "电话",
    "id": "身份证号", "from-date": "起始日期", "transfer-date": "变更日期", "reason": "变更依据",
}  # fmt: skip
_SEVERAL = re.compile(r"[、;;,，/|\n]")
#: A title may stand above the headings; so many rows are looked at for them.
_MOST_TITLES = 5
_KNOWN = {heading: key for key, headings in HEADINGS.items() for heading in headings}


@dataclass(frozen=True)
class Line:
    """A checked row: a unit, its owners (none for a unit not sold yet), since when, and a transfer if it tells one."""

    row: int
    estate: str
    code: str
    owners: tuple[NewOwner, ...]
    since: date | None
    transfer_on: date | None = None
    reason: str = ""


def mistake(row: int, key: str, zh: str, en: str) -> Mistake:
    """What is wrong in a row, in the column of that key."""
    return Mistake(row, Remark(ZH[key], key), Remark(zh, en))


def checked_rows(name: str, data: bytes) -> tuple[list[Line], list[Mistake]]:
    """A table's rows, and what is wrong in them. Raises TableUnreadable: no table, a column missing or unknown."""
    lines: list[Line] = []
    mistakes: list[Mistake] = []
    first_seen: dict[tuple[str, str], int] = {}
    for number, row in read_rows(name, data):
        line, found = _line(number, row)
        mistakes += found
        if line is None:
            continue
        earlier = first_seen.setdefault((line.estate, line.code), number)
        if earlier != number:
            mistakes.append(
                mistake(
                    number,
                    "unit",
                    f"单元 {line.code} 与第 {earlier} 行重复",
                    f"{line.code} stands in row {earlier} too",
                )
            )
        lines.append(line)
    return lines, mistakes


def read_rows(name: str, data: bytes) -> list[tuple[int, dict[str, str]]]:
    """The table's rows with their row numbers, cells as text under our own column keys. Raises TableUnreadable."""
    filled = read_cells(name, data)
    place = next((place for place, (_, row) in enumerate(filled[:_MOST_TITLES]) if _is_heading(row)), 0)
    keys = _keys(name, filled[place][1])
    return [(number, dict(zip(keys, row, strict=False))) for number, row in filled[place + 1 :]]


def _is_heading(row: Sequence[str]) -> bool:
    return sum(_plain(cell) in _KNOWN for cell in row) > 1


def _plain(heading: str) -> str:
    return re.sub(r"\s", "", heading.casefold()).strip("*：:")


def _keys(name: str, headings: Sequence[str]) -> list[str]:
    plain = [_plain(heading) for heading in headings]
    keys = [_KNOWN.get(heading, "") for heading in plain]
    if "单元" in plain and keys.count("unit") > 1:
        # 楼栋、单元、房号 in three columns: there 单元 is the entrance.
        keys[plain.index("单元")] = "entrance"
    for heading, bare, key in zip(headings, plain, keys, strict=True):
        if heading and not key and bare not in _IGNORED:
            raise TableUnreadable(name=name, why=f"不认识的列「{heading}」", why_en=f"unknown column “{heading}”")
        if key and keys.count(key) > 1:
            raise TableUnreadable(name=name, why=f"列「{ZH[key]}」出现两次", why_en=f"column {key} stands twice")
    for key in REQUIRED:
        if key not in keys:
            raise TableUnreadable(name=name, why=f"缺少列「{ZH[key]}」({key})", why_en=f"no column {key}")
    return keys


def _line(number: int, row: Mapping[str, str]) -> tuple[Line | None, list[Mistake]]:
    mistakes: list[Mistake] = []
    code = _code(number, row, mistakes)
    owners = _owners(number, row, mistakes)
    transfer_on = _date(number, row, "transfer-date", mistakes)
    since = _date(number, row, "from-date", mistakes)
    if owners and not row.get("from-date", "") and transfer_on is None:
        mistakes.append(mistake(number, "from-date", "为空", "it is empty"))
    reason = row.get("reason", "")
    line = Line(number, row.get("estate", ""), code, owners, since, transfer_on, reason) if code else None
    return line, mistakes


def _code(number: int, row: Mapping[str, str], mistakes: list[Mistake]) -> str:
    """The unit's code; columns of building and entrance complete a door written without them (楼栋 3, 房号 2-1201)."""
    unit = row.get("unit", "")
    building = row.get("building", "").removesuffix("号楼").rstrip("栋幢座#")
    entrance = row.get("entrance", "").removesuffix("单元").rstrip("门梯")
    if not unit:
        mistakes.append(mistake(number, "unit", "为空", "it is empty"))
        return ""
    full = unit
    if not identifiers.is_valid(unit):
        full = f"{entrance}单元{unit}" if entrance else unit
        full = f"{building}栋{full}" if building else full
    if not identifiers.is_valid(full):
        mistakes.append(
            mistake(number, "unit", f"「{unit}」无法识别(请写作 3-2-1201)", f"“{unit}” is no unit (write 3-2-1201)")
        )
        return ""
    code = identifiers.validate(full)
    if building and identifiers.compact(f"{building}栋1单元101").split("-")[0] != identifiers.building_of(code):
        zh, en = f"楼栋「{building}」与房号 {code} 不符", f"building “{building}” is not that of {code}"
        mistakes.append(mistake(number, "building", zh, en))
    return code


def _owners(number: int, row: Mapping[str, str], mistakes: list[Mistake]) -> tuple[NewOwner, ...]:
    """The owners of a unit; several are parted by 、 and so are their phones and IDs."""
    names, phones, ids = (_parts(row.get(key, "")) for key in ("owner", "phone", "id"))
    for key, given in (("phone", phones), ("id", ids)):
        if len(given) > len(names):
            zh, en = f"比业主多({len(given)} 对 {len(names)})", f"more than owners ({len(given)} for {len(names)})"
            mistakes.append(mistake(number, key, zh, en))
    if len(set(ids)) < len(ids):
        mistakes.append(mistake(number, "id", "同一号码写了两次", "one number stands twice"))
    clean_phones = [_clean(number, "phone", text, contact_numbers.phone, mistakes) for text in phones]
    clean_ids = [_clean(number, "id", text, lambda one: contact_numbers.identity(one).number, mistakes) for text in ids]
    padding = [""] * len(names)
    owners = zip(names, clean_phones + padding, clean_ids + padding, strict=False)
    people = tuple(NewOwner(*person) for person in owners)
    mistakes += [
        mistake(
            number,
            "id",
            f"{one.name} 是单位,须填统一社会信用代码",
            f"{one.name} is a company, whose unified social credit code is wanted",
        )
        for one in people
        if _misfits(one)
    ]
    return people


def _misfits(owner: NewOwner) -> bool:
    """A company under a person's number."""
    named = contact_numbers.kind_of(owner.name) == contact_numbers.COMPANY
    return named and bool(owner.id_number) and contact_numbers.kind_of("", owner.id_number) == contact_numbers.PERSON


def _clean(number: int, key: str, text: str, rule: Callable[[str], str], mistakes: list[Mistake]) -> str:
    try:
        return rule(text)
    except OfficeError as error:
        mistakes.append(mistake(number, key, error.sentence("zh").rstrip("。"), error.sentence("en").rstrip(".")))
        return ""


def _parts(cell: str) -> list[str]:
    return [part.strip() for part in _SEVERAL.split(cell) if part.strip()]


def _date(number: int, row: Mapping[str, str], key: str, mistakes: list[Mistake]) -> date | None:
    text = row.get(key, "")
    if not text:
        return None
    try:
        day = clock.parse_date(text)
    except clock.BadDate:
        zh, en = f"「{text}」不是日期(请写作 2026-03-31)", f"“{text}” is no date (write 2026-03-31)"
        mistakes.append(mistake(number, key, zh, en))
        return None
    if day > clock.today():
        mistakes.append(mistake(number, key, f"{day} 在今天之后", f"{day} is after today"))
    return day
