"""Runs of what was approved 执行销毁: seen before they begin, limited by night, followed while they last.

A run is a row that names its lines, worked off by the worker or by a command: it is claimed with a lease, notes how far
it has come, and is gone on with by whoever comes next when its worker is killed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Exists, exists, func, or_, select
from sqlalchemy.orm import Session

from records import audit, clock
from records.audit import Verb
from records.database import Database
from records.errors import NotFound, OfficeError
from records.leaving import parted
from records.tables import Document, User
from records.users import Actor, as_actor
from records.vault import Vault
from retention import purge
from retention.certificates import APPRAISERS
from retention.disposition import Titles, as_it_is
from retention.erasure import Eraser
from retention.purge import Outcome, Progress
from retention.schedule_versions import InForce
from retention.tables import Disposal, DisposalLine, DisposalRun

LEASE = timedelta(minutes=2)
_SOON = timedelta(seconds=30)
#: So often the row is written while a run lasts, in seconds: whoever waits sees it move, and the work goes on.
_NOTED_EVERY = 0.5
#: A line in one of these states has been dealt with, as far as the progress of a run is concerned.
_WAITS = "approved"


class RunUnderWay(OfficeError):
    """One run at a time: two of them would only wait for each other."""

    code = "retention.run_under_way"
    zh = "销毁任务 {run} 号正在执行,请待其完成。"
    en = "Run {run} is under way; please wait until it is done."


class RunMoved(OfficeError):
    """What would be destroyed is not what was looked at."""

    code = "retention.run_moved"
    zh = "可销毁的已有变化,请重新查看后再执行。"
    en = "What would be destroyed has changed; look at it again."


@dataclass(frozen=True)
class Tools:
    """What a run works with: the database, the vault, the schedule, who erases what, what forms are called."""

    database: Database
    vault: Vault
    rules: InForce
    erasers: Sequence[Eraser] = ()
    titles: Titles = as_it_is


@dataclass(frozen=True)
class Night:
    """A night: the local date on which it begins, how many documents may go (0: any number) and how many went."""

    on: date
    most: int
    used: int

    @property
    def left(self) -> int | None:
        """How many documents may still go; None where there is no limit."""
        return max(0, self.most - self.used) if self.most else None


def is_night(moment: datetime, hours: tuple[int, int]) -> bool:
    """Whether an instant is within the night's local hours, which may go over midnight.

    >>> from datetime import UTC
    >>> [is_night(datetime(2026, 1, 1, hour, tzinfo=UTC), (22, 4)) for hour in (13, 14, 19, 20)]
    [False, True, True, False]
    """
    start, end = hours
    hour = moment.astimezone(clock.OFFICE_ZONE).hour
    return start <= hour < end if start < end else hour >= start or hour < end


def night_of(moment: datetime, hours: tuple[int, int]) -> date:
    """The local date on which the present night began, or the next one begins.

    >>> from datetime import UTC
    >>> night_of(datetime(2026, 1, 1, 19, tzinfo=UTC), (22, 4)), night_of(datetime(2026, 1, 1, 9, tzinfo=UTC), (1, 5))
    (datetime.date(2026, 1, 1), datetime.date(2026, 1, 2))
    """
    local = moment.astimezone(clock.OFFICE_ZONE)
    start, end = hours
    if start > end:
        return local.date() - timedelta(days=local.hour < end)
    return local.date() + timedelta(days=local.hour >= end)


def night(session: Session, hours: tuple[int, int], most: int) -> Night:
    """This night, or the next one: what it may destroy, and what its job has destroyed already."""
    on = night_of(clock.now(), hours)
    query = select(func.sum(DisposalRun.documents)).where(DisposalRun.kind == "night", DisposalRun.on == on)
    return Night(on, most, session.scalar(query) or 0)


def waiting_lines(session: Session, *, signed_first: bool = False) -> list[DisposalLine]:
    """The lines that were approved and wait, oldest first; ``signed_first``: of lists whose signed paper is filed."""
    query = select(DisposalLine).join(Disposal).where(Disposal.state == "approved", DisposalLine.state == _WAITS)
    if signed_first:
        query = query.where(_signed())
    return list(session.scalars(query.order_by(DisposalLine.id)))


def unsigned(session: Session) -> list[Disposal]:
    """The approved and completed lists whose signed paper has not been scanned and filed yet, oldest first."""
    query = select(Disposal).where(Disposal.state.in_(("approved", "completed")), ~_signed())
    return list(session.scalars(query.order_by(Disposal.id)))


def signed_scan(session: Session, disposal: Disposal) -> int | None:
    """The document in which a list's signed paper was filed, or None."""
    query = select(Document.id).where(Document.serial == disposal.certificate, Document.state == "filed")
    return session.scalar(query.limit(1)) if disposal.certificate else None


def _signed() -> Exists:
    return exists().where(Document.serial == Disposal.certificate, Document.state == "filed")


def sizes(session: Session, lines: Sequence[DisposalLine]) -> dict[int, int]:
    """How many documents each line would destroy, by the line's id: a dossier's, a book's, or one."""
    inside = {"dossier": Document.dossier_id, "book": Document.book_id}
    counted: dict[tuple[str, int], int] = {}
    for kind, column in inside.items():
        for ids in parted([line.target_id for line in lines if line.target_kind == kind]):
            query = select(column, func.count()).where(column.in_(ids), Document.state != "destroyed").group_by(column)
            counted |= {(kind, id_): count for id_, count in session.execute(query) if id_ is not None}
    return {line.id: max(1, counted.get((line.target_kind, line.target_id), 1)) for line in lines}


def within(session: Session, lines: Sequence[DisposalLine], most: int | None, *, fresh: bool = True) -> list[int]:
    """The ids of the first lines that fit into so many documents (None: all of them); the rest waits.

    ``fresh``: nothing has gone yet, so that one line goes at least: a dossier with more documents than a night's
    limit would wait for ever.
    """
    if most is None:
        return [line.id for line in lines]
    chosen: list[int] = []
    left, size = most, sizes(session, lines)
    for line in lines:
        if size[line.id] > left and (chosen or not fresh or not most):
            break
        chosen.append(line.id)
        left -= size[line.id]
    return chosen


def ask(
    session: Session, actor: Actor, line_ids: Sequence[int], on: date, *, left_out: int = 0, working: bool = False
) -> DisposalRun:
    """Ask for a run over lines that somebody has looked at. Raises NotAllowed, RunUnderWay, RunMoved (no line waits).

    ``left_out``: lines that were ready too. ``working``: whoever asks works it off at once; else the worker does.
    """
    actor.require("执行销毁", *APPRAISERS)
    waiting = {line.id for line in waiting_lines(session)}
    if not line_ids or not set(line_ids) <= waiting:
        raise RunMoved()
    run = _begin(session, "hand", actor.id, line_ids, on, left_out)
    audit.append(session, actor.id, Verb.DISPOSAL_RUN_ASKED, f"run:{run.id}", {"lines": run.total})
    if working:
        _lease(run)
    return run


def ask_for_night(session: Session, hours: tuple[int, int], most: int, *, signed_first: bool) -> DisposalRun | None:
    """The nightly job's run, within what this night may still destroy; None where nothing waits or may go."""
    tonight = night(session, hours, most)
    lines = waiting_lines(session, signed_first=signed_first)
    chosen = within(session, lines, tonight.left, fresh=not tonight.used)
    if not chosen or under_way(session) is not None:
        return None
    return _begin(session, "night", None, chosen, tonight.on, len(lines) - len(chosen))


def _begin(
    session: Session, kind: str, asker: int | None, line_ids: Sequence[int], on: date, left_out: int
) -> DisposalRun:
    audit.lock(session)  # two people who ask at once get one run
    before = under_way(session)
    if before is not None:
        raise RunUnderWay(run=before.id)
    run = DisposalRun(
        kind=kind,
        state="waiting",
        asked_by=asker,
        asked_at=clock.now(),
        on=on,
        lines=sorted(line_ids),
        left_out=left_out,
        total=len(line_ids),
        outcomes=[],
    )
    session.add(run)
    session.flush()
    return run


def under_way(session: Session) -> DisposalRun | None:
    """The run that waits or is being worked off, or None."""
    query = select(DisposalRun).where(DisposalRun.state != "finished").order_by(DisposalRun.id)
    return session.scalar(query.limit(1))


def unattended(run: DisposalRun) -> bool:
    """Whether nobody works on a run that has waited for half a minute: the worker seems not to be there."""
    since = run.leased_until or run.asked_at + _SOON
    return run.state != "finished" and since < clock.now()


def find_run(session: Session, run_id: int) -> DisposalRun:
    """The run of that number. Raises NotFound."""
    run = session.get(DisposalRun, run_id)
    if run is None:
        raise NotFound(what=f"销毁任务 {run_id} 号")
    return run


def history(session: Session, count: int = 20) -> list[DisposalRun]:
    """The last runs, newest first."""
    return list(session.scalars(select(DisposalRun).order_by(DisposalRun.id.desc()).limit(count)))


def lines_of(session: Session, run: DisposalRun) -> list[DisposalLine]:
    """The lines that a run is for, in order."""
    found = session.scalars(select(DisposalLine).where(DisposalLine.id.in_(run.lines)).order_by(DisposalLine.id))
    return list(found)


def claim(session: Session) -> DisposalRun | None:
    """The run to work off, leased to the caller; None where none waits and nobody has let one go."""
    free = or_(DisposalRun.leased_until.is_(None), DisposalRun.leased_until < clock.now())
    query = select(DisposalRun).where(DisposalRun.state != "finished", free).order_by(DisposalRun.id)
    run = session.scalar(query.limit(1).with_for_update(skip_locked=True))
    if run is not None:
        _lease(run)
    return run


def _lease(run: DisposalRun) -> None:
    run.state, run.stage, run.leased_until = "running", "erasing", clock.now() + LEASE


def work_off(tools: Tools, run_id: int, progress: Progress | None = None) -> list[Outcome]:
    """Work off a run that the caller has claimed, to its end; what became of the lines that were still waiting.

    A run that its asker may not do any more ends with that sentence.
    """
    with tools.database.reading() as session:
        run = find_run(session, run_id)
        actor, on, line_ids = _asker(session, run), _as_of(run), list(run.lines)
        before = sum(line.state != _WAITS for line in lines_of(session, run))
    noting = _Noting(tools.database, run_id, before, len(line_ids), progress)
    try:
        outcomes = purge.run(
            tools.database, tools.vault, tools.rules, actor, on,
            erasers=tools.erasers, titles=tools.titles, chosen=line_ids, progress=noting,
        )  # fmt: skip
    except OfficeError as error:
        sentences = {"zh": error.sentence("zh"), "en": error.sentence("en")}
        _end(tools.database, run_id, [{"line": 0, "state": "failed", **sentences}])
        raise
    left = [one for one in outcomes if one.line_id in set(line_ids) and one.state != "destroyed"]
    _end(tools.database, run_id, [{"line": o.line_id, "state": o.state, "zh": o.zh, "en": o.en} for o in left])
    return outcomes


def _asker(session: Session, run: DisposalRun) -> Actor | None:
    return None if run.asked_by is None else as_actor(session.get_one(User, run.asked_by))


def _as_of(run: DisposalRun) -> date:
    """A night's run judges by the day on which it works; one by hand as it was asked."""
    return clock.today() if run.kind == "night" else run.on


class _Noting:
    """Notes how far a run has come, twice a second, in transactions of their own; and tells whoever else asks."""

    def __init__(self, database: Database, run_id: int, before: int, total: int, onward: Progress | None) -> None:
        self.database, self.run_id, self.before, self.total, self.onward = database, run_id, before, total, onward
        self.last = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        if self.onward:
            self.onward(done, total)
        ended = done >= total
        if not ended and time.monotonic() - self.last < _NOTED_EVERY:
            return
        with self.database.transaction() as session:
            run = find_run(session, self.run_id)
            run.done = min(self.total, self.before + done)
            run.stage = "scrubbing" if ended else "erasing"
            run.leased_until = clock.now() + LEASE
        self.last = time.monotonic()


def _end(database: Database, run_id: int, outcomes: list[dict[str, object]]) -> None:
    with database.transaction() as session:
        run = find_run(session, run_id)
        lines = lines_of(session, run)
        run.state, run.stage, run.finished_at, run.leased_until = "finished", "finished", clock.now(), None
        run.done = sum(line.state != _WAITS for line in lines)
        run.documents = sum(_documents(line.outcome) for line in lines if line.state in ("destroyed", "destroying"))
        run.outcomes = outcomes


def _documents(outcome: Mapping[str, object]) -> int:
    """At least one, as ``sizes`` has it: a record without a document is work for the night too."""
    count = outcome.get("documents", 0)
    return max(1, count) if isinstance(count, int) else 1


def being_destroyed(session: Session) -> int:
    """How many lines are deleted and not yet free of traces."""
    return session.scalar(select(func.count()).where(DisposalLine.state == "destroying")) or 0


def finish_begun(tools: Tools) -> list[Outcome]:
    """Remove the traces that an earlier run had to leave, because somebody was reading; begins nothing new."""
    return purge.run(
        tools.database, tools.vault, tools.rules, None, clock.today(),
        erasers=tools.erasers, titles=tools.titles, chosen=(),
    )  # fmt: skip
