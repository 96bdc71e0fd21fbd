"""Importing the estate's table in the browser: upload, look at every row's fate, confirm."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from records.errors import BadInput, OfficeError
from records.estate import importing
from web import visit
from web.background.shelf import Shelf
from web.background.uploads import Table
from web.visit import only

views = Blueprint("importing", __name__, url_prefix="/import")
PER_PAGE = 100
KINDS = ("new", "changed", "transfer", "unchanged", "error")


class ChangedSincePreview(OfficeError):
    """What the import would do is no longer what was shown."""

    code = "import.changed_since"
    zh = "预览之后记录有了变化,请再看一遍预览。"
    en = "The records have changed since the preview; look at it again."


def _uploads() -> Shelf[Table]:
    uploads: Shelf[Table] = current_app.extensions["yedang_uploads"]
    return uploads


@views.get("")
@only(*importing.IMPORTERS)
def start() -> ResponseReturnValue:
    """Where a table is handed in, with the headings that are understood."""
    return render_template("import.html")


@views.post("")
@only(*importing.IMPORTERS)
def upload() -> ResponseReturnValue:
    """A table is read and checked; nothing is imported yet."""
    file = request.files.get("table")
    if file is None or not file.filename:
        raise BadInput(what=_("没有选择文件"))
    data = file.read()
    plan = importing.plan(visit.look(), visit.actor(), file.filename, data)
    token = _uploads().put(Table(data, plan, visit.actor().id))
    return redirect(url_for("importing.preview", token=token))


@views.get("/<token>")
@only(*importing.IMPORTERS)
def preview(token: str) -> ResponseReturnValue:
    """Every row's fate, page by page, of one kind where asked."""
    plan = _uploads().get(token, visit.actor().id).plan
    kind = request.args.get("kind", "")
    found = [fate for fate in plan.fates if not kind or fate.kind == kind]
    pages = max(1, -(-len(found) // PER_PAGE))
    page = min(max(1, request.args.get("page", 1, type=int)), pages)
    return render_template(
        "import_preview.html",
        name=plan.name,
        token=token,
        counts=plan.counts,
        fates=found[(page - 1) * PER_PAGE : page * PER_PAGE],
        kind=kind,
        kinds=KINDS,
        page=page,
        pages=pages,
        digest=plan.digest,
        doing=sum(plan.counts[one] for one in ("new", "changed", "transfer")),
    )


@views.post("/<token>/confirm")
@only(*importing.IMPORTERS)
def confirm(token: str) -> ResponseReturnValue:
    """Do what was shown; rows with mistakes are left out only where that was asked for."""
    table, office = _uploads().get(token, visit.actor().id), visit.office()
    with visit.act() as session:
        plan = importing.plan(session, visit.actor(), table.plan.name, table.data)
        if plan.digest != visit.typed("digest"):
            _uploads().swap(token, replace(table, plan=plan))
            raise ChangedSincePreview()
        keep_good = visit.typed("keep_good") == "1"
        done = importing.carry_out(session, office.vault, visit.actor(), plan, keep_good=keep_good)
    _uploads().drop(token)
    told = _("导入完成：新增 {added}，更新 {changed}，业主变更 {transferred}，未变 {known}，略去 {left_out}。")
    flash(told.format(**vars(done)), "success")
    return redirect(url_for("units.listing"))
