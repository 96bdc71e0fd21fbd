"""Suggestions come from the register, the catalogue and what one may see; and lead to something."""

from __future__ import annotations

import pytest

from search.asking import Visible
from search.suggestions import Suggestion, did_you_mean, suggest
from tests.search.conftest import Office


def suggested(office: Office, typed: str, visible: Visible | None = None, *, register: bool = True) -> set[str]:
    everything = Visible(tuple(office.dossiers.values()), True)
    with office.database.reading() as session:
        found = suggest(session, office.index, typed, visible=visible or everything, register=register)
    return {f"{one.kind} {one.name}" for one in found}


def meant(office: Office, text: str, visible: Visible | None = None, *, register: bool = True) -> list[str]:
    everything = Visible(tuple(office.dossiers.values()), True)
    with office.database.reading() as session:
        return did_you_mean(session, office.index, text, visible=visible or everything, register=register)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("3-2-12", {"unit 3-2-1201", "unit 3-2-1202"}),
        ("3栋", {"unit 3-2-1201", "unit 3-2-1202"}),
        ("1202", {"unit 3-2-1202"}),
        ("漏水 欧", {"owner 欧阳㼆"}),
        ("ouy", {"owner 欧阳㼆"}),
        ("歐", {"owner 欧阳㼆"}),
        ("业主:ou", {"owner 欧阳㼆"}),
        ("单元:欧", set()),
        ("入住", {"form 入住通知书"}),
        ("人住", {"form 入住通知书"}),
        ("rztz", {"form 入住通知书"}),
        ("ruzhu", {"form 入住通知书"}),
        ("TS-01-20", {"serial TS-01-2026-000124-*", "serial TS-01-2026-000123-7"}),
        ("编号:124", {"serial TS-01-2026-000124-*"}),
        ("", set()),
        ("漏水 ", set()),
        ("zzzz", set()),
    ],
)
def test_a_word_begun_is_completed(office: Office, typed: str, expected: set[str]) -> None:
    assert suggested(office, typed) == expected


def test_the_suggestion_stands_in_the_place_of_the_last_word(office: Office) -> None:
    with office.database.reading() as session:
        (one,) = suggest(session, office.index, "漏水 业主:ouyang", visible=Visible(), register=True)
    assert one == Suggestion("owner", "欧阳㼆", "漏水 业主:欧阳㼆")


def test_serials_need_a_grant_and_the_register_a_role(office: Office) -> None:
    assert suggested(office, "TS-01", Visible((), True)) == set()
    assert suggested(office, "TS-01", Visible((office.dossiers["li"],), False)) == {"serial TS-01-2026-000124-*"}
    assert suggested(office, "3-2-12", register=False) == suggested(office, "欧阳", register=False) == set()


def test_a_question_that_finds_nothing_is_put_right(office: Office) -> None:
    assert meant(office, "陋水")[0] == "漏水"
    assert meant(office, "厨房 陋水") == ["厨房 漏水"]
    assert "入住通知书" in meant(office, "入驻通知书")
    assert meant(office, "李新更", register=False) == []
    assert meant(office, "张伟墙", Visible()) == []


def test_nothing_is_meant_that_one_may_not_see(office: Office) -> None:
    assert meant(office, "造音") == ["噪音"]
    assert meant(office, "造音", Visible((), True)) == []
