"""After a restore: what was destroyed later than the snapshot is destroyed again, and its certificate lines stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from records import audit
from records.audit import Verb
from records.tables import User
from retention import erasure, material, scrubbing
from retention.tables import Disposal, DisposalLine
from web.acts.retention import disposals
from web.acts.retention.hold_targets import record_of
from web.office import Office


def destroy_again(session: Session, office: Office, lines: Sequence[Mapping[str, Any]]) -> int:
    """Apply the certificate lines that a restore found missing from its snapshot; returns how many records went.

    Inside the restore's own transaction: there is no moment at which they could be seen. ``lines``: rows of
    DisposalLine, each with its list's row under ``disposal``. The caller goes on with ``clear_traces``.
    """
    return sum(_destroy(session, office, line) for line in lines)


def destroy_named(session: Session, office: Office, references: Sequence[str]) -> int:
    """Destroy again what certificates on paper name, where nothing but an older backup is left; how many records went.

    ``references`` as the certificate has them: a dossier's, book's or document's number. One that the backup knows as
    destroyed is passed over. Raises NotFound for one that it does not know.
    """
    gone = 0
    for reference in references:
        kind, id_ = record_of(session, reference)
        one = material.find(session, kind, id_)
        if one is not None:
            erasure.erase(session, office.vault, [one], disposals.ERASERS, disposals.titles(office.catalogue))
            details = {"again": True, "paper": True}
            audit.append(session, None, Verb.RECORD_DESTROYED, f"{kind}:{id_}", details)
            gone += 1
    return gone


def clear_traces(office: Office) -> None:
    """Remove what the destroyed records left in the vault and in the database's files. Raises NotScrubbed."""
    with office.transaction() as session:
        office.vault.discard_forgotten(session)
    scrubbing.scrub(office.database)


def _destroy(session: Session, office: Office, line: Mapping[str, Any]) -> int:
    one = material.find(session, line["target_kind"], line["target_id"])
    if one is not None:
        erasure.erase(session, office.vault, [one], disposals.ERASERS, disposals.titles(office.catalogue))
    _keep_line(session, line)
    details = {"line": line["id"], "again": True, "serials": line["serials"]}
    audit.append(session, None, Verb.RECORD_DESTROYED, f"{line['target_kind']}:{line['target_id']}", details)
    return int(one is not None)


def _keep_line(session: Session, line: Mapping[str, Any]) -> None:
    """Put the list and its line back as they were; people who joined after the snapshot cannot be named any more."""
    head = dict(line["disposal"])
    first = session.scalar(select(func.min(User.id)))
    for person in ("proposed_by", "decided_by"):
        if head[person] is not None and session.get(User, head[person]) is None:
            head[person] = first if person == "proposed_by" else None
    session.merge(Disposal(**head))
    session.flush()
    session.merge(DisposalLine(**{key: value for key, value in line.items() if key != "disposal"}))
