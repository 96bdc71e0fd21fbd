"""Saved searches 已存检索: keep a question with its filters, name it, share it, forget it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from records.users import OFFICE_ROLES, Role
from search import saved
from web import visit
from web.views.search import address_of, asked_for
from web.visit import only

views = Blueprint("saved_searches", __name__, url_prefix="/search/saved")


@views.post("/")
@only(*OFFICE_ROLES)
def save() -> ResponseReturnValue:
    """Save the question that is on the page; under a name of one's own that is there already, in its place."""
    question = asked_for()
    with visit.act() as session:
        saved.save(session, visit.actor(), visit.typed("name"), question, shared=bool(visit.typed("shared")))
    flash(_("已保存，检索页（清空检索框）可随时打开。"), "success")
    return redirect(address_of(question))


@views.post("/<int:saved_id>/name")
@only(*OFFICE_ROLES)
def rename(saved_id: int) -> ResponseReturnValue:
    """Another name."""
    with visit.act() as session:
        saved.rename(session, visit.actor(), saved.get(session, visit.actor(), saved_id), visit.typed("name"))
    return redirect(url_for("search.page"))


@views.post("/<int:saved_id>/share")
@only(Role.MANAGER)
def share(saved_id: int) -> ResponseReturnValue:
    """For the whole office, or for oneself again."""
    with visit.act() as session:
        row = saved.get(session, visit.actor(), saved_id)
        saved.share(session, visit.actor(), row, bool(visit.typed("shared")))
    return redirect(url_for("search.page"))


@views.post("/<int:saved_id>/forget")
@only(*OFFICE_ROLES)
def forget(saved_id: int) -> ResponseReturnValue:
    """Remove it."""
    with visit.act() as session:
        saved.forget(session, visit.actor(), saved.get(session, visit.actor(), saved_id))
    flash(_("已删除这个检索。"), "success")
    return redirect(url_for("search.page"))
