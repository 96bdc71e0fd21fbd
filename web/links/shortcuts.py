"""What words name outright, above the results of a search: a unit, an owner's home, a dossier, a form, a number."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import select

from forms import numbering
from forms.catalogue import UnknownForm
from records import access, identifiers
from records.errors import OfficeError
from records.paper import place_codes, places
from records.paper.paper_tables import Place
from records.tables import Dossier, Unit
from records.units import successors
from search.directory import UnitFound, find_units
from web import visit
from web.wording.language import named, spoken

#: More homes of one name are listed on the units' page.
_MOST_HOMES = 5


@dataclass(frozen=True)
class Shortcut:
    """Something that the words name outright, and where it is."""

    icon: str
    name: str
    text: str
    address: str


def shortcuts(text: str) -> list[Shortcut]:
    """Everything that these words name outright."""
    finders = (_unit, _dossier, _place, _serial, _form)
    return [found for found in (finder(text) for finder in finders) if found is not None]


def homes(text: str) -> list[UnitFound]:
    """Units that the words may mean by a name or number of who belongs there, the first few; none for a unit's code."""
    if identifiers.is_valid(text):
        return []
    granted = access.open_dossiers(visit.look(), visit.actor())
    return find_units(visit.look(), text, _MOST_HOMES, open_to=granted)


def closed_dossiers(text: str) -> list[Dossier]:
    """Present owners' dossiers that the words name by unit or person and that the visitor has no grant for.

    From the register alone: whether anything in them answers the question is not told.
    """
    granted = set(access.open_dossiers(visit.look(), visit.actor()))
    pieces = dict.fromkeys([text, *(piece.rpartition(":")[2] for piece in text.replace("：", ":").split())])
    named = [one for piece in list(pieces)[:_MOST_HOMES] for one in find_units(visit.look(), piece, _MOST_HOMES)]
    known = {one.dossier.id: one.dossier for one in named if one.dossier is not None}
    return [dossier for dossier_id, dossier in known.items() if dossier_id not in granted][:_MOST_HOMES]


def _unit(text: str) -> Shortcut | None:
    if not identifiers.is_valid(text):
        return None
    unit = visit.look().scalar(select(Unit).where(Unit.code == identifiers.validate(text)).limit(1))
    if unit is None:
        return None
    about = unit.estate
    if unit.closed_on is not None:
        about = _("已注销，现为 {units}").format(units="、".join(one.code for one in successors(visit.look(), unit)))
    return Shortcut("buildings", spoken(unit.code), about, url_for("units.page", unit_id=unit.id))


def _dossier(text: str) -> Shortcut | None:
    found = visit.look().scalar(select(Dossier).where(Dossier.number == text.upper()))
    if found is None:
        return None
    return Shortcut("folder2", found.number, _("业主档案"), url_for("dossiers.page", number=found.number))


def _place(text: str) -> Shortcut | None:
    code = places.named(text)
    found = visit.look().scalar(select(Place).where(Place.code == code)) if code else None
    if found is None:
        return None
    return Shortcut("archive", found.code, place_codes.format(found.code), url_for("places.page", code=found.code))


def _serial(text: str) -> Shortcut | None:
    try:
        found = numbering.find_serial(visit.look(), text)
    except OfficeError:
        return None
    return Shortcut("upc-scan", found.text, _("这个编号的去向"), url_for("numbers.page", text=found.text))


def _form(text: str) -> Shortcut | None:
    try:
        form = visit.office().catalogue.form(text)
    except UnknownForm:
        return None
    return Shortcut("file-earmark-text", named(form), form.code, url_for("forms_catalogue.page", code=form.code))
