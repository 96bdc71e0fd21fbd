"""Writing a backup: a consistent snapshot while people work, verified after writing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from records import audit, clock
from records.audit import Verb
from records.database import Database
from records.errors import BadInput
from records.tables import Blob, Key
from records.users import Actor, Role
from records.vault import Vault, blob_path, key_holders
from records.vault.key_holders import Holders
from records.vault.master_key import Identity
from retention.tables import DisposalLine
from web.backups import files
from web.backups.files import Copied, Progress, SealedFile
from web.backups.folder import (
    FILES,
    OWN_FILES,
    VAULT,
    BackupDamaged,
    NoBackupThere,
    Part,
    Ring,
    Snapshot,
    locked,
    newest,
    prove_parts,
    read_files,
    read_ring,
    read_snapshot,
    remove_unnamed,
    write_part,
    write_ring,
    write_snapshot,
)
from web.backups.own_files import packed
from web.backups.rows import ROWS_A_PART, backed_up_tables, parts_of

KEEP = 30


@dataclass(frozen=True)
class Backup:
    """What a backup wrote: its snapshot's name, rows and images, what was copied this time, and what lacks.

    ``missing``: images that the vault itself has lost, as their records say; ``yedang check`` names them.
    """

    snapshot: str
    rows: int
    blobs: int
    copied: int
    bytes: int
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Moment:
    """What was read of the office at one moment."""

    parts: list[Part]
    paths: list[str]
    ring: Ring
    log: tuple[int, str]
    revision: str
    destroyed: str
    holders: Holders
    readers: Sequence[Identity]


def make_backup(
    database: Database,
    vault: Vault,
    actor: Actor | None,
    folder: Path,
    progress: Progress | None = None,
    *,
    home: Path | None = None,
    keep: int = KEEP,
) -> Backup:
    """Write a snapshot into the folder while people go on working, and read it back to verify it.

    ``actor`` None is the nightly job; ``home`` the data folder, whose own forms and templates go with it; ``keep``:
    how many snapshots stay. Cut off at any moment, the snapshots before stand as they were.
    Raises NotAllowed, BadInput, BackupUnderWay, BackupDamaged, NoMasterKey, OSError (disk full).
    """
    if actor is not None:
        actor.require("备份", Role.ADMIN, Role.MANAGER)
    if keep < 1:
        raise BadInput(what=f"保留 {keep} 份快照")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with locked(folder):
        return _write(database, vault, actor, folder, progress or _silent, home, keep)


def _silent(_done: int, _all: int) -> None:
    """Nobody looks."""


def _write(
    database: Database,
    vault: Vault,
    actor: Actor | None,
    folder: Path,
    progress: Progress,
    home: Path | None,
    keep: int,
) -> Backup:
    name = clock.now().strftime("%Y%m%dT%H%M%S%fZ")
    before, known = _before(database, vault, folder)
    moment = _read(database, vault, folder, _written(before))
    turn = clock.today().toordinal() % files.TURNS
    copied = files.copy_new(vault.folder, folder / VAULT, moment.paths, known, turn, progress)
    missing = _lost(database, copied.missing)
    parts = [*moment.parts, *_file_parts(folder, copied, _written(before))]
    if home is not None:
        parts.append(write_part(folder, OWN_FILES, 0, packed(home), _written(before)))
    rows = sum(part.rows for part in moment.parts)
    snapshot = Snapshot(name, moment.revision, rows, len(copied.files), moment.log, tuple(parts), tuple(missing))
    seal = Identity.generate()
    write_snapshot(folder, snapshot, seal)
    _prove(folder, snapshot, copied.copied)
    ring = moment.ring
    ring.snapshots = _kept(moment, folder, keep - 1) | {name: {"seal": str(seal), "destroyed": moment.destroyed}}
    write_ring(moment.holders, folder, ring)
    remove_unnamed(folder, ring)
    with database.transaction() as session:
        details = {"snapshot": name, "rows": rows, "blobs": len(copied.files), "missing": len(missing)}
        audit.append(session, actor.id if actor else None, Verb.BACKUP_MADE, "system", details)
    return Backup(name, rows, len(copied.files), len(copied.copied), copied.bytes, tuple(missing))


def _readers(session: Session, vault: Vault) -> list[Identity]:
    identities = vault.master.identities()
    return [*identities, *key_holders.former_identities(session, identities)]


def _before(database: Database, vault: Vault, folder: Path) -> tuple[Snapshot | None, dict[str, SealedFile]]:
    """The snapshot before this one and its files of the vault; none where there is none that can be read.

    Raises BackupDamaged where the key ring is another office's.
    """
    with database.reading() as session:
        readers = _readers(session, vault)
    try:
        ring = read_ring(readers, folder)
    except NoBackupThere:
        return None, {}
    try:
        snapshot = read_snapshot(folder, ring, newest(ring, folder))
        return snapshot, {one.path: one for one in read_files(folder, snapshot)}
    except (NoBackupThere, BackupDamaged):
        return None, {}  # everything is compared with the vault again, and what is damaged is copied anew


def _written(before: Snapshot | None) -> Mapping[tuple[str, str], Part]:
    return {(part.table, part.plain): part for part in before.parts} if before else {}


def _read(database: Database, vault: Vault, folder: Path, known: Mapping[tuple[str, str], Part]) -> _Moment:
    """Everything that must be of one moment. Images are copied later: they never change."""
    with database.reading() as session:
        # PostgreSQL must be told to see one moment; SQLite's reading transaction does by itself.
        if not database.is_sqlite:
            session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        parts = [
            write_part(folder, table.name, rows, plain, known)
            for table in backed_up_tables()
            for rows, plain in parts_of(session, table)
        ]
        paths = [blob_path(digest, key_id) for digest, key_id in session.execute(_BLOBS)]
        keys = {str(key_id): wrapped for key_id, wrapped in session.execute(select(Key.id, Key.wrapped)) if wrapped}
        revision = MigrationContext.configure(session.connection()).get_current_revision() or ""
        holders = key_holders.in_force(session, vault.master)
        mark = destroyed_mark(session)
        return _Moment(parts, paths, Ring(keys), audit.head(session), revision, mark, holders, _readers(session, vault))


#: What is sealed for a destroyed key is noise, and in no backup.
_BLOBS = select(Blob.digest, Blob.key_id).join(Key).where(Key.wrapped.is_not(None)).order_by(Blob.id)


def destroyed_mark(session: Session) -> str:
    """A digest over which records have been destroyed: a snapshot with another one shows something it must not."""
    gone = select(DisposalLine.target_kind, DisposalLine.target_id).where(
        DisposalLine.state.in_(("destroying", "destroyed"))
    )
    names = sorted(f"{kind}:{id_}" for kind, id_ in session.execute(gone))
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def _lost(database: Database, paths: Sequence[str]) -> list[str]:
    """Those of the missing files that still have a record: what a purge took meanwhile is not missing."""
    if not paths:
        return []
    with database.reading() as session:
        known = {blob_path(digest, key_id) for digest, key_id in session.execute(_BLOBS)}
    return [path for path in paths if path in known]


def _file_parts(folder: Path, copied: Copied, known: Mapping[tuple[str, str], Part]) -> list[Part]:
    rows = iter(copied.files)
    parts = []
    while some := list(islice(rows, ROWS_A_PART)):
        plain = "\n".join(json.dumps(asdict(one)) for one in some).encode()
        parts.append(write_part(folder, FILES, 0, plain, known))
    return parts


def _prove(folder: Path, snapshot: Snapshot, copied: Sequence[SealedFile]) -> None:
    """Read everything back that was written. Raises BackupDamaged."""
    prove_parts(folder, snapshot)
    bad = files.not_as_written(folder / VAULT, copied, _silent)
    if bad:
        raise BackupDamaged(part=f"{VAULT}/{bad[0]}")


def _kept(moment: _Moment, folder: Path, count: int) -> dict[str, dict[str, str]]:
    """The newest of the older snapshots that hold nothing which was destroyed since."""
    try:
        found = read_ring(moment.readers, folder).snapshots
    except NoBackupThere:
        return {}
    names = sorted((name for name, one in found.items() if one["destroyed"] == moment.destroyed), reverse=True)
    return {name: found[name] for name in names[:count]}


def prove_backup(database: Database, vault: Vault, folder: Path, progress: Progress, name: str = "") -> Backup:
    """Prove a whole backup: every part of the newest snapshot (or of that one), every file's digest.

    Raises NoBackupThere, BackupUnderWay, BackupDamaged naming what is not as it was written.
    """
    if not folder.is_dir():
        raise NoBackupThere(folder=folder, why="没有这个文件夹", why_en="there is no such folder")
    with database.reading() as session:
        readers = _readers(session, vault)
    with locked(folder):
        ring = read_ring(readers, folder)
        snapshot = read_snapshot(folder, ring, newest(ring, folder, name))
        prove_parts(folder, snapshot)
        found = read_files(folder, snapshot)
        bad = files.not_as_written(folder / VAULT, found, progress)
    if bad:
        raise BackupDamaged(part=shortened([f"{VAULT}/{path}" for path in bad]))
    return Backup(snapshot.name, snapshot.rows, len(found), 0, 0, snapshot.missing)


def shortened(names: Sequence[str], most: int = 5) -> str:
    """Names in one line; the first few, and how many there are."""
    told = "、".join(names[:most])
    return told if len(names) <= most else f"{told}…({len(names)})"
