"""Where a hit is said to stand: in which field of which page, whoever wrote it there, and where on the picture."""

from __future__ import annotations

from typing import Any

import pytest

from records import readings
from records.readings import FieldRead, LineRead, PageRead
from records.tables import Document, Page
from search.asking import Visible
from search.places import found_on
from search.query import understand
from tests.search.conftest import put_document

LEFT = (0.1, 0.2, 0.4, 0.02)
BELOW = (0.1, 0.23, 0.4, 0.02)


def places(index: Any, question: str, fields: dict[str, FieldRead], position: int = 1) -> list[tuple[str, Any]]:
    """The fields of one page that show a hit, with their boxes."""
    found = found_on([PageRead(1, position, fields)], understand(index, question).meaning)
    return [(one.field, one.boxes) for one in found]


def two_lines(state: str = "recognised") -> FieldRead:
    """A field of two lines: 厨房下水管漏 / 水已修好"""
    lines = (LineRead("厨房下水管漏", LEFT), LineRead("水已修好", BELOW))
    return FieldRead("厨房下水管漏\n水已修好", state, (0.1, 0.2, 0.4, 0.06), lines)


def test_a_word_is_placed_on_its_line_by_its_characters(index: Any) -> None:
    [(field, [box])] = places(index, "下水", {"opinion": two_lines()})
    assert field == "opinion"
    assert box == pytest.approx((0.1 + 0.4 * 2 / 6, 0.2, 0.4 * 2 / 6, 0.02), abs=0.001)


def test_letters_and_digits_take_half_the_room_of_characters(index: Any) -> None:
    field = FieldRead("门牌1201", "recognised", LEFT, (LineRead("门牌1201", LEFT),))
    [(_, [box])] = places(index, "1201", {"place": field})
    assert box == pytest.approx((0.3, 0.2, 0.2, 0.02), abs=0.001)


def test_a_word_broken_by_the_end_of_a_line_is_marked_on_both(index: Any) -> None:
    [(_, boxes)] = places(index, "漏水", {"opinion": two_lines()})
    assert [box[1] for box in boxes] == [0.2, 0.23]


def test_a_field_without_lines_is_marked_as_a_whole_and_one_without_place_only_named(index: Any) -> None:
    corrected = FieldRead("卫生间漏水", "corrected", LEFT)
    nowhere = FieldRead("漏水", "recognised")
    assert places(index, "漏水", {"opinion": corrected, "": nowhere}) == [("opinion", (LEFT,)), ("", ())]


def test_what_does_not_show_the_word_is_not_named(index: Any) -> None:
    fields = {"opinion": two_lines(), "water": FieldRead("128", "recognised", LEFT)}
    assert places(index, "电梯", fields) == []
    assert [field for field, _ in places(index, "厨房 非 电梯", fields)] == ["opinion"]


def test_results_name_the_fields_of_their_pages_and_only_of_what_is_visible(office: Any) -> None:
    with office.database.transaction() as session:
        seen = put_document(session, title="甲", pages=["占位"])
        closed = put_document(session, title="乙", dossier_id=next(iter(office.dossiers.values())), pages=["占位"])
        for document in (seen, closed):
            page = session.query(Page).filter(Page.document_id == document.id).one()
            readings.keep(session, page, {"opinion": two_lines()})
        numbers = seen.id, closed.id
    everything = {hit.document_id: hit.found for hit in office.ask("下水管漏水").hits}
    assert [(one.page, one.field, one.state) for one in everything[numbers[1]]] == [(1, "opinion", "recognised")]
    only_series = office.ask("下水管漏水", Visible((), True)).hits
    assert {hit.document_id for hit in only_series} == {numbers[0]}


def test_a_correction_is_found_at_once_and_what_was_misread_no_longer(office: Any) -> None:
    with office.database.transaction() as session:
        document = put_document(session, title="丙", pages=["占位"])
        page = session.query(Page).filter(Page.document_id == document.id).one()
        readings.keep(session, page, {"opinion": two_lines()})
        number = document.id
    with office.database.transaction() as session:
        page = session.query(Page).filter(Page.document_id == number).one()
        fields = {"opinion": readings.corrected(two_lines(), "天花板渗水", 1)}
        session.get_one(readings.PageReading, page.id).fields = {}
        session.flush()
        readings.keep(session, page, fields)
        assert session.get_one(Document, number).state == "filed"
    assert number in {hit.document_id for hit in office.ask("天花板渗水").hits}
    assert number not in {hit.document_id for hit in office.ask("下水管漏水").hits}
