"""Checks of the archive 四性检测: asked for, worked off in pieces, resumed after a kill, kept with their findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from records import audit, clock
from records.audit import Verb
from records.check_tables import CheckRun
from records.errors import BadInput, NotFound
from records.tables import Blob, Key
from records.users import Actor, Role
from records.vault import Vault, blob_path, opening
from records.vault.opening import Prover, Sealed
from records.verify import Finding, check_blobs, unreadable

KINDS = ("full", "sample")
CHECKERS = (Role.ARCHIVIST, Role.SUPERVISOR, Role.MANAGER, Role.ADMIN)
#: How many images a nightly sample opens, and how many are opened between two commits; where several are opened at a
#: time, as many more.
SAMPLE, PIECE, AT_ONCE = 500, 100, 20
LEASE = timedelta(minutes=5)


@dataclass(frozen=True)
class Piece:
    """What was looked at between two commits: up to which image, how many, and what was found.

    ``suspects``: images, by id, that did not open; they are looked at again before anybody is told.
    """

    last_blob: int
    count: int
    findings: Sequence[Finding] = ()
    suspects: Sequence[tuple[int, str]] = ()


def ask(session: Session, actor: Actor | None, kind: str) -> CheckRun:
    """Ask for a check; one that is under way is gone on with. ``actor`` None is the nightly job. Raises NotAllowed."""
    if actor is not None:
        actor.require("检查档案", *CHECKERS)
    if kind not in KINDS:
        raise BadInput(what=f"检查 {kind}(可选:{'、'.join(KINDS)})")
    audit.lock(session)  # two people who ask at once get one check
    under_way = session.scalar(select(CheckRun).where(CheckRun.kind == kind, CheckRun.state != "finished"))
    if under_way is not None:
        return under_way
    blobs = session.scalar(select(func.count()).select_from(Blob)) or 0
    step = 1 if kind == "full" else max(1, blobs // SAMPLE)
    run = CheckRun(kind=kind, step=step, asked_by=actor.id if actor else None, asked_at=clock.now(), findings=[])
    session.add(run)
    session.flush()
    run.total = session.scalar(select(func.count()).select_from(_of(run).subquery())) or 0
    return run


def claim(session: Session, run_id: int | None = None) -> CheckRun | None:
    """The check to go on with, leased to the caller until the next piece; None when there is none."""
    free = or_(CheckRun.leased_until.is_(None), CheckRun.leased_until < clock.now())
    query = select(CheckRun).where(CheckRun.state != "finished", free)
    if run_id is not None:
        query = query.where(CheckRun.id == run_id)
    run = session.scalar(query.order_by(CheckRun.id).with_for_update(skip_locked=True))
    if run is not None:
        run.state, run.leased_until = "running", clock.now() + LEASE
    return run


def open_piece(session: Session, vault: Vault, run: CheckRun, prover: Prover | None = None) -> Piece:
    """Open the next images of a check; an empty piece when none are left, or when none can be opened here.

    Without a ``prover`` one after the other; the images of a sample are decoded too.
    """
    if not vault.master.can_open():
        return Piece(run.last_blob, 0)
    limit = PIECE * AT_ONCE if prover else PIECE
    files = [_sealed(row) for row in session.execute(_files_of(run).limit(limit))]
    fates = (prover or opening.here(vault, look=run.kind == "sample"))(files)
    suspects = [(file.id, fate) for file, fate in zip(files, fates, strict=True) if fate]
    return Piece(files[-1].id if files else run.last_blob, len(files), suspects=suspects)


def _files_of(run: CheckRun) -> Select[*tuple[Any, ...]]:
    series = aliased(Key)
    columns = (Blob.id, Blob.digest, Blob.key_id, Blob.size, Blob.media_type, Key.wrapped, Key.parent_id)
    query = select(*columns, series.wrapped.label("series")).join(Key, Key.id == Blob.key_id)
    query = query.outerjoin(series, series.id == Key.parent_id)
    return query.where(_belongs(run), Blob.id > run.last_blob).order_by(Blob.id)


def _sealed(row: Any) -> Sealed:
    keys = (row.wrapped,) if row.parent_id is None else (row.wrapped, row.series)
    return Sealed(row.id, blob_path(row.digest, row.key_id), row.digest, row.size, row.media_type, keys)


def note(session: Session, vault: Vault, run: CheckRun, piece: Piece) -> None:
    """Keep what a piece found; the check is free for the next.

    Suspects are looked at once more, by the checker that stands apart: what was destroyed meanwhile is no finding.
    """
    for blob_id, fate in piece.suspects:
        blob = session.get(Blob, blob_id)
        if blob is not None:
            _keep(run, [unreadable(session, blob)] if fate == "unreadable" else check_blobs(session, vault, [blob]))
    _keep(run, piece.findings)
    run.last_blob, run.done, run.leased_until = piece.last_blob, run.done + piece.count, None


def _keep(run: CheckRun, findings: Iterable[Finding]) -> None:
    found = ({"code": one.code, "subject": one.subject, "zh": one.zh, "en": one.en} for one in findings)
    run.findings = [*run.findings, *found]


def finish(session: Session, run: CheckRun) -> None:
    """The check is done; the log says how it went."""
    run.state, run.finished_at, run.leased_until = "finished", clock.now(), None
    details = {"check": run.id, "kind": run.kind, "images": run.done, "findings": len(run.findings)}
    audit.append(session, run.asked_by, Verb.CHECKED, "system", details)


def find(session: Session, run_id: int) -> CheckRun:
    """The check of that number. Raises NotFound."""
    run = session.get(CheckRun, run_id)
    if run is None:
        raise NotFound(what=f"检查 {run_id} 号")
    return run


def history(session: Session, count: int = 30) -> list[CheckRun]:
    """The last checks, newest first."""
    return list(session.scalars(select(CheckRun).order_by(CheckRun.id.desc()).limit(count)))


def last_asked(session: Session, kind: str) -> datetime | None:
    """When a check of this kind was last asked for."""
    return session.scalar(select(func.max(CheckRun.asked_at)).where(CheckRun.kind == kind))


def _of(run: CheckRun) -> Select[Blob]:
    return select(Blob).where(_belongs(run))


def _belongs(run: CheckRun) -> ColumnElement[bool]:
    # Every so manyth image, and another remainder for each sample: within so many nights each has had its turn.
    return Blob.id % run.step == run.id % run.step
