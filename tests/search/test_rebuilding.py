"""The index is made anew while people search and file; killed in the middle, the old one serves and nothing is lost."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select, text, update

from records import changes, clock
from records.database import Database
from records.tables import Document, Owner
from search import rebuilding, shadow
from search.engines import engine_for
from search.expressions import Token
from search.index import Index
from search.tables import ENTRIES, LIVE, OLD, SHADOW, SearchEntry, SearchPending, SearchState, state_of
from search.walking import newest
from tests.search.conftest import NAMES, SERIES, Office, put_document, put_page

WHO = "漏水 或 渗水 或 业主:李"


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that even a small office is rebuilt in several steps, and on PostgreSQL in several parts."""
    monkeypatch.setattr(rebuilding, "_BATCH", 8)
    monkeypatch.setattr(rebuilding, "_NEWEST_PARTS", (5, 10))
    monkeypatch.setattr(rebuilding, "PART", 12)


def findings(office: Office) -> list[tuple[str, str]]:
    """What the check says of the index."""
    with office.database.reading() as session:
        return [(finding.code, finding.subject) for finding in office.index.findings(session)]


def during(office: Office, act: Callable[[], None], step: int = 2) -> None:
    """Rebuild, with an act after some of the batches."""
    steps = iter(range(100))

    def progress(_done: int, _total: int) -> None:
        if next(steps) == step:
            act()

    office.index.rebuild(office.database, progress)


def test_people_search_and_find_the_same_at_every_step(office: Office) -> None:
    before, seen = office.found(WHO), []
    steps: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> None:
        steps.append((done, total))
        seen.append(office.found(WHO))

    assert office.index.rebuild(office.database, progress) == 38
    assert len(seen) > 4 and all(found == before for found in seen)
    assert steps[-1] == (38, 38) and all(one <= other for one, other in pairwise(steps))
    assert office.found(WHO) == before and findings(office) == []


@pytest.mark.parametrize("step", [0, 2, 4])
def test_what_is_filed_corrected_and_transferred_meanwhile_is_found_after_it(office: Office, step: int) -> None:
    def act() -> None:
        with office.database.transaction() as session:
            office.documents["new"] = put_document(session, pages=["电梯困人"], dated=clock.today()).id
            put_page(session, session.get_one(Document, office.documents["noise"]), 2, "补充:阳台渗水")
            session.get_one(Document, office.documents["survey"]).dated = clock.today()
            session.execute(update(Owner).where(Owner.name == "李𬱖").values(name="李更名"))
            changes.touch(session, [office.documents[name] for name in ("noise", "survey", "spaced")])
        assert office.found("电梯困人") == {"new"} and office.found("业主:李更名") == {"noise", "spaced"}

    during(office, act, step)
    assert office.found("电梯困人") == {"new"}
    assert office.found("阳台渗水") == {"noise"} and office.found("业主:李更名") == {"noise", "spaced"}
    assert office.found("业主:李𬱖") == set() and findings(office) == []


@pytest.mark.parametrize("step", [0, 4])
def test_what_is_destroyed_meanwhile_is_in_neither_index_at_once(office: Office, step: int) -> None:
    def act() -> None:
        with office.database.transaction() as session:
            session.execute(text("DELETE FROM pages WHERE document_id = :id"), {"id": office.documents["leak"]})
            session.get_one(Document, office.documents["leak"]).state = "destroyed"
            changes.touch(session, [office.documents["leak"]])
        with office.database.reading() as session:
            for entries in (LIVE, SHADOW):
                kept = ENTRIES[entries]
                assert office.documents["leak"] not in set(session.scalars(select(kept.c.document_id)))
                assert "天花" not in "".join(session.scalars(select(kept.c.words)))

    during(office, act, step)
    assert office.found("天花板") == set() and findings(office) == []


def test_nothing_is_left_beside_the_index_in_force(office: Office) -> None:
    for generation in (1, 2):
        office.index.rebuild(office.database)
        with office.database.reading() as session:
            assert not shadow.is_there(session, SHADOW) and not shadow.is_there(session, OLD)
            assert (state_of(session).generation, state_of(session).building) == (generation, None)
            assert session.scalars(select(SearchPending)).all() == []
    assert findings(office) == []


def test_a_destruction_does_not_wait_for_a_replaced_index_to_be_cleared_away(sqlite_database: Database) -> None:
    index = Index(NAMES, SERIES)
    sqlite_database.before_commit.append(index.follow)
    with sqlite_database.transaction() as session:
        secret = put_document(session, pages=["欧阳震华 特殊病历"]).id
        ENTRIES[OLD].create(session.connection())
        engine_for(session).create(session.connection(), OLD)
    with sqlite_database.transaction() as session:
        session.execute(text("DELETE FROM pages WHERE document_id = :id"), {"id": secret})
        session.get_one(Document, secret).state = "destroyed"
        changes.touch(session, [secret])
    with sqlite_database.reading() as session:
        assert not shadow.is_there(session, OLD)


_KILLED = """
import os, signal, sys
sys.path.insert(0, {root!r})
from records.database import Database
from search import rebuilding
from search.index import Index
rebuilding._BATCH = 8
database = Database({url!r})
def progress(done, total):
    if done >= 16:
        os.kill(os.getpid(), signal.SIGKILL)
Index({{}}, {{}}).rebuild(database, progress)
"""


def test_killed_in_the_middle_the_old_index_serves_and_the_next_one_begins_afresh(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = office.found(WHO)
    url = office.database.engine.url.render_as_string(hide_password=False)
    script = _KILLED.format(root=str(rebuilding.__file__).rsplit("/search/", 1)[0], url=url)
    killed = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert office.found(WHO) == before and findings(office) == []
    with office.database.transaction() as session:
        office.documents["new"] = put_document(session, pages=["电梯困人"]).id
    with pytest.raises(rebuilding.RebuildRunning):
        office.index.rebuild(office.database)  # nobody can know yet that its builder is dead
    with office.database.reading() as session:
        assert not office.index.is_outdated(session)
    later = clock.now() + 2 * rebuilding.LEASE
    monkeypatch.setattr("records.clock.now", lambda: later)
    with office.database.reading() as session:
        assert office.index.is_outdated(session)
    assert office.index.rebuild(office.database) == 39
    assert office.found(WHO) == before and office.found("电梯困人") == {"new"} and findings(office) == []


def test_another_version_of_the_analysis_is_a_reason_to_rebuild(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    with office.database.reading() as session:
        assert not office.index.is_outdated(session)
    monkeypatch.setattr("search.analysis.VERSION", "9/9")
    with office.database.reading() as session:
        assert office.index.is_outdated(session)
    office.index.rebuild(office.database)
    with office.database.reading() as session:
        assert not office.index.is_outdated(session)
        assert set(session.scalars(select(SearchEntry.analysis))) == {"9/9"}
    assert findings(office) == []


def test_a_rebuild_that_fails_leaves_the_index_and_does_not_bar_the_next_one(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = office.found(WHO)

    def fail(_rows: object) -> None:
        raise OSError

    monkeypatch.setattr("search.rebuilding.rows_of", fail)
    with pytest.raises(OSError):
        office.index.rebuild(office.database)
    assert office.found(WHO) == before
    monkeypatch.undo()
    assert office.index.rebuild(office.database) == 38 and findings(office) == []


def test_ten_thousand_results_are_paged_through_each_once(database: Database) -> None:
    places = [(number + 700_000) << 32 | number for number in range(10_500)]
    with database.transaction() as session:
        kept = [(place, " 漏水 ", " d§ ") for place in places]
        engine_for(session).put(session, kept)
    paged: list[int] = []
    with database.reading() as session:
        before: int | None = None
        while True:
            page = newest(session, Token("漏水"), 300, before)
            paged += page
            if len(page) < 300:
                break
            before = page[-1]
    assert paged == places[::-1]


def test_progress_is_there_for_all_to_see(office: Office) -> None:
    seen: list[tuple[int, int]] = []

    def progress(_done: int, _total: int) -> None:
        with office.database.reading() as session:
            state = session.get_one(SearchState, 1)
            seen.append((state.done, state.total))

    office.index.rebuild(office.database, progress)
    assert (8, 38) in seen and (38, 38) in seen
    assert timedelta(seconds=5) < rebuilding.LEASE
