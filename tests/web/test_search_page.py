"""The search page helps on: suggestions while typing, facets that narrow, near questions; nothing closed in any."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from tests.search.conftest import put_document
from tests.web.conftest import OWNER, SECRET_TEXT, Visitor
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
