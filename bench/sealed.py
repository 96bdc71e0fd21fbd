"""A vault by bulk insert: sealed files of an office scanner's size under a key for every fifty of them."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pyrage
from sqlalchemy import insert, select

from records import clock
from records.settings import Settings
from records.tables import Blob, Key
from records.vault import blob_path, key_holders
from records.vault.master_key import Identity
from web.office import Office

IN_A_DOSSIER = 50
#: Bytes of a page as a scanner sends it, and of one in a hundred, a plan or a photograph.
USUAL, LARGE, EVERY = 60_000, 1_500_000, 100
_AT_ONCE = 5_000


def build(home: Path, count: int) -> Office:
    """An office whose vault holds so many sealed files; nothing else is in it."""
    office = Office.init(Settings.read({"YEDANG_HOME": str(home)}))
    identities = [Identity.generate() for _ in range(count // IN_A_DOSSIER)]
    with office.transaction() as session:
        holders = key_holders.present(session, office.vault.master)
        rows = [_key(holders, identity) for identity in identities]
        session.execute(insert(Key), rows)
        keys = session.execute(select(Key.id, Key.recipient).where(Key.scope == "dossier")).all()
    pieces = [(str(office.vault.folder), number, id_, recipient) for number, (id_, recipient) in enumerate(keys)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        blobs = [row for rows in pool.map(_seal, pieces, chunksize=10) for row in rows]
    with office.transaction() as session:
        for start in range(0, len(blobs), _AT_ONCE):
            session.execute(insert(Blob), blobs[start : start + _AT_ONCE])
    os.sync()
    return office


def _key(holders: key_holders.Holders, identity: Identity) -> dict[str, Any]:
    wrapped = holders.wrap(str(identity).encode())
    return {
        "scope": "dossier",
        "recipient": str(identity.to_public()),
        "wrapped": wrapped,
        "wrapped_for": holders.mark,
        "created_at": clock.now(),
    }


def _seal(piece: tuple[str, int, int, str]) -> list[dict[str, Any]]:
    """The files of one dossier."""
    folder, number, key_id, recipient = piece
    rows = []
    for page, plain in enumerate(_plain(number)):
        digest = hashlib.sha256(plain).hexdigest()
        path = Path(folder) / blob_path(digest, key_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pyrage.encrypt(plain, [pyrage.x25519.Recipient.from_str(recipient)]))
        kind = "image/tiff" if page == 0 else "image/jpeg"
        rows.append({"digest": digest, "key_id": key_id, "size": len(plain), "media_type": kind})
    return rows


def _plain(number: int) -> Iterator[bytes]:
    noise = random.Random(number).randbytes(LARGE if number % (EVERY // IN_A_DOSSIER) == 0 else USUAL)
    for page in range(IN_A_DOSSIER):
        yield number.to_bytes(4, "big") + page.to_bytes(4, "big") + noise[: LARGE if page == 0 else USUAL]


def forget_cached(paths: Sequence[Path]) -> None:
    """Have the kernel drop these files from its memory, so that the next reading comes from the disk."""
    os.sync()
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def read_all(paths: Sequence[Path]) -> int:
    """Read files one after the other, as ``cat`` does; the number of bytes."""
    return sum(len(path.read_bytes()) for path in paths)
