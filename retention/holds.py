"""Holds 冻结: while one stands, nothing that it covers is destroyed, whatever has been approved.

A hold and a destruction never overlap: each takes the same lock before it looks, and keeps it until its commit
(``take_turns``). Whoever comes second sees what the first one did.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import ColumnElement, func, or_, select, text
from sqlalchemy.orm import Session

from records import audit, clock
from records.audit import Verb
from records.errors import BadInput, NotFound, OfficeError
from records.tables import Document, Dossier, Unit
from records.users import Actor, Role
from retention.material import Material
from retention.tables import HeldDocument, Hold, HoldReview

HOLD_KINDS = {"dossier": "业主档案", "unit": "单元", "series": "档案类别", "document": "文件", "search": "检索结果"}
_NAMED = ("dossier", "unit", "series", "document")
HOLDERS = (Role.SUPERVISOR, Role.MANAGER)
#: A hold on more documents than this is a hold on a unit or a series.
MOST_FOUND = 5_000
# Any fixed number serves, as long as nothing else in the database locks with it.
_TURNS = 0x79_65_68_6F


class AlreadyDestroyed(OfficeError):
    """A hold comes too late: what it should keep has been destroyed."""

    code = "retention.already_destroyed"
    zh = "{what}已经销毁,不能再冻结。"
    en = "{what} has already been destroyed; it cannot be held any more."


class AlreadyReleased(OfficeError):
    """The hold was released before."""

    code = "retention.hold_released"
    zh = "冻结 {hold} 号已经解除。"
    en = "Hold {hold} has already been released."


def take_turns(session: Session) -> None:
    """Let no other hold, decision or destruction proceed until this transaction ends.

    Call it before anything else in the transaction that writes to the log: it comes before the log's own lock.
    """
    # SQLite's BEGIN IMMEDIATE already holds the only write lock.
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:turns)"), {"turns": _TURNS})


def place(
    session: Session, actor: Actor, kind: str, target: int | str, reason: str, review_on: date | None = None
) -> Hold:
    """Hold a dossier, unit or document (by id) or a series (by procedure code) from now on.

    A unit's hold covers all its dossiers, former ones too, and every document that names it; a series' hold also
    covers the dossiers that hold a form of that procedure. Raises NotAllowed, BadInput (no reason, a review date
    that is past), NotFound, AlreadyDestroyed.
    """
    actor.require("冻结档案", *HOLDERS)
    if kind not in _NAMED:
        raise BadInput(what=f"冻结对象 {kind}(可选:{'、'.join(_NAMED)})")
    _require_reason(reason, review_on)
    take_turns(session)
    hold = _hold(actor, kind, _target(session, kind, target), reason, review_on)
    session.add(hold)
    session.flush()
    audit.append(session, actor.id, Verb.HOLD_PLACED, f"{kind}:{hold.target_id}", _details(hold))
    return hold


def place_on_found(
    session: Session,
    actor: Actor,
    document_ids: Iterable[int],
    question: str,
    reason: str,
    review_on: date | None = None,
) -> Hold:
    """Hold the documents that a question found, and the records that they belong to, from now on.

    What the question finds later is not covered. The question itself is kept nowhere: the log has its digest.
    Raises as ``place``; AlreadyDestroyed when one of them is.
    """
    actor.require("冻结档案", *HOLDERS)
    _require_reason(reason, review_on)
    ids = sorted(set(document_ids))
    if not 0 < len(ids) <= MOST_FOUND:
        raise BadInput(what=f"检索结果 {len(ids)} 件(可冻结 1 至 {MOST_FOUND} 件)")
    take_turns(session)
    alive = select(func.count()).where(Document.id.in_(ids), Document.state != "destroyed")
    gone = len(ids) - (session.scalar(alive) or 0)
    if gone:
        raise AlreadyDestroyed(what=f"检索结果中的 {gone} 件")
    digest = hashlib.sha256(question.strip().encode()).hexdigest()
    hold = _hold(actor, "search", digest[:32], reason, review_on)
    hold.found = [HeldDocument(document_id=id_) for id_ in ids]
    session.add(hold)
    session.flush()
    details = {**_details(hold), "documents": len(ids), "question": digest}
    audit.append(session, actor.id, Verb.HOLD_PLACED, f"search:{digest[:16]}", details)
    return hold


def _require_reason(reason: str, review_on: date | None) -> None:
    if not reason.strip():
        raise BadInput(what="冻结须写明原因")
    _require_later(review_on)


def _require_later(review_on: date | None) -> None:
    if review_on is not None and review_on <= clock.today():
        raise BadInput(what=f"复核日期 {review_on} 须在今天之后")


def _hold(actor: Actor, kind: str, target: str, reason: str, review_on: date | None) -> Hold:
    return Hold(
        target_kind=kind,
        target_id=target,
        reason=reason.strip(),
        review_on=review_on,
        placed_by=actor.id,
        placed_at=clock.now(),
    )


def _details(hold: Hold) -> dict[str, object]:
    return {"hold": hold.id, "review_on": hold.review_on.isoformat() if hold.review_on else None}


def review(session: Session, actor: Actor, hold: Hold, review_on: date) -> HoldReview:
    """Look at a hold again and let it stand until the next review date.

    Raises NotAllowed, BadInput (the date is past), AlreadyReleased.
    """
    actor.require("复核冻结", *HOLDERS)
    _require_later(review_on)
    take_turns(session)
    session.flush()
    session.refresh(hold, ["released_at", "review_on"])
    if hold.released_at is not None:
        raise AlreadyReleased(hold=hold.id)
    before = hold.review_on.isoformat() if hold.review_on else None
    reviewed = HoldReview(hold_id=hold.id, review_on=review_on, reviewed_by=actor.id, reviewed_at=clock.now())
    session.add(reviewed)
    hold.review_on = review_on
    session.flush()
    details = {**_details(hold), "before": before}
    audit.append(session, actor.id, Verb.HOLD_REVIEWED, f"{hold.target_kind}:{hold.target_id}", details)
    return reviewed


def reviews_of(session: Session, hold_ids: Iterable[int]) -> dict[int, HoldReview]:
    """The last review of each of these holds that was looked at again."""
    query = select(HoldReview).where(HoldReview.hold_id.in_(list(hold_ids))).order_by(HoldReview.id)
    return {one.hold_id: one for one in session.scalars(query)}


def _target(session: Session, kind: str, target: int | str) -> str:
    what = f"{HOLD_KINDS[kind]} {target}"
    if kind == "series":
        code = str(target).strip().upper()
        if session.scalar(select(Document.id).where(_in_series(code), Document.state != "destroyed")) is None:
            raise NotFound(what=what)
        return code
    try:
        id_ = int(target)
    except ValueError:
        raise NotFound(what=what) from None
    # Columns, not objects: an object that the session has seen before could tell of a state that is past.
    if kind == "unit":
        found = session.scalar(select(Unit.code).where(Unit.id == id_))
    else:
        table = Dossier if kind == "dossier" else Document
        found = session.scalar(select(table.state).where(table.id == id_))
    if found is None:
        raise NotFound(what=what)
    if found == "destroyed":
        raise AlreadyDestroyed(what=what)
    return str(id_)


def _in_series(code: str) -> ColumnElement[bool]:
    return or_(Document.series == code, Document.form_code.startswith(f"{code}-", autoescape=True))


def release(session: Session, actor: Actor, hold: Hold) -> None:
    """Release a hold 解除冻结. Raises NotAllowed (a manager releases), AlreadyReleased."""
    actor.require("解除冻结", Role.MANAGER)
    take_turns(session)
    session.flush()
    session.refresh(hold)
    if hold.released_at is not None:
        raise AlreadyReleased(hold=hold.id)
    hold.released_by, hold.released_at = actor.id, clock.now()
    audit.append(session, actor.id, Verb.HOLD_RELEASED, f"{hold.target_kind}:{hold.target_id}", {"hold": hold.id})


def find_hold(session: Session, hold_id: int) -> Hold:
    """The hold of that number. Raises NotFound."""
    hold = session.get(Hold, hold_id)
    if hold is None:
        raise NotFound(what=f"冻结 {hold_id} 号")
    return hold


def active(session: Session) -> list[Hold]:
    """All holds that stand, oldest first."""
    return list(session.scalars(select(Hold).where(Hold.released_at.is_(None)).order_by(Hold.id)))


def to_review(session: Session, on: date) -> list[Hold]:
    """The holds whose review date has come."""
    return [hold for hold in active(session) if hold.review_on is not None and hold.review_on <= on]


def stopping(standing: Iterable[Hold], material: Material) -> list[Hold]:
    """Those of the holds that cover a record or any part of it."""
    names: set[tuple[str, str]] = {(material.kind, str(material.id))}
    names |= {("unit", str(unit)) for unit in material.units}
    names |= {("series", one.form_code.partition("-")[0]) for one in material.following}
    for piece in material.pieces:
        names |= {("document", str(piece.id)), ("series", piece.series or "")}
    ids = {piece.id for piece in material.pieces}
    return [hold for hold in standing if (hold.target_kind, hold.target_id) in names or hold.documents & ids]


def held(session: Session, material: Material) -> Sequence[Hold]:
    """The holds that stand on a record (``material.find``) or any part of it; empty when it is free."""
    return stopping(active(session), material)
