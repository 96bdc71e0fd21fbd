"""Who is at the screen: sign-in by name and password, slowed after failures, and the limits of a session."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock
from typing import ClassVar

from flask import Flask, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from sqlalchemy import select

from records import audit, clock
from records.audit import Verb
from records.errors import OfficeError
from records.tables import User
from records.users import Actor, as_actor, check_password
from web import visit

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=10)
#: Pages that anybody may open: how to come in, and what those pages are drawn with.
OPEN_ENDPOINTS = frozenset({"static", "bootstrap.static", "signing_in.page", "signing_in.enter", "signing_in.language"})


class SignInRefused(OfficeError):
    """Name and password do not fit; which of the two is not told."""

    code = "sign_in.refused"
    zh = "用户名或密码不正确。"
    en = "Name or password is wrong."


class SignInSlowed(OfficeError):
    """Too many failures for this name; the next try has to wait."""

    code = "sign_in.slowed"
    zh = "多次输入错误，请在 {seconds} 秒后再试。"
    en = "Too many failures; try again in {seconds} seconds."


class SignedIn(UserMixin):  # type: ignore[misc]  # Flask-Login ships no types
    """The user of this session, as Flask-Login knows them."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor

    def get_id(self) -> str:
        """What the session keeps of the user: the id alone."""
        return str(self.actor.id)


@dataclass
class Throttle:
    """Failures per name, in this process. From the fifth on, each failure doubles the wait, up to five minutes."""

    MOST_NAMES: ClassVar[int] = 10_000
    now: Callable[[], float] = time.monotonic
    _failures: dict[str, tuple[int, float]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def require(self, name: str) -> None:
        """Raise SignInSlowed while the name has to wait."""
        with self._lock:
            count, last = self._failures.get(name, (0, 0.0))
        wait = last + self.wait_after(count) - self.now()
        if wait > 0:
            raise SignInSlowed(seconds=math.ceil(wait))

    def failed(self, name: str) -> None:
        """Count a failure."""
        with self._lock:
            count, _last = self._failures.get(name, (0, 0.0))
            # Re-laid, so that the oldest stand first and go first when somebody tries endless names.
            self._failures.pop(name, None)
            self._failures[name] = (count + 1, self.now())
            while len(self._failures) > self.MOST_NAMES:
                self._failures.pop(next(iter(self._failures)))

    def forget(self, name: str) -> None:
        """The right password clears the count."""
        with self._lock:
            self._failures.pop(name, None)

    def __len__(self) -> int:
        """How many names have failures counted."""
        return len(self._failures)

    @staticmethod
    def wait_after(count: int) -> int:
        """Seconds to wait after so many failures in a row.

        >>> [Throttle.wait_after(count) for count in (4, 5, 6, 20)]
        [0, 2, 4, 300]
        """
        return 0 if count < 5 else min(2 ** (count - 4), 300)


def prepare(app: Flask) -> None:
    """Demand a sign-in for every page that is not named as open."""
    manager = LoginManager(app)
    manager.session_protection = "strong"
    manager.user_loader(_load_user)
    app.extensions["yedang_throttle"] = Throttle()
    app.config["PERMANENT_SESSION_LIFETIME"] = IDLE
    app.before_request(_demand_sign_in)


def _load_user(user_id: str) -> SignedIn | None:
    user = visit.look().get(User, int(user_id))
    return SignedIn(as_actor(user)) if user is not None and user.active else None


def _demand_sign_in() -> ResponseReturnValue | None:
    if request.endpoint in OPEN_ENDPOINTS:
        return None
    if current_user.is_authenticated:
        if clock.now().timestamp() - session.get("since", 0) <= LONGEST.total_seconds():
            return None
        leave()
        flash(_("登录已满 10 小时，请重新登录。"), "info")
    onward = request.full_path.rstrip("?") if request.method == "GET" and request.path != "/" else None
    return redirect(url_for("signing_in.page", next=onward))


def enter(throttle: Throttle, name: str, password: str) -> Actor:
    """Check name and password, log the outcome, and open a fresh session. Raises SignInSlowed, SignInRefused."""
    throttle.require(name)
    with visit.office().reading() as reading:
        user = check_password(reading, name, password)
        known = reading.scalar(select(User.id).where(User.name == name))
    verb = Verb.USER_SIGNED_IN if user else Verb.USER_SIGN_IN_FAILED
    with visit.act() as acting:
        audit.append(acting, user.id if user else None, verb, f"user:{known or 'unknown'}")
    if user is None:
        throttle.failed(name)
        raise SignInRefused()
    throttle.forget(name)
    return _open_session(as_actor(user))


def _open_session(actor: Actor) -> Actor:
    # A fresh session: nothing that an earlier visitor left in this browser carries over, except the language.
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
    session.permanent = True
    session["since"] = clock.now().timestamp()
    login_user(SignedIn(actor))
    return actor


def leave() -> None:
    """End the session."""
    language = session.get("language")
    logout_user()
    session.clear()
    if language:
        session["language"] = language


def local_path(text: str | None) -> str | None:
    """A path of this application to go on to, or None for anything that leads elsewhere.

    >>> local_path("/books?x=1"), local_path("//evil.example"), local_path("https://evil.example")
    ('/books?x=1', None, None)
    """
    safe = bool(text) and str(text).startswith("/") and not str(text).startswith(("//", "/\\"))
    return text if safe else None
