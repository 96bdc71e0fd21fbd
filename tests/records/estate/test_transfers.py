"""Transfers: the former dossier goes its own way at once; back-dated ones leave their documents to an archivist."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from records import access, clock, documents, dossiers, facts, verify
from records.database import Database
from records.documents import NewPage, Placing
from records.dossiers import NewOwner
from records.errors import BadInput, NotAllowed
from records.estate import transfers
from records.estate.estate_tables import BoundaryDocument
from records.estate.transfers import BackDatedWithoutReason
from records.tables import Blob, Document, Dossier, Ownership, Unit
from records.vault import Vault
from web.acts.dossiers import boundaries

MakeUnit = Callable[..., tuple[Unit, Dossier]]
NEW = [NewOwner("李秀英", "13900002222")]


def test_grants_on_the_former_dossier_end_with_the_transfer_and_others_stay(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        unit, former = make_unit(session)
        _, other = make_unit(session, "3-2-1202", owner="赵一鸣")
        request = access.request_access(session, actors.staff, [former, other], "核对装修押金", days=3)
        access.approve(session, actors.manager, request)
        access.register(session, actors.archivist, request)
        assert access.may_see_dossier(session, actors.staff, former).allowed
    with database.transaction() as session:
        unit = session.get_one(Unit, unit.id)
        done = transfers.transfer(session, vault, actors.staff, unit, NEW, clock.today())
        assert done.former is not None
        assert not access.may_see_dossier(session, actors.staff, done.former).allowed
        assert not access.may_see_dossier(session, actors.staff, done.present).allowed
        assert access.open_dossiers(session, actors.staff) == [other.id]
        (fact,) = facts.facts_about(session, "dossier", [done.former.id])
        assert fact.on == clock.today()


def test_a_back_dated_transfer_needs_a_reason_and_lists_what_was_filed_since(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    on = clock.today() - timedelta(days=20)
    with database.transaction() as session:
        unit, former = make_unit(session)
        placing = Placing("RZ-08", "业主验房表", "OWNER", dossier=former, section="inspection", unit=unit)
        document = documents.file_document(session, vault, actors.archivist, placing)
        documents.add_page(session, vault, document, NewPage(b"page", "image/png"))
    with pytest.raises(BackDatedWithoutReason), database.transaction() as session:
        transfers.transfer(session, vault, actors.staff, session.get_one(Unit, unit.id), NEW, on)
    with database.transaction() as session:
        done = transfers.transfer(
            session, vault, actors.staff, session.get_one(Unit, unit.id), NEW, on, "不动产权证书登记日期"
        )
        assert [row.document_id for row in done.waiting] == [document.id]
        assert session.get_one(Document, document.id).dossier_id == former.id
        (fact,) = facts.facts_about(session, "dossier", [former.id])
        assert (fact.on, fact.reason) == (on, "不动产权证书登记日期")


def test_a_document_that_an_archivist_moves_opens_with_the_new_key_alone(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        unit, former = make_unit(session)
        placing = Placing("RZ-08", "业主验房表", "OWNER", dossier=former, section="inspection", unit=unit)
        document = documents.file_document(session, vault, actors.archivist, placing)
        for position in (1, 2):
            documents.add_page(session, vault, document, NewPage(b"the same page", "image/png", position))
        on = clock.today() - timedelta(days=3)
        done = transfers.transfer(session, vault, actors.staff, unit, NEW, on, "补登")
        row = done.waiting[0]
        with pytest.raises(NotAllowed):
            boundaries.decide(session, vault, actors.staff, row.id, "moved")
        boundaries.decide(session, vault, actors.archivist, row.id, "moved")
        with pytest.raises(boundaries.BoundaryDecided):
            boundaries.decide(session, vault, actors.archivist, row.id, "stays")
    with database.transaction() as session:
        moved = session.get_one(Document, document.id)
        assert (moved.dossier_id, moved.key_id) == (done.present.id, done.present.key_id)
        assert {page.blob.key_id for page in moved.pages} == {done.present.key_id}
        assert [vault.open(page.blob) for page in moved.pages] == [b"the same page"] * 2
        assert session.scalars(select(Blob).where(Blob.key_id == former.key_id)).all() == []
        vault.discard_forgotten(session)
        assert list(verify.check_vault(session, vault)) == []
        assert session.scalars(select(BoundaryDocument.state)).all() == ["moved"]


def test_ownerships_never_overlap(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        unit, _ = make_unit(session)
        transfers.transfer(session, vault, actors.staff, unit, NEW, date(2023, 5, 1), "补登")
    for on in (date(2023, 5, 1), date(2022, 1, 1), date(2019, 1, 1)):
        with pytest.raises(BadInput), database.transaction() as session:
            found = session.get_one(Unit, unit.id)
            transfers.transfer(session, vault, actors.staff, found, [NewOwner("王五")], on, "补登")
    with database.reading() as session:
        assert list(verify.check_records(session)) == []
        periods = session.execute(select(Ownership.from_on, Ownership.until_on).order_by(Ownership.from_on)).all()
        assert [tuple(row) for row in periods] == [
            (date(2020, 1, 15), date(2023, 5, 1)),
            (date(2023, 5, 1), None),
        ]


def test_overlapping_ownerships_are_a_finding(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        unit, former = make_unit(session)
        transfers.transfer(session, vault, actors.staff, unit, NEW, date(2023, 5, 1), "补登")
        former.ownership.until_on = date(2024, 1, 1)
        session.flush()
        assert [one.code for one in verify.check_records(session)] == ["ownership.overlap"]


def test_two_estates_may_share_a_code(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        _, one = make_unit(session, "1-1-101", estate="东光花园")
        _, two = make_unit(session, "1-1-101", estate="西光花园")
        assert (one.number, two.number) == ("DA-1-1-101-01", "DA-1-1-101-02")
        assert dossiers.find_dossier(session, "DA-1-1-101-02") is two
