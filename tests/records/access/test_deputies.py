"""Deputies: who decides for a manager, for how long, and never for themselves, nor for the one they stand in for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest

from records import access, clock
from records.access import OwnRegistration, OwnRequest
from records.access.deputies import DeputyOfAsker, decides_for, end_deputy, list_deputies, name_deputy
from records.access.visits import Visitor, add_visit, visits_of
from records.database import Database
from records.errors import BadInput, NotAllowed
from records.tables import Dossier, Unit, User
from records.users import Actor, Role

MakeUnit = Callable[..., tuple[Unit, Dossier]]


def test_a_deputy_decides_in_their_time_and_it_is_marked(
    database: Database, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    today = clock.today()
    with database.transaction() as session:
        dossier = make_unit(session)[1]
        request = access.request_access(session, actors.staff, [dossier], "核对")
        with pytest.raises(NotAllowed):
            access.approve(session, actors.supervisor, request)
        row = name_deputy(session, actors.manager, session.get_one(User, actors.supervisor.id), today, today, "出差")
        assert access.find_request(session, actors.supervisor, request.id) is request
        assert decides_for(session, actors.supervisor, clock.now() + timedelta(days=1)) == []
        access.approve(session, actors.supervisor, request)
        assert (request.deputy_for, request.self_approved) == (actors.manager.id, False)
        end_deputy(session, actors.manager2, row.id)
        later = access.request_access(session, actors.staff, [dossier], "再核对")
        with pytest.raises(NotAllowed):
            access.refuse(session, actors.supervisor, later, "不必")
        assert access.list_requests(session, actors.supervisor) == []


def test_a_deputy_never_decides_on_their_own_nor_on_the_managers(
    database: Database, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    today = clock.today()
    with database.transaction() as session:
        dossier = make_unit(session)[1]
        supervisor = session.get_one(User, actors.supervisor.id)
        name_deputy(session, actors.manager, supervisor, today, today)
        own = access.request_access(session, actors.supervisor, [dossier], "自己要看")
        with pytest.raises(OwnRequest):
            access.approve(session, actors.supervisor, own)
        managers = access.request_access(session, actors.manager, [dossier], "经理要看")
        with pytest.raises(DeputyOfAsker):
            access.approve(session, actors.supervisor, managers)
        name_deputy(session, actors.manager2, supervisor, today, today)
        access.approve(session, actors.supervisor, managers)
        assert managers.deputy_for == actors.manager2.id


def test_only_managers_name_deputies_and_only_those_who_may_decide(database: Database, actors: SimpleNamespace) -> None:
    today = clock.today()
    with database.transaction() as session:
        people = {name: session.get_one(User, actor.id) for name, actor in vars(actors).items()}
        for name in ("staff", "archivist", "supervisor", "admin"):
            with pytest.raises(NotAllowed):
                name_deputy(session, getattr(actors, name), people["supervisor"], today, today)
        for name in ("staff", "archivist", "admin", "manager"):
            with pytest.raises(BadInput):
                name_deputy(session, actors.manager, people[name], today, today)
        for first, last in (
            (today, today + timedelta(days=90)),
            (today - timedelta(days=2), today - timedelta(days=1)),
        ):
            with pytest.raises(BadInput):
                name_deputy(session, actors.manager, people["supervisor"], first, last)
        with pytest.raises(NotAllowed):
            list_deputies(session, actors.staff)


def test_a_deputy_of_a_manager_who_left_decides_nothing(database: Database, actors: SimpleNamespace) -> None:
    today = clock.today()
    with database.transaction() as session:
        name_deputy(session, actors.manager, session.get_one(User, actors.supervisor.id), today, today)
        session.get_one(User, actors.manager.id).active = False
        session.flush()
        assert decides_for(session, actors.supervisor) == []


def test_who_asked_or_decided_does_not_register_while_another_archivist_is_there(
    database: Database, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        dossier = make_unit(session)[1]
        alone = access.request_access(session, actors.archivist, [dossier], "整理")
        access.approve(session, actors.manager, alone)
        access.register(session, actors.archivist, alone)
        second = session.get_one(User, actors.manager2.id)
        again = access.request_access(session, actors.archivist, [dossier], "再整理")
        access.approve(session, actors.manager2, again)
        second.role = Role.ARCHIVIST
        session.flush()
        for actor in (actors.archivist, Actor(second.id, second.name, Role.ARCHIVIST)):
            with pytest.raises(OwnRegistration):
                access.register(session, actor, again)


def test_who_came_is_registered_with_paper_and_what_was_shown(
    database: Database, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        request = access.request_access(session, actors.staff, [make_unit(session)[1]], "陪同业主查阅")
        with pytest.raises(BadInput):
            add_visit(session, actors.archivist, request, Visitor("王建国", "居民身份证 1234", "装修申请表"))
        access.approve(session, actors.manager, request)
        with pytest.raises(BadInput, match="证件"):
            access.register(session, actors.archivist, request, Visitor("王建国", " ", "装修申请表"))
    with database.transaction() as session:
        request = access.find_request(session, actors.staff, 1)
        access.register(session, actors.archivist, request, Visitor("王建国", "居民身份证 1234", "装修申请表"))
        add_visit(session, actors.archivist, request, Visitor("赵律师", "律师证 5678", "装修协议"))
        with pytest.raises(NotAllowed):
            add_visit(session, actors.staff, request, Visitor("某人", "工作证", "装修协议"))
        assert [one.person for one in visits_of(session, [request.id])] == ["王建国", "赵律师"]
