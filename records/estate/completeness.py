"""Completeness by life event: what each dossier lacks, what in it is unsigned, and which event asks for it.

The whole estate is counted in three queries, whatever its size; no title, page or text is read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import String, case, cast, exists, func, select
from sqlalchemy.orm import Session, aliased

from records.tables import Document, Dossier, Fact, Ownership, Unit

#: How a signature box without ink stands in a document's recorded signatures (documents.NewPage).
_UNSIGNED = '%"signed": false%'


@dataclass(frozen=True)
class Requirement:
    """A form that an event asks for: by which clause, why, and how many months after the event at the earliest."""

    form: str
    clause: str
    zh: str
    en: str
    after_months: int = 0


@dataclass(frozen=True)
class LifeEvent:
    """An event of a home's life 入住、装修、产权变更; what it begins by, and what it asks for in order.

    ``ownership``: it begins with the dossier of a "first" or a "later" owner. ``facts`` and ``forms`` begin it too.
    """

    key: str
    zh: str
    en: str
    clause: str
    ownership: str | None
    facts: frozenset[str]
    forms: frozenset[str]
    requires: tuple[Requirement, ...]


@dataclass(frozen=True)
class EventStanding:
    """An event that has begun in a dossier: since when, and what of it is there, missing, unsigned, not asked yet."""

    event: LifeEvent
    began: date
    present: tuple[Requirement, ...]
    missing: tuple[Requirement, ...]
    unsigned: tuple[Requirement, ...]
    later: tuple[Requirement, ...]


@dataclass(frozen=True)
class Standing:
    """How complete one open dossier is."""

    dossier_id: int
    number: str
    unit_id: int
    estate: str
    unit: str
    building: str
    events: tuple[EventStanding, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """The codes of the forms that are missing, each once."""
        return tuple(dict.fromkeys(one.form for event in self.events for one in event.missing))

    @property
    def unsigned(self) -> tuple[str, ...]:
        """The codes of the forms that are there and unsigned, each once."""
        return tuple(dict.fromkeys(one.form for event in self.events for one in event.unsigned))


class _Open(NamedTuple):
    """An open dossier with its unit; ``later``: the unit had an owner before."""

    dossier_id: int
    number: str
    unit_id: int
    estate: str
    unit: str
    building: str
    opened_on: date
    later: bool


class _Filed(NamedTuple):
    """The documents of a form in a dossier: the date of the first, and whether none of them is wholly signed."""

    first: date
    unsigned: bool


def standings(
    session: Session,
    events: Sequence[LifeEvent],
    on: date,
    *,
    dossier_ids: Iterable[int] | None = None,
    building: str = "",
) -> list[Standing]:
    """How complete the open dossiers are on a day, worst first: most missing, then most unsigned, then by unit.

    ``dossier_ids``: these alone; ``building``: of one building 楼栋 alone.
    """
    only = None if dossier_ids is None else list(dossier_ids)
    dossiers = _dossiers(session, only, building)
    filed = _filed(session, events, only)
    facts = _facts(session, events, only)
    found = [
        Standing(*one[:6], _events(events, on, one, filed.get(one.dossier_id, {}), facts.get(one.dossier_id, {})))
        for one in dossiers
    ]
    return sorted(found, key=lambda one: (-len(one.missing), -len(one.unsigned)))


def _dossiers(session: Session, only: list[int] | None, building: str) -> list[_Open]:
    """Open dossiers in the order of their units."""
    earlier = aliased(Ownership)
    later = exists().where(earlier.unit_id == Ownership.unit_id, earlier.from_on < Ownership.from_on)
    query = (
        select(
            Dossier.id, Dossier.number, Unit.id, Unit.estate, Unit.code, Unit.building, Dossier.opened_on,
            later.label("later"),
        )
        .join(Ownership, Ownership.id == Dossier.ownership_id)
        .join(Unit, Unit.id == Ownership.unit_id)
        .where(Dossier.state == "open")
        .order_by(Unit.estate, func.length(Unit.building), Unit.building, func.length(Unit.code), Unit.code)
    )  # fmt: skip
    if only is not None:
        query = query.where(Dossier.id.in_(only))
    if building:
        query = query.where(Unit.building == building)
    return [_Open._make(row) for row in session.execute(query)]


def _filed(
    session: Session, events: Sequence[LifeEvent], only: list[int] | None
) -> dict[int | None, dict[str, _Filed]]:
    codes = {one.form for event in events for one in event.requires} | {
        form for event in events for form in event.forms
    }
    unsigned = func.sum(case((cast(Document.signatures, String).like(_UNSIGNED), 1), else_=0))
    query = (
        select(Document.dossier_id, Document.form_code, func.min(Document.dated), func.count(), unsigned)
        .where(Document.dossier_id.is_not(None), Document.state == "filed", Document.form_code.in_(sorted(codes)))
        .group_by(Document.dossier_id, Document.form_code)
    )
    if only is not None:
        query = query.where(Document.dossier_id.in_(only))
    found: dict[int | None, dict[str, _Filed]] = defaultdict(dict)
    for dossier_id, code, first, count, without in session.execute(query):
        found[dossier_id][code] = _Filed(first, without == count)
    return found


def _facts(session: Session, events: Sequence[LifeEvent], only: list[int] | None) -> dict[int, dict[str, date]]:
    """The latest fact in force of each kind that begins an event, by dossier."""
    kinds = {kind for event in events for kind in event.facts}
    replaced = select(Fact.replaces_id).where(Fact.replaces_id.is_not(None))
    query = select(Fact.subject_id, Fact.kind, Fact.on).where(
        Fact.subject_kind == "dossier", Fact.kind.in_(sorted(kinds)), Fact.id.not_in(replaced)
    )
    if only is not None:
        query = query.where(Fact.subject_id.in_(only))
    found: dict[int, dict[str, date]] = defaultdict(dict)
    for dossier_id, kind, on in session.execute(query.order_by(Fact.on, Fact.id)):
        found[dossier_id][kind] = on
    return found


def _events(
    events: Sequence[LifeEvent], on: date, one: _Open, filed: Mapping[str, _Filed], facts: Mapping[str, date]
) -> tuple[EventStanding, ...]:
    found = []
    for event in events:
        began = _began(event, one, filed, facts)
        if began is not None and began <= on:
            found.append(_stands(event, began, on, filed))
    return tuple(found)


def _began(event: LifeEvent, one: _Open, filed: Mapping[str, _Filed], facts: Mapping[str, date]) -> date | None:
    """When an event began: by its fact, else by the first form filed of it, else with the ownership; or not yet."""
    by_fact = [facts[kind] for kind in event.facts if kind in facts]
    by_form = [filed[form].first for form in event.forms if form in filed]
    if by_fact:
        return max(by_fact)
    if event.ownership == ("later" if one.later else "first"):
        return one.opened_on
    return min(by_form, default=None)


def _stands(event: LifeEvent, began: date, on: date, filed: Mapping[str, _Filed]) -> EventStanding:
    absent = [one for one in event.requires if one.form not in filed]
    asked = [one for one in absent if _months_after(began, one.after_months) <= on]
    return EventStanding(
        event,
        began,
        tuple(one for one in event.requires if one.form in filed),
        tuple(asked),
        tuple(one for one in event.requires if one.form in filed and filed[one.form].unsigned),
        tuple(one for one in absent if one not in asked),
    )


def _months_after(day: date, months: int) -> date:
    """The day some months later; a day that month lacks becomes the first of the next."""
    if not months:
        return day
    years, month = divmod(day.month - 1 + months, 12)
    first = date(day.year + years, month + 1, 1)
    try:
        return first.replace(day=day.day)
    except ValueError:
        return date(first.year + (first.month == 12), first.month % 12 + 1, 1)
