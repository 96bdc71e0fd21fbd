"""Rescans 重扫: the pages that ask to be scanned again, and how a person asks or takes it back."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forms.scanning.filing import rescans
from records.errors import NotFound
from records.users import OFFICE_ROLES
from web import viewer, visit
from web.acts.scans import rescans as lists
from web.visit import only

views = Blueprint("rescans", __name__, url_prefix="/rescans")


@views.get("/")
@only(*OFFICE_ROLES)
def listing() -> ResponseReturnValue:
    """The pages that ask to be scanned again, and the documents that lack pages."""
    session, me = visit.look(), visit.actor()
    return render_template(
        "rescans.html",
        asked=lists.asked(session, me),
        lacking=lists.lacking(session, me),
        people=visit.people(),
        forms={form.code: form for form in visit.office().catalogue.forms},
    )


@views.post("/documents/<int:document_id>/<int:position>")
@only(*OFFICE_ROLES)
def ask(document_id: int, position: int) -> ResponseReturnValue:
    """Ask for a page of a document that is open to the asker to be scanned again."""
    with visit.act() as session:
        if viewer.allowed_document(session, visit.actor(), document_id) is None:
            raise NotFound(what=f"文件 {document_id} / document {document_id}")
        page = lists.page_at(session, document_id, position)
        rescans.ask_rescan(session, visit.actor(), page, visit.typed("reason"))
    flash(_("已记下。重新扫描这一页后，新的扫描件会自动换下旧的。"), "success")
    return redirect(url_for("documents.page", document_id=document_id, page=position))


@views.post("/<int:rescan_id>/withdraw")
@only(*OFFICE_ROLES)
def withdraw(rescan_id: int) -> ResponseReturnValue:
    """Take an ask back."""
    with visit.act() as session:
        rescans.withdraw_rescan(session, visit.actor(), rescans.find_rescan(session, rescan_id))
    flash(_("已撤回重扫要求。"), "info")
    return redirect(url_for("rescans.listing"))
