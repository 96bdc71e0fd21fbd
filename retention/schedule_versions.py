"""Versions of the schedule: a manager changes a rule, seeing first which records it moves; every version is kept.

Decisions name the version that they were made under, so that each can be understood years later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from records import audit, clock
from records.audit import Verb
from records.errors import BadInput, OfficeError
from records.users import Actor, Role
from retention import disposition, holds
from retention.disposition import BookNumbers, Titles, as_it_is, plain_book
from retention.material import Material
from retention.schedule import FORMER_RULE, OWNER_RULE, Schedule, load_schedule
from retention.tables import ScheduleVersion

#: Gives the schedule in force, asked again inside the transaction that acts on it.
InForce = Callable[[Session], Schedule]


class ScheduleMoved(OfficeError):
    """Somebody adopted another version while this change was being looked at."""

    code = "retention.schedule_moved"
    zh = "保管期限表刚由他人改为第 {now} 版,请重新预览后再确认。"
    en = "The schedule has become version {now} meanwhile; look at the preview again."


class NothingChanged(OfficeError):
    """The proposed schedule says what the one in force says."""

    code = "retention.schedule_same"
    zh = "与现行保管期限表相同,没有改动。"
    en = "This is what the schedule says already."


class RuleCannotChange(OfficeError):
    """Two rules carry the dossiers themselves; they may keep longer, and must stay what they are."""

    code = "retention.rule_fixed"
    zh = "{key} 是业主档案本身的规则:OWNER 只能永久保存,FORMER 只能从业主变更起算。"
    en = "{key} is the rule of the dossiers themselves: OWNER stays permanent, FORMER counts from the change of owner."


@dataclass(frozen=True)
class Moved:
    """A record whose day a proposed schedule would change; None is never."""

    kind: str
    id: int
    reference: str
    title_class: str
    before: date | None
    after: date | None

    @property
    def sooner(self) -> bool:
        """Whether it would be let go earlier than now."""
        return self.after is not None and (self.before is None or self.after < self.before)


def in_force(session: Session) -> Schedule:
    """The schedule in force: the last version adopted, or the handbook's.

    Rules that the handbook has and a version does not know (it was adopted before they came) are added.
    """
    latest = session.scalar(select(ScheduleVersion).order_by(ScheduleVersion.id.desc()).limit(1))
    return as_schedule(latest) if latest else load_schedule()


def as_schedule(version: ScheduleVersion) -> Schedule:
    """The rules of a version."""
    rules = {**load_schedule().rules, **Schedule(version.rules).rules}
    return Schedule(rules.values(), version.decided, version.id)


def history(session: Session) -> list[ScheduleVersion]:
    """All versions adopted, newest first; before the oldest stands the handbook."""
    return list(session.scalars(select(ScheduleVersion).order_by(ScheduleVersion.id.desc())))


def preview(
    session: Session, proposed: Schedule, titles: Titles = as_it_is, book_numbers: BookNumbers = plain_book
) -> list[Moved]:
    """Every record whose day would change under the proposed schedule, those let go sooner first."""
    now = {one.target: (one, day) for one, day in disposition.dates(session, in_force(session))}
    then = {one.target: (one, day) for one, day in disposition.dates(session, proposed)}
    moved = [
        _moved(one, now.get(target, (one, None))[1], day, titles, book_numbers)
        for target, (one, day) in then.items()
        if now.get(target, (one, None))[1] != day
    ]
    return sorted(moved, key=lambda move: (not move.sooner, move.after or date.max, move.reference))


def _moved(one: Material, before: date | None, after: date | None, titles: Titles, book_numbers: BookNumbers) -> Moved:
    reference, title_class = disposition.reference(one, book_numbers), disposition.title_class(one, titles)
    return Moved(one.kind, one.id, reference, title_class, before, after)


def adopt(session: Session, actor: Actor, proposed: Schedule, reason: str) -> ScheduleVersion:
    """A manager adopts a schedule made from the one in force (``with_rule``, ``with_decision``), with the reason.

    Raises NotAllowed, BadInput (no reason), NothingChanged, RuleCannotChange, ScheduleMoved.
    """
    actor.require("修改保管期限表", Role.MANAGER)
    if not reason.strip():
        raise BadInput(what="修改保管期限须写明原因")
    holds.take_turns(session)
    current = in_force(session)
    if current.version != proposed.version:
        raise ScheduleMoved(now=current.version)
    changed = [key for key, rule in proposed.rules.items() if current.rules.get(key) != rule]
    forms = [form for form, key in proposed.decided.items() if current.decided.get(form) != key]
    if not changed and not forms:
        raise NothingChanged()
    _require_dossier_rules(proposed, changed)
    version = ScheduleVersion(
        rules=[rule.model_dump(mode="json") for rule in proposed.rules.values()],
        decided=proposed.decided,
        reason=reason.strip(),
        adopted_by=actor.id,
        adopted_at=clock.now(),
    )
    session.add(version)
    session.flush()
    details = {"version": version.id, "rules": changed, "forms": forms, "before": current.version}
    audit.append(session, actor.id, Verb.SCHEDULE_ADOPTED, f"schedule:{version.id}", details)
    return version


def _require_dossier_rules(proposed: Schedule, changed: Iterable[str]) -> None:
    handbook = load_schedule()
    if OWNER_RULE in changed and proposed.rule(OWNER_RULE).period != "permanent":
        raise RuleCannotChange(key=OWNER_RULE)
    if FORMER_RULE in changed and proposed.rule(FORMER_RULE).starts != handbook.rule(FORMER_RULE).starts:
        raise RuleCannotChange(key=FORMER_RULE)
