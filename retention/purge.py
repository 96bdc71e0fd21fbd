"""The purge 执行销毁: what was approved is destroyed, line by line, provably and for good.

One transaction per line: whoever holds, keeps or destroys takes turns (``holds.take_turns``); then hold, decision and
period are looked at again; then everything of the record goes, and the line stands at ``destroying``. Commit first,
bytes after: the vault's files are discarded and the database's files scrubbed (``scrubbing``), and only then the
line says ``destroyed``. Killed at any moment, the next run goes on where this one stopped, since every step left is a
state in the tables: an approved line, a noted file, a line at ``destroying``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import exists, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from records import audit, clock, loans
from records.audit import Verb
from records.database import Database
from records.errors import OfficeError
from records.tables import Discard
from records.users import Actor
from records.vault import Vault
from retention import disposition, erasure, holds, material, scrubbing
from retention.certificates import APPRAISERS
from retention.disposition import Titles, as_it_is
from retention.erasure import Eraser
from retention.schedule_versions import InForce
from retention.tables import Disposal, DisposalLine

Progress = Callable[[int, int], None]
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

    ``rules`` gives the schedule in force, asked again for each line inside its transaction. ``erasers`` remove what
    other floors keep of the documents; they run inside the line's transaction, before the pages go. ``titles`` gives
    the class titles that tombstones bear. A line that fails fails alone. A dry run changes
    nothing. Raises NotAllowed.
    """
    if actor is not None:
        actor.require("执行销毁", *APPRAISERS)
    waiting = _waiting(database, chosen)
    outcomes = []
    for done, line_id in enumerate(waiting, start=1):
        outcome = (
            _foresee(database, rules, line_id, on)
            if dry_run
            else _attempt(database, vault, rules, actor, line_id, on, erasers, titles)
        )
        outcomes += [outcome] if outcome else []
        if progress:
            progress(done, len(waiting))
    return outcomes if dry_run else _finish(database, vault, actor, outcomes)


def _waiting(database: Database, chosen: Collection[int] | None = None) -> list[int]:
    with database.reading() as session:
        query = select(DisposalLine.id).join(Disposal)
        query = query.where(Disposal.state == "approved", DisposalLine.state == "approved")
        waiting = list(session.scalars(query.order_by(DisposalLine.id)))
    wanted = set(waiting if chosen is None else chosen)
    return [line_id for line_id in waiting if line_id in wanted]


def _foresee(database: Database, rules: InForce, line_id: int, on: date) -> Outcome:
    with database.reading() as session:
        line = session.get_one(DisposalLine, line_id)
        state, zh, en = _obstacle(session, rules, line, on) or ("ready", "将被销毁", "will be destroyed")
        return _outcome(line, state, zh, en)


def _attempt(
    database: Database,
    vault: Vault,
    rules: InForce,
    actor: Actor | None,
    line_id: int,
    on: date,
    erasers: Sequence[Eraser],
    titles: Titles,
) -> Outcome | None:
    try:
        with database.transaction() as session:
            holds.take_turns(session)
            line = session.get_one(DisposalLine, line_id)
            if line.state != "approved":
                return None
            return _carry_out(session, vault, rules, actor, line, on, erasers, titles)
    except (OfficeError, SQLAlchemyError, OSError) as error:
        with database.reading() as session:
            line = session.get_one(DisposalLine, line_id)
            zh, en = _sentences(error)
            return _outcome(line, "failed", f"未能销毁:{zh}", f"not destroyed: {en}")


def _sentences(error: Exception) -> tuple[str, str]:
    if isinstance(error, OfficeError):
        return error.sentence("zh"), error.sentence("en")
    # The statement's parameters would tell what is in the record.
    name = type(error).__name__
    return f"系统错误 {name}", f"system error {name}"


def _carry_out(
    session: Session,
    vault: Vault,
    rules: InForce,
    actor: Actor | None,
    line: DisposalLine,
    on: date,
    erasers: Sequence[Eraser],
    titles: Titles,
) -> Outcome:
    erasure.lock(session, line.target_kind, line.target_id)
    obstacle = _obstacle(session, rules, line, on)
    if obstacle:
        state, zh, en = obstacle
        line.state, line.outcome = state, {"checked_on": on.isoformat()}
        return _outcome(line, state, zh, en)
    one = material.find(session, line.target_kind, line.target_id)
    counts = erasure.erase(session, vault, one, erasers, titles) if one else {}
    line.state, line.destroyed_at, line.outcome = "destroying", clock.now(), dict(counts)
    details = {"line": line.id, "disposal": line.disposal_id, "serials": line.serials, "counts": counts}
    subject = f"{line.target_kind}:{line.target_id}"
    audit.append(session, actor.id if actor else None, Verb.RECORD_DESTROYED, subject, details)
    return _outcome(line, *_DELETED)


def _obstacle(session: Session, rules: InForce, line: DisposalLine, on: date) -> tuple[str, str, str] | None:
    """Why a line is not destroyed now: its state, and the sentence in both languages; None where nothing stops it."""
    one = material.find(session, line.target_kind, line.target_id)
    if one is None:
        return "kept", "所列档案已不是原状", "the record is no longer what was listed"
    standing = holds.held(session, one)
    if standing:
        return "held", f"已冻结({standing[0].id} 号)", f"on hold (no. {standing[0].id})"
    loan = loans.unsettled(session).get(line.target_id) if line.target_kind == "dossier" else None
    if loan is not None:
        return "kept", f"原件借出未办结(借阅 {loan} 号)", f"its paper is out on loan {loan}"
    until = disposition.kept_until(session, line.target_kind, line.target_id)
    if until is not None and until > on:
        return "kept", f"延期保管至 {until}", f"kept until {until}"
    if not disposition.still_due(session, rules(session), line.target_kind, line.target_id, on):
        return "kept", f"{on} 尚未到期", f"not due on {on}"
    return None


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
    for line_id in line_ids:
        session.get_one(DisposalLine, line_id).state = "destroyed"
    session.flush()
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
