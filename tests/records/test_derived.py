"""Recognised text can be thrown away and made again; what a person corrected stays as it is."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from records import derived, documents, readings
from records.documents import NewPage, Placing
from records.errors import NotAllowed
from records.readings import FieldRead
from records.tables import Document, Page


@pytest.fixture
def document_id(database, actors, vault) -> int:
    """A document of one page, read, with one field that a person put right."""
    with database.transaction() as session:
        placing = Placing(form_code="HF-01", title="回访记录", rule="years3", series="HF")
        document = documents.file_document(session, vault, actors.staff, placing)
        page = documents.add_page(session, vault, document, NewPage(b"page", "image/png"))
        fields = {
            "owner": FieldRead("王建园", "recognised"),
            "item": FieldRead("厨房漏水", "recognised"),
            "unit": FieldRead("3-2-1201", "printed"),
        }
        readings.keep(session, page, fields)
        readings.correct(session, actors.staff, document.id, 1, "owner", "王建国")
        return document.id


def _texts(session, document_id):
    (page,) = readings.of_documents(session, [document_id])[document_id]
    return {key: (one.text, one.state) for key, one in page.fields.items()}


def test_text_is_forgotten_and_read_anew_around_the_corrections(database, actors, document_id):
    with database.transaction() as session:
        assert derived.with_text(session) == [document_id]
        assert derived.throw_away_text(session, actors.archivist, [document_id]) == 1
        page = session.scalars(select(Page)).one()
        assert (page.reading, page.text) == ("waiting", "王建国")
        assert _texts(session, document_id) == {"owner": ("王建国", "corrected"), "unit": ("3-2-1201", "printed")}
        again = {"owner": FieldRead("王建园", "recognised"), "item": FieldRead("厨房漏水", "recognised")}
        readings.keep(session, page, again)
        assert _texts(session, document_id)["owner"] == ("王建国", "corrected")
        assert _texts(session, document_id)["item"] == ("厨房漏水", "recognised")
        assert list(readings.findings(session)) == []


def test_only_archivists_and_administrators_throw_away_and_superseded_scans_are_left_alone(
    database, actors, document_id
):
    with database.transaction() as session:
        with pytest.raises(NotAllowed):
            derived.throw_away_text(session, actors.staff, [document_id])
        session.get_one(Document, document_id).state = "superseded"
        assert derived.with_text(session) == []
