"""Saved searches: one's own, shared by a manager, asked anew as whoever opens them, gone with whom they tell of."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from records.errors import BadInput, NotAllowed, NotFound
from records.estate import people
from records.leaving import Leaving
from records.tables import AuditEntry, Dossier
from records.vault import Vault
from search import saved
from search.asking import Question
from search.saved_tables import SavedSearch
from tests.search.conftest import Office

LEAKS = Question("漏水 非 已结案", within="表单:TS-01", unit="3-2-1201", since=date(2026, 1, 1), order="relevance")


def names(session: Session, actor: Any) -> list[str]:
    return [one.name for one in saved.listed(session, actor)]


def test_a_question_is_kept_with_its_filters_and_comes_back_whole(office: Office, actors: Any) -> None:
    with office.database.transaction() as session:
        saved.save(session, actors.staff, " 本月  渗漏 ", LEAKS)
        saved.save(session, actors.staff, "本月 渗漏", Question("渗水"))
        saved.save(session, actors.staff, "本月 渗漏", LEAKS)
    with office.database.reading() as session:
        assert names(session, actors.staff) == ["本月 渗漏"]
        assert saved.question_of(saved.find(session, actors.staff, "本月 渗漏")) == LEAKS


def test_what_is_shared_is_everybodys_and_the_rest_nobody_elses(office: Office, actors: Any) -> None:
    with office.database.transaction() as session:
        own = saved.save(session, actors.staff, "我的", LEAKS)
        shared = saved.save(session, actors.manager, "全办", LEAKS, shared=True)
        assert names(session, actors.staff) == ["我的", "全办"]
        assert names(session, actors.archivist) == names(session, actors.admin) == ["全办"]
        for refused in (
            lambda: saved.get(session, actors.manager, own.id),
            lambda: saved.forget(session, actors.staff, shared),
            lambda: saved.rename(session, actors.staff, shared, "改"),
        ):
            with pytest.raises(NotFound):
                refused()
        for barred in (
            lambda: saved.share(session, actors.staff, own, True),
            lambda: saved.save(session, actors.staff, "乙", LEAKS, shared=True),
            lambda: saved.save(session, actors.admin, "丙", LEAKS),
        ):
            with pytest.raises(NotAllowed):
                barred()
        saved.share(session, actors.manager, shared, False)
        assert names(session, actors.staff) == ["我的"]


def test_names_are_ones_own_to_give(office: Office, actors: Any) -> None:
    with office.database.transaction() as session:
        first = saved.save(session, actors.staff, "甲", LEAKS)
        saved.save(session, actors.staff, "乙", LEAKS)
        saved.save(session, actors.manager, "甲", LEAKS)
        with pytest.raises(saved.NameTaken):
            saved.rename(session, actors.staff, first, "乙")
        saved.rename(session, actors.staff, first, "丁")
        assert names(session, actors.staff) == ["丁", "乙"]
        for name, kept in ((" ", LEAKS), ("长" * 61, LEAKS), ("空", Question(" ")), ("长", Question("长" * 501))):
            with pytest.raises(BadInput):
                saved.save(session, actors.staff, name, kept)


def test_the_log_holds_neither_name_nor_question(office: Office, actors: Any) -> None:
    with office.database.transaction() as session:
        row = saved.save(session, actors.staff, "张伟强的事", Question("张伟强 13800138000"))
        saved.rename(session, actors.staff, row, "欧阳的事")
        saved.forget(session, actors.staff, row)
    with office.database.reading() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.verb.startswith("search:question"))).all()
        told = "".join(f"{entry.subject}{entry.details}" for entry in entries)
        assert len(entries) == 3 and "张" not in told and "138" not in told and "欧阳" not in told


def test_the_destruction_of_a_dossier_takes_what_names_its_people(office: Office, actors: Any, vault: Vault) -> None:
    telling = [
        "张伟强", "漏水 張偉強", "业主:张 伟强", "zhangweiqiang", "13800138000", "138-0013-8000", "0013800",
        "11010119900307123x", "钱大勇 放行",
    ]  # fmt: skip
    others = ["漏水", "张伟", "欧阳㼆", "13911112222", "单元:3-2-1201", "日期:[2026-01 至 2026-03]", "1201", "800013"]
    with office.database.transaction() as session:
        home = session.get_one(Dossier, office.dossiers["zhang"])
        home.state = "open"
        people.add_person(session, actors.staff, home, people.NewPerson("agent", "钱大勇"), date(2026, 1, 1))
        for question in telling + others:
            saved.save(session, actors.staff, f"检索{len(names(session, actors.staff))}", Question(question))
        saved.save(session, actors.staff, "张伟强家", Question("漏水"))
        saved.save(session, actors.staff, "范围", Question("漏水", within="业主:张伟强"))
    with office.database.transaction() as session:
        gone = saved.erase_telling(session, vault, [Leaving((1,)), Leaving((), home.id)])
        left = {row.query for row in session.scalars(select(SavedSearch))}
    assert left == set(others)
    assert gone == [{}, {"saved_searches": len(telling) + 2}]


def test_who_leaves_leaves_only_what_was_shared(office: Office, actors: Any) -> None:
    with office.database.transaction() as session:
        saved.save(session, actors.manager, "自用", LEAKS)
        saved.save(session, actors.manager, "共用", LEAKS, shared=True)
        assert saved.forget_of(session, actors.manager.id) == 1
        assert names(session, actors.staff) == ["共用"]
