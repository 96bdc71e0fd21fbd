"""A large office by bulk insert into the real schema: 3,000 units, 120,000 documents, 600 sealed pages."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy
import pyrage
from PIL import Image
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from forms.catalogue import Catalogue, Form
from forms.scanning.imitation import samples
from forms.tables import PrintRun, Serial
from records import audit, clock, identifiers
from records.audit import Entry
from records.database import Base
from records.signing_in import passwords
from records.tables import (
    AccessRequest,
    AccessRequestDossier,
    AuditEntry,
    Blob,
    Document,
    Dossier,
    Key,
    Owner,
    Ownership,
    OwnershipOwner,
    Page,
    Unit,
    User,
)
from records.vault import Vault, blob_path, key_holders
from web.office import Office

UNITS = 3_000
DOCUMENTS = 120_000
IN_A_DOSSIER = 30
LOG = 100_000
PEOPLE = 20
REAL_DOSSIERS = 20
GRANTED = 10
PASSWORD = "twenty people at their desks"
_AT_ONCE = 5_000
_ROLES = ("staff", "staff", "archivist", "supervisor", "manager")
_BUSY = random.Random(7)
_FIRST = date(2019, 6, 1)


@dataclass(frozen=True)
class Built:
    """What the visitors need: names of who signs in, numbers of the dossiers, and documents by dossier number."""

    people: tuple[str, ...]
    open_dossiers: Mapping[str, tuple[int, ...]]
    other_dossiers: tuple[str, ...]


def build(office: Office) -> Built:
    """Fill an office that ``Office.init`` has just made."""
    with office.transaction() as session:
        _people(session)
        dossiers = _estate(session, office.vault)
        _documents(session, office, dossiers)
        _real_pages(session, office.vault, dossiers[:REAL_DOSSIERS])
        _grants(session, dossiers)
        _log(session)
    with office.reading() as session:
        return _built(session, dossiers)


def _rows(session: Session, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    for start in range(0, len(rows), _AT_ONCE):
        session.execute(insert(table), rows[start : start + _AT_ONCE])


def _people(session: Session) -> None:
    digest, now = passwords.digest(PASSWORD), clock.now()  # one digest for all: making it is slow on purpose
    rows = [
        {"name": f"p{number:02d}", "role": _ROLES[number % len(_ROLES)], "password_hash": digest, "active": True,
         "created_at": now}
        for number in range(PEOPLE)
    ]  # fmt: skip
    _rows(session, User, rows)


def _estate(session: Session, vault: Vault) -> list[int]:
    """Units with one owner and one open dossier each; the dossiers' ids. Keys are real."""
    holders = key_holders.present(session, vault.master)
    now, since = clock.now(), date(2019, 5, 1)
    codes = [f"{1 + n // 100}-{1 + n // 50 % 2}-{(1 + n // 2 % 25) * 100 + 1 + n % 2}" for n in range(UNITS)]
    _rows(session, Unit, [{"estate": "东光花园", "code": code, "building": code.split("-")[0]} for code in codes])
    units = list(session.scalars(select(Unit.id).order_by(Unit.id)))
    _rows(session, Owner, [{"name": f"业主{n:04d}", "phone": f"139{n:08d}", "id_number": ""} for n in range(UNITS)])
    owners = list(session.scalars(select(Owner.id).order_by(Owner.id)))
    _rows(session, Ownership, [{"unit_id": unit, "from_on": since} for unit in units])
    ownerships = list(session.scalars(select(Ownership.id).order_by(Ownership.id)))
    pairs = zip(ownerships, owners, strict=True)
    _rows(session, OwnershipOwner, [{"ownership_id": one, "owner_id": owner} for one, owner in pairs])
    secrets = [pyrage.x25519.Identity.generate() for _ in units]
    keys = [
        {"scope": "dossier", "recipient": str(one.to_public()), "wrapped": holders.wrap(str(one).encode()),
         "created_at": now, "wrapped_for": holders.mark}
        for one in secrets
    ]  # fmt: skip
    _rows(session, Key, keys)
    key_ids = list(session.scalars(select(Key.id).order_by(Key.id)))
    numbers = [identifiers.dossier_number(code, 1) for code in codes]
    rows = [
        {"number": number, "ownership_id": one, "key_id": key, "state": "open", "opened_on": since}
        for number, one, key in zip(numbers, ownerships, key_ids, strict=True)
    ]
    _rows(session, Dossier, rows)
    return list(session.scalars(select(Dossier.id).order_by(Dossier.id)))


def _documents(session: Session, office: Office, dossiers: list[int]) -> None:
    """Documents with number, pages, blobs; three in four in dossiers, the others in their series."""
    now, catalogue = clock.now(), office.catalogue
    inside, outside = _forms(catalogue)
    run = PrintRun(form_code="ZX-01", form_version=1, year=2024, first=1, last=1, printed_by=1, printed_at=now)
    session.add(run)
    session.flush()
    homes = list(session.execute(select(Dossier.id, Dossier.key_id, Ownership.unit_id).join(Ownership)))
    series_keys = _series_keys(session, office.vault, DOCUMENTS - IN_A_DOSSIER * len(dossiers))
    documents, serials = [], []
    for number in range(DOCUMENTS):
        home = homes[number // IN_A_DOSSIER] if number < IN_A_DOSSIER * len(homes) else None
        forms = inside if home else outside
        form = forms[number % len(forms)]
        text = f"{form.code}-2024-{number:06d}-0"
        documents.append(_document(form, text, number, home, series_keys))
        serials.append(_serial(form, text, number, home, run.id))
    _rows(session, Document, documents)
    _rows(session, Serial, serials)
    made = list(session.execute(select(Document.id, Document.key_id).order_by(Document.id)))
    blobs = [
        {"digest": hashlib.sha256(str(one.id).encode()).hexdigest(), "key_id": one.key_id, "size": 350_000,
         "media_type": "image/jpeg"}
        for one in made
    ]  # fmt: skip
    _rows(session, Blob, blobs)
    blob_ids = list(session.scalars(select(Blob.id).order_by(Blob.id)))
    pairs = zip(made, blob_ids, strict=True)
    page = {"position": 1, "rotation": 0, "reading": "done", "text": "业主反映卫生间漏水需要尽快维修", "signatures": {}}
    _rows(session, Page, [{**page, "document_id": one.id, "blob_id": blob} for one, blob in pairs])


def _forms(catalogue: Catalogue) -> tuple[list[Form], list[Form]]:
    sheets = [form for form in catalogue.forms if form.mode in {"sheet", "agreement", "card"}]
    return [form for form in sheets if form.section], [form for form in catalogue.forms if not form.section]


def _series_keys(session: Session, vault: Vault, count: int) -> list[int]:
    parent = vault.labelled_key(session, "series", "series:TS")
    row = {"scope": "document", "recipient": parent.recipient, "wrapped": parent.wrapped, "created_at": clock.now(),
           "parent_id": parent.id}  # fmt: skip
    _rows(session, Key, [row] * count)
    return list(session.scalars(select(Key.id).where(Key.parent_id == parent.id).order_by(Key.id)))


def _document(form: Form, serial: str, number: int, home: Any, series_keys: list[int]) -> dict[str, Any]:
    key = home.key_id if home else series_keys[number % len(series_keys)]
    signed = {one.key: {"ink": 0.2, "signed": number % 600 != 0} for one in form.signatures}
    return {
        "dossier_id": home.id if home else None, "series": None if home else "TS", "section": form.section,
        "unit_id": home.unit_id if home else None, "form_code": form.code, "title": form.zh, "serial": serial,
        "copy": form.comes_back.part if form.comes_back else 1, "dated": _FIRST + timedelta(days=number % 2500),
        "filed_at": clock.now(), "filed_by": 1, "rule": "OWNER" if home else "CALLBACK", "state": "filed",
        "key_id": key,
        "entered": {"description": "卫生间防水、地漏"}, "expected_pages": 1, "signatures": signed,
        "lacks_signature": bool(signed) and number % 600 == 0,
    }  # fmt: skip


def _serial(form: Form, text: str, number: int, home: Any, run_id: int) -> dict[str, Any]:
    return {
        "text": text, "form_code": form.code, "form_version": 1, "year": 2024, "number": number + 1,
        "state": "issued" if number % 60 == 0 else "returned", "run_id": run_id, "page_no": 1, "page_count": 1,
        "copy_count": max(1, len(form.copies)), "unit_id": home.unit_id if home else None,
        "dossier_id": home.id if home else None, "entered": {}, "state_reason": "",
        "state_at": clock.now() - timedelta(days=number % 2500),
    }  # fmt: skip


def _real_pages(session: Session, vault: Vault, dossiers: list[int]) -> None:
    """Scans at 200 dpi as they are filed, one-page PDFs, really sealed: what page images are made from."""
    plain = _scan()
    query = select(Blob, Key.recipient).join(Key).join(Page, Page.blob_id == Blob.id).join(Document)
    for blob, recipient in session.execute(query.where(Document.dossier_id.in_(dossiers))):
        data = plain + b"%%%d\n" % blob.id  # a comment behind the end: another file, the same picture
        blob.digest, blob.size, blob.media_type = hashlib.sha256(data).hexdigest(), len(data), "application/pdf"
        path = vault.folder / blob_path(blob.digest, blob.key_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pyrage.encrypt(data, [pyrage.x25519.Recipient.from_str(recipient)]))


def _scan() -> bytes:
    noise = numpy.random.default_rng(7)
    pixels = noise.normal(236, 1.6, (2339, 1654, 1)) + numpy.array((0, -1, -4))
    for row in range(200, 2200, 55):
        strokes = numpy.kron(noise.random((8, 450)) < 0.35, numpy.ones((3, 3))) > 0
        pixels[row : row + 24, 150:1500][strokes] = 40
    return samples.scan_pdf([Image.fromarray(pixels.clip(0, 255).astype(numpy.uint8))], 200)


def _grants(session: Session, dossiers: list[int]) -> None:
    """Each person may see into some dossiers now; behind that lie years of requests that are over."""
    now = clock.now()
    before, people = now - timedelta(days=400), list(session.scalars(select(User.id).order_by(User.id)))
    rows = [
        {"asker_id": people[number % PEOPLE], "purpose": "核对资料", "mode": "screen", "state": "returned",
         "asked_at": before, "starts_at": before, "ends_at": before + timedelta(days=1), "decided_at": before,
         "registered_at": before, "returned_at": before + timedelta(hours=2), "self_approved": False}
        for number in range(4_000)
    ]  # fmt: skip
    live = {"state": "registered", "starts_at": before, "ends_at": now + timedelta(days=2), "returned_at": None}
    rows += [{**rows[0], "asker_id": person, **live} for person in people]
    _rows(session, AccessRequest, rows)
    requests = list(session.scalars(select(AccessRequest.id).order_by(AccessRequest.id)))
    old = [{"request_id": one, "dossier_id": _BUSY.choice(dossiers)} for one in requests[:-PEOPLE]]
    real = dossiers[:REAL_DOSSIERS]
    new = [
        {"request_id": one, "dossier_id": real[(place + step) % len(real)]}
        for place, one in enumerate(requests[-PEOPLE:])
        for step in range(GRANTED)
    ]
    _rows(session, AccessRequestDossier, old + new)


def _log(session: Session) -> None:
    """Years of page views, chained as the log is."""
    seq, previous = audit.head(session)
    at, rows = clock.now().isoformat(timespec="microseconds"), []
    for number in range(seq + 1, seq + LOG):
        subject = f"document:{number % DOCUMENTS + 1}"
        entry = Entry(number, at, f"user:{number % PEOPLE + 1}", "document:page:shown", subject, '{"page":1}', previous)
        previous = entry.digest()
        rows.append({**entry.__dict__, "hash": previous})
    _rows(session, AuditEntry, rows)


def _built(session: Session, dossiers: list[int]) -> Built:
    numbers = {row.id: row.number for row in session.execute(select(Dossier.id, Dossier.number))}
    query = select(Document.dossier_id, Document.id).where(Document.dossier_id.in_(dossiers[:REAL_DOSSIERS]))
    query = query.order_by(Document.dossier_id, Document.id)
    found: dict[str, list[int]] = {}
    for dossier, document in session.execute(query):
        found.setdefault(numbers[dossier], []).append(document)
    people = tuple(session.scalars(select(User.name).order_by(User.id)))
    others = tuple(numbers[dossier] for dossier in dossiers[REAL_DOSSIERS:])
    return Built(people, {number: tuple(ids) for number, ids in found.items()}, others)
