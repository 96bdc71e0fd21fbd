"""Loans of paper: from an approved request to a return that is checked page by page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from records import access, clock, documents, loans
from records.audit import Verb
from records.database import Database
from records.errors import BadInput, NotAllowed, NotFound
from records.paper.paper_tables import Loan
from records.tables import AccessRequest, AuditEntry, Dossier, Unit
from records.vault import Vault

MakeUnit = Callable[..., tuple[Unit, Dossier]]


@pytest.fixture
def lend(vault: Vault, actors: Any, make_unit: MakeUnit) -> Callable[[Session], Loan]:
    """A dossier of two documents with two pages and one, asked for by a clerk, approved and handed out for 7 days."""

    def made(session: Session) -> Loan:
        _, dossier = make_unit(session, "3-2-1201")
        for number, pages in ((1, 2), (2, 1)):
            placing = documents.Placing(
                "RZ-02", f"第{number}件", "OWNER", dossier=dossier, section="covenant", serial=f"S{number}"
            )
            document = documents.file_document(session, vault, actors.archivist, placing)
            for position in range(1, pages + 1):
                data = f"%PDF {number} {position}".encode()
                documents.add_page(session, vault, document, documents.NewPage(data, "application/pdf", position))
        return loans.hand_out(session, actors.archivist, ask(session, actors, dossier))[0]

    return made


def ask(session: Session, actors: Any, dossier: Dossier, mode: str = "loan") -> AccessRequest:
    request = access.request_access(session, actors.staff, [dossier], "核对原件上的签名", 7, mode)
    access.approve(session, actors.manager, request)
    return request


def verbs(session: Session) -> list[str]:
    loan = AuditEntry.verb.startswith("loan:")
    return list(session.scalars(select(AuditEntry.verb).where(loan).order_by(AuditEntry.seq)))


def test_the_paper_goes_out_noted_page_by_page_and_comes_back_whole(
    database: Database, actors: Any, lend: Callable[[Session], Loan]
) -> None:
    with database.transaction() as session:
        loan = lend(session)
        assert [(line.position, line.pages) for line in loan.lines] == [(1, 2), (2, 1)]
        assert (loan.due_on, loan.request.state) == (clock.today() + timedelta(days=7), "registered")
        assert loans.unsettled(session) == {loan.dossier_id: loan.id}
        with pytest.raises(loans.NotChecked):
            loans.take_back(session, actors.archivist, loan, {1: []})
        loans.take_back(session, actors.archivist, loan, {1: [], 2: []})
        assert (loan.state, loan.request.state, loans.unsettled(session)) == ("returned", "returned", {})
        assert verbs(session) == [Verb.LOAN_HANDED_OUT, Verb.LOAN_RETURNED]


def test_paper_that_is_out_is_not_handed_out_again(
    database: Database, actors: Any, lend: Callable[[Session], Loan]
) -> None:
    with database.transaction() as session:
        loan = lend(session)
        with pytest.raises(loans.DossierOut):
            loans.hand_out(session, actors.archivist, ask(session, actors, loan.dossier))


def test_only_an_approved_request_for_the_original_is_handed_out(
    database: Database, actors: Any, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        _, dossier = make_unit(session, "3-2-1201")
        with pytest.raises(loans.NotALoan):
            loans.hand_out(session, actors.archivist, ask(session, actors, dossier, "screen"))
        waiting = access.request_access(session, actors.staff, [dossier], "核对", 7, "loan")
        with pytest.raises(access.RequestNotReady):
            loans.hand_out(session, actors.archivist, waiting)
        with pytest.raises(NotAllowed):
            loans.hand_out(session, actors.staff, ask(session, actors, dossier))
        dossier.state = "destroyed"
        session.flush()
        with pytest.raises(loans.NothingToLend):
            loans.hand_out(session, actors.archivist, ask(session, actors, dossier))


def test_missing_pages_are_an_incident_that_another_manager_signs(
    database: Database, actors: Any, lend: Callable[[Session], Loan]
) -> None:
    with database.transaction() as session:
        loan = lend(session)
        with pytest.raises(BadInput, match="经过"):
            loans.take_back(session, actors.archivist, loan, {1: [2], 2: []})
        with pytest.raises(BadInput, match="没有第 3 页"):
            loans.take_back(session, actors.archivist, loan, {1: [3], 2: []}, "归还时少一页")
        loans.take_back(session, actors.archivist, loan, {1: [2], 2: []}, "归还时少一页")
        assert (loan.state, loans.missing_pages(loan), loan.lines[0].missing) == ("incident", 1, [2])
        assert loan.dossier_id in loans.unsettled(session)
        with pytest.raises(NotAllowed):
            loans.sign_incident(session, actors.archivist, loan)
        loans.sign_incident(session, actors.manager, loan)
        assert (loan.state, loans.unsettled(session)) == ("returned", {})
        with pytest.raises(loans.LoanNotReady):
            loans.sign_incident(session, actors.manager2, loan)


def test_a_manager_does_not_sign_for_what_they_borrowed(database: Database, actors: Any, make_unit: MakeUnit) -> None:
    with database.transaction() as session:
        _, dossier = make_unit(session, "3-2-1201")
        request = access.request_access(session, actors.manager, [dossier], "核对", 7, "loan")
        access.approve(session, actors.manager2, request)
        loan = loans.hand_out(session, actors.archivist, request)[0]
        with pytest.raises(loans.OwnLoan):
            loans.extend(session, actors.manager, loan, clock.today() + timedelta(days=20), "还没看完")
        loan.state = "incident"
        session.flush()
        with pytest.raises(loans.OwnLoan):
            loans.sign_incident(session, actors.manager, loan)


def test_a_loan_is_extended_by_a_manager_and_the_days_before_stay_known(
    database: Database, actors: Any, lend: Callable[[Session], Loan]
) -> None:
    with database.transaction() as session:
        loan = lend(session)
        before, until = loan.due_on, clock.today() + timedelta(days=20)
        with pytest.raises(NotAllowed):
            loans.extend(session, actors.archivist, loan, until, "还要核对")
        for wrong in (before, clock.today() + timedelta(days=400)):
            with pytest.raises(BadInput):
                loans.extend(session, actors.manager, loan, wrong, "还要核对")
        loans.extend(session, actors.manager, loan, until, "还要核对")
        assert (loan.due_on, [(one.from_on, one.until_on) for one in loan.extensions]) == (until, [(before, until)])


def test_what_is_overdue_is_known_from_the_day_after_it_was_due(
    database: Database, lend: Callable[[Session], Loan]
) -> None:
    with database.transaction() as session:
        loan = lend(session)
        assert loans.overdue(session, loan.due_on) == []
        assert loans.overdue(session, loan.due_on + timedelta(days=1)) == [loan]


def test_a_loan_is_known_to_its_borrower_and_its_keepers_alone(
    database: Database, actors: Any, lend: Callable[[Session], Loan]
) -> None:
    with database.transaction() as session:
        loan = lend(session)
        for actor in (actors.staff, actors.archivist, actors.manager):
            assert loans.find(session, actor, loan.id) is loan
            assert loans.listing(session, actor) == [loan]
        with pytest.raises(NotFound):
            loans.find(session, actors.supervisor, loan.id)
        with pytest.raises(NotAllowed):
            loans.find(session, actors.admin, loan.id)


def test_the_log_holds_no_purpose_and_no_story(
    database: Database, actors: Any, lend: Callable[[Session], Loan]
) -> None:
    with database.transaction() as session:
        loan = lend(session)
        loans.extend(session, actors.manager, loan, clock.today() + timedelta(days=20), "欧阳先生还要核对")
        loans.take_back(session, actors.archivist, loan, {1: [1], 2: []}, "欧阳先生说落在车上")
        told = " ".join(session.scalars(select(AuditEntry.details)))
        assert "欧阳" not in told and "签名" not in told


def test_a_dossier_whose_owner_changed_meanwhile_stays_while_the_others_go_out(
    database: Database, actors: Any, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        sold, kept = make_unit(session, "3-2-1201")[1], make_unit(session, "3-2-1202")[1]
        request = access.request_access(session, actors.staff, [sold, kept], "核对", 7, "loan")
        access.approve(session, actors.manager, request)
        access.end_grants(session, actors.archivist, sold, "业主变更")
        assert [loan.dossier_id for loan in loans.hand_out(session, actors.archivist, request)] == [kept.id]
