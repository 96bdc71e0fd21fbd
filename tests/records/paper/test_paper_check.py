"""The checker names what contradicts itself in places and loans."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from records import access, clock, loans
from records.database import Database
from records.paper import paper_check, places
from records.paper.paper_tables import Loan, Placement
from records.tables import Dossier, Unit


def test_two_places_two_loans_and_paper_of_destroyed_dossiers_are_named(
    database: Database, actors: Any, make_unit: Callable[..., tuple[Unit, Dossier]]
) -> None:
    with database.transaction() as session:
        first, second = make_unit(session, "3-2-1201")[1], make_unit(session, "3-2-1202")[1]
        box, other = places.add(session, actors.archivist, "A-03-2", boxes=1)
        for dossier in (first, second):
            places.put(session, actors.archivist, dossier, box)
        request = access.request_access(session, actors.staff, [first, second], "核对", 7, "loan")
        access.approve(session, actors.manager, request)
        loan = loans.hand_out(session, actors.archivist, request)[0]
        assert list(paper_check.findings(session)) == []
        now = clock.now()
        session.add(Placement(dossier_id=first.id, place_id=other.id, put_by=1, put_at=now))
        more = {
            name: getattr(loan, name) for name in ("request_id", "dossier_id", "borrower_id", "handed_out_by", "due_on")
        }
        session.add(Loan(**more, state="out", handed_out_at=now))
        second.state = "destroyed"
        session.flush()
        found = {(one.code, one.subject) for one in paper_check.findings(session)}
        assert found == {
            ("place.twice", f"dossier:{first.number}"),
            ("loan.twice", f"dossier:{first.number}"),
            ("place.destroyed", f"dossier:{second.number}"),
            ("loan.destroyed", f"dossier:{second.number}"),
        }
