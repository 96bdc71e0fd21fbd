"""An office by bulk insert of which a part is due: former dossiers and single documents, with all their traces."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pyrage
from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from forms.tables import PrintRun, ScanBatch, ScanPage, Serial
from records import identifiers, users
from records.database import Base
from records.estate.estate_tables import DossierPerson
from records.facts import FactKind
from records.readings import PageReading
from records.tables import (
    AccessRequest,
    AccessRequestDossier,
    Blob,
    Document,
    Dossier,
    Fact,
    Key,
    Owner,
    Ownership,
    OwnershipOwner,
    Page,
    Unit,
)
from records.users import Actor, Role
from records.vault import blob_path, key_holders
from records.vault.master_key import Identity, Recipient
from web.office import Office

#: Stands in every text of what is destroyed, so that what is left of it can be looked for.
MARKER = "Vanishing-Act"
#: A page's bytes: a small scan. What a file weighs hardly matters to whoever removes it.
PAGE_BYTES = 20_000
IN_A_DOSSIER = 20
IN_A_BATCH = 20
PAGES = 2
_THEN = datetime(2020, 1, 1, tzinfo=UTC)
_AT_ONCE = 2_000
_WORDS = (
    "卫生间漏水需要尽快维修 业主反映电梯异响 已派工程部到场检查 水表底数与电表底数已抄录 装修施工噪音扰民 楼道照明损坏 "
    "业主要求退还装修押金 阳台窗户渗水 钥匙已交还业主 空置房通风检查 门禁系统失灵 要求三日内回访 墙面裂缝已拍照留存"
).split()


class Builder:
    """Fills an office that ``Office.init`` has just made; ids count on from the last one used."""

    def __init__(self, office: Office, session: Session) -> None:
        self.office, self.session = office, session
        self.chance = random.Random(6)
        self.rows: dict[type[Base], list[dict[str, Any]]] = {}
        self.last: dict[type[Base], int] = {}
        self.holders = key_holders.present(session, office.vault.master)
        self.series = office.vault.labelled_key(session, "series", "series:YS")

    def add(self, table: type[Base], **values: Any) -> int:
        """A row to be written, and its id."""
        if table not in self.last:
            self.last[table] = self.session.scalar(select(func.max(table.id))) or 0  # type: ignore[attr-defined]  # every table here has one
        self.last[table] += 1
        self.rows.setdefault(table, []).append({"id": self.last[table], **values})
        return self.last[table]

    def link(self, table: type[Base], **values: Any) -> None:
        """A row without an id of its own."""
        self.rows.setdefault(table, []).append(values)

    def write(self) -> None:
        """All rows, in an order that the foreign keys allow."""
        for table in Base.metadata.sorted_tables:
            found = [rows for mapped, rows in self.rows.items() if mapped.__table__ is table]
            for some in _parted(found[0] if found else [], _AT_ONCE):
                self.session.execute(insert(table), some)
        self.rows.clear()
        if self.session.get_bind().dialect.name == "postgresql":
            for mapped, last in self.last.items():
                self.session.execute(
                    text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :last)"),
                    {"name": mapped.__tablename__, "last": last},
                )

    def key(self, scope: str) -> tuple[int, Recipient]:
        """A key that opens what is sealed for it, wrapped as the vault wraps it."""
        identity = Identity.generate()
        secret, own = str(identity).encode(), {"scope": scope, "created_at": _THEN, "parent_id": None}
        if scope == "document":
            own |= {"parent_id": self.series.id}
            wrapped = key_holders.seal(secret, [Recipient.from_str(self.series.recipient)])
        else:
            wrapped = self.holders.wrap(secret)
        recipient = identity.to_public()
        return self.add(Key, recipient=str(recipient), wrapped=wrapped, **own), recipient

    def blob(self, key_id: int, recipient: Recipient | None) -> int:
        """A sealed file in the vault; only its row without a recipient."""
        data = os.urandom(PAGE_BYTES)
        digest = hashlib.sha256(data).hexdigest()
        if recipient is not None:
            path = self.office.vault.folder / blob_path(digest, key_id)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(pyrage.encrypt(data, [recipient]))
        return self.add(Blob, digest=digest, key_id=key_id, size=len(data), media_type="image/jpeg")

    def text(self, marker: str) -> str:
        """Two hundred characters of a filled form."""
        words = [marker, *(self.chance.choice(_WORDS) for _ in range(20)), str(self.chance.randrange(10**8))]
        return " ".join(words)[:200]


def _parted(rows: Sequence[dict[str, Any]], size: int) -> Iterator[Sequence[dict[str, Any]]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def build(office: Office, going: int, staying: int) -> tuple[Actor, Actor]:
    """``going`` documents of two pages are due, half of them in former dossiers; ``staying`` of one page are not.

    Returns the archivist and the manager who agree on their end.
    """
    with office.transaction() as session:
        admin = users.as_actor(users.add_user(session, None, "admin", Role.ADMIN, "measured beside its peers"))
        two = [
            users.as_actor(users.add_user(session, admin, role, role, "measured beside its peers"))
            for role in (Role.ARCHIVIST, Role.MANAGER)
        ]
        builder = Builder(office, session)
        run = builder.add(
            PrintRun, form_code="RZ-02", form_version=1, year=2019, first=1, last=going, printed_by=1, printed_at=_THEN
        )
        documents = [*_dossiers(builder, going // 2), *_singles(builder, going - going // 2, MARKER)]
        for number, (id_, values, recipient) in enumerate(documents):
            _pages(builder, id_, values["key_id"], recipient, MARKER)
            _serial(builder, run, number, values)
        _batches(builder)
        builder.write()
        for id_, values, _ in _singles(builder, staying, ""):
            blob = builder.blob(values["key_id"], None)
            builder.add(Page, document_id=id_, position=1, blob_id=blob, reading="done", text=builder.text(""))
        builder.write()
    office.index.rebuild(office.database)
    return two[0], two[1]


Filed = tuple[int, dict[str, Any], Recipient]


def _document(builder: Builder, number: int, form: str, marker: str, **more: Any) -> tuple[int, dict[str, Any]]:
    values = {
        "dossier_id": None, "unit_id": None, "section": None, "series": None, "form_code": form,
        "title": f"{form} {marker}", "serial": f"{form}-2019-{number:06d}-0", "copy": 1, "dated": date(2019, 6, 1),
        "filed_at": _THEN, "filed_by": 1, "state": "filed", "expected_pages": PAGES if marker else 1,
        "entered": {"item": builder.text(marker)},
        "signatures": {"owner": {"ink": 0.2, "signed": True, "note": marker}}, **more,
    }  # fmt: skip
    return builder.add(Document, **values), values


def _dossiers(builder: Builder, count: int) -> Iterator[Filed]:
    """Documents in dossiers of former owners, due three years after the change."""
    for number in range(count // IN_A_DOSSIER):
        code = f"{1 + number // 100}-1-{101 + number % 100}"
        unit = builder.add(Unit, estate="东光花园", code=code, building=code.split("-", maxsplit=1)[0])
        owner = builder.add(Owner, name=f"业主{MARKER}{number}", phone=f"139{number:08d}", id_number="")
        owned = builder.add(Ownership, unit_id=unit, from_on=date(2019, 5, 1), until_on=date(2020, 3, 31))
        builder.link(OwnershipOwner, ownership_id=owned, owner_id=owner)
        key, recipient = builder.key("dossier")
        dossier = builder.add(
            Dossier, number=identifiers.dossier_number(code, 1), ownership_id=owned, key_id=key, state="closed",
            opened_on=date(2019, 5, 1), closed_on=date(2020, 3, 31),
        )  # fmt: skip
        _fact(builder, FactKind.OWNERSHIP_CHANGED, "dossier", dossier)
        _around(builder, dossier)
        for place in range(IN_A_DOSSIER):
            own = {"dossier_id": dossier, "unit_id": unit, "section": "covenant", "rule": "OWNER", "key_id": key}
            id_, values = _document(builder, number * IN_A_DOSSIER + place, "RZ-02", MARKER, **own)
            yield id_, values, recipient


def _around(builder: Builder, dossier: int) -> None:
    """What else is known beside the documents: a member of the household, and who once asked to see them."""
    builder.add(DossierPerson, dossier_id=dossier, kind="family", name=MARKER, phone="13900000000")
    asked = builder.add(
        AccessRequest, asker_id=1, purpose=MARKER, state="returned", starts_at=_THEN, ends_at=_THEN, asked_at=_THEN
    )
    builder.link(AccessRequestDossier, request_id=asked, dossier_id=dossier)


def _singles(builder: Builder, count: int, marker: str) -> Iterator[Filed]:
    """Documents outside dossiers, each with its own key; those with the marker were archived long ago."""
    for number in range(count):
        if marker or number == 0:
            key, recipient = builder.key("document")
        own = {"series": "YS", "rule": "KEYS", "key_id": key}
        id_, values = _document(builder, number + (0 if marker else 500_000), "YS-01", marker, **own)
        if marker:
            _fact(builder, FactKind.ARCHIVED, "document", id_)
        yield id_, values, recipient


def _fact(builder: Builder, kind: FactKind, subject: str, id_: int) -> None:
    about = {"subject_kind": subject, "subject_id": id_, "on": date(2020, 3, 31)}
    builder.add(Fact, kind=kind, recorded_at=_THEN, recorded_by=1, reason=MARKER, **about)


def _pages(builder: Builder, document: int, key: int, recipient: Recipient, marker: str) -> None:
    for position in range(1, PAGES + 1):
        words = builder.text(marker)
        blob = builder.blob(key, recipient)
        own = {"document_id": document, "position": position, "blob_id": blob, "reading": "done", "text": words}
        page = builder.add(Page, signatures={"owner": {"ink": 0.2, "note": marker}}, **own)
        field: dict[str, Any] = {
            "text": words,
            "state": "recognised",
            "box": None,
            "lines": [],
            "confidence": 0.9,
            "by": None,
            "at": None,
        }
        builder.link(PageReading, page_id=page, fields={"": field})


def _serial(builder: Builder, run: int, number: int, values: dict[str, Any]) -> None:
    own = {name: values[name] for name in ("form_code", "unit_id", "dossier_id", "entered")}
    builder.add(
        Serial, text=values["serial"], form_version=1, year=2019, number=number + 1, state="returned", run_id=run,
        state_at=_THEN, **own,
    )  # fmt: skip


def _batches(builder: Builder) -> None:
    """The files as they were received, sealed under keys of their own, with a row for every page."""
    serials = {row["id"]: row["serial"] for row in builder.rows[Document]}
    for some in _parted(builder.rows[Page], IN_A_BATCH):
        key, recipient = builder.key("batch")
        master = builder.blob(key, recipient)
        batch = builder.add(
            ScanBatch, digest=builder.rows[Blob][-1]["digest"], name=f"{MARKER}.pdf", media_type="application/pdf",
            size=PAGE_BYTES, page_count=len(some), key_id=key, blob_id=master, state="filed", received_by=1,
            received_at=_THEN,
        )  # fmt: skip
        _scanned(builder, batch, some, serials)


def _scanned(builder: Builder, batch: int, pages: Sequence[dict[str, Any]], serials: dict[int, str]) -> None:
    for position, page in enumerate(pages, start=1):
        own = {"position": position, "state": "filed", "page_id": page["id"], "serial": serials[page["document_id"]]}
        builder.add(ScanPage, batch_id=batch, signatures={"owner": {"note": MARKER}}, quality={"ink": 0.1}, **own)
