"""Exporting a dossier: its page bytes as filed, in folders by section, with a list that says what each file is."""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy.orm import Session

from forms.catalogue import Catalogue
from records import access, audit, clock, readings
from records.access import ContentClosed
from records.audit import Verb
from records.errors import OfficeError
from records.readings import FieldRead
from records.tables import Document, Dossier, Page
from records.users import Actor
from records.vault import Vault, write_durably
from records.verify import Progress
from web.acts.dossiers.dossier_reading import contents

SUFFIXES = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png", "image/tiff": ".tif"}
LIST = "dossier.json"


class FolderNotEmpty(OfficeError):
    """An export never mixes with what lies in a folder already."""

    code = "dossier.folder_not_empty"
    zh = "文件夹 {folder} 不是空的,请另选一个。"
    en = "The folder {folder} is not empty; choose another."


def export_dossier(
    session: Session,
    vault: Vault,
    catalogue: Catalogue,
    actor: Actor,
    dossier: Dossier,
    folder: Path,
    progress: Progress,
) -> list[dict[str, object]]:
    """Write the dossier into an empty folder; returns the rows of its list.

    The stored files leave the house as the paper does: only under a live grant of loan. Every page counts as shown.
    Files are named ``NN-section/serial-copy-page.suffix``.
    Raises ContentClosed, FolderNotEmpty, ScanAltered.
    """
    decision = access.may_take_dossier(session, actor, dossier)
    if not decision.allowed:
        raise ContentClosed(because=decision.because, because_en=decision.because_en)
    if folder.exists() and any(folder.iterdir()):
        raise FolderNotEmpty(folder=folder)
    sections = contents(session, catalogue, dossier)
    pages = [
        (f"{number:02d}-{section.key}", document, page)
        for number, section in enumerate(sections, start=1)
        for document in section.documents
        for page in document.pages
    ]
    read = {
        one.page_id: {key: _told(field) for key, field in one.fields.items() if field.state != "blank"}
        for found in readings.of_documents(session, {document.id for _, document, _ in pages}).values()
        for one in found
    }
    rows = []
    for done, (place, document, page) in enumerate(pages, start=1):
        rows.append({**_write_page(vault, folder, place, document, page), "fields": read.get(page.id, {})})
        access.log_shown(session, actor, document, page.position, decision)
        progress(done, len(pages))
    about = {"dossier": dossier.number, "exported_at": clock.now().isoformat(), "by": actor.name, "pages": rows}
    write_durably(folder / LIST, json.dumps(about, ensure_ascii=False, indent=2).encode())
    details = {"pages": len(rows), "grant": decision.grant_id}
    audit.append(session, actor.id, Verb.DOSSIER_EXPORTED, f"dossier:{dossier.id}", details)
    return rows


def _told(field: FieldRead) -> dict[str, object]:
    """A field with how it is known: recognised by a program, corrected by a person, or printed."""
    return {"text": field.text, "state": field.state, "confidence": field.confidence}


def _write_page(vault: Vault, folder: Path, place: str, document: Document, page: Page) -> dict[str, object]:
    name = f"{document.serial or f'D{document.id}'}-{document.copy}-{page.position:03d}"
    path = Path(place) / f"{name}{SUFFIXES.get(page.blob.media_type, '.bin')}"
    write_durably(folder / path, vault.open(page.blob))
    return {
        "file": str(path),
        "sha256": page.blob.digest,
        "title": document.title,
        "serial": document.serial,
        "copy": document.copy,
        "page": page.position,
        "dated": document.dated.isoformat(),
        "entered": document.entered,
        "text": page.text,
        "signatures": page.signatures,
        "rotation": page.rotation,
    }
