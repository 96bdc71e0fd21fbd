"""Which documents an act has touched, so that whoever follows the records (the search index) can catch up.

The records floor cannot know its followers; it only leaves the ids in the session. A follower registered in
``Database.before_commit`` reads them inside the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

_KEY = "yedang_touched_documents"


def touch(session: Session, document_ids: Iterable[int]) -> None:
    """Say that what these documents hold, or who may see it, is different now (also: they are gone)."""
    session.info.setdefault(_KEY, set()).update(document_ids)


def touched(session: Session) -> list[int]:
    """The documents touched in this transaction so far, in order."""
    return sorted(session.info.get(_KEY, set()))
