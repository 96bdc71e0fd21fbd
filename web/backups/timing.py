"""When the worker backs up by itself: every night, and as soon as something was destroyed.

The second is what makes a destruction complete: from then on the folder shows nothing of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from records import clock
from records.audit import Verb
from records.tables import AuditEntry
from retention import runs
from retention.tables import DisposalLine
from web.backups.folder import NoBackupThere
from web.backups.writing import Backup, make_backup
from web.office import Office

#: A backup that somebody made in the evening is the night's.
ENOUGH = timedelta(hours=12)


def last_backup(session: Session) -> datetime | None:
    """When the last backup was finished."""
    query = select(AuditEntry.at).where(AuditEntry.verb == Verb.BACKUP_MADE)
    at = session.scalar(query.order_by(AuditEntry.seq.desc()).limit(1))
    return datetime.fromisoformat(at) if at else None


def is_due(session: Session, now: datetime, night: tuple[int, int]) -> bool:
    """Whether a backup should be made now; never in the middle of a destruction."""
    if session.scalar(select(DisposalLine.id).where(DisposalLine.state == "destroying").limit(1)) is not None:
        return False
    last = last_backup(session)
    if runs.is_night(now, night) and (last is None or now - last > ENOUGH):
        return True
    destroyed = session.scalar(select(func.max(DisposalLine.destroyed_at)))
    return destroyed is not None and last is not None and destroyed > last


def back_up_when_due(office: Office) -> Backup | None:
    """The nightly job's backup into the folder of the settings, if one is due.

    The folder must be there already: where a disk is not mounted, nothing is written in its place.
    Raises NoBackupThere and whatever a backup raises.
    """
    folder: Path | None = office.settings.backup
    if folder is None:
        return None
    with office.reading() as session:
        if not is_due(session, clock.now(), office.settings.night):
            return None
    if not folder.is_dir():
        raise NoBackupThere(folder=folder, why="文件夹不在(盘未接上?)", why_en="the folder is not there")
    return make_backup(office.database, office.vault, None, folder, home=office.settings.home)
