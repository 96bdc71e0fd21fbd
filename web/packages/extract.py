"""What the records say of a dossier or a series, as rows that another office can take in under numbers of its own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from records.estate.estate_tables import Arrears, DossierPerson, FollowUp, ParticularChange
from records.readings import PageReading
from records.tables import Blob, Document, Dossier, Fact, Owner, Ownership, OwnershipOwner, Page, Unit
from records.vault import write_durably
from web.backups.rows import from_json, to_json
from web.packages.layout import RECORDS
from web.schema import METADATA

#: The tables of a part, those referred to first. What stays: who asked to see it, where its paper stood, its books.
TABLES = (
    "units",
    "owners",
    "ownerships",
    "ownership_owners",
    "dossiers",
    "dossier_people",
    "particular_changes",
    "follow_ups",
    "arrears",
    "documents",
    "blobs",
    "pages",
    "page_readings",
    "facts",
)


def write_rows(session: Session, folder: Path, documents: ColumnElement[bool], dossier: Dossier | None) -> None:
    """Write the rows of these documents, and of the dossier that they lie in, below the package's folder."""
    there = and_(documents, Document.state.not_in(("destroyed", "withdrawn")))
    ids = list(session.scalars(select(Document.id).where(there)))
    books = list(session.scalars(select(Document.book_id).where(there, Document.book_id.is_not(None)).distinct()))
    pages = select(Page.id).where(Page.document_id.in_(ids))
    conditions: dict[str, ColumnElement[bool]] = {
        "documents": Document.id.in_(ids),
        "pages": Page.document_id.in_(ids),
        "blobs": Blob.id.in_(select(Page.blob_id).where(Page.document_id.in_(ids))),
        "page_readings": PageReading.page_id.in_(pages),
        **(_of_dossier(dossier) if dossier is not None else _of_units(ids)),
    }
    units = [dossier.ownership.unit_id] if dossier is not None else []
    subjects: dict[str, list[Any]] = {
        "document": ids,
        "book": books,
        "dossier": [dossier.id] if dossier else [],
        "unit": units,
    }
    about = (and_(Fact.subject_kind == kind, Fact.subject_id.in_(some)) for kind, some in subjects.items())
    conditions["facts"] = or_(*about)
    for name in TABLES:
        if name in conditions:
            _write(session, folder, name, conditions[name])


def _of_dossier(dossier: Dossier) -> dict[str, ColumnElement[bool]]:
    mine = OwnershipOwner.ownership_id == dossier.ownership_id
    return {
        "units": Unit.id == dossier.ownership.unit_id,
        "owners": Owner.id.in_(select(OwnershipOwner.owner_id).where(mine)),
        "ownerships": Ownership.id == dossier.ownership_id,
        "ownership_owners": mine,
        "dossiers": Dossier.id == dossier.id,
        "dossier_people": DossierPerson.dossier_id == dossier.id,
        "particular_changes": ParticularChange.dossier_id == dossier.id,
        "follow_ups": FollowUp.dossier_id == dossier.id,
        "arrears": Arrears.dossier_id == dossier.id,
    }


def _of_units(documents: list[int]) -> dict[str, ColumnElement[bool]]:
    return {"units": Unit.id.in_(select(Document.unit_id).where(Document.id.in_(documents)))}


def _write(session: Session, folder: Path, name: str, condition: ColumnElement[bool]) -> None:
    table = METADATA.tables[name]
    rows = session.execute(select(table).where(condition).order_by(*table.primary_key)).mappings()
    lines = [
        json.dumps(to_json(table, {str(key): value for key, value in row.items()}), ensure_ascii=False) for row in rows
    ]
    write_durably(folder / RECORDS / f"{name}.jsonl", "\n".join(lines).encode())


def write_places(folder: Path, places: Mapping[int, str]) -> None:
    """Write where each page's bytes lie in the package, by the id that the rows name."""
    write_durably(folder / RECORDS / "files.json", json.dumps(places).encode())


def read_places(payload: Path) -> dict[int, str]:
    """Where each page's bytes lie."""
    found = json.loads((payload / RECORDS / "files.json").read_text())
    return {int(id_): path for id_, path in found.items()}


def read_rows(payload: Path, name: str) -> Iterator[dict[str, Any]]:
    """The rows of a table; none where the package has none."""
    path = payload / RECORDS / f"{name}.jsonl"
    lines: Iterable[str] = path.read_text(encoding="utf-8").split("\n") if path.exists() else ()
    for line in lines:
        if line:
            yield from_json(METADATA.tables[name], json.loads(line))
