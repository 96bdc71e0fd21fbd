"""Writing a backup: a consistent snapshot while people work, verified after writing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyrage
from sqlalchemy import Table, func, select, text
from sqlalchemy.orm import Session

from records import audit, clock, key_holders
from records.audit import Verb
from records.database import Database
from records.master_key import Identity
from records.tables import Blob, Key
from records.users import Actor, Role
from records.vault import Vault, blob_path, write_durably
from retention.tables import DisposalLine
from web.backups.folder import (
    KEYRING,
    MANIFEST,
    OWN_FILES,
    ROWS_A_PART,
    Progress,
    backed_up_tables,
    batched_rows,
    packed,
    read_keyring,
    verify,
    write_keyring,
)


@dataclass(frozen=True)
class Backup:
    """What a backup wrote: the snapshot's name, rows and blobs in it, and blobs copied this time."""

    snapshot: str
    rows: int
    blobs: int
    copied: int


def make_backup(
    database: Database,
    vault: Vault,
    actor: Actor | None,
    folder: Path,
    progress: Progress | None = None,
    *,
    home: Path | None = None,
) -> Backup:
    """Write a snapshot into the folder while people go on working, and read it back to verify it.

    ``actor`` None is the nightly job; ``home`` the data folder, whose own forms and templates go with it.
    Raises NotAllowed, BackupDamaged, NoMasterKey.
    """
    if actor is not None:
        actor.require("备份", Role.ADMIN, Role.MANAGER)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = clock.now().strftime("%Y%m%dT%H%M%S%fZ")
    seal = pyrage.x25519.Identity.generate()
    with database.reading() as session:
        # PostgreSQL must be told to see one moment; SQLite's reading transaction does by itself.
        if not database.is_sqlite:
            session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        parts, rows = _write_tables(session, folder / name, seal.to_public())
        blobs, copied = _copy_blobs(session, vault, folder / "vault", progress)
        keys = {str(key_id): wrapped for key_id, wrapped in session.execute(select(Key.id, Key.wrapped)) if wrapped}
        last_destruction = session.scalar(select(func.max(DisposalLine.destroyed_at)))
        seq, head = audit.head(session)
        holders = key_holders.in_force(session, vault.master)
        identities = vault.master.identities()
        readers = [*identities, *key_holders.former_identities(session, identities)]
    own = _write_own_files(home, folder / name, seal.to_public())
    manifest = {"parts": parts, "own": own, "rows": rows, "blobs": blobs, "log": [seq, head]}
    write_durably(folder / name / MANIFEST, json.dumps(manifest, indent=1).encode())
    write_keyring(holders, folder, keys, {**_kept_seals(readers, folder, last_destruction), name: str(seal)})
    _drop_destroyed(folder / "vault", set(keys))
    verify(folder / name, manifest, seal)
    with database.transaction() as session:
        details = {"snapshot": name, "rows": rows, "blobs": blobs}
        audit.append(session, actor.id if actor else None, Verb.BACKUP_MADE, "system", details)
    return Backup(name, rows, blobs, copied)


def _write_own_files(home: Path | None, folder: Path, recipient: pyrage.x25519.Recipient) -> str | None:
    """The office's own forms and templates, sealed; their digest."""
    if home is None:
        return None
    sealed = pyrage.encrypt(packed(home), [recipient])
    write_durably(folder / OWN_FILES, sealed)
    return hashlib.sha256(sealed).hexdigest()


def _write_tables(session: Session, folder: Path, recipient: pyrage.x25519.Recipient) -> tuple[dict[str, str], int]:
    """Every mapped table in parts; returns part name → digest, and the number of rows."""
    digests: dict[str, str] = {}
    rows = 0
    for table in backed_up_tables():
        found = session.execute(select(table).order_by(*table.primary_key).execution_options(yield_per=ROWS_A_PART))
        for number, part in enumerate(batched_rows(found.mappings()), start=1):
            lines = "\n".join(json.dumps(_to_json(table, row), ensure_ascii=False) for row in part)
            sealed = pyrage.encrypt(lines.encode(), [recipient])
            name = f"{table.name}-{number:05d}.age"
            write_durably(folder / name, sealed)
            digests[name] = hashlib.sha256(sealed).hexdigest()
            rows += len(part)
    return digests, rows


def _to_json(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    clean = {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}
    if table is Key.__table__:
        clean["wrapped"] = None  # the keys travel in the key ring only
    return clean


def _copy_blobs(session: Session, vault: Vault, target: Path, progress: Progress | None) -> tuple[int, int]:
    rows = session.execute(select(Blob.digest, Blob.key_id)).all()
    copied = 0
    for done, (digest, key_id) in enumerate(rows, start=1):
        path = blob_path(digest, key_id)
        if not (target / path).exists():
            source = vault.folder / path
            if source.exists():  # a purge that committed meanwhile may have taken it
                write_durably(target / path, source.read_bytes())
                copied += 1
        if progress:
            progress(done, len(rows))
    return len(rows), copied


def _kept_seals(readers: Sequence[Identity], folder: Path, last_destruction: datetime | None) -> dict[str, str]:
    """The keys of older snapshots that hold nothing which was destroyed since."""
    if not (folder / KEYRING).exists():
        return {}
    seals: dict[str, str] = read_keyring(readers, folder)["snapshots"]
    if last_destruction is None:
        return seals
    limit = last_destruction.strftime("%Y%m%dT%H%M%S%fZ")
    return {name: seal for name, seal in seals.items() if name > limit}


def _drop_destroyed(pool: Path, living_keys: set[str]) -> None:
    """Remove from the pool what was sealed for keys that are gone."""
    for path in pool.rglob("*.age"):
        if path.stem.rpartition("-")[2] not in living_keys:
            path.unlink()
