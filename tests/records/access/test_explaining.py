"""Explaining: the answer is always the one that access itself gives, with the step that decides it, then as now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy.orm import Session

from records import access, clock
from records.access.deputies import name_deputy
from records.access.explaining import explain, find_document, find_person
from records.database import Database
from records.documents import Placing, file_document
from records.errors import NotAllowed, NotFound
from records.tables import Document, Dossier, Unit, User
from records.vault import Vault

MakeUnit = Callable[..., tuple[Unit, Dossier]]


def _filed(session: Session, vault: Vault, actors: SimpleNamespace, dossier: Dossier | None) -> Document:
    placing = Placing(
        form_code="RZ-07", title="业主资料卡", rule="OWNER", dossier=dossier, section="owner", series="RZ"
    )
    return file_document(session, vault, actors.archivist, placing)


def _grant_told(session: Session, actors: SimpleNamespace, dossier: Dossier) -> list[str]:
    found = explain(session, session.get_one(User, actors.staff.id), dossier)
    assert found.allowed == access.may_see_dossier(session, actors.staff, dossier).allowed
    return [step.zh for step in found.steps if step.key == "request"]


def test_every_state_of_a_request_is_told_as_access_decides_it(
    database: Database, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        dossier = make_unit(session)[1]
        assert "没有申请过" in _grant_told(session, actors, dossier)[0]
        request = access.request_access(session, actors.staff, [dossier], "核对", days=3)
        assert "待经理批准" in _grant_told(session, actors, dossier)[0]
        today = clock.today()
        name_deputy(session, actors.manager, session.get_one(User, actors.supervisor.id), today, today)
        access.approve(session, actors.supervisor, request)
        told = _grant_told(session, actors, dossier)[0]
        assert "待档案员登记" in told
        assert "supervisor代manager批准" in told
        access.register(session, actors.archivist, request)
        assert _grant_told(session, actors, dossier)[0].endswith("有效")
        access.revoke(session, actors.manager, request, "事由不实")
        assert "撤销(事由不实)" in _grant_told(session, actors, dossier)[0]
        again = access.request_access(session, actors.staff, [dossier], "再核对")
        access.refuse(session, actors.manager2, again, "不必")
        newest, oldest = _grant_told(session, actors, dossier)
        assert "拒绝" in newest
        assert "撤销" in oldest


def test_the_past_is_told_as_it_was(database: Database, actors: SimpleNamespace, make_unit: MakeUnit) -> None:
    with database.transaction() as session:
        dossier = make_unit(session)[1]
        person = session.get_one(User, actors.staff.id)
        request = access.request_access(session, actors.staff, [dossier], "核对", days=3)
        access.approve(session, actors.manager, request)
        access.register(session, actors.archivist, request)
        live = clock.now()
        access.give_back(session, actors.staff, request)
        assert explain(session, person, dossier, at=live).allowed
        assert not explain(session, person, dossier).allowed
        before = explain(session, person, dossier, at=person.created_at - timedelta(days=1))
        assert "还没有此用户" in before.because


def test_administration_and_those_who_left_are_told_no(
    database: Database, actors: SimpleNamespace, make_unit: MakeUnit
) -> None:
    with database.transaction() as session:
        dossier = make_unit(session)[1]
        assert "系统管理" in explain(session, session.get_one(User, actors.admin.id), dossier).because
        person = session.get_one(User, actors.staff.id)
        person.active = False
        found = explain(session, person, dossier)
        assert (found.allowed, found.steps[0].holds, "停用" in found.because) == (False, False, True)


def test_a_document_is_explained_to_archivists_and_to_who_sees_it(
    database: Database, actors: SimpleNamespace, make_unit: MakeUnit, vault: Vault
) -> None:
    with database.transaction() as session:
        dossier = make_unit(session)[1]
        closed, series = _filed(session, vault, actors, dossier), _filed(session, vault, actors, None)
        assert find_document(session, actors.archivist, closed.id) is closed
        for actor in (actors.staff, actors.manager, actors.admin):
            with pytest.raises(NotFound) as unknown:
                find_document(session, actor, 999)
            with pytest.raises(NotFound) as hidden:
                find_document(session, actor, closed.id)
            told = hidden.value.sentence().replace(str(closed.id), "")
            assert told == unknown.value.sentence().replace("999", "")
        assert explain(session, session.get_one(User, actors.staff.id), None, series).allowed
        with pytest.raises(NotFound):
            find_document(session, actors.archivist, series.id, dossier)


def test_others_are_explained_to_archivist_and_manager_alone(database: Database, actors: SimpleNamespace) -> None:
    with database.reading() as session:
        assert find_person(session, actors.staff, "staff").id == actors.staff.id
        assert find_person(session, actors.manager, "staff").id == actors.staff.id
        for name in ("manager", "nobody"):
            with pytest.raises(NotAllowed):
                find_person(session, actors.staff, name)
        with pytest.raises(NotFound):
            find_person(session, actors.archivist, "nobody")
