"""Administration: users and their roles. An administrator opens nothing of what the office holds."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from records import users
from records.signing_in import attempts, second_factors
from records.signing_in.passwords import MINIMUM_PASSWORD
from records.tables import User
from records.users import Actor, Role, add_user
from web import visit
from web.acts import people
from web.visit import only

views = Blueprint("administration", __name__, url_prefix="/users")


@views.get("/")
@only(Role.ADMIN)
def listing() -> ResponseReturnValue:
    """Everyone who may sign in."""
    rows = people.everyone(visit.look())
    return render_template("users.html", users=rows, roles=list(Role), minimum=MINIMUM_PASSWORD)


@views.post("/")
@only(Role.ADMIN)
def add() -> ResponseReturnValue:
    """Add a user with a first password, which they replace when they first sign in."""
    name, role = visit.typed("name"), visit.typed("role")
    with visit.act() as session:
        user = add_user(session, visit.actor(), name, role, request.form["password"], must_change=True)
    flash(_("已添加 {name}。请当面告知初始密码，首次登录时须自行更换。").format(name=user.name), "success")
    return redirect(url_for("administration.listing"))


@views.get("/<int:user_id>")
@only(Role.ADMIN)
def page(user_id: int) -> ResponseReturnValue:
    """One user: how they stand, and what an administrator can do for them."""
    return _page(user_id)


def _page(user_id: int, one_time: str = "") -> str:
    found = people.one(visit.look(), user_id)
    return render_template("user.html", person=found, one_time=one_time, days=users.ONE_TIME.days)


@views.post("/<int:user_id>/reset")
@only(Role.ADMIN)
def reset(user_id: int) -> ResponseReturnValue:
    """A one-time password, shown this once."""
    with visit.act() as session:
        word = users.reset_password(session, visit.actor(), people.one(session, user_id).user)
    visit.look_away()  # what was looked at before the reset is out of date
    return _page(user_id, word)


@views.post("/<int:user_id>/unlock")
@only(Role.ADMIN)
def unlock(user_id: int) -> ResponseReturnValue:
    """Let somebody try again at once."""
    return _acted(user_id, attempts.unlock, _("已解除锁定。"))


@views.post("/<int:user_id>/deactivate")
@only(Role.ADMIN)
def deactivate(user_id: int) -> ResponseReturnValue:
    """Let somebody sign in no more."""
    return _acted(user_id, people.deactivate, _("已停用，其登录已全部结束。"))


@views.post("/<int:user_id>/reactivate")
@only(Role.ADMIN)
def reactivate(user_id: int) -> ResponseReturnValue:
    """Let somebody sign in again."""
    return _acted(user_id, users.reactivate, _("已恢复。"))


@views.post("/<int:user_id>/forget-factor")
@only(Role.ADMIN)
def forget_factor(user_id: int) -> ResponseReturnValue:
    """For somebody whose telephone is lost: out of force, to be set up anew."""
    return _acted(user_id, second_factors.remove, _("动态验证码已停用，本人可重新启用。"))


@views.post("/<int:user_id>/sign-out")
@only(Role.ADMIN)
def sign_out(user_id: int) -> ResponseReturnValue:
    """End every session of a user."""
    return _acted(user_id, users.sign_out, _("其登录已全部结束。"))


def _acted(user_id: int, act: Callable[[Session, Actor, User], object], sentence: str) -> ResponseReturnValue:
    with visit.act() as session:
        act(session, visit.actor(), people.one(session, user_id).user)
    flash(sentence, "success")
    return redirect(url_for("administration.page", user_id=user_id))
