"""What is due is listed with the fact and the rule that made it so, and nothing else ever is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from records import clock
from records.database import Database
from records.facts import FactKind
from records.tables import Dossier
from retention import certificates, disposition, holds
from retention.schedule import Schedule

LONG_AGO = date(2015, 6, 30)


def targets(found: Sequence[disposition.Standing]) -> list[tuple[str, int]]:
    return [(record.target_kind, record.target_id) for record in found]


def test_a_former_owners_dossier_is_due_as_a_whole_three_years_after_the_change(
    database: Database, office: Any
) -> None:
    with database.transaction() as session:
        dossier = office.former(session)
        assert disposition.due(session, office.schedule, date(2024, 3, 30)) == []
        (record,) = disposition.due(session, office.schedule, date(2024, 3, 31))
        assert (record.target_kind, record.target_id) == ("dossier", dossier.id)
        assert (record.rule, record.fact.kind, record.fact.on) == ("FORMER", "ownership_changed", date(2021, 3, 31))
        assert record.reference == "DA-3-2-1201-01"
        assert record.serials == ["RZ-02-2020-3-2-1201-0", "RZ-02-2020-3-2-1201-1"]
        assert record.because_zh == "2021-03-31 业主变更;原业主档案另置保管三年(DA 4.2.3);2024-03-31 到期"
        assert record.because_en.startswith("ownership changed on 2021-03-31; kept apart for 3 years (DA 4.2.3)")


def test_the_present_owners_dossier_is_never_due(database: Database, office: Any) -> None:
    with database.transaction() as session:
        office.make_unit(session, since=date(1999, 1, 1))
        assert disposition.due(session, office.schedule, date(2090, 1, 1)) == []


def test_a_correction_moves_the_date_and_a_later_fact_of_the_kind_counts(database: Database, office: Any) -> None:
    with database.transaction() as session:
        document = office.document(session, "YS-01-1")
        subject = ("document", document.id)
        wrong = office.fact(session, FactKind.ARCHIVED, subject, date(2018, 5, 1))
        office.fact(session, FactKind.ARCHIVED, subject, date(2019, 5, 1), replaces=wrong, reason="日期抄错")
        assert disposition.due(session, office.schedule, date(2020, 5, 1)) == []
        office.fact(session, FactKind.ARCHIVED, subject, date(2020, 7, 1))
        assert disposition.due(session, office.schedule, date(2022, 6, 30)) == []
        assert targets(disposition.due(session, office.schedule, date(2022, 7, 1))) == [subject]


def test_a_book_is_one_record_and_waits_for_its_slowest_page(database: Database, office: Any) -> None:
    with database.transaction() as session:
        for page in (1, 2):
            office.document(session, f"ZB-02-{page}", "DUTY", form_code="ZB-02", series="ZB", book_id=7)
        office.fact(session, FactKind.BOOK_COMPLETED, ("book", 7), LONG_AGO)
        (record,) = disposition.due(session, office.schedule, date(2018, 6, 30), str.lower, lambda id_: f"ZB-02-C{id_}")
        assert (record.target_kind, record.reference, record.title_class) == ("book", "ZB-02-C7", "zb-02")
        assert record.serials == ["ZB-02-1", "ZB-02-2"]
        office.document(session, "ZB-02-3", "UNSET", form_code="ZB-02", series="ZB", book_id=7)
        assert disposition.due(session, office.schedule, date(2090, 1, 1)) == []


def test_vacant_unit_records_wait_for_the_sale_of_their_unit(database: Database, office: Any) -> None:
    with database.transaction() as session:
        unit, _ = office.make_unit(session)
        document = office.document(session, "KZ-03-1", "VACANT", form_code="KZ-03", series="KZ", unit=unit)
        assert disposition.due(session, office.schedule, date(2090, 1, 1)) == []
        office.fact(session, FactKind.UNIT_SOLD, ("unit", unit.id), date(2024, 2, 29))
        assert disposition.due(session, office.schedule, date(2025, 2, 27)) == []
        assert targets(disposition.due(session, office.schedule, date(2025, 2, 28))) == [("document", document.id)]


def test_a_rescan_is_one_record_with_what_it_supersedes(database: Database, office: Any) -> None:
    with database.transaction() as session:
        old = office.document(session, "YS-01-1")
        new = office.document(session, "YS-01-1")
        old.state, new.supersedes_id = "superseded", old.id
        office.fact(session, FactKind.ARCHIVED, ("document", new.id), LONG_AGO)
        on = date(2020, 1, 1)
        assert targets(disposition.due(session, office.schedule, on)) == [("document", new.id)]
        holds.place(session, office.actors.manager, "document", old.id, "诉讼")
        assert disposition.due(session, office.schedule, on) == []


def test_undecided_records_stand_in_their_own_list(database: Database, office: Any) -> None:
    with database.transaction() as session:
        unset = office.document(session, "JD-01-1", "UNSET", form_code="JD-01", series="JD")
        unknown = office.document(session, "JD-01-2", "FORGOTTEN", form_code="JD-01", series="JD")
        office.document(session, "YS-01-1")
        for document in (unset, unknown):
            office.fact(session, FactKind.ARCHIVED, ("document", document.id), LONG_AGO)
        found = disposition.undecided(session, office.schedule)
        assert [(record.target_id, record.rule) for record in found] == [(unset.id, "UNSET"), (unknown.id, "FORGOTTEN")]
        assert disposition.due(session, office.schedule, date(2090, 1, 1)) == []


def test_long_term_records_come_up_for_review_every_ten_years(database: Database, office: Any) -> None:
    with database.transaction() as session:
        letter = office.document(session, "YW-04-1", "COMMITTEE", form_code="YW-04", series="YW")
        assert disposition.reviews(session, office.schedule, clock.today()) == []
        office.fact(session, FactKind.ARCHIVED, ("document", letter.id), LONG_AGO)
        assert disposition.reviews(session, office.schedule, date(2025, 6, 29)) == []
        (record,) = disposition.reviews(session, office.schedule, date(2025, 6, 30))
        assert (record.target_id, record.review_on) == (letter.id, date(2025, 6, 30))
        again = clock.today().replace(year=clock.today().year + 10, day=1)
        certificates.keep_longer(session, office.actors.archivist, record, again, "继续保存")
        assert disposition.reviews(session, office.schedule, again - timedelta(days=1)) == []
        assert targets(disposition.reviews(session, office.schedule, again)) == [("document", letter.id)]
        assert disposition.due(session, office.schedule, date(2190, 1, 1)) == []


@dataclass(frozen=True)
class Paper:
    """A document outside dossiers, as the generator makes it up."""

    rule: str
    book: int | None
    unit: int
    archived: tuple[date, ...]
    held: bool
    kept_days: int


@dataclass(frozen=True)
class Made:
    papers: list[Paper]
    completed: dict[int, date]
    sold: dict[int, date] = field(default_factory=dict)
    series_held: bool = False
    on: date = LONG_AGO


DAYS = st.dates(date(2015, 1, 1), date(2025, 12, 31))
PAPERS = st.builds(
    Paper,
    rule=st.sampled_from(["KEYS", "DUTY", "VACANT", "JANUARY", "COMMITTEE", "UNSET", "OWNER", "NOBODY_KNOWS"]),
    book=st.sampled_from([None, None, 1, 2]),
    unit=st.sampled_from([0, 1]),
    archived=st.lists(DAYS, max_size=2).map(tuple),
    held=st.integers(0, 7).map(lambda n: n == 0),
    kept_days=st.sampled_from([0, 0, 0, 400]),
)
MADE = st.builds(
    Made,
    papers=st.lists(PAPERS, min_size=1, max_size=6),
    completed=st.dictionaries(st.sampled_from([1, 2]), DAYS),
    sold=st.dictionaries(st.sampled_from([0, 1]), DAYS),
    series_held=st.integers(0, 9).map(lambda n: n == 0),
    on=st.dates(date(2016, 1, 1), date(2031, 1, 1)),
)


def plainly_due(made: Made, schedule: Schedule, kept_until: date) -> set[tuple[str, int]]:
    """The reference: go through the shelf, paper by paper."""
    ends: dict[tuple[str, int], list[date | None]] = {}
    stopped = set()
    for number, paper in enumerate(made.papers):
        target = ("book", paper.book) if paper.book else ("paper", number)
        started = {
            "KEYS": None if paper.book else max(paper.archived, default=None),
            "JANUARY": None if paper.book else max(paper.archived, default=None),
            "DUTY": made.completed.get(paper.book or 0),
            "VACANT": made.sold.get(paper.unit),
        }.get(paper.rule)
        ends.setdefault(target, []).append(schedule.due_on(paper.rule, started) if started else None)
        if paper.held or made.series_held or (paper.kept_days and not paper.book and kept_until > made.on):
            stopped.add(target)
    return {
        target for target, dates in ends.items()
        if target not in stopped and all(end is not None and end <= made.on for end in dates)
    }  # fmt: skip


class Undo(Exception):
    """Leaves the transaction without a trace."""


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # it is about dates, not databases
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=MADE)
def test_the_due_list_agrees_with_a_plain_reading_of_the_shelf(
    database: Database, office: Any, schedule: Schedule, made: Made
) -> None:
    with pytest.raises(Undo), database.transaction() as session:
        actors = office.actors
        units = [office.make_unit(session, f"1-1-10{n}")[0] for n in (1, 2)]
        kept_until = clock.today() + timedelta(days=400)
        filed = []
        for number, paper in enumerate(made.papers):
            document = office.document(
                session, f"S-{number}", paper.rule, form_code="XX-01", series="XX", unit=units[paper.unit],
                book_id=paper.book,
            )  # fmt: skip
            filed.append(document.id)
            for day in paper.archived:
                office.fact(session, FactKind.ARCHIVED, ("document", document.id), day)
            if paper.held:
                holds.place(session, actors.manager, "document", document.id, "诉讼")
            if paper.kept_days and not paper.book:
                standing = disposition.Standing("document", document.id, "", "", [], paper.rule)
                certificates.keep_longer(session, actors.manager, standing, kept_until, "还需使用")
        for book, day in made.completed.items():
            office.fact(session, FactKind.BOOK_COMPLETED, ("book", book), day)
        for unit, day in made.sold.items():
            office.fact(session, FactKind.UNIT_SOLD, ("unit", units[unit].id), day)
        if made.series_held:
            holds.place(session, actors.manager, "series", "XX", "检查")
        expected = plainly_due(made, schedule, kept_until)
        expected_targets = {("document", filed[id_]) if kind == "paper" else (kind, id_) for kind, id_ in expected}
        assert set(targets(disposition.due(session, schedule, made.on))) == expected_targets
        raise Undo


def test_a_destroyed_dossier_is_not_due_again(database: Database, office: Any) -> None:
    with database.transaction() as session:
        dossier = office.former(session)
        session.get_one(Dossier, dossier.id).state = "destroyed"
        session.flush()
        assert disposition.due(session, office.schedule, date(2030, 1, 1)) == []
