"""A purge that is killed, raced by a hold, or run twice at once destroys exactly what it may, and finishes."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

import records.vault.blobs
from forms.erasing import erase_traces
from records import audit, verify
from records.database import Database
from records.documents import DossierClosedToFiling
from records.facts import FactKind
from records.leaving import Leaving
from records.tables import Discard, Document, Dossier, Page
from records.vault import KeyGone, Vault
from retention import holds, purge, scrubbing
from retention.tables import DisposalLine

ON = date(2024, 3, 31)
ROUNDS = 50


def die(*_args: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_on_the_second() -> Callable[..., Sequence[Mapping[str, int]]]:
    seen: list[int] = []

    def eraser(session: Session, vault: Vault, leaving: Sequence[Leaving]) -> Sequence[Mapping[str, int]]:
        seen.append(1)
        if len(seen) == 2:
            die()
        return [{} for _ in leaving]

    return eraser


def die_after_the_first_file(path: Path) -> None:
    path.unlink(missing_ok=True)
    die()


def purge_in_a_child(
    database: Database, office: Any, prepare: Callable[[], Sequence[Any]] = tuple, after: float | None = None
) -> bool:
    """Run the purge in a process of its own, killed ``after`` seconds unless it kills itself; whether it finished."""
    url = database.engine.url.render_as_string(hide_password=False)
    child = os.fork()
    if child == 0:
        try:
            own, erasers = Database(url), [erase_traces, *prepare()]
            purge.run(own, office.vault, office.rules, None, ON, erasers=erasers)
        finally:
            os._exit(0)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFEXITED(status)


def require_whole_or_gone(database: Database, office: Any, expected_pages: int = 2) -> int:
    """Every dossier can be read to its last page or is destroyed without a rest; how many are destroyed."""
    gone = 0
    with database.reading() as session:
        for dossier in session.scalars(select(Dossier).where(Dossier.state != "open")):
            pages = session.scalars(select(Page).join(Document).where(Document.dossier_id == dossier.id)).all()
            if dossier.state == "destroyed":
                gone += 1
                assert pages == []
                assert dossier.ownership.owners == []
                with pytest.raises(KeyGone):
                    office.vault.identity(dossier.key)
            else:
                assert all(office.vault.open(page.blob) for page in pages)
                assert len(pages) == expected_pages
                assert dossier.ownership.owners
    return gone


def require_finished(database: Database, office: Any, destroyed: int) -> None:
    assert require_whole_or_gone(database, office) == destroyed
    with database.reading() as session:
        assert set(session.scalars(select(DisposalLine.state))) == {"destroyed"}
        assert session.scalars(select(Discard)).all() == []
        assert list(verify.check_vault(session, office.vault)) == []
        assert audit.verify(session) is None
        verbs = [entry.verb for entry in audit.entries(session)]
        assert verbs.count(audit.Verb.RECORD_DESTROYED) == destroyed
        assert verbs.count(audit.Verb.DISPOSAL_COMPLETED) == 1


@pytest.mark.parametrize("moment", ["erasing", "discarding", "between files", "scrubbing", "settling"])
def test_killed_at_a_chosen_moment_the_next_run_finishes_it(
    database: Database, office: Any, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    with database.transaction() as session:
        for number in (1, 2, 3):
            office.former(session, f"3-2-120{number}")
        office.approved(session, ON)
        office.former(session, "3-2-1209")

    def prepare() -> Sequence[Any]:
        # In the child only: nothing of this reaches the test's own process.
        purge.DOCUMENTS_AT_ONCE = 2  # a dossier each
        if moment == "discarding":
            Vault.discard_forgotten = die  # type: ignore[method-assign, assignment]  # in the child only
        elif moment == "between files":
            records.vault.blobs.erase = die_after_the_first_file
        elif moment == "scrubbing":
            scrubbing.scrub = die
        elif moment == "settling":
            purge._settle = die
        return [die_on_the_second()] if moment == "erasing" else []

    assert not purge_in_a_child(database, office, prepare)
    assert require_whole_or_gone(database, office) == (1 if moment == "erasing" else 3)
    purge.run(database, office.vault, office.rules, None, ON, erasers=[erase_traces])
    require_finished(database, office, 3)


def test_killed_again_and_again_at_any_moment_it_still_finishes(database: Database, office: Any) -> None:
    with database.transaction() as session:
        for number in range(10, 18):
            office.former(session, f"3-2-12{number}")
        office.approved(session, ON)
    dice = random.Random(6)
    for _ in range(5):
        purge_in_a_child(database, office, after=dice.uniform(0.0, 0.35))
        require_whole_or_gone(database, office)
    purge.run(database, office.vault, office.rules, None, ON, erasers=[erase_traces])
    require_finished(database, office, 8)


def test_a_hold_that_races_the_purge_wins_or_comes_too_late_and_never_both(
    database: Database, office: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scrubbing, "scrub", lambda _: None)
    dice, tally = random.Random(5), {"held": 0, "destroyed": 0}
    for number in range(ROUNDS):
        kind = ("document", "unit")[number % 2]
        with database.transaction() as session:
            unit, _ = office.make_unit(session, f"1-1-{1000 + number}")
            document = office.document(session, f"YS-01-{number}", unit=unit)
            office.fact(session, FactKind.ARCHIVED, ("document", document.id), date(2020, 1, 1))
            office.approved(session, ON, f"DA-05-{number}")
        target = document.id if kind == "document" else unit.id
        placed = race(database, office, kind, target, dice.uniform(-0.008, 0.008))
        with database.reading() as session:
            found = session.get_one(Document, document.id)
            state = session.scalars(select(DisposalLine.state).order_by(DisposalLine.id.desc())).first()
            assert (found.state, state) in {("filed", "held"), ("destroyed", "destroyed")}
            if found.state == "filed":
                assert placed
                assert office.vault.open(found.pages[0].blob)
            elif placed:
                # A hold on the unit may stand although this document went before it: never after it.
                assert kind == "unit"
                assert order_of(session, f"unit:{unit.id}") > order_of(session, f"document:{document.id}")
        tally[str(state)] += 1
    assert sum(tally.values()) == ROUNDS


def race(database: Database, office: Any, kind: str, target: int, head_start: float) -> bool:
    """Run the purge and place a hold at the same time; whether the hold was placed."""
    start, placed = threading.Barrier(2), []

    def destroy() -> None:
        start.wait()
        time.sleep(max(0.0, head_start))
        purge.run(database, office.vault, office.rules, None, ON)

    runner = threading.Thread(target=destroy)
    runner.start()
    start.wait()
    time.sleep(max(0.0, -head_start))
    try:
        with database.transaction() as session:
            holds.place(session, office.actors.manager, kind, target, "诉讼")
        placed.append(True)
    except holds.AlreadyDestroyed:
        pass
    runner.join()
    return bool(placed)


def order_of(session: Session, subject: str) -> int:
    """When the log last spoke of a hold on the subject, or of its destruction."""
    verbs = (audit.Verb.HOLD_PLACED, audit.Verb.RECORD_DESTROYED)
    return max(entry.seq for entry in audit.entries(session) if entry.subject == subject and entry.verb in verbs)


@pytest.mark.parametrize("first", ["filing", "purge"])
def test_what_is_being_filed_goes_with_the_dossier_and_what_comes_later_is_refused(
    database: Database, office: Any, first: str
) -> None:
    with database.transaction() as session:
        dossier = office.former(session)
        office.approved(session, ON)
    begun, purging = threading.Event(), threading.Event()

    def slowly(session: Session, vault: Vault, leaving: Sequence[Leaving]) -> Sequence[Mapping[str, int]]:
        purging.set()
        time.sleep(0.3)
        return [{} for _ in leaving]

    def destroy() -> None:
        if first == "filing":
            begun.wait()
        purge.run(database, office.vault, office.rules, None, ON, erasers=[slowly])

    runner = threading.Thread(target=destroy)
    runner.start()
    if first == "purge":
        purging.wait()
    late = False
    try:
        with database.transaction() as session:
            found = session.get_one(Dossier, dossier.id)
            office.document(session, "RZ-02-late", "OWNER", form_code="RZ-02", dossier=found)
            begun.set()
            time.sleep(0.3)
    except DossierClosedToFiling:
        late = True
    runner.join()
    assert late == (first == "purge")
    with database.reading() as session:
        assert session.scalars(select(Page)).all() == []
        assert set(session.scalars(select(Document.state))) == {"destroyed"}
        assert session.get_one(Dossier, dossier.id).state == "destroyed"


def test_two_purges_at_once_destroy_everything_once(database: Database, office: Any) -> None:
    with database.transaction() as session:
        for number in range(10, 16):
            office.former(session, f"3-2-12{number}")
        office.approved(session, ON)
    runs = [threading.Thread(target=purge.run, args=(database, office.vault, office.rules, None, ON)) for _ in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    purge.run(database, office.vault, office.rules, None, ON)
    require_finished(database, office, 6)
