"""The documents under a number whose form offers several rules by grade (handbook WZ 4.6: 一般 and 重大)."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.catalogue import Catalogue
from forms.tables import Serial
from records.tables import Document


def graded_documents(session: Session, catalogue: Catalogue, serial: Serial) -> tuple[list[Document], dict[str, str]]:
    """Its filed documents outside dossiers, and the rule by grade; both empty where the form has no grades.

    In a dossier the dossier's own rule counts (DA 4.4), so there is nothing to choose.
    """
    by = catalogue.form(serial.form_code).retention_by
    if by is None:
        return [], {}
    query = select(Document).where(
        Document.serial == serial.text, Document.state == "filed", Document.dossier_id.is_(None)
    )
    return list(session.scalars(query.order_by(Document.id))), dict(by.rules)
