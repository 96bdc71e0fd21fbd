"""Every way in which somebody may ask for one complaint: words, names, units, numbers, dates, in any spelling."""

from __future__ import annotations

from datetime import date

import pytest

from records import clock
from search.days import days
from tests.search.conftest import Office

WAYS = {
    "words": [
        "水", "漏水", "天花板漏水", "卫生间天花板漏水严重", '"天花板漏水严重"', "“影响楼下”",
        "衛生間", "漏水嚴重",
    ],
    "names": ["欧阳", "歐陽", "㼆", "欧阳㼆", "ouyang", "ou yang", "OuYang", "oy", "ｏｙ", "业主:欧阳", "业主:oy"],
    "units": [
        "3-2-1201", "3栋2单元1201", "3#2-1201", "三栋二单元1201室", "3幢2单元1201号", "3号楼2单元1201", "3座2门1201",
        "3－2－1201", "3＃2－1201", "3 栋 2 单元 1201", "03栋02单元1201", "3栋", "3栋2单元", "3-2", "1201", "单元:3栋",
        "单元:3#2-1201", "3栋2单元1201 漏水",
    ],
    "numbers": [
        "TS-01-2026-000123-7", "TS-01-2026-000123", "TS0120260001237", "ts012026000123", "000123", "0123", "123",
        "编号:123", "编号:TS-01-2026", "TS-01-2026*", "ＴＳ－０１－２０２６－０００１２３", "TS-01",
    ],
    "phones": ["13911112222", "139-1111-2222", "139 1111 2222", "2222", "1111", "业主:2222", "139111"],
    "dates": [
        "2026-03-31", "2026/3/31", "2026.3.31", "2026年3月31日", "2026年03月31日", "26年3月31日",
        "20260331", "日期:20260331",
        "日期:2026-03-31", "日期:2026-03", "日期:2026年3月", "日期:2026", "日期:2026年第1季度",
        "日期:2026年一季度", "日期:2026Q1",
        "日期:2026年上半年", "日期:3月31日", "日期:3月", "日期:[2026-01 至 2026-03]", "日期:[2026/3/1 TO 2026/3/31]",
        "日期:2026-01至2026-06", "日期:2026-03-01~2026-03-31", "日期:>2026-03-01", "日期:<=2026-03-31",
    ],
    "forms": ["表单:TS-01", "投诉处理单", "投诉单", "TS01", "类别:TS", "类别:投诉处理", "表单：客户投诉处理单"],
    "operators": [
        "漏水 且 严重", "漏水 AND 严重", "漏水 或 着火", "漏水 非 着火", "(漏水 或 着火) 且 单元:3-2-1201",
        "漏*", "非 着火",
        "单元： 3-2-1201", "状态:原业主 或 漏水", "状态:在用", "state:open",
    ],
}  # fmt: skip


@pytest.mark.parametrize("kind", list(WAYS))
def test_a_document_is_found_in_every_way_it_may_be_asked_for(
    office: Office, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "today", lambda: date(2026, 8, 5))
    missed = {question for question in WAYS[kind] if "leak" not in office.found(question)}
    assert missed == set()
    assert [question for question in WAYS[kind] if office.ask(question).ignored] == []


def test_a_state_is_one_of_a_few_and_narrows(office: Office) -> None:
    assert "leak" not in office.found("状态:原业主") and "notice" in office.found("状态:原业主")
    assert "visit" in office.found("状态:业务记录") and "leak" not in office.found("状态:业务记录")
    assert "签名齐全" in office.ask("漏水 状态:已归档").ignored[0].zh


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("近7天", date(2026, 7, 30), date(2026, 8, 5)),
        ("本周", date(2026, 8, 3), date(2026, 8, 9)),
        ("上周", date(2026, 7, 27), date(2026, 8, 2)),
        ("上个月", date(2026, 7, 1), date(2026, 7, 31)),
        ("本季度", date(2026, 7, 1), date(2026, 9, 30)),
        ("去年", date(2025, 1, 1), date(2025, 12, 31)),
        ("昨天", date(2026, 8, 4), date(2026, 8, 4)),
        ("2026年下半年", date(2026, 7, 1), date(2026, 12, 31)),
        ("12月", date(2025, 12, 1), date(2025, 12, 31)),
        ("2月29日", None, None),
        ("2026-02-30", None, None),
        ("2026年5季度", None, None),
        ("近999年", None, None),
    ],
)
def test_days_are_understood_in_words(text: str, first: date | None, last: date | None) -> None:
    assert days(text, date(2026, 8, 5)) == ((first, last) if first and last else None)
