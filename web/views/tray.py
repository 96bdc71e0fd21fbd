"""The tray 待处理: pages that the system could not place, each with picture, reason, suggestions, and a decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forms.scanning.tray import in_tray, placing, suggesting, tray_journal, tray_texts, undoing, waiting_groups
from forms.tables import ScanPage
from records.errors import BadInput, NotFound
from records.tables import Document
from records.users import Role
from web import viewer, visit
from web.acts.scans import tray_placing, tray_undo
from web.visit import only

views = Blueprint("tray", __name__, url_prefix="/tray")
FILERS = (Role.STAFF, Role.ARCHIVIST)
THUMBNAIL_DPI = 34


@views.get("/")
@only(*FILERS)
def listing() -> ResponseReturnValue:
    """What waits for the visitor, by batch; how much waits for others; what was done last."""
    session, me = visit.look(), visit.actor()
    mine = in_tray.waiting(session, me)
    return render_template(
        "tray.html",
        batches=[(batch, list(pages)) for batch, pages in groupby(mine, lambda page: page.batch)],
        others=in_tray.with_others(session, me),
        last=tray_journal.last_of(session, me),
        kinds=tray_journal.KINDS,
    )


@views.post("/")
@only(*FILERS)
def decide() -> ResponseReturnValue:
    """One act on all the pages that were ticked."""
    with visit.act() as session:
        pages = tray_placing.chosen(session, visit.typed("order"), request.form.getlist("pages"))
        sentence = _act_on(visit.typed("act"), pages)
    flash(sentence, "success")
    return redirect(url_for("tray.listing"))


def _act_on(act: str, pages: list[ScanPage]) -> str:
    session, desk, me = tray_placing.session_of(pages), visit.office().desk, visit.actor()
    count = len(pages)
    if act in ("place", "join"):
        documents = tray_placing.place(session, desk, me, pages, request.form, together=act == "join")
        return str(_("{count} 页已归入 {place}。").format(count=count, place=_place(documents[0])))
    if act in ("90", "180", "270"):
        in_tray.rotate(session, me, pages, int(act))
        return str(_("{count} 页已转动。").format(count=count))
    if act in ("refuse", "rescan"):
        in_tray.send_back(session, desk, me, pages, visit.typed("reason"), rescan=act == "rescan")
        return str(_("{count} 页已退回，不归档。").format(count=count))
    if act == "split":
        in_tray.split(session, me, pages)
        return str(_("{count} 页已拆出。").format(count=count))
    raise BadInput(what=act or _("没有选择要做什么"))


@views.post("/take")
@only(*FILERS)
def take() -> ResponseReturnValue:
    """Take a colleague's batch over."""
    with visit.act() as session:
        count = in_tray.take_over(session, visit.actor(), tray_placing.batch(session, visit.number("batch", 0)))
    flash(_("已接手 {count} 页，记入日志。").format(count=count), "success")
    return redirect(url_for("tray.listing"))


@views.get("/<int:page_id>")
@only(*FILERS)
def page(page_id: int) -> ResponseReturnValue:
    """One page of the tray: its picture, why it is here, what lies beside it, and where it might go."""
    session, desk, me = visit.look(), visit.office().desk, visit.actor()
    found = _waiting(page_id)
    visit.office().vault.master.identities()  # one sentence, instead of a page whose picture does not come
    mine = [one.id for one in in_tray.waiting(session, me)]
    place = mine.index(found.id)
    catalogue = visit.office().catalogue
    return render_template(
        "tray_page.html",
        scan=found,
        place=place + 1,
        left=len(mine),
        before=mine[place - 1] if place else None,
        after=mine[place + 1] if place + 1 < len(mine) else None,
        group=waiting_groups.waiting_with(session, found),
        beside=tray_placing.beside(session, found),
        suggestions=suggesting.suggestions(session, desk, found),
        guess=suggesting.guess(session, desk, found),
        text=tray_texts.text_of(session, found),
        last=tray_journal.last_of(session, me),
        kinds=tray_journal.KINDS,
        forms={form.code: form for form in catalogue.forms},
        sections=catalogue.sections,
    )


def _waiting(page_id: int) -> ScanPage:
    found = in_tray.find(visit.look(), page_id)
    if found.state != "tray" or not in_tray.keeps(visit.look(), visit.actor(), found):
        raise NotFound(what=_("您的待处理中的这一页（可能已处理，或在别人名下）"))
    return found


@views.get("/<int:page_id>/image")
@only(*FILERS)
def image(page_id: int) -> ResponseReturnValue:
    """The page's picture, or a small one, with its filer's marks; logged."""
    dpi = THUMBNAIL_DPI if request.args.get("size") == "small" else 130
    with visit.act() as session:
        scan = in_tray.find(session, page_id)
        blob = in_tray.looked_at(session, visit.actor(), scan)
    data = in_tray.draw(visit.office().desk, blob, scan.rotation, dpi)
    return Response(viewer.marked_tray_page(data, visit.actor()), mimetype=viewer.IMAGE_TYPE)


@views.post("/<int:page_id>/place")
@only(*FILERS)
def place(page_id: int) -> ResponseReturnValue:
    """File the page where a person says it belongs, alone or with others that were ticked as one document."""
    onward = _after(page_id)
    with visit.act() as session:
        ticked = [str(page_id), *request.form.getlist("pages")]
        pages = tray_placing.chosen(session, visit.typed("order"), ticked)
        documents = tray_placing.place(session, visit.office().desk, visit.actor(), pages, request.form, together=True)
        where = _place(documents[0])
    flash(_("已归入 {place}。").format(place=where), "success")
    return _go(onward)


@views.post("/<int:page_id>/number")
@only(*FILERS)
def number(page_id: int) -> ResponseReturnValue:
    """File the page under the number that a person reads on it."""
    onward = _after(page_id)
    with visit.act() as session:
        filed = placing.place_under_number(
            session, visit.office().desk, visit.actor(), in_tray.find(session, page_id),
            visit.typed("serial"), visit.number("page_no", 1), visit.number("copy", 1),
        )  # fmt: skip
        where = _place(filed)
    flash(_("已归入 {place}。").format(place=where), "success")
    return _go(onward)


@views.post("/<int:page_id>/append")
@only(*FILERS)
def append(page_id: int) -> ResponseReturnValue:
    """Lay the page behind the last one of a document of the same batch."""
    onward = _after(page_id)
    with visit.act() as session:
        document = session.get(Document, visit.number("document", 0))
        if document is None:
            raise NotFound(what=_("同一批的文件"))
        pages = [in_tray.find(session, page_id)]
        placing.append(session, visit.office().desk, visit.actor(), pages, document)
        where = _place(document)
    flash(_("已归入 {place}。").format(place=where), "success")
    return _go(onward)


@views.post("/<int:page_id>/confirm")
@only(*FILERS)
def confirm(page_id: int) -> ResponseReturnValue:
    """File a cover sheet with the whole group behind it, having looked at it."""
    onward = _after(page_id)
    with visit.act() as session:
        document = waiting_groups.file_anyway(
            session, visit.office().desk, visit.actor(), in_tray.find(session, page_id)
        )
    flash(
        _("{serial} 整组 {count} 页已归档。").format(serial=document.serial, count=document.expected_pages), "success"
    )
    return _go(onward)


@views.post("/<int:page_id>/turn")
@only(*FILERS)
def turn(page_id: int) -> ResponseReturnValue:
    """Turn the page for the eye."""
    with visit.act() as session:
        in_tray.rotate(session, visit.actor(), [in_tray.find(session, page_id)], visit.number("turn", 0))
    return redirect(url_for("tray.page", page_id=page_id))


@views.post("/<int:page_id>/split")
@only(*FILERS)
def split(page_id: int) -> ResponseReturnValue:
    """Take the page out of the group that it waits with."""
    with visit.act() as session:
        in_tray.split(session, visit.actor(), [in_tray.find(session, page_id)])
    return redirect(url_for("tray.page", page_id=page_id))


@views.post("/<int:page_id>/refuse")
@only(*FILERS)
def refuse(page_id: int) -> ResponseReturnValue:
    """Send the page back: not filed, or to be scanned again."""
    onward, rescan = _after(page_id), visit.typed("act") == "rescan"
    with visit.act() as session:
        scan = in_tray.find(session, page_id)
        in_tray.send_back(session, visit.office().desk, visit.actor(), [scan], visit.typed("reason"), rescan=rescan)
    told = _("已要求重扫。") if rescan else _("已退回，不归档。原扫描文件仍封存。")
    flash(told, "info")
    return _go(onward)


@views.get("/today")
@only(*FILERS)
def today() -> ResponseReturnValue:
    """What was done in the tray today, each with its way back."""
    acts = tray_journal.today(visit.look(), visit.actor())
    documents = {one.id: one for act in acts for one in undoing.documents_of(visit.look(), act)}
    return render_template(
        "tray_today.html", acts=acts, kinds=tray_journal.KINDS, documents=documents, people=visit.people()
    )


@views.post("/today/undo")
@only(*FILERS)
def undo() -> ResponseReturnValue:
    """Take an act back; the visitor goes on with the page that lies in the tray again."""
    with visit.act() as session:
        act_id = visit.number("act", 0)
        pages = tray_undo.undo(session, visit.office().desk, visit.actor(), act_id)
        back, mine = pages[0].id, in_tray.keeps(session, visit.actor(), pages[0])
    flash(_("已撤销，页又在待处理中。"), "success")
    return redirect(url_for("tray.page", page_id=back) if mine else url_for("tray.today"))


@views.get("/choices")
@only(*FILERS)
def choices() -> ResponseReturnValue:
    """What a field may mean by what was typed so far."""
    text = request.args.get("q", "").strip()
    return {"choices": _choices(request.args.get("field", ""), text)}


def _choices(field: str, text: str) -> Iterable[Mapping[str, str]]:
    finders = {
        "form": tray_placing.form_choices,
        "section": tray_placing.section_choices,
        "unit": tray_placing.unit_choices,
    }
    finder = finders.get(field)
    return finder(visit.look(), visit.office().catalogue, text) if finder else []


def _place(document: Document) -> str:
    return document.dossier.number if document.dossier else document.series or ""


def _after(page_id: int) -> int | None:
    """The page that waits behind this one, to go on with, or before it at the end."""
    with visit.office().reading() as session:
        waiting = [one.id for one in in_tray.waiting(session, visit.actor())]
    behind = [one for one in waiting if one > page_id] + [one for one in waiting if one < page_id]
    return behind[0] if behind else None


def _go(onward: int | None) -> ResponseReturnValue:
    """On to that page if it still waits, or back to the list."""
    with visit.office().reading() as session:
        waiting = [one.id for one in in_tray.waiting(session, visit.actor())]
    if onward is not None and waiting:
        return redirect(url_for("tray.page", page_id=onward if onward in waiting else waiting[0]))
    return redirect(url_for("tray.listing"))
