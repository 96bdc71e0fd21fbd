"""Opens many sealed files quickly, to learn whether each is what was filed; several at a time where asked to.

It proves bytes: the file is there, its key unwraps, age's own tags hold, and the SHA-256 of the plain bytes is the one
in the records. Bytes that are what was filed open as they did on that day, for nothing is filed that did not open.
``look`` goes further and decodes images too, which costs a hundred times as much.
"""

from __future__ import annotations

import hashlib
import io
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import pyrage
from PIL import Image

from records.vault import Vault, key_holders
from records.vault.master_key import Identity

#: Files above this size are opened piece by piece.
LARGE = 8 << 20
_CHUNK = 100


@dataclass(frozen=True)
class Sealed:
    """A sealed file as the records know it; ``keys``: its key as it is wrapped, and its series' where it has one."""

    id: int
    path: str
    digest: str
    size: int
    media_type: str
    keys: tuple[str | None, ...]


#: Gives the fate of each: empty (it is what was filed), ``altered``, or ``unreadable`` (an image that is none).
Prover: TypeAlias = Callable[[Sequence[Sealed]], Sequence[str]]


def here(vault: Vault, *, look: bool = False) -> Prover:
    """Proves one after the other, in this process. Raises NoMasterKey when called."""
    return lambda files: _prove_all(str(vault.folder), tuple(map(str, vault.master.identities())), look, files)


@contextmanager
def several(vault: Vault, *, look: bool = False) -> Iterator[Prover]:
    """Proves as many at a time as the machine has cores, in processes of their own. Raises NoMasterKey."""
    secrets = tuple(map(str, vault.master.identities()))
    # Forked: a fresh interpreter would read the whole program again first. They compute, and touch no connection.
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(os.cpu_count() or 1, mp_context=context) as pool:

        def prove(files: Sequence[Sealed]) -> list[str]:
            pieces = [files[at : at + _CHUNK] for at in range(0, len(files), _CHUNK)]
            folder, count = str(vault.folder), len(pieces)
            fates = pool.map(_prove_all, [folder] * count, [secrets] * count, [look] * count, pieces)
            return [fate for some in fates for fate in some]

        yield prove


def _prove_all(folder: str, secrets: tuple[str, ...], look: bool, files: Sequence[Sealed]) -> list[str]:
    return [_fate(Path(folder), secrets, look, file) for file in files]


def _fate(folder: Path, secrets: tuple[str, ...], look: bool, file: Sealed) -> str:
    try:
        identity = _unwrapped(secrets, file.keys)
        if file.size > LARGE:
            return "" if _digest_of_large(folder / file.path, identity) == file.digest else "altered"
        plain = bytes(pyrage.decrypt((folder / file.path).read_bytes(), [identity]))
    except (OSError, pyrage.DecryptError, KeyError):
        return "altered"
    if hashlib.sha256(plain).hexdigest() != file.digest:
        return "altered"
    return "unreadable" if look and file.media_type.startswith("image/") and not _opens(plain) else ""


@lru_cache(maxsize=4096)
def _unwrapped(secrets: tuple[str, ...], keys: tuple[str | None, ...]) -> Identity:
    """The identity behind a chain of wrappings, the outermost last. Raises DecryptError, KeyError (destroyed)."""
    openers = [Identity.from_str(secret) for secret in secrets]
    for wrapped in reversed(keys):
        if wrapped is None:
            raise KeyError("destroyed")
        openers = [Identity.from_str(key_holders.unseal(wrapped, openers).decode())]
    return openers[0]


class _Digest:
    """A file that keeps nothing but the digest of what is written to it."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        """Write on."""
        self.digest.update(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is kept back here."""


def _digest_of_large(path: Path, identity: Identity) -> str:
    plain = _Digest()
    with path.open("rb") as sealed:
        pyrage.decrypt_io(sealed, plain, [identity])
    return plain.digest.hexdigest()


def _opens(plain: bytes) -> bool:
    try:
        with Image.open(io.BytesIO(plain)) as image:
            image.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False
    return True
