"""The checker that stands apart from the writers: rereads records, log and vault, and names what does not hold.

It shares only hashing and path rules with the code that writes. Each floor offers findings of its own in this shape;
``yedang check`` gathers them (DA/T 70: authenticity, integrity, usability, safety).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from records import audit
from records.tables import Blob, Discard, Document, Dossier, Key, Ownership, Page
from records.vault import KeyGone, KeyNotOpened, NoMasterKey, ScanAltered, Vault, blob_path, key_holders, unfiled

Progress = Callable[[int, int], None]
_BLOB_FILE = re.compile(r"^[0-9a-f]{64}-[0-9]+\.age$")


@dataclass(frozen=True)
class Finding:
    """Something that must hold and does not: a stable code, what it is about, and a sentence in both languages."""

    code: str
    subject: str
    zh: str
    en: str


def check_log(session: Session) -> Iterator[Finding]:
    """The hash chain from its first entry to its last."""
    bad = audit.verify(session)
    if bad:
        yield Finding("log.broken", f"audit:{bad.seq}", f"审计日志:{bad.zh}", f"audit log: {bad.en}")


def check_vault(session: Session, vault: Vault, progress: Progress | None = None) -> Iterator[Finding]:
    """Every blob is there, opens with its key, and is what was filed; and no file lies there without a record."""
    total = session.scalar(select(func.count()).select_from(Blob)) or 0
    for done, blob in enumerate(session.scalars(select(Blob).order_by(Blob.id)), start=1):
        yield from check_blobs(session, vault, [blob])
        if progress:
            progress(done, total)
    yield from stray_files(session, vault, lying(vault))


def unreadable(session: Session, blob: Blob) -> Finding:
    """An image whose bytes are what was filed, and which no program opens as an image."""
    zh, en = "影像与归档时一致,但打不开,不是有效的图像", "the image is what was filed, and is no image that opens"
    return Finding("vault.unreadable", _where(session, blob), zh, en)


def check_blobs(session: Session, vault: Vault, blobs: Iterable[Blob]) -> Iterator[Finding]:
    """Each of these blobs is there, opens with its key, and is what was filed."""
    for blob in blobs:
        try:
            vault.prove(blob)
        except (ScanAltered, KeyGone, KeyNotOpened, NoMasterKey) as error:
            yield Finding("vault.blob", _where(session, blob), error.sentence("zh"), error.sentence("en"))


def check_keys(session: Session, vault: Vault) -> Iterator[Finding]:
    """Every key unwraps with the master key at hand, and is wrapped for the holders in force and for nobody else."""
    try:
        identities, holders = vault.master.identities(), key_holders.in_force(session, vault.master)
    except NoMasterKey as error:
        yield Finding("vault.no_master", "vault", error.sentence("zh"), error.sentence("en"))
        return
    holder = key_holders.find(session, key_holders.MASTER)
    if holder is not None and holder.recipient not in {str(one.to_public()) for one in identities}:
        zh, en = "主密钥文件不是本办公室现行的主密钥", "the master key at hand is not the one in force"
        yield Finding("vault.foreign_master", "vault", zh, en)
    behind = 0
    for key in session.scalars(select(Key).where(Key.wrapped.is_not(None), Key.parent_id.is_(None)).order_by(Key.id)):
        behind += key.wrapped_for not in (None, holders.mark)
        try:
            vault.identity(key)
        except KeyNotOpened as error:
            yield Finding("vault.key_closed", f"key:{key.id}", error.sentence("zh"), error.sentence("en"))
    if behind or len(identities) > 1:
        zh = f"更换密钥尚未完成:{behind} 把密钥仍按从前的持有人封装,请运行 yedang key rotate"
        en = f"{behind} keys are still wrapped for former holders: run yedang key rotate"
        yield Finding("vault.keys_behind", "vault", zh, en)


def _where(session: Session, blob: Blob) -> str:
    """The document that a blob belongs to, so that the finding names what an archivist knows."""
    page = session.scalar(select(Page).where(Page.blob_id == blob.id))
    if page is None:
        return f"blob:{blob.id}"
    return f"document:{page.document_id} {page.document.serial or ''} page {page.position}".replace("  ", " ")


def lying(vault: Vault) -> list[str]:
    """The vault's files, but for those that are being filed just now. Ask before the records are read.

    A file that lies there now and of which the records know nothing afterwards was not filed in between.
    """
    found = sorted(files_below(vault.folder))
    being_filed = set(unfiled.names(vault.folder))
    return [path for path in found if Path(path).name not in being_filed]


def stray_files(session: Session, vault: Vault, found: Iterable[str]) -> Iterator[Finding]:
    """No file lies in the vault without a record; ``found`` is what was ``lying`` there before the session began."""
    known = {blob_path(digest, key_id) for digest, key_id in session.execute(select(Blob.digest, Blob.key_id))}
    leaving = set(session.scalars(select(Discard.path)))
    for path in found:
        if path in known or not (vault.folder / path).exists():
            continue
        if path in leaving:
            yield Finding(
                "vault.leftover", path, f"已销毁内容的文件尚未清除:{path}", f"file of a destroyed record: {path}"
            )
        else:
            yield Finding("vault.stray", path, f"库房中有无主文件:{path}", f"file without a record: {path}")


def files_below(folder: Path) -> Iterator[str]:
    """The vault's files relative to its folder, unfinished ones included."""
    for above, _, names in os.walk(folder):
        if Path(above).name != unfiled.FOLDER:
            below = os.path.relpath(above, folder)
            yield from (name if below == os.curdir else f"{below}/{name}" for name in names)


def sweep_vault(session: Session, vault: Vault) -> int:
    """Finish what a crash left: discard forgotten bytes, drop half-written files and blobs no record knows of.

    A sealed file without a row is what remains of a filing that never committed; its page is still in the batch.
    Returns how many files went. Only to be run while nobody files.
    """
    gone = vault.discard_forgotten(session) + vault.clear_unfiled(session)
    known = {blob_path(digest, key_id) for digest, key_id in session.execute(select(Blob.digest, Blob.key_id))}
    for path in list(files_below(vault.folder)):
        name = Path(path).name
        if path not in known and (name.endswith(".part") or _BLOB_FILE.match(name)):
            (vault.folder / path).unlink(missing_ok=True)
            gone += 1
    return gone


def check_records(session: Session) -> Iterator[Finding]:
    """Records that must fit together: pages and counts, one open dossier a unit, keys with their dossiers."""
    yield from _missing_pages(session)
    yield from _several_open(session)
    yield from _overlapping(session)
    yield from _keys(session)


def _missing_pages(session: Session) -> Iterator[Finding]:
    counts = (
        select(Document, func.count(Page.id))
        .outerjoin(Page, Page.document_id == Document.id)
        .where(Document.state == "filed")
        .group_by(Document.id)
        .having(func.count(Page.id) < Document.expected_pages)
    )
    for document, have in session.execute(counts):
        zh = f"文件 {document.serial or document.id} 应有 {document.expected_pages} 页,只有 {have} 页"
        en = f"{document.serial or document.id}: {have} of {document.expected_pages} pages"
        yield Finding("document.incomplete", f"document:{document.id}", zh, en)


def _several_open(session: Session) -> Iterator[Finding]:
    query = select(Ownership.unit_id).join(Dossier).where(Dossier.state == "open").group_by(Ownership.unit_id)
    for unit_id in session.scalars(query.having(func.count(Dossier.id) > 1)):
        yield Finding(
            "dossier.several_open", f"unit:{unit_id}", "同一单元有多份在用档案", "several open dossiers for one unit"
        )


def _overlapping(session: Session) -> Iterator[Finding]:
    """Two ownerships of one unit on the same day: whose papers are whose could not be told."""
    later = aliased(Ownership)
    query = (
        select(Ownership.unit_id)
        .join(later, (later.unit_id == Ownership.unit_id) & (later.from_on >= Ownership.from_on))
        .where(later.id != Ownership.id)
        .where((Ownership.until_on.is_(None)) | (Ownership.until_on > later.from_on))
        .distinct()
        .order_by(Ownership.unit_id)
    )
    for unit_id in session.scalars(query):
        yield Finding("ownership.overlap", f"unit:{unit_id}", "同一单元的产权期重叠", "ownerships of one unit overlap")


def _keys(session: Session) -> Iterator[Finding]:
    gone = select(Dossier).join(Key).where(Dossier.state != "destroyed", Key.wrapped.is_(None))
    for dossier in session.scalars(gone):
        subject = f"dossier:{dossier.id}"
        yield Finding("dossier.key_gone", subject, f"档案 {dossier.number} 的密钥缺失", f"no key for {dossier.number}")
    alive = select(Dossier).join(Key).where(Dossier.state == "destroyed", Key.wrapped.is_not(None))
    for dossier in session.scalars(alive):
        subject = f"dossier:{dossier.id}"
        yield Finding(
            "dossier.key_left", subject, f"已销毁档案 {dossier.number} 的密钥仍在", f"key of {dossier.number} left"
        )
