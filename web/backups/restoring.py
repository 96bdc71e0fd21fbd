"""Restoring a backup: the whole of it is proven before any record is touched, and it is there all at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Table, select, text
from sqlalchemy.orm import Session

from records import audit, clock, triggers
from records.audit import Verb
from records.database import Database
from records.errors import OfficeError
from records.tables import AuditEntry, Key
from records.vault import Vault, key_holders, key_rotation, write_durably
from records.vault.master_key import Identity
from retention.tables import Disposal, DisposalLine
from web.backups import files
from web.backups.files import Progress
from web.backups.folder import (
    FILES,
    OWN_FILES,
    VAULT,
    BackupDamaged,
    NoBackupThere,
    Ring,
    Snapshot,
    locked,
    newest,
    prove_parts,
    read_files,
    read_part,
    read_ring,
    read_rows,
    read_snapshot,
)
from web.backups.own_files import unpack
from web.backups.rows import backed_up_tables, from_json
from web.backups.writing import shortened
from web.schema import METADATA, known_revisions

#: Applies certificate lines (rows of DisposalLine, each with its list's row under ``disposal``) inside the restore.
DestroyAgain = Callable[[Session, Sequence[Mapping[str, Any]]], int]


class OfficeNotEmpty(OfficeError):
    """A restore goes into an empty office, or is told to replace what is there."""

    code = "backup.not_empty"
    zh = "当前数据目录中已有数据。如确需用备份覆盖,请加 --replace。"
    en = "There is data here already. To put the backup in its place, add --replace."


class BackupOfNewerVersion(OfficeError):
    """The backup holds tables that this version of the program does not know."""

    code = "backup.newer"
    zh = "这份备份由更新的程序版本写成({revision}),请先升级本程序再恢复。"
    en = "A newer version of the program wrote this backup ({revision}); bring this one up to date first."


@dataclass(frozen=True)
class Restored:
    """What a restore brought back: rows, images, what the backup lacks, and which later destructions it applied."""

    snapshot: str
    rows: int
    blobs: int
    lacking: tuple[str, ...]
    destructions: tuple[dict[str, Any], ...]
    destroyed_again: int


def restore_backup(
    database: Database,
    vault: Vault,
    folder: Path,
    *,
    replace: bool = False,
    progress: Progress | None = None,
    home: Path | None = None,
    destroy_again: DestroyAgain | None = None,
    name: str = "",
    despite_damage: bool = False,
) -> Restored:
    """Bring the newest readable snapshot (or the one of that name) back into a migrated, empty office.

    ``home``: the data folder, into which the office's own forms and templates go back. ``replace``: over this office.
    ``despite_damage``: without the images that are damaged in the backup; their records stand and the check names them.
    All records come in one transaction, in which later destructions are applied again: cut off before, the office is
    what it was; nobody can sign in to what was destroyed. The caller rebuilds the index.
    Raises NoBackupThere, BackupUnderWay, BackupDamaged, BackupOfNewerVersion, OfficeNotEmpty, NoMasterKey.
    """
    readers = _readers(database, vault)
    if not folder.is_dir():
        raise NoBackupThere(folder=folder, why="没有这个文件夹", why_en="there is no such folder")
    with locked(folder):
        ring = read_ring(readers, folder)
        snapshot = read_snapshot(folder, ring, newest(ring, folder, name))
        if snapshot.revision not in known_revisions():
            raise BackupOfNewerVersion(revision=snapshot.revision)
        later = _check_empty(database, replace)
        prove_parts(folder, snapshot)
        found = files.bring_back(folder / VAULT, vault.folder, read_files(folder, snapshot), progress or _silent)
        lacking = [*found.damaged, *found.missing]
        if lacking and not despite_damage:
            raise BackupDamaged(part=shortened([f"{VAULT}/{path}" for path in lacking]))
        if home is not None:
            for part in snapshot.of(OWN_FILES):
                unpack(read_part(folder, part), home)
        missing, again = _bring_in(database, vault, readers, folder, snapshot, ring, later, home, destroy_again)
    lacking += snapshot.missing
    return Restored(snapshot.name, snapshot.rows, len(found.files), tuple(lacking), missing, again)


def _silent(_done: int, _all: int) -> None:
    """Nobody looks."""


def _bring_in(
    database: Database,
    vault: Vault,
    readers: Sequence[Identity],
    folder: Path,
    snapshot: Snapshot,
    ring: Ring,
    later: Sequence[dict[str, Any]],
    home: Path | None,
    destroy_again: DestroyAgain | None,
) -> tuple[tuple[dict[str, Any], ...], int]:
    """The records, in one transaction; which destructions they did not know of, and how many records went again."""
    with database.transaction() as session:
        before = _put_log_aside(session, snapshot, home)
        empty_office(session, database)
        for part in snapshot.parts:
            if part.table not in {FILES, OWN_FILES}:
                table = METADATA.tables[part.table]
                session.execute(table.insert(), [_row(table, row, ring) for row in read_rows(folder, part)])
        reset_sequences(session, database)
        key_rotation.adopt(session, vault.master, readers)
        details = {"snapshot": snapshot.name, "rows": snapshot.rows, **before}
        audit.append(session, None, Verb.RESTORED, "system", details)
        known = _lines_known(session)
        missing = tuple(line for line in later if _which(line) not in known)
        return missing, destroy_again(session, missing) if destroy_again else 0


def _row(table: Table, row: dict[str, Any], ring: Ring) -> dict[str, Any]:
    if table is Key.__table__:
        row["wrapped"] = ring.keys.get(str(row["id"]))
    return from_json(table, row)


def _put_log_aside(session: Session, snapshot: Snapshot, home: Path | None) -> dict[str, object]:
    """What the log of a replaced office says behind the snapshot is kept as a file, and its head in the log."""
    seq, head = audit.head(session)
    if not seq:
        return {}
    if home is not None:
        names = ("seq", "at", "actor", "verb", "subject", "details", "previous", "hash")
        rows = [{name: getattr(entry, name) for name in names} for entry in audit.entries(session)]
        path = home / "replaced-logs" / f"{clock.now():%Y%m%dT%H%M%SZ}.json"
        write_durably(path, json.dumps({"entries": rows}, ensure_ascii=False).encode())
        session.expunge_all()
    return {"replaced": [seq, head], "snapshot_log": list(snapshot.log)}


def _readers(database: Database, vault: Vault) -> list[Identity]:
    """The master key at hand, and the former ones that the present office knows of."""
    identities = vault.master.identities()
    with database.reading() as session:
        return [*identities, *key_holders.former_identities(session, identities)]


def require_empty(database: Database) -> None:
    """Refuse to go on where something has happened already. Raises OfficeNotEmpty."""
    with database.reading() as session:
        if session.scalar(select(AuditEntry.seq).limit(1)) is not None:
            raise OfficeNotEmpty()


def _check_empty(database: Database, replace: bool) -> list[dict[str, Any]]:
    """The destructions that the present office knows of; refuses to overwrite one unless told to."""
    with database.reading() as session:
        if session.scalar(select(AuditEntry.seq).limit(1)) is None:
            return []
        if not replace:
            raise OfficeNotEmpty()
        lines, lists = DisposalLine.__table__, Disposal.__table__
        rows = session.execute(select(lines).where(lines.c.state.in_(_GONE))).mappings().all()
        heads = {row["id"]: dict(row) for row in session.execute(select(lists)).mappings()}
        return [{**row, "disposal": heads[row["disposal_id"]]} for row in rows]


_GONE = ("destroying", "destroyed")


def _lines_known(session: Session) -> set[tuple[object, ...]]:
    columns = (DisposalLine.id, DisposalLine.target_kind, DisposalLine.target_id)
    return {tuple(row) for row in session.execute(select(*columns).where(DisposalLine.state.in_(_GONE)))}


def _which(line: Mapping[str, Any]) -> tuple[object, ...]:
    return line["id"], line["target_kind"], line["target_id"]


def empty_office(session: Session, database: Database) -> None:
    """Clear every table for the rows that come back; the log's own triggers step aside for this alone."""
    if database.is_sqlite:
        session.execute(text("PRAGMA defer_foreign_keys=ON"))
    with triggers.suspended(session.connection()):
        for table in reversed(METADATA.sorted_tables):
            session.execute(table.delete())


def reset_sequences(session: Session, database: Database) -> None:
    """PostgreSQL counts ids by itself; after rows came in with theirs, it must go on behind them."""
    if database.is_sqlite:
        return
    for table in backed_up_tables():
        identity = table.autoincrement_column
        if identity is None:
            continue
        quoted = f"SELECT setval(pg_get_serial_sequence('{table.name}', '{identity.name}'), "
        session.execute(text(quoted + f"(SELECT coalesce(max({identity.name}), 0) + 1 FROM {table.name}), false)"))
