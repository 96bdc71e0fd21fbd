"""Dossiers: one per ownership, empty for the new owner, and saying what they lack."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from records import clock, documents, dossiers, facts
from records.database import Database
from records.documents import NewPage, PageAlreadyFiled, Placing
from records.dossiers import Expected, NewOwner
from records.errors import BadInput, NotAllowed
from records.tables import AuditEntry, Dossier, Unit
from records.vault import Vault

MakeUnit = Callable[..., tuple[Unit, Dossier]]
SECTIONS = [("inspection", "业主验房单"), ("owner_card", "业主资料卡")]
EXPECTED = [Expected("RZ-08", "业主验房表", "inspection"), Expected("RZ-07", "业主资料卡", "owner_card")]


def test_an_owner_change_closes_the_old_dossier_and_opens_an_empty_one(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        unit, former = make_unit(session)
        placing = Placing("RZ-08", "业主验房表", "OWNER", dossier=former, section="inspection", unit=unit)
        documents.file_document(session, vault, actors.archivist, placing)
        present = dossiers.start_ownership(session, vault, actors.staff, unit, [NewOwner("李秀英")], date(2023, 5, 1))
        assert (former.state, former.closed_on) == ("closed", date(2023, 5, 1))
        assert present.number == "DA-3-2-1201-02"
        assert former.key_id != present.key_id
        sections = dossiers.contents(session, present, SECTIONS, EXPECTED)
        assert [len(section.documents) for section in sections] == [0, 0]
        assert dossiers.current_dossier(session, unit) is present
        assert [fact.on for fact in facts.facts_about(session, "dossier", [former.id])] == [date(2023, 5, 1)]


def test_contents_follow_the_given_order_and_name_what_is_missing(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        unit, dossier = make_unit(session)
        placing = Placing("RZ-08", "业主验房表", "OWNER", dossier=dossier, section="inspection", unit=unit)
        documents.file_document(session, vault, actors.archivist, placing)
        first, second = dossiers.contents(session, dossier, SECTIONS, EXPECTED)
        assert (first.key, len(first.documents), first.missing) == ("inspection", 1, ())
        assert second.missing == (EXPECTED[1],)


@pytest.mark.parametrize("on", [date(2020, 1, 15), date(2019, 12, 31), clock.today() + timedelta(days=1)])
def test_an_owner_change_on_a_date_that_cannot_be_changes_nothing(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit, on: date
) -> None:
    with database.transaction() as session:
        unit, dossier = make_unit(session)
    with pytest.raises(BadInput), database.transaction() as session:
        dossiers.start_ownership(session, vault, actors.staff, session.merge(unit), [NewOwner("李秀英")], on)
    with database.reading() as session:
        assert session.scalars(select(Dossier.state)).all() == [dossier.state] == ["open"]


def test_the_administrator_cannot_change_an_owner(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        unit, _ = make_unit(session)
        with pytest.raises(NotAllowed):
            dossiers.start_ownership(session, vault, actors.admin, unit, [NewOwner("李秀英")], date(2023, 5, 1))


def test_pages_keep_their_place_whatever_order_they_arrive_in(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        unit, dossier = make_unit(session)
        placing = Placing("ZX-02", "协议", "OWNER", dossier=dossier, section="x", unit=unit, expected_pages=3)
        document = documents.file_document(session, vault, actors.archivist, placing)
        for position in (3, 1, 2):
            page = NewPage(f"page {position}".encode(), "image/png", position)
            documents.add_page(session, vault, document, page)
        session.refresh(document)
        assert [vault.open(page.blob) for page in document.pages] == [b"page 1", b"page 2", b"page 3"]
        with pytest.raises(PageAlreadyFiled):
            documents.add_page(session, vault, document, NewPage(b"other", "image/png", 2))


def test_the_log_holds_nothing_personal(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        unit, _ = make_unit(session, owner="欧阳建国", phone="13912345678")
        dossiers.start_ownership(
            session, vault, actors.staff, unit, [NewOwner("司徒秀英", "13887654321")], date(2023, 5, 1)
        )
    with database.reading() as session:
        log = " ".join(f"{entry.subject} {entry.details}" for entry in session.scalars(select(AuditEntry)))
    assert not [word for word in ("欧阳", "司徒", "13912345678", "13887654321") if word in log]
