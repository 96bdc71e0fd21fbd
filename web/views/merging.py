"""Many forms at once: one for each unit of a building, or for each row of a table, as one PDF with numbers in a row."""

from __future__ import annotations

import io

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from forms.printing import merging, recipients
from forms.printing.recipients import Recipients
from forms.printing.shop import PDF, Printed, PrintedFile
from records.errors import BadInput
from records.users import OFFICE_ROLES
from web import visit
from web.views.forms_catalogue import lay_in
from web.visit import only

views = Blueprint("merging", __name__)


@views.post("/forms/<code>/merge")
@only(*OFFICE_ROLES)
def merge(code: str) -> ResponseReturnValue:
    """Print for all: everything is checked and laid out first, then the numbers are taken."""
    office = visit.office()
    form = office.catalogue.form(code)
    prepared = merging.prepare(visit.look(), office.shop, form, _whom(code))
    out = io.BytesIO()
    with visit.act() as session:
        made = merging.merge_pdf(session, office.shop, visit.actor(), prepared, out)
    file = PrintedFile(f"{form.code}-{len(made.serials)}.pdf", PDF, out.getvalue())
    return redirect(url_for("forms_catalogue.printed", token=lay_in(form.code, Printed((file,), made.serials))))


def _whom(code: str) -> Recipients:
    office = visit.office()
    form = office.catalogue.form(code)
    sheet, building = request.files.get("sheet"), visit.typed("building")
    if sheet is not None and sheet.filename:
        return recipients.of_table(visit.look(), form, office.shop.typeface, sheet.filename, sheet.read())
    if not building:
        raise BadInput(what="请填写楼栋,或选择表格 / name a building, or choose a table")
    return recipients.of_building(visit.look(), form, building)
