"""Takes filed pages out of the records again 撤回: the act of the same day that filed them was a mistake.

What stays is a document without content, so that its id is never given to another document: the log names both acts
by it. Nothing that hung on the pages is left.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from records import audit, changes
from records.audit import Verb
from records.database import Base
from records.tables import Document, Key, Page
from records.users import Actor
from records.vault import Vault

WITHDRAWN = "withdrawn"


def take_out(session: Session, document: Document, pages: Sequence[Page]) -> list[int]:
    """Take pages out of a document, with all that was read and measured on them; the ids of their blobs.

    The caller forgets the blobs that nothing else points to, and has cleared what may point to the pages.
    """
    ids, blobs = [page.id for page in pages], [page.blob_id for page in pages]
    session.flush()
    _delete_what_hangs_on(session, ids)
    for page in pages:
        session.expunge(page)
    session.execute(delete(Page).where(Page.id.in_(ids)).execution_options(synchronize_session=False))
    session.expire(document, ["pages"])
    left = session.scalars(select(Page).where(Page.document_id == document.id).order_by(Page.position))
    document.signatures = {key: one for page in left for key, one in page.signatures.items()}
    changes.touch(session, [document.id])
    return blobs


def _delete_what_hangs_on(session: Session, page_ids: Sequence[int]) -> None:
    """Rows of whatever floor that cannot be without their page go with it."""
    for table in reversed(Base.metadata.sorted_tables):
        for column in table.columns:
            if not column.nullable and any(key.column is Page.__table__.c.id for key in column.foreign_keys):
                session.execute(delete(table).where(column.in_(page_ids)))


def withdraw(session: Session, vault: Vault, actor: Actor, document: Document, title: str) -> None:
    """Leave of a document without pages its number and date only. ``title`` is that of its form, nobody's own.

    Its key is destroyed; one filed in a dossier gets a key that opens nothing, so that it does not hold on to the
    dossier's.
    """
    own = session.get_one(Key, document.key_id)
    gone = vault.new_key(session, "document") if document.dossier_id is not None else own
    vault.destroy_key(gone)
    details = {"serial": document.serial, "form": document.form_code, "dossier": document.dossier_id}
    document.state, document.key_id, document.title, document.expected_pages = WITHDRAWN, gone.id, title, 0
    document.dossier_id = document.series = document.section = document.unit_id = None
    document.serial = document.book_id = None
    document.entered, document.signatures = {}, {}
    changes.touch(session, [document.id])
    audit.append(session, actor.id, Verb.DOCUMENT_WITHDRAWN, f"document:{document.id}", details)
