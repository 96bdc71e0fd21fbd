"""An office with something to keep and something to destroy, for the tests of the retention floor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from records import documents, dossiers, facts
from records.facts import FactKind
from records.tables import Document, Dossier, Unit
from records.vault import Vault
from retention.schedule import Schedule
from retention.tables import Disposal
from tests.retention.office import ROWS, agree

OWNER_CHANGED = date(2021, 3, 31)


@pytest.fixture
def schedule() -> Schedule:
    """Rules of every kind."""
    return Schedule(ROWS)


@dataclass
class Office:
    """Files documents and records facts on behalf of the right people."""

    vault: Vault
    actors: Any
    schedule: Schedule
    make_unit: Callable[..., tuple[Unit, Dossier]]

    def rules(self, _session: Session) -> Schedule:
        """The schedule in force, as a purge asks for it."""
        return self.schedule

    def document(self, session: Session, serial: str, rule: str = "KEYS", **more: Any) -> Document:
        """A document with one page of two words; outside dossiers unless ``dossier`` is given."""
        text = more.pop("text", f"正文 {serial}")
        placing = documents.Placing(
            form_code=more.pop("form_code", "YS-01"),
            title=more.pop("title", f"委托书 {serial}"),
            rule=rule,
            serial=serial,
            series=None if more.get("dossier") else more.pop("series", "YS"),
            **more,
        )
        document = documents.file_document(session, self.vault, self.actors.archivist, placing)
        data = f"%PDF page of {serial} {text}".encode()
        page = documents.add_page(session, self.vault, document, documents.NewPage(data, "application/pdf"))
        documents.set_page_text(session, page, text)
        return document

    def fact(self, session: Session, kind: FactKind, subject: tuple[str, int], on: date, **more: Any) -> Any:
        """A dated fact."""
        return facts.record_fact(session, self.actors.archivist, kind, subject, on, **more)

    def former(self, session: Session, code: str = "3-2-1201", count: int = 2, **owner: Any) -> Dossier:
        """A dossier with documents whose owner sold on 2021-03-31, so that it is due since 2024-03-31."""
        unit, dossier = self.make_unit(session, code, **owner)
        for number in range(count):
            serial = f"RZ-02-2020-{code}-{number}"
            self.document(session, serial, "OWNER", form_code="RZ-02", dossier=dossier, section="covenant", unit=unit)
        new = [dossiers.NewOwner("新业主")]
        dossiers.start_ownership(session, self.vault, self.actors.archivist, unit, new, OWNER_CHANGED)
        return dossier

    def approved(self, session: Session, on: date, certificate: str = "DA-05-2026-000001-0") -> Disposal:
        """A list of everything due on that date, proposed by the archivist and approved by the manager."""
        return agree(session, self.actors, self.schedule, on, certificate)


@pytest.fixture
def office(vault: Vault, actors: Any, schedule: Schedule, make_unit: Callable[..., tuple[Unit, Dossier]]) -> Office:
    """The office of a test."""
    return Office(vault, actors, schedule, make_unit)
