"""Administration: users and their roles. An administrator opens nothing of what the office holds."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from records.tables import User
from records.users import MINIMUM_PASSWORD, Role, add_user
from web import visit
from web.visit import only

views = Blueprint("administration", __name__, url_prefix="/users")


@views.get("/")
@only(Role.ADMIN)
def listing() -> ResponseReturnValue:
    """Everyone who may sign in."""
    users = visit.look().scalars(select(User).order_by(User.active.desc(), User.id))
    return render_template("users.html", users=list(users), roles=list(Role), minimum=MINIMUM_PASSWORD)


@views.post("/")
@only(Role.ADMIN)
def add() -> ResponseReturnValue:
    """Add a user with a first password."""
    with visit.act() as session:
        user = add_user(session, visit.actor(), visit.typed("name"), visit.typed("role"), request.form["password"])
    flash(_("已添加 {name}。请当面告知初始密码。").format(name=user.name), "success")
    return redirect(url_for("administration.listing"))
