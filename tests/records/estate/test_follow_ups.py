"""Surveys each quarter, contacts of owners in arrears every 15 days: due until recorded (DA 4.2.2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from records import clock
from records.database import Database
from records.errors import BadInput, NotFound
from records.estate import follow_ups
from records.tables import Dossier, Unit

MakeUnit = Callable[..., tuple[Unit, Dossier]]


def test_a_survey_is_due_each_quarter_until_it_is_recorded(
    database: Database, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        _, dossier = make_unit(session)
        make_unit(session, "4-1-101", since=date(2024, 5, 2))
        assert [one.unit for one in follow_ups.surveys_due(session, date(2024, 5, 20))] == ["3-2-1201"]
        (due,) = follow_ups.surveys_due(session, date(2024, 5, 20))
        assert (due.due_on, due.last_on) == (date(2024, 6, 30), None)
        follow_ups.record(session, actors.staff, [dossier], "survey", "unchanged", date(2024, 5, 20))
        assert follow_ups.surveys_due(session, date(2024, 6, 30)) == []
        assert [one.unit for one in follow_ups.surveys_due(session, date(2024, 7, 1))] == ["3-2-1201", "4-1-101"]
        assert follow_ups.count_surveys_due(session, date(2024, 7, 1)) == 2
        assert [one.unit for one in follow_ups.surveys_due(session, date(2024, 7, 1), "4")] == ["4-1-101"]


def test_contacts_are_checked_every_15_days_once_over_a_month_in_arrears(
    database: Database, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        _, dossier = make_unit(session)
        follow_ups.owe(session, actors.staff, dossier, date(2024, 1, 31))
        assert follow_ups.contacts_due(session, date(2024, 2, 29)) == []
        (due,) = follow_ups.contacts_due(session, date(2024, 3, 1))
        assert (due.due_on, due.owing_since) == (date(2024, 3, 1), date(2024, 1, 31))
        follow_ups.record(session, actors.staff, [dossier], "contact", "unreachable", date(2024, 3, 4))
        assert follow_ups.contacts_due(session, date(2024, 3, 18)) == []
        assert [one.due_on for one in follow_ups.contacts_due(session, date(2024, 3, 19))] == [date(2024, 3, 19)]
        follow_ups.settle(session, actors.staff, dossier, date(2024, 3, 20))
        assert follow_ups.contacts_due(session, date(2024, 12, 1)) == []
        with pytest.raises(NotFound):
            follow_ups.settle(session, actors.staff, dossier, date(2024, 3, 20))


def test_what_cannot_be_is_refused(database: Database, actors: SimpleNamespace, make_unit: MakeUnit) -> None:
    with database.transaction() as session:
        _, dossier = make_unit(session)
        tomorrow = clock.today() + timedelta(days=1)
        for words in (("census", "unchanged", None), ("survey", "fine", None), ("survey", "unchanged", tomorrow)):
            with pytest.raises(BadInput):
                follow_ups.record(session, actors.staff, [dossier], *words)
        with pytest.raises(BadInput):
            follow_ups.record(session, actors.staff, [], "survey", "unchanged")
        with pytest.raises(BadInput):
            follow_ups.owe(session, actors.staff, dossier, tomorrow)
