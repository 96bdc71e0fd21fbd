"""Takes in a pile of paper as a file: read in pieces, opened, and sealed as it was received, in one transaction."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.scanning.desk import ScanDesk
from forms.scanning.opening import apart, masters
from forms.tables import ScanBatch, ScanPage
from records import audit, clock
from records.audit import Verb
from records.users import OFFICE_ROLES, Actor
from records.vault.spooling import Spool

_LONGEST_NAME = 200

#: Where a file came from: the browser, a command, the watched folder.
Source = Literal["web", "command", "inbox"]


@contextmanager
def laid_in(desk: ScanDesk, name: str, source: IO[bytes]) -> Iterator[Spool]:
    """What a file holds, read once and in pieces, for as long as it is being received. Raises TooLarge."""
    with desk.vault.spool() as spool:
        spool.fill(source, masters.LARGEST_FILE)
        if spool.size > masters.LARGEST_FILE:
            raise masters.TooLarge(name=_file_name(name), what=f"{masters.LARGEST_FILE // 2**20} MB")
        yield spool


def find_batch(session: Session, digest: str) -> ScanBatch | None:
    """The batch that the bytes of this digest came in as before, or None."""
    return session.scalar(select(ScanBatch).where(ScanBatch.digest == digest))


def already_received(batch: ScanBatch) -> tuple[str, str]:
    """The sentence for a file that has come before, in Chinese and English."""
    at = clock.local_time(batch.received_at)
    return (
        f"这份文件已于 {at} 收过(第 {batch.id} 批,{batch.page_count} 页),没有重复归档",
        f"this file was received before, at {at} (batch {batch.id}, {batch.page_count} pages); nothing is filed twice",
    )


def receive(
    session: Session, desk: ScanDesk, actor: Actor, name: str, data: bytes | Spool, source: Source = "command"
) -> ScanBatch:
    """Take in a file: its bytes as received are sealed under a key of the batch's own, its pages wait to be filed.

    ``data``: what ``laid_in`` laid down, or the bytes of a small file. The same bytes again give the batch they came in
    as (``find_batch`` tells beforehand). The receipt stands in the log: who, when, from where (``source``), how many
    pages, the digests of the bytes and of the file's name.
    Raises EmptyFile, NotAScan, BrokenFile, EncryptedFile, TooLarge, ActiveFile, NotAllowed.
    """
    if isinstance(data, bytes):
        with laid_in(desk, name, io.BytesIO(data)) as spool:
            return receive(session, desk, actor, name, spool, source)
    actor.require("扫描归档", *OFFICE_ROLES)
    # One writer at a time from here: two people handing in the same file get the same batch.
    audit.lock(session)
    desk.vault.clear_unfiled(session)
    known = find_batch(session, data.digest)
    if known is not None:
        return known
    shown = _file_name(name)
    with apart.opened(data, shown) as far:
        media_type, page_count = far.media_type, far.page_count
    key = desk.vault.new_key(session, "batch")
    blob = desk.vault.store_spool(session, key, data, media_type)
    batch = ScanBatch(
        digest=blob.digest,
        name=shown,
        media_type=media_type,
        size=data.size,
        page_count=page_count,
        key_id=key.id,
        blob_id=blob.id,
        state="received",
        received_by=actor.id,
        received_at=clock.now(),
        pages=[ScanPage(position=position) for position in range(1, page_count + 1)],
    )
    session.add(batch)
    session.flush()
    details = {"digest": batch.digest, "pages": page_count, "size": batch.size, "source": source}
    details["name"] = hashlib.sha256(shown.encode()).hexdigest()
    audit.append(session, actor.id, Verb.SCAN_RECEIVED, f"batch:{batch.id}", details)
    return batch


def _file_name(name: str) -> str:
    """The last part of a path, of either kind, shortened in front of its suffix."""
    last = name.replace("\\", "/").rpartition("/")[2].replace("\x00", "").strip() or "scan"
    return last if len(last) <= _LONGEST_NAME else f"{last[:150]}…{last[-40:]}"
