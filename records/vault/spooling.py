"""Received bytes while they are worked on: on the disk, piece by piece, and nobody else can read them there.

What an office takes in is larger than what it should hold in memory, and must not lie on the disk in the clear, where
it would outlive its record. A spool is a file without a name, gone with the process that made it. Each piece is sealed
(age) for a key that only this process knows and gives to the process that opens pages; any piece can be read by itself.
"""

from __future__ import annotations

import hashlib
import io
import os
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO

import pyrage

from records.vault.master_key import Identity

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PIECE = 2**19
# An age file is its header, some hundred bytes of it at random, and 16 bytes for each 64 KiB.
_ROOM = PIECE + 4096
_LENGTH = struct.Struct(">I")
_AT_HAND = 4


class Spool:
    """Bytes laid down once, by digest and size; ``reader`` reads them, from the front or anywhere."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._identity = Identity.generate()
        self._recipient = self._identity.to_public()
        self._rest = bytearray()
        self._digest = hashlib.sha256()
        self._pieces = 0
        self.size = 0

    @property
    def digest(self) -> str:
        """SHA-256 of all that was written, in hexadecimal."""
        return self._digest.hexdigest()

    @property
    def key(self) -> str:
        """What opens the pieces: an age identity that is used for nothing else."""
        return str(self._identity)

    def fileno(self) -> int:
        """The file's descriptor, for another process to read from with ``SpoolReader``."""
        return self._file.fileno()

    def write(self, data: bytes) -> int:
        """Write on; what is less than a piece waits for more, or for ``finish``."""
        self._digest.update(data)
        self.size += len(data)
        self._rest += data
        while len(self._rest) >= PIECE:
            self._lay_down(bytes(self._rest[:PIECE]))
            del self._rest[:PIECE]
        return len(data)

    def fill(self, source: IO[bytes], most: int) -> None:
        """Write all that a file holds, or a little more than ``most`` bytes where it holds more."""
        while self.size <= most and (data := source.read(PIECE)):
            self.write(data)
        self.finish()

    def finish(self) -> None:
        """Lay down the last piece; nothing may be written afterwards."""
        if self._rest:
            self._lay_down(bytes(self._rest))
            self._rest.clear()

    def _lay_down(self, piece: bytes) -> None:
        sealed = pyrage.encrypt(piece, [self._recipient])
        self._file.seek(self._pieces * _ROOM)
        self._file.write(_LENGTH.pack(len(sealed)) + sealed)
        self._file.flush()
        self._pieces += 1

    def reader(self) -> BinaryIO:
        """The bytes as a file to read. Several may be read from at once."""
        return read_spool(os.dup(self.fileno()), self.key, self.size)

    def close(self) -> None:
        """Let go of the file: nothing of it stays."""
        self._file.close()


class _Reader(io.RawIOBase):
    """Reads a spool by its descriptor, in whichever process."""

    def __init__(self, descriptor: int, key: str, size: int) -> None:
        self._descriptor, self._size, self._at = descriptor, size, 0
        self._identity = Identity.from_str(key)
        self._piece = lru_cache(_AT_HAND)(self._opened)

    def _opened(self, number: int) -> bytes:
        (length,) = _LENGTH.unpack(os.pread(self._descriptor, _LENGTH.size, number * _ROOM))
        plain: bytes = pyrage.decrypt(
            os.pread(self._descriptor, length, number * _ROOM + _LENGTH.size), [self._identity]
        )
        return plain

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def seekable(self) -> bool:
        """Anywhere."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go there, counted from the front, from here, or from the end."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Where the next byte is read from the front."""
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read to the end of the piece at most. Raises pyrage.DecryptError, OSError."""
        wanted = memoryview(buffer).cast("B")
        if self._at >= self._size:
            return 0
        piece = self._piece(self._at // PIECE)
        begin = self._at % PIECE
        found = piece[begin : begin + len(wanted)]
        wanted[: len(found)] = found
        self._at += len(found)
        return len(found)

    def close(self) -> None:
        """Let go of the descriptor."""
        if not self.closed:
            self._piece.cache_clear()
            os.close(self._descriptor)
        super().close()


def read_spool(descriptor: int, key: str, size: int) -> BinaryIO:
    """The bytes of a spool as a file, which closes the descriptor with itself."""
    return io.BufferedReader(_Reader(descriptor, key, size))


@contextmanager
def spool(folder: Path) -> Iterator[Spool]:
    """An empty spool for a while, on the disk that ``folder`` lies on; nothing shows there."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        yield Spool(file)
