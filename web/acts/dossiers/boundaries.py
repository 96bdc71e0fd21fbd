"""Deciding on which side of a back-dated transfer a document belongs: it stays, or moves to the new owner's dossier.

A move seals the pages anew under the new dossier's key: the former dossier's key opens them no longer once the old
bytes are discarded, and what is destroyed with the former dossier cannot take the document along.
"""

from __future__ import annotations

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from forms.tables import Serial
from records import audit, changes, clock
from records.audit import Verb
from records.errors import BadInput, NotFound, OfficeError
from records.estate.estate_tables import BoundaryDocument
from records.tables import Blob, Document, Key, Page
from records.users import Actor, Role
from records.vault import Vault

DECISIONS = ("stays", "moved")


class BoundaryDecided(OfficeError):
    """Somebody has decided on this document already."""

    code = "boundary.decided"
    zh = "这份文件的归属已经决定。"
    en = "It has been decided already where this document belongs."


def decide(session: Session, vault: Vault, actor: Actor, row_id: int, decision: str) -> BoundaryDocument:
    """An archivist decides on one document. Raises NotFound, BoundaryDecided, BadInput, NotAllowed, ScanAltered."""
    actor.require("决定文件归属", Role.ARCHIVIST)
    row = session.get(BoundaryDocument, row_id)
    if row is None:
        raise NotFound(what=f"待定归属的文件 {row_id}")
    if row.state != "waiting":
        raise BoundaryDecided()
    if decision not in DECISIONS:
        raise BadInput(what=decision)
    if decision == "moved":
        _move(session, vault, row)
    row.state, row.decided_by, row.decided_at = decision, actor.id, clock.now()
    details = {"document": row.document_id, "decision": decision, "from": row.former_id, "to": row.present_id}
    audit.append(session, actor.id, Verb.BOUNDARY_DECIDED, f"dossier:{row.former_id}", details)
    return row


def _move(session: Session, vault: Vault, row: BoundaryDocument) -> None:
    document: Document | None = row.document
    key = row.present.key
    while document is not None:
        for page in list(document.pages):
            page.blob_id = _sealed_anew(session, vault, page.blob_id, key)
        document.dossier_id, document.key_id = row.present_id, key.id
        changes.touch(session, [document.id])
        document = session.get(Document, document.supersedes_id) if document.supersedes_id else None
    session.flush()
    if row.document.serial:
        theirs = update(Serial).where(Serial.text == row.document.serial)
        session.execute(theirs.values(dossier_id=row.present_id))


def _sealed_anew(session: Session, vault: Vault, blob_id: int, key: Key) -> int:
    """The same bytes sealed for another key; the old ones go when no other page holds them."""
    old = session.get_one(Blob, blob_id)
    new = vault.store(session, key, vault.open(old), old.media_type)
    session.flush()
    if session.scalar(select(func.count()).select_from(Page).where(Page.blob_id == old.id)) == 1:
        session.execute(update(Page).where(Page.blob_id == old.id).values(blob_id=new.id))
        vault.forget(session, old)
    return new.id
