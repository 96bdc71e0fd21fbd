"""Restoring a backup: the whole of it is proven before anything is touched."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyrage
from sqlalchemy import Column, Date, Table, select, text, update
from sqlalchemy.orm import Session

from records import audit, key_holders, key_rotation, triggers
from records.audit import Verb
from records.database import Database, Instant
from records.errors import OfficeError
from records.master_key import Identity
from records.tables import AuditEntry, Key
from records.vault import Vault
from retention.tables import Disposal, DisposalLine
from web.backups.folder import (
    KEYRING,
    MANIFEST,
    NoBackupThere,
    Progress,
    backed_up_tables,
    read_keyring,
    read_own_files,
    read_parts,
    unpack,
    verify,
)
from web.schema import METADATA


class OfficeNotEmpty(OfficeError):
    """A restore goes into an empty office, or is told to replace what is there."""

    code = "backup.not_empty"
    zh = "当前数据目录中已有数据。如确需用备份覆盖,请加 --replace。"
    en = "There is data here already. To put the backup in its place, add --replace."


@dataclass(frozen=True)
class Restored:
    """What a restore brought back, and which later destructions it must apply again."""

    snapshot: str
    rows: int
    blobs: int
    destructions: tuple[dict[str, Any], ...]


def restore_backup(
    database: Database,
    vault: Vault,
    folder: Path,
    *,
    replace: bool = False,
    progress: Progress | None = None,
    home: Path | None = None,
) -> Restored:
    """Bring the newest readable snapshot back into a migrated, empty office (or over this one, with ``replace``).

    ``home``: the data folder, into which the office's own forms and templates go back.

    The caller applies the ``destructions`` again and rebuilds the index before anyone may sign in.
    Raises NoBackupThere, BackupDamaged, OfficeNotEmpty, NoMasterKey.
    """
    readers = _readers(database, vault)
    name, manifest, ring = _newest(readers, folder)
    later = _check_empty(database, replace)
    seal = pyrage.x25519.Identity.from_str(ring["snapshots"][name])
    verify(folder / name, manifest, seal)  # nothing is touched before the whole backup is known to be good
    blobs = _bring_back_blobs(folder / "vault", vault.folder, progress)
    with database.transaction() as session:
        empty_office(session, database)
        for table_name, rows in read_parts(folder / name, manifest, seal):
            table = METADATA.tables[table_name]
            session.execute(table.insert(), [from_json(table, row) for row in rows])
        for key_id, wrapped in ring["keys"].items():
            session.execute(update(Key).where(Key.id == int(key_id)).values(wrapped=wrapped))
        reset_sequences(session, database)
        key_rotation.adopt(session, vault.master, readers)
        audit.append(session, None, Verb.RESTORED, "system", {"snapshot": name, "rows": manifest["rows"]})
    own = read_own_files(folder / name, manifest, seal)
    if own is not None and home is not None:
        unpack(own, home)
    known = _lines_known(database)
    missing = tuple(line for line in later if line["id"] not in known)
    return Restored(name, manifest["rows"], blobs, missing)


def _readers(database: Database, vault: Vault) -> list[Identity]:
    """The master key at hand, and the former ones that the present office knows of."""
    identities = vault.master.identities()
    with database.reading() as session:
        return [*identities, *key_holders.former_identities(session, identities)]


def _newest(readers: Sequence[Identity], folder: Path) -> tuple[str, dict[str, Any], dict[str, Any]]:
    if not (folder / KEYRING).exists():
        raise NoBackupThere(folder=folder, why="缺少 keyring.age", why_en="keyring.age is missing")
    ring = read_keyring(readers, folder)
    names = [name for name in sorted(ring["snapshots"], reverse=True) if (folder / name / MANIFEST).exists()]
    if not names:
        raise NoBackupThere(folder=folder, why="没有完整的快照", why_en="no complete snapshot")
    return names[0], json.loads((folder / names[0] / MANIFEST).read_text()), ring


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
        rows = session.execute(select(lines).where(lines.c.state == "destroyed")).mappings().all()
        heads = {row["id"]: dict(row) for row in session.execute(select(lists)).mappings()}
        return [{**row, "disposal": heads[row["disposal_id"]]} for row in rows]


def _lines_known(database: Database) -> set[int]:
    with database.reading() as session:
        return set(session.scalars(select(DisposalLine.id).where(DisposalLine.state == "destroyed")))


def empty_office(session: Session, database: Database) -> None:
    """Clear every table for the rows that come back; the log's own triggers step aside for this alone."""
    if database.is_sqlite:
        session.execute(text("PRAGMA defer_foreign_keys=ON"))
    with triggers.suspended(session.connection()):
        for table in reversed(METADATA.sorted_tables):
            session.execute(table.delete())


def from_json(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """A row as the table takes it: instants and dates again, from their ISO texts."""
    return {name: _value(table.c[name], value) for name, value in row.items()}


def _value(column: Column[Any], value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if isinstance(column.type, Instant):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if isinstance(column.type, Date) else value


def _bring_back_blobs(source: Path, target: Path, progress: Progress | None) -> int:
    paths = list(source.rglob("*.age")) if source.exists() else []
    for done, path in enumerate(paths, start=1):
        there = target / path.relative_to(source)
        if not there.exists():
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, there)
        if progress:
            progress(done, len(paths))
    return len(paths)


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
