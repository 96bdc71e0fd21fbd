"""Taking a package of a whole archive into an empty office: the same archive, under keys of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bagit
import pyrage
from sqlalchemy import select
from sqlalchemy.orm import Session

from records import audit
from records.audit import Verb
from records.tables import Key
from records.vault import blob_path, durably, key_holders
from records.vault.master_key import Identity, Recipient
from web.backups.own_files import unpack
from web.backups.restoring import empty_office, require_empty, reset_sequences
from web.backups.rows import from_json
from web.office import Office
from web.packages.layout import (
    FILES,
    OWN_FILES,
    PAGE_SECRET,
    NotForTakingIn,
    PackageDamaged,
    table_file,
    travelling_tables,
)
from web.schema import METADATA

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class TakenIn:
    """What came: rows of all tables, and files sealed."""

    rows: int
    files: int


def is_whole(folder: Path) -> bool:
    """Whether this is a package of a whole archive."""
    return (folder / "data" / FILES).exists()


def prove(folder: Path) -> dict[str, str]:
    """Prove every file of a package by its digest; what the bag says of itself. Raises PackageDamaged."""
    try:
        bag = bagit.Bag(str(folder))
        bag.validate()
    except bagit.BagError as error:
        raise PackageDamaged(why=str(error)) from None
    return {str(name): str(value) for name, value in bag.info.items()}


def take_in(office: Office, folder: Path, progress: Progress) -> TakenIn:
    """Bring the archive of a package into an office that was just set up; its people come deactivated.

    The caller rebuilds the index. Raises PackageDamaged, NotForTakingIn, OfficeNotEmpty, NoMasterKey.
    """
    prove(folder)
    payload = folder / "data"
    if not is_whole(folder):
        raise NotForTakingIn()
    require_empty(office.database)
    master = office.vault.master
    master.write(master.identities(), bytes.fromhex((payload / PAGE_SECRET).read_text()))
    unpack((payload / OWN_FILES).read_bytes(), office.settings.home)
    rows = 0
    with office.transaction() as session:
        empty_office(session, office.database)
        key_holders.enrol(session, master)
        for name in travelling_tables():
            found = list(_rows(payload, name))
            if name == "keys":
                found = _new_keys(session, office, found)
            if found:
                session.execute(METADATA.tables[name].insert(), found)
            rows += len(found)
        reset_sequences(session, office.database)
        files = _seal_files(session, office, payload, progress)
        audit.append(session, None, Verb.PACKAGE_TAKEN_IN, "system", {"rows": rows, "files": files})
    return TakenIn(rows, files)


def _rows(payload: Path, name: str) -> Iterator[dict[str, Any]]:
    table = METADATA.tables[name]
    for line in table_file(payload, name).read_text(encoding="utf-8").split("\n"):
        if line:
            yield from_json(table, json.loads(line))


def _new_keys(session: Session, office: Office, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A fresh identity for every key that lives, wrapped for this office's holders or for its series' new key."""
    holders = key_holders.present(session, office.vault.master)
    recipients: dict[int, Recipient] = {}
    for row in sorted(rows, key=lambda one: (one["parent_id"] is not None, one["id"])):
        identity = Identity.generate()
        recipients[row["id"]] = identity.to_public()
        row["recipient"] = str(identity.to_public())
        if row["wrapped"] is None:
            continue
        secret = str(identity).encode()
        if row["parent_id"] is None:
            row |= {"wrapped": holders.wrap(secret), "wrapped_for": holders.mark}
        else:
            row["wrapped"] = key_holders.seal(secret, [recipients[row["parent_id"]]])
    return rows


def _seal_files(session: Session, office: Office, payload: Path, progress: Progress) -> int:
    places = json.loads((payload / FILES).read_text())
    blobs = METADATA.tables["blobs"]
    recipients = dict(session.execute(select(Key.id, Key.recipient)).all())
    found = session.execute(blobs.select()).mappings().all()
    for done, blob in enumerate(found, start=1):
        target = office.vault.folder / blob_path(blob["digest"], blob["key_id"])
        recipient = Recipient.from_str(recipients[blob["key_id"]])
        with durably(target) as file, (payload / places[str(blob["id"])]).open("rb") as plain:
            pyrage.encrypt_io(plain, file, [recipient])
        progress(done, len(found))
    return len(found)
