"""What is printed into a form: the clerk's values, checked against the form, and what the records know already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from forms.catalogue import Column, Form
from forms.layout import ROWS, cover_sheet
from forms.word import OFFICE_KEYS
from records import clock, dossiers, identifiers
from records.errors import OfficeError
from records.tables import Dossier, Unit

Values = Mapping[str, Any]

_OFFICE_ZH = {
    "estate": "小区",
    "unit": "单元房号",
    "owner": "业主姓名",
    "phone": "联系电话",
    "id_number": "身份证号",
    "date": "日期",
}


class UnknownField(OfficeError):
    """A value for which the form has no place; the sentence lists the places it has."""

    code = "form.unknown_field"
    zh = "《{form}》没有「{key}」这一项;可填:{known}。"
    en = "{form_en} has no field “{key}”; it has: {known}."


class BadValue(OfficeError):
    """A value that cannot be printed in its place: lines where a word belongs, or a word where lines belong."""

    code = "form.bad_value"
    zh = "《{form}》的「{key}」填写有误:{why}。"
    en = "“{key}” of {form} cannot be printed: {why_en}."


def fields_of(form: Form) -> dict[str, str]:
    """Every key that may be given for a form, with its Chinese name, in the order of the form."""
    names = {field.key: field.zh for field in _completed(form).fields}
    if form.columns:
        names[ROWS] = "各行"
    if form.columns and form.period:
        names["period"] = "所属期间"
    if form.is_word:
        names |= {key: _OFFICE_ZH[key] for key in OFFICE_KEYS if key not in names}
    return names


def entered(
    session: Session, form: Form, unit: Unit | None, values: Values, dossier: Dossier | None = None
) -> dict[str, Any]:
    """The values to print, ready to be kept as JSON: the clerk's, and the unit's own where the clerk gave none.

    Of a unit: its code and estate, its owners' names, their phone and ID number where the form asks for the owner's,
    and today as the form's date. Several owners are parted by 、. ``dossier``: the unit's open one, where the caller
    has it at hand. Raises UnknownField, BadValue (also for a
    unit in the values that is not the one the scan will be filed under).
    """
    given = {key: value for key, value in checked(form, values).items() if value not in (None, "", [])}
    if unit is None:
        return given
    if "unit" in given and identifiers.compact(str(given["unit"]).rpartition("/")[2]) != unit.code:
        why = f"写的是 {given['unit']},选定的单元是 {unit.code}"
        raise BadValue(form=form.zh, key="unit", why=why, why_en=f"it names another unit than {unit.code}")
    return _known(form, unit, dossier or dossiers.current_dossier(session, unit)) | given


def checked(form: Form, values: Values) -> dict[str, Any]:
    """The clerk's values as they are kept: dates in ISO form, amounts as text. Raises UnknownField, BadValue."""
    _refuse_unknown(form, values, fields_of(form), "")
    tables: dict[str, Sequence[Column]] = {ROWS: form.columns} if form.columns else {}
    tables |= {field.key: field.columns for field in _completed(form).fields if field.kind == "table"}
    return {
        key: _rows(form, key, tables[key], value) if key in tables else _plain(form, key, value)
        for key, value in values.items()
    }


def _completed(form: Form) -> Form:
    return cover_sheet.completed(form) if form.mode == "external" else form


def _refuse_unknown(form: Form, keys: Iterable[str], known: Mapping[str, str], inside: str) -> None:
    for key in keys:
        if key not in known:
            listed = "、".join(f"{name}({zh})" for name, zh in known.items()) or "—"
            raise UnknownField(form=form.zh, form_en=form.en, key=f"{inside}{key}", known=listed)


def _rows(form: Form, key: str, columns: Sequence[Column], value: Any) -> list[dict[str, Any]]:
    rows = [] if value is None else value
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise BadValue(form=form.zh, key=key, why="应为若干行,每行按栏目填写", why_en="it takes a list of rows")
    known = {column.key: column.zh for column in columns}
    for row in rows:
        _refuse_unknown(form, row, known, f"{key}.")
    return [{name: _plain(form, f"{key}.{name}", cell) for name, cell in row.items()} for row in rows]


def _plain(form: Form, key: str, value: Any) -> Any:
    """A value as JSON keeps it; the same comes out of a reprint."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return {name: _plain(form, key, part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(form, key, part) for part in value]
    if value is not None and not isinstance(value, str | int | float | bool):
        raise BadValue(form=form.zh, key=key, why="不是文字、数字或日期", why_en="it is no text, number or date")
    return value


def _known(form: Form, unit: Unit, dossier: Dossier | None) -> dict[str, str]:
    """What the records know of a unit and the form has a place for."""
    own = {"unit": unit.code, "estate": unit.estate}
    if form.unit:
        own["date"] = clock.today().isoformat()
    if dossier is not None:
        owners = dossier.ownership.owners
        own["owner"] = "、".join(owner.name for owner in owners)
        if _asks_for_owner(form):
            own["phone"] = "、".join(owner.phone for owner in owners if owner.phone)
            own["id_number"] = "、".join(owner.id_number for owner in owners if owner.id_number)
    places = fields_of(form)
    return {key: value for key, value in own.items() if value and key in places}


def _asks_for_owner(form: Form) -> bool:
    """Whether phone and ID number on the form are the owner's, and not a worker's, agent's or complainant's.

    They are where the owner and the phone stand on it together, as in RZ-07; FX-01 asks for the bearer's.
    """
    return form.field("owner") is not None and form.field("phone") is not None
