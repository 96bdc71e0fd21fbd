"""What an open dossier still lacks: counted from form codes alone, so that no title or content is needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.catalogue import Catalogue
from records.dossiers import Expected
from records.tables import Document
from web.language import named


def expected(catalogue: Catalogue) -> list[Expected]:
    """The forms that a complete dossier contains, named in the visitor's language."""
    return [Expected(form.code, named(form), form.section or "") for form in catalogue.required_forms()]


def sections(catalogue: Catalogue) -> list[tuple[str, str]]:
    """The dossier's sections (key, name) in the handbook's order, named in the visitor's language."""
    return [(section.key, named(section)) for section in catalogue.sections]


def lacking(session: Session, catalogue: Catalogue, dossier_ids: Sequence[int]) -> dict[int, int]:
    """How many required forms each of these dossiers lacks, in one query."""
    codes = {form.code for form in catalogue.required_forms()}
    query = (
        select(Document.dossier_id, Document.form_code)
        .where(Document.dossier_id.in_(dossier_ids), Document.state == "filed", Document.form_code.in_(codes))
        .distinct()
    )
    present = Counter(dossier_id for dossier_id, _code in session.execute(query))
    return {dossier_id: len(codes) - present[dossier_id] for dossier_id in dossier_ids}
