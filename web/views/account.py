"""One's own account: password, authenticator, and where one is signed in."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from forms.drawing import qr
from records import audit, users
from records.audit import Verb
from records.signing_in import second_factors, sessions
from records.signing_in.passwords import MINIMUM_PASSWORD
from records.tables import User
from web import signing_in, visit

views = Blueprint("account", __name__, url_prefix="/account")


@views.get("/")
def page() -> ResponseReturnValue:
    """Who I am here, and where I am signed in."""
    look, me = visit.look(), visit.actor()
    return render_template(
        "account.html",
        living=sessions.living(look, me.id),
        here=current_user.session_id,
        has_factor=current_user.has_factor,
        codes_left=second_factors.recovery_codes_left(look, me.id),
        demanded=_demanded(),
        minimum=MINIMUM_PASSWORD,
    )


@views.get("/password")
def password() -> ResponseReturnValue:
    """Asks for a new password."""
    return render_template("account_password.html", minimum=MINIMUM_PASSWORD, first=current_user.must_change)


@views.post("/password")
def change_password() -> ResponseReturnValue:
    """Set a password of one's own; every other session of mine ends."""
    old, new = request.form.get("old", ""), request.form.get("new", "")
    if new != request.form.get("again", ""):
        raise users.PasswordsDiffer()
    with visit.act() as session:
        users.change_password(session, visit.actor(), old, new, keep=current_user.session_id)
    flash(_("密码已修改；其他地方的登录已全部结束。"), "success")
    return redirect(url_for("home.page" if current_user.must_change else "account.page"))


@views.get("/factor")
def factor() -> ResponseReturnValue:
    """Setting up the authenticator: its code to scan while it waits to be confirmed."""
    look, office = visit.look(), visit.office()
    secret = second_factors.begun(look, office.vault, visit.actor())
    address = second_factors.address(secret, visit.actor().name, office.settings.office) if secret else ""
    drawing, side = qr.svg_path(address) if secret else ("", 0)
    return render_template(
        "account_factor.html",
        secret=_grouped(secret) if secret else "",
        drawing=drawing,
        side=side,
        has_factor=current_user.has_factor,
        first=signing_in.what_first() is not None,
        codes=[],
    )


@views.post("/factor/begin")
def begin_factor() -> ResponseReturnValue:
    """Make a secret for my authenticator."""
    with visit.act() as session:
        second_factors.begin(session, visit.office().vault, visit.actor())
    return redirect(url_for("account.factor"))


@views.post("/factor/confirm")
def confirm_factor() -> ResponseReturnValue:
    """Put the authenticator in force and tell the recovery codes, this once."""
    with visit.act() as session:
        codes = second_factors.confirm(session, visit.office().vault, visit.actor(), visit.typed("code"))
    return render_template("account_factor.html", codes=codes, has_factor=True, first=False)


@views.post("/factor/codes")
def renew_codes() -> ResponseReturnValue:
    """New recovery codes in the place of the old ones."""
    with visit.act() as session:
        codes = second_factors.renew_recovery_codes(session, visit.actor())
    return render_template("account_factor.html", codes=codes, has_factor=True, first=False)


@views.post("/factor/remove")
def remove_factor() -> ResponseReturnValue:
    """Do without the authenticator, where the office leaves the choice; asks for the password again."""
    with visit.act() as session:
        user = session.get_one(User, visit.actor().id)
        users.require_password(user, request.form.get("password", ""))
        second_factors.remove(session, visit.actor(), user, required=_demanded())
    flash(_("动态验证码已停用。"), "success")
    return redirect(url_for("account.page"))


@views.post("/sessions/end")
def end_others() -> ResponseReturnValue:
    """Sign out everywhere but here."""
    _end(None)
    flash(_("其他地方的登录已全部结束。"), "success")
    return redirect(url_for("account.page"))


@views.post("/sessions/<int:session_id>/end")
def end_one(session_id: int) -> ResponseReturnValue:
    """Sign out of one other place."""
    _end(session_id)
    return redirect(url_for("account.page"))


def _end(session_id: int | None) -> None:
    me = visit.actor()
    with visit.act() as session:
        if session_id is None:
            count = sessions.end_all(session, me.id, "elsewhere", keep=current_user.session_id)
        else:
            count = int(sessions.end(session, me.id, session_id, "elsewhere"))
        audit.append(session, me.id, Verb.SESSIONS_ENDED, f"user:{me.id}", {"sessions": count})


def _demanded() -> bool:
    return visit.actor().role in visit.office().settings.second_factor


def _grouped(secret: str) -> str:
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
