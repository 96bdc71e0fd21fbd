"""Erases a record inside the purge's transaction: what is in it, whom it tells of, and every text about it.

What stays is a tombstone: numbers, dates, form codes, class titles.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, and_, delete, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.dml import Delete, Update

from records import access, changes, loans, people, places
from records.errors import OfficeError
from records.readings import PageReading
from records.tables import (
    Blob,
    Document,
    Dossier,
    Fact,
    Key,
    Owner,
    OwnershipOwner,
    Page,
)
from records.vault import Vault
from retention.disposition import Titles
from retention.material import Material
from retention.tables import Hold, KeptLonger, RuleChoice

#: Removes what another floor keeps of these documents (and of this dossier, or None); gives counts for the outcome.
Eraser = Callable[[Session, Vault, Sequence[int], int | None], Mapping[str, int]]

#: Stands where a text was that told of the record, and that cannot be empty.
GONE = "(已随档案销毁)"


class KeyShared(OfficeError):
    """Something that is not to be destroyed is sealed under the same key."""

    code = "retention.key_shared"
    zh = "另有文件({documents})与此件共用密钥,为免误毁,未予销毁。"
    en = "Other documents ({documents}) are sealed under the same key; nothing was destroyed, so as not to lose them."


def erase(session: Session, vault: Vault, one: Material, erasers: Sequence[Eraser], titles: Titles) -> dict[str, int]:
    """Erase a record; counts of what went, by kind. Raises KeyShared.

    The vault's files are only noted for discarding: they go after the commit.
    """
    ids = [piece.id for piece in one.pieces]
    keys = _own_keys(session, one, ids)
    dossier_id = one.id if one.kind == "dossier" else None
    counts: Counter[str] = Counter()
    for eraser in erasers:
        counts.update(eraser(session, vault, ids, dossier_id))
    session.flush()
    pages = select(Page.id).where(Page.document_id.in_(ids))
    counts["readings"] += _execute(session, delete(PageReading).where(PageReading.page_id.in_(pages)))
    counts["pages"] += _execute(session, delete(Page).where(Page.document_id.in_(ids)))
    for blob in session.scalars(select(Blob).where(Blob.key_id.in_(keys))):
        vault.forget(session, blob)
        counts["files"] += 1
    for key in session.scalars(select(Key).where(Key.id.in_(keys), Key.wrapped.is_not(None))):
        vault.destroy_key(key)
        counts["keys"] += 1
    counts["documents"] += _bury(session, one, titles)
    if one.kind == "dossier":
        counts.update(_bury_dossier(session, one.id))
    _silence(session, one, ids)
    changes.touch(session, ids)
    session.flush()
    return dict(counts)


def lock(session: Session, kind: str, id_: int) -> None:
    """Wait for whoever is filing into the record just now (PostgreSQL; on SQLite nobody else writes).

    Call it before looking at the record: what was being filed is part of it then.
    """
    if kind == "dossier":
        session.execute(select(Dossier.id).where(Dossier.id == id_).with_for_update())
    inside = {"dossier": Document.dossier_id, "book": Document.book_id}.get(kind, Document.id)
    session.execute(select(Document.id).where(inside == id_).order_by(Document.id).with_for_update())


def _own_keys(session: Session, one: Material, ids: Sequence[int]) -> list[int]:
    keys = {piece.key_id for piece in one.pieces}
    if one.kind == "dossier":
        keys.add(session.scalars(select(Dossier.key_id).where(Dossier.id == one.id)).one())
    others = select(Document.id).where(
        Document.key_id.in_(keys), Document.id.not_in(ids), Document.state != "destroyed"
    )
    shared = session.scalars(others.limit(5)).all()
    if shared:
        raise KeyShared(documents="、".join(str(id_) for id_ in shared))
    return sorted(keys)


def _bury(session: Session, one: Material, titles: Titles) -> int:
    for form_code in {piece.form_code for piece in one.pieces}:
        ids = [piece.id for piece in one.pieces if piece.form_code == form_code]
        values: dict[str, Any] = {
            "state": "destroyed",
            "title": titles(form_code),
            "section": None,
            "entered": {},
            "signatures": {},
        }
        _execute(session, update(Document).where(Document.id.in_(ids)).values(**values))
    return len(one.pieces)


def _bury_dossier(session: Session, dossier_id: int) -> dict[str, int]:
    ownership = select(Dossier.ownership_id).where(Dossier.id == dossier_id).scalar_subquery()
    owner_ids = list(session.scalars(select(OwnershipOwner.owner_id).where(OwnershipOwner.ownership_id == ownership)))
    _execute(session, delete(OwnershipOwner).where(OwnershipOwner.ownership_id == ownership))
    elsewhere = select(OwnershipOwner.owner_id)
    owners = _execute(session, delete(Owner).where(Owner.id.in_(owner_ids), Owner.id.not_in(elsewhere)))
    asked = access.forget(session, dossier_id, GONE)
    _execute(session, update(Dossier).where(Dossier.id == dossier_id).values(state="destroyed"))
    paper = {"places": places.forget(session, dossier_id), "loans": loans.forget(session, dossier_id)}
    return {"owners": owners, **asked, **paper, **people.forget(session, dossier_id)}


def _silence(session: Session, one: Material, ids: Sequence[int]) -> None:
    """Blank the reasons that people wrote about the record: of facts, of holds that are over, of decisions."""
    whole = [(one.kind, one.id)] + [("document", id_) for id_ in ids]
    about_fact = _among(Fact.subject_kind, Fact.subject_id, whole)
    _execute(session, update(Fact).where(about_fact).values(reason=""))
    named = [(kind, str(id_)) for kind, id_ in whole] + [("unit", str(unit)) for unit in one.units]
    over = and_(_among(Hold.target_kind, Hold.target_id, named), Hold.released_at.is_not(None))
    _execute(session, update(Hold).where(over).values(reason=GONE))
    about_kept = _among(KeptLonger.target_kind, KeptLonger.target_id, whole)
    _execute(session, update(KeptLonger).where(about_kept).values(reason=GONE))
    _execute(session, update(RuleChoice).where(RuleChoice.document_id.in_(ids)).values(reason=GONE))


def _among(
    kind: InstrumentedAttribute[str], id_: InstrumentedAttribute[Any], targets: Sequence[tuple[str, int | str]]
) -> ColumnElement[bool]:
    kinds = {name for name, _ in targets}
    return or_(*(and_(kind == name, id_.in_([i for k, i in targets if k == name])) for name in sorted(kinds)))


def _execute(session: Session, statement: Delete | Update) -> int:
    result = session.execute(statement.execution_options(synchronize_session="fetch"))
    return result.rowcount if isinstance(result, CursorResult) else 0
