"""Coming in: failures that lock, codes that serve once, sessions that end at once, first passwords that must go."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select, update

from records import clock, users
from records.signing_in import attempts, second_factors
from records.signing_in.sign_in_tables import SecondFactor, SignInFailure, SignInSession
from records.tables import AuditEntry, User
from web.application import create_app
from web.office import Office

if TYPE_CHECKING:
    from tests.web.conftest import Visitor

SignIn = Callable[[str], "Visitor"]
AtTheDoor = Callable[[Flask], "Visitor"]
WRONG = "不是这个密码不是这个"
NEW = "三号楼的猫爱晒太阳不爱下雨"


def later(office: Office, by: timedelta) -> None:
    """Let time pass for failures and sessions: everything noted moves into the past."""
    with office.transaction() as session:
        for row in session.scalars(select(SignInFailure)):
            row.last_at -= by
        for one in session.scalars(select(SignInSession)):
            one.opened_at, one.seen_at = one.opened_at - by, one.seen_at - by


def test_failures_slow_down_then_lock_and_time_or_an_administrator_unlocks(office, visitor, sign_in) -> None:
    admin = sign_in("admin")
    for _ in range(5):
        assert "用户名或密码不正确" in visitor.sign_in("staff", WRONG).text
    assert "秒后再试" in visitor.sign_in("staff").text  # even the right password has to wait
    for _ in range(5):
        later(office, timedelta(minutes=1))
        visitor.sign_in("staff", WRONG)
    assert "登录已锁定至" in visitor.sign_in("staff").text
    assert "已锁定" in admin.get("/users/").text
    admin.post("/users/2/unlock")
    assert visitor.sign_in("staff").status_code == 302


def test_a_lock_ends_by_itself_and_the_right_password_clears_the_count(office, visitor, at_the_door, app) -> None:
    with office.transaction() as session:
        session.add(SignInFailure(key=attempts.account_key("staff"), count=10, last_at=clock.now()))
    assert "登录已锁定至" in visitor.sign_in("staff").text
    later(office, timedelta(minutes=31))
    assert visitor.sign_in("staff").status_code == 302
    with office.reading() as session:
        assert session.get_one(SignInFailure, attempts.account_key("staff")).count == 0


def test_all_processes_count_alike(office: Office, at_the_door: AtTheDoor) -> None:
    """Another process is another application on the same database."""
    doors = [at_the_door(create_app(office)) for _ in range(2)]
    for number in range(5):
        doors[number % 2].sign_in("staff", WRONG)
    assert ["秒后再试" in door.sign_in("staff").text for door in doors] == [True, True]


def test_a_name_that_nobody_has_is_locked_like_any_other(office: Office, visitor: Visitor) -> None:
    for _ in range(5):
        visitor.sign_in("nobody", WRONG)
    assert "秒后再试" in visitor.sign_in("nobody").text


def test_one_address_guessing_at_many_names_is_slowed_and_an_own_account_does_not_clear_it(office, visitor) -> None:
    with office.transaction() as session:
        session.add(SignInFailure(key="source:127.0.0.1", count=29, last_at=clock.now()))
    for number in range(2):
        visitor.sign_in(f"name{number}", WRONG)
    assert "秒后再试" in visitor.sign_in("staff").text
    later(office, timedelta(seconds=5))
    assert visitor.sign_in("staff").status_code == 302
    with office.reading() as session:
        assert session.get_one(SignInFailure, "source:127.0.0.1").count == 31


def test_a_session_ends_after_its_longest_time_and_after_idling(office: Office, sign_in: SignIn) -> None:
    visitor = sign_in("staff")
    later(office, timedelta(minutes=31))
    assert visitor.get("/units/").status_code == 302
    assert "30 分钟没有操作" in visitor.get("/sign-in").text
    visitor.sign_in("staff")
    with office.transaction() as session:
        session.execute(update(SignInSession).values(opened_at=clock.now() - timedelta(hours=10, minutes=1)))
    assert visitor.get("/units/").status_code == 302
    assert "已满 10 小时" in visitor.get("/sign-in").text


def test_looking_keeps_a_session_alive_with_one_note_a_minute(office: Office, sign_in: SignIn) -> None:
    visitor = sign_in("staff")
    for _ in range(3):
        later(office, timedelta(minutes=20))
        assert visitor.get("/units/").status_code == 200
    with office.reading() as session:
        noted = session.scalars(select(SignInSession.seen_at)).one()
    visitor.get("/")
    with office.reading() as session:
        assert session.scalars(select(SignInSession.seen_at)).one() == noted


def test_a_copied_cookie_is_worthless_after_signing_out(app: Flask, sign_in: SignIn, at_the_door: AtTheDoor) -> None:
    visitor = sign_in("staff")
    cookie = visitor.client.get_cookie("yedang")
    visitor.post("/sign-out")
    thief = at_the_door(app)
    thief.client.set_cookie("yedang", cookie.value)
    assert thief.get("/units/").status_code == 302


def test_signing_out_elsewhere_ends_the_other_session_at_once(sign_in: SignIn) -> None:
    here, there, stranger = sign_in("staff"), sign_in("staff"), sign_in("archivist")
    assert here.get("/account/").text.count('/end"') == 2
    number = re.search(r"/account/sessions/(\d+)/end", here.get("/account/").text)[1]
    stranger.post(f"/account/sessions/{number}/end")
    assert there.get("/units/").status_code == 200  # nobody ends the sessions of others
    here.post("/account/sessions/end")
    assert there.get("/units/").status_code == 302
    assert "从另一处结束" in there.get("/sign-in").text
    assert here.get("/units/").status_code == 200


def test_deactivated_means_out_at_once_and_never_in_again(sign_in: SignIn, visitor: Visitor) -> None:
    staff, admin = sign_in("staff"), sign_in("admin")
    assert admin.post("/users/2/deactivate").status_code == 302
    assert staff.get("/units/").status_code == 302
    assert "用户名或密码不正确" in visitor.sign_in("staff").text
    admin.post("/users/2/reactivate")
    assert visitor.sign_in("staff").status_code == 302


def test_the_last_manager_and_oneself_stay(office: Office, sign_in: SignIn) -> None:
    with office.reading() as session:
        ids = {name: users.find_user(session, name).id for name in ("admin", "manager", "manager2")}
    admin = sign_in("admin")
    assert admin.post(f"/users/{ids['manager2']}/deactivate").status_code == 302
    last = admin.post(f"/users/{ids['manager']}/deactivate")
    assert (last.status_code, "最后一位" in last.text) == (400, True)
    assert "不能停用自己" in admin.post(f"/users/{ids['admin']}/deactivate").text


def test_a_first_password_must_be_replaced_before_anything_else(office: Office, sign_in: SignIn, at_the_door, app):
    sign_in("admin").post("/users/", name="新来的", role="staff", password="请您第一次登录时换掉这个")
    visitor = at_the_door(app)
    visitor.token = visitor._token_on("/sign-in")
    assert visitor.post("/sign-in", name="新来的", password="请您第一次登录时换掉这个").status_code == 302
    for address in ("/", "/units/", "/account/", "/users/"):
        assert visitor.get(address).location == "/account/password"
    visitor.token = visitor._token_on("/account/password")
    fields = {"old": "请您第一次登录时换掉这个", "new": NEW, "again": NEW}
    assert visitor.post("/scans/").location == "/account/password"
    assert "不一致" in visitor.post("/account/password", **fields | {"again": NEW + "x"}).text
    assert (
        "太常见" in visitor.post("/account/password", **fields | {"new": "Password1234", "again": "Password1234"}).text
    )
    assert "相同" in visitor.post("/account/password", **fields | {"new": fields["old"], "again": fields["old"]}).text
    assert visitor.post("/account/password", **fields).status_code == 302
    assert visitor.get("/units/").status_code == 200


def test_changing_the_password_ends_the_other_sessions(sign_in: SignIn, password: str, at_the_door, app: Flask) -> None:
    here, there = sign_in("staff"), sign_in("staff")
    assert "现用密码不正确" in here.post("/account/password", old=WRONG, new=NEW, again=NEW).text
    here.post("/account/password", old=password, new=NEW, again=NEW)
    assert (here.get("/units/").status_code, there.get("/units/").status_code) == (200, 302)
    assert at_the_door(app).sign_in("staff").status_code == 400


def test_a_reset_gives_a_word_for_one_sign_in_and_three_days(office: Office, sign_in, at_the_door, app: Flask) -> None:
    staff, admin = sign_in("staff"), sign_in("admin")
    shown = admin.post("/users/2/reset").text
    word = re.search(r'class="one-time">([^<]+)<', shown)[1]
    assert staff.get("/units/").status_code == 302
    assert word not in admin.get("/users/2").text
    visitor = at_the_door(app)
    visitor.token = visitor._token_on("/sign-in")
    assert visitor.post("/sign-in", name="staff", password=word).location == "/"
    assert visitor.get("/").location == "/account/password"
    with office.transaction() as session:
        session.execute(update(User).values(one_time_until=clock.now() - timedelta(seconds=1)))
    assert "用户名或密码不正确" in at_the_door(app).sign_in("staff", word).text


def test_only_an_administrator_manages_users(sign_in: SignIn) -> None:
    for name in ("staff", "archivist", "supervisor", "manager"):
        visitor = sign_in(name)
        for act in ("reset", "unlock", "deactivate", "reactivate", "forget-factor", "sign-out"):
            assert visitor.post(f"/users/3/{act}").status_code == 403


@pytest.fixture
def enrolled(office: Office, sign_in: SignIn) -> tuple[Visitor, str, list[str]]:
    """Staff with an authenticator: the visitor, its secret, the recovery codes that were shown."""
    visitor = sign_in("staff")
    visitor.post("/account/factor/begin")
    page = visitor.get("/account/factor").text
    secret = re.search(r"<code[^>]*>([A-Z2-7 ]+)</code>", page)[1].replace(" ", "")
    assert "验证码不正确" in visitor.post("/account/factor/confirm", code="000000").text
    shown = visitor.post("/account/factor/confirm", code=pyotp.TOTP(secret).now()).text
    return visitor, secret, re.findall(r"<li>([A-Z2-9]{4}(?:-[A-Z2-9]{4}){3})</li>", shown)


def next_code(office: Office, secret: str) -> str:
    """A code that was not taken yet, without waiting half a minute for it."""
    with office.transaction() as session:
        session.execute(update(SecondFactor).values(last_step=SecondFactor.last_step - 10))
    return pyotp.TOTP(secret).now()


def half_in(visitor: Visitor, password: str) -> None:
    visitor.token = visitor._token_on("/sign-in")
    assert visitor.post("/sign-in", name="staff", password=password).location == "/sign-in/code"
    visitor.token = visitor._token_on("/sign-in/code")


def test_with_an_authenticator_the_password_alone_opens_nothing(office, enrolled, at_the_door, app, password) -> None:
    _, secret, _ = enrolled
    visitor = at_the_door(app)
    half_in(visitor, password)
    assert visitor.get("/units/").status_code == 302
    code = next_code(office, secret)
    assert visitor.post("/sign-in/code", code=code).location == "/"
    assert visitor.get("/units/").status_code == 200
    again = at_the_door(app)
    half_in(again, password)
    assert "已用过" in again.post("/sign-in/code", code=code).text  # seen over a shoulder, it serves nobody
    assert again.get("/units/").status_code == 302


def test_a_recovery_code_serves_once(enrolled, at_the_door, app: Flask, password: str) -> None:
    owner, _, codes = enrolled
    assert len(codes) == 10
    for expected in (302, 400):
        visitor = at_the_door(app)
        half_in(visitor, password)
        assert visitor.post("/sign-in/code", code=codes[0].lower()).status_code == expected
    assert "还有 9 个恢复码" in owner.get("/account/").text
    assert codes[1] not in owner.get("/account/factor").text


def test_codes_cannot_be_guessed_by_whoever_knows_the_password(office, enrolled, at_the_door, app, password) -> None:
    visitor = at_the_door(app)
    for _ in range(5):
        half_in(visitor, password)  # the password, right again and again, clears nothing
        visitor.post("/sign-in/code", code="123456")
    assert "秒后再试" in visitor.post("/sign-in/code", code="123456").text


def test_the_secret_of_an_authenticator_lies_sealed(office: Office, enrolled) -> None:
    _, secret, codes = enrolled
    with office.reading() as session:
        row = session.scalars(select(SecondFactor)).one()
        assert office.vault.open_for_sign_in(session, row.sealed).decode() == secret
    stored = b"".join(path.read_bytes() for path in office.settings.home.glob("yedang.sqlite*"))
    assert secret.encode() not in stored
    assert codes[0].replace("-", "").encode() not in stored


def test_an_administrator_helps_whoever_lost_the_telephone(enrolled, sign_in, at_the_door, app: Flask) -> None:
    sign_in("admin").post("/users/2/forget-factor")
    assert at_the_door(app).sign_in("staff").location == "/"


def test_where_the_office_demands_it_nothing_opens_before_the_authenticator(office: Office, at_the_door) -> None:
    office.settings = replace(office.settings, second_factor=frozenset({"manager"}))
    app = create_app(office)
    manager, staff = at_the_door(app), at_the_door(app)
    manager.token = manager._token_on("/sign-in")
    manager.post("/sign-in", name="manager", password="一间办公室的长密码123")
    assert manager.get("/units/").location == "/account/factor"
    assert "要求您的岗位" in manager.get("/account/factor").text
    assert staff.sign_in("staff").location == "/"
    assert staff.get("/units/").status_code == 200


def test_behind_https_the_cookie_is_secure_and_browsers_keep_to_it(office: Office, at_the_door) -> None:
    office.settings = replace(office.settings, https=True)
    answer = at_the_door(create_app(office)).get("/sign-in")
    assert "Secure" in answer.headers["Set-Cookie"]
    assert "max-age=" in answer.headers["Strict-Transport-Security"]


@pytest.fixture
def written(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Everything that any logger writes."""
    with caplog.at_level(logging.DEBUG):
        yield caplog


def test_no_secret_gets_into_logs_or_addresses(office, app, at_the_door, sign_in, written, password) -> None:
    visitor, addresses = at_the_door(app), []

    def send(path: str, **fields: Any) -> str:
        answer = visitor.post(path, **fields)
        addresses.append(f"{path} {answer.headers.get('Location', '')}")
        return str(answer.text)

    visitor.token = visitor._token_on("/sign-in")
    send("/sign-in", name=password, password=WRONG)  # typed into the wrong field
    send("/sign-in", name="staff", password=password)
    visitor.token = visitor._token_on("/account/password")
    send("/account/password", old=password, new=NEW, again=NEW)
    send("/account/factor/begin")
    secret = re.search(r"<code[^>]*>([A-Z2-7 ]+)</code>", visitor.get("/account/factor").text)[1].replace(" ", "")
    code = pyotp.TOTP(secret).now()
    codes = re.findall(r"<li>([A-Z2-9]{4}(?:-[A-Z2-9]{4}){3})</li>", send("/account/factor/confirm", code=code))
    word = re.search(r'class="one-time">([^<]+)<', sign_in("admin").post("/users/3/reset").text)[1]
    cookie = visitor.client.get_cookie("yedang")
    with office.reading() as session:
        log = "".join(f"{row.subject}{row.details}" for row in session.scalars(select(AuditEntry)))
    told = written.text + "".join(addresses) + log
    for one in (password, WRONG, NEW, secret, code, codes[0], word, cookie.value):
        assert one not in told


def test_a_password_hashed_with_other_parameters_is_hashed_anew_at_sign_in(office, visitor, password) -> None:
    import argon2  # noqa: PLC0415 - the only place that makes hashes of former times

    weak = argon2.PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(password)
    with office.transaction() as session:
        users.find_user(session, "staff").password_hash = weak
    assert visitor.sign_in("staff").status_code == 302
    with office.reading() as session:
        renewed = users.find_user(session, "staff").password_hash
    assert renewed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_code_is_taken_by_one_of_two_at_once(office: Office, enrolled) -> None:
    _, secret, _ = enrolled
    code = next_code(office, secret)
    with office.transaction() as session:
        assert second_factors.take_code(session, office.vault, 2, code)
        assert not second_factors.take_code(session, office.vault, 2, code)
