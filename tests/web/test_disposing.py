"""Destroying from the pages: shown first, two persons, limited by night, finished by itself, and told everywhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pypdfium2
import pytest
from sqlalchemy import select

from forms import books
from forms.books import book_transfers
from forms.tables import Book, Serial
from records import clock, dossiers, facts, units, users
from records.access.deputies import name_deputy
from records.dossiers import NewOwner
from records.facts import FactKind
from records.tables import AuditEntry, Dossier, Fact, User
from retention import certificates, holds, runs, scrubbing
from retention.scrubbing import NotScrubbed
from retention.tables import DisposalLine
from web.acts.retention import disposal_runs, disposals
from web.background.worker import Worker
from web.office import Office

if TYPE_CHECKING:
    from tests.web.conftest import Visitor

SignIn = Callable[[str], "Visitor"]
FORMER = "DA-1-1-101-01"
_SEEN = re.compile(r'name="seen" value="([0-9a-f]+)"')


def more_former_owners(office: Office, count: int) -> None:
    """Homes whose owner sold long ago."""
    with office.transaction() as session:
        archivist = users.find_actor(session, "archivist")
        for number in range(count):
            home = units.add_unit(session, archivist, "东光花园", f"5-1-{101 + number}")
            for owner, day in ((f"甲{number}", date(2012, 5, 1)), (f"乙{number}", date(2018, 5, 1))):
                dossiers.start_ownership(session, office.vault, archivist, home, [NewOwner(owner)], day)


def approved(office: Office) -> str:
    """A list of everything that is due, proposed and approved; its certificate's number."""
    with office.transaction() as session:
        found = disposals.due(session, office.catalogue, clock.today())
        disposal = certificates.propose(session, users.find_actor(session, "archivist"), found)
        disposals.approve(session, office.shop, users.find_actor(session, "manager"), disposal)
        return str(disposal.certificate)


def states(office: Office) -> list[str]:
    with office.reading() as session:
        return list(session.scalars(select(DisposalLine.state).order_by(DisposalLine.id)))


def progress(visitor: Visitor, run: str) -> dict[str, Any]:
    """What the progress bar is told."""
    return dict(visitor.get(f"{run}/progress").get_json())


def refused(answer: Any) -> str:
    """The code of an error."""
    return str(answer.get_json()["code"])


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: moment)


def test_what_is_due_goes_its_whole_way_over_the_pages_and_each_step_is_told_apart(
    office: Office, sign_in: SignIn
) -> None:
    archivist, manager = sign_in("archivist"), sign_in("manager")
    dossier, due = f"/dossiers/{FORMER}", "/retention/"
    assert "到期" in manager.get(dossier).text
    archivist.post("/retention/propose", record=FORMER)
    assert "拟销毁" in manager.get(dossier).text and "拟销毁" in archivist.get(due).text
    assert manager.post("/retention/lists/1/refuse").status_code == 400
    manager.post("/retention/lists/1/refuse", reason="诉讼未结")
    assert "诉讼未结" in archivist.get("/retention/lists/1").text and "诉讼未结" in archivist.get("/").text
    assert "未批准" in archivist.get(due).text and "未批准" in manager.get(dossier).text
    archivist.post("/retention/propose", record=FORMER)
    manager.post("/retention/lists/2/approve")
    assert "已批准" in manager.get(dossier).text and "未扫描归档" in archivist.get("/retention/lists/2").text
    page = archivist.get("/retention/runs/").text
    assert "将被销毁" in page and "今晚" in page
    assert archivist.post("/retention/runs/", seen="0" * 32).status_code == 400
    seen = _SEEN.search(page)
    assert seen is not None
    run = archivist.post("/retention/runs/", seen=seen[1]).location
    assert progress(archivist, run)["finished"] is False
    assert Worker(office)._dispose() == 1
    assert progress(archivist, run) == {
        "done": 1, "finished": True, "text": "1 / 1 项 · 已完成", "total": 1,
    }  # fmt: skip
    assert "已销毁" in archivist.get(run).text and "此档案已销毁" in manager.get(dossier).text
    assert archivist.post("/retention/lists/2/paper", on="2020-01-01", witness="周敏").status_code == 400
    archivist.post("/retention/lists/2/paper", on=clock.today().isoformat(), witness="周敏")
    printed = pypdfium2.PdfDocument(archivist.post("/retention/lists/2/result").data)
    text = printed[0].get_textpage().get_text_bounded()
    printed.close()
    assert FORMER in text and "监销人 周敏" in text and "密钥 1" in text


def test_who_proposed_does_not_approve_after_a_change_of_role_and_a_deputy_does_not_approve_at_all(
    office: Office, sign_in: SignIn
) -> None:
    supervisor = sign_in("supervisor")
    supervisor.post("/retention/propose", record=FORMER)
    with office.transaction() as session:
        row = session.scalars(select(User).where(User.name == "supervisor")).one()
        today = clock.today()
        name_deputy(session, users.find_actor(session, "manager"), row, today, today + timedelta(days=3))
    assert refused(supervisor.post("/retention/lists/1/approve", accept="application/json")) == "access.not_allowed"
    with office.transaction() as session:
        session.scalars(select(User).where(User.name == "supervisor")).one().role = "manager"
    promoted = sign_in("supervisor")
    answer = promoted.post("/retention/lists/1/approve", accept="application/json")
    assert refused(answer) == "retention.same_person"
    assert "须由另一位经理审批" in promoted.get("/retention/lists/1").text
    assert states(office) == ["proposed"]


def test_a_night_destroys_no_more_than_its_limit_and_the_next_one_goes_on(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    more_former_owners(office, 4)
    approved(office)
    office.settings = replace(office.settings, night_limit=2)
    midnight = clock.start_of(clock.today() + timedelta(days=1))
    for night, gone in ((0, 2), (1, 4), (2, 5)):
        for hour in (2, 3):  # a second worker, or one begun anew, in the same night
            at(monkeypatch, midnight + timedelta(days=night, hours=hour))
            worker = Worker(office)
            worker._at_night()
            worker._dispose()
            assert states(office).count("destroyed") == gone
            with office.reading() as session:
                tonight = disposal_runs.tonight(session, office)
                assert tonight.left == (0 if night < 2 else 1)
    with office.reading() as session:
        assert [run.left_out for run in runs.history(session)][-1] == 3


def test_by_day_the_nightly_job_destroys_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    approved(office)
    at(monkeypatch, datetime(2026, 12, 1, 4, tzinfo=UTC))  # noon in the office
    worker = Worker(office)
    worker._at_night()
    worker._dispose()
    assert states(office) == ["approved"]


def test_what_could_not_be_wiped_while_somebody_read_is_finished_by_the_worker_and_the_page_says_so(
    office: Office, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    approved(office)

    def busy(_database: object) -> None:
        raise NotScrubbed(why="有人正在读取")

    wipe = scrubbing.scrub
    monkeypatch.setattr(scrubbing, "scrub", busy)
    archivist = sign_in("archivist")
    seen = _SEEN.search(archivist.get("/retention/runs/").text)
    assert seen is not None
    page = archivist.post("/retention/runs/", seen=seen[1]).location
    worker = Worker(office)
    worker._dispose()
    assert states(office) == ["destroying"]
    assert "不必守候" in archivist.get(page).text and "不必守候" in archivist.get("/retention/runs/").text
    assert "正在销毁" in archivist.get(f"/dossiers/{FORMER}").text
    with office.reading() as session:
        assert "正在销毁" in str(certificates.tombstone(session, FORMER))
    worker._finish_disposal()
    assert states(office) == ["destroying"]
    monkeypatch.setattr(scrubbing, "scrub", wipe)
    worker._finish_disposal()  # not at once again
    assert states(office) == ["destroying"]
    worker.wipe_again = 0.0
    worker._finish_disposal()
    assert states(office) == ["destroyed"]


def test_a_run_whose_worker_was_killed_is_taken_over(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    approved(office)
    with office.transaction() as session:
        archivist = users.find_actor(session, "archivist")
    foreseen = disposal_runs.foresee(office, archivist, clock.today())
    run_id = disposal_runs.ask(office, archivist, clock.today(), foreseen.seen)
    with office.transaction() as session:  # claimed, and killed at once
        assert runs.claim(session) is not None
    assert disposal_runs.work_once(office) == 0
    at(monkeypatch, clock.now() + runs.LEASE)
    assert disposal_runs.work_once(office) == 1
    with office.reading() as session:
        assert runs.find_run(session, run_id).state == "finished"


def test_with_the_signed_list_demanded_nothing_goes_before_it_is_filed(office: Office) -> None:
    certificate = approved(office)
    office.settings = replace(office.settings, signed_first=True)
    with office.reading() as session:
        archivist = users.find_actor(session, "archivist")
        assert [one.certificate for one in runs.unsigned(session)] == [certificate]
    foreseen = disposal_runs.foresee(office, archivist, clock.today())
    assert ([one.state for one in foreseen.outcomes], foreseen.ready) == (["unsigned"], [])
    assert disposal_runs.begin_night(office) is None
    assert [one.state for one in disposal_runs.run_now(office, archivist, clock.today())] == ["unsigned"]
    assert states(office) == ["approved"]


def test_a_book_of_which_no_page_was_filed_comes_due_by_its_own_facts_and_goes(office: Office, sign_in: SignIn) -> None:
    long_ago = clock.today() - timedelta(days=3 * 366)
    with office.transaction() as session:
        people = {name: users.find_actor(session, name) for name in ("staff", "supervisor", "archivist")}
        book = books.create(session, people["staff"], office.catalogue.form("HF-01"), 3)
        books.issue(session, people["supervisor"], book, "前台")
        books.cancel_blank(session, people["supervisor"], book, [serial.text for serial in book.serials])
        books.close(session, people["supervisor"], book)
        made = book_transfers.make_list(session, people["archivist"], [book])
        book_transfers.record_signed(session, people["archivist"], made, "档案室", clock.today())
        correct_facts(session, people["archivist"], book, long_ago)
        number = book.number
    archivist = sign_in("archivist")
    assert number in archivist.get("/retention/").text and "到期" in archivist.get(f"/books/{number}").text
    certificate = approved(office)
    assert disposal_runs.begin_night(office) is not None
    assert disposal_runs.work_once(office) == 2
    with office.reading() as session:
        assert session.scalars(select(Book.state).where(Book.number == number)).one() == "destroyed"
        serials = session.scalars(select(Serial).join(Book).where(Book.number == number)).all()
        assert {serial.state for serial in serials} == {"destroyed"}
    page = archivist.get(f"/numbers/{serials[0].text}").text
    assert "此件已于" in page and certificate in page


def correct_facts(session: Any, archivist: Any, book: Book, on: date) -> None:
    """The book was closed and handed over long ago."""
    for fact in session.scalars(select(Fact).where(Fact.subject_kind == "book", Fact.subject_id == book.id)).all():
        facts.record_fact(
            session, archivist, FactKind(fact.kind), ("book", book.id), on, replaces=fact, reason="补录"
        )  # fmt: skip


def test_a_hold_on_what_was_found_covers_what_was_confirmed_and_the_log_has_no_words(
    office: Office, sign_in: SignIn
) -> None:
    manager = sign_in("manager")
    question = "回访记录表"
    page = manager.get(f"/retention/holds/found?q={question}").text
    seen = _SEEN.search(page)
    assert seen is not None and "将冻结 1 件" in page
    fields = {"q": question, "count": "1", "reason": "投诉调查"}
    stale = manager.post("/retention/holds/found", accept="application/json", seen="0" * 32, **fields)
    assert refused(stale) == "retention.found_moved"
    assert manager.post("/retention/holds/found", seen=seen[1], **fields).status_code == 302
    assert "检索结果" in manager.get("/retention/holds/").text
    with office.reading() as session:
        (hold,) = holds.active(session)
        assert len(hold.documents) == 1
        entries = session.scalars(select(AuditEntry.details).order_by(AuditEntry.seq)).all()
        assert not any(question in str(entry) for entry in entries)
    assert sign_in("archivist").post("/retention/holds/found", seen=seen[1], **fields).status_code == 403


def test_a_hold_to_be_looked_at_again_is_a_task_until_it_was(
    office: Office, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    with office.transaction() as session:
        dossier = session.scalars(select(Dossier).where(Dossier.number == FORMER)).one()
        supervisor = users.find_actor(session, "supervisor")
        holds.place(session, supervisor, "dossier", dossier.id, "诉讼", clock.today() + timedelta(days=1))
    assert "待复核的冻结" not in sign_in("supervisor").get("/").text
    at(monkeypatch, clock.now() + timedelta(days=2))
    visitor = sign_in("supervisor")
    assert FORMER in visitor.get("/").text and "待复核的冻结" in visitor.get("/").text
    visitor.post("/retention/holds/1/review", review_on=(clock.today() + timedelta(days=90)).isoformat())
    assert "待复核的冻结" not in visitor.get("/").text
    assert "supervisor 复核过" in visitor.get("/retention/holds/").text
