"""Each result says where it holds what was asked for, and each no-result what would find something."""

from __future__ import annotations

import pytest

from search.asking import Visible
from search.widening import Wider, wider
from tests.search.conftest import Office


@pytest.mark.parametrize(
    ("question", "name", "expected"),
    [
        ("漏水", "leak", ("text",)),
        ("投诉处理单", "leak", ("title", "form")),
        ("000123", "leak", ("serial",)),
        ("TS-01-2026-000123", "visit", ("text",)),
        ("单元:3-2-1201", "leak", ("unit",)),
        ("3栋2单元1201", "visit", ("text",)),
        ("业主:欧阳", "leak", ("owner",)),
        ("oy 漏水", "leak", ("owner", "text")),
        ("13911", "leak", ("owner",)),
        ("日期:2026-03-31", "leak", ("date",)),
        ("类别:TS", "leak", ("series",)),
        ("人住通知书", "notice", ("title", "form")),
        ("漏水 非 结案", "leak", ("text",)),
    ],
)
def test_a_result_says_in_which_field_it_was_found(
    office: Office, question: str, name: str, expected: tuple[str, ...]
) -> None:
    (hit,) = [hit for hit in office.ask(question).hits if hit.document_id == office.documents[name]]
    assert hit.reasons == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("漏水 日期:2019", Wider("dates", "漏水")),
        ("日期:[2019-01 至 2019-03] 且 漏水", Wider("dates", "漏水")),
        ('"漏水卫生间"', Wider("phrase", "漏水卫生间")),
        ("漏水 充电桩飞船", Wider("words", "漏水")),
    ],
)
def test_a_question_that_finds_nothing_is_widened(office: Office, question: str, expected: Wider) -> None:
    everything = Visible(tuple(office.dossiers.values()), True)
    assert office.ask(question).total == 0
    with office.database.reading() as session:
        assert expected in wider(session, office.index, question, visible=everything)


def test_a_wider_question_finds_nothing_that_one_may_not_see(office: Office) -> None:
    with office.database.reading() as session:
        assert wider(session, office.index, "噪音 日期:2019", visible=Visible((), True)) == []
