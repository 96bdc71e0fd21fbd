"""The first page: the day's work of whoever has signed in."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from web import visit
from web.work import tasks, tiles, ways

views = Blueprint("home", __name__)


@views.get("/")
def page() -> ResponseReturnValue:
    """What waits today, by role, and the ways to begin."""
    session, me = visit.look(), visit.actor()
    return render_template(
        "home.html", tiles=tiles.tiles(session, me), tasks=tasks.tasks(session, me), ways=ways.ways(me)
    )
