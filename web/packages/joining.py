"""Taking a package of a dossier or a series into an office: a new one, or one that is at work."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Table, insert, or_, select, update
from sqlalchemy.orm import Session

from records import audit, changes
from records.audit import Verb
from records.errors import OfficeError
from records.tables import Document, Dossier, Key, Ownership, Unit
from records.users import Actor, Role
from web.office import Office
from web.packages import extract
from web.packages.layout import RECORDS, NotForTakingIn, PackageDamaged
from web.packages.reading import Progress, TakenIn, prove
from web.schema import METADATA


class HereAlready(OfficeError):
    """What the package holds is in this office already, or its unit has an owner of that time."""

    code = "package.here_already"
    zh = "{what} 在本系统中已有,未接收任何内容。"
    en = "{what} is here already; nothing was taken in."


@dataclass
class _Joining:
    """A package on its way in: which row became which, by table."""

    session: Session
    office: Office
    actor: Actor
    payload: Path
    ids: dict[str, dict[int, int]] = field(default_factory=dict)
    keys: dict[int, Key] = field(default_factory=dict)

    def became(self, table: str, id_: int | None) -> int | None:
        """The row's id in this office."""
        return None if id_ is None else self.ids.get(table, {}).get(id_)


def join(office: Office, actor: Actor, folder: Path, progress: Progress) -> TakenIn:
    """Take a dossier or a series in, whole or not at all; rows get numbers, and pages keys, of this office.

    Who did what there is told by the package's own extract of the log; here everything was done by the ``actor``.
    Raises NotAllowed, PackageDamaged, NotForTakingIn (written by an earlier version), HereAlready.
    """
    actor.require("接收移交包", Role.ARCHIVIST, Role.MANAGER)
    prove(folder)
    payload = folder / "data"
    if not (payload / RECORDS).is_dir():
        raise NotForTakingIn()
    with office.transaction() as session:
        audit.lock(session)
        joining = _Joining(session, office, actor, payload)
        _refuse_what_is_here(joining)
        rows = sum(_bring_in(joining, name) for name in extract.TABLES if name not in {"blobs", "pages", "facts"})
        files = _bring_pages(joining, progress)
        rows += files + _bring_readings_and_facts(joining)
        _tell(joining, files)
    return TakenIn(rows, files)


def _refuse_what_is_here(joining: _Joining) -> None:
    session = joining.session
    for row in extract.read_rows(joining.payload, "dossiers"):
        if session.scalar(select(Dossier.id).where(Dossier.number == row["number"])) is not None:
            raise HereAlready(what=f"业主档案 {row['number']}")
    units = {row["id"]: row for row in extract.read_rows(joining.payload, "units")}
    for row in extract.read_rows(joining.payload, "ownerships"):
        unit = units[row["unit_id"]]
        held = select(Ownership.id).join(Unit).where(Unit.estate == unit["estate"], Unit.code == unit["code"])
        held = held.where(or_(Ownership.until_on.is_(None), Ownership.until_on > row["from_on"]))
        if row["until_on"] is not None:
            held = held.where(Ownership.from_on < row["until_on"])
        if session.scalar(held) is not None:
            raise HereAlready(what=f"单元 {unit['code']} 同期的产权期")
    for row in extract.read_rows(joining.payload, "documents"):
        same = select(Document.id).where(Document.serial == row["serial"], Document.copy == row["copy"])
        if row["serial"] and session.scalar(same.where(Document.state == "filed")) is not None:
            raise HereAlready(what=f"文件 {row['serial']}")


def _bring_in(joining: _Joining, name: str) -> int:
    """The rows of a table, each under a new id; returns how many."""
    table, count, later = METADATA.tables[name], 0, []
    if name == "page_readings":
        return 0  # they come with their pages
    for row in extract.read_rows(joining.payload, name):
        before = row.pop("id", None)
        if name == "documents" and row["supersedes_id"] is not None:
            later.append((before, row["supersedes_id"]))
        joining.ids.setdefault(name, {})
        known = _unit_here(joining, row) if name == "units" else None
        if known is None:
            known = _insert(joining, table, _translated(joining, table, row))
            count += 1
        if before is not None and known is not None:
            joining.ids[name][before] = known
    for document, older in later:
        change = update(Document).where(Document.id == joining.became("documents", document))
        joining.session.execute(change.values(supersedes_id=joining.became("documents", older)))
    return count


def _unit_here(joining: _Joining, row: dict[str, Any]) -> int | None:
    query = select(Unit.id).where(Unit.estate == row["estate"], Unit.code == row["code"])
    return joining.session.scalar(query)


def _insert(joining: _Joining, table: Table, row: dict[str, Any]) -> int | None:
    done = joining.session.connection().execute(insert(table).values(**row))
    made = done.inserted_primary_key
    return int(made[0]) if made is not None and "id" in table.c else None


def _translated(joining: _Joining, table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """A row whose references are of this office: people become the actor, what did not come becomes nothing."""
    for column in table.c:
        for key in column.foreign_keys:
            target = key.column.table.name
            if row.get(column.name) is not None:
                row[column.name] = joining.actor.id if target == "users" else joining.became(target, row[column.name])
    if table.name == "dossiers":
        row["key_id"] = joining.office.vault.new_key(joining.session, "dossier").id
    if table.name == "documents":
        row |= {"book_id": None, "supersedes_id": None, "key_id": _key_of(joining, row).id}
    return row


def _key_of(joining: _Joining, row: dict[str, Any]) -> Key:
    """The key of the dossier that a document lies in; outside dossiers one of its own."""
    if row["dossier_id"] is None:
        return joining.office.vault.document_key(joining.session, row["series"])
    return joining.session.get_one(Dossier, row["dossier_id"]).key


def _bring_pages(joining: _Joining, progress: Progress) -> int:
    """The pages with their bytes, sealed for this office's keys and proven by the digests of the rows."""
    session, vault = joining.session, joining.office.vault
    blobs = {row["id"]: row for row in extract.read_rows(joining.payload, "blobs")}
    places, rows = extract.read_places(joining.payload), list(extract.read_rows(joining.payload, "pages"))
    for done, row in enumerate(rows, start=1):
        told, before = blobs[row["blob_id"]], row.pop("id")
        document = session.get_one(Document, joining.became("documents", row["document_id"]))
        data = (joining.payload / places[row["blob_id"]]).read_bytes()
        blob = vault.store(session, session.get_one(Key, document.key_id), data, told["media_type"])
        if blob.digest != told["digest"]:
            raise PackageDamaged(why=places[row["blob_id"]])
        row |= {"document_id": document.id, "blob_id": blob.id, "leased_until": None}
        row["reading"] = "waiting" if row["reading"] == "claimed" else row["reading"]
        joining.ids.setdefault("pages", {})[before] = _insert(joining, METADATA.tables["pages"], row) or 0
        progress(done, len(rows))
    return len(rows)


def _bring_readings_and_facts(joining: _Joining) -> int:
    """What was read on the pages, and the facts; a fact of a book is one of each of its documents from now on."""
    count = 0
    for row in extract.read_rows(joining.payload, "page_readings"):
        _insert(joining, METADATA.tables["page_readings"], row | {"page_id": joining.became("pages", row["page_id"])})
        count += 1
    books: dict[int, list[int]] = {}
    for document in extract.read_rows(joining.payload, "documents"):
        books.setdefault(document["book_id"], []).append(joining.became("documents", document["id"]) or 0)
    table, facts = METADATA.tables["facts"], list(extract.read_rows(joining.payload, "facts"))
    corrected = {row["replaces_id"] for row in facts}
    for row in facts:
        before, kind = row.pop("id"), row["subject_kind"]
        mine = _translated(joining, table, dict(row))
        if kind != "book":
            mine["subject_id"] = joining.became(f"{kind}s", row["subject_id"])
            joining.ids.setdefault("facts", {})[before] = _insert(joining, table, mine) or 0
            count += 1
        elif before not in corrected:
            own = {"subject_kind": "document", "replaces_id": None}
            count += sum(
                _insert(joining, table, mine | own | {"subject_id": id_}) is not None
                for id_ in books[row["subject_id"]]
            )
    return count


def _tell(joining: _Joining, files: int) -> None:
    """The log, and whoever follows the records."""
    session, documents = joining.session, joining.ids.get("documents", {}).values()
    changes.touch(session, documents)
    for table in ("units", "owners"):
        changes.touch_register(session, table.removesuffix("s"), joining.ids.get(table, {}).values())
    people = joining.ids.get("dossier_people", {}).values()
    changes.touch_register(session, "person", people)
    details = {"documents": len(documents), "files": files}
    dossiers = list(joining.ids.get("dossiers", {}).values())
    subject = f"dossier:{dossiers[0]}" if dossiers else "system"
    audit.append(session, joining.actor.id, Verb.PACKAGE_TAKEN_IN, subject, details)
