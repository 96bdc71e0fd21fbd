"""Where dossiers stand: put, moved, counted; what is missing, out, misplaced or foreign."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from records import access, loans
from records.audit import Verb
from records.database import Database
from records.errors import BadInput, NotAllowed, NotFound
from records.paper import places
from records.paper.paper_tables import Loan
from records.tables import AuditEntry, Dossier, Unit

MakeUnit = Callable[..., tuple[Unit, Dossier]]


def lend(session: Session, actors: Any, dossier: Dossier) -> Loan:
    request = access.request_access(session, actors.staff, [dossier], "核对原件签名", 7, "loan")
    access.approve(session, actors.manager, request)
    return loans.hand_out(session, actors.archivist, request)[0]


def test_a_dossier_stands_in_one_place_and_its_moves_stay(database: Database, actors: Any, make_unit: MakeUnit) -> None:
    with database.transaction() as session:
        _, dossier = make_unit(session, "3-2-1201")
        first, second = places.add(session, actors.archivist, "A-03-2-01") + places.add(
            session, actors.archivist, "A-03-2-02"
        )
        places.put(session, actors.archivist, dossier, first)
        places.put(session, actors.archivist, dossier, first)
        places.put(session, actors.archivist, dossier, places.find(session, "a-03-2-02"))
        now = places.placement(session, dossier.id)
        assert now is not None and now.place_id == second.id
        assert [one.place.code for one in places.history(session, dossier.id)] == [second.code, first.code]
        assert (places.holdings(session, first), len(places.holdings(session, second))) == ([], 1)


def test_a_shelf_is_registered_with_its_boxes_once(database: Database, actors: Any) -> None:
    with database.transaction() as session:
        assert len(places.add(session, actors.archivist, "A-03-2", "东墙", boxes=12)) == 13
        assert [place.code[:9] for place in places.add(session, actors.archivist, "A-03-2", boxes=14)] == [
            "A-03-2-13",
            "A-03-2-14",
        ]
        with pytest.raises(places.PlaceExists):
            places.add(session, actors.archivist, "A-03-2")
        with pytest.raises(NotFound):
            places.find(session, "B-01-1")
        with pytest.raises(NotAllowed):
            places.add(session, actors.staff, "B-01-1")


def test_stocktaking_names_what_is_missing_out_misplaced_and_foreign(
    database: Database, actors: Any, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        boxes = places.add(session, actors.archivist, "A-03-2", boxes=2)[1:]
        units = [make_unit(session, code)[1] for code in ("3-2-1201", "3-2-1202", "3-2-1203", "3-2-1204")]
        here, gone, lent, elsewhere = units
        for dossier in (here, gone, lent):
            places.put(session, actors.archivist, dossier, boxes[0])
        places.put(session, actors.archivist, elsewhere, boxes[1])
        lend(session, actors, lent)
        stock = places.take_stock(
            session, actors.archivist, boxes[0], [here.number, here.number.lower(), elsewhere.number, "DA-9-9-901-01"]
        )
        assert (stock.right, stock.missing, stock.out) == ((here.number,), (gone.number,), (lent.number,))
        assert stock.misplaced == ((elsewhere.number, boxes[1].code),)
        assert (stock.foreign, stock.is_clean) == (("DA-9-9-901-01",), False)
        all_there = places.take_stock(session, actors.supervisor, boxes[0], [here.number, gone.number])
        assert all_there.is_clean
        found_again = places.take_stock(session, actors.supervisor, boxes[0], [here.number, gone.number, lent.number])
        assert (found_again.back, found_again.is_clean) == ((lent.number,), False)
        details = session.scalars(select(AuditEntry.details).where(AuditEntry.verb == Verb.STOCK_TAKEN)).first()
        assert details is not None and "DA-" not in details


def test_labels_scanned_along_a_shelf_are_sorted_by_the_place_labels_between_them() -> None:
    lines = [("place", "A"), ("dossier", "1"), ("dossier", "2"), ("place", "B"), ("dossier", "3"), ("place", "C")]
    assert places.split_found([], lines) == {"A": ["1", "2"], "B": ["3"], "C": []}
    assert places.split_found(["A"], [("dossier", "1")], first="A") == {"A": ["1"]}
    with pytest.raises(BadInput):
        places.split_found([], [("dossier", "1")])
