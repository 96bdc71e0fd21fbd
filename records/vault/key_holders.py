"""For whom vault keys are wrapped: the master key, and the recovery key on paper, by their public parts alone."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import pyrage
from sqlalchemy import select
from sqlalchemy.orm import Session

from records import clock
from records.tables import KeyHolder
from records.vault.master_key import Identity, MasterKey, Recipient

MASTER, RECOVERY, FORMER = "master", "recovery", "former"
_REMEMBERED = "yedang_key_holders"


@dataclass(frozen=True)
class Holders:
    """The recipients that every wrapping is for, and the mark by which a wrapping for them is known."""

    recipients: tuple[Recipient, ...]
    mark: str

    def wrap(self, secret: bytes) -> str:
        """Bytes sealed for every holder, in base64."""
        return base64.b64encode(pyrage.encrypt(secret, list(self.recipients))).decode()


def enrol(session: Session, master: MasterKey) -> None:
    """Note the master key's public part, once: from then on keys are made where the master key is not."""
    if find(session, MASTER) is None and master.can_open():
        recipient = master.identity().to_public()
        pages = seal(master.page_secret(), [recipient])
        session.add(KeyHolder(role=MASTER, recipient=str(recipient), pages=pages, since=clock.now()))
        session.flush()


def find(session: Session, role: str) -> KeyHolder | None:
    """The holder of this role, or None."""
    return session.scalar(select(KeyHolder).where(KeyHolder.role == role))


def present(session: Session, master: MasterKey) -> Holders:
    """Today's holders; they stay so until this transaction ends, because a rotation waits for it.

    Raises NoMasterKey: nobody was enrolled, and the master key's file is not there.
    """
    remembered = session.info.get(_REMEMBERED)
    if remembered and remembered[0] is session.get_transaction():
        return remembered[1]  # type: ignore[no-any-return]  # session.info is a dict of anything
    query = select(KeyHolder.role, KeyHolder.recipient).where(KeyHolder.role.in_((MASTER, RECOVERY)))
    found: dict[str, str] = {row.role: row.recipient for row in session.execute(query.with_for_update(read=True))}
    holders = of(found.get(MASTER) or str(master.identity().to_public()), found.get(RECOVERY))
    session.info[_REMEMBERED] = (session.get_transaction(), holders)
    return holders


def in_force(session: Session, master: MasterKey) -> Holders:
    """Today's holders as they stand, without holding anybody up. Raises NoMasterKey."""
    rows = session.execute(select(KeyHolder.role, KeyHolder.recipient).where(KeyHolder.role != FORMER))
    found: dict[str, str] = {row.role: row.recipient for row in rows}
    return of(found.get(MASTER) or str(master.identity().to_public()), found.get(RECOVERY))


def of(master: str, recovery: str | None) -> Holders:
    """The holders by their recipients."""
    names = [master, *([recovery] if recovery else [])]
    mark = "-".join(hashlib.sha256(name.encode()).hexdigest()[:12] for name in names)
    return Holders(tuple(Recipient.from_str(name) for name in names), mark)


def seal(secret: bytes, recipients: Sequence[Recipient]) -> str:
    """Bytes sealed for recipients, in base64."""
    return base64.b64encode(pyrage.encrypt(secret, list(recipients))).decode()


def unseal(sealed: str, identities: Sequence[Identity]) -> bytes:
    """What was sealed for one of these. Raises pyrage.DecryptError."""
    return bytes(pyrage.decrypt(base64.b64decode(sealed), list(identities)))


def former_identities(session: Session, identities: Sequence[Identity]) -> list[Identity]:
    """Masters of former times, for reading backups that were written before a rotation."""
    found = []
    for sealed in session.scalars(select(KeyHolder.identity).where(KeyHolder.role == FORMER)):
        try:
            found.append(Identity.from_str(unseal(sealed or "", identities).decode()))
        except pyrage.DecryptError:
            continue
    return found
