"""Looking for what should be gone: words of a marker in every file, plain, in other codings, compressed in any way.

Every marker is made around one rare word (``WORD``). PostgreSQL's own compression (pglz) puts a byte between every
eight that it copies: of the parts of the word that are looked for, one is whole wherever such a byte falls. Words that
are found whole are told by name.
"""

from __future__ import annotations

import json
import random
import re
import string
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

WORD = "zqvjxkwbhzgqv"
_PARTS = tuple(WORD[start : start + 7] for start in (0, 2, 4, 6))
_PACKED = re.compile(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08|PK\x03\x04")
_MOST = 1 << 22


def marker(dice: random.Random) -> str:
    """A word that nobody else writes, nineteen small letters: it survives being cut into words, and cannot shrink."""
    before, after = (("".join(dice.choices(string.ascii_lowercase, k=3))) for _ in range(2))
    return f"{before}{WORD}{after}"


def codings(word: str) -> set[bytes]:
    """The bytes that a word may be: UTF-8, UTF-16, GBK, and as JSON escapes it."""
    found = {word.encode(coding) for coding in ("utf-8", "utf-16-le", "utf-16-be", "gbk")}
    return found | {json.dumps(word)[1:-1].encode()}


def traces(files: Iterable[Path], others: Iterable[str] = ()) -> list[tuple[str, str]]:
    """The files in which a marker, or one of the other words, is found: each with what was found."""
    wanted = [(part, coded) for part in (*_PARTS, *others) for coded in codings(part)]
    found = []
    for path in files:
        data = _bytes(path)
        for whole in (data, *_unpacked(data)):
            found += [(path.name, part) for part, coded in wanted if coded in whole]
    return found


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:  # removed by the server in the meantime
        return b""


def _unpacked(data: bytes) -> Iterator[bytes]:
    """What comes out of anything in the bytes that may be a zlib, gzip or zip stream."""
    for match in _PACKED.finditer(data):
        start, bits = match.start(), 47
        if match.group() == b"PK\x03\x04":
            names = data[start + 26 : start + 30]
            start += 30 + int.from_bytes(names[:2], "little") + int.from_bytes(names[2:], "little")
            bits = -15
        try:
            yield zlib.decompressobj(bits).decompress(data[start : start + _MOST], _MOST)
        except zlib.error:
            continue
