"""For templates: where records stand between due and destroyed, and what is told of those that are gone."""

from __future__ import annotations

from collections.abc import Sequence

from forms.tables import Serial
from records import clock
from retention import certificates, states
from retention.schedule_versions import in_force
from retention.states import RecordState
from web import visit


def record_now(kind: str, id_: int) -> RecordState | None:
    """The state of a dossier, book or document; None while it is simply kept under its rule."""
    session = visit.look()
    return states.of_records(session, in_force(session), [(kind, id_)], clock.today()).get((kind, id_))


def records_now(document_ids: Sequence[int]) -> dict[int, RecordState]:
    """The states of documents, or of the dossiers and books that they belong to."""
    session = visit.look()
    return states.of_documents(session, in_force(session), document_ids, clock.today())


def record_gone(serial: Serial) -> str | None:
    """「此件已于…销毁」 for a number whose record is destroyed: its document's, or its book's."""
    session = visit.look()
    told = certificates.tombstone(session, serial.text)
    if told is None:  # a number that was never filed went with its dossier or its book
        of = (("book", serial.book_id), ("dossier", serial.dossier_id))
        return certificates.tombstone_of(session, [(kind, id_) for kind, id_ in of if id_ is not None])
    return told
