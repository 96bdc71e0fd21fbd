"""What a hold stands on, by the name that people know."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from records.tables import Document, Dossier, Unit
from retention.tables import Hold


def hold_name(session: Session, hold: Hold) -> str:
    """A dossier's, document's or unit's number, a series' code, or how many documents were found."""
    if hold.target_kind == "search":
        return str(_("{count} 件")).format(count=len(hold.found))
    named: dict[str, InstrumentedAttribute[Any]] = {
        "document": Document.serial, "dossier": Dossier.number, "unit": Unit.code,
    }  # fmt: skip
    if hold.target_kind not in named:
        return hold.target_id
    name = named[hold.target_kind]
    found = session.scalar(select(name).where(name.class_.id == int(hold.target_id)))
    return str(found) if found else hold.target_id
