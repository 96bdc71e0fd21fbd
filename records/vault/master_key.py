"""The master key's file: the age identities that unwrap every other key, and the secret of the printed page tags.

The file is an ordinary age identity file (``age -i`` takes it as it is); what is ours stands in its comments. It stays
out of every backup. A file without an identity, the *public part*, lets a process print and file, and open nothing.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import pyrage

from records.errors import OfficeError
from records.vault.unfiled import sync_folder

Identity: TypeAlias = pyrage.x25519.Identity
Recipient: TypeAlias = pyrage.x25519.Recipient
_PAGES = "# pages "
_SIGN_IN = "# sign-in "


class NoMasterKey(OfficeError):
    """The master key's file is not where the settings say."""

    code = "vault.no_master_key"
    zh = "找不到主密钥文件({path})。请先运行 yedang init,或从保管处恢复主密钥。"
    en = "The master key file ({path}) is not there. Run yedang init, or bring the key back from its safe place."


class FilesOnly(NoMasterKey):
    """This process holds the public part of the master key: it seals and cannot open."""

    code = "vault.files_only"
    zh = "此处只有主密钥的公开部分({path}):可以打印、收件和归档,不能打开影像。请在持有主密钥的查阅端查看。"
    en = "Only the public part of the master key is here ({path}): this place prints and files, and opens nothing."


class MasterKey:
    """The file of the master key, read anew each time: a rotation takes effect in processes that run already."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def create(self) -> None:
        """Make the file with mode 0600 unless it is there already. Safe to repeat."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self.path.exists():
            write_secret(self.path, _content([Identity.generate()], secrets.token_bytes(32)), replace=False)

    def identities(self) -> list[Identity]:
        """The present master first; behind it those that a rotation still needs. Raises NoMasterKey, FilesOnly."""
        found = [Identity.from_str(line) for line in self._lines() if line.startswith("AGE-SECRET-KEY-")]
        if not found:
            raise FilesOnly(path=self.path)
        return found

    def identity(self) -> Identity:
        """The present master. Raises NoMasterKey, FilesOnly."""
        return self.identities()[0]

    def can_open(self) -> bool:
        """Whether sealed pages can be opened here."""
        try:
            return bool(self.identities())
        except NoMasterKey:
            return False

    def page_secret(self) -> bytes:
        """32 secret bytes from which the short tags on printed pages are made. Raises NoMasterKey."""
        found = self._comment(_PAGES)
        if found is None:
            raise NoMasterKey(path=self.path)
        return bytes.fromhex(found)

    def has_pages(self) -> bool:
        """Whether the secret of the page tags is in the file; a file recovered on a new machine lacks it at first."""
        return self._comment(_PAGES) is not None

    def sign_in_identity(self) -> Identity | None:
        """In a public part: the one identity it holds, which opens the secrets of second factors and nothing else."""
        found = self._comment(_SIGN_IN)
        return Identity.from_str(found) if found else None

    def write(self, identities: Sequence[Identity], pages: bytes | None) -> None:
        """Put these identities in the file's place, at once or not at all."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_secret(self.path, _content(identities, pages))

    def _comment(self, start: str) -> str | None:
        return next((line.removeprefix(start) for line in self._lines() if line.startswith(start)), None)

    def _lines(self) -> list[str]:
        try:
            return self.path.read_text().splitlines()
        except OSError:
            raise NoMasterKey(path=self.path) from None


def public_part(recipient: Recipient, pages: bytes, sign_in: Identity | None) -> str:
    """What a process needs that prints and files without reading: page tags, second factors, no master."""
    lines = ["# yedang, public part of the master key: prints and files, opens no page", f"# recipient {recipient}"]
    lines += [f"{_PAGES}{pages.hex()}", *([f"{_SIGN_IN}{sign_in}"] if sign_in else [])]
    return "\n".join(lines) + "\n"


def _content(identities: Sequence[Identity], pages: bytes | None) -> bytes:
    lines = ["# yedang master key; keep a copy away from the backups", *map(str, identities)]
    text = "\n".join([*lines, *([f"{_PAGES}{pages.hex()}"] if pages else [])]) + "\n"
    return text.encode()


def write_secret(path: Path, content: bytes, *, replace: bool = True) -> None:
    """Write a file that only its owner may read, whole or not at all. Raises FileExistsError unless ``replace``."""
    target = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part") if replace else path
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if replace:
        target.rename(path)
    sync_folder(path.parent)
