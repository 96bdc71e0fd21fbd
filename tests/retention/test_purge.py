"""Destroyed is destroyed: nothing of it is left anywhere, nothing else is touched, and the certificate stays."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from forms.erasing import erase_traces
from forms.tables import PrintRun, Reprint, ScanBatch, ScanPage, Serial
from records import access, audit, changes, clock, documents, facts, verify
from records.access.visits import Visitor
from records.database import Base, Database
from records.errors import NotAllowed
from records.estate.estate_tables import Arrears, DossierPerson, FollowUp, ParticularChange
from records.facts import FactKind
from records.leaving import Leaving
from records.tables import Document, Dossier, Key, Owner, Page
from records.vault import KeyGone, Vault
from retention import certificates, disposition, holds, purge, scrubbing
from retention.tables import Disposal, DisposalLine
from web import schema

ON = date(2024, 3, 31)
NAME, PHONE, CARD, STORY = "欧阳灭迹", "13987650001", "110101199003077731", "Unforgettable-Story"
MARKERS = (NAME, PHONE, CARD, STORY)


def erase(office: Any, database: Database, on: date = ON, **more: Any) -> list[purge.Outcome]:
    return purge.run(database, office.vault, office.rules, office.actors.archivist, on, erasers=[erase_traces], **more)


def everything_about_a_person(session: Session, office: Any) -> Dossier:
    """A former dossier, and every text that people and machines write about its owner."""
    actors = office.actors
    dossier = office.former(session, owner=NAME, phone=PHONE)
    session.scalars(select(Owner).where(Owner.name == NAME)).one().id_number = CARD
    for document in dossier.documents:
        document.title = f"{NAME} {STORY} 委托书"
        document.entered = {"owner": NAME, "phone": PHONE, "story": STORY}
        document.signatures = {"owner": {"by": STORY}}
        page = document.pages[0]
        page.signatures = {"note": STORY}
        documents.set_page_text(session, page, f"甲方 {NAME} 电话 {PHONE} {STORY} " * 300)
    # Rows of many sizes around it, deleted or moved, so that the database rearranges its pages.
    for number in range(30):
        office.document(session, f"YS-01-{number}", text=f"{STORY} 邻居 {number} " * (number * 7 + 1), dossier=dossier)
    request = access.request_access(session, actors.staff, [dossier], f"核对 {NAME} {PHONE} {STORY}")
    access.refuse(session, actors.manager, request, f"{NAME} {STORY} 未同意")
    granted = access.request_access(session, actors.staff, [dossier], f"陪同 {NAME} 查阅")
    access.approve(session, actors.manager, granted, f"{NAME} 本人到场")
    access.register(session, actors.archivist, granted, Visitor(NAME, f"居民身份证 {CARD}", STORY))
    access.end_grants(session, actors.staff, dossier, f"{NAME} {STORY}")
    first = office.fact(session, FactKind.ARCHIVED, ("dossier", dossier.id), date(2021, 5, 1), reason=STORY)
    office.fact(session, FactKind.ARCHIVED, ("dossier", dossier.id), ON, replaces=first, reason=f"{NAME} 来电更正")
    for kind, target in (("dossier", dossier.id), ("unit", dossier.ownership.unit_id)):
        hold = holds.place(session, actors.manager, kind, target, f"{NAME} {STORY} 诉讼")
        holds.release(session, actors.manager, hold)
    _printed_and_scanned(session, office, dossier)
    _people_and_changes(session, dossier)
    session.flush()
    return dossier


def _people_and_changes(session: Session, dossier: Dossier) -> None:
    """The household, who acted for the owner, what changed, what was noted when they were asked."""
    moment, on = clock.now(), date(2020, 5, 1)
    about = {"dossier_id": dossier.id, "on": on, "recorded_at": moment, "recorded_by": 1}
    session.add_all(
        [
            DossierPerson(dossier_id=dossier.id, kind="family", name=NAME, relation=STORY, phone=PHONE, id_number=CARD),
            ParticularChange(what="phone", whose=NAME, old=PHONE, new=f"{PHONE}9", basis=STORY, **about),
            FollowUp(kind="survey", outcome="changed", note=f"{NAME} {STORY}", **about),
            Arrears(dossier_id=dossier.id, since=on, recorded_at=moment, recorded_by=1),
        ]
    )


def _printed_and_scanned(session: Session, office: Any, dossier: Dossier) -> None:
    run = PrintRun(form_code="RZ-02", form_version=1, year=2020, first=1, last=1, printed_by=1, printed_at=clock.now())
    session.add(run)
    session.flush()
    document = dossier.documents[0]
    serial = Serial(
        text=document.serial, form_code="RZ-02", form_version=1, year=2020, number=1, state="returned", run_id=run.id,
        dossier_id=dossier.id, entered={"owner": NAME, "phone": PHONE}, state_reason=STORY,
    )  # fmt: skip
    key = office.vault.new_key(session, "batch")
    master = office.vault.store(session, key, f"{NAME} {STORY}".encode(), "application/pdf")
    batch = ScanBatch(
        digest="0" * 64, name=f"{NAME}-{STORY}.pdf", media_type="application/pdf", size=9, page_count=1, key_id=key.id,
        blob_id=master.id, state="filed", received_by=1, received_at=clock.now(),
    )  # fmt: skip
    session.add_all([serial, batch])
    session.flush()
    scan = ScanPage(
        batch_id=batch.id, position=1, state="filed", page_id=document.pages[0].id, serial=document.serial,
        reason_zh=STORY, signatures={"owner": STORY},
    )  # fmt: skip
    session.add_all([scan, Reprint(serial_id=serial.id, reason=STORY, printed_by=1, printed_at=clock.now())])


def every_file(database: Database, home: Path) -> Iterator[Path]:
    """The data folder, and the tables of the PostgreSQL server (its write-ahead log apart: see scrubbing)."""
    yield from (path for path in home.rglob("*") if path.is_file())
    if not database.is_sqlite:
        with database.reading() as session:
            cluster = Path(session.scalar(text("SHOW data_directory")) or "")
            session.execute(text("SELECT 1"))
        yield from (path for part in ("base", "global") for path in (cluster / part).rglob("*") if path.is_file())


def bytes_of(path: Path) -> bytes:
    """A file's bytes; none when the server has removed it in the meantime."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def traces(database: Database, home: Path) -> list[tuple[str, str]]:
    """Where a marker is still found, plainly or as JSON writes it."""
    wanted = [(marker, form) for marker in MARKERS for form in {marker.encode(), json.dumps(marker)[1:-1].encode()}]
    found = []
    for path in every_file(database, home):
        data = bytes_of(path)
        found += [(path.name, marker) for marker, form in wanted if form in data]
    return found


def test_no_byte_of_a_destroyed_dossier_is_found_in_any_file(database: Database, office: Any, home: Path) -> None:
    with database.transaction() as session:
        dossier = everything_about_a_person(session, office)
        neighbour = office.former(session, "3-2-1202", owner="留存者")
        hold = holds.place(session, office.actors.manager, "dossier", neighbour.id, "还在诉讼")
        record = disposition.due(session, office.schedule, ON)[0]
        until = clock.today() + timedelta(days=30)
        certificates.keep_longer(session, office.actors.manager, record, until, f"{NAME} 有异议")
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
            connection.execute(text("CHECKPOINT"))
    assert {marker for _, marker in traces(database, home)} == set(MARKERS)
    with database.transaction() as session:
        office.approved(session, until)
    (outcome,) = erase(office, database, until)
    assert (outcome.state, outcome.counts["documents"], outcome.counts["owners"]) == ("destroyed", 32, 1)
    assert traces(database, home) == []
    with database.reading() as session:
        assert session.get_one(Dossier, dossier.id).state == "destroyed"
        assert session.get_one(Dossier, neighbour.id).ownership.owners[0].name == "留存者"
        page = session.scalars(select(Page).join(Document).where(Document.dossier_id == neighbour.id)).first()
        assert page is not None
        assert office.vault.open(page.blob).startswith(b"%PDF")
        assert hold.released_at is None
        assert list(verify.check_vault(session, office.vault)) == []
        assert audit.verify(session) is None


def test_the_tombstone_and_the_certificate_stay(database: Database, office: Any) -> None:
    with database.transaction() as session:
        dossier = office.former(session)
        office.approved(session, ON)
    erase(office, database, titles=lambda code: f"类 {code}")
    with database.reading() as session:
        found = session.get_one(Dossier, dossier.id)
        assert (found.number, found.state, found.opened_on) == ("DA-3-2-1201-01", "destroyed", date(2020, 1, 15))
        assert found.ownership.unit.code == "3-2-1201"
        assert found.ownership.owners == []
        for document in found.documents:
            assert (document.state, document.title, document.pages) == ("destroyed", "类 RZ-02", [])
            sentence = certificates.tombstone(session, document.serial or "")
            assert sentence is not None
            assert f"此件已于 {clock.today()} 销毁" in sentence
            assert "DA-05-2026-000001-0" in sentence
            typed = (document.serial or "").lower().replace("-", "\uff0d")
            assert certificates.tombstone(session, f" {typed} ") == sentence
        assert certificates.tombstone(session, "DA-3-2-1201-01") is not None
        disposal = session.scalars(select(Disposal)).one()
        assert (disposal.state, disposal.lines[0].state) == ("completed", "destroyed")
        assert "已销毁" in certificates.certificate_text(session, disposal)[-1]
        with pytest.raises(KeyGone):
            office.vault.identity(session.get_one(Key, found.key_id))


def everything(database: Database) -> dict[str, list[Any]]:
    with database.reading() as session:
        return {table.name: sorted(map(str, session.execute(table.select()))) for table in Base.metadata.sorted_tables}


def test_a_dry_run_says_what_would_happen_and_changes_nothing(database: Database, office: Any, home: Path) -> None:
    with database.transaction() as session:
        office.former(session)
        held = office.former(session, "3-2-1202")
        office.approved(session, ON)
        holds.place(session, office.actors.manager, "dossier", held.id, "诉讼")
    before, files = everything(database), sorted(home.rglob("*.age"))
    outcomes = erase(office, database, dry_run=True)
    assert [(outcome.reference, outcome.state) for outcome in outcomes] == [
        ("DA-3-2-1201-01", "ready"),
        ("DA-3-2-1202-01", "held"),
    ]
    assert (everything(database), sorted(home.rglob("*.age"))) == (before, files)


def test_a_record_that_was_held_kept_or_corrected_after_the_approval_is_not_touched(
    database: Database, office: Any
) -> None:
    actors = office.actors
    with database.transaction() as session:
        held, kept, corrected, gone = (office.former(session, f"3-2-120{n}") for n in (1, 2, 3, 4))
        disposal = office.approved(session, ON)
        holds.place(session, actors.manager, "unit", held.ownership.unit_id, "诉讼")
        standing = disposition.Standing("dossier", kept.id, kept.number, "", [], "FORMER")
        certificates.keep_longer(session, actors.manager, standing, clock.today() + timedelta(days=9), "有异议")
        (wrong,) = facts.facts_about(session, "dossier", [corrected.id])
        kind, subject = FactKind.OWNERSHIP_CHANGED, ("dossier", corrected.id)
        office.fact(session, kind, subject, date(2021, 4, 1), replaces=wrong, reason="抄错")
    seen: list[tuple[int, int]] = []
    outcomes = erase(office, database, progress=lambda done, total: seen.append((done, total)))
    assert {outcome.reference[-7:-3]: outcome.state for outcome in outcomes} == {
        "1201": "held",
        "1203": "kept",
        "1204": "destroyed",
    }
    assert seen == [(1, 3), (2, 3), (3, 3)]
    with database.reading() as session:
        states = [session.get_one(Dossier, one.id).state for one in (held, kept, corrected, gone)]
        assert states == ["closed", "closed", "closed", "destroyed"]
        lines = session.scalars(select(DisposalLine.state).order_by(DisposalLine.id)).all()
        assert lines == ["held", "kept", "kept", "destroyed"]
        assert session.get_one(Disposal, disposal.id).state == "completed"


def test_books_and_single_documents_go_with_their_own_keys(database: Database, office: Any, home: Path) -> None:
    with database.transaction() as session:
        for page in (1, 2):
            office.document(session, f"ZB-02-{page}", "DUTY", form_code="ZB-02", series="ZB", book_id=7)
        office.fact(session, FactKind.BOOK_COMPLETED, ("book", 7), date(2015, 1, 1))
        single = office.document(session, "YS-01-1")
        office.fact(session, FactKind.ARCHIVED, ("document", single.id), date(2015, 1, 1))
        staying = office.document(session, "YS-01-2")
        office.approved(session, ON)
    assert len(list(home.rglob("*.age"))) == 4
    assert [outcome.state for outcome in erase(office, database)] == ["destroyed", "destroyed"]
    assert len(list(home.rglob("*.age"))) == 1
    with database.reading() as session:
        states = session.scalars(select(Document.state).order_by(Document.id)).all()
        assert states == ["destroyed", "destroyed", "destroyed", "filed"]
        assert session.get_one(Document, staying.id).pages[0].text == "正文 YS-01-2"
        assert "此件已于" in (certificates.tombstone(session, "ZB-02-2") or "")


def test_a_line_that_fails_fails_alone_and_is_tried_again(database: Database, office: Any) -> None:
    with database.transaction() as session:
        first, second = office.former(session), office.former(session, "3-2-1202")
        office.approved(session, ON)

    def stumble(session: Session, vault: Vault, leaving: Sequence[Leaving]) -> Sequence[Mapping[str, int]]:
        if first.id in {one.dossier_id for one in leaving}:
            raise OSError("disk full")
        return [{"stumbled": 0} for _ in leaving]

    outcomes = purge.run(database, office.vault, office.rules, None, ON, erasers=[stumble])
    assert [outcome.state for outcome in outcomes] == ["failed", "destroyed"]
    with database.reading() as session:
        assert session.get_one(Dossier, first.id).state == "closed"
        assert session.get_one(Dossier, second.id).state == "destroyed"
        assert len(session.scalars(select(Page)).all()) == 2
    assert [outcome.state for outcome in erase(office, database)] == ["destroyed"]


def test_a_shared_key_stops_the_destruction(database: Database, office: Any) -> None:
    with database.transaction() as session:
        dossier = office.former(session)
        stranger = office.document(session, "YS-01-1")
        stranger.key_id = dossier.key_id
        office.approved(session, ON)
    (outcome,) = erase(office, database)
    assert outcome.state == "failed"
    assert "共用密钥" in outcome.zh


def test_what_could_not_be_scrubbed_is_destroying_until_the_next_run(
    database: Database, office: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.transaction() as session:
        dossier = office.former(session)
        office.approved(session, ON)

    def busy(database: Database) -> None:
        raise scrubbing.NotScrubbed(why="busy")

    with monkeypatch.context() as patch:
        patch.setattr(scrubbing, "scrub", busy)
        (outcome,) = erase(office, database)
        assert (outcome.state, "busy" in outcome.zh) == ("destroying", True)
        with database.reading() as session:
            assert session.get_one(Dossier, dossier.id).state == "destroyed"
            assert session.scalars(select(Disposal.state)).one() == "approved"
        assert [outcome.state for outcome in erase(office, database)] == ["destroying"]
    assert [outcome.state for outcome in erase(office, database)] == ["destroyed"]
    assert erase(office, database) == []


def test_scrubbing_does_not_call_it_done_while_somebody_still_reads_the_past(database: Database, office: Any) -> None:
    with database.transaction() as session:
        office.former(session)
    with database.engine.connect().execution_options(isolation_level="SERIALIZABLE", yedang_reading=True) as connection:
        connection.execute(text("SELECT count(*) FROM owners"))
        with database.transaction() as session:
            office.make_unit(session, "3-2-1299")
        with pytest.raises(scrubbing.NotScrubbed):
            scrubbing.scrub(database, patience=0.3)
    scrubbing.scrub(database)


def test_the_search_follows_and_the_log_says_who_and_how_much(database: Database, office: Any) -> None:
    with database.transaction() as session:
        dossier = office.former(session)
        ids = [document.id for document in dossier.documents]
        office.approved(session, ON)
    followed: list[int] = []
    database.before_commit.append(lambda session: followed.extend(changes.touched(session)))
    erase(office, database)
    assert set(ids) <= set(followed)
    with database.reading() as session:
        entries = [entry for entry in audit.entries(session) if entry.verb == audit.Verb.RECORD_DESTROYED]
        assert [(entry.subject, entry.actor) for entry in entries] == [
            (f"dossier:{dossier.id}", f"user:{office.actors.archivist.id}")
        ]
        assert json.loads(entries[0].details)["counts"]["pages"] == 2
        assert audit.verify(session) is None


def test_staff_and_administrators_do_not_run_it(database: Database, office: Any) -> None:
    for actor in (office.actors.staff, office.actors.admin):
        with pytest.raises(NotAllowed):
            purge.run(database, office.vault, office.rules, actor, ON)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_with_wal_recycling_off_the_write_ahead_log_keeps_nothing_either(
    database: Database, office: Any, home: Path
) -> None:
    settings = ("wal_recycle = off", "min_wal_size = '32MB'")
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for setting in settings:
            connection.execute(text(f"ALTER SYSTEM SET {setting}"))
        connection.execute(text("SELECT pg_reload_conf()"))
        while connection.scalar(text("SHOW wal_recycle")) != "off":
            time.sleep(0.02)
        connection.execute(text("CHECKPOINT"))
        log = Path(connection.scalar(text("SHOW data_directory")) or "") / "pg_wal"
    with database.transaction() as session:
        everything_about_a_person(session, office)
        office.approved(session, ON)
    marker = STORY.encode()
    assert any(marker in bytes_of(path) for path in log.iterdir() if path.is_file())
    assert [outcome.state for outcome in erase(office, database)] == ["destroyed"]
    assert not [path.name for path in log.iterdir() if path.is_file() and marker in bytes_of(path)]


def test_whatever_points_to_what_a_purge_deletes_is_found_by_an_index() -> None:
    # Without one the database reads a whole table for every row that goes: 10,000 files took minutes.
    unfound = []
    for table in schema.METADATA.sorted_tables:
        found = {index.columns.keys()[0] for index in table.indexes} | {table.primary_key.columns.keys()[0]}
        for column in table.columns:
            to = {key.column.table.name for key in column.foreign_keys}
            if to & {"blobs", "pages", "owners"} and column.name not in found:
                unfound.append(str(column))
    assert unfound == []
