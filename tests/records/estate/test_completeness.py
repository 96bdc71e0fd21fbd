"""Completeness by life event: which event has begun, what it asks for, what is missing, unsigned, or not asked yet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from types import SimpleNamespace

from records import documents, dossiers, facts
from records.database import Database
from records.documents import NewPage, Placing
from records.dossiers import NewOwner
from records.estate import completeness
from records.estate.completeness import LifeEvent, Requirement
from records.facts import FactKind
from records.tables import Dossier, Unit
from records.vault import Vault

MakeUnit = Callable[..., tuple[Unit, Dossier]]
ON = date(2024, 6, 1)


def asked(form: str, after_months: int = 0) -> Requirement:
    return Requirement(form, "DA 4.1", "须归档", "is filed", after_months)


EVENTS = (
    LifeEvent("move_in", "入住", "Moving in", "RZ 4.5", "first", frozenset({"moved_in"}), frozenset(),
              (asked("RZ-02"), asked("RZ-08"))),
    LifeEvent("renovation", "装修", "Renovation", "ZX 4.2", None, frozenset({"renovation_began"}),
              frozenset({"ZX-01"}), (asked("ZX-01"), asked("ZX-09", 3))),
    LifeEvent("transfer", "产权变更", "Transfer", "DA 4.2.3", "later", frozenset(), frozenset(), (asked("DA-04"),)),
)  # fmt: skip


def file(session: object, vault: Vault, actors: SimpleNamespace, dossier: Dossier, form: str, **more: object) -> None:
    placing = Placing(form, form, "OWNER", dossier=dossier, section="other", dated=date(2024, 4, 1))
    document = documents.file_document(session, vault, actors.archivist, placing)  # type: ignore[arg-type]  # a session
    page = NewPage(f"{form} {document.id}".encode(), "image/png", **more)  # type: ignore[arg-type]  # signatures
    documents.add_page(session, vault, document, page)  # type: ignore[arg-type]  # a session


def test_each_event_asks_for_its_own_once_it_has_begun(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        unit, dossier = make_unit(session)
        (found,) = completeness.standings(session, EVENTS, ON)
        assert [(event.event.key, event.began) for event in found.events] == [("move_in", date(2020, 1, 15))]
        assert found.missing == ("RZ-02", "RZ-08")
        file(session, vault, actors, dossier, "ZX-01")
        file(session, vault, actors, dossier, "RZ-02")
        (found,) = completeness.standings(session, EVENTS, ON)
        renovation = found.events[1]
        assert (renovation.began, renovation.missing) == (date(2024, 4, 1), ())
        assert [one.form for one in renovation.later] == ["ZX-09"]
        assert found.missing == ("RZ-08",)
        (late,) = completeness.standings(session, EVENTS, date(2024, 7, 1))
        assert late.missing == ("RZ-08", "ZX-09")
        dossiers.start_ownership(session, vault, actors.staff, unit, [NewOwner("李秀英")], date(2024, 5, 1))
        (new,) = completeness.standings(session, EVENTS, ON)
        assert ([event.event.key for event in new.events], new.missing) == (["transfer"], ("DA-04",))


def test_an_event_begins_by_a_recorded_fact_and_follows_its_correction(
    database: Database, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        _, dossier = make_unit(session)
        about = ("dossier", dossier.id)
        first = facts.record_fact(session, actors.archivist, FactKind.RENOVATION_BEGAN, about, date(2024, 1, 5))
        (found,) = completeness.standings(session, EVENTS, ON)
        assert "ZX-09" in found.missing
        facts.record_fact(
            session, actors.archivist, FactKind.RENOVATION_BEGAN, about, date(2024, 5, 5), replaces=first, reason="误"
        )
        (found,) = completeness.standings(session, EVENTS, ON)
        assert (found.events[1].began, "ZX-09" in found.missing) == (date(2024, 5, 5), False)


def test_what_is_filed_unsigned_is_told_until_a_signed_one_is_filed(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        _, dossier = make_unit(session)
        signed = {"owner": {"ink": 0.2, "signed": True}, "clerk": {"ink": 0.2, "signed": True}}
        file(session, vault, actors, dossier, "RZ-08", signatures=signed | {"clerk": {"ink": 0.0, "signed": False}})
        (found,) = completeness.standings(session, EVENTS, ON)
        assert (found.missing, found.unsigned) == (("RZ-02",), ("RZ-08",))
        file(session, vault, actors, dossier, "RZ-08", signatures=signed)
        (found,) = completeness.standings(session, EVENTS, ON)
        assert found.unsigned == ()


def test_the_worst_stand_first_and_a_building_by_itself(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        _, better = make_unit(session, "1-1-101")
        make_unit(session, "2-1-101")
        make_unit(session, "10-1-101")
        file(session, vault, actors, better, "RZ-02")
        found = completeness.standings(session, EVENTS, ON)
        assert [one.unit for one in found] == ["2-1-101", "10-1-101", "1-1-101"]
        assert [one.unit for one in completeness.standings(session, EVENTS, ON, building="10")] == ["10-1-101"]
        only = completeness.standings(session, EVENTS, ON, dossier_ids=[better.id])
        assert [one.unit for one in only] == ["1-1-101"]
