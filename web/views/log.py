"""The audit log on screen: newest first, verified on demand. It holds ids, verbs and digests, no content."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, select

from records import audit
from records.tables import AuditEntry
from records.users import Role
from web import visit
from web.visit import only
from web.wording.language import told

views = Blueprint("log", __name__, url_prefix="/log")
READERS = (Role.ARCHIVIST, Role.SUPERVISOR, Role.MANAGER, Role.ADMIN)
PER_PAGE = 100


@views.get("/")
@only(*READERS)
def listing() -> ResponseReturnValue:
    """Entries, newest first; of one kind or about one subject where asked."""
    session, kind = visit.look(), request.args.get("kind", "")
    subject = request.args.get("subject", "").strip()
    query = select(AuditEntry)
    if kind:
        query = query.where(AuditEntry.verb.startswith(f"{kind}:", autoescape=True))
    if subject:
        query = query.where(AuditEntry.subject == subject)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    pages = max(1, -(-total // PER_PAGE))
    page = min(max(1, request.args.get("page", 1, type=int)), pages)
    entries = session.scalars(query.order_by(AuditEntry.seq.desc()).limit(PER_PAGE).offset((page - 1) * PER_PAGE))
    return render_template(
        "log.html",
        entries=list(entries),
        people={f"user:{id_}": name for id_, name in visit.people().items()},
        kinds=sorted({str(verb).split(":", 1)[0] for verb in audit.Verb}),
        kind=kind,
        subject=subject,
        log_head=audit.head(session),
        page=page,
        pages=pages,
    )


@views.post("/verify")
@only(*READERS)
def verify() -> ResponseReturnValue:
    """Recompute the whole chain, and say whether it holds or which entry breaks it."""
    with visit.office().reading() as session:
        finding, (seq, _hash) = audit.verify(session), audit.head(session)
    if finding is None:
        flash(_("日志完整：{count} 条逐条核验，前后相连，没有改动。").format(count=seq), "success")
    else:
        flash(told(finding.zh, finding.en), "danger")
    return redirect(url_for("log.listing"))
