"""A document and its pages on screen. Unknown and not allowed read the same; every page shown or refused is logged."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from records import access, readings
from records.access import ContentClosed
from records.access.prints import record_print
from records.errors import NotFound
from records.tables import Document
from web import viewer, visit
from web.acts.access import prints
from web.acts.scans import page_texts, rescans
from web.viewer import Look
from web.wording.words import READINGS

views = Blueprint("documents", __name__, url_prefix="/documents")


@views.get("/<int:document_id>")
def page(document_id: int) -> ResponseReturnValue:
    """One document: what it is, and the page asked for with its neighbours; that it was opened is logged."""
    me = visit.actor()
    with visit.act() as acting:
        judged, decision = access.judge_document(acting, me, document_id)
        access.log_document(acting, me, judged or document_id, decision)
    found = viewer.allowed_document(visit.look(), me, document_id) if decision.allowed else None
    if found is None:
        raise _unknown(document_id)
    visit.office().vault.master.identities()  # one sentence, instead of a page whose picture does not come
    document, decision = found
    positions = [one.position for one in document.pages]
    wanted = request.args.get("page", positions[0] if positions else 1, type=int)
    position = wanted if wanted in positions else (positions[0] if positions else 1)
    catalogue, question = {form.code: form for form in visit.office().catalogue.forms}, request.args.get("q", "")
    text = page_texts.page_text(visit.look(), visit.office(), document_id, document.form_code, position, question)
    if text.filled:
        with visit.act() as acting:
            readings.log_shown(acting, me, document, position, decision)
    return render_template(
        "document.html",
        document=document,
        text=text,
        waiting=any(one.position == position and one.reading in ("waiting", "claimed") for one in document.pages),
        chosen=request.args.get("field"),
        known_by=READINGS,
        people=visit.people(),
        decision=decision,
        form=catalogue.get(document.form_code),
        positions=positions,
        position=position,
        care=rescans.care(visit.look(), document, position) if positions else None,
        look=_look(),
        zooms=viewer.ZOOMS,
        question=question,
        printable=access.may_print_document(visit.look(), me, document).allowed,
    )


@views.get("/<int:document_id>/pages/<int:position>")
def image(document_id: int, position: int) -> ResponseReturnValue:
    """The page's image, made now for this viewer at the size and turn asked for; logged before it leaves."""
    look = _look()
    with visit.act() as session:
        decision = viewer.log_look(session, visit.actor(), document_id, position, look)
    if not decision.allowed:
        raise _unknown(document_id)
    question, field = request.args.get("q", ""), request.args.get("field")
    hits = page_texts.marks(visit.look(), visit.office(), document_id, position, question, field)
    data = viewer.watermarked_page(
        visit.look(), visit.office().vault, visit.actor(), document_id, position, decision, look, hits
    )
    return Response(data, mimetype=viewer.IMAGE_TYPE)


@views.post("/<int:document_id>/pages/<int:position>/text")
def correct(document_id: int, position: int) -> ResponseReturnValue:
    """Put right what was read in one field of the page; open to whoever may see it, and logged without its words."""
    key, text = request.form.get("field", ""), request.form.get("text", "")
    try:
        with visit.act() as session:
            readings.correct(session, visit.actor(), document_id, position, key, text)
    except NotFound:
        raise _refusal(document_id, position) from None
    flash(_("已更正，检索随即按新的文字。"), "success")
    question = visit.typed("q") or None
    return redirect(url_for("documents.page", document_id=document_id, page=position, field=key or None, q=question))


@views.post("/<int:document_id>/print")
def print_(document_id: int) -> ResponseReturnValue:
    """The document, or one page of it, as PDF with the marks and a number of its own; only under a grant to print."""
    me, look, wanted = visit.actor(), visit.look(), visit.number("page", 0)
    found = viewer.allowed_document(look, me, document_id)
    if found is None:
        raise _refusal(document_id, wanted)
    document, _shown = found
    permission = access.may_print_document(look, me, document)
    if not permission.allowed:
        raise ContentClosed(because=permission.because, because_en=permission.because_en)
    positions = prints.pages_to_print(document, wanted)
    pages = prints.pictures(look, visit.office().vault, document, positions)
    with visit.act() as session:
        row, decision = record_print(session, me, session.get_one(Document, document_id), positions)
    data = prints.bound(pages, row, me, decision)
    answer = Response(data, mimetype="application/pdf")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{row.number}.pdf")
    return answer


def _look() -> Look:
    return Look.of(request.args.get("zoom", type=int), request.args.get("turn", type=int))


def _unknown(document_id: int) -> NotFound:
    return NotFound(what=f"文件 {document_id} / document {document_id}")


def _refusal(document_id: int, position: int) -> NotFound:
    """Log that a page was refused; the error to raise."""
    with visit.act() as session:
        viewer.log_look(session, visit.actor(), document_id, position)
    return _unknown(document_id)
