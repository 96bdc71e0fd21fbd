"""After a restore: what was destroyed later than the snapshot is destroyed again, and its certificate lines stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forms.erasing import erase_traces
from records import audit
from records.audit import Verb
from records.tables import User
from retention import erasure, material, scrubbing
from retention.tables import Disposal, DisposalLine
from web.acts import disposals
from web.office import Office


def destroy_again(office: Office, lines: Sequence[Mapping[str, Any]]) -> int:
    """Apply the certificate lines that a restore found missing from its snapshot; returns how many records went.

    ``lines``: rows of DisposalLine, each with its list's row under ``disposal``.
    """
    gone = 0
    for line in lines:
        with office.transaction() as session:
            gone += _destroy(session, office, line)
    if lines:
        with office.transaction() as session:
            office.vault.discard_forgotten(session)
        scrubbing.scrub(office.database)
    return gone


def _destroy(session: Session, office: Office, line: Mapping[str, Any]) -> int:
    one = material.find(session, line["target_kind"], line["target_id"])
    if one is not None:
        erasure.erase(session, office.vault, one, [erase_traces], disposals.titles(office.catalogue))
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
