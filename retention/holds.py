"""Holds 冻结: while one stands, nothing that it covers is destroyed, whatever has been approved.

A hold and a destruction never overlap: each takes the same lock before it looks, and keeps it until its commit
(``take_turns``). Whoever comes second sees what the first one did.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import ColumnElement, or_, select, text
from sqlalchemy.orm import Session

from records import audit, clock
from records.audit import Verb
from records.errors import BadInput, NotFound, OfficeError
from records.tables import Document, Dossier, Unit
from records.users import Actor, Role
from retention.material import Material
from retention.tables import Hold

HOLD_KINDS = {"dossier": "业主档案", "unit": "单元", "series": "档案类别", "document": "文件"}
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
    actor.require("冻结档案", Role.SUPERVISOR, Role.MANAGER)
    if kind not in HOLD_KINDS:
        raise BadInput(what=f"冻结对象 {kind}(可选:{'、'.join(HOLD_KINDS)})")
    if not reason.strip():
        raise BadInput(what="冻结须写明原因")
    if review_on is not None and review_on <= clock.today():
        raise BadInput(what=f"复核日期 {review_on} 须在今天之后")
    take_turns(session)
    hold = Hold(
        target_kind=kind,
        target_id=_target(session, kind, target),
        reason=reason.strip(),
        review_on=review_on,
        placed_by=actor.id,
        placed_at=clock.now(),
    )
    session.add(hold)
    session.flush()
    details = {"hold": hold.id, "review_on": review_on.isoformat() if review_on else None}
    audit.append(session, actor.id, Verb.HOLD_PLACED, f"{kind}:{hold.target_id}", details)
    return hold


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
    for piece in material.pieces:
        names |= {("document", str(piece.id)), ("series", piece.series or ""), ("series", piece.procedure)}
    return [hold for hold in standing if (hold.target_kind, hold.target_id) in names]


def held(session: Session, material: Material) -> Sequence[Hold]:
    """The holds that stand on a record (``material.find``) or any part of it; empty when it is free."""
    return stopping(active(session), material)
