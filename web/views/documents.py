"""A document and its pages on screen. Unknown and not allowed read the same; every page shown or refused is logged."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from records.errors import NotFound
from web import viewer, visit

views = Blueprint("documents", __name__, url_prefix="/documents")


@views.get("/<int:document_id>")
def page(document_id: int) -> ResponseReturnValue:
    """One document: what it is, and the page asked for with its neighbours' numbers."""
    session = visit.look()
    found = viewer.allowed_document(session, visit.actor(), document_id)
    if found is None:
        _log_refusal(document_id, 0)
        raise _unknown(document_id)
    document, decision = found
    positions = [one.position for one in document.pages]
    wanted = request.args.get("page", positions[0] if positions else 1, type=int)
    catalogue = {form.code: form for form in visit.office().catalogue.forms}
    return render_template(
        "document.html",
        document=document,
        decision=decision,
        form=catalogue.get(document.form_code),
        positions=positions,
        position=wanted if wanted in positions else (positions[0] if positions else 1),
    )


@views.get("/<int:document_id>/pages/<int:position>")
def image(document_id: int, position: int) -> ResponseReturnValue:
    """The page's image, made now for this viewer; logged before it leaves."""
    with visit.act() as session:
        decision = viewer.log_look(session, visit.actor(), document_id, position)
    if decision is None or not decision.allowed:
        raise _unknown(document_id)
    data = viewer.watermarked_page(visit.look(), visit.office().vault, visit.actor(), document_id, position, decision)
    return Response(data, mimetype=viewer.IMAGE_TYPE)


def _log_refusal(document_id: int, position: int) -> None:
    with visit.act() as session:
        viewer.log_look(session, visit.actor(), document_id, position)


def _unknown(document_id: int) -> NotFound:
    return NotFound(what=f"文件 {document_id} / document {document_id}")
