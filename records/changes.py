"""Which documents an act has touched, so that whoever follows the records (the search index) can catch up.

The records floor cannot know its followers; it only leaves the ids in the session. A follower registered in
``Database.before_commit`` reads them inside the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

_KEY = "yedang_touched_documents"
_REGISTER = "yedang_touched_register"


def touch(session: Session, document_ids: Iterable[int]) -> None:
    """Say that what these documents hold, or who may see it, is different now (also: they are gone)."""
    session.info.setdefault(_KEY, set()).update(document_ids)


def touched(session: Session) -> list[int]:
    """The documents touched in this transaction so far, in order."""
    return sorted(session.info.get(_KEY, set()))


def touch_register(session: Session, kind: str, ids: Iterable[int]) -> None:
    """Say that units, owners or people registered with them are other than they were, new or gone.

    ``kind``: unit, owner, person.
    """
    session.info.setdefault(_REGISTER, set()).update((kind, id_) for id_ in ids)


def touched_register(session: Session) -> list[tuple[str, int]]:
    """The units, owners and people touched in this transaction so far, as (kind, id), in order."""
    return sorted(session.info.get(_REGISTER, set()))
