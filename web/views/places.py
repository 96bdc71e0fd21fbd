"""Places 存放位置: what stands where, labels, stocktaking, and dossier paper for a whole building."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from records import clock, loans
from records.errors import BadInput
from records.paper import place_codes, places
from records.users import OFFICE_ROLES
from web import visit
from web.acts.dossiers.dossier_directory import READERS, print_directory
from web.acts.dossiers.dossier_paper import KINDS, LABELS, of_building, print_many
from web.acts.dossiers.dossier_reading import find_dossier
from web.acts.paper.place_paper import found_lines, print_labels, read_label
from web.background.print_jobs import PrintJobs, Progress, Work
from web.files import pdf_file
from web.visit import only
from web.wording.words import word

views = Blueprint("places", __name__, url_prefix="/places")


@views.get("/")
@only(*OFFICE_ROLES)
def listing() -> ResponseReturnValue:
    """All places, by shelf."""
    return render_template("places.html", rows=places.listing(visit.look()), spoken_place=place_codes.format)


@views.post("/add")
@only(*OFFICE_ROLES)
def add() -> ResponseReturnValue:
    """Register a shelf with its boxes, or a box."""
    with visit.act() as session:
        made = places.add(session, visit.actor(), visit.typed("code"), visit.typed("name"), visit.number("boxes", 0))
    flash(_("已登记 {count} 个位置。").format(count=len(made)), "success")
    return redirect(url_for("places.listing"))


@views.post("/labels")
@only(*OFFICE_ROLES)
def labels() -> ResponseReturnValue:
    """Labels of the places that were ticked."""
    with visit.act() as session:
        wanted = [places.find(session, code) for code in request.form.getlist("code")]
        data = print_labels(session, visit.office(), visit.actor(), wanted, visit.number("skip", 0))
    return pdf_file(data, "位置标签.pdf")


@views.get("/stock")
@only(*OFFICE_ROLES)
def stock() -> ResponseReturnValue:
    """The place to scan into what was found along the shelves."""
    return render_template("stock.html", results=None, code=request.args.get("code", ""))


@views.post("/stock")
@only(*OFFICE_ROLES)
def take_stock() -> ResponseReturnValue:
    """Compare what was scanned with what should be there, place by place."""
    with visit.act() as session:
        first = places.find(session, visit.typed("code")).code if visit.typed("code") else ""
        lines = list(found_lines(visit.office(), visit.typed("found")))
        if not lines and not first:
            raise BadInput(what=_("没有扫到任何标签"))
        parts = places.split_found([first] if first else [], lines, first)
        results = [
            places.take_stock(session, visit.actor(), places.find(session, code), names)
            for code, names in parts.items()
        ]
    return render_template("stock.html", results=results, code=first, spoken_place=place_codes.format)


@views.get("/<code>")
@only(*OFFICE_ROLES)
def page(code: str) -> ResponseReturnValue:
    """One place: what should be in it, and what of it is out."""
    session = visit.look()
    place = places.find(session, code)
    away = {loan.dossier_id: loan for loan in loans.out_now(session)}
    spoken = place_codes.format(place.code)
    return render_template(
        "place.html",
        place=place,
        held=places.holdings(session, place),
        away=away,
        spoken_at=spoken,
        today=clock.today(),
    )


@views.post("/<code>/put")
@only(*OFFICE_ROLES)
def put(code: str) -> ResponseReturnValue:
    """Put dossiers into the place: numbers, homes or labels, as typed or scanned."""
    with visit.act() as session:
        place = places.find(session, code)
        names = [_dossier_name(name) for name in visit.typed("dossiers").split()]
        if not names:
            raise BadInput(what=_("没有写明哪一卷"))
        for name in names:
            places.put(session, visit.actor(), find_dossier(session, name), place)
    flash(_("{count} 卷已放入。").format(count=len(names)), "success")
    return redirect(url_for("places.page", code=place.code))


def _dossier_name(text: str) -> str:
    label = read_label(visit.office(), text)
    return label.name if label is not None and label.kind == "dossier" else text


@views.get("/print")
@only(*OFFICE_ROLES)
def printing() -> ResponseReturnValue:
    """Choose a building and a kind of paper."""
    return render_template("building_print.html", kinds=list(KINDS), labels=LABELS, readers=READERS, job=None)


@views.post("/print")
@only(*OFFICE_ROLES)
def begin_print() -> ResponseReturnValue:
    """Begin to print; the next page shows how far it has come."""
    kind, building = visit.typed("kind"), visit.typed("building")
    name, work = _directory(building) if kind == "directory" else _papers(kind, building)
    token = _jobs().begin(visit.actor().id, name, f"{name}{building}.pdf", work)
    return redirect(url_for("places.print_job", token=token))


@views.get("/print/<token>")
@only(*OFFICE_ROLES)
def print_job(token: str) -> ResponseReturnValue:
    """A print: how far it has come, or its file."""
    job = _jobs().find(token, visit.actor().id)
    if job.error is not None:
        raise job.error
    return render_template(
        "building_print.html", kinds=list(KINDS), labels=LABELS, readers=READERS, job=job, token=token
    )


@views.get("/print/<token>/progress")
@only(*OFFICE_ROLES)
def print_progress(token: str) -> ResponseReturnValue:
    """How far a print has come."""
    job = _jobs().find(token, visit.actor().id)
    return {"done": job.done, "total": job.total, "finished": job.finished}


@views.get("/print/<token>/file")
@only(*OFFICE_ROLES)
def print_file(token: str) -> ResponseReturnValue:
    """The printed file, once it is there."""
    job = _jobs().find(token, visit.actor().id)
    if job.data is None:
        return redirect(url_for("places.print_job", token=token))
    return pdf_file(job.data, job.file_name)


def _directory(building: str) -> tuple[str, Work]:
    office, actor = visit.office(), visit.actor()
    actor.require("打印业主档案目录", *READERS)

    def work(_progress: Progress) -> bytes:
        with office.transaction() as session:
            return print_directory(session, office, actor, building)

    return str(_("业主档案目录")), work


def _papers(kind: str, building: str) -> tuple[str, Work]:
    office, actor, skip = visit.office(), visit.actor(), visit.number("skip", 0)
    found = of_building(visit.look(), building, former=bool(visit.typed("former")))

    def work(progress: Progress) -> bytes:
        return print_many(office, actor, found, kind, skip, progress)

    return word("paper", kind), work


def _jobs() -> PrintJobs:
    jobs: PrintJobs = current_app.extensions["yedang_print_jobs"]
    return jobs
