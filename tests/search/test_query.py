"""Whatever is typed means something, and what was left out is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.index import Index
from search.query import understand

INDEX = Index({"RZ-01": ["入住通知书", "人住通知书"], "HF-01": ["回访记录表"]}, {"HF": ["回访工作流程"]})


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("漏水 AND", "AND"),
        ("或 漏水", "或"),
        ("漏水 NOT", "NOT"),
        ('"漏水', '"漏水'),
        ("((漏水", "()"),
        ("日期:明天", "日期:明天"),
        ("日期:2026-02-30", "日期:2026-02-30"),
        ("单元:漏水", "单元:漏水"),
        ("表单:", "表单:"),
        ("日期:>", "日期:"),
        ("[a to b]", "[a 至 b]"),
        ("漏*水", "漏*水"),
        ("???", "???"),
        ("漏水 " * 200, "漏水"),
    ],
)
def test_what_was_ignored_is_named(question: str, named: str) -> None:
    ignored = understand(INDEX, question).ignored
    assert any(item.text.startswith(named) for item in ignored)
    assert all(item.zh and item.en for item in ignored)


@pytest.mark.parametrize(
    "question", ["漏水", "单元:3-2-1201 且 (漏水 或 渗水) 非 “已结案” 日期:[2026-01 至 2026-03]", "NOT NOT 漏水"]
)
def test_a_sound_question_is_followed_whole(question: str) -> None:
    assert understand(INDEX, question).ignored == ()


HOSTILE = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(
            ["漏水", "(", ")", '"', "'", "AND", "OR", "NOT", "且", "或", "非", "-", "*", "?", ":", "单元:", "日期:",
             "业主:",
             "[", "]", "{", "}", "to", "至", ">", "<=", "^2", "~", "NEAR(", "§", "d§1", "\x00", "\ud800", "3-2-1201",
             "TS-01-2026-000123-7", "2026", "\\", "&", "|", "!", ";--", "％", "　", "𬱖"]
        ),
        max_size=25,
    ).map(" ".join),
    st.lists(st.sampled_from(["(", ")", '"', "a", "NOT ", "-", "*", ":", "单元:"]), max_size=80).map("".join),
)  # fmt: skip


@given(HOSTILE)
def test_nothing_that_can_be_typed_breaks_the_reader(question: str) -> None:
    understand(INDEX, question)


def test_very_deep_and_very_long_questions_end_well() -> None:
    for question in ("(" * 500, "NOT (" * 90 + "漏水", "漏水 OR " * 3000, "(a OR (b AND " * 40, "漏" * 100_000):
        understand(INDEX, question)
