"""What is derived from masters and pages, thrown away and made again: the text that recognition read.

Pictures for the eye and for recognition are never kept, they are drawn from the page's own bytes each time; the search
index is written anew by ``search.index``. What a person corrected and what was printed is no guess, and stays.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from records import audit, changes, readings
from records.audit import Verb
from records.readings import FieldRead, PageReading
from records.tables import Document, Page
from records.users import Actor, Role

_STAYS = ("corrected", "printed")


def with_text(session: Session) -> list[int]:
    """The ids of the filed documents whose pages have been read, in order."""
    read = (
        select(Page.document_id).join(Document).where(Document.state == "filed", Page.reading.in_(("done", "failed")))
    )
    return sorted(set(session.scalars(read)))


def throw_away_text(session: Session, actor: Actor, document_ids: Sequence[int]) -> int:
    """Forget what was recognised on the pages of these documents and let them be read anew; says how many pages.

    The search index follows in the same transaction. Raises NotAllowed.
    """
    actor.require("全部重新识别", Role.ARCHIVIST, Role.ADMIN)
    audit.lock(session)
    query = select(Page, PageReading).outerjoin(PageReading, PageReading.page_id == Page.id)
    query = query.where(Page.document_id.in_(document_ids), Page.reading.in_(("done", "failed")))
    count = 0
    for page, row in session.execute(query).all():
        kept = {key: one for key, one in row.fields.items() if one["state"] in _STAYS} if row is not None else {}
        if row is not None:
            row.fields = kept
        page.text = readings.text_of({key: FieldRead.of(one) for key, one in kept.items()})
        page.reading, page.leased_until = "waiting", None
        count += 1
    changes.touch(session, document_ids)
    details = {"pages": count, "documents": len(document_ids)}
    audit.append(session, actor.id, Verb.PAGE_TO_READ_AGAIN, "pages", details)
    return count
