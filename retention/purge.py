"""The purge 执行销毁: what was approved is destroyed, provably and for good.

Lines go in groups, each in one transaction: whoever holds, keeps or destroys takes turns (``holds.take_turns``); then
hold, decision and period of every line are looked at again; then everything of the free records goes, and their lines
stand at ``destroying``. A group that fails is halved until the line that is the cause fails alone. Commit first, bytes
after: the vault's files are discarded and the database's files scrubbed (``scrubbing``), once for the whole run, and
only then the lines say ``destroyed``. Killed at any moment, the next run goes on where this one stopped, since every
step left is a state in the tables: an approved line, a noted file, a line at ``destroying``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import exists, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from records import audit, clock, loans
from records.audit import Verb
from records.database import Database
from records.errors import OfficeError
from records.leaving import parted
from records.tables import Discard
from records.users import Actor
from records.vault import Vault
from retention import disposition, erasure, holds, material, scrubbing
from retention.certificates import APPRAISERS
from retention.disposition import Titles, as_it_is
from retention.erasure import Eraser
from retention.material import Material
from retention.schedule_versions import InForce
from retention.tables import Disposal, DisposalLine

Progress = Callable[[int, int], None]
#: How many documents go in one transaction, about: what is destroyed there keeps everybody else from writing.
DOCUMENTS_AT_ONCE = 400
_DELETED = ("destroying", "内容已删除,残迹待清除", "deleted, traces to be removed")


@dataclass(frozen=True)
class Outcome:
    """What became of a line.

    ``state``: destroyed; destroying (deleted, traces not removed yet, the next run goes on); held; kept (kept longer,
    or not due any more); failed (nothing changed, the next run tries again); ready (a dry run: would be destroyed).
    ``counts``: how many pages, texts, owners and so on went.
    """

    line_id: int
    disposal_id: int
    target_kind: str
    target_id: int
    reference: str
    title_class: str
    state: str
    zh: str
    en: str
    counts: Mapping[str, int]


def run(
    database: Database,
    vault: Vault,
    rules: InForce,
    actor: Actor | None,
    on: date,
    *,
    erasers: Sequence[Eraser] = (),
    dry_run: bool = False,
    progress: Progress | None = None,
    titles: Titles = as_it_is,
    chosen: Collection[int] | None = None,
) -> list[Outcome]:
    """Destroy what was approved; ``actor`` None is the nightly job, ``on`` the office's date of today.

    ``chosen``: only these lines, by id (none of them: only finish what was begun). ``progress`` is called between
    the transactions.

    ``rules`` gives the schedule in force, asked again inside each transaction. ``erasers`` remove what other floors
    keep of the records; they run inside the transaction, before the pages go. ``titles`` gives the class titles that
    tombstones bear. A line that fails fails alone. A dry run changes nothing. Raises NotAllowed.
    """
    if actor is not None:
        actor.require("执行销毁", *APPRAISERS)
    work = _Work(vault, rules, actor, on, erasers, titles)
    waiting = _waiting(database, chosen)
    total, outcomes, done = len(waiting), [], 0
    for group in _grouped(waiting):
        outcomes += _foresee(database, work, group) if dry_run else _attempt(database, work, group)
        for _ in group:
            done += 1
            if progress:
                progress(done, total)
    return outcomes if dry_run else _finish(database, vault, actor, outcomes)


@dataclass(frozen=True)
class _Work:
    """What every group of lines is destroyed with; see ``run``."""

    vault: Vault
    rules: InForce
    actor: Actor | None
    on: date
    erasers: Sequence[Eraser]
    titles: Titles


def _waiting(database: Database, chosen: Collection[int] | None = None) -> list[tuple[int, int]]:
    """The approved lines, each with about how many documents it stands for."""
    with database.reading() as session:
        query = select(DisposalLine.id, DisposalLine.serials).join(Disposal)
        query = query.where(Disposal.state == "approved", DisposalLine.state == "approved")
        waiting = [(id_, max(1, len(serials))) for id_, serials in session.execute(query.order_by(DisposalLine.id))]
    wanted = None if chosen is None else set(chosen)
    return [row for row in waiting if wanted is None or row[0] in wanted]


def _grouped(waiting: Sequence[tuple[int, int]]) -> Iterator[list[int]]:
    """Lines in groups that are committed together: a commit is dear, and nobody else writes until it is done."""
    group: list[int] = []
    weight = 0
    for line_id, documents in waiting:
        if group and weight + documents > DOCUMENTS_AT_ONCE:
            yield group
            group, weight = [], 0
        group.append(line_id)
        weight += documents
    if group:
        yield group


def _foresee(database: Database, work: _Work, group: Sequence[int]) -> list[Outcome]:
    with database.reading() as session:
        lines = _lines(session, group)
        obstacles = _obstacles(session, work, lines, material.find_all(session, map(_target, lines)))
        ready = ("ready", "将被销毁", "will be destroyed")
        return [_outcome(line, *obstacles.get(line.id, ready)) for line in lines]


def _attempt(database: Database, work: _Work, group: Sequence[int]) -> list[Outcome]:
    """Destroy a group in one transaction; where that fails, in two, down to the one line that is the cause."""
    try:
        with database.transaction() as session:
            holds.take_turns(session)
            audit.lock(session)  # before any row: whoever files takes it first too
            scrubbing.words_in_bulk(session)
            return _carry_out(session, work, _lines(session, group))
    except (OfficeError, SQLAlchemyError, OSError) as error:
        if len(group) > 1:
            middle = len(group) // 2
            return _attempt(database, work, group[:middle]) + _attempt(database, work, group[middle:])
        with database.reading() as session:
            zh, en = _sentences(error)
            line = session.get_one(DisposalLine, group[0])
            return [_outcome(line, "failed", f"未能销毁:{zh}", f"not destroyed: {en}")]


def _lines(session: Session, group: Sequence[int]) -> list[DisposalLine]:
    """Those of the lines that still wait; another run may have been at them."""
    query = select(DisposalLine).where(DisposalLine.id.in_(group), DisposalLine.state == "approved")
    return list(session.scalars(query.order_by(DisposalLine.id)))


def _target(line: DisposalLine) -> tuple[str, int]:
    return line.target_kind, line.target_id


def _sentences(error: Exception) -> tuple[str, str]:
    if isinstance(error, OfficeError):
        return error.sentence("zh"), error.sentence("en")
    # The statement's parameters would tell what is in the record.
    name = type(error).__name__
    return f"系统错误 {name}", f"system error {name}"


def _carry_out(session: Session, work: _Work, lines: Sequence[DisposalLine]) -> list[Outcome]:
    erasure.lock(session, map(_target, lines))
    found = material.find_all(session, map(_target, lines))
    obstacles = _obstacles(session, work, lines, found)
    free = [line for line in lines if line.id not in obstacles]
    records = [found[_target(line)] for line in free]
    erased = erasure.erase(session, work.vault, records, work.erasers, work.titles) if records else []
    for line, counts in zip(free, erased, strict=True):
        line.state, line.destroyed_at, line.outcome = "destroying", clock.now(), counts
        details = {"line": line.id, "disposal": line.disposal_id, "serials": line.serials, "counts": counts}
        by = work.actor.id if work.actor else None
        audit.append(session, by, Verb.RECORD_DESTROYED, f"{line.target_kind}:{line.target_id}", details)
    for line in lines:
        if line.id in obstacles:
            line.state, line.outcome = obstacles[line.id][0], {"checked_on": work.on.isoformat()}
    return [_outcome(line, *obstacles.get(line.id, _DELETED)) for line in lines]


#: A state, and the sentence in both languages.
_Obstacle = tuple[str, str, str]


def _obstacles(
    session: Session, work: _Work, lines: Sequence[DisposalLine], found: Mapping[tuple[str, int], Material]
) -> dict[int, _Obstacle]:
    """Why lines are not destroyed now, by their ids; those that nothing stops are not among them."""
    standing, unsettled = holds.active(session), loans.unsettled(session)
    kept = disposition.kept_until(session, work.on)
    due = disposition.still_due(session, work.rules(session), list(found.values()), work.on)

    def obstacle(line: DisposalLine) -> _Obstacle | None:
        target = _target(line)
        if target not in found:
            return "kept", "所列档案已不是原状", "the record is no longer what was listed"
        held = holds.stopping(standing, found[target])
        if held:
            return "held", f"已冻结({held[0].id} 号)", f"on hold (no. {held[0].id})"
        loan = unsettled.get(line.target_id) if line.target_kind == "dossier" else None
        if loan is not None:
            return "kept", f"原件借出未办结(借阅 {loan} 号)", f"its paper is out on loan {loan}"
        if target in kept:
            return "kept", f"延期保管至 {kept[target]}", f"kept until {kept[target]}"
        if target not in due:
            return "kept", f"{work.on} 尚未到期", f"not due on {work.on}"
        return None

    told = {line.id: obstacle(line) for line in lines}
    return {line_id: why for line_id, why in told.items() if why is not None}


def _finish(database: Database, vault: Vault, actor: Actor | None, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Remove what the deletions left, of this run and of any that was killed; then their lines are destroyed."""
    deleted = _deleted(database)
    try:
        _discard(database, vault)
        if deleted:
            scrubbing.scrub(database)
        settled = [replace(outcome, state="destroyed", zh="已销毁", en="destroyed") for outcome in deleted]
    except (OfficeError, SQLAlchemyError, OSError) as error:
        zh, en = _sentences(error)
        settled = [replace(outcome, zh=zh, en=en) for outcome in deleted]
    with database.transaction() as session:
        _settle(session, actor, [outcome.line_id for outcome in settled if outcome.state == "destroyed"])
    latest = {outcome.line_id: outcome for outcome in settled}
    known = {outcome.line_id for outcome in outcomes}
    earlier = [outcome for outcome in settled if outcome.line_id not in known]
    return earlier + [latest.get(outcome.line_id, outcome) for outcome in outcomes]


def _deleted(database: Database) -> list[Outcome]:
    with database.reading() as session:
        query = select(DisposalLine).where(DisposalLine.state == "destroying").order_by(DisposalLine.id)
        return [_outcome(line, *_DELETED) for line in session.scalars(query)]


def _discard(database: Database, vault: Vault) -> None:
    with database.reading() as session:
        if not session.scalar(select(exists().where(Discard.id.is_not(None)))):
            return
    with database.transaction() as session:
        holds.take_turns(session)
        vault.discard_forgotten(session)


def _settle(session: Session, actor: Actor | None, line_ids: Sequence[int]) -> None:
    """Call these lines destroyed, and close every approved list none of whose lines is waiting any more."""
    holds.take_turns(session)
    for some in parted(line_ids):
        session.execute(update(DisposalLine).where(DisposalLine.id.in_(some)).values(state="destroyed"))
    waiting = exists().where(
        DisposalLine.disposal_id == Disposal.id, DisposalLine.state.in_(("approved", "destroying"))
    )
    for disposal in session.scalars(select(Disposal).where(Disposal.state == "approved", ~waiting)).all():
        disposal.state, disposal.completed_at = "completed", clock.now()
        states = [line.state for line in disposal.lines]
        details = {state: states.count(state) for state in sorted(set(states))}
        subject = f"disposal:{disposal.id}"
        audit.append(session, actor.id if actor else None, Verb.DISPOSAL_COMPLETED, subject, details)


def _outcome(line: DisposalLine, state: str, zh: str, en: str) -> Outcome:
    counts = {key: value for key, value in line.outcome.items() if isinstance(value, int)}
    return Outcome(
        line_id=line.id,
        disposal_id=line.disposal_id,
        target_kind=line.target_kind,
        target_id=line.target_id,
        reference=line.reference,
        title_class=line.title_class,
        state=state,
        zh=zh,
        en=en,
        counts=counts,
    )
