"""The vault: encrypted blobs by digest, in age format, one key per dossier, and per document below its series' key.

Format: https://age-encryption.org/v1 with X25519 recipients. Whoever holds a key's identity opens its blobs with
the ordinary ``age`` program (docs/vault.md). A key's recipient lies in the clear, so that filing needs no secret; its
identity is wrapped (age-encrypted) for the key holders: the master key, whose file stays out of every backup, and the
recovery key on paper. Destroying a key erases its wrapped identity, the one copy for all holders: what was sealed for
it can no longer be opened, wherever a copy lies.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

import pyrage
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session, object_session

from records import audit, clock
from records.errors import OfficeError
from records.leaving import parted
from records.tables import Blob, Discard, Key
from records.vault import key_holders, unfiled
from records.vault.master_key import Identity, MasterKey, Recipient
from records.vault.spooling import Spool, spool
from records.vault.unfiled import sync_folder

SIGN_IN = "sign-in"


class ScanAltered(OfficeError):
    """Stored bytes are missing, cannot be opened, or are not what was filed."""

    code = "vault.altered"
    zh = "存储的影像已损坏或缺失(vault/{file}):{why}。"
    en = "The stored image is damaged or missing (vault/{file}): {why_en}."


class KeyGone(OfficeError):
    """The key was destroyed with its dossier."""

    code = "vault.key_gone"
    zh = "密钥已随档案销毁,内容无法再打开。"
    en = "The key was destroyed with its dossier; the content can no longer be opened."


class KeyNotOpened(OfficeError):
    """A key is there, and none of the master keys at hand unwraps it."""

    code = "vault.key_not_opened"
    zh = "第 {key} 号密钥不能用现有的主密钥打开。请放回正确的主密钥,或运行 yedang key recover。"
    en = "Key {key} is not unwrapped by the master key at hand. Bring the right one back, or run yedang key recover."


class Vault:
    """Sealed bytes under ``folder``; the database knows which digest is sealed for which key."""

    def __init__(self, folder: Path, master: MasterKey) -> None:
        self.folder = folder
        self.master = master

    def new_key(self, session: Session, scope: str) -> Key:
        """A fresh key, wrapped for today's key holders. ``scope``: dossier, series, batch, sign-in, document.

        Needs no secret: where the holders are known, keys are made without the master key.
        """
        return self.new_keys(session, scope, 1)[0]

    def new_keys(self, session: Session, scope: str, count: int) -> list[Key]:
        """Many fresh keys, written together: an import opens thousands of dossiers."""
        holders = key_holders.present(session, self.master)
        keys = []
        for _ in range(count):
            identity = Identity.generate()
            key = _row(scope, identity, holders.wrap(str(identity).encode()))
            key.wrapped_for = holders.mark
            keys.append(key)
        session.add_all(keys)
        session.flush()
        return keys

    def document_key(self, session: Session, series: str | None) -> Key:
        """A key for one document outside dossiers, so that it can be destroyed by itself; wrapped for its series' key.

        Whoever has the series' key opens the whole series, and a rotation touches series instead of documents.
        """
        if not series:
            return self.new_key(session, "document")
        parent = self.labelled_key(session, "series", f"series:{series}")
        identity = Identity.generate()
        wrapped = key_holders.seal(str(identity).encode(), [Recipient.from_str(parent.recipient)])
        key = _row("document", identity, wrapped)
        key.parent_id = parent.id
        session.add(key)
        session.flush()
        return key

    def labelled_key(self, session: Session, scope: str, label: str) -> Key:
        """The one key of this label, made on first use."""
        query = select(Key).where(Key.label == label)
        found = session.scalar(query)
        if found is None:
            audit.lock(session)  # two first users of a series take turns here
            found = session.scalar(query)
        if found is None:
            found = self.new_key(session, scope)
            found.label = label
            session.flush()
        return found

    def identity(self, key: Key) -> Identity:
        """Unwrap a key. Raises KeyGone, NoMasterKey, FilesOnly, KeyNotOpened."""
        if key.wrapped is None:
            raise KeyGone()
        try:
            return Identity.from_str(key_holders.unseal(key.wrapped, self._openers(key)).decode())
        except pyrage.DecryptError:
            raise KeyNotOpened(key=key.id) from None

    def _openers(self, key: Key) -> list[Identity]:
        session = object_session(key)
        if key.parent_id is None or session is None:
            return self.master.identities()
        return [self.identity(session.get_one(Key, key.parent_id))]

    def seal_for_sign_in(self, session: Session, secret: bytes) -> str:
        """A secret of the sign-in, sealed under the key that is kept for them; in base64."""
        key = self.labelled_key(session, "sign-in", SIGN_IN)
        return key_holders.seal(secret, [Recipient.from_str(key.recipient)])

    def open_for_sign_in(self, session: Session, sealed: str) -> bytes:
        """A secret of the sign-in again. Raises NoMasterKey, KeyNotOpened."""
        key = session.scalars(select(Key).where(Key.label == SIGN_IN)).one()
        own = self.master.sign_in_identity()
        try:
            return key_holders.unseal(sealed, [own or self.identity(key)])
        except pyrage.DecryptError:
            raise KeyNotOpened(key=key.id) from None

    def store(self, session: Session, key: Key, data: bytes, media_type: str) -> Blob:
        """Seal bytes for a key: to disk first (fsync), then the row. The same bytes again are the same blob.

        Takes the log's lock: what a killed filing left can be told from what is being filed (``clear_unfiled``).
        """
        digest = hashlib.sha256(data).hexdigest()
        return self._store(session, key, io.BytesIO(data), digest, len(data), media_type)

    def store_spool(self, session: Session, key: Key, spool: Spool, media_type: str) -> Blob:
        """``store`` of what lies in a spool, piece by piece."""
        with spool.reader() as source:
            return self._store(session, key, source, spool.digest, spool.size, media_type)

    def spool(self) -> AbstractContextManager[Spool]:
        """An empty spool for a while, on the vault's disk."""
        return spool(self.folder)

    def _store(self, session: Session, key: Key, source: BinaryIO, digest: str, size: int, media_type: str) -> Blob:
        audit.lock(session)
        known = session.scalar(select(Blob).where(Blob.digest == digest, Blob.key_id == key.id))
        if known is not None:
            return known
        # The same bytes may have been forgotten a moment ago: the note to discard them must not catch these. It is
        # taken away before the file is written, so that whoever discards just now ends first.
        session.flush()
        session.execute(delete(Discard).where(Discard.path == blob_path(digest, key.id)))
        with unfiled.laid_down(session, self.folder, blob_path(digest, key.id)) as file:
            pyrage.encrypt_io(source, file, [Recipient.from_str(key.recipient)])
        blob = Blob(digest=digest, key_id=key.id, size=size, media_type=media_type)
        session.add(blob)
        session.flush()
        return blob

    def open(self, blob: Blob) -> bytes:
        """The plain bytes of a blob, proven by their digest. Raises ScanAltered, KeyGone, NoMasterKey."""
        plain = io.BytesIO()
        self.open_into(blob, plain)
        return plain.getvalue()

    def open_into(self, blob: Blob, file: Writable) -> None:
        """Write the plain bytes of a blob into a file, piece by piece: what is large need not lie in memory.

        Raises as ``open``; what the file holds then must not be used.
        """
        identity, plain = self.identity(blob.key), _Proving(file)
        try:
            with (self.folder / blob_path(blob.digest, blob.key_id)).open("rb") as sealed:
                pyrage.decrypt_io(sealed, plain, [identity])
        except FileNotFoundError:
            raise ScanAltered(file=_short(blob), why="文件缺失", why_en="its file is missing") from None
        except (pyrage.DecryptError, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # the disk's fault, and no word about the scan
            raise ScanAltered(file=_short(blob), why="无法解密", why_en="it cannot be decrypted") from None
        if plain.digest.hexdigest() != blob.digest:
            raise ScanAltered(file=_short(blob), why="摘要不符", why_en="its digest differs")

    def prove(self, blob: Blob) -> None:
        """Open a blob and keep nothing of it. Raises as ``open``."""
        with Path(os.devnull).open("wb") as nowhere:
            self.open_into(blob, nowhere)

    def clear_unfiled(self, session: Session) -> int:
        """Remove what killed filings left in the vault, at any time; says how many files went."""
        audit.lock(session)
        return unfiled.clear(self.folder, _path_of, lambda names: _with_row(session, names))

    def forget(self, session: Session, blob: Blob) -> None:
        """Drop a blob's row and note its file for discarding after the commit (``discard_forgotten``)."""
        session.add(Discard(path=blob_path(blob.digest, blob.key_id)))
        session.delete(blob)

    def forget_all(self, session: Session, blob_ids: Collection[int]) -> None:
        """As ``forget``, for many blobs at once."""
        for ids in parted(blob_ids):
            rows = session.execute(select(Blob.digest, Blob.key_id).where(Blob.id.in_(ids))).all()
            if rows:
                session.execute(insert(Discard), [{"path": blob_path(digest, key_id)} for digest, key_id in rows])
            session.execute(delete(Blob).where(Blob.id.in_(ids)))

    def destroy_key(self, key: Key) -> None:
        """Erase a key's wrapped identity: nothing sealed for it can be opened again."""
        key.wrapped = None
        key.destroyed_at = clock.now()

    def destroy_keys(self, session: Session, key_ids: Collection[int]) -> None:
        """As ``destroy_key``, for many keys at once; one that was destroyed before keeps its time."""
        for ids in parted(key_ids):
            living = update(Key).where(Key.id.in_(ids), Key.wrapped.is_not(None))
            session.execute(living.values(wrapped=None, destroyed_at=clock.now()))

    def discard_forgotten(self, session: Session) -> int:
        """Remove the files that committed deletions left noted; returns how many notes were worked off.

        Called in a transaction of its own, after the one that forgot them: bytes go only when the record is gone.
        """
        notes = session.execute(select(Discard.id, Discard.path).with_for_update(skip_locked=True)).all()
        for _, path in notes:
            erase(self.folder / path)
        if notes:
            # The file system's journal is written in order (ext4, XFS): with the last removal all of them are durable,
            # before the commit that forgets the notes. A file that came back after all could not be opened.
            sync_folder((self.folder / notes[-1].path).parent)
        for some in parted(notes):
            session.execute(delete(Discard).where(Discard.id.in_([note.id for note in some])))
        return len(notes)


class Writable(Protocol):
    """What plain bytes are written into: a file, a spool, or nothing at all."""

    def write(self, data: bytes, /) -> int:
        """Write on."""


class _Proving:
    """A file that is written to, and the digest of all that was."""

    def __init__(self, file: Writable) -> None:
        self.file = file
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        """Write on."""
        self.digest.update(data)
        return self.file.write(data)

    def flush(self) -> None:
        """Nothing is kept back here."""


def _row(scope: str, identity: Identity, wrapped: str) -> Key:
    recipient = str(identity.to_public())
    return Key(scope=scope, recipient=recipient, wrapped=wrapped, created_at=clock.now())


def blob_path(digest: str, key_id: int) -> str:
    """Where a blob lies below the vault's folder.

    >>> blob_path("ab12" + "0" * 60, 7)
    'ab/12/ab12000000000000000000000000000000000000000000000000000000000000-7.age'
    """
    return f"{digest[:2]}/{digest[2:4]}/{digest}-{key_id}.age"


def _short(blob: Blob) -> str:
    """Where a blob lies, short enough to read and exact enough to be copied back from a backup by."""
    path = blob_path(blob.digest, blob.key_id)
    return f"{path[:14]}*-{blob.key_id}.age"


def _path_of(name: str) -> str:
    """Where a file of the vault lies, by its name."""
    return f"{name[:2]}/{name[2:4]}/{name}"


def _with_row(session: Session, names: Collection[str]) -> set[str]:
    """Which of these files of the vault have a row."""
    digests = {name.partition("-")[0] for name in names}
    rows = session.execute(select(Blob.digest, Blob.key_id).where(Blob.digest.in_(digests)))
    return {Path(blob_path(digest, key_id)).name for digest, key_id in rows} & set(names)


def write_durably(path: Path, data: bytes) -> None:
    """Write a file so that after a crash it is either whole or absent."""
    with durably(path) as file:
        file.write(data)


@contextmanager
def durably(path: Path) -> Iterator[BinaryIO]:
    """A file to write to that is there, whole, at the end: temporary name, fsync, rename, fsync folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def erase(path: Path) -> None:
    """Remove a file if it is there. The bytes were encrypted; with the key gone they are noise even on the disk."""
    path.unlink(missing_ok=True)
