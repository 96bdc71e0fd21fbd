"""What somebody remembers finds the page, on both databases alike."""

from __future__ import annotations

from datetime import date

import pytest

from records.errors import OfficeError
from records.identifiers import BadUnitCode
from search.asking import Visible
from tests.search.conftest import Office

FINDS: dict[str, set[str]] = {
    # words of one, two and more characters, however their context would be cut
    "漏水": {"leak", "spaced", "visit"},
    "漏": {"leak", "spaced", "visit"},
    "渗": {"visit_secret"},
    "天花": {"leak"},
    "花板漏": {"leak"},
    "卫生间": {"leak", "fitting"},
    "卫生间漏水": {"leak"},
    "漏水的卫生间": {"leak"},
    "厨房漏水": {"spaced"},
    "供暖费": {"notice"},
    "wifi": {"fitting"},
    "ＷＩＦＩ": {"fitting"},
    "WiF*": {"fitting"},
    "1250": {"notice"},
    "lift repair": {"english"},
    "12栋": {"survey"},
    # phrases
    '"卫生间漏水"': set(),
    '"天花板漏水严重"': {"leak"},
    "“漏水严重,影响楼下”": {"leak"},
    '"漏水严重影响"': set(),
    # forms by every alias, with the handbook's misspelling
    "人住通知书": {"notice"},
    "收楼通知书": {"notice"},
    "表单:入住": {"notice"},
    "表单:RZ-01": {"notice"},
    "rz01": {"notice"},
    "通知书": {"notice", "violation"},
    # owners
    "张伟强": {"notice"},
    "伟强": {"notice"},
    "业主:张": {"notice"},
    "业主:欧阳㼆": {"leak", "fitting"},
    "㼆": {"leak", "fitting"},
    "𬱖": {"spaced", "noise"},
    "业主:李𬱖": {"spaced", "noise"},
    "业主:漏水": set(),
    "13911112222": {"leak", "fitting"},
    "138-0013-8000": {"spaced", "notice"},
    "11010119900307123x": {"notice"},
    # owners by pinyin, in full, in part and by initials; in traditional characters
    "zhangweiqiang": {"notice"},
    "zhangw": {"notice"},
    "zwq": {"notice"},
    "wq": {"notice"},
    "ＺＨＡＮＧ wei": {"notice"},
    "业主:zw": {"notice"},
    "业主:ouyang": {"leak", "fitting"},
    "zw 漏水": set(),
    "張偉強": {"notice"},
    "业主:歐陽": {"leak", "fitting"},
    "衛生間漏水": {"leak"},
    '"天花板漏水嚴重"': {"leak"},
    "w": set(),
    # telephone and identity numbers by four digits or more
    "00138000": {"notice"},
    "业主:1111-2222": {"leak", "fitting"},
    "业主:8000": {"notice"},
    "0307123x": {"notice"},
    "业主:222": set(),
    # units in every spelling: of the document, or named in it
    "3-2-1201": {"notice", "leak", "fitting", "visit"},
    "3栋2单元1201": {"notice", "leak", "fitting", "visit"},
    "三栋二单元1201室": {"notice", "leak", "fitting", "visit"},
    "3#2-1201": {"notice", "leak", "fitting", "visit"},
    "单元:3#2-1201": {"notice", "leak", "fitting"},
    "单元:3栋": {"notice", "leak", "fitting", "spaced", "noise"},
    "单元:3-2": {"notice", "leak", "fitting", "spaced", "noise"},
    "A-1-302": {"violation"},
    "3栋2单元1201漏水": {"leak", "visit"},
    # serials: whole, bare, by the last digits, by the beginning
    "TS-01-2026-000123-7": {"leak", "visit"},
    "ts0120260001237": {"leak", "visit"},
    "编号:TS-01-2026-000123-7": {"leak"},
    "TS-01-2026-000124-*": {"spaced"},
    "编号:124": {"spaced"},
    "编号:000124": {"spaced"},
    "编号:TS-01-2026*": {"leak", "spaced"},
    "编号:RZ-01": {"notice"},
    # dates and ranges
    "2026-03-31": {"leak"},
    "2026年5月1日": {"visit_secret"},
    "2026/5/1": {"visit_secret"},
    "日期:2026-03-31": {"leak"},
    "日期:2026年4月 漏水": {"spaced", "visit"},
    "漏水 日期:[2026-04-01 至 2026-04-05]": {"spaced"},
    "漏水 日期:>2026-04-02": {"visit"},
    "漏水 日期:>=2026-04-02": {"visit", "spaced"},
    "日期:2022-12 类别:YY": {"survey"},
    "类别:投诉 漏水": {"leak", "spaced"},
    # AND OR NOT, and in Chinese
    "漏水 OR 渗水": {"leak", "spaced", "visit", "visit_secret"},
    "漏水 或 渗水": {"leak", "spaced", "visit", "visit_secret"},
    "(漏水 或 渗水) 且 回访": {"visit", "visit_secret"},
    "漏水 NOT 厨房": {"leak", "visit"},
    "漏水 非 厨房": {"leak", "visit"},
    "漏水 -厨房": {"leak", "visit"},
    "漏水 非 卫生间": {"spaced", "visit"},
    "漏水 非 (卫生间 或 厨房)": {"visit"},
    '表单:TS-01 非 "已结案"': {"leak", "spaced"},
    "类别:TS 非 漏水": {"noise"},
    "噪音 或 (非 表单:HF-01 且 阳台)": {"noise", "violation"},
    # broken, and understood all the same
    "(漏水 或 渗水": {"leak", "spaced", "visit", "visit_secret"},
    '漏水 "厨房': {"spaced"},
    "漏水 AND": {"leak", "spaced", "visit"},
    "日期:某天 噪音": {"noise"},
    "ROBERT'); DROP TABLE students;--": {"english"},
    "https": set(),
}


def test_what_somebody_remembers_finds_the_page(office: Office) -> None:
    wrong = {}
    for question, expected in FINDS.items():
        found = office.found(question)
        if found != expected:
            wrong[question] = (found - expected, expected - found)
    assert wrong == {}


def test_a_bare_negation_finds_all_but_these(office: Office) -> None:
    everything = {name for name in office.documents if name not in {"superseded", "destroyed"}}
    assert office.found("非 漏水") == everything - {"leak", "spaced", "visit"}
    assert office.found("非 天花板") == everything - {"leak"}
    assert office.found("非 非 天花板") == {"leak"}


def test_filters_narrow_a_question_and_list_without_one(office: Office) -> None:
    assert office.found("漏水", unit="3栋2单元1201") == {"leak"}
    assert office.found("", unit="3-2-1202") == {"spaced", "noise"}
    assert office.found("漏水", form="投诉单") == {"leak", "spaced"}
    assert office.found("漏水", since=date(2026, 4, 1), until=date(2026, 4, 2)) == {"spaced"}
    assert office.found("") == set()
    with pytest.raises(BadUnitCode):
        office.ask("漏水", unit="漏水")
    with pytest.raises(OfficeError):
        office.ask("漏水", form="没有这张表")


def test_newest_comes_first_and_pages_follow_on(office: Office) -> None:
    hits = office.ask("回访").hits
    assert [hit.dated for hit in hits] == sorted((hit.dated for hit in hits), reverse=True)
    paged = [hit for offset in range(0, 40, 7) for hit in office.ask("回访", limit=7, offset=offset).hits]
    assert paged == list(hits) and len(paged) > 28


def test_without_a_grant_nothing_of_a_dossier_is_told(office: Office) -> None:
    series_only, nothing = Visible((), True), Visible()
    assert office.found("漏水", series_only) == {"visit"}
    assert office.found("非 漏水", series_only).isdisjoint({"leak", "spaced", "noise", "notice", "fitting"})
    assert office.found("张伟强 或 非 张伟强", Visible((office.dossiers["li"],), False)) == {"spaced", "noise"}
    for question in ("漏水", "非 漏水", "张伟强", "单元:3-2-1201", "d§", "§"):
        results = office.ask(question, nothing)
        assert (results.total, results.hits) == (0, ())


def test_tokens_of_the_index_cannot_be_asked_for(office: Office) -> None:
    assert office.found(f"d§{office.dossiers['zhang']}", Visible((office.dossiers["zhang"],), False)) == set()
    assert office.ask("§").total == 0


def test_a_thousand_grants_are_still_one_question(office: Office) -> None:
    many = Visible((*range(10_000, 11_500), office.dossiers["li"]), True)
    assert office.found("漏水", many) == {"spaced", "visit"}
