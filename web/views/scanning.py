"""Scanning 扫描: files come in one by one, each page gets its fate, and the page says which."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from forms.scanning import intake
from forms.tables import ScanBatch
from records import access
from records.errors import BadInput, NotFound
from records.tables import Dossier
from records.users import OFFICE_ROLES, Role
from web import batches, visit
from web.batches import BatchHand
from web.visit import only

views = Blueprint("scanning", __name__, url_prefix="/scans")
SHOWN = 30


@views.get("/")
@only(*OFFICE_ROLES)
def listing() -> ResponseReturnValue:
    """The place to bring files to, and the latest batches with what became of them."""
    session = visit.look()
    found = list(session.scalars(select(ScanBatch).order_by(ScanBatch.id.desc()).limit(SHOWN)))
    return render_template(
        "scans.html",
        batches=found,
        counts={batch.id: batches.counts(session, batch.id) for batch in found},
        people=visit.people(),
    )


@views.post("/")
@only(*OFFICE_ROLES)
def receive() -> ResponseReturnValue:
    """Take in the files that were sent; each is sealed as received, then filed beside the visitors."""
    files = [file for file in request.files.getlist("files") if file.filename]
    if not files:
        raise BadInput(what=_("没有选择文件"))
    made = [_take_in(file) for file in files]
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        last = made[-1]
        return {
            "page": url_for("scanning.page", batch_id=last),
            "progress": url_for("scanning.progress", batch_id=last),
        }
    return redirect(url_for("scanning.page", batch_id=made[0]) if len(made) == 1 else url_for("scanning.listing"))


def _take_in(file: FileStorage) -> int:
    with visit.act() as session:
        batch = intake.receive(session, visit.office().desk, visit.actor(), file.filename or "scan", file.read())
        batch_id, waiting = batch.id, batch.state == "received"
    if waiting:
        _hand().take_up(visit.actor(), batch_id)
    return batch_id


def _hand() -> BatchHand:
    hand: BatchHand = current_app.extensions["yedang_hand"]
    return hand


@views.get("/<int:batch_id>")
@only(*OFFICE_ROLES)
def page(batch_id: int) -> ResponseReturnValue:
    """One batch: the fate of each page.

    Which dossier a page went to is told to whoever brought the batch and to the archivist; to others under a grant.
    """
    session = visit.look()
    batch = _batch(batch_id)
    if batch.state == "received":
        _hand().take_up(visit.actor(), batch_id)
    return render_template(
        "scan.html",
        batch=batch,
        fates=intake.fates(session, batch_id),
        counts=batches.counts(session, batch_id),
        open_numbers=_open_numbers(),
        filer=batch.received_by == visit.actor().id or visit.actor().role == Role.ARCHIVIST,
        forms={form.code: form for form in visit.office().catalogue.forms},
    )


def _open_numbers() -> set[str]:
    ids = access.open_dossiers(visit.look(), visit.actor())
    return set(visit.look().scalars(select(Dossier.number).where(Dossier.id.in_(ids))))


@views.get("/<int:batch_id>/progress")
@only(*OFFICE_ROLES)
def progress(batch_id: int) -> ResponseReturnValue:
    """How far a batch has come, for the progress bar."""
    batch = _batch(batch_id)
    count = batches.counts(visit.look(), batch_id)
    finished, done = batch.state == "filed", batch.page_count - count.get("received", 0)
    if not finished:
        _hand().take_up(visit.actor(), batch_id)
        sentence = _("正在识别，{done} / {total} 页").format(done=done, total=batch.page_count)
    else:
        sentence = _summary(count)
    return {"done": done, "total": batch.page_count, "finished": finished, "sentence": sentence}


def _summary(count: dict[str, int]) -> str:
    parts = [
        (count.get("filed", 0), _("已归档 {count} 页")),
        (count.get("tray", 0), _("待处理 {count} 页")),
        (count.get("duplicate", 0), _("重复 {count} 页")),
        (count.get("blank", 0), _("空白背面 {count} 页")),
        (count.get("refused", 0), _("不归档 {count} 页")),
    ]
    return str(_("，")).join(words.format(count=number) for number, words in parts if number)


def _batch(batch_id: int) -> ScanBatch:
    batch = visit.look().get(ScanBatch, batch_id)
    if batch is None:
        raise NotFound(what=f"扫描批次 {batch_id}")
    return batch
