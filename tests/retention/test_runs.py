"""A run names its lines, keeps to its limit, notes how far it is, and is one at a time, on both databases."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from records import clock
from records.database import Database
from records.errors import NotAllowed
from records.tables import User
from retention import runs, scrubbing, states
from retention.runs import RunMoved, RunUnderWay, Tools
from retention.tables import DisposalLine

ON = date(2024, 3, 31)
NIGHT = (1, 5)


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wiping the files is tested where it lives."""
    monkeypatch.setattr(scrubbing, "scrub", lambda _: None)


def tools(database: Database, office: Any) -> Tools:
    return Tools(database, office.vault, office.rules)


def listed(database: Database, office: Any, *counts: int) -> list[int]:
    """An approved list of former dossiers with so many documents each; its lines' ids."""
    with database.transaction() as session:
        for number, count in enumerate(counts):
            office.former(session, f"3-2-{1201 + number}", count=count)
        office.approved(session, ON)
        return [line.id for line in runs.waiting_lines(session)]


def test_a_night_takes_the_first_lines_that_fit_and_a_dossier_larger_than_the_limit_goes_alone(
    database: Database, office: Any
) -> None:
    lines = listed(database, office, 2, 2, 3)
    with database.reading() as session:
        waiting = runs.waiting_lines(session)
        assert list(runs.sizes(session, waiting).values()) == [2, 2, 3]
        assert runs.within(session, waiting, None) == lines
        assert runs.within(session, waiting, 4) == lines[:2]
        assert runs.within(session, waiting, 1) == lines[:1]
        assert runs.within(session, waiting, 1, fresh=False) == runs.within(session, waiting, 0) == []


def test_what_a_night_destroyed_counts_and_the_rest_waits_for_the_next(database: Database, office: Any) -> None:
    listed(database, office, 2, 2, 3)
    for left_out, left in ((2, 1), (None, 1)):
        with database.transaction() as session:
            run = runs.ask_for_night(session, NIGHT, 3, signed_first=False)
            assert (run.left_out if run else None) == left_out
            claimed = runs.claim(session) if run else None
        if claimed:
            runs.work_off(tools(database, office), claimed.id)
        with database.reading() as session:
            assert runs.night(session, NIGHT, 3).left == left
            assert len(runs.waiting_lines(session)) == 2


def test_only_one_run_at_a_time_only_of_lines_that_wait_and_only_by_those_who_may(
    database: Database, office: Any
) -> None:
    lines = listed(database, office, 1, 1)
    with database.transaction() as session:
        with pytest.raises(NotAllowed):
            runs.ask(session, office.actors.staff, lines, ON)
        for wrong in ([], [*lines, 999]):
            with pytest.raises(RunMoved):
                runs.ask(session, office.actors.archivist, wrong, ON)
        run = runs.ask(session, office.actors.archivist, lines[:1], ON)
        with pytest.raises(RunUnderWay):
            runs.ask(session, office.actors.archivist, lines[1:], ON)
        assert runs.ask_for_night(session, NIGHT, 0, signed_first=False) is None
        assert not runs.unattended(run)
        assert runs.claim(session) is run
        assert runs.claim(session) is None


def test_a_run_notes_how_far_it_is_and_ends_with_what_became_of_each_line(
    database: Database, office: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "_NOTED_EVERY", 0.0)
    lines = listed(database, office, 1, 1, 1)
    seen: list[tuple[int, int]] = []

    def look(_done: int, _total: int) -> None:
        with database.reading() as session:
            run = runs.find_run(session, run_id)
            seen.append((run.done, run.total))

    with database.transaction() as session:
        run_id = runs.ask(session, office.actors.archivist, lines, ON, working=True).id
    runs.work_off(tools(database, office), run_id, look)
    with database.reading() as session:
        run = runs.find_run(session, run_id)
        assert (run.state, run.stage, run.done, run.documents, run.outcomes) == ("finished", "finished", 3, 3, [])
        assert set(session.scalars(select(DisposalLine.state))) == {"destroyed"}
        gone = states.of_records(session, office.schedule, [("dossier", line.target_id) for line in
                                                            runs.lines_of(session, run)], ON)  # fmt: skip
        assert {one.state for one in gone.values()} == {"destroyed"}
    assert [total for _, total in seen] == [3, 3, 3]


def test_who_lost_the_role_meanwhile_destroys_nothing_and_the_run_says_why(database: Database, office: Any) -> None:
    lines = listed(database, office, 1)
    with database.transaction() as session:
        run_id = runs.ask(session, office.actors.archivist, lines, ON, working=True).id
        session.get_one(User, office.actors.archivist.id).role = "staff"
    with pytest.raises(NotAllowed):
        runs.work_off(tools(database, office), run_id)
    with database.reading() as session:
        run = runs.find_run(session, run_id)
        assert (run.state, run.outcomes[0]["state"]) == ("finished", "failed")
        assert session.scalars(select(DisposalLine.state)).all() == ["approved"]


def test_a_run_that_nobody_works_on_says_so(database: Database, office: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = listed(database, office, 1)
    with database.transaction() as session:
        run = runs.ask(session, office.actors.archivist, lines, ON)
        later = clock.now() + timedelta(minutes=1)
        monkeypatch.setattr(clock, "now", lambda: later)
        assert runs.unattended(run)
