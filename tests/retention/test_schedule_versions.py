"""A change of the schedule shows first what it moves, is a manager's, and leaves every version before it readable."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forms.erasing import erase_traces
from records import audit
from records.audit import Verb
from records.database import Database
from records.errors import BadInput, NotAllowed
from records.facts import FactKind
from retention import certificates, disposition, purge, schedule_versions
from retention.schedule import Schedule, Years, load_schedule
from retention.schedule_versions import NothingChanged, RuleCannotChange, ScheduleMoved, in_force
from tests.retention.office import plainly

ARCHIVED = date(2020, 5, 1)


def with_years(schedule: Schedule, key: str, years: int, **more: Any) -> Schedule:
    return schedule.with_rule(schedule.rule(key).model_copy(update={"period": Years(years=years), **more}))


def archived(session: Any, office: Any, serial: str = "YS-01-1", rule: str = "KEYS", **more: Any) -> Any:
    document = office.document(session, serial, rule, **more)
    office.fact(session, FactKind.ARCHIVED, ("document", document.id), ARCHIVED)
    return document


def test_before_any_change_the_handbook_is_in_force(database: Database) -> None:
    with database.reading() as session:
        assert in_force(session).rules == load_schedule().rules
        assert in_force(session).version == 0


def test_the_preview_names_every_record_that_moves_and_changes_nothing(database: Database, office: Any) -> None:
    with database.transaction() as session:
        key = archived(session, office)
        archived(session, office, "XC-01-1", "PATROL")
        shorter = with_years(in_force(session), "KEYS", 1)
        (moved,) = schedule_versions.preview(session, shorter)
        assert (moved.kind, moved.id, moved.before, moved.after) == (
            "document",
            key.id,
            date(2022, 5, 1),
            date(2021, 5, 1),
        )
        assert moved.sooner
        (later,) = schedule_versions.preview(session, with_years(in_force(session), "KEYS", 9))
        assert (later.after, later.sooner) == (date(2029, 5, 1), False)
        january = in_force(session).with_rule(
            in_force(session).rule("KEYS").model_copy(update={"count_from": "next_january"})
        )
        assert [one.after for one in schedule_versions.preview(session, january)] == [date(2023, 1, 1)]
        assert in_force(session).version == 0


def test_a_version_adopted_by_a_manager_decides_what_is_due(database: Database, office: Any) -> None:
    actors = office.actors
    with database.transaction() as session:
        archived(session, office)
        longer = with_years(in_force(session), "KEYS", 9)
        with pytest.raises(NotAllowed):
            schedule_versions.adopt(session, actors.archivist, longer, "法务要求")
        with pytest.raises(BadInput):
            schedule_versions.adopt(session, actors.manager, longer, " ")
        version = schedule_versions.adopt(session, actors.manager, longer, "法务要求")
        now = in_force(session)
        assert (now.version, now.rule("KEYS").years) == (version.id, 9)
        assert disposition.due(session, now, date(2029, 4, 30)) == []
        (record,) = disposition.due(session, now, date(2029, 5, 1))
        disposal = certificates.propose(session, actors.archivist, [record])
        assert [line.schedule_version for line in disposal.lines] == [version.id]
        assert f"第 {version.id} 版" in certificates.certificate_text(session, disposal)[-1]
        with pytest.raises(NothingChanged):
            schedule_versions.adopt(session, actors.manager, now, "又一次")
        assert schedule_versions.as_schedule(schedule_versions.history(session)[0]).rules == now.rules
        (entry,) = [one for one in audit.entries(session) if one.verb == Verb.SCHEDULE_ADOPTED]
        assert "KEYS" in entry.details and "法务" not in entry.details


def test_a_change_made_from_an_older_version_is_looked_at_again(database: Database, office: Any) -> None:
    with database.transaction() as session:
        mine, other = with_years(in_force(session), "KEYS", 9), with_years(in_force(session), "PATROL", 9)
        schedule_versions.adopt(session, office.actors.manager, other, "延长")
        with pytest.raises(ScheduleMoved):
            schedule_versions.adopt(session, office.actors.manager2, mine, "延长")
        assert in_force(session).rule("KEYS").years == 2


def test_the_dossiers_own_rules_stay_what_they_are(database: Database, office: Any) -> None:
    with database.transaction() as session:
        handbook = in_force(session)
        owner = handbook.rule("OWNER").model_copy(update={"period": Years(years=5), "starts": FactKind.ARCHIVED})
        former = handbook.rule("FORMER").model_copy(update={"starts": FactKind.ARCHIVED})
        for rule in (owner, former):
            with pytest.raises(RuleCannotChange):
                schedule_versions.adopt(session, office.actors.manager, handbook.with_rule(rule), "改")
        schedule_versions.adopt(session, office.actors.manager, with_years(handbook, "FORMER", 5), "多留两年")


def test_a_form_without_a_period_is_due_once_its_period_is_decided(database: Database, office: Any) -> None:
    with database.transaction() as session:
        letter = archived(session, office, "JD-01-1", "UNSET", form_code="JD-01", series="JD")
        other = archived(session, office, "JD-02-1", "UNSET", form_code="JD-02", series="JD")
        decided = in_force(session).with_decision("JD-01", "VIOL_MAJOR")
        assert [one.id for one in schedule_versions.preview(session, decided)] == [letter.id]
        schedule_versions.adopt(session, office.actors.manager, decided, "比照重大违章")
        now = in_force(session)
        (record,) = disposition.due(session, now, date(2025, 5, 1))
        assert (record.target_id, record.rule) == (letter.id, "VIOL_MAJOR")
        assert [one.target_id for one in disposition.undecided(session, now)] == [other.id]
        kept = now.with_decision("JD-02", "COMMITTEE")
        schedule_versions.adopt(session, office.actors.manager, kept, "长期")
        assert disposition.undecided(session, in_force(session)) == []
        (review,) = disposition.reviews(session, in_force(session), date(2030, 5, 1))
        assert review.target_id == other.id


def test_a_longer_period_adopted_after_the_approval_saves_the_record(database: Database, office: Any) -> None:
    with database.transaction() as session:
        document = archived(session, office)
        found = disposition.due(session, in_force(session), date(2022, 5, 1))
        disposal = certificates.propose(session, office.actors.archivist, found)
        certificates.approve(session, office.actors.manager, disposal, "DA-05-2026-000001-0")
        schedule_versions.adopt(session, office.actors.manager, with_years(in_force(session), "KEYS", 30), "诉讼")
    (outcome,) = purge.run(database, office.vault, in_force, None, date(2022, 5, 1), erasers=[erase_traces])
    assert (outcome.state, outcome.target_id) == ("kept", document.id)


RULES = st.tuples(st.sampled_from(["KEYS", "PATROL"]), st.integers(1, 9), st.sampled_from(["event", "next_january"]))
FACTS = st.lists(st.dates(date(2012, 1, 1), date(2024, 12, 31)), max_size=3)


class Undo(Exception):
    """Leaves the transaction without a trace."""


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # it is about dates, not databases
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(RULES, min_size=1, max_size=3), papers=st.lists(FACTS, min_size=1, max_size=5), data=st.data())
def test_whatever_is_adopted_and_corrected_a_plain_reading_agrees(
    database: Database, office: Any, changes: Any, papers: Any, data: st.DataObject
) -> None:
    on = data.draw(st.dates(date(2014, 1, 1), date(2036, 1, 1)))
    with pytest.raises(Undo), database.transaction() as session:
        shelf = {}
        for number, dates in enumerate(papers):
            rule = data.draw(st.sampled_from(["KEYS", "PATROL", "UNSET"]))
            document = office.document(session, f"S-{number}", rule, form_code="XX-01", series="XX")
            known = [office.fact(session, FactKind.ARCHIVED, ("document", document.id), day) for day in dates]
            days = list(dates)
            if known and data.draw(st.booleans()):
                days[0] = data.draw(st.dates(date(2012, 1, 1), date(2024, 12, 31)))
                subject = ("document", document.id)
                office.fact(session, FactKind.ARCHIVED, subject, days[0], replaces=known[0], reason="抄错")
            shelf[document.id] = (rule, max(days, default=None))
        decided = None
        for key, years, count_from in changes:
            wanted = with_years(in_force(session), key, years, count_from=count_from)
            if data.draw(st.booleans()):
                decided = data.draw(st.sampled_from(["KEYS", "PATROL"]))
                wanted = wanted.with_decision("XX-01", decided)
            before = disposition.dates(session, in_force(session))
            moves = {one.id: (one.before, one.after) for one in schedule_versions.preview(session, wanted)}
            after = disposition.dates(session, wanted)
            assert moves == {
                one.id: (was, then)
                for (one, was), (_, then) in zip(before, after, strict=True)
                if was != then
            }  # fmt: skip
            if moves or wanted.rules != in_force(session).rules or wanted.decided != in_force(session).decided:
                schedule_versions.adopt(session, office.actors.manager, wanted, "改")
        expected = set()
        for id_, (rule, day) in shelf.items():
            row = in_force(session).rules[decided if rule == "UNSET" and decided else rule]
            if row.years and day and plainly(day, row.years, row.count_from) <= on:
                expected.add(id_)
        assert {one.target_id for one in disposition.due(session, in_force(session), on)} == expected
        raise Undo
