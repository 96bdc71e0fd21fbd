"""One dossier as its page shows it: what is filed and how far, what is missing by event, who belongs to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forms.catalogue import Catalogue
from records import clock
from records.access import Decision
from records.dossiers import SectionContents
from records.errors import OfficeError
from records.estate import people
from records.estate.estate_tables import DossierPerson, ParticularChange
from records.tables import Document, Dossier, Owner, Page
from web.wording.language import named


@dataclass(frozen=True)
class FiledState:
    """How far a document is: pages there, copies of its number filed, signature boxes, older versions newest first.

    ``signatures``: what each is called and whether there is ink in it (None: unclear).
    """

    pages: int
    copies: int
    signatures: tuple[tuple[str, bool | None], ...]
    older: tuple[Document, ...]


@dataclass(frozen=True)
class People:
    """Whom the asker may know of: owners, persons, who of these may act today, and the changes recorded."""

    owners: tuple[Owner, ...]
    persons: tuple[DossierPerson, ...]
    acting: tuple[DossierPerson, ...]
    history: tuple[ParticularChange, ...]


def filed_states(
    session: Session, catalogue: Catalogue, dossier: Dossier, contents: Sequence[SectionContents]
) -> dict[int, FiledState]:
    """The state of each filed document by id, in two queries."""
    documents = [document for section in contents for document in section.documents]
    inside = select(Document.id).where(Document.dossier_id == dossier.id)
    counted = select(Page.document_id, func.count()).where(Page.document_id.in_(inside)).group_by(Page.document_id)
    pages = {row[0]: row[1] for row in session.execute(counted)}
    copies: dict[str, int] = defaultdict(int)
    for document in documents:
        copies[document.serial or ""] += 1
    older = _older(session, dossier)
    return {
        document.id: FiledState(
            pages.get(document.id, 0),
            copies[document.serial] if document.serial else 1,
            _signatures(catalogue, document),
            tuple(_chain(document, older)),
        )
        for document in documents
    }


def _older(session: Session, dossier: Dossier) -> Mapping[int, Document]:
    query = select(Document).where(Document.dossier_id == dossier.id, Document.state == "superseded")
    return {document.id: document for document in session.scalars(query)}


def _chain(document: Document, older: Mapping[int, Document]) -> list[Document]:
    before = older.get(document.supersedes_id or 0)
    return [before, *_chain(before, older)] if before else []


def _signatures(catalogue: Catalogue, document: Document) -> tuple[tuple[str, bool | None], ...]:
    try:
        labels = {one.key: named(one) for one in catalogue.form(document.form_code).signatures}
    except OfficeError:
        labels = {}
    return tuple((labels.get(key, key), seen.get("signed")) for key, seen in document.signatures.items())


def people_of(session: Session, dossier: Dossier, decision: Decision) -> People:
    """Under a grant everybody and everything recorded; else of an open dossier the owners, who may act today, and
    that something changed; of any other nobody."""
    if not decision.allowed and dossier.state != "open":
        return People((), (), (), ())
    acting = people.may_act_for(session, dossier, clock.today())
    persons = people.people_of(session, dossier) if decision.allowed else acting
    history = people.history(session, dossier)
    return People(tuple(dossier.ownership.owners), tuple(persons), tuple(acting), tuple(history))
