"""Whom a mail merge is for: the units of a building, or the rows of a table, every cell checked first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from forms.catalogue import Field, Form
from forms.drawing.typeface import MissingGlyph, Typeface
from forms.layout import cover_sheet
from forms.printing import entering
from records import clock, dossiers, identifiers, units
from records.errors import NotFound, OfficeError
from records.table_files import Mistake, Remark, TableUnreadable, listed, read_cells
from records.tables import Dossier, Ownership, Unit

#: What a heading may call the column of the unit, beside the form's own name for it.
UNIT_HEADINGS = ("unit", "单元房号", "房号", "单元", "室号")
_NUMBER = re.compile(r"^[￥¥]?-?[0-9][0-9,，]*(\.[0-9]+)?元?$")
_KINDS_ON_ONE_LINE = frozenset({"name", "unit", "phone", "id_number"})


class MergeHasMistakes(OfficeError):
    """Cells that cannot be printed, each named by row and column; nothing was printed."""

    code = "merge.mistakes"
    zh = "表中有 {count} 处错误,没有打印任何表单,也没有用掉编号:\n{lines}"
    en = "{count} mistakes in the table; nothing was printed and no number was used:\n{lines_en}"


class NobodyToPrintFor(OfficeError):
    """No row, or no unit with an owner."""

    code = "merge.nobody"
    zh = "没有可打印的对象:{why}。"
    en = "There is nobody to print for: {why_en}."


@dataclass(frozen=True)
class Recipient:
    """One form of a merge: for which unit, with which values of its own."""

    unit: Unit | None
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Recipients:
    """Everybody a merge is for, in order, and the units that are left out because nobody owns them yet."""

    people: tuple[Recipient, ...]
    unowned: tuple[str, ...] = ()


def of_building(session: Session, form: Form, building: str) -> Recipients:
    """All units of a building (``3``, ``3栋``, ``东光花园/3``) by floor and door.

    A form that is filed in the owner's dossier is printed for the units that have an owner. Raises NobodyToPrintFor.
    """
    estate, _, name = building.rpartition("/")
    code = _building(name)
    query = select(Unit).where(Unit.building == code)
    found = list(session.scalars(query.where(Unit.estate == estate) if estate else query))
    if len({unit.estate for unit in found}) > 1:
        example = f"{found[0].estate}/{code}"
        raise units.UnitAmbiguous(unit=f"{code} 栋", example=example)
    found.sort(key=lambda unit: [int(part) if part.isdigit() else 0 for part in unit.code.split("-")])
    owned = open_dossiers(session, found) if form.section else dict.fromkeys(unit.id for unit in found)
    unowned = {unit.id for unit in found if unit.id not in owned}
    people = tuple(Recipient(unit) for unit in found if unit.id not in unowned)
    if not people:
        raise NobodyToPrintFor(why=f"{code} 栋没有已登记业主的单元", why_en=f"no unit of building {code} has an owner")
    return Recipients(people, tuple(unit.code for unit in found if unit.id in unowned))


def open_dossiers(session: Session, units: Sequence[Unit]) -> dict[int, Dossier]:
    """The open dossier of each unit that has one, by the unit's id, with its owners; few queries for many units."""
    found: dict[int, Dossier] = {}
    numbers = [unit.id for unit in units]
    for start in range(0, len(numbers), 500):
        query = select(Dossier).join(Ownership).where(Ownership.unit_id.in_(numbers[start : start + 500]))
        loaded = joinedload(Dossier.ownership).selectinload(Ownership.owners)
        for dossier in session.scalars(query.where(Dossier.state == "open").options(loaded)):
            found[dossier.ownership.unit_id] = dossier
    return found


def _building(name: str) -> str:
    plain = name.strip().removesuffix("号楼").rstrip("栋幢座#")
    try:
        return identifiers.building_of(identifiers.validate(f"{plain}栋1单元101"))
    except OfficeError:
        raise NotFound(what=f"楼栋 {name}") from None


def of_table(session: Session, form: Form, typeface: Typeface, name: str, data: bytes) -> Recipients:
    """A form for each row; headings are the names or keys of the form's fields, and the unit's where it has one.

    Raises TableUnreadable (no table; a heading that the form does not know), MergeHasMistakes, NobodyToPrintFor.
    """
    headings, *rows = read_cells(name, data)
    fields = _columns(form, name, headings[1])
    if not rows:
        raise NobodyToPrintFor(why=f"{name} 只有标题行", why_en=f"{name} has headings only")
    people: list[Recipient] = []
    mistakes: list[Mistake] = []
    seen: dict[object, int] = {}
    for number, cells in rows:
        row = _Row(session, form, typeface, number, dict(zip(fields, cells, strict=False)))
        person = row.recipient()
        if person is not None and person.unit is not None:
            earlier = seen.setdefault((person.unit.id, *sorted(person.values.items())), number)
            if earlier != number:
                row.wrong("unit", Remark(f"与第 {earlier} 行完全相同", f"the row is the same as row {earlier}"))
        mistakes += row.mistakes
        people += [person] if person else []
    if mistakes:
        raise MergeHasMistakes(**listed(mistakes))
    return Recipients(tuple(people))


Heading = tuple[str, str]  # the key, and what the table calls it


def _columns(form: Form, name: str, headings: Sequence[str]) -> list[Heading]:
    """The key of each column. Raises TableUnreadable."""
    known = {zh: key for key, zh in _single(form).items()} | {key: key for key in _single(form)}
    known |= dict.fromkeys(UNIT_HEADINGS, "unit") if form.unit or "unit" in _single(form) else {}
    found = [known.get(heading.strip(), "") for heading in headings]
    for heading, key in zip(headings, found, strict=True):
        if heading and not key:
            listed = "、".join(f"{zh}({one})" for one, zh in _single(form).items())
            why = f"《{form.zh}》没有「{heading}」这一项;可用的列:{listed}"
            raise TableUnreadable(name=name, why=why, why_en=f"{form.en} has no field “{heading}”")
        if key and found.count(key) > 1:
            raise TableUnreadable(name=name, why=f"列「{heading}」出现两次", why_en=f"column {key} stands twice")
    if form.unit and "unit" not in found:
        raise TableUnreadable(name=name, why="缺少列「单元房号」(unit)", why_en="no column unit")
    return list(zip(found, headings, strict=True))


def _single(form: Form) -> dict[str, str]:
    """The fields that one cell can fill."""
    tables = {one.key for one in _fields(form) if one.kind == "table"} | {"rows"}
    return {key: zh for key, zh in entering.fields_of(form).items() if key not in tables}


def _fields(form: Form) -> Sequence[Field]:
    return (cover_sheet.completed(form) if form.mode == "external" else form).fields


class _Row:
    """A row being checked; its mistakes are collected."""

    def __init__(
        self, session: Session, form: Form, typeface: Typeface, number: int, cells: Mapping[Heading, str]
    ) -> None:
        self.session, self.form, self.typeface, self.number = session, form, typeface, number
        self.cells = {key: text for (key, _), text in cells.items() if key and text}
        self.headings: dict[str, str] = {key: heading for key, heading in cells if key}
        self.mistakes: list[Mistake] = []

    def recipient(self) -> Recipient | None:
        """The row's form, or None where something is wrong with it."""
        unit = self._unit()
        fields = {one.key: one for one in _fields(self.form)}
        values = {
            key: self._value(fields.get(key), key, text)
            for key, text in self.cells.items()
            if key != "unit" or unit is None
        }
        return None if self.mistakes else Recipient(unit, values)

    def _unit(self) -> Unit | None:
        text = self.cells.get("unit", "")
        if not self.form.unit:
            return None
        if not text:
            self.wrong("unit", Remark("为空", "it is empty"))
            return None
        try:
            unit = units.find_unit(self.session, text)
        except OfficeError as error:
            self.wrong("unit", _sentence(error))
            return None
        if self.form.section and dossiers.current_dossier(self.session, unit) is None:
            en = f"{unit.code} has no owner on record; the scan would belong nowhere"
            self.wrong("unit", Remark(f"{unit.code} 没有登记业主,扫描件将无处归档", en))
        return unit

    def _value(self, box: Field | None, key: str, text: str) -> str:
        """The cell as it is printed; dates in ISO form."""
        kind = box.kind if box is not None else ("date" if key == "date" else "text")
        for problem in self._problems(box, kind, text):
            self.wrong(key, problem)
        if kind == "date" and any(letter.isdigit() for letter in text):
            try:
                return clock.parse_date(text).isoformat()
            except OfficeError:
                self.wrong(
                    key, Remark(f"「{text}」不是日期(请写作 2026-03-31)", f"“{text}” is no date (write 2026-03-31)")
                )
        return text

    def _problems(self, box: Field | None, kind: str, text: str) -> Iterator[Remark]:
        if kind in ("money", "number") and not _NUMBER.match(text.replace(" ", "")):
            yield Remark(f"「{text[:20]}」不是数字", f"“{text[:20]}” is no number")
        if box is not None and kind in ("choice", "check") and "其他" not in box.options:
            given, known = text.split("、") if kind == "check" else [text], "、".join(box.options)
            for one in given:
                if one not in box.options:
                    yield Remark(f"「{one[:20]}」不在选项中({known})", f"“{one[:20]}” is none of: {known}")
        if kind in _KINDS_ON_ONE_LINE and "\n" in text:
            yield Remark("只能写一行", "one line only")
        try:
            self.typeface.require(text.replace("\n", "").replace("\r", "").replace("\t", ""))
        except MissingGlyph as error:
            yield _sentence(error)

    def wrong(self, key: str, why: Remark) -> None:
        """Note what is wrong in a column, by the name that the table gives it."""
        heading = self.headings.get(key) or self.headings.get("unit")
        column = Remark(heading, heading) if heading else Remark("单元房号", "unit")
        self.mistakes.append(Mistake(self.number, column, why))


def _sentence(error: OfficeError) -> Remark:
    """What an error says, within a line of others."""
    return Remark(error.sentence("zh").rstrip("。"), error.sentence("en").rstrip("."))
