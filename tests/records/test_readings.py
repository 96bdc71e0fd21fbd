"""What is promised of a page's text: a person's correction wins, whoever runs when; only who may see may correct."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from records import access, documents, readings
from records.audit import Verb
from records.database import Database
from records.errors import BadInput, NotFound
from records.readings import WHOLE, FieldRead, LineRead, PageReading
from records.tables import AuditEntry, Document, Page
from records.vault import Vault
from retention import erasure, material

BOX = (0.1, 0.2, 0.3, 0.04)
READ = {
    "owner": FieldRead("欧阳建国", "printed", BOX),
    "opinion": FieldRead(
        "卫生间漏水\n未修", "recognised", BOX, (LineRead("卫生间漏水", BOX), LineRead("未修", BOX)), 0.8
    ),
    "water": FieldRead("128", "recognised", BOX, (LineRead("128", BOX),), 0.99),
    "gas": FieldRead("", "blank", BOX),
}
ROUNDS = 15


@pytest.fixture
def read(database: Database, vault: Vault, actors: Any, make_unit: Any) -> int:
    """A document in a dossier whose one page has been read; its id."""
    with database.transaction() as session:
        _, dossier = make_unit(session)
        placing = documents.Placing(form_code="RZ-08", title="验房表", rule="OWNER", dossier=dossier, section="house")
        document = documents.file_document(session, vault, actors.archivist, placing)
        page = documents.add_page(session, vault, document, documents.NewPage(b"%PDF-1.7", "application/pdf"))
        readings.keep(session, page, READ)
        return document.id


def _grant(session: Session, actors: Any, document_id: int, asker: Any) -> None:
    dossier = session.get_one(Document, document_id).dossier
    assert dossier is not None
    request = access.request_access(session, asker, [dossier], "核对")
    access.approve(session, actors.manager, request)
    access.register(session, actors.archivist, request)


def _fields(session: Session, document_id: int) -> dict[str, FieldRead]:
    [page] = readings.of_documents(session, [document_id])[document_id]
    return dict(page.fields)


def _run_again(session: Session, document_id: int) -> None:
    page = session.scalars(select(Page).where(Page.document_id == document_id)).one()
    readings.keep(session, page, {**READ, "opinion": replace(READ["opinion"], text="卫生间漏氺", lines=())})


def test_a_correction_is_not_overwritten_by_a_later_run(database: Database, actors: Any, read: int) -> None:
    with database.transaction() as session:
        _grant(session, actors, read, actors.archivist)
        readings.correct(session, actors.archivist, read, 1, "opinion", "卫生间渗水\n已修")
    with database.transaction() as session:
        _run_again(session, read)
    with database.reading() as session:
        fields, text = _fields(session, read), session.scalars(select(Page.text)).one()
    assert (fields["opinion"].text, fields["opinion"].state) == ("卫生间渗水\n已修", "corrected")
    assert fields["opinion"].by == actors.archivist.id
    assert [line.text for line in fields["opinion"].lines] == ["卫生间渗水", "已修"]
    assert text == "卫生间渗水\n已修\n·\n128"


def test_a_page_corrected_as_a_whole_stays_so_when_its_fields_become_known(
    database: Database, actors: Any, vault: Vault
) -> None:
    with database.transaction() as session:
        placing = documents.Placing(form_code="HF-01", title="回访", rule="HF", series="HF")
        document = documents.file_document(session, vault, actors.staff, placing)
        page = documents.add_page(session, vault, document, documents.NewPage(b"%PDF", "application/pdf"))
        page.text, page.reading, number = "以前识别的全页文字", "done", document.id
    with database.transaction() as session:
        assert _fields(session, number)[WHOLE].text == "以前识别的全页文字"
        readings.correct(session, actors.staff, number, 1, WHOLE, "以前识别、后来更正的文字")
    with database.transaction() as session:
        _run_again(session, number)
    with database.reading() as session:
        assert session.scalars(select(Page.text).where(Page.document_id == number)).one() == "以前识别、后来更正的文字"


@given(
    st.lists(
        st.tuples(st.sampled_from(["run", "correct"]), st.sampled_from(sorted(READ)), st.text(max_size=5)), max_size=12
    )
)
def test_whatever_the_order_what_a_person_last_put_stays(acts: list[tuple[str, str, str]]) -> None:
    fields: dict[str, FieldRead] = dict(READ)
    put: dict[str, str] = {}
    for act, key, text in acts:
        if act == "run":
            corrections = {name: one for name, one in fields.items() if one.state == "corrected"}
            fields = readings.merged({name: replace(one, text=text) for name, one in READ.items()}, corrections)
        elif READ[key].state != "printed":
            fields[key] = readings.corrected(fields[key], text, 1)
            put[key] = text
    assert {key: one.text for key, one in fields.items() if one.state == "corrected"} == put


def test_a_run_and_a_correction_at_the_same_moment_leave_the_correction(
    database: Database, actors: Any, read: int
) -> None:
    with database.transaction() as session:
        _grant(session, actors, read, actors.archivist)
    failed: list[BaseException] = []

    def act(what: Any) -> None:
        try:
            start.wait()
            with database.transaction() as session:
                what(session)
        except BaseException as error:  # shown by the assertion below
            failed.append(error)

    for number in range(ROUNDS):
        start = threading.Barrier(3)
        acts = [
            lambda session: _run_again(session, read),
            lambda session: _run_again(session, read),
            lambda session, n=number: readings.correct(session, actors.archivist, read, 1, "opinion", f"第{n}次更正"),
        ]
        threads = [threading.Thread(target=act, args=(one,)) for one in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with database.reading() as session:
            fields, text = _fields(session, read), session.scalars(select(Page.text)).one()
        assert fields["opinion"].text == f"第{number}次更正"
        assert text == f"第{number}次更正\n·\n128"
    assert failed == []


def test_only_who_may_see_the_page_may_correct_it(database: Database, actors: Any, read: int) -> None:
    for actor in (actors.archivist, actors.staff, actors.manager, actors.admin):
        with database.transaction() as session, pytest.raises(NotFound):
            readings.correct(session, actor, read, 1, "opinion", "改")
    with database.transaction() as session:
        _grant(session, actors, read, actors.staff)
    with database.transaction() as session:
        readings.correct(session, actors.staff, read, 1, "opinion", "改")
    with database.transaction() as session, pytest.raises(NotFound):
        readings.correct(session, actors.archivist, read, 1, "opinion", "再改")


def test_a_correction_is_logged_without_its_words(database: Database, actors: Any, read: int) -> None:
    with database.transaction() as session:
        _grant(session, actors, read, actors.archivist)
        readings.correct(session, actors.archivist, read, 1, "opinion", "不许进日志")
    with database.reading() as session:
        [entry] = session.scalars(select(AuditEntry).where(AuditEntry.verb == Verb.PAGE_CORRECTED))
        assert not session.scalar(select(func.count()).where(AuditEntry.details.contains("不许进日志")))
    assert entry.subject == f"document:{read}"
    assert json.loads(entry.details)["field"] == "opinion"


def test_what_was_overlooked_can_be_put_in_and_what_is_printed_stays(
    database: Database, actors: Any, read: int
) -> None:
    with database.transaction() as session:
        _grant(session, actors, read, actors.archivist)
        readings.correct(session, actors.archivist, read, 1, "gas", "  56.2\x00 ")
        assert _fields(session, read)["gas"].text == "56.2"
        with pytest.raises(BadInput):
            readings.correct(session, actors.archivist, read, 1, "owner", "别人")
        with pytest.raises(BadInput):
            readings.correct(session, actors.archivist, read, 1, "gas", "长" * (readings.LONGEST + 1))
        with pytest.raises(NotFound):
            readings.correct(session, actors.archivist, read, 1, "no_such_field", "字")


def test_a_page_read_again_waits_and_keeps_its_corrections(database: Database, actors: Any, read: int) -> None:
    with database.transaction() as session:
        _grant(session, actors, read, actors.archivist)
        readings.correct(session, actors.archivist, read, 1, "water", "129")
        assert readings.read_again(session, actors.archivist, read) == 1
        assert session.scalars(select(Page.reading)).one() == "waiting"
        assert _fields(session, read)["water"].text == "129"
        with pytest.raises(NotFound):
            readings.read_again(session, actors.staff, read)


def test_what_was_read_goes_with_the_record(database: Database, actors: Any, vault: Vault, read: int) -> None:
    with database.transaction() as session:
        _grant(session, actors, read, actors.archivist)
        readings.correct(session, actors.archivist, read, 1, "opinion", "随档案销毁")
    with database.transaction() as session:
        whole = material.find(session, "dossier", session.get_one(Document, read).dossier_id or 0)
        assert whole is not None
        (counts,) = erasure.erase(session, vault, [whole], [], lambda _code: "验房表")
    assert counts["readings"] == 1
    with database.reading() as session:
        assert session.scalars(select(PageReading)).all() == []


def test_check_names_a_page_whose_text_is_not_what_its_fields_say(database: Database, read: int) -> None:
    with database.transaction() as session:
        assert list(readings.findings(session)) == []
        session.scalars(select(Page)).one().text = "别的字"
    with database.reading() as session:
        assert [(one.code, one.subject) for one in readings.findings(session)] == [("reading.text", f"document:{read}")]
