"""How a backup folder is laid out, and how its parts are written, read and proven.

A backup folder holds

- ``vault/``               every sealed file of the vault, copied once (they never change);
- ``tables/``              the tables as JSON lines in parts, and the office's own forms and Word templates, each part
                           sealed for a key of its own, under a name that is the SHA-256 of its bytes;
- ``snapshots/NAME.age``   one moment: which parts with their keys, which files of the vault with their digests;
- ``keyring.age``          the vault keys and the snapshots' keys, sealed for the key holders; written anew each time.

A part that did not change since the snapshot before is not written again. The master key is never in a backup: keep it
elsewhere. When records were destroyed since an older snapshot, the next backup leaves that snapshot's key out of the
key ring, and removes whatever no snapshot names any more: nothing in the folder shows what was destroyed.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyrage

from records.errors import OfficeError
from records.vault import write_durably
from records.vault.key_holders import Holders
from records.vault.master_key import Identity
from web.backups.files import SealedFile

KEYRING, TABLES, SNAPSHOTS, VAULT = "keyring.age", "tables", "snapshots", "vault"
#: What lies in parts beside the tables: the list of the vault's files, and the office's own files.
FILES, OWN_FILES = "@files", "@own-files"
FORMAT = 2


class NoBackupThere(OfficeError):
    """The folder holds no backup that can be restored."""

    code = "backup.none"
    zh = "{folder} 中没有可恢复的备份:{why}。"
    en = "There is no backup to restore in {folder}: {why_en}."


class BackupDamaged(OfficeError):
    """A part of the backup is missing, altered, or sealed for another master key."""

    code = "backup.damaged"
    zh = "备份已损坏或主密钥不符:{part}。"
    en = "The backup is damaged, or the master key is another: {part}."


class BackupUnderWay(OfficeError):
    """Somebody else writes into this folder, or restores from it, just now."""

    code = "backup.under_way"
    zh = "{folder} 正在备份或恢复,请等它结束后再试。"
    en = "A backup or a restore of {folder} is under way; try again when it has ended."


@dataclass(frozen=True)
class Part:
    """Rows of one table in a file: ``file`` is the SHA-256 of its sealed bytes, ``plain`` of what is inside."""

    table: str
    file: str
    key: str
    plain: str
    rows: int

    @property
    def path(self) -> str:
        """Where it lies in the backup folder."""
        return f"{TABLES}/{self.file[:2]}/{self.file}.age"


@dataclass(frozen=True)
class Snapshot:
    """One moment of the office: its parts, and what was counted. ``log``: the number and hash of its last entry."""

    name: str
    revision: str
    rows: int
    blobs: int
    log: tuple[int, str]
    parts: tuple[Part, ...]
    missing: tuple[str, ...] = ()

    def of(self, table: str) -> list[Part]:
        """The parts of a table."""
        return [part for part in self.parts if part.table == table]


@dataclass
class Ring:
    """Each vault key wrapped for its holders; each snapshot's own key and its mark of what was destroyed by then."""

    keys: dict[str, str] = field(default_factory=dict)
    snapshots: dict[str, dict[str, str]] = field(default_factory=dict)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Nobody else works on this backup folder meanwhile. Raises BackupUnderWay."""
    with (folder / ".lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupUnderWay(folder=folder) from None
        yield


def write_ring(holders: Holders, folder: Path, ring: Ring) -> None:
    """Seal the ring for the master key and, where there is one, for the recovery key on paper."""
    content = json.dumps({"format": FORMAT, **asdict(ring)}).encode()
    write_durably(folder / KEYRING, pyrage.encrypt(content, list(holders.recipients)))


def read_ring(identities: Sequence[Identity], folder: Path) -> Ring:
    """The ring, opened with the master key at hand or with one of former times. Raises BackupDamaged, NoBackupThere."""
    try:
        content = json.loads(pyrage.decrypt((folder / KEYRING).read_bytes(), list(identities)))
    except FileNotFoundError:
        raise NoBackupThere(folder=folder, why="缺少 keyring.age", why_en="keyring.age is missing") from None
    except (OSError, pyrage.DecryptError):
        raise BackupDamaged(part=KEYRING) from None
    if content.get("format") != FORMAT:
        why = "由更早或更新的版本写成"
        raise NoBackupThere(folder=folder, why=why, why_en="another version of the program wrote it")
    return Ring(content["keys"], content["snapshots"])


def write_snapshot(folder: Path, snapshot: Snapshot, seal: Identity) -> None:
    """Write a snapshot's own file, sealed."""
    content = json.dumps(asdict(snapshot)).encode()
    write_durably(_snapshot_path(folder, snapshot.name), pyrage.encrypt(content, [seal.to_public()]))


def read_snapshot(folder: Path, ring: Ring, name: str) -> Snapshot:
    """A snapshot that the ring has the key of. Raises BackupDamaged."""
    path = _snapshot_path(folder, name)
    try:
        content = json.loads(pyrage.decrypt(path.read_bytes(), [Identity.from_str(ring.snapshots[name]["seal"])]))
    except (OSError, pyrage.DecryptError):
        raise BackupDamaged(part=f"{SNAPSHOTS}/{path.name}") from None
    parts = tuple(Part(**one) for one in content["parts"])
    return Snapshot(**content | {"parts": parts, "log": tuple(content["log"]), "missing": tuple(content["missing"])})


def _snapshot_path(folder: Path, name: str) -> Path:
    return folder / SNAPSHOTS / f"{name}.age"


def newest(ring: Ring, folder: Path, name: str = "") -> str:
    """The name of the newest snapshot, or that one if it can be restored. Raises NoBackupThere."""
    there = [one for one in sorted(ring.snapshots, reverse=True) if _snapshot_path(folder, one).exists()]
    if not there:
        raise NoBackupThere(folder=folder, why="没有完整的快照", why_en="no complete snapshot")
    if name and name not in there:
        why, why_en = f"没有快照 {name},可选:{'、'.join(there)}", f"no snapshot {name}, only {', '.join(there)}"
        raise NoBackupThere(folder=folder, why=why, why_en=why_en)
    return name or there[0]


def write_part(folder: Path, table: str, rows: int, plain: bytes, known: Mapping[tuple[str, str], Part]) -> Part:
    """Seal a part for a key of its own, or find it whole, written by the snapshot before (``known``)."""
    digest = hashlib.sha256(plain).hexdigest()
    same = known.get((table, digest))
    if same is not None and _is_whole(folder, same):
        return same
    identity = Identity.generate()
    sealed = pyrage.encrypt(plain, [identity.to_public()])
    part = Part(table, hashlib.sha256(sealed).hexdigest(), str(identity), digest, rows)
    write_durably(folder / part.path, sealed)
    return part


def _is_whole(folder: Path, part: Part) -> bool:
    try:
        return hashlib.sha256((folder / part.path).read_bytes()).hexdigest() == part.file
    except OSError:
        return False


def read_part(folder: Path, part: Part) -> bytes:
    """What is in a part, proven. Raises BackupDamaged naming its table and file."""
    try:
        sealed = (folder / part.path).read_bytes()
        if hashlib.sha256(sealed).hexdigest() != part.file:
            raise BackupDamaged(part=f"{part.table} {part.path}")
        return bytes(pyrage.decrypt(sealed, [Identity.from_str(part.key)]))
    except (OSError, pyrage.DecryptError):
        raise BackupDamaged(part=f"{part.table} {part.path}") from None


def read_rows(folder: Path, part: Part) -> list[dict[str, Any]]:
    """The rows of a part. Raises BackupDamaged."""
    plain = read_part(folder, part).decode()
    return [json.loads(line) for line in plain.split("\n")] if plain else []


def read_files(folder: Path, snapshot: Snapshot) -> list[SealedFile]:
    """The vault's files of a snapshot. Raises BackupDamaged."""
    return [SealedFile(**row) for part in snapshot.of(FILES) for row in read_rows(folder, part)]


def prove_parts(folder: Path, snapshot: Snapshot) -> None:
    """Read every part of a snapshot back. Raises BackupDamaged naming the first that is not as it was written."""
    for part in snapshot.parts:
        read_part(folder, part)


def remove_unnamed(folder: Path, ring: Ring) -> None:
    """Remove what no snapshot of the ring names: of snapshots that were let go, and of backups that were cut off.

    Where a snapshot cannot be read, what it names is not known, and everything stays.
    """
    wanted: set[str] = {f"{SNAPSHOTS}/{name}.age" for name in ring.snapshots}
    seen: set[str] = set()
    try:
        for name in ring.snapshots:
            snapshot = read_snapshot(folder, ring, name)
            for part in snapshot.parts:
                wanted.add(part.path)
                if part.table == FILES and part.file not in seen:
                    seen.add(part.file)
                    wanted.update(f"{VAULT}/{row['path']}" for row in read_rows(folder, part))
    except BackupDamaged:
        return
    for name in (SNAPSHOTS, TABLES, VAULT):
        for path in (folder / name).rglob("*"):
            if str(path.relative_to(folder)) not in wanted and path.is_file():
                path.unlink()
