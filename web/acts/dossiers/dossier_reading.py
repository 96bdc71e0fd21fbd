"""Looking into dossiers as the catalogue orders them: which dossier is meant, its sections, what is missing."""

from __future__ import annotations

from sqlalchemy.orm import Session

from forms.catalogue import Catalogue
from records import dossiers, units
from records.dossiers import Expected, SectionContents
from records.errors import NotFound
from records.estate.completeness import Standing
from records.tables import Dossier


def find_dossier(session: Session, text: str) -> Dossier:
    """The dossier of a number (DA-3-2-1201-01), or of a unit's present owner. Raises NotFound, BadUnitCode."""
    if text.strip().upper().startswith("DA-"):
        return dossiers.find_dossier(session, text)
    unit = units.find_unit(session, text)
    found = dossiers.current_dossier(session, unit)
    if found is None:
        raise NotFound(what=f"单元 {unit.code} 的现业主档案")
    return found


def contents(
    session: Session, catalogue: Catalogue, dossier: Dossier, standing: Standing | None = None
) -> list[SectionContents]:
    """The dossier's sections in the handbook's order (DA 4.1), with what is filed and what is missing.

    Missing is what its life events ask for, where their ``standing`` is given; otherwise what the catalogue requires.
    """
    sections = [(section.key, section.zh) for section in catalogue.sections]
    clauses = {one.form: one.clause for event in standing.events for one in event.missing} if standing else {}
    forms = [catalogue.form(code) for code in clauses] if standing else catalogue.required_forms()
    expected = [Expected(form.code, form.zh, form.section or "", clauses.get(form.code, "")) for form in forms]
    return dossiers.contents(session, dossier, sections, expected)
