"""Changing for whom vault keys are wrapped: a new master key, a recovery key on paper, a master lost and recovered.

No page is rewritten: only the wrapped identities of dossiers, series and batches. Killed at any moment the work is
continued by running it again, because every step left is a state. The master key's file holds the new and the former
identity until no wrapping is left that needs the former; the database names the holders in force; and each wrapping
bears the mark of the holders that it is for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyrage
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from records import audit, clock
from records.audit import Verb
from records.database import Database
from records.errors import OfficeError
from records.tables import Key, KeyHolder
from records.users import Actor, Role
from records.vault import KeyNotOpened, key_holders
from records.vault.key_holders import FORMER, MASTER, RECOVERY, Holders
from records.vault.master_key import Identity, MasterKey

Progress = Callable[[int, int], None]
_AT_ONCE = 200


class WrongRecoveryKey(OfficeError):
    """A recovery key that is not the one this office made last."""

    code = "vault.wrong_recovery_key"
    zh = "这不是本办公室现行的恢复密钥。"
    en = "This is not the recovery key of this office."


class NoRecoveryKey(OfficeError):
    """The office never made a recovery key."""

    code = "vault.no_recovery_key"
    zh = "本办公室尚未制作恢复密钥;请用 yedang key recovery 制作。"
    en = "This office has no recovery key; make one with yedang key recovery."


class MasterStillWorks(OfficeError):
    """Recovering would put aside a master key that opens everything."""

    code = "vault.master_works"
    zh = "现有主密钥({path})可以正常使用,不需要恢复;如要更换,请用 yedang key rotate。"
    en = "The master key at hand ({path}) works; to change it, run yedang key rotate."


class RotationUnfinished(OfficeError):
    """Something must be finished before this can begin."""

    code = "vault.rotation_unfinished"
    zh = "上次更换主密钥尚未完成,请先运行 yedang key rotate。"
    en = "The last rotation is not finished; run yedang key rotate first."


@dataclass(frozen=True)
class Rewrapped:
    """How many keys were wrapped anew; whether an earlier run was finished instead of a new one begun."""

    keys: int
    continued: bool = False


@dataclass(frozen=True)
class Standing:
    """How the keys stand: holders, keys in all, keys not wrapped for the holders in force, keys destroyed."""

    master: KeyHolder | None
    recovery: KeyHolder | None
    living: int
    behind: int
    destroyed: int


def standing(session: Session, master: MasterKey) -> Standing:
    """How the keys stand now."""
    holders = key_holders.in_force(session, master)
    living, destroyed = (
        session.scalar(select(func.count()).select_from(Key).where(condition)) or 0
        for condition in (Key.wrapped.is_not(None), Key.wrapped.is_(None))
    )
    behind = session.scalar(select(func.count()).select_from(Key).where(*_not_for(holders))) or 0
    known = key_holders.find(session, MASTER)
    return Standing(known, key_holders.find(session, RECOVERY), living, behind, destroyed)


def rotate(database: Database, master: MasterKey, actor: Actor, progress: Progress | None = None) -> Rewrapped:
    """Make a new master key and wrap every key for it, or finish what a killed run left.

    Both masters are in the file until the last key is wrapped anew; then the former is taken out of it.
    Raises NotAllowed, NoMasterKey, FilesOnly, KeyNotOpened.
    """
    actor.require("更换主密钥", Role.ADMIN)
    identities = master.identities()
    with database.transaction() as session:
        key_holders.enrol(session, master)
    with database.reading() as session:
        known = key_holders.find(session, MASTER)
        switched = known is not None and known.recipient == str(identities[0].to_public())
        _require_opens(session, identities)
        pages = _pages(session, master, identities)
    continued = len(identities) > 1
    if not continued:
        identities = [Identity.generate(), *identities]
        master.write(identities, pages)
    if not (continued and switched):
        _switch(database, master, identities, pages)
    return _finish(database, master, actor, Verb.KEYS_ROTATED, continued, progress)


def add_recovery(
    database: Database, master: MasterKey, actor: Actor, recipient: str, progress: Progress | None = None
) -> Rewrapped:
    """Wrap every key for the recovery key too, whose secret is on paper and nowhere else; an older paper is void.

    Raises NotAllowed, NoMasterKey, FilesOnly, KeyNotOpened, RotationUnfinished.
    """
    actor.require("制作恢复密钥", Role.ADMIN)
    identities = master.identities()
    if len(identities) > 1:
        raise RotationUnfinished()
    with database.transaction() as session:
        key_holders.enrol(session, master)
        _require_opens(session, identities)
        holder = key_holders.find(session, RECOVERY)
        if holder is None:
            holder = KeyHolder(role=RECOVERY, recipient=recipient, since=clock.now())
            session.add(holder)
        secret = master.page_secret()
        paper = key_holders.of(recipient, None).recipients
        holder.recipient, holder.since, holder.pages = recipient, clock.now(), key_holders.seal(secret, paper)
        _reseal_former(session, master, identities)
    return _finish(database, master, actor, Verb.RECOVERY_MADE, False, progress)


def is_recovery_key(session: Session, identity: Identity) -> bool:
    """Whether this is the recovery key in force. Raises NoRecoveryKey."""
    holder = key_holders.find(session, RECOVERY)
    if holder is None:
        raise NoRecoveryKey()
    return holder.recipient == str(identity.to_public())


def recover(
    database: Database, master: MasterKey, actor: Actor, identity: Identity, progress: Progress | None = None
) -> Rewrapped:
    """Make a working master key from the recovery key: a new master, every key wrapped for it and for the paper again.

    Raises NotAllowed, NoRecoveryKey, WrongRecoveryKey, MasterStillWorks.
    """
    actor.require("以恢复密钥恢复", Role.ADMIN)
    with database.reading() as session:
        if not is_recovery_key(session, identity):
            raise WrongRecoveryKey()
        if master.can_open() and _opens(session, master.identities()):
            raise MasterStillWorks(path=master.path)
    pages = _pages_from(database, identity)
    identities = [Identity.generate(), identity]
    master.write(identities, pages)
    _switch(database, master, identities, pages)
    return _finish(database, master, actor, Verb.KEYS_RECOVERED, False, progress)


def _switch(database: Database, master: MasterKey, identities: Sequence[Identity], pages: bytes | None) -> None:
    """From this commit on new keys are wrapped for the new master; waits for every filing that knows the former.

    The log is not written here: its lock and the holder's are never held together, so that nobody waits in a circle.
    """
    with database.transaction() as session:
        query = select(KeyHolder).where(KeyHolder.role == MASTER).with_for_update()
        _replace_holder(session, session.scalars(query).one(), identities, pages)
        _reseal_former(session, master, identities)


def _replace_holder(session: Session, holder: KeyHolder, identities: Sequence[Identity], pages: bytes | None) -> None:
    """The first of these is the master from now on; the one that was, if it is among them, is kept as a former one."""
    before = next((one for one in identities if str(one.to_public()) == holder.recipient), None)
    recipient = identities[0].to_public()
    holder.recipient, holder.since = str(recipient), clock.now()
    holder.pages = key_holders.seal(pages, [recipient]) if pages else None
    session.flush()
    if before is not None:
        name, sealed = str(before.to_public()), _plain(before)
        session.add(KeyHolder(role=FORMER, recipient=name, identity=sealed, since=clock.now()))


def _plain(identity: Identity) -> str:
    # Sealed for itself: _reseal_former opens it with the same identity at once and seals it for the holders.
    return key_holders.seal(str(identity).encode(), [identity.to_public()])


def _reseal_former(session: Session, master: MasterKey, identities: Sequence[Identity]) -> None:
    session.flush()
    holders = key_holders.in_force(session, master)
    for row in session.scalars(select(KeyHolder).where(KeyHolder.role == FORMER)):
        try:
            row.identity = holders.wrap(key_holders.unseal(row.identity or "", identities))
        except pyrage.DecryptError:
            continue  # sealed for a master that is lost; it serves nobody any more


def _finish(
    database: Database, master: MasterKey, actor: Actor, verb: Verb, continued: bool, progress: Progress | None
) -> Rewrapped:
    count = _rewrap_all(database, master, progress)
    # Only now nothing needs the former master any more.
    master.write(master.identities()[:1], master.page_secret() if master.has_pages() else None)
    with database.transaction() as session:
        audit.append(session, actor.id, verb, "vault", {"keys": count, "continued": continued})
    return Rewrapped(count, continued)


def _rewrap_all(database: Database, master: MasterKey, progress: Progress | None) -> int:
    with database.reading() as session:
        holders = key_holders.in_force(session, master)
        total = session.scalar(select(func.count()).select_from(Key).where(*_not_for(holders))) or 0
    done = 0
    while count := rewrap_some(database, master):
        done += count
        if progress:
            progress(done, total)
    return done


def rewrap_some(database: Database, master: MasterKey, at_once: int = _AT_ONCE) -> int:
    """Wrap a handful of keys for the holders in force, in one transaction; how many. Raises KeyNotOpened."""
    with database.transaction() as session:
        return _rewrap(session, key_holders.in_force(session, master), master.identities(), at_once)


def _rewrap(session: Session, holders: Holders, identities: Sequence[Identity], at_once: int | None = None) -> int:
    query = select(Key).where(*_not_for(holders)).order_by(Key.id).limit(at_once)
    # The rows are locked, so that a key which a purge destroys meanwhile stays destroyed.
    keys = session.scalars(query.with_for_update()).all()
    for key in keys:
        try:
            secret = key_holders.unseal(key.wrapped or "", identities)
        except pyrage.DecryptError:
            raise KeyNotOpened(key=key.id) from None
        key.wrapped, key.wrapped_for = holders.wrap(secret), holders.mark
    return len(keys)


def adopt(session: Session, master: MasterKey, readers: Sequence[Identity]) -> int:
    """After a restore: wrap what a backup of former times brought for the master key at hand; how many keys.

    ``readers`` opened the backup. A recovery key in the master's place stays what it is; ``rotate`` makes a new master.
    """
    holder, identity = key_holders.find(session, MASTER), master.identity()
    recipient = str(identity.to_public())
    if holder is not None and holder.recipient != recipient and not _is_on_paper(session, recipient):
        _replace_holder(session, holder, [identity, *readers], master.page_secret() if master.has_pages() else None)
        _reseal_former(session, master, readers)
        return _rewrap(session, key_holders.in_force(session, master), readers)
    return 0


def _is_on_paper(session: Session, recipient: str) -> bool:
    holder = key_holders.find(session, RECOVERY)
    return holder is not None and holder.recipient == recipient


def _not_for(holders: Holders) -> tuple[ColumnElement[bool], ...]:
    other = or_(Key.wrapped_for.is_(None), Key.wrapped_for != holders.mark)
    return Key.wrapped.is_not(None), Key.parent_id.is_(None), other


def _require_opens(session: Session, identities: Sequence[Identity]) -> None:
    key_id = _first_closed(session, identities)
    if key_id is not None:
        raise KeyNotOpened(key=key_id)


def _opens(session: Session, identities: Sequence[Identity]) -> bool:
    return _first_closed(session, identities) is None


def _first_closed(session: Session, identities: Sequence[Identity]) -> int | None:
    """The newest or oldest key that these do not open; a look at two is enough to tell a foreign master."""
    living = select(Key).where(Key.wrapped.is_not(None), Key.parent_id.is_(None))
    for order in (Key.id.asc(), Key.id.desc()):
        key = session.scalar(living.order_by(order).limit(1))
        try:
            if key is not None:
                key_holders.unseal(key.wrapped or "", identities)
        except pyrage.DecryptError:
            return key.id if key is not None else None
    return None


def _pages(session: Session, master: MasterKey, identities: Sequence[Identity]) -> bytes | None:
    """The secret of the page tags: from the master's file, or, after a recovery on a new machine, from the records."""
    if master.has_pages():
        return master.page_secret()
    for holder in session.scalars(select(KeyHolder).where(KeyHolder.pages.is_not(None))):
        try:
            return key_holders.unseal(holder.pages or "", identities)
        except pyrage.DecryptError:
            continue
    return None


def _pages_from(database: Database, identity: Identity) -> bytes | None:
    with database.reading() as session:
        holder = key_holders.find(session, RECOVERY)
        return key_holders.unseal(holder.pages, [identity]) if holder is not None and holder.pages else None
