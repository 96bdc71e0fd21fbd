"""Who is at the screen: name, password, second factor; sessions that the office keeps and can end at once."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask, flash, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from sqlalchemy import select
from sqlalchemy.orm import Session

from records import audit, clock
from records.audit import Verb
from records.errors import BadInput, OfficeError
from records.signing_in import attempts, second_factors, sessions
from records.signing_in.second_factors import WrongCode
from records.signing_in.sessions import IDLE, Standing
from records.tables import User
from records.users import Actor, Role, as_actor, check_password, renew_digest
from web import visit

#: How long a right password waits for its second factor.
HALF_WAY = timedelta(minutes=5)
#: Pages that anybody may open: how to come in, and what those pages are drawn with.
OPEN_ENDPOINTS = frozenset(
    {
        "static", "bootstrap.static", "signing_in.page", "signing_in.enter", "signing_in.language",
        "signing_in.code", "signing_in.enter_code",
    }
)  # fmt: skip
#: What is open to somebody who must first choose a password, or set up the second factor that the office demands.
FIRST = {
    "account.password": frozenset({"account.password", "account.change_password", "signing_in.leave"}),
    "account.factor": frozenset(
        {"account.factor", "account.begin_factor", "account.confirm_factor", "signing_in.leave"}
    ),
}


class SignInRefused(OfficeError):
    """Name and password do not fit; which of the two is not told."""

    code = "sign_in.refused"
    zh = "用户名或密码不正确。"
    en = "Name or password is wrong."


class SignInTooLate(OfficeError):
    """The second factor came too long after the password."""

    code = "sign_in.too_late"
    zh = "等待验证码的时间已过,请重新登录。"
    en = "The code came too late; sign in again."


class SignedIn(UserMixin):  # type: ignore[misc]  # Flask-Login ships no types
    """The user of this session, as Flask-Login knows them, with the session they came by."""

    def __init__(self, user: User, session_id: int = 0, has_factor: bool = False) -> None:
        self.actor = as_actor(user)
        self.session_id = session_id
        self.must_change = user.must_change
        self.has_factor = has_factor

    def get_id(self) -> str:
        """What the browser keeps of the user beside the session's token."""
        return str(self.actor.id)


def prepare(app: Flask, demanded: frozenset[str] = frozenset()) -> None:
    """Demand a sign-in for every page that is not named as open. Raises BadInput: no such role in the setting."""
    if not demanded <= set(Role):
        raise BadInput(what=f"YEDANG_SECOND_FACTOR {'、'.join(sorted(demanded - set(Role)))}(可选:{'、'.join(Role)})")
    manager = LoginManager(app)
    manager.session_protection = "strong"
    manager.user_loader(_load_user)
    app.config["PERMANENT_SESSION_LIFETIME"] = IDLE
    app.before_request(_demand_sign_in)


def _load_user(user_id: str) -> SignedIn | None:
    found = sessions.find(visit.look(), str(session.get("token", "")))
    if found.row is None or found.user is None or str(found.user.id) != user_id:
        g.sign_in_over = found.why
        return None
    _note(found)
    return SignedIn(found.user, found.row.id, found.has_factor)


def _note(found: Standing) -> None:
    if found.row is not None and sessions.wants_note(found.row):
        with visit.act() as acting:
            sessions.note(acting, found.row.id)


def _demand_sign_in() -> ResponseReturnValue | None:
    if request.endpoint in OPEN_ENDPOINTS:
        return None
    if current_user.is_authenticated:
        first = what_first()
        return redirect(url_for(first)) if first and request.endpoint not in FIRST[first] else None
    if "token" in session:
        forget()
        flash(_why_over(g.get("sign_in_over", "")), "info")
    onward = request.full_path.rstrip("?") if request.method == "GET" and request.path != "/" else None
    return redirect(url_for("signing_in.page", next=onward))


def what_first() -> str | None:
    """The page that whoever is signed in must settle before any other, or None."""
    if current_user.must_change:
        return "account.password"
    demanded = current_user.actor.role in visit.office().settings.second_factor
    return "account.factor" if demanded and not current_user.has_factor else None


def _why_over(why: str) -> str:
    sentences: dict[str, str] = {
        "longest": _("登录已满 10 小时，请重新登录。"),
        "idle": _("30 分钟没有操作，已自动退出，请重新登录。"),
        "elsewhere": _("此处的登录已从另一处结束，请重新登录。"),
        "password": _("密码已修改，请用新密码登录。"),
        "reset": _("密码已重置，请用一次性密码登录。"),
    }
    return sentences.get(why) or str(_("登录已结束，请重新登录。"))


def enter(name: str, password: str) -> bool:
    """Check name and password; True: signed in, False: the second factor is still to come.

    Raises SignInSlowed, SignInLocked, SignInRefused.
    """
    source = request.remote_addr or ""
    with visit.act() as acting:
        attempts.begin(acting, name, source)
    with visit.office().reading() as reading:
        user = check_password(reading, name, password)
        known = reading.scalar(select(User.id).where(User.name == name))
    if user is None:
        _log_failure(known, "password")
        raise SignInRefused()
    with visit.act() as acting:
        half_way = second_factors.in_force(acting, user.id)
        attempts.take_back(acting, name, source, all_of_name=not half_way)
        proven = acting.get_one(User, user.id)
        renew_digest(proven, password)
        if not half_way:
            _come_in(acting, proven)
    if half_way:
        _fresh_session()
        session["half"] = [user.id, clock.now().timestamp()]
    return not half_way


def half_way() -> int | None:
    """The id of whoever has proven a password and still owes the second factor, or None."""
    user_id, since = session.get("half") or (None, 0.0)
    return user_id if clock.now().timestamp() - since <= HALF_WAY.total_seconds() else None


def enter_code(code: str) -> None:
    """Take the second factor: an authenticator's code, or a recovery code. Raises SignInTooLate, WrongCode, ..."""
    user_id, source = half_way(), request.remote_addr or ""
    with visit.office().reading() as reading:
        user = reading.get(User, user_id) if user_id else None
    if user is None or not user.active:
        raise SignInTooLate()
    with visit.act() as acting:
        attempts.begin(acting, user.name, source)
    with visit.act() as acting:
        right = second_factors.take_code(acting, visit.office().vault, user.id, code)
        right = right or second_factors.take_recovery_code(acting, user.id, code)
        if right:
            attempts.take_back(acting, user.name, source, all_of_name=True)
            _come_in(acting, acting.get_one(User, user.id))
    if not right:
        _log_failure(user.id, "code")
        raise WrongCode()


def _log_failure(user_id: int | None, what: str) -> None:
    with visit.act() as acting:
        audit.append(acting, None, Verb.USER_SIGN_IN_FAILED, f"user:{user_id or 'unknown'}", {"by": what})


def _come_in(acting: Session, user: User) -> None:
    token = sessions.open_session(acting, user, request.remote_addr or "", request.user_agent.string)
    audit.append(acting, user.id, Verb.USER_SIGNED_IN, f"user:{user.id}")
    _fresh_session()
    session.permanent = True
    session["token"] = token
    login_user(SignedIn(user))


def _fresh_session() -> None:
    """Nothing that an earlier visitor left in this browser carries over, except the language."""
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language


def leave(actor: Actor, session_id: int) -> None:
    """Sign out: the office's session ends, whatever a copy of the cookie says; then the browser forgets."""
    with visit.act() as acting:
        sessions.end(acting, actor.id, session_id, "signed_out")
        audit.append(acting, actor.id, Verb.USER_SIGNED_OUT, f"user:{actor.id}")
    forget()


def forget() -> None:
    """Let the browser forget the session."""
    logout_user()
    _fresh_session()


def local_path(text: str | None) -> str | None:
    """A path of this application to go on to, or None for anything that leads elsewhere.

    >>> local_path("/books?x=1"), local_path("//evil.example"), local_path("https://evil.example")
    ('/books?x=1', None, None)
    """
    safe = bool(text) and str(text).startswith("/") and not str(text).startswith(("//", "/\\"))
    return text if safe else None
