"""Erases records inside the purge's transaction: what is in them, whom they tell of, and every text about them.

Many records at once: the database is asked as often for a hundred of them as for one. What stays is a tombstone:
numbers, dates, form codes, class titles.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, and_, delete, false, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.dml import Delete, Update

from records import access, changes, loans
from records.book_tables import BookRecord
from records.errors import OfficeError
from records.estate import people
from records.leaving import Leaving
from records.paper import places
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
from retention.tables import Disposal, DisposalLine, HeldDocument, Hold, KeptLonger, RuleChoice

#: Removes what another floor keeps of these records; gives for each of them, in order, the counts for its outcome.
Eraser = Callable[[Session, Vault, Sequence[Leaving]], Sequence[Mapping[str, int]]]

_CONTENT = ("documents", "pages", "readings", "files", "keys")
#: Stands where a text was that told of the record, and that cannot be empty.
GONE = "(已随档案销毁)"


class KeyShared(OfficeError):
    """Something that is not to be destroyed is sealed under the same key."""

    code = "retention.key_shared"
    zh = "另有文件({documents})与此件共用密钥,为免误毁,未予销毁。"
    en = "Other documents ({documents}) are sealed under the same key; nothing was destroyed, so as not to lose them."


def erase(
    session: Session, vault: Vault, records: Sequence[Material], erasers: Sequence[Eraser], titles: Titles
) -> list[dict[str, int]]:
    """Erase records, all at once; for each of them how much of what went. Raises KeyShared.

    The vault's files are only noted for discarding: they go after the commit.
    """
    ids = [piece.id for one in records for piece in one.pieces]
    keys = _own_keys(session, records)
    counts: list[Counter[str]] = [Counter(dict.fromkeys(_CONTENT, 0)) for _ in records]
    leaving = [_leaving(one) for one in records]
    for eraser in erasers:
        for own, also in zip(counts, eraser(session, vault, leaving), strict=True):
            own.update(also)
    session.flush()
    _count_content(session, records, keys, counts)
    pages = select(Page.id).where(Page.document_id.in_(ids))
    _execute(session, delete(PageReading).where(PageReading.page_id.in_(pages)))
    _execute(session, delete(Page).where(Page.document_id.in_(ids)))
    vault.forget_all(session, session.scalars(select(Blob.id).where(Blob.key_id.in_(keys))).all())
    vault.destroy_keys(session, keys)
    _bury(session, records, titles)
    for one, own in zip(records, counts, strict=True):
        if one.kind == "dossier":
            own.update(_bury_dossier(session, one.id))
    _silence(session, records, ids)
    changes.touch(session, ids)
    session.flush()
    return [dict(own) for own in counts]


def _leaving(one: Material) -> Leaving:
    ids = tuple(piece.id for piece in one.pieces)
    return Leaving(ids, one.id if one.kind == "dossier" else None, one.id if one.kind == "book" else None)


def _count_content(
    session: Session, records: Sequence[Material], keys: Mapping[int, int], counts: Sequence[Counter[str]]
) -> None:
    """How many documents, pages, readings, files and keys go with each record; ``keys``: whose each key is."""
    place = {piece.id: at for at, one in enumerate(records) for piece in one.pieces}
    for at, one in enumerate(records):
        counts[at]["documents"] += len(one.pieces)
    query = select(Page.document_id, func.count(), func.count(PageReading.page_id)).outerjoin(
        PageReading, PageReading.page_id == Page.id
    )
    for id_, pages, readings in session.execute(query.where(Page.document_id.in_(place)).group_by(Page.document_id)):
        counts[place[id_]].update(pages=pages, readings=readings)
    files = select(Blob.key_id, func.count()).where(Blob.key_id.in_(keys)).group_by(Blob.key_id)
    for key, number in session.execute(files):
        counts[keys[key]]["files"] += number
    for key in session.scalars(select(Key.id).where(Key.id.in_(keys), Key.wrapped.is_not(None))):
        counts[keys[key]]["keys"] += 1


def lock(session: Session, targets: Iterable[tuple[str, int]]) -> None:
    """Wait for whoever is filing into these records just now (PostgreSQL; on SQLite nobody else writes).

    Call it before looking at the records: what was being filed is part of them then.
    """
    inside = {"dossier": Document.dossier_id, "book": Document.book_id, "document": Document.id}
    ids: dict[str, list[int]] = {kind: [] for kind in inside}
    for kind, id_ in targets:
        ids[kind].append(id_)
    if ids["dossier"]:
        query = select(Dossier.id).where(Dossier.id.in_(ids["dossier"]))
        session.execute(query.order_by(Dossier.id).with_for_update()).all()
    among = or_(false(), *(column.in_(ids[kind]) for kind, column in inside.items() if ids[kind]))
    session.execute(select(Document.id).where(among).order_by(Document.id).with_for_update()).all()


def _own_keys(session: Session, records: Sequence[Material]) -> dict[int, int]:
    """The keys under which the records are sealed, each with its record's place in the list. Raises KeyShared."""
    keys = {piece.key_id: at for at, one in enumerate(records) for piece in one.pieces}
    place = {piece.id: at for at, one in enumerate(records) for piece in one.pieces}
    dossiers = {one.id: at for at, one in enumerate(records) if one.kind == "dossier"}
    for id_, key in session.execute(select(Dossier.id, Dossier.key_id).where(Dossier.id.in_(dossiers))):
        keys[key] = dossiers[id_]
    sealed = select(Document.id, Document.key_id).where(Document.key_id.in_(keys), Document.state != "destroyed")
    shared = sorted(id_ for id_, key in session.execute(sealed) if place.get(id_) != keys[key])
    if shared:
        raise KeyShared(documents="、".join(str(id_) for id_ in shared[:5]))
    return keys


def _bury(session: Session, records: Sequence[Material], titles: Titles) -> None:
    """What stays of documents and books: their numbers, dates and class."""
    by_form: dict[str, list[int]] = {}
    for piece in (piece for one in records for piece in one.pieces):
        by_form.setdefault(piece.form_code, []).append(piece.id)
    empty: dict[str, Any] = {"section": None, "entered": {}, "signatures": {}, "lacks_signature": False}
    for form_code, ids in by_form.items():
        values = {"state": "destroyed", "title": titles(form_code), **empty}
        _execute(session, update(Document).where(Document.id.in_(ids)).values(**values))
    books = [one.id for one in records if one.kind == "book"]
    _execute(session, update(BookRecord).where(BookRecord.book_id.in_(books)).values(destroyed=True))


def _bury_dossier(session: Session, dossier_id: int) -> dict[str, int]:
    ownership = select(Dossier.ownership_id).where(Dossier.id == dossier_id).scalar_subquery()
    owner_ids = list(session.scalars(select(OwnershipOwner.owner_id).where(OwnershipOwner.ownership_id == ownership)))
    _execute(session, delete(OwnershipOwner).where(OwnershipOwner.ownership_id == ownership))
    changes.touch_register(session, "owner", owner_ids)
    elsewhere = select(OwnershipOwner.owner_id)
    owners = _execute(session, delete(Owner).where(Owner.id.in_(owner_ids), Owner.id.not_in(elsewhere)))
    asked = access.forget(session, dossier_id, GONE)
    _execute(session, update(Dossier).where(Dossier.id == dossier_id).values(state="destroyed"))
    paper = {"places": places.forget(session, dossier_id), "loans": loans.forget(session, dossier_id)}
    return {"owners": owners, **asked, **paper, **people.forget(session, dossier_id)}


def _silence(session: Session, records: Sequence[Material], ids: Sequence[int]) -> None:
    """Blank the reasons that people wrote about the records: of facts, past holds, decisions and refused lists."""
    whole = [one.target for one in records] + [("document", id_) for id_ in ids]
    about_fact = _among(Fact.subject_kind, Fact.subject_id, whole)
    _execute(session, update(Fact).where(about_fact).values(reason=""))
    named = [(kind, str(id_)) for kind, id_ in whole] + [("unit", str(unit)) for one in records for unit in one.units]
    found = Hold.id.in_(select(HeldDocument.hold_id).where(HeldDocument.document_id.in_(ids)))
    over = and_(or_(_among(Hold.target_kind, Hold.target_id, named), found), Hold.released_at.is_not(None))
    _execute(session, update(Hold).where(over).values(reason=GONE))
    about_kept = _among(KeptLonger.target_kind, KeptLonger.target_id, whole)
    _execute(session, update(KeptLonger).where(about_kept).values(reason=GONE))
    _execute(session, update(RuleChoice).where(RuleChoice.document_id.in_(ids)).values(reason=GONE))
    listed = select(DisposalLine.disposal_id).where(_among(DisposalLine.target_kind, DisposalLine.target_id, whole))
    refused = and_(Disposal.id.in_(listed), Disposal.decision_reason != "")
    _execute(session, update(Disposal).where(refused).values(decision_reason=GONE))


def _among(
    kind: InstrumentedAttribute[str], id_: InstrumentedAttribute[Any], targets: Sequence[tuple[str, int | str]]
) -> ColumnElement[bool]:
    kinds = {name for name, _ in targets}
    return or_(*(and_(kind == name, id_.in_([i for k, i in targets if k == name])) for name in sorted(kinds)))


def _execute(session: Session, statement: Delete | Update) -> int:
    result = session.execute(statement)
    return result.rowcount if isinstance(result, CursorResult) else 0
