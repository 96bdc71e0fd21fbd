"""Particulars and people of a home: what was before stays as history, and the log never tells it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from records import clock
from records.database import Database
from records.dossiers import NewOwner, start_ownership
from records.errors import BadInput, NotAllowed, NotFound
from records.estate import people
from records.estate.people import DossierNotOpen, NewPerson
from records.tables import AuditEntry, Dossier, Unit
from records.vault import Vault

MakeUnit = Callable[..., tuple[Unit, Dossier]]


def test_a_new_phone_keeps_the_old_one_with_who_and_when(
    database: Database, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        _, dossier = make_unit(session, phone="13800001111")
        owner = dossier.ownership.owners[0]
        people.change_phone(session, actors.staff, dossier, owner, "139 0000 2222", clock.today(), "业主来电")
        assert owner.phone == "13900002222"
        (change,) = people.history(session, dossier)
        assert (change.old, change.new, change.recorded_by) == ("13800001111", "13900002222", actors.staff.id)
        again = people.change_phone(session, actors.staff, dossier, owner, "13900002222", clock.today())
        assert again is None


def test_the_log_says_that_something_changed_and_not_what(
    database: Database, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        _, dossier = make_unit(session)
        owner = dossier.ownership.owners[0]
        people.change_phone(session, actors.staff, dossier, owner, "13999998888", clock.today(), "来电依据")
        person = NewPerson("tenant", "司徒租客", "承租", "13877776666", authorised=True)
        people.add_person(session, actors.staff, dossier, person, clock.today(), "合同依据")
        people.end_person(session, actors.staff, dossier, "司徒租客", clock.today())
    with database.reading() as session:
        log = " ".join(f"{entry.subject} {entry.details}" for entry in session.scalars(select(AuditEntry)))
    secret = ("13999998888", "司徒租客", "13877776666", "来电依据", "合同依据")
    assert [word for word in secret if word in log] == []


def test_who_may_act_is_found_within_the_period_alone(
    database: Database, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    today = clock.today()
    with database.transaction() as session:
        _, dossier = make_unit(session)
        for name, authorised, until in (
            ("现租客", True, today),
            ("旧租客", True, today - timedelta(days=1)),
            ("孩子", False, None),
        ):
            person = NewPerson("tenant", name, "", "13877776666", "", authorised, date(2020, 1, 1), until)
            people.add_person(session, actors.staff, dossier, person, today)
        assert [one.name for one in people.may_act_for(session, dossier, today)] == ["现租客"]


def test_the_people_of_a_former_owner_are_changed_no_more(
    database: Database, vault: Vault, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        unit, dossier = make_unit(session)
        person = NewPerson("agent", "旧主受托人", authorised=True)
        people.add_person(session, actors.staff, dossier, person, clock.today())
        start_ownership(session, vault, actors.staff, unit, [NewOwner("新业主")], clock.today())
        with pytest.raises(DossierNotOpen):
            people.end_person(session, actors.staff, dossier, "旧主受托人", clock.today())


def test_what_cannot_be_is_refused(database: Database, actors: SimpleNamespace, make_unit: MakeUnit) -> None:
    tomorrow = clock.today() + timedelta(days=1)
    with database.transaction() as session:
        _, dossier = make_unit(session)
        owner = dossier.ownership.owners[0]
        with pytest.raises(BadInput):
            people.change_phone(session, actors.staff, dossier, owner, "13900002222", tomorrow)
        with pytest.raises(NotAllowed):
            people.change_phone(session, actors.admin, dossier, owner, "13900002222", clock.today())
        with pytest.raises(NotFound):
            people.end_person(session, actors.staff, dossier, "没有此人", clock.today())
        for person in (NewPerson("friend", "甲"), NewPerson("family", " "),
                       NewPerson("tenant", "乙", from_on=tomorrow, until_on=clock.today())):  # fmt: skip
            with pytest.raises(BadInput):
                people.add_person(session, actors.staff, dossier, person, clock.today())
