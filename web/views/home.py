"""The first page: the day's work of whoever has signed in."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from web import visit, work

views = Blueprint("home", __name__)


@views.get("/")
def page() -> ResponseReturnValue:
    """What waits today, by role, and the ways to begin."""
    session, me = visit.look(), visit.actor()
    return render_template(
        "home.html", tiles=work.tiles(session, me), tasks=work.tasks(session, me), ways=work.ways(me)
    )
