"""Coming in, going out, and the language switch."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from web import signing_in, visit
from web.wording.language import LANGUAGES

views = Blueprint("signing_in", __name__)


@views.get("/sign-in")
def page() -> ResponseReturnValue:
    """The sign-in page."""
    if current_user.is_authenticated:
        return redirect(url_for("home.page"))
    return render_template("sign_in.html", onward=signing_in.local_path(request.args.get("next")))


@views.post("/sign-in")
def enter() -> ResponseReturnValue:
    """Check name and password, then go on to where the visitor wanted to be, by way of the second factor if any."""
    onward = signing_in.local_path(request.args.get("next"))
    if signing_in.enter(visit.typed("name"), request.form.get("password", "")):
        return redirect(onward or url_for("home.page"))
    return redirect(url_for("signing_in.code", next=onward))


@views.get("/sign-in/code")
def code() -> ResponseReturnValue:
    """Asks for the second factor."""
    if signing_in.half_way() is None:
        return redirect(url_for("signing_in.page"))
    return render_template("sign_in_code.html", onward=signing_in.local_path(request.args.get("next")))


@views.post("/sign-in/code")
def enter_code() -> ResponseReturnValue:
    """Take the second factor and go on."""
    signing_in.enter_code(visit.typed("code"))
    return redirect(signing_in.local_path(request.args.get("next")) or url_for("home.page"))


@views.post("/sign-out")
def leave() -> ResponseReturnValue:
    """End the session."""
    signing_in.leave(visit.actor(), current_user.session_id)
    return redirect(url_for("signing_in.page"))


@views.post("/language")
def language() -> ResponseReturnValue:
    """Switch the language and return to the page at hand."""
    if request.form.get("language") in LANGUAGES:
        session["language"] = request.form["language"]
    came_from = urlsplit(request.referrer or "")
    onward = f"{came_from.path}?{came_from.query}" if came_from.query else came_from.path
    return redirect(signing_in.local_path(onward) or url_for("home.page"))
