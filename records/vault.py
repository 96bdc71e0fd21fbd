"""The vault: encrypted blobs by digest, in age format, one key per dossier (and per document outside dossiers).

Format: https://age-encryption.org/v1 with X25519 recipients. Whoever holds a key's identity opens its blobs with
the ordinary ``age`` program. A key's recipient lies in the clear, so that filing needs no secret; its identity is
wrapped (age-encrypted) for the master key, whose file stays out of every backup. Destroying a key erases its
wrapped identity: what was sealed for it can no longer be opened, wherever a copy lies.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from pathlib import Path

import pyrage
from sqlalchemy import select
from sqlalchemy.orm import Session

from records import clock
from records.errors import OfficeError
from records.tables import Blob, Discard, Key


class ScanAltered(OfficeError):
    """Stored bytes are missing, cannot be opened, or are not what was filed."""

    code = "vault.altered"
    zh = "存储的影像已损坏或缺失(编号 {blob}):{why}。"
    en = "The stored image is damaged or missing (blob {blob}): {why}."


class KeyGone(OfficeError):
    """The key was destroyed with its dossier."""

    code = "vault.key_gone"
    zh = "密钥已随档案销毁,内容无法再打开。"
    en = "The key was destroyed with its dossier; the content can no longer be opened."


class NoMasterKey(OfficeError):
    """The master key's file is not where the settings say."""

    code = "vault.no_master_key"
    zh = "找不到主密钥文件({path})。请先运行 yedang init,或从保管处恢复主密钥。"
    en = "The master key file ({path}) is not there. Run yedang init, or bring the key back from its safe place."


class MasterKey:
    """The master key's file: one age identity, and the secret from which page tags are made."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def create(self) -> None:
        """Make the file with mode 0600 unless it is there already. Safe to repeat."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.path.exists():
            return
        identity = pyrage.x25519.Identity.generate()
        lines = f"# yedang master key; keep a copy away from the backups\n{identity}\n# pages {secrets.token_hex(32)}\n"
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())

    def identity(self) -> pyrage.x25519.Identity:
        """The identity that unwraps every other key. Raises NoMasterKey."""
        line = next(line for line in self._lines() if line.startswith("AGE-SECRET-KEY-"))
        return pyrage.x25519.Identity.from_str(line)

    def page_secret(self) -> bytes:
        """32 secret bytes from which the short tags on printed pages are made. Raises NoMasterKey."""
        line = next(line for line in self._lines() if line.startswith("# pages "))
        return bytes.fromhex(line.removeprefix("# pages "))

    def _lines(self) -> list[str]:
        try:
            return self.path.read_text().splitlines()
        except OSError:
            raise NoMasterKey(path=self.path) from None


class Vault:
    """Sealed bytes under ``folder``; the database knows which digest is sealed for which key."""

    def __init__(self, folder: Path, master: MasterKey) -> None:
        self.folder = folder
        self.master = master

    def new_key(self, session: Session, scope: str) -> Key:
        """A fresh key, its identity wrapped for the master key. ``scope``: dossier, document, batch."""
        identity = pyrage.x25519.Identity.generate()
        wrapped = pyrage.encrypt(str(identity).encode(), [self.master.identity().to_public()])
        key = Key(
            scope=scope,
            recipient=str(identity.to_public()),
            wrapped=base64.b64encode(wrapped).decode(),
            created_at=clock.now(),
        )
        session.add(key)
        session.flush()
        return key

    def identity(self, key: Key) -> pyrage.x25519.Identity:
        """Unwrap a key. Raises KeyGone, NoMasterKey."""
        if key.wrapped is None:
            raise KeyGone()
        secret = pyrage.decrypt(base64.b64decode(key.wrapped), [self.master.identity()])
        return pyrage.x25519.Identity.from_str(secret.decode())

    def store(self, session: Session, key: Key, data: bytes, media_type: str) -> Blob:
        """Seal bytes for a key: to disk first (fsync, rename), then the row. The same bytes again are the same blob."""
        digest = hashlib.sha256(data).hexdigest()
        known = session.scalar(select(Blob).where(Blob.digest == digest, Blob.key_id == key.id))
        if known is not None:
            return known
        sealed = pyrage.encrypt(data, [pyrage.x25519.Recipient.from_str(key.recipient)])
        write_durably(self.folder / blob_path(digest, key.id), sealed)
        blob = Blob(digest=digest, key_id=key.id, size=len(data), media_type=media_type)
        session.add(blob)
        session.flush()
        return blob

    def open(self, blob: Blob) -> bytes:
        """The plain bytes of a blob, proven by their digest. Raises ScanAltered, KeyGone, NoMasterKey."""
        identity = self.identity(blob.key)
        path = self.folder / blob_path(blob.digest, blob.key_id)
        try:
            data: bytes = pyrage.decrypt(path.read_bytes(), [identity])
        except FileNotFoundError:
            raise ScanAltered(blob=blob.id, why="文件缺失 / file missing") from None
        except pyrage.DecryptError:
            raise ScanAltered(blob=blob.id, why="无法解密 / cannot be decrypted") from None
        if hashlib.sha256(data).hexdigest() != blob.digest:
            raise ScanAltered(blob=blob.id, why="摘要不符 / digest differs")
        return data

    def forget(self, session: Session, blob: Blob) -> None:
        """Drop a blob's row and note its file for discarding after the commit (``discard_forgotten``)."""
        session.add(Discard(path=blob_path(blob.digest, blob.key_id)))
        session.delete(blob)

    def destroy_key(self, key: Key) -> None:
        """Erase a key's wrapped identity: nothing sealed for it can be opened again."""
        key.wrapped = None
        key.destroyed_at = clock.now()

    def discard_forgotten(self, session: Session) -> int:
        """Remove the files that committed deletions left noted; returns how many notes were worked off.

        Called in a transaction of its own, after the one that forgot them: bytes go only when the record is gone.
        """
        notes = session.scalars(select(Discard)).all()
        for note in notes:
            erase(self.folder / note.path)
            session.delete(note)
        return len(notes)


def blob_path(digest: str, key_id: int) -> str:
    """Where a blob lies below the vault's folder.

    >>> blob_path("ab12" + "0" * 60, 7)
    'ab/12/ab12000000000000000000000000000000000000000000000000000000000000-7.age'
    """
    return f"{digest[:2]}/{digest[2:4]}/{digest}-{key_id}.age"


def write_durably(path: Path, data: bytes) -> None:
    """Write a file so that after a crash it is either whole or absent: temporary name, fsync, rename, fsync folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def erase(path: Path) -> None:
    """Remove a file if it is there. The bytes were encrypted; with the key gone they are noise even on the disk."""
    path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
