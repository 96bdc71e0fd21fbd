"""Scanning 扫描: files come in one by one, each page gets its fate, and the page says which."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from forms.scanning.looking import quality
from forms.scanning.receiving import intake, page_fates
from forms.scanning.tray import in_tray
from forms.tables import ScanBatch
from records import access
from records.errors import BadInput, NotFound, OfficeError
from records.tables import Dossier
from records.users import OFFICE_ROLES, Role
from web import visit
from web.acts.scans import rescans
from web.background import batches
from web.background.batches import BatchHand
from web.visit import only
from web.wording.language import told

views = Blueprint("scanning", __name__, url_prefix="/scans")
SHOWN = 30


@views.get("/")
@only(*OFFICE_ROLES)
def listing() -> ResponseReturnValue:
    """The place to bring files to; the day's batches, and the latest before, with what has become of them so far."""
    session = visit.look()
    found = batches.latest(session, SHOWN)
    return render_template(
        "scans.html",
        today=[batch for batch in found if batches.is_of_today(batch)],
        earlier=[batch for batch in found if not batches.is_of_today(batch)],
        counts={batch.id: batches.counts(session, batch.id) for batch in found},
        people=visit.people(),
    )


@views.post("/")
@only(*OFFICE_ROLES)
def receive() -> ResponseReturnValue:
    """Take in the files that were sent; each is sealed as received, then filed beside the visitors.

    A script sends one file with each request and is told of it. A plain form may send several at once: each is taken in
    by itself, so that one bad file stops no other.
    """
    files = [file for file in request.files.getlist("files") if file.filename]
    if not files:
        raise BadInput(what=_("没有选择文件"))
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        return _told(*_take_in(files[-1]))
    if len(files) == 1:
        batch_id, again = _take_in(files[0])
        if again:
            flash(again, "info")
        return redirect(url_for("scanning.page", batch_id=batch_id))
    for file in files:
        _take_in_and_say(file)
    return redirect(url_for("scanning.listing"))


def _told(batch_id: int, again: str) -> ResponseReturnValue:
    return {
        "batch": batch_id,
        "page": url_for("scanning.page", batch_id=batch_id),
        "progress": url_for("scanning.progress", batch_id=batch_id),
        "again": bool(again),
        "message": again,
    }


def _take_in_and_say(file: FileStorage) -> None:
    try:
        batch_id, again = _take_in(file)
    except OfficeError as error:
        flash(told(error.sentence("zh"), error.sentence("en")), "danger")
    else:
        flash(again or _("“{name}”已收下，第 {batch} 批。").format(name=file.filename, batch=batch_id), "info")


def _take_in(file: FileStorage) -> tuple[int, str]:
    """The batch of a file, and what to say when the same file has come before (else nothing)."""
    desk, name = visit.office().desk, file.filename or "scan"
    with intake.laid_in(desk, name, file.stream) as spool, visit.act() as session:
        known = intake.find_batch(session, spool.digest)
        again = told(*intake.already_received(known)) if known is not None else ""
        batch = intake.receive(session, desk, visit.actor(), name, spool, source="web")
        batch_id, waiting = batch.id, batch.state == "received"
    if waiting:
        _hand().take_up(visit.actor(), batch_id)
    return batch_id, again


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
    fates = page_fates.fates(session, batch_id)
    return render_template(
        "scan.html",
        batch=batch,
        fates=fates,
        faults={fate.position: quality.faults(fate.quality) for fate in fates},
        missing=rescans.missing_in(session, batch),
        counts=batches.counts(session, batch_id),
        open_numbers=_open_numbers(),
        mine=in_tray.keeper_of(session, batch) == visit.actor().id,
        filer=batch.received_by == visit.actor().id or visit.actor().role == Role.ARCHIVIST,
        forms={form.code: form for form in visit.office().catalogue.forms},
    )


def _open_numbers() -> set[str]:
    ids = access.open_dossiers(visit.look(), visit.actor())
    return set(visit.look().scalars(select(Dossier.number).where(Dossier.id.in_(ids))))


@views.get("/today")
@only(*OFFICE_ROLES)
def today() -> ResponseReturnValue:
    """How far the day's batches and those not yet filed have come, for their progress bars."""
    session = visit.look()
    found = [one for one in batches.latest(session, SHOWN) if batches.is_of_today(one) or one.state == "received"]
    return {"batches": [{"batch": one.id, **_progress(one)} for one in found]}


@views.get("/<int:batch_id>/progress")
@only(*OFFICE_ROLES)
def progress(batch_id: int) -> ResponseReturnValue:
    """How far a batch has come, for the progress bar."""
    return _progress(_batch(batch_id))


def _progress(batch: ScanBatch) -> dict[str, object]:
    batch_id = batch.id
    count = batches.counts(visit.look(), batch_id)
    finished, done = batch.state == "filed", batch.page_count - count.get("received", 0)
    if not finished:
        _hand().take_up(visit.actor(), batch_id)
        sentence = _("正在识别，{done} / {total} 页").format(done=done, total=batch.page_count)
    else:
        sentence = _summary(count)
    page = url_for("scanning.page", batch_id=batch_id)
    return {"done": done, "total": batch.page_count, "finished": finished, "sentence": sentence, "page": page}


def _summary(count: dict[str, int]) -> str:
    parts = [
        (count.get("filed", 0), _("已归档 {count} 页")),
        (count.get("tray", 0), _("待处理 {count} 页")),
        (count.get("duplicate", 0), _("重复 {count} 页")),
        (count.get("blank", 0), _("空白背面 {count} 页")),
        (count.get("refused", 0), _("不归档 {count} 页")),
        (count.get("rescan", 0), _("待重扫 {count} 页")),
    ]
    return str(_("，")).join(words.format(count=number) for number, words in parts if number)


def _batch(batch_id: int) -> ScanBatch:
    batch = visit.look().get(ScanBatch, batch_id)
    if batch is None:
        raise NotFound(what=f"扫描批次 {batch_id}")
    return batch
