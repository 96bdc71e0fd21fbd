"""The tray 待处理: pages that the system could not place, each with picture, reason, and a person's decision."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forms.scanning import groups, placing, tray
from forms.tables import ScanPage
from records.errors import NotFound
from records.units import find_unit
from records.users import Role
from web import visit
from web.visit import only

views = Blueprint("tray", __name__, url_prefix="/tray")
FILERS = (Role.STAFF, Role.ARCHIVIST)


@views.get("/")
@only(*FILERS)
def listing() -> ResponseReturnValue:
    """What waits for a person."""
    return render_template("tray.html", waiting=tray.waiting(visit.look()))


@views.get("/<int:page_id>")
@only(*FILERS)
def page(page_id: int) -> ResponseReturnValue:
    """One page of the tray: its picture, why it is here, and where it might go."""
    found = _waiting(page_id)
    catalogue = visit.office().catalogue
    return render_template(
        "tray_page.html",
        scan=found,
        left=len(tray.waiting(visit.look())),
        group=groups.waiting_with(visit.look(), found),
        procedures=catalogue.procedures,
        sections=catalogue.sections,
        guess=found.serial[:5] if found.serial else "",
    )


def _waiting(page_id: int) -> ScanPage:
    found = tray.find(visit.look(), page_id)
    if found.state != "tray":
        raise NotFound(what=_("待处理中的这一页（可能已有人处理）"))
    return found


@views.get("/<int:page_id>/image")
@only(*FILERS)
def image(page_id: int) -> ResponseReturnValue:
    """The page's picture, logged."""
    with visit.act() as session:
        data = tray.image(session, visit.office().desk, visit.actor(), tray.find(session, page_id))
    return Response(data, mimetype=tray.IMAGE_TYPE)


@views.post("/<int:page_id>/place")
@only(*FILERS)
def place(page_id: int) -> ResponseReturnValue:
    """File the page where a person says it belongs."""
    with visit.act() as session:
        unit = find_unit(session, visit.typed("unit")) if visit.typed("unit") else None
        section = visit.typed("section") or None
        document = placing.place(
            session, visit.office().desk, visit.actor(), tray.find(session, page_id),
            form_code=visit.typed("form"), unit=unit, section=section,
        )  # fmt: skip
        place_name = document.dossier.number if document.dossier else document.series
    flash(_("已归入 {place}。").format(place=place_name), "success")
    return _next()


@views.post("/<int:page_id>/confirm")
@only(*FILERS)
def confirm(page_id: int) -> ResponseReturnValue:
    """File a cover sheet with the whole group behind it, having looked at it."""
    with visit.act() as session:
        document = groups.file_anyway(session, visit.office().desk, visit.actor(), tray.find(session, page_id))
    flash(
        _("{serial} 整组 {count} 页已归档。").format(serial=document.serial, count=document.expected_pages), "success"
    )
    return _next()


@views.post("/<int:page_id>/refuse")
@only(*FILERS)
def refuse(page_id: int) -> ResponseReturnValue:
    """Send the page back; it is not filed."""
    with visit.act() as session:
        scan = tray.find(session, page_id)
        tray.refuse(session, visit.office().desk, visit.actor(), scan, visit.typed("reason"))
    flash(_("已退回，不归档。原扫描文件仍封存。"), "info")
    return _next()


def _next() -> ResponseReturnValue:
    """On to the next page that waits, or back to the list."""
    with visit.office().reading() as session:
        waiting = tray.waiting(session)
    if waiting:
        return redirect(url_for("tray.page", page_id=waiting[0].id))
    return redirect(url_for("tray.listing"))
