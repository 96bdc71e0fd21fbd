"""The search page helps on: suggestions while typing, facets that narrow, near questions; nothing closed in any."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date

from openpyxl import load_workbook
from sqlalchemy import func, select

from records import dossiers, users
from records.audit import Verb
from records.tables import AuditEntry
from retention import erasure, material
from search import names, saved
from search.asking import Question
from tests.search.conftest import put_document
from tests.web.conftest import OWNER, SECRET_TEXT, Visitor
from web.acts import people
from web.acts.retention import disposals
from web.office import Office

SignIn = Callable[[str], Visitor]


def _file_some(office: Office) -> None:
    with office.transaction() as session:
        for code, year in (("HF-01", 2026), ("XC-01", 2026), ("XC-01", 2025)):
            words = {"title": "记录", "series": code[:2], "pages": ["巡楼记事一则"], "dated": date(year, 3, 1)}
            put_document(session, form_code=code, **words)


def test_a_name_begun_is_completed_by_its_sound_too(sign_in: SignIn) -> None:
    visitor = sign_in("staff")
    for typed in ("王建", "wangj", "wjg"):
        answer = visitor.get(f"/search/suggestions?q=漏水 {typed}")
        assert answer.json is not None and "no-store" in answer.headers["Cache-Control"]
        assert [(one["name"], one["text"]) for one in answer.json["suggestions"]] == [(OWNER, f"漏水 {OWNER}")]


def test_a_serial_is_suggested_to_nobody_without_a_grant(sign_in: SignIn) -> None:
    answer = sign_in("manager").get("/search/suggestions?q=编号:ZX-01")
    assert answer.json is not None and [one["kind"] for one in answer.json["suggestions"]] == []


def test_what_was_found_can_be_narrowed_and_put_in_order(office: Office, sign_in: SignIn) -> None:
    _file_some(office)
    visitor = sign_in("staff")
    page = visitor.get("/search/?q=巡楼记事").text
    assert "缩小范围" in page and "within=" in page and SECRET_TEXT not in page
    narrowed = visitor.get("/search/?q=巡楼记事&within=表单:HF-01&order=relevance").text
    assert "找到 1 件" in narrowed


def test_a_question_that_finds_nothing_is_put_right(office: Office, sign_in: SignIn) -> None:
    _file_some(office)
    page = sign_in("staff").get("/search/?q=寻楼记事").text
    assert "写法相近的" in page and "q=%E5%B7%A1%E6%A5%BC" in page


def test_what_is_typed_is_answered_by_itself_and_logged_once_a_minute(office: Office, sign_in: SignIn) -> None:
    _file_some(office)
    visitor = sign_in("staff")
    logged = _searches(office)
    for typed in ("巡", "巡楼", "巡楼记事"):
        answer = visitor.get(f"/search/?q={typed}&live=1").text
        assert "<html" not in answer and 'data-said="找到 3 件"' in answer
    assert _searches(office) == logged + 1
    assert "<html" in visitor.get("/search/?q=巡楼记事").text
    assert _searches(office) == logged + 2


def _searches(office: Office) -> int:
    with office.reading() as session:
        asked = select(func.count()).where(AuditEntry.verb == Verb.SEARCHED)
        return session.scalar(asked) or 0


def test_results_are_taken_along_as_a_worksheet(office: Office, sign_in: SignIn) -> None:
    _file_some(office)
    answer = sign_in("staff").get("/search/results.xlsx?q=巡楼记事&within=表单:XC-01")
    rows = list(load_workbook(io.BytesIO(answer.data)).active.values)
    assert [row[2] for row in rows[1:]] == ["XC-01", "XC-01"]


def test_a_search_is_saved_shared_renamed_and_forgotten(office: Office, sign_in: SignIn) -> None:
    manager = sign_in("manager")
    kept = {"q": "渗漏 非 结案", "within": "表单:TS-02", "order": "relevance", "name": "渗漏", "shared": "1"}
    assert "within=" in manager.post("/search/saved/", **kept).location
    colleague = sign_in("staff")
    page = colleague.get("/search/").text
    assert "渗漏 非 结案" in page and "order=relevance" in page and "/search/saved/1/forget" not in page
    assert colleague.post("/search/saved/1/forget").status_code == 404
    manager = sign_in("manager")
    manager.post("/search/saved/1/name", name="渗漏投诉")
    assert "渗漏投诉" in manager.get("/search/").text
    manager.post("/search/saved/1/share", shared="")
    assert "渗漏投诉" not in sign_in("staff").get("/search/").text
    manager = sign_in("manager")
    manager.post("/search/saved/1/forget")
    assert "渗漏投诉" not in manager.get("/search/").text


def test_an_owner_leads_to_the_home_and_to_asking_for_the_dossier(sign_in: SignIn) -> None:
    visitor = sign_in("staff")
    for typed in (OWNER, "wangjg", "wjg"):
        page = visitor.get(f"/search/?q={typed}").text
        assert "3栋2单元1201" in page and "dossier=DA-3-2-1201-01" in page, typed
        assert "3-2-1201" in visitor.get(f"/units/?q={typed}").text
    assert "3栋2单元1201" not in visitor.get("/search/?q=王建锅").text


def test_a_question_on_days_without_anything_is_asked_on_any_day(office: Office, sign_in: SignIn) -> None:
    _file_some(office)
    page = sign_in("staff").get("/search/?q=寻楼记事 日期:2019").text
    assert "写法相近的" in page and "q=%E5%B7%A1%E6%A5%BC" in page
    assert "不限日期" in sign_in("staff").get("/search/?q=巡楼记事 日期:2019").text


def test_a_destroyed_dossier_leaves_no_name_to_search_by(office: Office) -> None:
    with office.transaction() as session:
        clerk = users.find_actor(session, "staff")
        for question in (OWNER, "漏水"):
            saved.save(session, clerk, question, Question(question))
        assert len(names.owners_called(session, "wangjg", 5)) == 1
    with office.transaction() as session:
        dossier = dossiers.find_dossier(session, "DA-3-2-1201-01")
        record = material.find(session, "dossier", dossier.id)
        assert record is not None
        erasure.erase(session, office.vault, [record], disposals.ERASERS, disposals.titles(office.catalogue))
    with office.reading() as session:
        assert names.owners_called(session, "wangjg", 5) == [] and list(names.findings(session)) == []
        assert [one.name for one in saved.listed(session, clerk)] == ["漏水"]


def test_who_is_deactivated_leaves_nothing_that_they_searched_for(office: Office) -> None:
    with office.transaction() as session:
        clerk = users.find_actor(session, "staff")
        saved.save(session, clerk, "我的", Question(OWNER))
        people.deactivate(session, users.find_actor(session, "admin"), users.find_user(session, "staff"))
        assert saved.listed(session, clerk) == []
