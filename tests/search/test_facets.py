"""Facets count what narrowing by them finds, and only what the asker may know of."""

from __future__ import annotations

import pytest

from search.asking import Question, Visible
from search.facets import Facets, facets
from tests.search.conftest import Office


def counted(office: Office, text: str, visible: Visible | None = None, within: str = "") -> Facets:
    everything = Visible(tuple(office.dossiers.values()), True)
    with office.database.reading() as session:
        return facets(session, office.index, Question(text, within), visible or everything)


@pytest.mark.parametrize("question", ["漏水", "非 漏水", "回访 或 投诉", "业主:zhang 或 装修", "日期:2026", "无此词语"])
def test_each_count_is_what_narrowing_by_it_finds(office: Office, question: str) -> None:
    found = counted(office, question)
    assert found.counted == office.ask(question).total
    for facet in (found.forms, found.series, found.sections, found.years, found.buildings):
        for value in facet:
            assert office.ask(question, within=value.within).total == value.count, value
    assert sum(value.count for value in found.forms) == sum(value.count for value in found.years) == found.counted


def test_facets_name_forms_series_sections_years_and_buildings(office: Office) -> None:
    found = counted(office, "漏水")
    assert [(value.key, value.count) for value in found.forms] == [("TS-01", 2), ("HF-01", 1)]
    assert [(value.key, value.count) for value in found.series] == [("TS", 2), ("HF", 1)]
    assert [(value.key, value.count) for value in found.sections] == [("other", 2)]
    assert [(value.key, value.count) for value in found.years] == [("2026", 3)]
    assert [(value.key, value.count) for value in found.buildings] == [("3", 2)]
    assert [value.key for value in counted(office, "漏水", within="表单:HF-01").forms] == ["HF-01"]


def test_what_is_closed_is_not_counted(office: Office) -> None:
    assert counted(office, "漏水", Visible((), True)).forms[0].key == "HF-01"
    assert counted(office, "漏水", Visible()) == Facets(0)
    assert counted(office, "") == Facets(0)


def test_of_many_the_newest_are_counted_and_it_says_so(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not counted(office, "回访").more
    monkeypatch.setattr("search.facets.MOST_COUNTED", 5)
    found = counted(office, "回访")
    assert (found.counted, found.more) == (5, True)
    assert sum(value.count for value in found.forms) == 5
