"""Days are the office's own, whatever zone the server or its database lives in; and odd days count as the wall says."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from records import clock
from records.database import Database
from records.facts import FactKind
from retention import disposition, holds
from retention.schedule import Schedule
from tests.retention.office import ROWS, plainly

MIDNIGHT = datetime(2024, 3, 30, 16, tzinfo=UTC)  # of 31 March in Shanghai, the day on which the dossier is due
ZONES = ("America/Los_Angeles", "Pacific/Kiritimati", "UTC", "Asia/Shanghai")


@pytest.fixture(params=ZONES)
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The server's zone."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


def test_a_record_is_due_at_the_offices_midnight(
    zone: str, database: Database, office: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"ALTER DATABASE {database.engine.url.database} SET timezone TO '{zone}'"))
        database.close()
    with database.transaction() as session:
        dossier = office.former(session)
    for moment, due in ((MIDNIGHT - timedelta(seconds=1), []), (MIDNIGHT, [dossier.id])):
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        with database.transaction() as session:
            found = disposition.due(session, office.schedule, clock.today())
            assert [one.target_id for one in found] == due
            filed = office.document(session, f"S-{moment.minute}", "KEYS")
            session.flush()
            session.expire(filed)
            assert clock.local_date(filed.filed_at) == clock.today()
            assert filed.dated == clock.today()
    assert clock.today() == date(2024, 3, 31)
    assert clock.start_of(clock.today()) == MIDNIGHT


def test_a_fact_of_today_is_of_the_offices_today(
    zone: str, database: Database, office: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half an hour after midnight in the office: yesterday in Los Angeles, today already in Kiritimati."""
    assert zone
    monkeypatch.setattr(clock, "now", lambda: MIDNIGHT + timedelta(minutes=30))
    with database.transaction() as session:
        document = office.document(session, "S-1", "KEYS")
        office.fact(session, FactKind.ARCHIVED, ("document", document.id), date(2024, 3, 31))
        due = disposition.due(session, office.schedule, date(2026, 3, 31))
        assert [(one.target_id, one.due_on) for one in due] == [(document.id, date(2026, 3, 31))]
        with pytest.raises(Exception, match="在今天之后"):
            office.fact(session, FactKind.ARCHIVED, ("document", document.id), date(2024, 4, 1))


ODD = [date(year, *day) for year in range(2012, 2025) for day in ((1, 1), (2, 28), (3, 1), (12, 31))]
ODD += [date(year, 2, 29) for year in (2012, 2016, 2020, 2024)]
#: A fact and what it was corrected to, one correction after the other.
CHAINS = st.lists(st.lists(st.sampled_from(ODD), min_size=1, max_size=4), min_size=1, max_size=3)
#: Holds one after the other: on what, and whether it was released again.
HOLDS = st.lists(st.tuples(st.sampled_from(["document", "series", "unit"]), st.booleans()), max_size=3)


class Undo(Exception):
    """Leaves the transaction without a trace."""


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # it is about dates, not databases
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    chains=CHAINS, placed=HOLDS, key=st.sampled_from(["KEYS", "JANUARY"]), years=st.integers(1, 8),
    count_from=st.sampled_from(["event", "next_january"]), day=st.integers(-1, 1),
)  # fmt: skip
def test_odd_days_corrected_corrections_and_released_holds_agree_with_a_plain_reading(
    database: Database,
    office: Any,
    chains: list[list[date]],
    placed: list[tuple[str, bool]],
    key: str,
    years: int,
    count_from: str,
    day: int,
) -> None:
    own = {"period": {"years": years}, "count_from": count_from}
    schedule = Schedule([row | own if row["key"] == key else row for row in ROWS])
    ends = plainly(max(chain[-1] for chain in chains), years, count_from)
    with pytest.raises(Undo), database.transaction() as session:
        unit, _ = office.make_unit(session, "1-1-101")
        document = office.document(session, "S-1", key, form_code="XX-01", series="XX", unit=unit)
        for chain in chains:
            fact = None
            for on in chain:
                subject = ("document", document.id)
                fact = office.fact(session, FactKind.ARCHIVED, subject, on, replaces=fact, reason="抄错")
        held = False
        for kind, released in placed:
            target = {"document": document.id, "series": "XX", "unit": unit.id}[kind]
            hold = holds.place(session, office.actors.manager, kind, target, "诉讼")
            if released:
                holds.release(session, office.actors.manager, hold)
            held = held or not released
        due = disposition.due(session, schedule, ends + timedelta(days=day))
        assert [one.target_id for one in due] == ([document.id] if day >= 0 and not held else [])
        assert all(one.due_on == ends for one in due)
        raise Undo
