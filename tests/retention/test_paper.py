"""Paper and destruction: what is lent is not destroyed, and what is destroyed is forgotten in places and loans."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.erasing import erase_traces
from records import access, clock, loans
from records.database import Database
from records.paper import places
from records.paper.paper_tables import Loan, LoanExtension, LoanLine, Placement
from records.tables import AccessRequest, Dossier
from retention import certificates, disposition, purge
from retention.tables import DisposalLine

ON = date(2024, 3, 31)
SECRET = "欧阳灭迹"


def lent(session: Session, office: Any, dossier: Dossier) -> Loan:
    actors = office.actors
    request = access.request_access(session, actors.staff, [dossier], f"{SECRET}来电核对", 7, "loan")
    access.approve(session, actors.manager, request)
    return loans.hand_out(session, actors.archivist, request)[0]


def run(database: Database, office: Any) -> list[purge.Outcome]:
    return purge.run(database, office.vault, office.rules, office.actors.archivist, ON, erasers=[erase_traces])


def test_a_dossier_whose_paper_is_out_is_neither_listed_nor_destroyed(database: Database, office: Any) -> None:
    with database.transaction() as session:
        dossier = office.former(session)
        due = disposition.due(session, office.schedule, ON)
        disposal = office.approved(session, ON)
        number, loan = disposal.id, lent(session, office, dossier)
        assert (len(due), disposition.due(session, office.schedule, ON)) == (1, [])
    outcomes = run(database, office)
    assert [(one.state, f"借阅 {loan.id} 号" in one.zh) for one in outcomes] == [("kept", True)]
    with database.transaction() as session:
        assert session.scalars(select(DisposalLine.state).where(DisposalLine.disposal_id == number)).all() == ["kept"]
        with pytest.raises(certificates.OnLoan):
            certificates.propose(session, office.actors.archivist, due)
        back = session.get_one(Loan, loan.id)
        loans.take_back(session, office.actors.archivist, back, {line.position: [] for line in back.lines})
        assert len(disposition.due(session, office.schedule, ON)) == 1


def test_a_destroyed_dossier_is_forgotten_by_places_and_loans(database: Database, office: Any) -> None:
    actors = office.actors
    with database.transaction() as session:
        dossier = office.former(session)
        places.put(session, actors.archivist, dossier, places.add(session, actors.archivist, "A-03-2-05")[0])
        loan = lent(session, office, dossier)
        loans.extend(session, actors.manager, loan, clock.today() + timedelta(days=20), f"{SECRET}还要核对")
        back = {line.position: [1] if line.position == 1 else [] for line in loan.lines}
        loans.take_back(session, actors.archivist, loan, back, f"{SECRET}说落在车上")
        loans.sign_incident(session, actors.manager, loan)
        office.approved(session, ON)
    assert [one.state for one in run(database, office)] == ["destroyed"]
    with database.reading() as session:
        assert session.scalars(select(Placement)).all() == []
        assert session.scalars(select(LoanLine)).all() == []
        kept = session.scalars(select(Loan)).one()
        assert (kept.story, kept.state) == ("", "returned")
        assert session.scalars(select(LoanExtension.reason)).all() == [""]
        assert SECRET not in session.scalars(select(AccessRequest.purpose)).one()
