"""A sheet without all its signatures is filed and listed until they are there, or somebody says they are."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from forms import unsigned
from forms.catalogue import load_catalogue
from records import audit, documents
from records.audit import Verb
from records.documents import NewPage, Placing
from records.errors import NotFound
from records.tables import AuditEntry
from records.users import NotAllowed

CATALOGUE = load_catalogue()


@pytest.fixture
def file(vault, make_unit):
    """File a sheet with these signatures: ``file(session, actor, "RZ-08", owner=True, handover=None)``."""

    def make(session, actor, code, serial="RZ-08-2026-000001-A", book_id=None, **signed):
        placing = Placing(form_code=code, title="x", rule="OWNER", series="RZ", serial=serial, book_id=book_id)
        document = documents.file_document(session, vault, actor, placing)
        ink = {key: {"ink": 0.01, "signed": one} for key, one in signed.items()}
        documents.add_page(session, vault, document, NewPage(b"%PDF-1.4", "application/pdf", signatures=ink))
        return document

    return make


def _list(session):
    return [(one.form_code, one.missing, one.unclear) for one in unsigned.unsigned(session, CATALOGUE)]


def test_a_sheet_without_both_signatures_stands_in_the_list(database, actors, file):
    with database.transaction() as session:
        file(session, actors.staff, "RZ-08", owner=True, handover=True)
        file(session, actors.staff, "RZ-08", "RZ-08-2026-000002-B", owner=True, handover=False)
        file(session, actors.staff, "RZ-08", "RZ-08-2026-000003-C", owner=None, handover=None)
        file(session, actors.staff, "HF-01", "HF-01-2026-000001-C", book_id=1, owner=False)
    with database.reading() as session:
        assert _list(session) == [("RZ-08", ("handover",), ()), ("RZ-08", (), ("owner", "handover"))]


def test_what_a_person_says_takes_it_from_the_list_and_is_logged(database, actors, file):
    with database.transaction() as session:
        document = file(session, actors.staff, "RZ-08", owner=None, handover=True).id
    with database.transaction() as session:
        unsigned.judge(session, actors.archivist, document, "owner", False)
        assert _list(session) == [("RZ-08", ("owner",), ())]
        unsigned.judge(session, actors.archivist, document, "owner", True)
    with database.reading() as session:
        assert _list(session) == []
        found = session.get_one(documents.Document, document)
        assert found.signatures["owner"]["by"] == found.pages[0].signatures["owner"]["by"] == actors.archivist.id
        entries = session.scalars(select(AuditEntry).where(AuditEntry.verb == Verb.SIGNATURE_JUDGED)).all()
        assert [json.loads(one.details)["signed"] for one in entries] == [False, True]
        assert audit.verify(session) is None


def test_nobody_judges_what_is_not_there(database, actors, file):
    with database.transaction() as session:
        document = file(session, actors.staff, "RZ-08", owner=True).id
        for key, actor, error in (("nobody", actors.staff, NotFound), ("owner", actors.admin, NotAllowed)):
            with pytest.raises(error):
                unsigned.judge(session, actor, document, key, True)
        with pytest.raises(NotFound):
            unsigned.judge(session, actors.staff, 404, "owner", True)
