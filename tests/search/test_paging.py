"""Pages follow on however many there are, by date or by relevance."""

from __future__ import annotations

from datetime import date

import pytest

from search.asking import Question, Visible, ask
from search.index import Index
from search.ranking import RANKED, Ranked, ranked
from search.results import every_hit
from tests.search.conftest import Office, put_document


def test_pages_follow_on_by_place_without_a_gap(office: Office) -> None:
    whole = [hit.document_id for hit in office.ask("回访").hits]
    paged: list[int] = []
    before: int | None = None
    while True:
        results = office.ask("回访", limit=7, before=before)
        assert results.total == len(whole)
        paged += [hit.document_id for hit in results.hits]
        if (before := results.next) is None:
            break
    assert paged == whole


def test_every_hit_is_told_newest_first(office: Office) -> None:
    visible = Visible((), True)
    with office.database.reading() as session:
        asked = ask(office.index, Question("回访"), visible)
        hits = [hit.document_id for hit in every_hit(session, asked, visible, 1000)]
        assert len(list(every_hit(session, asked, visible, 5))) == 5
    assert hits == [hit.document_id for hit in office.ask("回访", visible).hits]


def test_what_says_it_most_comes_first_by_relevance(office: Office) -> None:
    with office.database.transaction() as session:
        often = put_document(session, dated=date(2020, 1, 1), pages=["漏水,还是漏水,又漏水。"]).id
        once = put_document(session, dated=date(2026, 5, 1), pages=["一处漏水。" + "其余均正常。" * 60]).id
    by_date = [hit.document_id for hit in office.ask("漏水").hits]
    by_relevance = [hit.document_id for hit in office.ask("漏水", order="relevance").hits]
    assert (by_date[0], by_date[-1]) == (once, often)
    assert (by_relevance[0], by_relevance[-1]) == (often, once)
    assert set(by_date) == set(by_relevance)
    paged = [
        hit.document_id
        for at in range(0, 8, 2)
        for hit in office.ask("漏水", order="relevance", limit=2, offset=at).hits
    ]
    assert paged == by_relevance


def test_older_ones_follow_those_that_were_ranked(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.ranking.RANKED", 10)
    by_date = [hit.document_id for hit in office.ask("回访").hits]
    paged = [
        hit.document_id
        for at in range(0, 36, 4)
        for hit in office.ask("回访", order="relevance", limit=4, offset=at).hits
    ]
    assert set(paged[:10]) == set(by_date[:10])
    assert paged[10:] == by_date[10:]


def test_ranking_is_stable_and_takes_the_newest_of_equals() -> None:
    assert RANKED == 1000
    same = [Ranked(place, " 漏水 ", frozenset()) for place in (1, 3, 2)]
    from_question = ask(Index({}), Question("漏水"), Visible((), True)).meaning
    assert from_question is not None
    assert ranked(same, from_question) == [3, 2, 1]
    assert ranked([], from_question) == []


def test_beyond_a_limit_it_says_more_and_not_how_many(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = office.ask("回访").hits
    assert not office.ask("回访").more
    monkeypatch.setattr("search.results.MOST_COUNTED", len(whole))
    exactly = office.ask("回访", limit=3)
    monkeypatch.setattr("search.results.MOST_COUNTED", len(whole) - 1)
    beyond = office.ask("回访", limit=3)
    assert (exactly.total, exactly.more) == (len(whole), False)
    assert (beyond.total, beyond.more) == (len(whole) - 1, True)
    assert exactly.hits == beyond.hits == whole[:3]
    assert office.ask("回访", limit=100).hits == whole
