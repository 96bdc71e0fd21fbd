"""What is due 到期, and because of what; what has no period yet; what is kept long-term and wants a review.

Only dated facts start clocks. Where several facts of a kind are in force the latest one counts, and where several
rules or facts apply to one record the one that keeps it longest: a doubt never destroys anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from records import clock
from records.facts import FactKind
from records.tables import Document, Dossier, Fact
from retention import holds, material
from retention.material import Material, RecordKind
from retention.schedule import FORMER_RULE, Rule, Schedule
from retention.tables import DisposalLine, Hold, KeptLonger

#: The title of a form code, for lists and certificates: a class of records, never one record's own title.
Titles = Callable[[str], str]
#: The printed number of a book.
BookNumbers = Callable[[int], str]
#: The latest fact in force by kind and id of its subject, and kind of the fact.
Facts = Mapping[tuple[str, int, str], "StartingFact"]

FACT_ZH = {
    FactKind.OWNERSHIP_CHANGED: "业主变更",
    FactKind.UNIT_SOLD: "房屋售出",
    FactKind.BOOK_COMPLETED: "记录本用完",
    FactKind.TRANSFERRED: "移交",
    FactKind.ARCHIVED: "归档",
}
FACT_EN = {
    FactKind.OWNERSHIP_CHANGED: "ownership changed",
    FactKind.UNIT_SOLD: "unit sold",
    FactKind.BOOK_COMPLETED: "book used up",
    FactKind.TRANSFERRED: "handed over",
    FactKind.ARCHIVED: "archived",
}
DOSSIER_CLASS = "原业主档案"
#: A line in one of these states keeps its record out of every new list.
OPEN_STATES = ("proposed", "approved", "destroying")


class StartingFact(NamedTuple):
    """A dated fact in force, as far as clocks are concerned."""

    id: int
    kind: str
    subject_kind: str
    subject_id: int
    on: date


@dataclass(frozen=True)
class Standing:
    """A record in a list: which one, what class of records, which serials, under which rule."""

    target_kind: RecordKind
    target_id: int
    reference: str
    title_class: str
    serials: list[str]
    rule: str


@dataclass(frozen=True)
class DueRecord(Standing):
    """A record that its rule lets go of, with the fact and the sentence that say why."""

    fact: StartingFact
    due_on: date
    because_zh: str
    because_en: str


@dataclass(frozen=True)
class ReviewRecord(Standing):
    """A record kept long-term whose review has come: it stays, but somebody says so again."""

    review_on: date
    because_zh: str
    because_en: str


@dataclass(frozen=True)
class _Clock:
    """The rule and fact that keep a record longest, and until when."""

    rule: Rule
    fact: StartingFact
    due_on: date


def as_it_is(form_code: str) -> str:
    """The form code itself, where nobody gives a title for it."""
    return form_code


def plain_book(book_id: int) -> str:
    """A book by its id, where nobody gives its number."""
    return f"册 {book_id}"


def due(
    session: Session,
    schedule: Schedule,
    on: date,
    titles: Titles = as_it_is,
    book_numbers: BookNumbers = plain_book,
) -> list[DueRecord]:
    """The records that may be destroyed on a local date, the longest overdue first.

    Nothing permanent, long-term, undecided, held, kept longer or already in an open list is among them.
    """
    busy = _in_open_lists(session)
    found = [
        _as_due(one, clocks, titles, book_numbers)
        for one, clocks in _ripe(session, schedule, on, _free(session, on))
        if one.target not in busy
    ]
    return sorted(found, key=lambda record: (record.due_on, record.reference, record.target_id))


def still_due(session: Session, schedule: Schedule, kind: str, id_: int, on: date) -> bool:
    """Whether a record's period is over on this date, holds and lists aside (asked again before it is destroyed)."""
    one = material.find(session, kind, id_)
    if kind == "dossier" and not material.dossiers(session, Dossier.id == id_, Dossier.state == "closed"):
        return False
    return one is not None and any(_ripe(session, schedule, on, lambda _: True, one))


def kept_until(session: Session, kind: str, id_: int) -> date | None:
    """The latest date to which a decision keeps this record, or None."""
    query = select(func.max(KeptLonger.until)).where(KeptLonger.target_kind == kind, KeptLonger.target_id == id_)
    return session.scalar(query)


def undecided(
    session: Session,
    schedule: Schedule,
    titles: Titles = as_it_is,
    book_numbers: BookNumbers = plain_book,
) -> list[Standing]:
    """The list 未定保存期限: records outside dossiers whose period nobody has decided; they are never due."""
    decided = [key for key, rule in schedule.rules.items() if rule.period != "undecided"]
    found = material.outside_dossiers(session, Document.rule.not_in(decided))
    return _sorted(Standing(*_names(one, _undecided_key(one, decided), titles, book_numbers)) for one in found)


def _undecided_key(one: Material, decided: list[str]) -> str:
    return next(piece.rule for piece in one.pieces if piece.rule not in decided)


def reviews(
    session: Session,
    schedule: Schedule,
    on: date,
    titles: Titles = as_it_is,
    book_numbers: BookNumbers = plain_book,
) -> list[ReviewRecord]:
    """The records kept long-term that come up for review on this date.

    The time runs from the rule's fact, or from the filing where there is no such fact: a review destroys nothing.
    A decision to keep the record longer is its review, and sets the next one.
    """
    free = _free(session, on, standing=[])
    found = []
    for one in material.outside_dossiers(session, Document.rule.in_(schedule.keys("long_term"))):
        rule = schedule.longest(piece.rule for piece in one.pieces if piece.rule in schedule.rules)
        review = schedule.review_on(rule, _since(session, one, rule))
        if review is not None and review <= on and free(one):
            zh, en = f"{rule.zh};应于 {review} 复核", f"{rule.en}; review since {review}"
            names = _names(one, rule.key, titles, book_numbers)
            found.append(ReviewRecord(*names, review_on=review, because_zh=zh, because_en=en))
    return sorted(found, key=lambda record: (record.review_on, record.reference))


def _since(session: Session, one: Material, rule: Rule) -> date:
    facts = _latest(session, and_(Fact.subject_kind == one.kind, Fact.subject_id == one.id))
    fact = facts.get((one.kind, one.id, rule.starts or ""))
    if fact is not None:
        return fact.on
    filed = session.scalars(select(Document.filed_at).where(Document.id.in_([piece.id for piece in one.pieces])))
    return clock.local_date(max(filed))


def _ripe(
    session: Session, schedule: Schedule, on: date, free: Callable[[Material], bool], only: Material | None = None
) -> Iterator[tuple[Material, _Clock]]:
    """The records whose clock has run out on that date and which are free to go, each with that clock."""
    about = or_(*_about(only)) if only else Fact.id.is_not(None)
    facts = _latest(session, about)
    for one in [only] if only else _with_facts(session):
        clocks = _dossier_clock(one, schedule, facts) if one.kind == "dossier" else _clocks(one, schedule, facts)
        longest = max(clocks, key=lambda found: found.due_on) if clocks else None
        if longest is not None and longest.due_on <= on and free(one):
            yield one, longest


def _about(one: Material) -> Iterator[ColumnElement[bool]]:
    yield and_(Fact.subject_kind == one.kind, Fact.subject_id == one.id)
    yield and_(Fact.subject_kind == "unit", Fact.subject_id.in_(one.units))


def _latest(session: Session, about: ColumnElement[bool]) -> Facts:
    """The latest fact in force of each kind about each subject; corrected facts are out of force."""
    replaced = select(Fact.replaces_id).where(Fact.replaces_id.is_not(None))
    query = select(Fact.id, Fact.kind, Fact.subject_kind, Fact.subject_id, Fact.on)
    rows = session.execute(query.where(Fact.id.not_in(replaced), about).order_by(Fact.on, Fact.id))
    return {(fact.subject_kind, fact.subject_id, fact.kind): fact for fact in map(StartingFact._make, rows)}


def _with_facts(session: Session) -> list[Material]:
    """Everything that some fact could have started a clock for."""
    of = {kind: select(Fact.subject_id).where(Fact.subject_kind == kind) for kind in ("book", "document", "unit")}
    started = or_(Document.id.in_(of["document"]), Document.book_id.in_(of["book"]), Document.unit_id.in_(of["unit"]))
    return material.dossiers(session, Dossier.state == "closed") + material.outside_dossiers(session, started)


def _dossier_clock(one: Material, schedule: Schedule, facts: Facts) -> list[_Clock]:
    """A former owner's dossier follows one rule with all that is in it, whatever the forms' own rules (DA 4.2.3)."""
    rule = schedule.rule(FORMER_RULE)
    fact = facts.get(("dossier", one.id, rule.starts or ""))
    due_on = schedule.due_on(rule, fact.on) if fact else None
    return [_Clock(rule, fact, due_on)] if fact and due_on else []


def _clocks(one: Material, schedule: Schedule, facts: Facts) -> list[_Clock]:
    """A clock for every document of the record, or none at all when one of them has not begun or never ends."""
    clocks = []
    for key, unit in {(piece.rule, piece.unit_id) for piece in one.pieces}:
        rule = schedule.limited.get(key)
        about_unit = rule is not None and rule.starts == FactKind.UNIT_SOLD
        subject = ("unit", unit or 0) if about_unit else (one.kind, one.id)
        fact = facts.get((*subject, rule.starts or "")) if rule else None
        due_on = schedule.due_on(rule, fact.on) if rule and fact else None
        if rule is None or fact is None or due_on is None:
            return []
        clocks.append(_Clock(rule, fact, due_on))
    return clocks


def _free(session: Session, on: date, standing: Iterable[Hold] | None = None) -> Callable[[Material], bool]:
    """Tells of a record whether no hold stands on it and no decision keeps it beyond the date."""
    active = holds.active(session) if standing is None else list(standing)
    query = select(KeptLonger.target_kind, KeptLonger.target_id).where(KeptLonger.until > on)
    kept = {(kind, id_) for kind, id_ in session.execute(query)}
    return lambda one: one.target not in kept and not holds.stopping(active, one)


def _in_open_lists(session: Session) -> set[tuple[str, int]]:
    query = select(DisposalLine.target_kind, DisposalLine.target_id).where(DisposalLine.state.in_(OPEN_STATES))
    return {(kind, id_) for kind, id_ in session.execute(query)}


def _as_due(one: Material, found: _Clock, titles: Titles, book_numbers: BookNumbers) -> DueRecord:
    fact, rule = found.fact, found.rule
    kind = FactKind(fact.kind)
    clause_zh, clause_en = (f"({rule.clause})", f" ({rule.clause})") if rule.clause else ("", "")
    return DueRecord(
        *_names(one, rule.key, titles, book_numbers),
        fact=fact,
        due_on=found.due_on,
        because_zh=f"{fact.on} {FACT_ZH[kind]};{rule.zh}{clause_zh};{found.due_on} 到期",
        because_en=f"{FACT_EN[kind]} on {fact.on}; {rule.en}{clause_en}; due since {found.due_on}",
    )


def _names(
    one: Material, rule: str, titles: Titles, book_numbers: BookNumbers
) -> tuple[RecordKind, int, str, str, list[str], str]:
    return one.kind, one.id, _reference(one, book_numbers), _title_class(one, titles), one.serials, rule


def _reference(one: Material, book_numbers: BookNumbers) -> str:
    if one.kind == "dossier":
        return one.reference
    if one.kind == "book":
        return book_numbers(one.id)
    piece = one.pieces[0]
    copy = f" 第{piece.copy}联" if piece.copy > 1 else ""
    return f"{piece.serial}{copy}" if piece.serial else f"文件 {one.id}"


def _title_class(one: Material, titles: Titles) -> str:
    return DOSSIER_CLASS if one.kind == "dossier" else titles(one.pieces[0].form_code)


def _sorted(found: Iterable[Standing]) -> list[Standing]:
    return sorted(found, key=lambda record: (record.title_class, record.reference, record.target_id))
