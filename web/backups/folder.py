"""How a backup folder is laid out, and how its parts are read and proven.

A backup folder holds

- ``vault/``            every sealed blob, copied once (blobs never change);
- ``SNAPSHOT/``         the tables at one moment, as JSON lines in parts, and the office's own forms and Word templates,
                        each part sealed for the snapshot's own key;
- ``keyring.age``       the vault keys and the snapshots' keys, sealed for the master key; written anew each time.

The master key is never in a backup: keep it elsewhere. When records were destroyed since an older snapshot, the next
backup leaves that snapshot's key out of the key ring, so nothing in the folder can show what was destroyed.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyrage
from sqlalchemy import Table

from records.errors import OfficeError
from records.key_holders import Holders
from records.master_key import Identity
from records.vault import write_durably
from web.schema import METADATA

Progress = Callable[[int, int], None]
KEYRING = "keyring.age"
MANIFEST = "manifest.json"
ROWS_A_PART = 5000
OWN_FILES = "own-files.age"
_NOT_KEPT = ("search", "sign_in_sessions", "sign_in_failures")
#: Folders of the data folder in which an office keeps what it made itself: its forms and its Word templates.
OWN_FOLDERS = ("forms", "words")


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


def batched_rows(rows: Any) -> Iterator[tuple[Mapping[str, Any], ...]]:
    """Rows in groups of one part's size."""
    iterator = iter(rows)
    while part := tuple(row for _, row in zip(range(ROWS_A_PART), iterator, strict=False)):
        yield part


def backed_up_tables() -> list[Table]:
    """The records' tables, those referred to first.

    What search keeps is derived, and made anew. Sessions and failures are of a moment: a restore lets nobody in.
    """
    return [table for table in METADATA.sorted_tables if not table.name.startswith(_NOT_KEPT)]


def write_keyring(holders: Holders, folder: Path, keys: Mapping[str, str], seals: Mapping[str, str]) -> None:
    """Seal the ring for the master key and, where there is one, for the recovery key on paper."""
    content = json.dumps({"keys": keys, "snapshots": seals}).encode()
    write_durably(folder / KEYRING, pyrage.encrypt(content, list(holders.recipients)))


def read_keyring(identities: Sequence[Identity], folder: Path) -> dict[str, Any]:
    """The ring, opened with the master key at hand or with one of former times. Raises BackupDamaged."""
    try:
        content = pyrage.decrypt((folder / KEYRING).read_bytes(), list(identities))
    except (OSError, pyrage.DecryptError):
        raise BackupDamaged(part=KEYRING) from None
    ring: dict[str, Any] = json.loads(content)
    return ring


def verify(folder: Path, manifest: Mapping[str, Any], seal: pyrage.x25519.Identity) -> None:
    for _ in read_parts(folder, manifest, seal):
        pass
    read_own_files(folder, manifest, seal)


def read_parts(
    folder: Path, manifest: Mapping[str, Any], seal: pyrage.x25519.Identity
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Each part's table and rows, proven by digest. Raises BackupDamaged naming the part."""
    for name, digest in manifest["parts"].items():
        lines = _opened(folder, name, digest, seal).decode().split("\n")
        yield name.rpartition("-")[0], [json.loads(line) for line in lines]


def _opened(folder: Path, name: str, digest: str, seal: pyrage.x25519.Identity) -> bytes:
    try:
        sealed = (folder / name).read_bytes()
        if hashlib.sha256(sealed).hexdigest() != digest:
            raise BackupDamaged(part=f"{folder.name}/{name}")
        return bytes(pyrage.decrypt(sealed, [seal]))
    except (OSError, pyrage.DecryptError):
        raise BackupDamaged(part=f"{folder.name}/{name}") from None


def read_own_files(folder: Path, manifest: Mapping[str, Any], seal: pyrage.x25519.Identity) -> bytes | None:
    """The archive of own forms and templates, proven by digest; None for a snapshot without. Raises BackupDamaged."""
    if manifest.get("own") is None:
        return None
    return _opened(folder, OWN_FILES, manifest["own"], seal)


def packed(home: Path) -> bytes:
    """The office's own forms and templates as one tar archive; an empty archive where there are none."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name in OWN_FOLDERS:
            if (home / name).is_dir():
                archive.add(home / name, arcname=name)
    return out.getvalue()


def unpack(data: bytes, home: Path) -> None:
    """Lay the office's own forms and templates back into the data folder."""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        archive.extractall(home, filter="data")
