"""Following owners up: the quarterly household survey, and contacts of owners in arrears every 15 days (DA 4.2.2)."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, Subquery, func, select
from sqlalchemy.orm import Session

from records import audit, clock
from records.audit import Verb
from records.errors import BadInput, NotFound
from records.estate.estate_tables import Arrears, FollowUp
from records.estate.people import DossierNotOpen
from records.tables import Dossier, Ownership, Unit
from records.users import OFFICE_ROLES, Actor

CLAUSE = "DA 4.2.2"
CONTACT_DAYS = timedelta(days=15)
KINDS: Mapping[str, str] = {"survey": "季度普查", "contact": "联系方式跟踪"}
OUTCOMES: Mapping[str, str] = {"unchanged": "无变化", "changed": "有变化,已登记", "unreachable": "联系不上"}


@dataclass(frozen=True)
class Due:
    """A survey or check that is to be done: whose dossier, the last day for it, and when it was done last."""

    kind: str
    dossier_id: int
    number: str
    unit_id: int
    estate: str
    unit: str
    building: str
    due_on: date
    last_on: date | None
    owing_since: date | None = None


def quarter_of(day: date) -> tuple[date, date]:
    """The first and the last day of a day's quarter.

    >>> quarter_of(date(2026, 5, 20))
    (datetime.date(2026, 4, 1), datetime.date(2026, 6, 30))
    """
    first = date(day.year, day.month - (day.month - 1) % 3, 1)
    following = date(first.year + (first.month == 10), (first.month + 2) % 12 + 1, 1)
    return first, following - timedelta(days=1)


def a_month_after(day: date) -> date:
    """The same day of the next month, or its last.

    >>> a_month_after(date(2026, 1, 31))
    datetime.date(2026, 2, 28)
    """
    following = date(day.year + (day.month == 12), day.month % 12 + 1, 1)
    return following.replace(day=min(day.day, calendar.monthrange(following.year, following.month)[1]))


def surveys_due(session: Session, on: date, building: str = "") -> list[Due]:
    """The dossiers not yet surveyed in this quarter, by unit: one query whatever the size of the estate.

    An owner who came within the quarter has just given their particulars and is asked in the next.
    """
    last = quarter_of(on)[1]
    return [_due("survey", row, last) for row in session.execute(_unsurveyed(on, building))]


def count_surveys_due(session: Session, on: date) -> int:
    """How many dossiers are not yet surveyed in this quarter."""
    return session.scalar(select(func.count()).select_from(_unsurveyed(on).order_by(None).subquery())) or 0


def _unsurveyed(on: date, building: str = "") -> Select[*tuple[Any, ...]]:
    first, _last = quarter_of(on)
    done = _last_done("survey")
    query = _open_dossiers(building).add_columns(done.c.on).outerjoin(done, done.c.dossier_id == Dossier.id)
    return query.where(Dossier.opened_on < first, (done.c.on.is_(None)) | (done.c.on < first))


def contacts_due(session: Session, on: date, building: str = "") -> list[Due]:
    """The owners in arrears for over a month whose contact was not checked in the last 15 days, longest due first."""
    done = _last_done("contact")
    query = _open_dossiers(building).add_columns(done.c.on, Arrears.since)
    query = query.join(Arrears, Arrears.dossier_id == Dossier.id).where(Arrears.settled_on.is_(None))
    rows = session.execute(query.outerjoin(done, done.c.dossier_id == Dossier.id)).all()
    found = [_due("contact", row, _next_contact(row[7], row[6]), row[7]) for row in rows]
    return sorted((one for one in found if one.due_on <= on), key=lambda one: (one.due_on, one.unit))


def _due(kind: str, row: Any, due_on: date, since: date | None = None) -> Due:
    dossier_id, number, unit_id, estate, unit, building, last_on = row[:7]
    return Due(kind, dossier_id, number, unit_id, estate, unit, building, due_on, last_on, since)


def _next_contact(since: date, last: date | None) -> date:
    begins = a_month_after(since) + timedelta(days=1)
    return begins if last is None else max(begins, last + CONTACT_DAYS)


def due(session: Session, on: date, kind: str, building: str = "") -> list[Due]:
    """What is due of a kind: survey or contact. Raises BadInput."""
    if kind not in KINDS:
        raise BadInput(what=f"跟踪类别 {kind}(可选:{'、'.join(KINDS)})")
    return surveys_due(session, on, building) if kind == "survey" else contacts_due(session, on, building)


def _last_done(kind: str) -> Subquery:
    query = select(FollowUp.dossier_id, func.max(FollowUp.on).label("on")).where(FollowUp.kind == kind)
    return query.group_by(FollowUp.dossier_id).subquery()


def _open_dossiers(building: str) -> Select[*tuple[Any, ...]]:
    query = (
        select(Dossier.id, Dossier.number, Unit.id.label("unit_id"), Unit.estate, Unit.code, Unit.building)
        .join(Ownership, Ownership.id == Dossier.ownership_id)
        .join(Unit, Unit.id == Ownership.unit_id)
        .where(Dossier.state == "open")
        .order_by(Unit.estate, func.length(Unit.building), Unit.building, func.length(Unit.code), Unit.code)
    )
    return query.where(Unit.building == building) if building else query


def record(
    session: Session,
    actor: Actor,
    dossiers: Sequence[Dossier],
    kind: str,
    outcome: str,
    on: date | None = None,
    note: str = "",
) -> list[FollowUp]:
    """A survey or contact check was done for these dossiers. Raises BadInput, DossierNotOpen, NotAllowed."""
    actor.require("登记普查和跟踪", *OFFICE_ROLES)
    day = on or clock.today()
    if kind not in KINDS or outcome not in OUTCOMES:
        raise BadInput(what=f"跟踪结果 {kind}/{outcome}(可选:{'、'.join(OUTCOMES)})")
    if day > clock.today():
        raise BadInput(what=f"日期 {day} 在今天之后")
    if not dossiers:
        raise BadInput(what="没有选择单元")
    for dossier in dossiers:
        if dossier.state != "open":
            raise DossierNotOpen(number=dossier.number)
    moment = clock.now()
    rows = [
        FollowUp(
            dossier_id=dossier.id, kind=kind, on=day, outcome=outcome, note=note.strip(), recorded_at=moment,
            recorded_by=actor.id,
        )
        for dossier in dossiers
    ]  # fmt: skip
    session.add_all(rows)
    session.flush()
    for row in rows:
        details = {"kind": kind, "outcome": outcome, "on": day.isoformat()}
        audit.append(session, actor.id, Verb.FOLLOWED_UP, f"dossier:{row.dossier_id}", details)
    return rows


def owe(session: Session, actor: Actor, dossier: Dossier, since: date) -> Arrears:
    """An owner owes charges since a day; a day recorded before is corrected. Raises BadInput, DossierNotOpen."""
    actor.require("登记欠费", *OFFICE_ROLES)
    if dossier.state != "open":
        raise DossierNotOpen(number=dossier.number)
    if since > clock.today():
        raise BadInput(what=f"日期 {since} 在今天之后")
    row = owing(session, dossier)
    if row is None:
        row = Arrears(dossier_id=dossier.id, since=since, recorded_at=clock.now(), recorded_by=actor.id)
        session.add(row)
    row.since = since
    session.flush()
    audit.append(session, actor.id, Verb.ARREARS_RECORDED, f"dossier:{dossier.id}", {"arrears": row.id})
    return row


def settle(session: Session, actor: Actor, dossier: Dossier, on: date) -> Arrears:
    """The owner has paid. Raises NotFound (nothing owed), BadInput."""
    actor.require("登记欠费", *OFFICE_ROLES)
    row = owing(session, dossier)
    if row is None:
        raise NotFound(what=f"{dossier.number} 的欠费登记")
    if not row.since <= on <= clock.today():
        raise BadInput(what=f"结清日期 {on} 须在 {row.since} 与今天之间")
    row.settled_on = on
    session.flush()
    audit.append(session, actor.id, Verb.ARREARS_SETTLED, f"dossier:{dossier.id}", {"arrears": row.id})
    return row


def owing(session: Session, dossier: Dossier) -> Arrears | None:
    """What the owner owes now, or None."""
    query = select(Arrears).where(Arrears.dossier_id == dossier.id, Arrears.settled_on.is_(None))
    return session.scalar(query.order_by(Arrears.id.desc()).limit(1))


def done_of(session: Session, dossier: Dossier) -> list[FollowUp]:
    """The surveys and checks of a dossier, the newest first."""
    query = select(FollowUp).where(FollowUp.dossier_id == dossier.id)
    return list(session.scalars(query.order_by(FollowUp.on.desc(), FollowUp.id.desc())))
