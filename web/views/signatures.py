"""Signatures missing 签名不全: sheets that were filed without, and what a person says who holds the paper."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forms import unsigned
from records.errors import BadInput
from records.users import OFFICE_ROLES
from web import visit
from web.visit import only

views = Blueprint("signatures", __name__, url_prefix="/signatures")
MOST = 300


@views.get("")
@only(*OFFICE_ROLES)
def listing() -> ResponseReturnValue:
    """Filed sheets that lack a signature, the longest waiting first."""
    catalogue = visit.office().catalogue
    found = unsigned.unsigned(visit.look(), catalogue)
    forms = {form.code: form for form in catalogue.forms}
    signing_places = {code: unsigned.names(form) for code, form in forms.items()}
    return render_template(
        "unsigned.html", found=found[:MOST], total=len(found), forms=forms, signing_places=signing_places
    )


@views.post("/<int:document_id>")
@only(*OFFICE_ROLES)
def judge(document_id: int) -> ResponseReturnValue:
    """What the paper says of one place to sign."""
    key, answer = visit.typed("key"), visit.typed("signed")
    if answer not in ("yes", "no"):
        raise BadInput(what=answer)
    with visit.act() as session:
        unsigned.judge(session, visit.actor(), document_id, key, answer == "yes")
    flash(_("已登记为有签名。") if answer == "yes" else _("已登记为未签。"), "success")
    return redirect(url_for("signatures.listing"))
