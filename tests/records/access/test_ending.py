"""How access ends: given back, revoked with a reason, or at once when the dossier goes its own way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy.orm import Session

from records import access, audit, clock
from records.access import PeriodOver, RequestNotReady
from records.audit import Verb
from records.database import Database
from records.errors import BadInput, NotAllowed
from records.tables import AccessRequest, Dossier, Unit

MakeUnit = Callable[..., tuple[Unit, Dossier]]


def _granted(session: Session, actors: SimpleNamespace, *dossiers: Dossier) -> AccessRequest:
    request = access.request_access(session, actors.staff, dossiers, "核对装修押金", days=3)
    access.approve(session, actors.manager, request)
    access.register(session, actors.archivist, request)
    return request


def test_a_dossier_that_goes_its_own_way_is_closed_at_once_and_others_stay_open(
    database: Database, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        one, other = make_unit(session, "3-2-1201")[1], make_unit(session, "3-2-1202")[1]
        request = _granted(session, actors, one, other)
        assert access.end_grants(session, actors.staff, one, "业主变更") == 1
        decision = access.may_see_dossier(session, actors.staff, one)
        assert (decision.allowed, "已终止" in decision.because) == (False, True)
        assert access.open_dossiers(session, actors.staff) == [other.id]
        assert access.endings(session, request)[one.id].ended_because == "业主变更"
        access.end_grants(session, actors.staff, other, "业主变更")
        assert (request.state, request.end_reason) == ("revoked", "业主变更")
        assert access.end_grants(session, actors.staff, other, "业主变更") == 0


def test_an_approval_ends_with_the_dossier_and_a_question_stays_with_the_manager(
    database: Database, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        dossier = make_unit(session)[1]
        approved = access.request_access(session, actors.staff, [dossier], "一")
        access.approve(session, actors.manager, approved)
        asked = access.request_access(session, actors.staff, [dossier], "二")
        access.end_grants(session, actors.supervisor, dossier, "业主变更")
        assert (approved.state, asked.state) == ("revoked", "requested")
        with pytest.raises(RequestNotReady):
            access.register(session, actors.archivist, approved)
        ended = [entry for entry in audit.entries(session) if entry.verb == Verb.ACCESS_ENDED]
        assert [entry.subject for entry in ended] == [f"dossier:{dossier.id}"]


def test_archivist_and_manager_revoke_with_a_reason_and_nobody_else(
    database: Database, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        request = _granted(session, actors, make_unit(session)[1])
        for actor in (actors.staff, actors.supervisor, actors.admin):
            with pytest.raises(NotAllowed):
                access.revoke(session, actor, request, "不再需要")
        with pytest.raises(BadInput, match="原因"):
            access.revoke(session, actors.manager, request, " ")
        access.revoke(session, actors.archivist, request, "事由已办结")
        assert access.open_dossiers(session, actors.staff) == []
        assert (request.state, request.ended_by, request.end_reason) == ("revoked", actors.archivist.id, "事由已办结")


def test_days_that_were_named_are_the_days_on_which_it_is_open(
    database: Database, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    today = clock.today()
    with database.transaction() as session:
        dossier = make_unit(session)[1]
        period = (today + timedelta(days=2), today + timedelta(days=3))
        request = access.request_access(session, actors.staff, [dossier], "月底核对", period=period)
        access.approve(session, actors.manager, request)
        access.register(session, actors.archivist, request)
        now = clock.now()
        open_on = [
            access.may_see_dossier(session, actors.staff, dossier, now + timedelta(days=days)).allowed
            for days in range(6)
        ]
        assert open_on == [False, False, True, True, False, False]
        assert access.open_dossiers(session, actors.staff) == []


def test_a_period_that_has_passed_is_not_registered_nor_asked_for(
    database: Database, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    today = clock.today()
    with database.transaction() as session:
        dossier = make_unit(session)[1]
        for period in ((today - timedelta(days=2), today - timedelta(days=1)), (today, today + timedelta(days=30)),
                       (today, today - timedelta(days=1)), (date(2020, 1, 1), date(2020, 1, 2))):  # fmt: skip
            with pytest.raises(BadInput):
                access.request_access(session, actors.staff, [dossier], "核对", period=period)
        request = access.request_access(session, actors.staff, [dossier], "核对", period=(today, today))
        access.approve(session, actors.manager, request)
        request.ends_at = clock.now() - timedelta(minutes=1)
        with pytest.raises(PeriodOver):
            access.register(session, actors.archivist, request)
