"""Destroying what was approved: shown first, by hand or at night, worked off by the worker or by a command."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.orm import Session

from records.users import Actor
from retention import purge, runs, schedule_versions
from retention.purge import Outcome, Progress
from retention.runs import Night, RunMoved, Tools
from retention.tables import DisposalRun
from web.acts.retention import disposals
from web.office import Office

_UNSIGNED = ("unsigned", "签好的清册还没有扫描归档", "its signed list has not been scanned yet")


@dataclass(frozen=True)
class Foreseen:
    """What a run would do, line by line; ``ready``: the lines that it would destroy, with their documents counted.

    ``settled``: lines that it would only take off their list, since they are held or kept. ``seen`` names the ready
    lines: a run is asked for with it, so that nothing is destroyed that was not looked at.
    """

    outcomes: Sequence[Outcome]
    ready: Sequence[int]
    documents: int
    settled: Sequence[int]
    seen: str


def tools(office: Office) -> Tools:
    """What a run works with in this office."""
    names = disposals.titles(office.catalogue)
    return Tools(office.database, office.vault, schedule_versions.in_force, disposals.ERASERS, names)


def tonight(session: Session, office: Office) -> Night:
    """This night or the next: how many documents may go."""
    return runs.night(session, office.settings.night, office.settings.night_limit)


def foresee(office: Office, actor: Actor, on: date) -> Foreseen:
    """What a run by hand would do now. Raises NotAllowed."""
    outcomes = purge.run(
        office.database, office.vault, schedule_versions.in_force, actor, on, erasers=disposals.ERASERS, dry_run=True,
        titles=disposals.titles(office.catalogue),
    )  # fmt: skip
    with office.reading() as session:
        signed = {line.id for line in runs.waiting_lines(session, signed_first=office.settings.signed_first)}
        waiting = {line.id: line for line in runs.waiting_lines(session)}
        shown = [one if one.line_id in signed else _unsigned(one) for one in outcomes]
        ready = [one.line_id for one in shown if one.state == "ready" and one.line_id in waiting]
        sizes = runs.sizes(session, [waiting[line_id] for line_id in ready])
    settled = [one.line_id for one in shown if one.state in ("held", "kept")]
    return Foreseen(shown, ready, sum(sizes.values()), settled, _seen(ready))


def _unsigned(outcome: Outcome) -> Outcome:
    state, zh, en = _UNSIGNED
    return replace(outcome, state=state, zh=zh, en=en)


def _seen(line_ids: Sequence[int]) -> str:
    return hashlib.sha256(",".join(map(str, sorted(line_ids))).encode()).hexdigest()[:32]


def ask(office: Office, actor: Actor, on: date, seen: str, most: int | None = None) -> int:
    """Ask for a run of what was looked at, or of its first lines with so many documents; the run's number.

    Raises NotAllowed, RunMoved, RunUnderWay.
    """
    foreseen = foresee(office, actor, on)
    if seen != foreseen.seen:
        raise RunMoved()
    with office.transaction() as session:
        return _ask(session, actor, foreseen, on, most).id


def _ask(
    session: Session, actor: Actor, foreseen: Foreseen, on: date, most: int | None, *, working: bool = False
) -> DisposalRun:
    ready = set(foreseen.ready)
    lines = [line for line in runs.waiting_lines(session) if line.id in ready]
    wanted = [*runs.within(session, lines, most), *foreseen.settled]
    return runs.ask(
        session, actor, wanted, on, left_out=len(lines) + len(foreseen.settled) - len(wanted), working=working
    )


def run_now(
    office: Office, actor: Actor, on: date, most: int | None = None, progress: Progress | None = None
) -> list[Outcome]:
    """Carry out everything that is ready at once (a command's run); finishes what an earlier run left, too.

    Raises NotAllowed, RunMoved (somebody else was quicker), RunUnderWay.
    """
    foreseen = foresee(office, actor, on)
    unsigned = [one for one in foreseen.outcomes if one.state == "unsigned"]
    if not foreseen.ready and not foreseen.settled:
        return [*runs.finish_begun(tools(office)), *unsigned]
    with office.transaction() as session:
        run_id = _ask(session, actor, foreseen, on, most, working=True).id
    return [*runs.work_off(tools(office), run_id, progress), *unsigned]


def begin_night(office: Office) -> DisposalRun | None:
    """The nightly job: a run within the night's limit, for the worker to work off; None where nothing may go."""
    with office.transaction() as session:
        settings = office.settings
        return runs.ask_for_night(session, settings.night, settings.night_limit, signed_first=settings.signed_first)


def work_once(office: Office) -> int:
    """Work off the run that waits, or that nobody works on any more; how many records were destroyed."""
    with office.reading() as session:
        if runs.under_way(session) is None:
            return 0
    with office.transaction() as session:
        claimed = runs.claim(session)
        run_id = claimed.id if claimed else None
    if run_id is None:
        return 0
    outcomes = runs.work_off(tools(office), run_id)
    return sum(one.state == "destroyed" for one in outcomes)


def finish_begun(office: Office) -> int:
    """Remove traces that were left because somebody was reading; how many records are destroyed by that."""
    with office.reading() as session:
        if not runs.being_destroyed(session) or runs.under_way(session) is not None:
            return 0
    return sum(one.state == "destroyed" for one in runs.finish_begun(tools(office)))


def stage(run: DisposalRun) -> tuple[str, str]:
    """What a run is doing just now, in Chinese and English."""
    return {
        "waiting": ("等待后台程序", "waiting for the worker"),
        "erasing": ("正在核对冻结和期限，逐件删除", "holds and periods are looked at, records deleted one by one"),
        "scrubbing": ("已删除，正在清除影像文件和数据库残迹", "deleted; image files and traces are being removed"),
        "finished": ("已完成", "finished"),
    }[run.stage]
