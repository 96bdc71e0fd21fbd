"""The schedule lets nothing go a day too early, whatever the calendar does."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from retention.schedule import Schedule, UnknownRule, latest_start, load_schedule
from tests.retention.office import ROWS

DATES = st.dates(date(1990, 1, 1), date(2090, 12, 31))
YEARS = st.integers(1, 60)
FROM = st.sampled_from(["event", "next_january"])


def one_rule(years: int, count_from: str) -> Schedule:
    return Schedule(
        [{"key": "R", "zh": "", "en": "", "clause": None, "period": {"years": years}, "starts": "archived",
          "count_from": count_from}]
    )  # fmt: skip


def plain(fact_on: date, years: int, count_from: str) -> date:
    """The reference: a calendar on the wall."""
    if count_from == "next_january":
        fact_on = date(fact_on.year + 1, 1, 1)
    year = fact_on.year + years
    return date(year, fact_on.month, min(fact_on.day, calendar.monthrange(year, fact_on.month)[1]))


@given(DATES, YEARS, FROM)
def test_a_period_ends_where_the_calendar_says(fact_on: date, years: int, count_from: str) -> None:
    assert one_rule(years, count_from).due_on("R", fact_on) == plain(fact_on, years, count_from)


@given(DATES, DATES, YEARS, YEARS, FROM)
def test_a_later_fact_or_a_longer_period_never_ends_earlier(
    first: date, second: date, years: int, more: int, count_from: str
) -> None:
    earlier, later = sorted((first, second))
    due = one_rule(years, count_from).due_on("R", earlier)
    assert due <= one_rule(years, count_from).due_on("R", later)
    assert due < one_rule(years + more, count_from).due_on("R", earlier)
    assert due <= one_rule(years, "next_january").due_on("R", earlier)


@given(DATES, YEARS, FROM)
def test_the_latest_start_is_the_last_day_that_has_run_out(on: date, years: int, count_from: str) -> None:
    schedule = one_rule(years, count_from)
    last = latest_start(schedule.rule("R"), on)
    assert last is not None
    assert schedule.due_on("R", last) <= on < schedule.due_on("R", last + timedelta(days=1))


def test_the_twenty_ninth_of_february_becomes_the_twenty_eighth() -> None:
    assert one_rule(3, "event").due_on("R", date(2024, 2, 29)) == date(2027, 2, 28)
    assert one_rule(4, "event").due_on("R", date(2024, 2, 29)) == date(2028, 2, 29)


def test_counting_from_january_begins_after_the_event_even_on_new_years_day() -> None:
    assert one_rule(2, "next_january").due_on("R", date(2026, 1, 1)) == date(2029, 1, 1)


def test_what_is_permanent_long_term_or_undecided_is_never_due() -> None:
    schedule = Schedule(ROWS)
    for key in ("OWNER", "COMMITTEE", "UNSET"):
        assert schedule.due_on(key, date(1990, 1, 1)) is None
    assert schedule.review_on("COMMITTEE", date(2016, 5, 1)) == date(2026, 5, 1)
    assert schedule.review_on("KEYS", date(2016, 5, 1)) is None


@given(st.lists(st.sampled_from([row["key"] for row in ROWS]), min_size=1))
def test_of_several_rules_the_longest_wins_and_permanent_beats_all(keys: list[str]) -> None:
    schedule = Schedule(ROWS)
    longest = schedule.longest(keys)
    if "OWNER" in keys:
        assert longest.key == "OWNER"
    elif {"COMMITTEE", "UNSET"} & set(keys):
        assert longest.years is None
    else:
        assert longest.years == max(schedule.rule(key).years for key in keys)


def test_rows_that_are_no_schedule_are_refused() -> None:
    row = {"key": "R", "zh": "", "en": "", "clause": None}
    for broken in ({"period": {"years": 2}}, {"period": "long_term"}, {"period": "for ever"}, {"period": {"years": 0}}):
        with pytest.raises(ValidationError):
            Schedule([{**row, **broken}])
    with pytest.raises(ValueError, match="twice"):
        Schedule([ROWS[0], ROWS[0]])
    with pytest.raises(UnknownRule):
        Schedule(ROWS).rule("NONE")


def test_the_handbooks_rules_are_the_schedule() -> None:
    schedule = load_schedule()
    years = {key: rule.years for key, rule in schedule.rules.items()}
    assert years == {
        "OWNER": None, "FORMER": 3, "CALLBACK": 2, "KEYS": 2, "VACANT": 1, "PATROL": 2, "DUTY": 3, "VIOL_MINOR": 1,
        "VIOL_MAJOR": 5, "COMMITTEE": None, "UNSET": None,
    }  # fmt: skip
    assert schedule.rule("FORMER").starts == "ownership_changed"
    assert schedule.keys("undecided") == ["UNSET"]
