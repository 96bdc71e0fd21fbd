"""Writing a transfer package: pages as filed, what they are, and for a whole archive everything that makes it one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import bagit
from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from records import access, audit, clock
from records.access import ContentClosed
from records.audit import Verb
from records.errors import BadInput, NotAllowed, NotFound
from records.tables import AuditEntry, Blob, Document, Dossier, Page
from records.users import Actor, Role
from records.vault import write_durably
from web.acts.dossiers.dossier_export import FolderNotEmpty
from web.acts.dossiers.dossier_paper import contents_list
from web.backups.own_files import packed
from web.office import Office
from web.packages import describing, extract
from web.packages.layout import (
    DOSSIERS,
    FILES,
    LOG,
    OWN_FILES,
    PAGE_SECRET,
    SCANS,
    SERIES,
    SUFFIXES,
    table_file,
    travelling_tables,
)
from web.schema import METADATA

Progress = Callable[[int, int], None]
_WITNESSES = (Role.MANAGER, Role.SUPERVISOR)
_CHUNK = 1 << 20


@dataclass
class Package:
    """What was written: how many dossiers, series, documents and files; ``places`` is each blob's file."""

    folder: Path
    dossiers: int = 0
    series: int = 0
    documents: int = 0
    files: int = 0
    places: dict[int, str] = field(default_factory=dict)


def write_dossier(office: Office, actor: Actor, number: str, folder: Path, progress: Progress) -> Package:
    """A dossier leaves as its paper would: under a grant of loan. Raises ContentClosed, FolderNotEmpty, NotFound."""
    with _begun(folder) as package, office.transaction() as session:
        dossier = session.scalar(select(Dossier).where(Dossier.number == number.strip().upper()))
        if dossier is None:
            raise NotFound(what=f"业主档案 {number}")
        decision = access.may_take_dossier(session, actor, dossier)
        if not decision.allowed:
            raise ContentClosed(because=decision.because, because_en=decision.because_en)
        _write_dossier(session, office, package, dossier, progress)
        for document in _documents(session, Document.dossier_id == dossier.id):
            for page in document.pages:
                access.log_shown(session, actor, document, page.position, decision)
        subjects = {f"dossier:{dossier.id}"} | {f"document:{one.id}" for one in dossier.documents}
        _write_log(package, (one for one in audit.entries(session) if one.subject in subjects))
        extract.write_rows(session, package.folder, Document.dossier_id == dossier.id, dossier)
        extract.write_places(package.folder, package.places)
        details = {"package": True, "pages": package.files, "grant": decision.grant_id}
        audit.append(session, actor.id, Verb.DOSSIER_EXPORTED, f"dossier:{dossier.id}", details)
    return _seal(office, package, f"业主档案 {number.strip().upper()}")


def write_series(office: Office, actor: Actor, code: str, folder: Path, progress: Progress) -> Package:
    """The office's own records of a procedure. Raises NotAllowed, FolderNotEmpty, NotFound."""
    actor.require("移交档案类别", Role.ARCHIVIST, Role.MANAGER)
    series = code.strip().upper()
    with _begun(folder) as package, office.transaction() as session:
        _write_series(session, office, package, series, progress)
        if not package.documents:
            raise NotFound(what=f"档案类别 {series} 的文件")
        extract.write_rows(
            session, package.folder, and_(Document.dossier_id.is_(None), Document.series == series), None
        )
        extract.write_places(package.folder, package.places)
        audit.append(session, actor.id, Verb.PACKAGE_WRITTEN, f"series:{series}", {"files": package.files})
    return _seal(office, package, f"档案类别 {series}")


def write_archive(
    office: Office, actor: Actor, witness: Actor, reason: str, folder: Path, progress: Progress
) -> Package:
    """Everything, for a change of property company: a manager and a second person, who has just proven who they are.

    Raises NotAllowed, BadInput (no reason), FolderNotEmpty, ScanAltered.
    """
    actor.require("移交全部档案", Role.MANAGER)
    witness.require("见证移交全部档案", *_WITNESSES)
    if witness.id == actor.id:
        raise NotAllowed(role="同一人", act="见证自己的移交")
    if not reason.strip():
        raise BadInput(what="移交全部档案须写明原因")
    with office.transaction() as session:
        details = {"whole": True, "witness": witness.id}
        audit.append(session, actor.id, Verb.PACKAGE_WRITTEN, "system", details)
    with _begun(folder) as package, office.reading() as session:
        for dossier in session.scalars(select(Dossier).where(Dossier.state != "destroyed").order_by(Dossier.number)):
            _write_dossier(session, office, package, dossier, _silent)
            progress(package.dossiers, package.dossiers + 1)
        outside = select(Document.series).where(Document.dossier_id.is_(None), Document.state != "destroyed")
        for series in sorted({code or "" for code in session.scalars(outside)}):
            _write_series(session, office, package, series, _silent)
        _write_scans(session, office, package, progress)
        _write_log(package, audit.entries(session))
        _write_system(session, office, package)
    return _seal(office, package, reason.strip())


def _silent(_done: int, _all: int) -> None:
    """Progress that somebody else tells."""


@contextmanager
def _begun(folder: Path) -> Iterator[Package]:
    """An empty folder to write into; nothing readable is left in it when the writing fails. Raises FolderNotEmpty."""
    if folder.exists() and any(folder.iterdir()):
        raise FolderNotEmpty(folder=folder)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        yield Package(folder)
    except BaseException:
        shutil.rmtree(folder)
        raise


def _write_dossier(session: Session, office: Office, package: Package, dossier: Dossier, progress: Progress) -> None:
    base = f"{DOSSIERS}/{dossier.number}"
    orders = {section.key: f"{number:02d}-{section.key}" for number, section in enumerate(office.catalogue.sections, 1)}
    rows = []
    for document in _documents(session, Document.dossier_id == dossier.id):
        place = f"{base}/{orders.get(document.section or '', '99-other')}"
        rows += _write_document(office, package, document, place, progress)
    _describe(package, base, "dossier", dossier.number, rows)
    write_durably(package.folder / base / "contents.pdf", contents_list(session, office, dossier))
    package.dossiers += 1


def _write_series(session: Session, office: Office, package: Package, series: str, progress: Progress) -> None:
    base = f"{SERIES}/{series or 'other'}"
    mine = Document.series == series if series else Document.series.is_(None)
    rows = []
    for document in _documents(session, Document.dossier_id.is_(None), mine):
        rows += _write_document(office, package, document, f"{base}/{document.form_code}", progress)
    _describe(package, base, "series", series, rows)
    package.series += 1


def _documents(session: Session, *conditions: Any) -> Iterator[Document]:
    there = Document.state.not_in(("destroyed", "withdrawn"))
    query = select(Document).where(there, *conditions).order_by(Document.dated, Document.id)
    yield from session.scalars(query)


def _write_document(
    office: Office, package: Package, document: Document, place: str, progress: Progress
) -> list[dict[str, object]]:
    package.documents += 1
    rows: list[dict[str, object]] = []
    for page in document.pages:
        rows.append(_write_page(office, package, document, page, place))
        progress(package.files, package.files + 1)
    return rows


def _write_page(office: Office, package: Package, document: Document, page: Page, place: str) -> dict[str, object]:
    name = f"{document.serial or f'D{document.id}'}-{document.copy}-{document.id}-{page.position:03d}"
    path = f"{place}/{name}{SUFFIXES.get(page.blob.media_type, '.bin')}"
    write_durably(package.folder / path, office.vault.open(page.blob))
    package.places.setdefault(page.blob_id, path)
    package.files += 1
    return {
        "file": path,
        "sha256": page.blob.digest,
        "form": document.form_code,
        "title": document.title,
        "serial": document.serial,
        "copy": document.copy,
        "page": page.position,
        "pages_expected": document.expected_pages,
        "dated": document.dated.isoformat(),
        "filed_at": document.filed_at.isoformat(),
        "rule": document.rule,
        "state": document.state,
        "entered": json.dumps(document.entered, ensure_ascii=False),
        "signatures": json.dumps(page.signatures, ensure_ascii=False),
        "text": page.text,
    }


def _describe(package: Package, base: str, kind: str, name: str, rows: list[dict[str, object]]) -> None:
    write_durably(package.folder / base / "metadata.csv", describing.as_csv(rows))
    write_durably(package.folder / base / "metadata.xml", describing.as_xml(kind, name, rows))


def _write_scans(session: Session, office: Office, package: Package, progress: Progress) -> None:
    """Everything sealed that no document shows: files as received, pages that wait in the tray."""
    blobs = session.scalars(select(Blob).where(Blob.id.not_in(package.places)).order_by(Blob.id)).all()
    for done, blob in enumerate(blobs, start=1):
        path = f"{SCANS}/{blob.id:08d}{SUFFIXES.get(blob.media_type, '.bin')}"
        write_durably(package.folder / path, office.vault.open(blob))
        package.places[blob.id] = path
        package.files += 1
        progress(done, len(blobs))


def _write_log(package: Package, entries: Iterable[AuditEntry]) -> None:
    names = ("seq", "at", "actor", "verb", "subject", "details", "previous", "hash")
    rows = [{name: getattr(entry, name) for name in names} for entry in entries]
    write_durably(package.folder / LOG / "log.json", json.dumps({"entries": rows}, ensure_ascii=False).encode())


def _write_system(session: Session, office: Office, package: Package) -> None:
    for name in travelling_tables():
        table = METADATA.tables[name]
        found = session.execute(select(table).order_by(*table.primary_key)).mappings()
        lines = "\n".join(json.dumps(_plain(name, dict(row)), ensure_ascii=False) for row in found)
        write_durably(table_file(package.folder, name), lines.encode())
    write_durably(package.folder / FILES, json.dumps(package.places).encode())
    write_durably(package.folder / OWN_FILES, packed(office.settings.home))
    write_durably(package.folder / PAGE_SECRET, office.vault.master.page_secret().hex().encode())


def _plain(table: str, row: dict[str, Any]) -> dict[str, Any]:
    """A row as JSON takes it; keys and passwords stay here, the new office makes its own."""
    if table == "keys":
        row |= {"wrapped": row["wrapped"] and "", "recipient": "", "wrapped_for": None}
    if table == "users":
        row |= {"password_hash": "", "active": False}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}


def _seal(office: Office, package: Package, about: str) -> Package:
    """Make the folder a bag: its files move below ``data``, each with its SHA-256 in the manifest."""
    info = {
        "Source-Organization": office.settings.office,
        "External-Description": about,
        "Bagging-Date": clock.today().isoformat(),
        "Bag-Software-Agent": "yedang",
    }
    bagit.make_bag(str(package.folder), info, checksums=["sha256"], encoding="utf-8")
    return package
