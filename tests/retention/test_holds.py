"""A hold blocks at once, whatever it is placed on, and only a manager lifts it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from records import audit, clock
from records.database import Database
from records.errors import BadInput, NotAllowed, NotFound
from records.tables import Dossier
from retention import disposition, holds, material

ON = date(2024, 3, 31)


@pytest.mark.parametrize("kind", ["dossier", "unit", "series", "document"])
def test_a_hold_on_any_part_takes_the_dossier_off_the_list_until_it_is_released(
    database: Database, office: Any, kind: str
) -> None:
    with database.transaction() as session:
        dossier = office.former(session)
        target = {
            "dossier": dossier.id,
            "unit": dossier.ownership.unit_id,
            "series": "rz",
            "document": dossier.documents[0].id,
        }[kind]
        hold = holds.place(session, office.actors.supervisor, kind, target, "诉讼未结")
        assert disposition.due(session, office.schedule, ON) == []
        one = material.find(session, "dossier", dossier.id)
        assert one is not None
        assert [found.id for found in holds.held(session, one)] == [hold.id]
        holds.release(session, office.actors.manager, hold)
        assert len(disposition.due(session, office.schedule, ON)) == 1


def test_a_units_hold_covers_documents_outside_its_dossiers(database: Database, office: Any) -> None:
    with database.transaction() as session:
        unit, _ = office.make_unit(session)
        document = office.document(session, "YS-01-1", unit=unit)
        holds.place(session, office.actors.manager, "unit", unit.id, "诉讼未结")
        one = material.find(session, "document", document.id)
        assert one is not None
        assert holds.held(session, one)


def test_only_supervisor_and_manager_hold_and_only_a_manager_releases(database: Database, office: Any) -> None:
    with database.transaction() as session:
        dossier = office.former(session)
        for actor in (office.actors.staff, office.actors.archivist, office.actors.admin):
            with pytest.raises(NotAllowed):
                holds.place(session, actor, "dossier", dossier.id, "诉讼")
        hold = holds.place(session, office.actors.supervisor, "dossier", dossier.id, "诉讼")
        with pytest.raises(NotAllowed):
            holds.release(session, office.actors.supervisor, hold)
        holds.release(session, office.actors.manager, hold)
        with pytest.raises(holds.AlreadyReleased):
            holds.release(session, office.actors.manager, hold)


def test_a_hold_needs_a_reason_a_target_and_a_review_date_to_come(database: Database, office: Any) -> None:
    with database.transaction() as session:
        dossier = office.former(session)
        manager = office.actors.manager
        for kind, target, reason, review in (
            ("dossier", dossier.id, "  ", None),
            ("shelf", dossier.id, "诉讼", None),
            ("dossier", dossier.id, "诉讼", clock.today()),
        ):
            with pytest.raises(BadInput):
                holds.place(session, manager, kind, target, reason, review)
        for kind, target in (("dossier", 999), ("unit", 999), ("series", "XX"), ("document", "abc")):
            with pytest.raises(NotFound):
                holds.place(session, manager, kind, target, "诉讼")
        session.get_one(Dossier, dossier.id).state = "destroyed"
        session.flush()
        with pytest.raises(holds.AlreadyDestroyed):
            holds.place(session, manager, "dossier", dossier.id, "诉讼")


def test_holds_come_up_for_review_and_the_log_knows_no_reason(database: Database, office: Any) -> None:
    review = clock.today() + timedelta(days=30)
    with database.transaction() as session:
        dossier = office.former(session)
        hold = holds.place(session, office.actors.manager, "dossier", dossier.id, "王建国起诉", review)
        assert holds.to_review(session, review - timedelta(days=1)) == []
        assert holds.to_review(session, review) == [holds.find_hold(session, hold.id)]
    with database.reading() as session:
        details = [entry.details for entry in audit.entries(session) if entry.verb == audit.Verb.HOLD_PLACED]
        assert details
        assert not any("王建国" in text for text in details)


def test_a_hold_on_what_was_found_keeps_the_records_of_those_documents_and_no_others(
    database: Database, office: Any
) -> None:
    with database.transaction() as session:
        kept, other = office.former(session, "3-2-1201"), office.former(session, "3-2-1202")
        ids = [kept.documents[1].id]
        hold = holds.place_on_found(session, office.actors.manager, ids, "张三 漏水", "诉讼")
        assert [one.target_id for one in disposition.due(session, office.schedule, ON)] == [other.id]
        assert hold.documents == frozenset(ids)
        (entry,) = [one for one in audit.entries(session) if one.verb == audit.Verb.HOLD_PLACED]
        assert "张三" not in f"{entry.subject}{entry.details}"
        assert '"documents":1' in entry.details.replace(" ", "")
        with pytest.raises(BadInput):
            holds.place_on_found(session, office.actors.manager, [], "漏水", "诉讼")
        with pytest.raises(NotAllowed):
            holds.place_on_found(session, office.actors.archivist, ids, "漏水", "诉讼")
        other.documents[0].state = "destroyed"
        session.flush()
        with pytest.raises(holds.AlreadyDestroyed):
            holds.place_on_found(session, office.actors.manager, [*ids, other.documents[0].id], "漏水", "诉讼")
        holds.release(session, office.actors.manager, hold)
        assert kept.id in {one.target_id for one in disposition.due(session, office.schedule, ON)}


def test_a_hold_that_was_looked_at_again_stands_until_its_next_review(database: Database, office: Any) -> None:
    today = clock.today()
    with database.transaction() as session:
        dossier = office.former(session)
        hold = holds.place(
            session, office.actors.supervisor, "dossier", dossier.id, "诉讼", today + timedelta(days=1)
        )  # fmt: skip
        with pytest.raises(BadInput):
            holds.review(session, office.actors.supervisor, hold, today)
        with pytest.raises(NotAllowed):
            holds.review(session, office.actors.archivist, hold, today + timedelta(days=30))
        reviewed = holds.review(session, office.actors.manager, hold, today + timedelta(days=30))
        assert holds.reviews_of(session, [hold.id]) == {hold.id: reviewed}
        assert holds.to_review(session, today + timedelta(days=29)) == []
        assert holds.to_review(session, today + timedelta(days=30)) == [hold]
        holds.release(session, office.actors.manager, hold)
        with pytest.raises(holds.AlreadyReleased):
            holds.review(session, office.actors.manager, hold, today + timedelta(days=60))
