"""Filing from the tray as a person types it: pages ticked in an order, form, unit and section by any of their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session, object_session

from forms.catalogue import Catalogue
from forms.scanning.desk import ScanDesk
from forms.scanning.tray import in_tray, placing
from forms.tables import ScanBatch, ScanPage
from records.errors import BadInput, NotFound
from records.tables import Document, Unit
from records.units import find_unit
from records.users import Actor
from search import directory
from web import choosing
from web.wording.language import named

BESIDE = 8
MOST_CHOICES = 9


def chosen(session: Session, order: str, ticked: Iterable[str]) -> list[ScanPage]:
    """The pages that were ticked: in the order in which they were, where the page told it, else as they were scanned.

    Raises BadInput (nothing ticked, no number), NotFound.
    """
    wanted = list(dict.fromkeys(_numbers(ticked)))
    told = [one for one in dict.fromkeys(_numbers(order.split(","))) if one in wanted]
    ids = told if set(told) == set(wanted) else sorted(wanted)
    if not ids:
        raise BadInput(what="没有选择页 / no page is ticked")
    return [in_tray.find(session, one) for one in ids]


def _numbers(texts: Iterable[str]) -> list[int]:
    return [int(text) for text in texts if text.strip().isdecimal()]


def session_of(pages: Sequence[ScanPage]) -> Session:
    """The session that the pages were found in."""
    session = object_session(pages[0])
    assert session is not None
    return session


def batch(session: Session, batch_id: int) -> ScanBatch:
    """The batch of a number. Raises NotFound."""
    found = session.get(ScanBatch, batch_id)
    if found is None:
        raise NotFound(what=f"扫描批次 {batch_id}")
    return found


def place(
    session: Session,
    desk: ScanDesk,
    actor: Actor,
    pages: Sequence[ScanPage],
    typed: Mapping[str, str],
    *,
    together: bool,
) -> list[Document]:
    """File pages as typed (form, unit, section): as one document, or each alone. Raises what ``placing`` raises."""
    form = choosing.form_meant(desk.catalogue, typed.get("form", "").strip())
    unit_text = typed.get("unit", "").strip()
    unit = find_unit(session, unit_text) if unit_text else None
    section = choosing.section_meant(desk.catalogue, typed.get("section", ""))
    if together and len(pages) > 1:
        return [placing.join(session, desk, actor, pages, form_code=form.code, unit=unit, section=section)]
    return placing.place_each(session, desk, actor, pages, form_code=form.code, unit=unit, section=section)


def beside(session: Session, page: ScanPage) -> list[ScanPage]:
    """The pages of the same batch around one, itself among them, in the order of the scan."""
    near = ScanPage.position.between(page.position - BESIDE, page.position + BESIDE)
    query = select(ScanPage).where(ScanPage.batch_id == page.batch_id, near)
    return list(session.scalars(query.order_by(ScanPage.position)))


def form_choices(_session: Session, catalogue: Catalogue, text: str) -> list[Mapping[str, str]]:
    """Forms by any of their names."""
    found = choosing.forms_called(catalogue, text)[:MOST_CHOICES]
    return [{"value": f"{form.code} {named(form)}", "text": f"{form.code} {named(form)}"} for form in found]


def section_choices(_session: Session, catalogue: Catalogue, text: str) -> list[Mapping[str, str]]:
    """The dossier's sections by number, name or sound."""
    known = {section.key: section for section in catalogue.sections}
    found = [f"{number} {named(known[key])}" for number, key in choosing.sections_called(catalogue, text)]
    return [{"value": one, "text": one} for one in found]


def unit_choices(session: Session, _catalogue: Catalogue, text: str) -> list[Mapping[str, str]]:
    """Units by code or owner; an estate is told only where two have the same code."""
    found = directory.find_units(session, text, MOST_CHOICES) if text else []
    codes = [one.unit.code for one in found]
    twice = select(Unit.code).where(Unit.code.in_(codes)).group_by(Unit.code).having(func.count() > 1)
    several = set(session.scalars(twice))
    made: list[Mapping[str, str]] = []
    for one in found:
        value = f"{one.unit.estate}/{one.unit.code}" if one.unit.code in several else one.unit.code
        made.append({"value": value, "text": f"{value} {'、'.join(owner.name for owner in one.owners)}".strip()})
    return made
