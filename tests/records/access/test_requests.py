"""Access: closed to everyone, open with a manager's yes, an archivist's entry, and a reason that is shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from records import access, clock, users
from records.access import OwnRequest, RequestNotReady
from records.database import Database
from records.errors import BadInput, NotAllowed, NotFound
from records.tables import Dossier, Unit, User

MakeUnit = Callable[..., tuple[Unit, Dossier]]


def _granted(database: Database, actors: SimpleNamespace, make_unit: MakeUnit, days: int = 3) -> tuple[int, Dossier]:
    with database.transaction() as session:
        _, dossier = make_unit(session)
        request = access.request_access(session, actors.staff, [dossier], "核对装修押金", days=days)
        access.approve(session, actors.manager, request)
        access.register(session, actors.archivist, request)
        return request.id, dossier


def test_nobody_sees_a_dossier_without_a_grant(
    database: Database, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        _, dossier = make_unit(session)
        for actor in vars(actors).values():
            decision = access.may_see_dossier(session, actor, dossier)
            assert not decision.allowed
            assert decision.because
            assert access.open_dossiers(session, actor) == []


def test_every_step_is_needed_before_the_dossier_opens(
    database: Database, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        _, dossier = make_unit(session)
        request = access.request_access(session, actors.staff, [dossier], "核对装修押金", days=3)
        assert not access.may_see_dossier(session, actors.staff, dossier).allowed
        with pytest.raises(RequestNotReady):
            access.register(session, actors.archivist, request)
        access.approve(session, actors.manager, request)
        assert not access.may_see_dossier(session, actors.staff, dossier).allowed
        access.register(session, actors.archivist, request)
        decision = access.may_see_dossier(session, actors.staff, dossier)
        assert decision.allowed
        assert decision.grant_id == request.id
        assert f"{request.id} 号" in decision.because
        assert access.open_dossiers(session, actors.staff) == [dossier.id]
        assert not access.may_see_dossier(session, actors.archivist, dossier).allowed


def test_a_grant_ends_with_its_period_and_when_it_is_given_back(
    database: Database, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    request_id, dossier = _granted(database, actors, make_unit)
    later = clock.now() + timedelta(days=3, seconds=1)
    with database.transaction() as session:
        assert not access.may_see_dossier(session, actors.staff, dossier, at=later).allowed
        assert access.open_dossiers(session, actors.staff, at=later) == []
        access.give_back(session, actors.staff, access.find_request(session, actors.staff, request_id))
        assert not access.may_see_dossier(session, actors.staff, dossier).allowed


def test_only_a_manager_approves_and_nobody_their_own_request(
    database: Database, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        _, dossier = make_unit(session)
        request = access.request_access(session, actors.manager, [dossier], "年度抽查")
        for actor in (actors.staff, actors.archivist, actors.supervisor, actors.admin):
            with pytest.raises(NotAllowed):
                access.approve(session, actor, request)
        with pytest.raises(OwnRequest):
            access.approve(session, actors.manager, request)
        access.approve(session, actors.manager2, request)
        assert not request.self_approved


def test_the_only_manager_may_approve_but_it_is_marked(
    database: Database, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        session.get_one(User, actors.manager2.id).active = False
        _, dossier = make_unit(session)
        request = access.request_access(session, actors.manager, [dossier], "年度抽查")
        access.approve(session, actors.manager, request)
        assert request.self_approved


def test_a_refusal_needs_a_reason_and_a_request_a_purpose(
    database: Database, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        _, dossier = make_unit(session)
        with pytest.raises(BadInput, match="事由"):
            access.request_access(session, actors.staff, [dossier], "  ")
        request = access.request_access(session, actors.staff, [dossier], "核对")
        with pytest.raises(BadInput, match="原因"):
            access.refuse(session, actors.manager, request, "")


def test_the_administrator_can_neither_ask_nor_see(
    database: Database, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        _, dossier = make_unit(session)
        with pytest.raises(NotAllowed):
            access.request_access(session, actors.admin, [dossier], "看看")
        assert not access.sees_series(actors.admin)


def test_requests_of_others_do_not_exist_for_those_who_may_not_know(
    database: Database, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    request_id, _ = _granted(database, actors, make_unit)
    with database.reading() as session:
        with pytest.raises(NotFound):
            access.find_request(session, actors.supervisor, request_id)
        assert access.list_requests(session, actors.supervisor) == []
        assert [r.id for r in access.list_requests(session, actors.archivist)] == [request_id]


def test_a_wrong_password_proves_nobody(database: Database, actors: SimpleNamespace, password: str) -> None:
    with database.reading() as session:
        right = users.check_password(session, "manager", password)
        assert right is not None
        assert right.id == session.scalar(select(User.id).where(User.name == "manager"))
        assert users.check_password(session, "manager", password + "x") is None
        assert users.check_password(session, "nobody", password) is None
