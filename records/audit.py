"""The audit log: append-only, hash-chained, written in the act's own transaction.

Each entry's hash covers the one before it, so that changing, dropping or inserting any entry breaks every later
hash. Triggers refuse UPDATE and DELETE; the head is printed in the colophon of every book, so that the chain
cannot be recomputed after a book has left the printer. Entries hold ids, verbs and digests, no personal content.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from enum import StrEnum

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from records import clock
from records.tables import AuditEntry

GENESIS = "0" * 64
_HEAD = "yedang_audit_head"
# Any fixed number serves, as long as nothing else in the database locks with it.
_CHAIN_LOCK = 0x79_65_64_61


class Verb(StrEnum):
    """What can happen, in one grammar: thing:part:what was done."""

    USER_ADDED = "user:account:added"
    USER_SIGNED_IN = "user:session:opened"
    USER_SIGN_IN_FAILED = "user:session:refused"
    USER_SIGNED_OUT = "user:session:closed"
    USER_LOCKED = "user:account:locked"
    USER_UNLOCKED = "user:account:unlocked"
    USER_DEACTIVATED = "user:account:deactivated"
    USER_REACTIVATED = "user:account:reactivated"
    PASSWORD_CHANGED = "user:password:changed"
    PASSWORD_RESET = "user:password:reset"
    SESSIONS_ENDED = "user:session:ended"
    FACTOR_SET = "user:factor:set"
    FACTOR_REMOVED = "user:factor:removed"
    FACTOR_CODE_USED = "user:factor:code_used"
    UNIT_ADDED = "unit:record:added"
    OWNER_CHANGED = "unit:owner:changed"
    UNIT_CLOSED = "unit:record:closed"
    UNITS_IMPORTED = "unit:table:imported"
    PARTICULARS_CHANGED = "dossier:particulars:changed"
    FOLLOWED_UP = "dossier:owner:followed_up"
    ARREARS_RECORDED = "dossier:arrears:recorded"
    ARREARS_SETTLED = "dossier:arrears:settled"
    BOUNDARY_FOUND = "dossier:boundary:found"
    BOUNDARY_DECIDED = "dossier:boundary:decided"
    DOSSIER_OPENED = "dossier:record:opened"
    DOSSIER_CLOSED = "dossier:record:closed"
    DOSSIER_SHOWN = "dossier:record:shown"
    DOSSIER_PRINTED = "dossier:paper:printed"
    DOSSIER_EXPORTED = "dossier:content:exported"
    DOCUMENT_FILED = "document:record:filed"
    DOCUMENT_SUPERSEDED = "document:record:superseded"
    DOCUMENT_WITHDRAWN = "document:record:withdrawn"
    DOCUMENT_SHOWN = "document:record:shown"
    PAGE_SHOWN = "document:page:shown"
    PAGE_REFUSED = "document:page:refused"
    PAGE_READ = "document:page:read"
    PAGE_CORRECTED = "document:page:corrected"
    PAGE_TEXT_SHOWN = "document:page:text_shown"
    SIGNATURE_JUDGED = "document:signature:judged"
    PAGE_TO_READ_AGAIN = "document:page:to_read_again"
    FACT_RECORDED = "fact:record:recorded"
    NUMBERS_ALLOTTED = "form:numbers:allotted"
    FORM_PRINTED = "form:sheet:printed"
    FORM_REPRINTED = "form:sheet:reprinted"
    FORM_STAMPED = "form:sheet:stamped"
    FORMS_MERGED = "form:sheet:merged"
    TEMPLATE_INSTALLED = "form:template:installed"
    TEMPLATE_REMOVED = "form:template:removed"
    BOOK_PRINTED = "book:record:printed"
    BOOK_ISSUED = "book:record:issued"
    BOOK_HANDED_OVER = "book:record:handed_over"
    BOOK_FULL = "book:record:full"
    BOOK_RECONCILED = "book:record:reconciled"
    BOOK_CLOSED = "book:record:closed"
    BOOK_TRANSFERRED = "book:record:transferred"
    TRANSFER_LISTED = "book:transfer:listed"
    TRANSFER_PRINTED = "book:transfer:printed"
    TRANSFER_SIGNED = "book:transfer:signed"
    PAGE_VOIDED = "book:page:voided"
    PAGE_BLANK_CANCELLED = "book:page:blank_cancelled"
    PAGE_MISSING = "book:page:missing"
    PAGE_MISSING_SIGNED = "book:page:missing_signed"
    PAGE_RETURNED = "book:page:returned"
    SCAN_RECEIVED = "scan:batch:received"
    SCAN_FILED = "scan:page:filed"
    SCAN_TO_TRAY = "scan:page:to_tray"
    SCAN_REPEATED = "scan:page:repeated"
    SCAN_BLANK = "scan:page:blank"
    SCAN_PLACED = "scan:page:placed"
    SCAN_REFUSED = "scan:page:refused"
    RESCAN_ASKED = "scan:rescan:asked"
    RESCAN_WITHDRAWN = "scan:rescan:withdrawn"
    RESCAN_TAKEN = "scan:rescan:taken"
    SCAN_ROTATED = "scan:page:rotated"
    SCAN_SPLIT = "scan:page:split"
    SCAN_UNDONE = "scan:page:undone"
    TRAY_TAKEN_OVER = "scan:batch:taken_over"
    TRAY_SHOWN = "scan:page:shown"
    ACCESS_REQUESTED = "access:request:asked"
    ACCESS_APPROVED = "access:request:approved"
    ACCESS_REFUSED = "access:request:refused"
    ACCESS_REGISTERED = "access:grant:registered"
    ACCESS_RETURNED = "access:grant:returned"
    ACCESS_REVOKED = "access:grant:revoked"
    ACCESS_ENDED = "access:grant:ended"
    ACCESS_VISITED = "access:visit:registered"
    ACCESS_PRINTED = "access:print:made"
    ACCESS_REPORTED = "access:report:made"
    DEPUTY_NAMED = "access:deputy:named"
    DEPUTY_ENDED = "access:deputy:ended"
    PLACE_ADDED = "place:record:added"
    PLACE_LABELS_PRINTED = "place:label:printed"
    DOSSIER_PLACED = "place:dossier:put"
    STOCK_TAKEN = "place:stock:taken"
    LOAN_HANDED_OUT = "loan:paper:handed_out"
    OUT_CARD_PRINTED = "loan:card:printed"
    LOAN_EXTENDED = "loan:term:extended"
    LOAN_RETURNED = "loan:paper:returned"
    LOAN_PAGES_MISSING = "loan:page:missing"
    LOAN_MISSING_SIGNED = "loan:page:missing_signed"
    SEARCHED = "search:query:asked"
    SEARCH_REBUILT = "search:index:rebuilt"
    SEARCH_SAVED = "search:question:saved"
    SEARCH_RENAMED = "search:question:renamed"
    SEARCH_FORGOTTEN = "search:question:forgotten"
    HOLD_PLACED = "retention:hold:placed"
    HOLD_RELEASED = "retention:hold:released"
    HOLD_REVIEWED = "retention:hold:reviewed"
    KEPT_LONGER = "retention:record:kept_longer"
    RULE_CHOSEN = "retention:record:rule_chosen"
    SCHEDULE_ADOPTED = "retention:schedule:adopted"
    DISPOSAL_PROPOSED = "retention:disposal:proposed"
    DISPOSAL_APPROVED = "retention:disposal:approved"
    DISPOSAL_REFUSED = "retention:disposal:refused"
    RECORD_DESTROYED = "retention:record:destroyed"
    DISPOSAL_COMPLETED = "retention:disposal:completed"
    DISPOSAL_RUN_ASKED = "retention:run:asked"
    PAPER_DESTROYED = "retention:paper:destroyed"
    KEYS_ROTATED = "vault:master:rotated"
    RECOVERY_MADE = "vault:recovery:made"
    KEYS_RECOVERED = "vault:recovery:used"
    BACKUP_MADE = "system:backup:made"
    PACKAGE_WRITTEN = "system:package:written"
    PACKAGE_TAKEN_IN = "system:package:taken_in"
    RESTORED = "system:backup:restored"
    CHECKED = "system:records:checked"


@dataclass(frozen=True)
class Entry:
    """One line of the log, as the chain's hash covers it."""

    seq: int
    at: str
    actor: str
    verb: str
    subject: str
    details: str
    previous: str

    def digest(self) -> str:
        """SHA-256 over the fields in this order, each followed by a line feed (none of them contains one)."""
        fields = (str(self.seq), self.at, self.actor, self.verb, self.subject, self.details, self.previous)
        return hashlib.sha256("".join(f"{field}\n" for field in fields).encode()).hexdigest()


@dataclass(frozen=True)
class Finding:
    """What ``verify`` found wrong: the first bad entry and why, in Chinese and English."""

    seq: int
    zh: str
    en: str


def append(
    session: Session, actor_id: int | None, verb: Verb, subject: str, details: Mapping[str, object] | None = None
) -> AuditEntry:
    """Append an entry inside the act's transaction. ``actor_id`` None is the system (nightly job, worker).

    ``details`` may hold ids, serials, digests and counts only: what is destroyed must leave no trace here.
    """
    seq, previous = lock(session)
    entry = Entry(
        seq=seq + 1,
        at=clock.now().astimezone(UTC).isoformat(timespec="microseconds"),
        actor=f"user:{actor_id}" if actor_id else "system",
        verb=str(verb),
        subject=subject,
        details=json.dumps(dict(details or {}), ensure_ascii=False, sort_keys=True, separators=(",", ":")),
        previous=previous,
    )
    row = AuditEntry(**entry.__dict__, hash=entry.digest())
    session.add(row)
    session.info[_HEAD] = (session.get_transaction(), entry.seq, row.hash)
    return row


def lock(session: Session) -> tuple[int, str]:
    """The last entry, with the chain locked until this transaction ends: two writers cannot share a predecessor.

    An act that locks rows before it writes its entry calls this first: one order of locks for everybody, and no two
    transactions can wait for each other.
    """
    remembered = session.info.get(_HEAD)
    if remembered and remembered[0] is session.get_transaction():
        return remembered[1], remembered[2]
    # SQLite's BEGIN IMMEDIATE already holds the only write lock.
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _CHAIN_LOCK})
    return head(session)


def head(session: Session) -> tuple[int, str]:
    """The number and hash of the last entry; (0, sixty-four zeros) for an empty log."""
    row = session.execute(select(AuditEntry.seq, AuditEntry.hash).order_by(AuditEntry.seq.desc()).limit(1)).first()
    return (row.seq, row.hash) if row else (0, GENESIS)


def entries(session: Session, after: int = 0) -> Iterator[AuditEntry]:
    """The log in order, from behind entry number ``after``; streams, so that any length fits in memory."""
    query = select(AuditEntry).where(AuditEntry.seq > after).order_by(AuditEntry.seq)
    yield from session.scalars(query.execution_options(yield_per=1000))


def verify(session: Session) -> Finding | None:
    """Recompute the whole chain. None when it holds; otherwise the first entry that does not, and why."""
    expected_seq, previous = 1, GENESIS
    for row in entries(session):
        entry = Entry(row.seq, row.at, row.actor, row.verb, row.subject, row.details, row.previous)
        if row.seq != expected_seq:
            return Finding(row.seq, f"第 {expected_seq} 条缺失", f"entry {expected_seq} is missing")
        if row.previous != previous:
            return Finding(row.seq, f"第 {row.seq} 条与前一条不相连", f"entry {row.seq} does not follow the one before")
        if row.hash != entry.digest():
            return Finding(row.seq, f"第 {row.seq} 条内容被改动", f"entry {row.seq} has been altered")
        expected_seq, previous = row.seq + 1, row.hash
    return None
