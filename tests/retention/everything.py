"""A dossier and a book of which something is kept in every place where anything can be kept, each text a marker.

The mapped tables are walked: a text that is neither in ``STAYS`` nor marked does not exist. Who adds a column gets it
marked here without doing anything, and sees the test fail until a destruction erases it, or the list says why it stays.
"""

from __future__ import annotations

import random
from datetime import date
from typing import Any

from sqlalchemy import JSON, Column, String, Table, Text, bindparam, func, select, update
from sqlalchemy.orm import Session

from forms.scanning.tray.tray_tables import TrayAct, TrayActLine, TrayText
from forms.tables import Book, BookHandover, Rescan, ScanBatch, ScanPage, Serial
from records import changes, clock, documents
from records.access.access_tables import AccessPrint
from records.book_tables import BookRecord
from records.documents import NewPage
from records.estate.estate_tables import BoundaryDocument, DossierPerson
from records.facts import FactKind
from records.paper.paper_tables import Loan, LoanExtension, LoanLine, Place, Placement
from records.tables import AccessRequest, Document, Dossier, Key, OwnershipOwner
from retention.tables import Disposal, DisposalLine, KeptLonger, RuleChoice
from search.saved_tables import SavedSearch
from tests.retention.test_purge import everything_about_a_person
from tests.retention.traces import marker
from web import schema

#: What stays after a destruction, column by column, and why it may.
STAYS = {
    "words of the program: states, kinds, codes, rules, media types, measures": """
        access_requests.mode access_requests.state blobs.media_type boundary_documents.state books.form_code books.state
        book_handovers.kind book_records.form_code book_records.rule check_runs.kind check_runs.state counters.form_code
        disposal_lines.target_kind disposal_lines.rule disposal_lines.fact_kind disposal_lines.state disposals.state
        disposal_runs.kind disposal_runs.state disposal_runs.stage documents.series documents.form_code documents.rule
        documents.state dossier_people.kind dossiers.state facts.kind facts.subject_kind follow_ups.kind
        follow_ups.outcome holds.target_kind kept_longer.target_kind key_holders.role keys.scope keys.label
        layouts.form_code layouts.paper layouts.boxes loans.state owners.kind pages.reading particular_changes.what
        print_runs.form_code rescans.state rescans.cause rule_choices.before rule_choices.after saved_searches.order
        scan_batches.media_type scan_batches.state scan_pages.state scan_pages.reason serials.form_code serials.state
        sign_in_sessions.why transfer_lists.state tray_acts.kind tray_texts.reading users.role
    """,
    "the tombstone and the certificate: numbers, classes, counts": """
        books.number disposal_lines.reference disposal_lines.title_class disposal_lines.serials disposal_lines.outcome
        disposals.certificate documents.serial dossiers.number holds.target_id scan_pages.serial
        serials.text access_prints.number
    """,
    "the log: ids, verbs, counts and digests, by its own rule": """
        audit_log.at audit_log.actor audit_log.verb audit_log.subject audit_log.details audit_log.previous
        audit_log.hash books.log_head
    """,
    "digests and keys: the same file is known again; a key without its secret opens nothing": """
        blobs.digest scan_batches.digest scan_pages.digest layouts.digest serials.layout_digest discards.path
        keys.recipient keys.wrapped keys.wrapped_for key_holders.recipient key_holders.pages key_holders.identity
    """,
    "the people of the office, who acted": """
        users.name users.password_hash sign_in_failures.key recovery_codes.digest second_factors.sealed
        sign_in_sessions.digest sign_in_sessions.source sign_in_sessions.browser access_deputies.reason
        disposal_papers.witness
    """,
    "the office itself: homes, places, its schedule, lists of books handed over; numbers of findings and runs": """
        units.estate units.code units.building places.code places.name schedule_versions.rules schedule_versions.decided
        schedule_versions.reason transfer_lists.number transfer_lists.receiver check_runs.findings disposal_runs.lines
        disposal_runs.outcomes
    """,
    "drawn from the texts above when they are indexed: it holds their markers": """
        search_entries.series search_entries.unit_code search_entries.form_code search_entries.analysis
        search_entries.digest search_entries.owners search_entries.facts search_entries.words search_names.kind
        search_names.key search_state.analysis search_state.parts search_state.building saved_searches.unit
        saved_searches.form
    """,
}
STAYING = {name: why for why, names in STAYS.items() for name in names.split()}


def texts() -> list[Column[Any]]:
    """Every column of every mapped table that can hold words."""
    kinds = (String, Text, JSON)
    return [
        column
        for table in schema.METADATA.sorted_tables
        for column in table.columns
        if isinstance(getattr(column.type, "impl", column.type), kinds) or isinstance(column.type, kinds)
    ]


def marked() -> list[Column[Any]]:
    """Those that a destruction must empty."""
    return [column for column in texts() if f"{column.table.name}.{column.name}" not in STAYING]


def furnish(session: Session, office: Any) -> tuple[Dossier, Book]:
    """The dossier of a former owner and a used-up book, both due, with a row in every table that tells of them."""
    dossier = everything_about_a_person(session, office)
    _scans(session, office, dossier)
    _paper(session, office, dossier)
    _decisions(session, office, dossier)
    book = _book(session, office)
    session.add(SavedSearch(saved_by=1, name="常用", query="某人", saved_at=clock.now()))
    session.flush()
    return dossier, book


def _scans(session: Session, office: Any, dossier: Dossier) -> None:
    """A page scanned better, one asked for again, one in the tray with what was read on it and done to it."""
    page = dossier.documents[1].pages[0]
    new = NewPage(b"%PDF a better scan", "application/pdf")
    documents.supersede_page(session, office.vault, office.actors.archivist, page, new)
    batch = session.scalars(select(ScanBatch)).first()
    assert batch is not None
    serial, now = dossier.documents[0].serial, clock.now()
    key = session.get_one(Key, batch.key_id)
    waiting = office.vault.store(session, key, b"a page in the tray", "application/pdf")
    tray = ScanPage(
        batch_id=batch.id, position=2, state="tray", reason="more_pages", serial=serial, blob_id=waiting.id,
        suggested=serial, digest="1" * 64,
    )  # fmt: skip
    act = TrayAct(kind="rotated", done_by=1, done_at=now, on=clock.today())
    session.add_all([tray, act])
    session.flush()
    session.add_all(
        [
            TrayText(scan_page_id=tray.id, reading="done"),
            TrayActLine(act_id=act.id, scan_page_id=tray.id, before={}),
            Rescan(page_id=page.id, asked_by=1, asked_at=now),
            Rescan(scan_page_id=tray.id, asked_by=1, asked_at=now),
        ]
    )


def _paper(session: Session, office: Any, dossier: Dossier) -> None:
    """Where its paper stood, a loan with what was missing, and a print under a grant."""
    now, request = clock.now(), session.scalars(select(AccessRequest)).first()
    assert request is not None
    place = Place(code="J1-3-2", name="一号架", added_by=1, added_at=now)
    loan = Loan(
        request_id=request.id, dossier_id=dossier.id, borrower_id=1, state="returned", handed_out_by=1,
        handed_out_at=now, due_on=clock.today(),
    )  # fmt: skip
    session.add_all([place, loan])
    session.flush()
    document = dossier.documents[0]
    session.add_all(
        [
            Placement(dossier_id=dossier.id, place_id=place.id, put_by=1, put_at=now),
            LoanLine(loan_id=loan.id, document_id=document.id, position=1, pages=1, missing=[]),
            LoanExtension(
                loan_id=loan.id, from_on=clock.today(), until_on=clock.today(), reason="-", decided_by=1, decided_at=now
            ),
            AccessPrint(
                number="P-1", request_id=request.id, document_id=document.id, page_count=1, printed_by=1, printed_at=now
            ),
        ]
    )


def _decisions(session: Session, office: Any, dossier: Dossier) -> None:
    """A rule chosen anew, a time it was kept longer, a list that was refused, a document of the day of the transfer."""
    now, document = clock.now(), dossier.documents[0]
    about = {"target_kind": "dossier", "target_id": dossier.id}
    refused = Disposal(state="refused", proposed_by=1, proposed_at=now, decided_by=1, decided_at=now)
    refused.lines = [
        DisposalLine(
            **about, reference=dossier.number, title_class="-", serials=[], rule="FORMER", state="refused",
            fact_kind=FactKind.OWNERSHIP_CHANGED, fact_on=date(2021, 3, 31), due_on=date(2024, 3, 31), outcome={},
        )
    ]  # fmt: skip
    session.add_all(
        [
            RuleChoice(document_id=document.id, before="A", after="B", reason="-", chosen_by=1, chosen_at=now),
            KeptLonger(**about, until=date(2024, 1, 1), reason="-", decided_by=1, decided_at=now),
            BoundaryDocument(document_id=document.id, former_id=dossier.id, present_id=dossier.id + 1),
            refused,
        ]
    )


def _book(session: Session, office: Any) -> Book:
    """A book with one filed page, from hand to hand, used up long ago."""
    run = session.scalars(select(Serial.run_id)).first()
    book = Book(
        number="ZB-02-2015-C001", form_code="ZB-02", year=2015, ordinal=1, page_count=1, state="closed", log_seq=1,
        log_head="0" * 64,
    )  # fmt: skip
    session.add(book)
    session.flush()
    now = clock.now()
    session.add_all(
        [
            BookRecord(book_id=book.id, form_code="ZB-02", rule="DUTY"),
            BookHandover(
                book_id=book.id, kind="return", giver="-", taker="-", on=date(2015, 1, 1), counted=1, recorded_by=1,
                recorded_at=now,
            ),
            Serial(
                text="ZB-02-1", form_code="ZB-02", form_version=1, year=2015, number=1, state="returned", run_id=run,
                book_id=book.id,
            ),
        ]
    )  # fmt: skip
    office.document(session, "ZB-02-1", "DUTY", form_code="ZB-02", series="ZB", book_id=book.id)
    office.fact(session, FactKind.BOOK_COMPLETED, ("book", book.id), date(2015, 1, 1))
    return book


def mark(session: Session, dossier: Dossier, dice: random.Random) -> dict[str, str]:
    """Write a marker of its own into every text that must go; markers by the names of their columns."""
    session.flush()
    found: dict[str, str] = {}
    owner = marker(dice)
    for column in marked():
        name, word = f"{column.table.name}.{column.name}", marker(dice)
        found[name] = owner if name == "owners.name" else word
        rows = select(column.table).where(*_only(column.table, dossier))
        assert session.execute(rows).first() is not None, f"{column.table.name}: no row of it in the test"
        told = f"{owner} {word}" if column.table.name == "saved_searches" else found[name]
        _write(session, column, told, dossier)
    documents_of = session.scalars(select(Document.id)).all()
    owners = session.scalars(select(OwnershipOwner.owner_id)).all()
    changes.touch(session, documents_of)
    changes.touch_register(session, "owner", owners)
    changes.touch_register(session, "person", session.scalars(select(DossierPerson.id)).all())
    session.expire_all()
    return found


def _only(table: Table, dossier: Dossier) -> list[Any]:
    """Which rows of a table tell of the dossier, where not all of them do: the next owner stays."""
    if table.name != "owners":
        return []
    mine = select(OwnershipOwner.owner_id).where(OwnershipOwner.ownership_id == dossier.ownership_id)
    return [table.c.id.in_(mine)]


def _write(session: Session, column: Column[Any], word: str, dossier: Dossier) -> None:
    rows = update(column.table).where(*_only(column.table, dossier))
    if isinstance(column.type, JSON):
        session.execute(rows.values({column: {"note": word}}))
        return
    long = column.type.length is None or column.type.length > 1000  # type: ignore[attr-defined]  # a text
    # Where there is room, among much that repeats: PostgreSQL keeps it compressed then.
    told = f"{'重复' * 3000} {word}" if long and column.name == "text" else word
    session.execute(rows.values({column: func.coalesce(bindparam("told", told), "")}))
