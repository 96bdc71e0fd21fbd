"""Coming in, going out, and the language switch."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from records import audit
from records.audit import Verb
from web import signing_in, visit
from web.language import LANGUAGES

views = Blueprint("signing_in", __name__)


@views.get("/sign-in")
def page() -> ResponseReturnValue:
    """The sign-in page."""
    if current_user.is_authenticated:
        return redirect(url_for("home.page"))
    return render_template("sign_in.html", onward=signing_in.local_path(request.args.get("next")))


@views.post("/sign-in")
def enter() -> ResponseReturnValue:
    """Check name and password, then go on to where the visitor wanted to be."""
    signing_in.enter(current_app.extensions["yedang_throttle"], visit.typed("name"), request.form.get("password", ""))
    return redirect(signing_in.local_path(request.args.get("next")) or url_for("home.page"))


@views.post("/sign-out")
def leave() -> ResponseReturnValue:
    """End the session."""
    with visit.act() as acting:
        audit.append(acting, visit.actor().id, Verb.USER_SIGNED_OUT, f"user:{visit.actor().id}")
    signing_in.leave()
    return redirect(url_for("signing_in.page"))


@views.post("/language")
def language() -> ResponseReturnValue:
    """Switch the language and return to the page at hand."""
    if request.form.get("language") in LANGUAGES:
        session["language"] = request.form["language"]
    came_from = urlsplit(request.referrer or "")
    onward = f"{came_from.path}?{came_from.query}" if came_from.query else came_from.path
    return redirect(signing_in.local_path(onward) or url_for("home.page"))
