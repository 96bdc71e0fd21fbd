"""What protects every answer: headers, cookies, sign-in that slows down, sessions that end, forms that come back."""

from __future__ import annotations

import io
import re
import stat
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from sqlalchemy import select

from records.audit import Verb
from records.tables import AuditEntry
from web.office import Office

if TYPE_CHECKING:
    from tests.web.conftest import Visitor

SignIn = Callable[[str], "Visitor"]
LOOKED_AT = (
    "/",
    "/forms/RZ-08",
    "/books/",
    "/scans/",
    "/tray/3",
    "/units/1",
    "/access/new",
    "/search/?q=a",
    "/nowhere",
)


def test_no_page_carries_script_or_style_of_its_own(sign_in: SignIn) -> None:
    visitor = sign_in("archivist")
    for address in LOOKED_AT:
        text = visitor.get(address).text
        assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", text), address
        assert not re.search(r'(?:src|href|action)="https?://', text), address


def test_every_answer_forbids_frames_caches_and_foreign_script(sign_in: SignIn) -> None:
    visitor = sign_in("staff")
    for address in LOOKED_AT:
        headers = visitor.get(address).headers
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store, private"
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(visitor: Visitor) -> None:
    cookie = visitor.sign_in("staff").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_the_key_of_the_cookies_is_kept_to_the_owner(app: Flask, office: Office) -> None:
    path = office.settings.home / "keys" / "web.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_bytes()) == 32
    assert app.config["SECRET_KEY"] == path.read_bytes()


def test_a_wrong_password_and_an_unknown_name_read_the_same(visitor: Visitor, office: Office) -> None:
    wrong, unknown = visitor.sign_in("staff", "不是这个密码不是这个"), visitor.sign_in("nobody", "不是这个密码不是这个")
    assert wrong.status_code == unknown.status_code == 400
    assert "用户名或密码不正确" in wrong.text
    same = 'value="[^"]+"|staff|nobody'  # the form's token has the time in it
    assert re.sub(same, "", wrong.text) == re.sub(same, "", unknown.text)
    with office.reading() as session:
        verbs = session.scalars(select(AuditEntry.subject).where(AuditEntry.verb == Verb.USER_SIGN_IN_FAILED))
        assert list(verbs) == ["user:2", "user:unknown"]


def test_signing_out_closes_the_door_behind(sign_in: SignIn) -> None:
    visitor = sign_in("staff")
    assert visitor.post("/sign-out").location == "/sign-in"
    assert visitor.get("/units/").status_code == 302


@pytest.mark.parametrize(
    ("onward", "leads_to"),
    [
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/units/?q=3", "/units/?q=3"),
    ],
)
def test_after_signing_in_one_goes_on_only_within_the_office(visitor: Visitor, onward: str, leads_to: str) -> None:
    assert visitor.sign_in("staff", onward=onward).location == leads_to


def test_what_was_typed_comes_back_with_the_sentence(sign_in: SignIn) -> None:
    answer = sign_in("staff").post("/access/new", dossiers="9-9-9999", purpose="写了很长的事由", days="2")
    assert answer.status_code == 404
    assert "没有找到：单元 9-9-9999" in answer.text
    assert "写了很长的事由</textarea>" in answer.text


def test_an_act_refused_returns_to_the_page_it_was_tried_on(sign_in: SignIn) -> None:
    answer = sign_in("manager").post("/access/1/refuse", reason="")
    assert answer.status_code == 400
    assert "拒绝须写明原因" in answer.text
    assert "申请 1 号" in answer.text


def test_a_fault_of_ours_tells_nothing_of_its_inside(
    app: Flask, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("王建国 13800001111")

    visitor = sign_in("staff")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr("web.views.home.tiles.tiles", broken)
    answer = visitor.get("/")
    assert answer.status_code == 500
    assert "王建国" not in answer.text
    assert "系统内部出错" in answer.text


def test_the_language_is_a_switch(sign_in: SignIn) -> None:
    visitor = sign_in("staff")
    assert "今天的工作" in visitor.get("/").text
    visitor.post("/language", language="en")
    english = visitor.get("/").text
    assert "today&#39;s work" in english or "today's work" in english
    assert '<html lang="en">' in english


def test_an_upload_that_is_no_scan_gets_a_sentence(sign_in: SignIn) -> None:
    files = (io.BytesIO(b"only some words"), "笔记.pdf")
    answer = sign_in("staff").post("/scans/", files=files, accept="application/json")
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["code"].startswith("scan.")
