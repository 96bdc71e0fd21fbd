"""What is due 到期, and because of what; what has no period yet; what is kept long-term and wants a review.

Only dated facts start clocks. Where several facts of a kind are in force the latest one counts, and where several
rules or facts apply to one record the one that keeps it longest: a doubt never destroys anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from records import clock, loans
from records.book_tables import BookRecord
from records.facts import FactKind
from records.tables import Document, Dossier, Fact
from retention import holds, material
from retention.material import Material, RecordKind
from retention.schedule import FORMER_RULE, Rule, Schedule, latest_start
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
    FactKind.LEASE_ENDED: "租约终止",
    FactKind.CASE_CLOSED: "结案",
}
FACT_EN = {
    FactKind.OWNERSHIP_CHANGED: "ownership changed",
    FactKind.UNIT_SOLD: "unit sold",
    FactKind.BOOK_COMPLETED: "book used up",
    FactKind.TRANSFERRED: "handed over",
    FactKind.ARCHIVED: "archived",
    FactKind.LEASE_ENDED: "lease ended",
    FactKind.CASE_CLOSED: "case closed",
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
    schedule_version: int = field(default=0, kw_only=True)


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
    return due_and_spoken_for(session, schedule, on, titles, book_numbers)[0]


def due_and_spoken_for(
    session: Session, schedule: Schedule, on: date, titles: Titles = as_it_is, book_numbers: BookNumbers = plain_book
) -> tuple[list[DueRecord], list[DueRecord]]:
    """What is due (as ``due``), and beside it what its rule lets go of too, but is held, kept longer or listed."""
    busy = _in_open_lists(session)
    free = _free(session, on)
    found: tuple[list[DueRecord], list[DueRecord]] = [], []
    for one, clock_ in _clocked(session, schedule, _startable(session, schedule, on)):
        if clock_ is not None and clock_.due_on <= on:
            spoken_for = one.target in busy or not free(one)
            found[spoken_for].append(_as_due(one, clock_, titles, book_numbers, schedule.version))
    return sorted(found[0], key=_longest_overdue), sorted(found[1], key=_longest_overdue)


def _longest_overdue(record: DueRecord) -> tuple[date, str, int]:
    return record.due_on, record.reference, record.target_id


def still_due(session: Session, schedule: Schedule, found: Sequence[Material], on: date) -> set[tuple[str, int]]:
    """Those whose period is over on this date, holds and lists aside (asked again before they are destroyed)."""
    dossiers = [one.id for one in found if one.kind == "dossier"]
    closed = set(session.scalars(select(Dossier.id).where(Dossier.id.in_(dossiers), Dossier.state == "closed")))
    ended = [one for one in found if one.kind != "dossier" or one.id in closed]
    clocks = _clocked(session, schedule, ended)
    return {one.target for one, clock_ in clocks if clock_ is not None and clock_.due_on <= on}


def dates(session: Session, schedule: Schedule) -> list[tuple[Material, date | None]]:
    """Every record about which a fact is known, with the day on which the schedule lets it go, or None for never.

    Holds and decisions to keep longer are left aside: this is what the schedule says (for comparing two of them).
    """
    everything = _with_facts(session)
    return [(one, clock_.due_on if clock_ else None) for one, clock_ in _clocked(session, schedule, everything)]


def kept_until(session: Session, on: date) -> dict[tuple[str, int], date]:
    """The records that a decision keeps beyond this date, each with the latest such date."""
    query = select(KeptLonger.target_kind, KeptLonger.target_id, func.max(KeptLonger.until))
    query = query.where(KeptLonger.until > on).group_by(KeptLonger.target_kind, KeptLonger.target_id)
    return {(kind, id_): until for kind, id_, until in session.execute(query)}


def undecided(
    session: Session,
    schedule: Schedule,
    titles: Titles = as_it_is,
    book_numbers: BookNumbers = plain_book,
) -> list[Standing]:
    """The list 未定保存期限: records outside dossiers whose period nobody has decided; they are never due."""
    found = material.outside_dossiers(session, _without_period(schedule), Document.form_code.not_in(schedule.decided))
    bare = _without_period(schedule, BookRecord.rule), BookRecord.form_code.not_in(schedule.decided)
    found += material.bare_books(session, *bare)
    return _sorted(Standing(*_names(one, _undecided_key(one, schedule), titles, book_numbers)) for one in found)


def _without_period(schedule: Schedule, column: InstrumentedAttribute[str] = Document.rule) -> ColumnElement[bool]:
    """Of documents (or books) whose own rule gives no period, or is not known any more."""
    return column.not_in([key for key, rule in schedule.rules.items() if rule.period != "undecided"])


def _undecided_key(one: Material, schedule: Schedule) -> str:
    keys = (schedule.key_for(rule, form_code) for rule, form_code, _ in one.following)
    return next(key for key in keys if key not in schedule.rules or schedule.rules[key].period == "undecided")


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
    long_term = schedule.keys("long_term")
    kept = material.outside_dossiers(session, _following(schedule, long_term))
    for one in kept + material.bare_books(session, _bare_following(schedule, long_term)):
        keys = (schedule.key_for(rule, form_code) for rule, form_code, _ in one.following)
        rule = schedule.longest(key for key in keys if key in schedule.rules)
        review = schedule.review_on(rule, _since(session, one, rule))
        if review is not None and review <= on and free(one):
            zh, en = f"{rule.zh};应于 {review} 复核", f"{rule.en}; review since {review}"
            names = _names(one, rule.key, titles, book_numbers)
            version = schedule.version
            found.append(ReviewRecord(*names, schedule_version=version, review_on=review, because_zh=zh, because_en=en))
    return sorted(found, key=lambda record: (record.review_on, record.reference))


def _since(session: Session, one: Material, rule: Rule) -> date:
    facts = _latest(session, [one])
    fact = facts.get((one.kind, one.id, rule.starts or ""))
    if fact is not None:
        return fact.on
    completed = facts.get((one.kind, one.id, FactKind.BOOK_COMPLETED))
    if completed is not None and one.bare:
        return completed.on
    filed = session.scalars(select(Document.filed_at).where(Document.id.in_([piece.id for piece in one.pieces])))
    return clock.local_date(max(filed))


def _following(schedule: Schedule, keys: Iterable[str]) -> ColumnElement[bool]:
    """Of documents that follow one of these rules: their own, or the one decided for their form."""
    wanted = set(keys)
    forms = [form for form, key in schedule.decided.items() if key in wanted]
    # Not by the index of rules: half of all documents follow one rule, and the other condition names few of them.
    own = func.coalesce(Document.rule, "").in_(wanted)
    return or_(own, and_(_without_period(schedule), Document.form_code.in_(forms))) if forms else own


def _bare_following(schedule: Schedule, keys: Iterable[str]) -> ColumnElement[bool]:
    """The same of books as records."""
    wanted = set(keys)
    forms = [form for form, key in schedule.decided.items() if key in wanted]
    own = BookRecord.rule.in_(wanted)
    without = and_(_without_period(schedule, BookRecord.rule), BookRecord.form_code.in_(forms))
    return or_(own, without) if forms else own


def _clocked(
    session: Session, schedule: Schedule, found: Sequence[Material]
) -> Iterator[tuple[Material, _Clock | None]]:
    """Each record with the clock that keeps it longest, or None where one has not begun or never ends."""
    for some in _batches(found):
        facts = _latest(session, some)
        for one in some:
            clocks = _dossier_clock(one, schedule, facts) if one.kind == "dossier" else _clocks(one, schedule, facts)
            yield one, max(clocks, key=lambda clock_: clock_.due_on) if clocks else None


def _batches(found: Sequence[Material], size: int = 5000) -> Iterator[Sequence[Material]]:
    # Fewer ids in one question than SQLite's limit of 32,766 variables, even where each record has a unit of its own.
    for start in range(0, len(found), size):
        yield found[start : start + size]


def _latest(session: Session, some: Sequence[Material]) -> Facts:
    """The latest fact in force of each kind about these records and their units; corrected facts are out of force."""
    subjects: dict[str, set[int]] = {}
    for one in some:
        subjects.setdefault(one.kind, set()).add(one.id)
        subjects.setdefault("unit", set()).update(one.units)
    replaced = select(Fact.replaces_id).where(Fact.replaces_id.is_not(None))
    query = select(Fact.id, Fact.kind, Fact.subject_kind, Fact.subject_id, Fact.on).where(Fact.id.not_in(replaced))
    found = {}
    for kind, ids in subjects.items():
        for row in session.execute(
            query.order_by(Fact.on, Fact.id).where(Fact.subject_kind == kind, Fact.subject_id.in_(ids))
        ):
            fact = StartingFact._make(row)
            found[fact.subject_kind, fact.subject_id, fact.kind] = fact
    return found


def _startable(session: Session, schedule: Schedule, on: date) -> list[Material]:
    """The records with a fact old enough for its rule on that date: few, and all that can be due are among them.

    The database finds them by kind and date of the fact, so that a list over a million documents costs what is old.
    """
    former = _old_enough(schedule.rule(FORMER_RULE), "dossier", on)
    found = material.dossiers(session, Dossier.state == "closed", Dossier.id.in_(former))
    for rule in schedule.limited.values():
        mine = _following(schedule, [rule.key])
        if rule.starts == FactKind.UNIT_SOLD:
            found += material.outside_dossiers(session, mine, Document.unit_id.in_(_old_enough(rule, "unit", on)))
        else:
            found += material.books(session, mine, Document.book_id.in_(_old_enough(rule, "book", on)))
            bare = _bare_following(schedule, [rule.key]), BookRecord.book_id.in_(_old_enough(rule, "book", on))
            found += material.bare_books(session, *bare)
            found += material.singles(session, mine, Document.id.in_(_old_enough(rule, "document", on)))
    return list({one.target: one for one in found}.values())


def _old_enough(rule: Rule, subject_kind: str, on: date) -> Select[int]:
    latest = latest_start(rule, on)
    about = select(Fact.subject_id).where(Fact.subject_kind == subject_kind, Fact.kind == rule.starts)
    return about.where(Fact.on <= latest) if latest else about.where(false())


def _with_facts(session: Session) -> list[Material]:
    """Everything that some fact could have started a clock for."""
    of = {kind: select(Fact.subject_id).where(Fact.subject_kind == kind) for kind in ("book", "document", "unit")}
    started = or_(Document.id.in_(of["document"]), Document.book_id.in_(of["book"]), Document.unit_id.in_(of["unit"]))
    closed, bare = material.dossiers(session, Dossier.state == "closed"), material.bare_books(session)
    return closed + material.outside_dossiers(session, started) + bare


def _dossier_clock(one: Material, schedule: Schedule, facts: Facts) -> list[_Clock]:
    """A former owner's dossier follows one rule with all that is in it, whatever the forms' own rules (DA 4.2.3)."""
    rule = schedule.rule(FORMER_RULE)
    fact = facts.get(("dossier", one.id, rule.starts or ""))
    due_on = schedule.due_on(rule, fact.on) if fact else None
    return [_Clock(rule, fact, due_on)] if fact and due_on else []


def _clocks(one: Material, schedule: Schedule, facts: Facts) -> list[_Clock]:
    """A clock for every document of the record, or none at all when one of them has not begun or never ends."""
    clocks = []
    for key, unit in {(schedule.key_for(own, form_code), unit) for own, form_code, unit in one.following}:
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
    """Tells of a record whether no hold stands on it, its paper is not lent, and nothing keeps it beyond the date."""
    active = holds.active(session) if standing is None else list(standing)
    query = select(KeptLonger.target_kind, KeptLonger.target_id).where(KeptLonger.until > on)
    kept = {(kind, id_) for kind, id_ in session.execute(query)}
    kept |= {("dossier", id_) for id_ in loans.unsettled(session)}
    return lambda one: one.target not in kept and not holds.stopping(active, one)


def _in_open_lists(session: Session) -> set[tuple[str, int]]:
    query = select(DisposalLine.target_kind, DisposalLine.target_id).where(DisposalLine.state.in_(OPEN_STATES))
    return {(kind, id_) for kind, id_ in session.execute(query)}


def _as_due(one: Material, found: _Clock, titles: Titles, book_numbers: BookNumbers, version: int) -> DueRecord:
    fact, rule = found.fact, found.rule
    kind = FactKind(fact.kind)
    clause_zh, clause_en = (f"({rule.clause})", f" ({rule.clause})") if rule.clause else ("", "")
    return DueRecord(
        *_names(one, rule.key, titles, book_numbers),
        schedule_version=version,
        fact=fact,
        due_on=found.due_on,
        because_zh=f"{fact.on} {FACT_ZH[kind]};{rule.zh}{clause_zh};{found.due_on} 到期",
        because_en=f"{FACT_EN[kind]} on {fact.on}; {rule.en}{clause_en}; due since {found.due_on}",
    )


def _names(
    one: Material, rule: str, titles: Titles, book_numbers: BookNumbers
) -> tuple[RecordKind, int, str, str, list[str], str]:
    return one.kind, one.id, reference(one, book_numbers), title_class(one, titles), one.serials, rule


def reference(one: Material, book_numbers: BookNumbers = plain_book) -> str:
    """What a record is called in lists: its dossier's, book's or document's number."""
    if one.kind == "dossier":
        return one.reference
    if one.kind == "book":
        return book_numbers(one.id)
    piece = one.pieces[0]
    copy = f" 第{piece.copy}联" if piece.copy > 1 else ""
    return f"{piece.serial}{copy}" if piece.serial else f"文件 {one.id}"


def title_class(one: Material, titles: Titles = as_it_is) -> str:
    """The class of records that it belongs to; never its own title."""
    return DOSSIER_CLASS if one.kind == "dossier" else titles(one.following[0].form_code)


def _sorted(found: Iterable[Standing]) -> list[Standing]:
    return sorted(found, key=lambda record: (record.title_class, record.reference, record.target_id))
